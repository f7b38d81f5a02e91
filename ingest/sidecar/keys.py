"""A sidecar's keys: how the value of each is read. What they are called: office/terms.py. Pure.

Every key stands once, in the table `KEYS` at the end: it reads the sidecar (reading.py) and makes
the JSON Schema.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from dossier.office.item_types import fitting, is_date, wanted
from dossier.office.terms import LATER_KEYS, SIDECAR_KEYS, YES_NO
from dossier.text.names import clipped, extension, fold, has_bad_characters, name_fault, nfc, place_parts, printable
from dossier.text.sentences import Sentence, either, sentence
from dossier.text.yamltext import Fault, List, Map, Node, Scalar

if TYPE_CHECKING:
    from dossier.office.keys import FieldKind, Settings

V = TypeVar("V")

DESCRIPTION_MAX = 200
"""Characters of a description: it is a heading on the portal and the subject of a mail."""

SUGGESTIONS_MAX = 50
"""After so many faults no more likely words are sought: 64 kB of unknown keys would take
seconds."""

DUTCH = {**SIDECAR_KEYS, **LATER_KEYS}
"""English key → the Dutch word for it."""

_ALL_NONE = {"all": True, "alle": True, "none": False, "geen": False}
_SHARE_STATUS = {"concept": "concept", "approved": "approved", "goedgekeurd": "approved"}
ENTRY_KEYS = {"file": "file", "bestand": "file", "name": "name", "naam": "name", "share": "share", "delen": "share",
               "note": "note", "notitie": "note", "sha256": "sha256"}  # fmt: skip
_ITEM = re.compile(r"(?:D-)?([0-9]{4})-([0-9]{6,7})", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AttachmentEntry:
    """One entry of `attachments`."""

    file: str
    name: str | None
    share: bool | None
    note: str | None
    sha256: str | None
    line: int


class SidecarReading:
    """One sidecar while it is read: what was found so far, and all that is wrong."""

    def __init__(self, settings: Settings, faults: list[Fault]) -> None:
        self.settings = settings
        self.faults = faults
        self.words: dict[str, str] = {}
        """English key → the word that was written, which may be the Dutch one."""
        self.lines: dict[str, int] = {}
        self.given: set[str] = set()
        self.values: dict[str, Any] = {}
        self.fields: dict[str, str] = {}
        self.told: set[str] = set()
        """Keys that say against another, and were told about."""
        self.filled: set[str] = set()
        """Of `given`, what a preset filled in."""
        self.is_amending = False
        """It is about an item that is there."""

    def say(self, line: int, code: str, /, about: str = "", **values: object) -> None:
        """`about`: the key that lacks at this line."""
        self.faults.append(Fault(line, Sentence(code, values), about))

    def read(self, reader: Reader, node: Node, word: str, **how: Any) -> Any:
        """What a reader makes of a node; None if it is misread, and then that is told."""
        try:
            return reader(self, node, word, **how)
        except Misread as misread:
            self.faults.append(misread.fault)
            return None

    def misread(self, key: str) -> bool:
        return key in self.given and key not in self.values and key not in self.fields

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """What of `known` was most likely meant."""
        if len(self.faults) > SUGGESTIONS_MAX:
            return None
        lower = {choice.lower(): choice for choice in known}
        near = difflib.get_close_matches(word.lower()[:60], lower, n=1, cutoff=0.7)
        return lower[near[0]] if near else None

    def word(self, key: str, like: str) -> str:
        """`key` as the writer would say it: as written, or in the language of `like`."""
        dutch = self.words[like] != like
        return self.words.get(key) or (DUTCH[key] if dutch else key)


Reader: TypeAlias = Callable[..., object]
"""A node and the key as it was written in, its value out. Raises Misread; what is wrong beside the
value is told to the reading."""


class Misread(Exception):
    """A value that can't be read, and why."""

    def __init__(self, line: int, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.fault = Fault(line, Sentence(code, values))


@dataclass(frozen=True, slots=True)
class Key:
    """A sidecar's key. `read` gives its value; `schema`: editors'."""

    english: str
    read: Reader
    schema: Mapping[str, object]

    @property
    def dutch(self) -> str:
        return DUTCH[self.english]


# Values


def _text(_: SidecarReading, node: Node, word: str, *, most: int = 65536, empty: bool = False, free: bool = False) -> str:
    """One line of text; with `free` any number, and direction marks as languages need them."""
    if not isinstance(node, Scalar) or node.value is None or not (empty or node.value.strip()):
        raise Misread(node.line, "sidecar.text", word=word)
    text = node.value.strip()
    if not text.isprintable():
        if free and any((c < " " and c not in "\n\r\t") or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in text):
            raise Misread(node.line, "sidecar.control", word=word)
        if not free and ("\n" in text or "\r" in text):
            raise Misread(node.line, "sidecar.one_line", word=word)
        if not free and has_bad_characters(text):
            raise Misread(node.line, "sidecar.direction", word=word)
    if len(text) > most:
        raise Misread(node.line, "sidecar.too_long", word=word, length=len(text), most=most)
    return text


_line = partial(_text, most=200)
_free = partial(_text, empty=True, free=True)


def _description(reading: SidecarReading, node: Node, word: str) -> str:
    text = _text(reading, node, word, most=DESCRIPTION_MAX)
    least = reading.settings.items.description_min
    is_cut = isinstance(node, Scalar) and node.comment is not None  # that is told, and may be why it is short
    length = sum(one.isprintable() or one.isspace() for one in text)  # what has no width says nothing to a client
    if length < least and not is_cut:
        reading.say(node.line, "sidecar.too_short", word=word, length=length, least=least)
    return text


def _one_of(reading: SidecarReading, node: Node, word: str, allowed: Sequence[str], other: str) -> str:
    """One of `allowed`, in the office's spelling; `other`: the code told of any other."""
    text = _line(reading, node, word)
    if text in allowed:
        return text
    folded = fold(text)
    for choice in allowed:
        if fold(choice) == folded:
            return choice
    if not allowed:
        raise Misread(node.line, f"{other}_yet", word=word, value=clipped(text))
    raise Misread(node.line, other, word=word, value=clipped(text), allowed=_listed(allowed))


def _listed(words: Sequence[str]) -> Sentence | str:
    more = len(words) - 12
    return sentence("sidecar.or_more", first=list(words[:12]), count=more) if more > 0 else either(words)


def _status(reading: SidecarReading, node: Node, word: str) -> str:
    return _one_of(reading, node, word, reading.settings.items.statuses, "sidecar.no_status")


def _type(reading: SidecarReading, node: Node, word: str) -> str:
    if _takes_off(reading, node):
        return ""
    return _one_of(reading, node, word, list(reading.settings.types), "sidecar.no_type")


def _contact(reading: SidecarReading, node: Node, word: str) -> str:
    return "" if _takes_off(reading, node) else _line(reading, node, word)


def _takes_off(reading: SidecarReading, node: Node) -> bool:
    """True for an empty text about an item that is there. A new one has nothing to take off, so
    there it is a value that somebody forgot."""
    return reading.is_amending and isinstance(node, Scalar) and node.value is not None and not node.value.strip()


def _location(reading: SidecarReading, node: Node, word: str) -> str:
    text = _text(reading, node, word, most=300, empty=True)
    parts = place_parts(text)
    if "\\" in text or any(part in (".", "..") for part in parts) or (parts and parts[0].endswith(":")):
        raise Misread(node.line, "sidecar.location", word=word)
    allowed = reading.settings.items.locations
    if not parts or not allowed:
        return "/".join(parts)
    folded = [fold(part) for part in parts]
    for prefix in sorted(allowed, key=len, reverse=True):
        begin = place_parts(prefix)
        if [fold(part) for part in begin] == folded[: len(begin)]:
            return "/".join([*begin, *parts[len(begin) :]])
    raise Misread(node.line, "sidecar.no_location", word=word, value=clipped(text), allowed=_listed(allowed))


def _word_of(_: SidecarReading, node: Node, word: str, meanings: Mapping[str, V], otherwise: str) -> V:
    if isinstance(node, Scalar) and node.value is not None:
        meaning = meanings.get(node.value.strip().lower())
        if meaning is not None:
            return meaning
    raise Misread(node.line, otherwise, word=word)


_yes_no = partial(_word_of, meanings=YES_NO, otherwise="sidecar.yes_or_no")
_all_none = partial(_word_of, meanings=_ALL_NONE, otherwise="sidecar.all_or_none")
_share_status = partial(_word_of, meanings=_SHARE_STATUS, otherwise="sidecar.share_status")


def _date(reading: SidecarReading, node: Node, word: str) -> str:
    """A day, as 2027-03-01; empty: none."""
    text = _text(reading, node, word, most=200, empty=True)
    if text and not is_date(text):
        raise Misread(node.line, "rules.does_not_fit", field=word, value=clipped(text), wanted=wanted("date"))
    return text


_person = partial(_text, most=200, empty=True)
"""A staff member's code; empty: nobody in particular."""


def _approvals(reading: SidecarReading, node: Node, word: str) -> str | int:
    text = node.value.strip() if isinstance(node, Scalar) and node.value else ""
    if re.fullmatch("[0-9]{1,4}", text) and int(text) >= 1:
        return int(text)
    return _word_of(reading, node, word, {"all": "all", "any": "any"}, "sidecar.approvals")


def _texts(reading: SidecarReading, node: Node, word: str, most: int = 255) -> tuple[str, ...]:
    """A list of texts, none of them twice (capitals apart)."""
    if not isinstance(node, List):
        raise Misread(node.line, "sidecar.list", word=word)
    found: dict[str, str] = {}
    twice: set[str] = set()
    for item in node.items:
        text = reading.read(_text, item, word, most=most)
        folded = fold(text or "")
        if folded in found and folded not in twice:
            twice.add(folded)
            reading.say(item.line, "sidecar.value_twice", word=word, value=clipped(nfc(text or "")))
        elif text is not None:
            found.setdefault(folded, nfc(text))
    return tuple(found.values())


def _labels(reading: SidecarReading, node: Node, word: str) -> tuple[str, ...]:
    labels, allowed = _texts(reading, node, word, 100), reading.settings.items.labels
    if not labels or not allowed:
        return labels
    office = {fold(label): label for label in allowed}
    for label in labels:
        if fold(label) not in office:
            line, near = _line_with(node, label), reading.nearest(label, allowed)
            if near:
                reading.say(line, "sidecar.no_label_near", word=word, value=clipped(label), near=near)
            else:
                reading.say(line, "sidecar.no_label", word=word, value=clipped(label), allowed=_listed(allowed))
    return tuple(office.get(fold(label), label) for label in labels)


def _line_with(node: Node, text: str) -> int:
    """The line of the list's entry that says `text`."""
    for item in node.items if isinstance(node, List) else ():
        if isinstance(item, Scalar) and nfc((item.value or "").strip()) == text:
            return item.line
    return node.line


def _approver(reading: SidecarReading, node: Node, word: str) -> tuple[str, ...] | None:
    if isinstance(node, Scalar):
        return (_line(reading, node, word),)
    several = _texts(reading, node, word)
    if not getattr(node, "items", ()):
        raise Misread(node.line, "sidecar.no_approvers", word=word)
    return several or None


def _item(_: SidecarReading, node: Node, word: str) -> str:
    text = node.value.strip() if isinstance(node, Scalar) and node.value else ""
    found = _ITEM.fullmatch(text)
    if not found or int(found[2]) == 0 or int(found[1]) == 0:
        raise Misread(node.line, "sidecar.item", word=word)
    return f"D-{found[1]}-{int(found[2]):06d}"


def _attachments(reading: SidecarReading, node: Node, word: str) -> tuple[AttachmentEntry, ...]:
    if isinstance(node, Map) or (isinstance(node, Scalar) and not (node.value or "").strip()):
        raise Misread(node.line, "sidecar.file_names", word=word)
    if isinstance(node, Scalar):
        reading.say(node.line, "sidecar.one_file_name", word=word, file=printable((node.value or "")[:60]))
        node = List([node], node.line)
    most = reading.settings.intake.max_files
    if len(node.items) > most:  # however many of them come, it will not do
        reading.say(node.line, "intake.too_many_files", files=len(node.items), most=most)
    entries: list[AttachmentEntry] = [one for item in node.items if (one := reading.read(_attachment, item, word))]
    blocked = reading.settings.intake.blocked_types
    files: set[str] = set()
    called: dict[str, AttachmentEntry] = {}
    for entry in entries:
        first = called.setdefault(fold(entry.name or entry.file), entry)
        if nfc(entry.file) in files:
            reading.say(entry.line, "sidecar.listed_twice", file=clipped(entry.file))
        elif first is not entry:
            reading.say(entry.line, "sidecar.same_name", name=clipped(nfc(first.name or first.file)))
        files.add(nfc(entry.file))
        endings = [ending for ending in map(extension, (entry.file, entry.name or "")) if ending in blocked]
        if endings:  # whatever is in the file when it comes
            reading.say(entry.line, "intake.blocked", file=clipped(nfc(entry.name or entry.file)), ending=endings[0])
    return tuple(entries)


def _attachment(reading: SidecarReading, item: Node, word: str) -> AttachmentEntry | None:
    if not isinstance(item, Map):
        return AttachmentEntry(_file_name(reading, item, word), None, None, None, None, item.line)
    found: dict[str, Any] = {}
    words: dict[str, str] = {}
    meant: set[str] = set()
    for given, entry in item.entries.items():
        key = ENTRY_KEYS.get(given)
        if key is None:
            near = reading.nearest(given, list(ENTRY_KEYS))
            meant.add(ENTRY_KEYS[near] if near else "")
            code = "sidecar.no_entry_key_near" if near else "sidecar.no_entry_key"
            reading.say(entry.line, code, word=word, given=clipped(given), near=near)
        elif key in words:
            reading.say(entry.line, "sidecar.entry_key_twice", word=word, given=given, first=words[key])
        else:
            words[key] = given
            if not isinstance(entry.node, Scalar) or entry.node.value is not None:
                found[key] = reading.read(_ENTRY_READERS[key], entry.node, given)
    if "file" not in found and "file" not in meant:
        reading.say(item.line, "sidecar.no_file", word=word)
    if found.get("file") is None:
        return None
    if found.get("share") is None and ("share" in found or "share" in meant):
        found["share"] = True  # told already; nobody need ask again whether it is shared
    name, share, note, sha256 = (found.get(key) for key in ("name", "share", "note", "sha256"))
    return AttachmentEntry(found["file"], name, share, note, sha256, item.line)


def _file_name(reading: SidecarReading, node: Node, word: str) -> str:
    """A plain file name. One that can't be used is told and still returned: it may lie there."""
    if not isinstance(node, Scalar) or not node.value:
        raise Misread(node.line, "sidecar.file_name", word=word)
    fault = name_fault(node.value)
    if fault:
        reading.say(node.line, "sidecar.bad_name", name=clipped(node.value), why=fault)
    return node.value


def _sha256(_: SidecarReading, node: Node, word: str) -> str:
    if isinstance(node, Scalar) and node.value and _SHA256.fullmatch(node.value.strip()):
        return node.value.strip().lower()
    raise Misread(node.line, "sidecar.sha256", word=word)


def _rename(reading: SidecarReading, node: Node, word: str) -> dict[str, str]:
    if not isinstance(node, Map):
        raise Misread(node.line, "sidecar.old_and_new", word=word)
    found: dict[str, str] = {}
    olds: dict[str, str] = {}
    news: set[str] = set()
    for old, entry in node.entries.items():
        new = reading.read(_file_name, entry.node, word)
        if new is None:
            continue
        if not old:
            reading.say(entry.line, "sidecar.no_old_name", word=word, name=clipped(new))
        elif nfc(old) == nfc(new):
            reading.say(entry.line, "sidecar.named_already", word=word, name=clipped(old))
        elif olds.setdefault(fold(old), old) != old:
            reading.say(entry.line, "sidecar.value_twice", word=word, value=clipped(old))
        elif fold(new) in news:
            reading.say(entry.line, "sidecar.would_be_same", word=word, name=clipped(new))
        news.add(fold(new))
        found[nfc(old)] = nfc(new)
    return found


def read_field(reading: SidecarReading, node: Node, word: str, kinds: Sequence[FieldKind]) -> str:
    """An extra key's value, that fits one of the kinds it can be."""
    text = _free(reading, node, word)
    if not text:
        return text
    for kind in kinds:
        fitted = fitting(kind, text)
        if fitted is not None:
            return fitted
    allowed = either(list(dict.fromkeys(wanted(kind) for kind in kinds)))
    raise Misread(node.line, "rules.does_not_fit", field=word, value=clipped(text), wanted=allowed)


_ENTRY_READERS: dict[str, Reader] = {"file": _file_name, "name": _file_name, "share": _yes_no, "note": _free, "sha256": _sha256}

# What editors take for a text: `2025` is a number to them, `~` is a key that was not given.
TEXT: dict[str, object] = {"type": ["string", "number", "boolean", "null"]}
_YES: dict[str, object] = {
    "anyOf": [
        {"enum": [True, False, "yes", "no", "ja", "nee", None]},
        {"type": "string", "pattern": "^([Yy][Ee][Ss]|[Nn][Oo]|[Jj][Aa]|[Nn][Ee][Ee]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"},
    ]
}
_NAMES: dict[str, object] = {"type": ["array", "null"], "items": TEXT}
_ENTRY_SCHEMA = {word: _YES if key == "share" else TEXT for word, key in ENTRY_KEYS.items()}
_ENTRIES: dict[str, object] = {
    "type": ["array", "null"],
    "items": {
        "anyOf": [
            TEXT,
            {
                "type": "object", "properties": _ENTRY_SCHEMA, "additionalProperties": False,
                "anyOf": [{"required": ["file"]}, {"required": ["bestand"]}],
            },
        ]
    },
}  # fmt: skip

KEYS = (
    Key("description", _description, {**TEXT, "maxLength": DESCRIPTION_MAX}),
    Key("status", _status, TEXT),
    Key("type", _type, TEXT),
    Key("location", _location, TEXT),
    Key("labels", _labels, _NAMES),
    Key("explanation", _free, TEXT),
    Key("attachments", _attachments, _ENTRIES),
    Key("share_attachments", _all_none, {"enum": ["all", "none", "alle", "geen", None]}),
    Key("share_explanation", _yes_no, _YES),
    Key("share", _yes_no, _YES),
    Key("share_status", _share_status, {"enum": ["concept", "approved", "goedgekeurd", None]}),
    Key("approver", _approver, {"anyOf": [TEXT, _NAMES]}),
    Key("approvals", _approvals, {"anyOf": [{"enum": ["all", "any", None]}, {"type": "integer", "minimum": 1}]}),
    Key("notify", _yes_no, _YES),
    Key("contact", _contact, TEXT),
    Key("created_by", _line, TEXT),
    Key("client", _line, TEXT),
    Key("item", _item, {"type": ["string", "null"], "pattern": "^([Dd]-)?[0-9]{4}-[0-9]{6,7}$"}),
    Key("remove", _texts, _NAMES),
    Key("rename", _rename, {"type": ["object", "null"], "additionalProperties": TEXT}),
    Key("reason", _line, TEXT),
    Key("due", _date, {"type": ["string", "null"], "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}),
    Key("owner", _person, TEXT),
)  # fmt: skip

DUTCH_VALUES = {"yes": "ja", "no": "nee", "all": "alle", "none": "geen", "approved": "goedgekeurd"}
BY_WORD = {word: key for key in KEYS for word in (key.dutch, key.english)}
