"""What stands in the macros of an Office file ([MS-OVBA]): their source, as whoever opens the file
may read it. The first of a module's lines are attributes; by these its source is found.
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from workflow.guard.readers.gathering import PART_BYTES, Gathering

_BEGINS = re.compile(rb"\x01(?=[\x00-\xff][\xb0-\xbf]\x00Attribut)")
"""A container (2.4.1.1.1), whose first eight letters are as they are written."""

_CHUNK = 4096
_LEAST_BITS = 4


def read_macros(gathering: Gathering, stream: BinaryIO) -> None:
    """Those of a `vbaProject.bin`. Raises Enough, and what olefile raises."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(stream.read(PART_BYTES))) as file:
        for path in file.listdir():
            read_module(gathering, file.openstream(path).read(PART_BYTES))


def read_module(gathering: Gathering, data: bytes) -> None:
    """The source in a stream; in most there is none. Raises Enough."""
    for begin in _BEGINS.finditer(data):
        gathering.add(f"{source(data[begin.end() :]).decode('cp1252', 'replace')}\n")
        gathering.look_at_clock()


def source(packed: bytes) -> bytes:
    """Unpacked (2.4.1.3.1), as far as it can be: what is damaged ends it."""
    text, at = bytearray(), 0
    while at + 2 <= len(packed):
        head = int.from_bytes(packed[at : at + 2], "little")
        if head >> 12 & 7 != 3:
            break
        end = at + (head & 0xFFF) + 3
        chunk, at = packed[at + 2 : end], end
        text += _unpacked(chunk) if head >> 15 else chunk
    return bytes(text)


def _unpacked(chunk: bytes) -> bytes:
    """One chunk of up to 4096 letters (2.4.1.3.2)."""
    text, at = bytearray(), 0
    while at < len(chunk) and len(text) < _CHUNK:
        flags = chunk[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                text += chunk[at : at + 1]
                at += 1
                continue
            token, at = int.from_bytes(chunk[at : at + 2], "little"), at + 2
            bits = max((len(text) - 1).bit_length(), _LEAST_BITS)
            back, length = (token >> 16 - bits) + 1, (token & 0xFFFF >> bits) + 3
            if back > len(text):
                return bytes(text)
            for _ in range(length):
                text.append(text[-back])
    return bytes(text)
