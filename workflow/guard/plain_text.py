"""What a file says, if that is known at a glance: plain text, or that there is nothing to be read.

Reads the file, and starts nothing: any process may do it. What a PDF or an Office file says, texts.py finds out.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dossier.text.names import extension
from dossier.text.sentences import Sentence, sentence
from workflow.guard.texts_child import MAX_CHARACTERS

TEXT_BYTES = 4 * MAX_CHARACTERS

HEAD_BYTES, PIECE_BYTES = 8_192, 1_048_576

_OFFICE = {"docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "xltm"}
_TEXT = frozenset(
    ["txt", "csv", "tsv", "md", "xml", "xbrl", "xaf", "json", "html", "htm", "xhtml", "eml", "log", "yaml", "yml", "ics", "vcf"]
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Text:
    """What a file says, as far as it could be read."""

    text: str = ""
    unread: tuple[Sentence, ...] = ()
    """Why it can't be read, or not all of it."""
    failure: Sentence | None = None
    """Why its reader gave up on what it could have read: then nobody knows what else it says."""


def unread(why: str) -> Text:
    """Nothing is known of it, and this is the code of the reason."""
    return Text(unread=(Sentence(f"guard.{why}"),))


def glance(path: str | Path, name: str) -> Text | None:
    """The text of the file at `path`, called `name`; None if that takes a process of its own. Raises OSError."""
    with opened(path) as descriptor:
        text = at_a_glance(descriptor, name)
    return text if isinstance(text, Text) else None


@contextlib.contextmanager
def opened(path: str | Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def at_a_glance(descriptor: int, name: str) -> Text | bytes:
    """The text of a file, or for which kind of file it must be read by a process of its own."""
    head, own = os.pread(descriptor, HEAD_BYTES, 0), extension(name)
    kind = _kind(own, head)
    if kind is None:
        return _plain(descriptor, own, head)
    return unread("damaged") if kind == b"P" and not _has_objects(descriptor) else kind


def _kind(own: str, head: bytes) -> bytes | None:
    """What another process reads: a PDF, an Office file; None for the rest."""
    if b"%PDF-" in head[:1024]:
        return b"P"
    return b"O" if head.startswith(b"PK\x03\x04") and own in _OFFICE else None


def _has_objects(descriptor: int) -> bool:
    """False for what begins as a PDF and is none: each has `1 0 obj` somewhere, or nothing is in it."""
    at = 0
    while data := os.pread(descriptor, PIECE_BYTES, at):
        found = data.find(b"obj")
        while found >= 0:
            if re.search(rb"\d\s+$", data[max(0, found - 10) : found]):
                return True
            found = data.find(b"obj", found + 3)
        at += max(1, len(data) - 16) if len(data) == PIECE_BYTES else len(data)  # one may lie across two pieces
    return False


def _plain(descriptor: int, own: str, head: bytes) -> Text:
    """A text file's text, or why there is none."""
    if head.startswith(_OLE):
        return unread("password")
    if not head:
        return unread("empty")
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if own not in _TEXT or (b"\0" in head and not wide):
        return unread("format")
    with open(descriptor, "rb", closefd=False) as stream:
        data = stream.read(TEXT_BYTES + 1)
    partial, data = len(data) > TEXT_BYTES, data[:TEXT_BYTES]
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig", "ignore" if partial or wide else "strict")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if own in ("xml", "xbrl", "xaf", "html", "htm", "xhtml"):
        import html

        text = re.sub(r"<[^<>/]{0,200}[Nn]a(?:me|am)>", "\nname: ", text)  # `<companyName>`: what follows is one
        text = html.unescape(re.sub(r"<[^<>]{0,2000}>", " ", text))
    is_cut = partial or len(text) > MAX_CHARACTERS
    return Text(text[:MAX_CHARACTERS], unread=(sentence("guard.beginning"),) if is_cut else ())
