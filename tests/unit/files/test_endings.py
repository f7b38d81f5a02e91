"""Whether a file's own format says that it is unfinished: whole files, the same cut off anywhere, and whole ones with odd tails."""

from __future__ import annotations

import io
import os
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from kit.papers import documents, picture, signed, stored, zipped
from PIL import Image

from dossier.files.endings import HEAD, NEAR, TAIL, is_cut_off
from dossier.files.marks import marks_of
from workflow.portal.pictures import kind_of

NOISE = random.Random(1).randbytes(3 * TAIL)


@pytest.fixture
def judged(tmp_path: Path) -> Callable[[bytes], bool]:
    def judge(data: bytes) -> bool:
        (tmp_path / "file").write_bytes(data)
        descriptor = os.open(tmp_path / "file", os.O_RDONLY)
        try:
            return is_cut_off(descriptor, len(data))
        finally:
            os.close(descriptor)

    return judge


def large_picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.frombytes("RGB", (400, 400), NOISE[: 400 * 400 * 3].ljust(400 * 400 * 3, b"x")).save(made, kind)
    return made.getvalue()


def large_pdf() -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj\n<</Length 393216>>stream\n"
        + NOISE
        + b"\nendstream\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
    )


def large_zip() -> bytes:
    return zipped({"word/document.xml": "<w/>", "word/media/noise.bin": NOISE})


WHOLE = {
    "letter.pdf": lambda: stored("letter.pdf"), "large.pdf": large_pdf, "photo.jpg": lambda: picture("JPEG"), "photo.png": lambda: picture("PNG"),
    "large.jpg": lambda: large_picture("JPEG"), "large.png": lambda: large_picture("PNG"), "small.zip": lambda: zipped({"a.txt": "een"}),
    "large.docx": large_zip, "empty.zip": lambda: zipped({}),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_not_unfinished_and_neither_is_one_with_something_behind_its_end(
    name: str, judged: Callable[[bytes], bool]
) -> None:
    whole = WHOLE[name]()
    assert not judged(whole)
    for behind in (b"\r\n\r\n", b"\0" * 500, b"<!-- signed -->", NOISE[:3000]):
        assert not judged(whole + behind), behind[:20]


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "empty.zip"])
def test_a_file_that_was_cut_off_anywhere_is_unfinished(name: str, judged: Callable[[bytes], bool]) -> None:
    whole = WHOLE[name]()
    for share in (0.3, 0.5, 0.9):
        assert judged(whole[: max(30, int(len(whole) * share))]), share
    assert judged(whole[: len(whole) - 12])


def test_a_pdf_that_was_cut_off_behind_the_end_of_its_first_part_is_unfinished(judged: Callable[[bytes], bool]) -> None:
    first = stored("letter.pdf")
    assert judged(first + b"12 0 obj\n<</Length 40000>>stream\n" + NOISE[:2000])
    assert not judged(first + b"12 0 obj\n<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF")
    assert not judged(b"\xef\xbb\xbf" + first), "something may stand before its head"


def test_a_zip_within_a_zip_does_not_end_the_outer_one(judged: Callable[[bytes], bool]) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("noise.bin", NOISE[:5000])
        archive.writestr("inner.zip", zipped({"a.txt": "een"}))
        archive.writestr("more.bin", NOISE)
    outer = made.getvalue()
    assert not judged(outer)
    at = outer.index(b"PK\x05\x06")
    assert judged(outer[: at + 22 + 10])


def test_a_photo_with_a_film_behind_it_is_whole(judged: Callable[[bytes], bool]) -> None:
    assert not judged(picture("JPEG") + NOISE)


def test_none_of_the_documents_that_an_office_gets_is_called_unfinished(judged: Callable[[bytes], bool]) -> None:
    assert [name for name, data in documents().items() if judged(data)] == []


def tar(name: str, data: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


BEGUN = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
NO_PDFS = {
    "a.txt": b"a text about %PDF- and its head", "b.txt": b"A PDF begins with %PDF-1.7, and then come objects.\n", "a.md": b"# Head\n\n%PDF-1.4\n",
    "a.json": b'{"content": "%PDF-1.4\\n"}', "a.html": b"<html><body>%PDF-1.4</body></html>", "a.tar": tar("a.pdf", BEGUN), "a.p7m": signed(BEGUN),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_PDFS)
def test_what_speaks_of_a_pdf_or_packs_one_is_none(name: str) -> None:
    assert marks_of(NO_PDFS[name]).kind in ("", name.partition(".")[2])
    assert kind_of(NO_PDFS[name][:HEAD]) is None


@pytest.mark.parametrize(
    "junk", [b"\xef\xbb\xbf", b"\n\n", b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n", b"\x1b%-12345X@PJL\n"]
)
def test_a_pdf_with_junk_before_it_is_one(junk: bytes, judged: Callable[[bytes], bool]) -> None:
    assert marks_of(junk + stored("letter.pdf")).kind == "pdf"
    assert kind_of((junk + stored("letter.pdf"))[:HEAD]) is not None
    assert judged(junk + BEGUN)


def test_what_does_not_say_where_it_ends_is_never_unfinished(judged: Callable[[bytes], bool]) -> None:
    for data in (b"", b"x", b"%PDF", b"PK", b"\xff\xd8", b"een;twee\n", NOISE[:1000], *NO_PDFS.values()):
        assert not judged(data), data[:20]


def test_an_end_that_stands_far_before_the_last_byte_counts_as_one_that_is_near(judged: Callable[[bytes], bool]) -> None:
    whole = stored("letter.pdf")
    assert not judged(whole + b" " * 10 * NEAR)
    assert judged(whole + b" " * 10 * NEAR + b"7 0 obj\n<<>>\nendobj\n")
    assert judged(whole + b"7 0 obj\n<<>>\nendobj\n" + b" " * 10 * NEAR)
