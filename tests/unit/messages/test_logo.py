"""config/logo.png: what goes out with mails and pages is a picture and nothing else, or nothing."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from dossier.office.keys import Settings
from dossier.office.office import Office
from workflow.messages import logo
from workflow.messages.logo import NotALogo, checked


def png(size: tuple[int, int] = (400, 80), mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, "PNG", **options)  # type: ignore[arg-type]
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def made(width: int, height: int, content: bytes, depth: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    """A PNG file that says of itself what it is told to."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(content, 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_taken_and_looks_the_same(mode: str) -> None:
    kept = checked(png(mode=mode))
    assert (
        Image.open(io.BytesIO(kept.data)).convert("RGBA").tobytes()
        == Image.open(io.BytesIO(png(mode=mode))).convert("RGBA").tobytes()
    )
    assert (kept.width, kept.height) == (200, 40)


def test_a_small_one_is_not_made_larger() -> None:
    assert (checked(png((30, 20))).width, checked(png((30, 20))).height) == (30, 20)
    assert (checked(png((2000, 1))).width, checked(png((2000, 1))).height) == (200, 1)


def test_what_else_is_in_the_file_stays_in_the_office() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Piet, C:\\Users\\piet\\secret")
    notes.add_itxt("XML:com.adobe.xmp", "<x/>")
    kept = checked(png(pnginfo=notes, dpi=(300, 300)) + b"PK\x03\x04 and an archive behind it")
    assert b"piet" not in kept.data
    assert b"xmp" not in kept.data
    assert b"PK" not in kept.data
    assert Image.open(io.BytesIO(kept.data)).size == (400, 80)


ROW = b"\0" + b"\0" * 30


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no PNG"),
        (b"\xff\xd8\xff\xe0 a photograph", "no PNG"),
        (b"<svg onload=alert(1)>", "no PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 200 * 1024, "larger than 100 kB"),
        (made(30_000, 30_000, b"\0" * 40_000_000), "larger than 2000 by 1000"),
        (made(0, 10, b""), "larger than 2000 by 1000"),
        (made(10, 10, b"\0" * 40_000_000), "no whole PNG"),
        (made(10, 10, ROW * 9), "no whole PNG"),
        (made(10, 10, ROW * 10, depth=3), "no whole PNG"),
        (made(10, 10, ROW * 10, colour=5), "no whole PNG"),
        (made(10, 10, b"\0" * 110, colour=3), "no whole PNG"),
        (made(10, 10, ROW * 10, interlaced=1), "interlaced"),
        (made(10, 10, ROW * 10)[:-12], "no whole PNG"),
        (made(10, 10, ROW * 10)[:40], "no whole PNG"),
        (made(10, 10, ROW * 10).replace(b"IDAT", b"IDAX"), "no whole PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIHDR", "no whole PNG"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), "no whole PNG"),
    ],
)
def test_what_is_no_such_picture_is_left_out_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(NotALogo, match=why):
        checked(content)


def test_the_smallest_whole_one_is_taken() -> None:
    assert checked(made(10, 10, ROW * 10)).data == made(10, 10, ROW * 10)


def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    office = Office(tmp_path, Settings(), {}, {})
    place = tmp_path / logo.PLACE
    assert (logo.find(office), logo.fault(office)) == (None, None)
    place.parent.mkdir()
    (tmp_path / "elsewhere.png").write_bytes(png())
    place.symlink_to(tmp_path / "elsewhere.png")
    assert logo.find(office) is None
    assert "not a link" in str(logo.fault(office))
    place.unlink()
    os.mkfifo(place)
    assert logo.find(office) is None
    assert "no plain file" in str(logo.fault(office))
    place.unlink()
    place.write_bytes(png())
    found = logo.find(office)
    assert found is not None
    assert logo.fault(office) is None
    place.write_bytes(png((100, 100)))
    other = logo.find(office)
    assert other is not None
    assert other.version != found.version
