"""File names: which are never taken, which can't be used, and when two of them are the same.

Pure: names in, answers out. A name that reaches the database, the vault's records or the portal has
passed `name_fault`; nothing further on asks again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from dossier.text.sentences import Sentence, sentence

MAX_NAME_BYTES = 240
"""UTF-8 bytes of a name: 255 is what file systems hold, less room for `.receipt.yaml`."""

SIDECAR_SUFFIXES = (".yaml", ".yml")

WHY = "WHY.txt"
"""Beside the files of a refused drop: what is wrong with it."""

_IGNORED_PREFIXES = (".", "_", "~$")
_SYSTEMS_NAMES = {
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information",  # Windows
    "@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot",  # Synology, QNAP
    "__macosx", "icon\r", "icon\uf00d", "network trash folder", "temporary items",  # a Mac; its `Icon` ends in a line end
    "lost+found",
}  # fmt: skip
_SYSTEMS_STREAMS = (
    ":zone.identifier",
    ":encryptable",
    ":afp_afpinfo",
    ":afp_resource",
    ":com.dropbox.attributes",
    ":com.dropbox.attrs",
)
"""What Windows keeps beside a file under its name, where that became a file of its own."""
_SAVING_MAC = re.compile(r".+\.sb-[0-9a-f]{8}-[0-9a-z]{6}", re.IGNORECASE | re.DOTALL)
"""A file that a program on a Mac is about to save, or left behind."""
_IGNORED_SUFFIXES = (
    ".part",
    ".partial",
    ".tmp",
    ".crdownload",
    ".filepart",
    ".opdownload",
    ".!sync",
    ".duckpart",
    ".fdmdownload",
    "~",
)

# Windows: learn.microsoft.com, "Naming Files, Paths, and Namespaces"; the superscript digits count
# too.
_RESERVED = re.compile(
    r"(con|conin\$|conout\$|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])\s*(\..*)?",
    re.IGNORECASE | re.DOTALL,
)
_WINDOWS_CHARACTERS = '<>:"|?*'
# Unicode TR 36, bidirectional text spoofing: overrides, embeddings, isolates and marks.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def nfc(name: str) -> str:
    """The name as it is kept: Unicode normalisation form C."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def place_parts(text: str) -> list[str]:
    """The parts of a dossier location such as `2025/Jaarrekening`, as they are kept."""
    return [part.strip() for part in nfc(text).split("/") if part.strip()]


def fold(text: str) -> str:
    """What two names share that a person, or Windows, calls the same (Unicode caseless match)."""
    return text.lower() if text.isascii() else nfc(nfc(text).casefold())


def without_accents(text: str) -> str:
    """The text in small letters without accents, as words are compared that people look for."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))


def is_ignored(name: str) -> bool:
    """True for a name that is never taken and never touched (CONTRACT section 3)."""
    return name.startswith(_IGNORED_PREFIXES) or name.lower().endswith(_IGNORED_SUFFIXES) or is_of_system(name)


def is_of_system(name: str) -> bool:
    """True for what a system or a disk station keeps in everybody's folders."""
    lower = name.lower()
    return (
        lower in _SYSTEMS_NAMES
        or lower.endswith(_SYSTEMS_STREAMS)
        or (".sb-" in lower and _SAVING_MAC.fullmatch(name) is not None)
    )


def hold_a_drop(inside: Iterable[str]) -> bool:
    """True if a folder of `_rejected` that has these names still holds the refused drop. Whoever
    moves only its files back leaves WHY.txt there."""
    return any(name != WHY and not is_ignored(name) for name in inside)


def is_sidecar(name: str) -> bool:
    """True for a name that ends as a sidecar does, whatever else it is."""
    return name.lower().endswith(SIDECAR_SUFFIXES)


def stem(sidecar: str) -> str:
    """`report.yaml` → `report`, `report.pdf.yaml` → `report.pdf`."""
    return sidecar[: sidecar.rindex(".")]


def extension(name: str) -> str:
    """The last part of a name, lower case, without the dot; empty if there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def has_bad_characters(text: str) -> bool:
    """True if the text holds a control, surrogate or bidirectional-override character."""
    if text.isascii():
        return not text.isprintable()
    return any(character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def is_text(name: str) -> bool:
    """False for the name of a file that is no UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def visible(text: str) -> str:
    """The text without characters that nobody sees (Unicode's Cf), as come along with what is
    pasted."""
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")


def printable(name: str) -> str:
    """A name as it can be printed on one line of any terminal, whatever is in it."""
    if name.isprintable() and not has_bad_characters(name):
        return name
    return "".join(c if c.isprintable() and not has_bad_characters(c) else c.encode("unicode_escape").decode() for c in name)


IMPORTED = "import-"
"""What the name of an imported drop's folder begins with."""


def clipped(text: str, most: int = 60) -> str:
    """As much of a text as a sentence about it shows."""
    return printable(text[:most]) + ("…" if len(text) > most else "")


def name_fault(name: str) -> Sentence | None:
    """What is wrong with `name` as an attachment's name, or None."""
    if not name or name in (".", ".."):
        return sentence("names.missing")
    if "/" in name or "\\" in name:
        return sentence("names.folder")
    if not is_text(name):
        return sentence("names.encoding")
    if has_bad_characters(name):
        return sentence("names.characters")
    if is_ignored(name):
        return sentence("names.ignored")
    bad = sorted({character for character in name if character in _WINDOWS_CHARACTERS})
    if bad:
        return sentence("names.windows_characters", bad=" ".join(bad))
    if name.endswith((".", " ")) or name.startswith(" "):
        return sentence("names.windows_ends")
    if _RESERVED.fullmatch(name):
        return sentence("names.reserved")
    if len(nfc(name).encode()) > MAX_NAME_BYTES:
        return sentence("names.too_long", most=MAX_NAME_BYTES)
    return None


def fitted(name: str) -> str:
    """The nearest to `name` that an attachment can have, for files of systems that allow more.

    What can't be helped (a file that is never taken, such as `a.tmp`) stays as it is, and
    `name_fault` says why.
    """
    if name_fault(name) is None:
        return name
    text = "".join(
        "-" if character in _WINDOWS_CHARACTERS + "\\" or has_bad_characters(character) else character for character in name
    )
    text = nfc(text).lstrip(" ._").rstrip(" .")
    begin, dot, end = text.rpartition(".")
    begin, end = (begin, dot + end) if dot else (text, "")
    if _RESERVED.fullmatch(text):
        begin += "-"
    room = MAX_NAME_BYTES - len(end.encode())
    begin = begin.encode()[: max(0, room)].decode("utf-8", "ignore").rstrip(" .")
    return begin + end if name_fault(begin + end) is None else name
