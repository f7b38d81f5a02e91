"""The firm's logo: config/logo.png, on mails, on the portal and on proof sheets.

It goes to clients, so no more of it is passed on than a picture needs: the parts of a PNG file that
say what it looks like, each with its checksum looked at, and the picture itself unpacked once to
see that it is as large as it says and no larger. Nothing is decoded by a library. What is no such
picture is told by `doctor` and left out; nothing else waits for it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dossier.files import files
from dossier.office.office import Office
from dossier.text.sentences import Sentence, SentenceError

PLACE = Path("config/logo.png")

MOST_BYTES = 100 * 1024
"""It goes with every mail."""

MOST_WIDTH, MOST_HEIGHT = 2000, 1000
"""Pixels. It is shown at 200 × 48 at most, sharp on a screen with four times the dots."""

SHOWN_WIDTH, SHOWN_HEIGHT = 200, 48

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# PNG specification, third edition, section 11.2.1: bits a sample can have, and samples of a pixel,
# by colour type.
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND")
"""What a picture needs to look right. Texts, times, places and profiles stay in the office."""


@dataclass(frozen=True, slots=True)
class Logo:
    """The picture as it is passed on. `width` and `height`: at which it is shown, in pixels."""

    data: bytes
    width: int
    height: int

    @property
    def version(self) -> str:
        """Names its content in an address."""
        return hashlib.sha256(self.data).hexdigest()[:12]

    @property
    def address(self) -> str:
        """The picture itself, for a page that needs nothing else."""
        return f"data:image/png;base64,{base64.b64encode(self.data).decode()}"


class NotALogo(SentenceError):
    """This is no logo; the sentence says why."""


def find(office: Office) -> Logo | None:
    """The office's logo; None if it has none, or none that can be shown."""
    try:
        return _read(office.root / PLACE)
    except NotALogo:
        return None


def fault(office: Office) -> Sentence | None:
    """Why the logo that is there can't be shown, and what to do."""
    try:
        _read(office.root / PLACE)
    except NotALogo as error:
        return error.sentence
    return None


def _read(path: Path) -> Logo | None:
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotALogo("logo.unreadable", error=error.strerror) from error
    if not stat.S_ISREG(status.st_mode):
        raise NotALogo("logo.no_file")
    return _read_as(path, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=64)
def _read_as(path: Path, seen: tuple[int, int, int]) -> Logo:  # noqa: ARG001 - another file is read anew
    try:
        with files.open_plain(path) as descriptor:
            content = os.read(descriptor, MOST_BYTES + 1)
    except (OSError, files.NotPlain) as error:
        raise NotALogo("logo.unreadable", error=getattr(error, "strerror", None) or str(error)) from error
    return checked(content)


def checked(content: bytes) -> Logo:
    """The logo in a PNG file, with nothing else that was in it. Raises Unfit."""
    if len(content) > MOST_BYTES:
        raise NotALogo("logo.too_large", most=MOST_BYTES // 1024)
    if not content.startswith(_SIGNATURE):
        raise NotALogo("logo.no_png")
    kept = [(kind, data) for kind, data in _chunks(content) if kind in _KEPT]
    if len(kept) < 3 or kept[0][0] != b"IHDR" or len(kept[0][1]) != 13 or kept[-1] != (b"IEND", b""):
        raise NotALogo("logo.broken")
    width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", kept[0][1])
    if not (0 < width <= MOST_WIDTH and 0 < height <= MOST_HEIGHT):
        raise NotALogo("logo.too_wide", width=MOST_WIDTH, height=MOST_HEIGHT)
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or (colour == 3) > (b"PLTE" in dict(kept)):
        raise NotALogo("logo.broken")
    if interlaced:
        raise NotALogo("logo.interlaced")
    row = 1 + (width * depth * _SAMPLES[colour] + 7) // 8
    if not _unpacks_to(row * height, b"".join(data for kind, data in kept if kind == b"IDAT")):
        raise NotALogo("logo.broken")
    scale = min(1.0, SHOWN_WIDTH / width, SHOWN_HEIGHT / height)
    whole = _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in kept)
    return Logo(whole, max(1, round(width * scale)), max(1, round(height * scale)))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, data) of each part up to the end. Raises Unfit where one is not whole."""
    at, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", content, at) if at + 12 <= len(content) else (1 << 32, b"")
        data = content[at + 8 : at + 8 + size]
        if content[at + 8 + size : at + 12 + size] != struct.pack(">I", zlib.crc32(kind + data)):
            raise NotALogo("logo.broken")
        yield kind, data
        at += 12 + size


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _unpacks_to(size: int, packed: bytes) -> bool:
    """True if it is a whole zlib stream of just so many bytes. Never unpacks more than that."""
    unpacking = zlib.decompressobj()
    try:
        return len(unpacking.decompress(packed, size + 1)) == size and unpacking.eof
    except zlib.error:
        return False
