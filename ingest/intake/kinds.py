"""What a file is, by its bytes and its name; and whether such files are taken.

Reads, and changes nothing. What a file is, dossier/files/marks.py tells by what it must have to
work. Of binary files without such marks, puremagic knows hundreds by their first bytes: its word
counts for the media type, and for types that an admin has blocked besides; never for what is a
program.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import puremagic

from dossier.files import files, marks
from dossier.files.beneath import Place
from dossier.files.marks import Marks
from dossier.text import media, names
from dossier.text.names import extension
from dossier.text.sentences import Sentence, sentence

SURE_BYTES = 4
"""A guess by fewer bytes than these is none."""

_DECIDED = marks.PROGRAM | {"msi", "jar", "class", "lnk", "hta", "bat", "cmd", "ps1", "vbs", "js"}
"""What is such a file, the marks say."""

_FORMLESS = frozenset({"", "ole", "protected"})
"""Kinds that say how a file is built, and not what it is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`contents`: every extension such bytes are blocked by; empty if they are not known."""

    media_type: str
    contents: frozenset[str]
    has_macros: bool = False


def examine(name: str, path: Place) -> Kind:
    """What the plain file at `path` is, that is called `name`. OSError: it can't be read."""
    with files.open_plain(path) as descriptor:
        return kind_of(name, marks.marks_of(descriptor))


def kind_of(name: str, seen: Marks) -> Kind:
    """What a file with these marks is, that is called `name`."""
    if seen.kind:
        return Kind(media.by_content(seen.kind, name), _contents(seen), seen.has_macros)
    by_name, guess = media.by_name(name), None if b"\0" not in seen.head else _guess(seen.head)
    if guess is None or extension(name) == guess[0]:
        return Kind(by_name, seen.programs | ({guess[0]} if guess else frozenset()))
    return Kind(guess[1] or by_name, seen.programs | {guess[0]})


def blocked(name: str, kind: Kind, blocked_types: Collection[str], macros: str) -> Sentence | None:
    """Why a file of this kind is not taken by this name, or None. `macros`: the setting."""
    own = extension(name)
    if own in blocked_types:
        return sentence("kinds.blocked_name", ending=own)
    if found := [ending for ending in blocked_types if ending in kind.contents]:
        return sentence("kinds.blocked_content", ending=found[0])
    return sentence("kinds.macros_refused") if kind.has_macros and macros == "refuse" else None


def warning(name: str, kind: Kind, macros: str) -> Sentence | None:
    """What whoever reads the receipt must know of a file of this kind, or None."""
    return sentence("kinds.macros", file=names.printable(name)) if kind.has_macros and macros == "warn" else None


def _contents(seen: Marks) -> frozenset[str]:
    """What the file may be blocked as: a zip is a zip, but a workbook in it is not."""
    if seen.kind in _FORMLESS:
        return seen.programs
    if seen.kind == "zip":
        return seen.programs | {"zip"}
    known = media.names_of(seen.kind)
    if seen.kind in ("docx", "xlsx", "pptx", "vsdx"):
        known = frozenset(one for one in known if one.endswith("m") is seen.has_macros)
    return seen.programs | known


def _guess(head: bytes) -> tuple[str, str] | None:
    """puremagic's (extension, media type) of a file without our marks; None if not sure."""
    try:
        best = puremagic.magic_string(head)[0]
    except (puremagic.PureError, ValueError, IndexError):
        return None
    ending = best.extension.lstrip(".").lower()
    is_sure = ending and ending not in _DECIDED and len(best.byte_match) >= SURE_BYTES
    return (ending, best.mime_type) if is_sure else None
