"""Does a file's own format say that it is not finished? Told from its head and its tail alone.

Only formats that say where they end can be asked: PDF (`%%EOF`), zip and what is built as one (the
central directory), PNG (`IEND`) and JPEG (the end-of-image mark). A scanner that closes the file
after each page, and an upload that was cut off, leave files that are closed and quiet, and end
nowhere.

Whole files have odd tails: blanks, signatures, whole films. So an end may stand anywhere in the
tail, and what is not plainly cut off is taken for whole. Damage in its middle is not looked for.
"""

from __future__ import annotations

import os
import re

from dossier.files.marks import is_pdf

HEAD, TAIL = 1024, 128 * 1024
"""Bytes. PDF readers look for its mark in the first 1,024; a zip's comment may be 64 kB long."""

NEAR = 1024
"""So much of the tail is looked at first."""

_PDF_END = b"%%EOF"

_OBJECT = re.compile(rb"\b[0-9]+\s+[0-9]+\s+obj\b")

SEGMENTS = 1000
"""A JPEG has at most so many segments before its picture; one with more is no camera's."""


def head_of(descriptor: int) -> bytes:
    """So much of an open file as its format is told from. OSError."""
    return os.pread(descriptor, HEAD, 0)


def is_cut_off(descriptor: int, size: int, head: bytes | None = None) -> bool:
    """True if the open file, `size` bytes long, lacks the end that its format asks for. OSError.

    `head`: what `head_of` said, if it was asked.
    """
    head = head_of(descriptor) if head is None else head
    if head.startswith((b"PK\x03\x04", b"PK\x07\x08")):
        return not _has_directory(descriptor, size)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND\xaeB`\x82" not in _tail(descriptor, size)
    if head.startswith(b"\xff\xd8\xff"):
        return _is_half_a_picture(descriptor, size)
    if is_pdf(head):
        near = os.pread(descriptor, NEAR, max(0, size - NEAR))  # where almost all have it, and the last one counts
        return _ends_among_objects(near if _PDF_END in near else _tail(descriptor, size))
    return False


def _tail(descriptor: int, size: int, start: int = 0) -> bytes:
    return os.pread(descriptor, TAIL, max(start, size - TAIL))


def _ends_among_objects(tail: bytes) -> bool:
    """A PDF without an end, or with objects behind its last one: each addition brings an end."""
    end = tail.rfind(_PDF_END)
    return end < 0 or _OBJECT.search(tail[end + len(_PDF_END) :]) is not None


def _has_directory(descriptor: int, size: int) -> bool:
    """The end of the central directory, which says where that begins (APPNOTE.TXT 4.3.16)."""
    tail = _tail(descriptor, size)
    at = len(tail)
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        record = tail[at : at + 22]
        if len(record) < 22:
            continue
        entries, length, start = (int.from_bytes(record[a:b], "little") for a, b in ((10, 12), (12, 16), (16, 20)))
        if entries == 0 or start == 0xFFFFFFFF:  # empty, or one whose larger numbers stand before it (zip64)
            return True
        # One of a zip within this zip speaks of another place.
        end = size - len(tail) + at
        if start + length <= end and os.pread(descriptor, 4, start) == b"PK\x01\x02":
            return True
    return False


def _is_half_a_picture(descriptor: int, size: int) -> bool:
    """A JPEG that ends before its picture begins, or in the middle of it.

    Phones put a film or more pictures behind the end, longer than any tail. But within a picture a
    byte FF has only a few followers (ITU T.81, B.1.1.2), and in anything else it soon has others.
    """
    at = 2
    for _ in range(SEGMENTS):
        segment = os.pread(descriptor, 4, at)
        if len(segment) < 4:
            return True
        if segment[0] != 0xFF:
            return False
        if segment[1] == 0xFF:  # filling
            at += 1
            continue
        if segment[1] in (0xD8, 0x01) or 0xD0 <= segment[1] <= 0xD7:  # marks without a length
            at += 2
            continue
        if segment[1] == 0xD9:
            return False
        at += 2 + int.from_bytes(segment[2:], "big")
        if segment[1] == 0xDA:
            tail = _tail(descriptor, size, at)
            return b"\xff\xd9" not in tail and re.search(rb"\xff[^\x00\x01\xc4\xcc\xd0-\xd7\xda-\xdf\xfe\xff]", tail) is None
    return False
