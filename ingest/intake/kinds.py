"""What a file is, by its bytes and its name; and whether such files are taken.

Reads, and changes nothing. A name is only believed where the bytes don't say otherwise. What Windows would run, and what the
usual blocked types are, is known here by marks that such a file must have to work: a program's header, a shortcut's
identifier, an installer's class, a jar's manifest wherever in the file its index lies. puremagic, which knows hundreds of formats by
their first bytes, tells of the rest. No attempt is made to tell a script (bat, js, vbs, ps1) by its text but for marks that no
letter has: under another name nothing runs it.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import puremagic

from dossier.files import files
from dossier.text import media
from dossier.text.names import extension

# The commonest files are known at a glance; puremagic takes 0.3 ms for each.
_AT_A_GLANCE = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff"}

_PROGRAM = frozenset({"exe", "dll", "scr", "com"})
_SHORTCUT = bytes.fromhex("4c0000000114020000000000c000000000000046")  # [MS-SHLLINK] 2.1: HeaderSize and LinkCLSID
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_INSTALLER = bytes.fromhex("84100c0000000000c000000000000046")  # {000C1084-…}: the root's class in an .msi
_ENCODED_SCRIPT = b"#@~^"  # Windows Script Encoder
_SIGNED_POWERSHELL = b"# SIG # Begin signature block"
_END_OF_ZIP, _ZIP_TAIL = b"PK\x05\x06", 22 + 65535
HEAD_BYTES = 8192
"""So much of a file tells what it is."""

_INDEX_MOST = 4 * 1024 * 1024
"""Bytes of a zip's index that are read: some 40,000 names."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`contents`: every extension (lower case, no dot) that such bytes may go by; empty if they are not known."""

    media_type: str
    contents: frozenset[str]


def examine(name: str, path: str | Path) -> Kind:
    """What the plain file at `path` is, that is called `name`. OSError: it can't be read."""
    own = extension(name)
    by_name = media.by_name(name)
    with files.open_plain(path) as descriptor:
        head, index = os.pread(descriptor, HEAD_BYTES, 0), _zip_index(descriptor)
        dangers = _dangers(head, index, descriptor)
    if own in _AT_A_GLANCE and head.startswith(_AT_A_GLANCE[own]):
        return Kind(by_name, dangers | {own})
    if head.startswith(b"PK") and (office := _office_kind(index)):
        return Kind(media.by_name(f"x.{office}"), dangers | {office, "zip"})
    try:
        matches = puremagic.magic_string(head) if head else []
    except (puremagic.PureError, ValueError):
        matches = []
    told = [match.extension.lstrip(".").lower() for match in matches]
    if not matches or own in told:
        return Kind(by_name, dangers | ({own} if own in told else frozenset()))
    best = matches[0]
    sure = len(best.byte_match) >= 4
    likely = {kind for kind, match in zip(told, matches, strict=True) if sure and match.confidence == best.confidence}
    media_type = "application/vnd.microsoft.portable-executable" if dangers >= _PROGRAM else best.mime_type if sure else ""
    return Kind(media_type or by_name, dangers | likely)


def blocked(name: str, kind: Kind, blocked_types: Collection[str]) -> str | None:
    """Why a file of this kind is not taken under this name, or None."""
    own = extension(name)
    if own in blocked_types:
        return f"files of type .{own} are not taken; put it in another form, or ask an admin"
    found = [extension for extension in blocked_types if extension in kind.contents]
    return f"its content is that of a .{found[0]} file, whatever its name says; such files are not taken" if found else None


def _dangers(head: bytes, index: bytes, descriptor: int) -> frozenset[str]:
    """The types, of those that are blocked by default, whose marks the file bears."""
    found: set[str] = set()
    # A letter may begin with MZ; in a program zero bytes follow at once.
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        found |= _PROGRAM
    if head.startswith(_SHORTCUT):
        found.add("lnk")
    if head.startswith(_OLE) and _ole_class(descriptor, head) == _INSTALLER:
        found.add("msi")
    if head.startswith(_ENCODED_SCRIPT):
        found |= {"vbs", "js"}
    lower = head.lower()
    if b"<hta:application" in lower:
        found.add("hta")
    if lower.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"@echo off"):
        found |= {"bat", "cmd"}
    if _SIGNED_POWERSHELL in head:
        found.add("ps1")
    # Wherever a zip begins: java runs what has its index at the end, whatever is in front, a PDF for example.
    if b"META-INF/MANIFEST.MF" in index:
        found.add("jar")
    return frozenset(found)


def _office_kind(index: bytes) -> str | None:
    """docx, xlsx or pptx, by the names in a zip's index."""
    if b"[Content_Types].xml" not in index:
        return None
    return next((kind for mark, kind in ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx")) if mark in index), None)


def _zip_index(descriptor: int) -> bytes:
    """The central directory of a zip file (APPNOTE.TXT 4.3.12), its first part at least; empty if the file is no zip."""
    size = os.fstat(descriptor).st_size
    begin = max(0, size - _ZIP_TAIL)
    tail = os.pread(descriptor, _ZIP_TAIL, begin)
    at = tail.rfind(_END_OF_ZIP)
    end = tail[at : at + 22] if at >= 0 else b""
    # One whose comment does not reach to the end of the file belongs to a zip inside another file.
    if len(end) < 22 or begin + at + 22 + int.from_bytes(end[20:22], "little") != size:
        return b""
    length = int.from_bytes(end[12:16], "little")
    if length > begin + at:  # a very large zip (zip64) writes it elsewhere
        length = min(begin + at, _INDEX_MOST)
    # By where it ends, not by where it says it begins: what is in front of the zip is not counted there.
    return os.pread(descriptor, min(length, _INDEX_MOST), begin + at - length)


def _ole_class(descriptor: int, header: bytes) -> bytes:
    """The class of the root of a compound file ([MS-CFB] 2.2 and 2.6): what kind of document it says to be."""
    sector = 1 << min(int.from_bytes(header[30:32], "little"), 16)
    first = int.from_bytes(header[48:52], "little")
    return os.pread(descriptor, 16, (first + 1) * sector + 80)
