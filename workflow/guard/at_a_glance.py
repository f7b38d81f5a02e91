"""What a file says, if that is known at a glance: plain text, or that there is nothing to be read.

Reads the file, and starts nothing: any process may do it. What anything but plain text says,
texts.py finds out, and this tells by which reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dossier.files.marks import Marks, Source, marks_of, piece_of
from dossier.text.sentences import Sentence, sentence
from workflow.guard.readers.any_file import TEXT, TEXT_BYTES, is_mail, is_sent, reason_unread
from workflow.guard.readers.gathering import MAX_CHARACTERS, PICTURES
from workflow.guard.readers.plain_text import decoded, has_sealed, legible, may_hold_files

BEGINNING_BYTES = 16_384
"""Of a PDF, so much is looked at for its first object."""

PDF, MAIL, PICTURE, OTHER = b"P", b"M", b"I", b"O"
"""Which reader in the other process is asked (texts_child.py)."""


@dataclass(frozen=True, slots=True)
class FileText:
    """What a file says, as far as it could be read."""

    text: str = ""
    unread: tuple[Sentence, ...] = ()
    """Why it can't be read, or not all of it."""
    failure: Sentence | None = None
    """Why its reader gave up on what it could have read: then nobody knows what else it says."""


def unread(why: str) -> FileText:
    """Nothing is known of it, and this is the code of the reason."""
    return FileText(unread=(Sentence(f"guard.{why}"),))


def glance(source: Source, name: str, seen: Marks) -> FileText | None:
    """The text of a file; None if that takes a process of its own. `seen`: its marks. OSError."""
    text = _at_a_glance(source, name, seen)
    return text if isinstance(text, FileText) else None


def at_a_glance(descriptor: int, name: str) -> FileText | bytes:
    """The text of a file, or which reader in a process of its own is to be asked."""
    return _at_a_glance(descriptor, name, marks_of(descriptor))


def _at_a_glance(source: Source, name: str, seen: Marks) -> FileText | bytes:
    if (reason := reason_unread(seen)) and not is_sent(seen):
        return unread(reason)
    if seen.kind == "pdf":
        return PDF if _has_objects(source) else unread("damaged")
    if seen.kind in PICTURES:
        return PICTURE
    if is_mail(name, seen):
        return MAIL
    return _plain(source) if seen.kind in TEXT else OTHER


def _has_objects(source: Source) -> bool:
    """False for what begins as a PDF and is none: each has `1 0 obj` near its beginning, or nothing
    is in it."""
    data = piece_of(source, BEGINNING_BYTES, 0)
    found = data.find(b"obj")
    while found >= 0:
        if re.search(rb"\d\s+$", data[max(0, found - 10) : found]):
            return True
        found = data.find(b"obj", found + 3)
    return False


def _plain(source: Source) -> FileText | bytes:
    """A text file's text; whether it is one was asked of its beginning. One with files in it is for
    the other process."""
    if isinstance(source, bytes):
        data = source[: TEXT_BYTES + 1]
    else:
        with open(source, "rb", closefd=False) as stream:
            stream.seek(0)
            data = stream.read(TEXT_BYTES + 1)
    is_whole = len(data) <= TEXT_BYTES
    text = legible(decoded(data[:TEXT_BYTES], is_whole) or "")
    if may_hold_files(text):
        return OTHER
    is_cut = not is_whole or len(text) > MAX_CHARACTERS
    told = [sentence(code) for code, is_so in (("guard.beginning", is_cut), ("guard.format", has_sealed(text))) if is_so]
    return FileText(text[:MAX_CHARACTERS], tuple(told))
