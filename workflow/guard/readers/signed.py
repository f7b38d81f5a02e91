"""What is signed (.p7m, a mail's smime.p7m): what is in it, and who signed it (RFC 5652).

What is encrypted is not read. A signature that lies beside what it signs has only its signer's
name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from dossier.files.marks import marks_of
from workflow.guard.readers.gathering import PART_BYTES, Gathering, NoText
from workflow.guard.readers.plain_text import decoded

KIND = "p7m"

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_SEQUENCE, _CONTENT, _STRING, _STRINGS, _END = 0x30, 0xA0, 0x04, 0x24, b"\0\0"
_NAMED = re.compile(rb"\x06\x03\x55\x04[\x03\x04\x0a\x0b\x2a]([\x0c\x13\x14\x16\x1e])([\x01-\x7f])")
"""Before the name of a person, an organisation or a part of one in a certificate (RFC 5280)."""
_NAMES_MOST = 1_000

_BODY = re.compile(rb"(?:Content-|MIME-Version:)", re.IGNORECASE)
"""How what is signed in a mail begins (RFC 8551, 3.1)."""


def read_signed(gathering: Gathering, stream: BinaryIO, name: str) -> None:
    """Raises Enough, Unreadable."""
    data = stream.read(PART_BYTES)
    try:
        content = _content(data)
    except (IndexError, ValueError) as error:
        raise NoText("damaged") from error
    names = "\n".join(_signers(data.replace(content, b"") if content else data))
    if marks_of(content).kind == KIND:
        raise NoText("too_deep")
    gathering.add(f"{names}\n")
    if content:
        inner = "mail.eml" if _BODY.match(content) else re.sub(r"(?i)\.p7[ms]$", "", name)
        gathering.read_here(inner, io.BytesIO(content))
    elif not names:
        raise NoText("format")


def _content(data: bytes) -> bytes:
    """What was signed; nothing if it lies elsewhere. IndexError, ValueError."""
    at = _inside(data, 0, _SEQUENCE)
    if not data.startswith(_SIGNED_DATA, at):
        raise NoText("format")
    at = _inside(data, _inside(data, _after(data, at), _CONTENT), _SEQUENCE)
    about = _after(data, _after(data, at))  # behind the version and the kinds of digest
    begin, length = _head(data, about)
    at = _after(data, _inside(data, about, _SEQUENCE))
    if data.startswith(_END, at) if length is None else at >= begin + length:
        return b""
    return b"".join(_strings(data, _inside(data, at, _CONTENT)))


def _head(data: bytes, at: int) -> tuple[int, int | None]:
    """(where what is in it begins, its length; None where an end of its own follows)."""
    length, at = data[at + 1], at + 2
    if length == 0x80:
        return at, None
    if length < 0x80:
        return at, length
    return at + length - 0x80, int.from_bytes(data[at : at + length - 0x80], "big")


def _inside(data: bytes, at: int, kind: int) -> int:
    if data[at] != kind:
        raise ValueError
    return _head(data, at)[0]


def _after(data: bytes, at: int) -> int:
    """Where the next one begins."""
    deep = 0
    while True:
        if deep and data.startswith(_END, at):
            at, deep = at + 2, deep - 1
        else:
            start, length = _head(data, at)
            at, deep = (start, deep + 1) if length is None else (start + length, deep)
        if not deep:
            return at


def _strings(data: bytes, at: int) -> Iterator[bytes]:
    """The pieces that programs cut it into as they go along."""
    start, length = _head(data, at)
    if data[at] == _STRING and length is not None:
        yield data[start : start + length]
        return
    if data[at] != _STRINGS:
        raise ValueError
    at, end = start, len(data) if length is None else start + length
    while at < end and data[at] == _STRING:
        start, size = _head(data, at)
        if size is None:
            raise ValueError
        yield data[start : start + size]
        at = start + size


def _signers(data: bytes) -> list[str]:
    names = list[str]()
    for found in _NAMED.finditer(data):
        name = data[found.end() : found.end() + found[2][0]]
        names.append(name.decode("utf-16-be", "replace") if found[1] == b"\x1e" else decoded(name) or "")
        if len(names) == _NAMES_MOST:
            break
    return list(dict.fromkeys(names))
