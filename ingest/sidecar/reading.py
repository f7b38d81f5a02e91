"""Bytes in, a Sidecar or all its faults with line numbers out. Pure.

Only the form is judged here: the YAML, the keys, their types, what the settings allow, and what one
key of the sidecar says against another. Whether people exist and what they may do, and what an item
that is amended already says, is judged in workflow/items/rules.py; which files are there, in
pairing.py.

The keys, and how the value of each is read, are in keys.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dossier.office.terms import LATER_KEYS
from dossier.text.names import clipped, fold
from dossier.text.sentences import Words, sentence
from dossier.text.yamltext import Fault, KeyValue, List, Map, Node, Scalar, cut_off, is_whole, legible, read_map, tree_of
from ingest.sidecar.keys import BY_WORD, DUTCH, DUTCH_VALUES, ENTRY_KEYS, AttachmentEntry, SidecarReading, read_field
from ingest.sidecar.presets import Spoken, fill

if TYPE_CHECKING:
    from dossier.office.keys import FieldKind, ItemType, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What a sidecar asks for. None: the key was not given."""

    given: frozenset[str]
    """English names of the keys that were given with a value."""
    lines: Mapping[str, int]
    """English key → the line it stands on."""
    words: Mapping[str, str] = field(default_factory=dict, compare=False)
    """English key → the word that was written for it, which may be the Dutch one."""
    description: str | None = None
    status: str | None = None
    type: str | None = None
    location: str | None = None
    labels: tuple[str, ...] | None = None
    explanation: str | None = None
    attachments: tuple[AttachmentEntry, ...] | None = None
    """(): the item has none."""
    share_attachments: bool | None = None
    share_explanation: bool | None = None
    share: bool | None = None
    share_status: Literal["concept", "approved"] | None = None
    approvers: tuple[str, ...] = ()
    approvals: Literal["all", "any"] | int | None = None
    notify: bool | None = None
    contact: str | None = None
    created_by: str | None = None
    client: str | None = None
    """For which client it is; must be the folder's."""
    item: str | None = None
    """`D-2026-000012`: the item that is amended."""
    remove: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    """The extra keys of the item's type."""
    reason: str | None = None
    """Why it is taken off the portal."""
    due: str | None = None
    owner: str | None = None
    filled: frozenset[str] = frozenset()
    """Of `given`, what a preset filled in."""
    told: frozenset[str] = frozenset()
    """Keys whose value is unreadable or contradicts another: rules.py finds no more fault there."""

    @property
    def needs_files(self) -> bool:
        """True if it makes no sense without a file: new, or an amendment with nothing but `item`.

        An amendment that changes something by itself is not kept waiting for files that may never
        come.
        """
        return self.item is None or self.given <= {"item", "created_by", "client"}


def read_sidecar(data: bytes, settings: Settings, spoken: Spoken | None = None) -> tuple[Sidecar | None, list[Fault]]:
    """Read a sidecar; `spoken`: its folder's preset. Returns all its faults, in order of lines.

    With faults the Sidecar holds what could be read, so that rules can tell what else is wrong: a
    value that could not be read is None. It is None only when the file could not be read to its
    end. Never raises.
    """
    tree, faults = read_map(data)
    whole = is_whole(faults)
    if not whole and tree.entries:
        tree.entries.popitem()  # where the reading ended: half a value has no other fault than that
    return _judged(tree, faults, whole, settings, spoken)


def read_values(values: Mapping[str, str | Sequence[str]], settings: Settings) -> tuple[Sidecar | None, list[Fault]]:
    """As `read_sidecar`, of what comes without a file: English or Dutch key → value or values."""
    tree, faults = tree_of(values)
    return _judged(tree, faults, not faults, settings)


def _judged(
    tree: Map, faults: list[Fault], whole: bool, settings: Settings, spoken: Spoken | None = None
) -> tuple[Sidecar | None, list[Fault]]:
    reading = SidecarReading(settings, faults)
    _read_keys(reading, tree)
    if not whole:
        return None, sorted(set(faults))
    if spoken is not None:
        fill(reading, spoken)
    return _sidecar(reading), sorted(set(faults))


def read_preset(spoken: Spoken, description: str, settings: Settings) -> tuple[Sidecar, list[Fault]]:
    """What a preset says of a file without a sidecar, which it or `description` describes."""
    reading = SidecarReading(settings, [])
    fill(reading, spoken)
    if "description" not in reading.given:
        reading.given.add("description")
        reading.values["description"] = description
    return _sidecar(reading), sorted(set(reading.faults))


def _sidecar(reading: SidecarReading) -> Sidecar:
    """What was read, judged as a whole."""
    _check_required(reading)
    _check_sharing(reading)
    _check_amending(reading)
    values = reading.values
    if (reading.misread("share") or "share" in reading.told) and reading.given & _SHARING:
        values["share"] = True  # it was meant to be shared: then its approver and contact are worth judging too
    told = reading.told | {key for key in reading.given if reading.misread(key)}
    told |= reading.fields.keys() if "type" in told else set()  # of which type they are is not known
    values["approvers"] = values.pop("approver", ())
    return Sidecar(
        given=frozenset(reading.given), lines=reading.lines, words=reading.words, fields=reading.fields,
        filled=frozenset(reading.filled), told=frozenset(told), **values,
    )  # fmt: skip


def words_of(sidecar: Sidecar | None, language: str) -> Words:
    """The words to tell of a sidecar in: its writer's, or where nothing is written the
    language's."""
    written = {key: word for key, word in sidecar.words.items() if key not in sidecar.filled} if sidecar else {}
    own = {key for key in written if DUTCH.get(key, key) != key}
    is_dutch = any(written[key] == DUTCH[key] for key in own) if own else language == "nl"
    return Words(keys={**(DUTCH if is_dutch else {}), **written}, values=DUTCH_VALUES if is_dutch else {})


def claimed_files(data: bytes) -> tuple[str, ...] | None:
    """The names that a sidecar lists, whatever is wrong; None if it lists none (pairing.Claim).

    So that the files of a refused drop are refused with it.
    """
    tree, _ = read_map(data)
    entry = tree.entries.get("attachments") or tree.entries.get("bijlagen")
    match entry.node if entry else None:
        case Scalar(value=str(value)):
            return (value,)
        case List(items=items):
            return tuple(name for item in items if (name := _file_of(item)))
    return None


def type_named(text: str, types: Collection[str]) -> str | None:
    """The first of these types that a sidecar names, whatever is wrong with the rest of it, and
    with the key."""
    named, tried = "|".join(map(re.escape, sorted(types, key=len, reverse=True))), {""}
    for found in re.finditer(rf"(?<![\w-])({named})(?![\w-])", text, re.IGNORECASE) if named else ():
        before = [word for word in _WORD.findall(text, max(0, found.start() - _FAR), found.start()) if word[0] not in "!&"]
        key = before[-1][:20].lower() if before else ""
        if key not in tried and difflib.get_close_matches(key, ("type", "soort"), cutoff=0.7):
            return next(name for name in types if fold(name) == fold(found[1]))
        tried.add(key)
    return None


_WORD = re.compile(r"[!&]?\w+")
_FAR = 80
"""Characters from a type's name back to the key that it stands behind."""


def item_named(text: str) -> str | None:
    """The number of the item that a sidecar amends, whatever is wrong with it: D-2026-000012."""
    found = re.search(r"\b(?:item|dossierstuk)\W+(?:D-)?([0-9]{4}-[0-9]{6,7})\b", text, re.IGNORECASE)
    return f"D-{found[1]}" if found else None


_OF_A_SIDECAR = frozenset({"description", "item"})


def reads_as_sidecar(data: bytes, settings: Settings) -> bool:
    """True for a sidecar's text, also a faulty one's, and whatever it is encoded in: no copy of one
    is taken as an attachment."""
    text = legible(data)
    if not _MAY_BE_ONE.search(text):
        return False
    own = {field: field for kind in settings.types.values() for field in kind.fields}
    meanings = {**own, **{word: key.english for word, key in BY_WORD.items()}}
    in_lines = {match[1] for match in _KEY_LINE.finditer(text)}
    for words in (in_lines, read_map(text.encode("utf-8", "replace"))[0].entries.keys()):
        known = {meanings[word] for word in words if word in meanings}
        if known & _OF_A_SIDECAR and 2 * len(known) > len(words):
            return True
    return False


_MAY_BE_ONE = re.compile("|".join(word for word, key in BY_WORD.items() if key.english in _OF_A_SIDECAR))
_KEY_LINE = re.compile(r"^[\"']?([A-Za-z_]+)[\"']?[ \t]*:(?:[ \t]|$)", re.MULTILINE)


def _file_of(item: Node) -> str | None:
    if isinstance(item, Map):
        entry = item.entries.get("file") or item.entries.get("bestand")
        return entry.node.value if entry and isinstance(entry.node, Scalar) else None
    return item.value if isinstance(item, Scalar) else None


# Whole sidecar


def _read_keys(reading: SidecarReading, tree: Map) -> None:
    extras: list[tuple[str, KeyValue]] = []
    taken = {name for kind in reading.settings.types.values() for name in kind.fields}
    known = {
        word: key for word in tree.entries if (key := BY_WORD.get(word)) and not (key.english in LATER_KEYS and word in taken)
    }
    asked = [key.english for key in known.values()]
    doubtful = {known[word].english for word in tree.doubtful & known.keys()} | {key for key in asked if asked.count(key) > 1}
    reading.is_amending = any(
        key.english == "item" and not (isinstance(node := tree.entries[word].node, Scalar) and node.value is None)
        for word, key in known.items()
    )
    for word, entry in tree.entries.items():
        key = known.get(word)
        if key is None:
            extras.append((word, entry))
            continue
        if key.english in reading.words:
            first, at = reading.words[key.english], reading.lines[key.english]
            reading.say(entry.line, "sidecar.key_twice", word=word, first=first, at=at)
            continue
        reading.words[key.english], reading.lines[key.english] = word, entry.line
        if isinstance(entry.node, Scalar) and entry.node.value is None and key.english not in doubtful:
            continue
        reading.given.add(key.english)
        before = len(reading.faults)
        if key.english in _FREE_TEXT:
            _check_comments(reading, entry.node, word)
        value = reading.read(key.read, entry.node, word)
        if value is not None:
            reading.values[key.english] = value
        if key.english in doubtful:
            # Which value was meant can't be known, and that is told: no more is. What is listed
            # still belongs to the drop.
            del reading.faults[before:]
            if key.english != "attachments":
                reading.values.pop(key.english, None)
        if (key.english in doubtful or len(reading.faults) > before) and key.english != "attachments":
            reading.told.add(key.english)
    _read_extras(reading, extras, tree.doubtful)
    if "approver" in reading.told:
        reading.told.add("approvals")  # how many are named is not known
    if "approver" in reading.values:
        reading.told.discard("approver")  # whoever could be read is judged, whatever is wrong with another


def _read_extras(reading: SidecarReading, extras: Sequence[tuple[str, KeyValue]], doubtful: Collection[str]) -> None:
    """The keys of types: first those that there aren't, which may be a misspelt `type`."""
    types = reading.settings.types
    owners = {word: [name for name, kind in types.items() if word in kind.fields] for word, _ in extras}
    for word, entry in extras:
        if not owners[word]:
            _tell_unknown(reading, word, entry.line)
    # The type of an item that is amended is not known here; a type that was misread has been told
    # about.
    open_type = "type" in reading.told or ("item" in reading.given and "type" not in reading.given)
    others: dict[str, list[tuple[str, int]]] = {}
    for word, entry in extras:
        fitting = owners[word] if open_type else [name for name in owners[word] if name == reading.values.get("type")]
        if fitting:
            _read_extra(reading, word, entry, [types[name].fields[word] for name in fitting], word in doubtful)
        elif owners[word]:
            others.setdefault(owners[word][0], []).append((word, entry.line))
    for name, found in others.items():
        words = [f"`{clipped(word)}`" for word, _ in found]
        reading.say(found[0][1], "sidecar.of_another_type", word=clipped(found[0][0]), type=name, words=words, count=len(words))


def _tell_unknown(reading: SidecarReading, word: str, line: int) -> None:
    known = [*BY_WORD, *(name for kind in reading.settings.types.values() for name in kind.fields)]
    near = reading.nearest(word, known)
    reading.say(line, "sidecar.no_key_near" if near else "sidecar.no_key", word=clipped(word), near=near)
    meant = BY_WORD[near].english if near in BY_WORD else near
    if meant and meant not in reading.given:  # then it is not missing besides
        reading.told.add(meant)


_FREE_TEXT = {"description", "explanation", "location", "labels", "attachments", "remove", "rename", "reason"}
"""What is text as people write it, or file names: a comment behind it may belong to it."""

_SHORT = {"share", "sha256"}
"""Of an attachment's own keys those that are neither."""


def _check_comments(reading: SidecarReading, node: Node, word: str) -> None:
    """Tell of each comment that cuts a free text or a file name off."""
    if isinstance(node, Scalar):
        if node.comment is not None and node.value is not None:
            reading.faults.append(Fault(node.line, cut_off(word, node)))
    elif isinstance(node, List):
        for item in node.items:
            _check_comments(reading, item, word)
    else:
        for name, entry in node.entries.items():
            if ENTRY_KEYS.get(name) not in _SHORT:
                _check_comments(reading, entry.node, word)


def _read_extra(reading: SidecarReading, word: str, entry: KeyValue, kinds: Sequence[FieldKind], is_doubtful: bool) -> None:
    """A key of the item's type, which is one of `kinds`."""
    reading.words[word], reading.lines[word] = word, entry.line
    if is_doubtful:
        reading.told.add(word)
    elif not (isinstance(entry.node, Scalar) and entry.node.value is None):
        reading.given.add(word)
        if "text" in kinds:
            _check_comments(reading, entry.node, word)
        value = reading.read(read_field, entry.node, word, kinds=kinds)
        if value is not None:
            reading.fields[word] = value


def _check_required(reading: SidecarReading) -> None:
    if "item" in reading.given:
        return
    if "description" not in reading.given | reading.told:
        reading.say(reading.lines.get("description", 1), "sidecar.description_required", about="description")
    kind = reading.settings.types.get(reading.values.get("type", ""))
    for wanted in kind.required if kind else ():
        key = BY_WORD[wanted].english if wanted in BY_WORD else wanted
        if key == "attachments":  # without the key those that lie there are its attachments
            if reading.values.get("attachments") == ():
                reading.say(reading.lines["attachments"], "rules.type_needs_attachment", type=reading.values["type"])
        elif key == "approver" and kind is not None and _asks_nobody(reading, kind):
            continue
        elif key not in reading.given | reading.told and key != "description":
            reading.told.add(key)
            reading.say(reading.lines["type"], "rules.type_needs", about=key, type=reading.values["type"], needed=key)


def _asks_nobody(reading: SidecarReading, kind: ItemType) -> bool:
    """True if an approver of such an item would say against how it is shared, or not."""
    if reading.values.get("share") is True or "share" in reading.told:
        return reading.values.get("share_status") == "approved"
    return kind.approval != "internal"


_SHARING = frozenset({"share_status", "approver", "approvals", "share_attachments", "share_explanation", "notify"})


def _check_sharing(reading: SidecarReading) -> None:
    """Keys of sharing that say against each other."""
    values, given, lines = reading.values, reading.given, reading.lines
    if values.get("share") is False or not (given & {"share", "item"} or "share" in reading.told):
        _check_not_shared(reading)
    if values.get("share_status") == "approved":
        for key in ("approver", "approvals"):
            if key in given - reading.told:
                status = reading.words["share_status"]
                reading.told.add(key)
                reading.say(lines[key], "sidecar.asks_nobody", word=reading.words[key], status=status)
    if values.get("notify") and "notify" not in reading.told and not (given & {"contact", "item"} or "contact" in reading.told):
        word, contact = reading.words["notify"], reading.word("contact", "notify")
        reading.told |= {"notify", "contact"}
        reading.say(lines["notify"], "sidecar.notify_whom", about="contact", word=word, contact=contact)
    approvals, approvers = values.get("approvals"), values.get("approver")
    if isinstance(approvals, int) and approvers and "approvals" not in reading.told and approvals > len(approvers):
        reading.told.add("approvals")
        word, count = reading.words["approvals"], len(approvers)
        reading.say(lines["approvals"], "sidecar.too_many_approvals", word=word, approvals=approvals, count=count)


def _check_not_shared(reading: SidecarReading) -> None:
    """Keys of sharing for what is not shared: told once, where the first of them stands."""
    values, lines = reading.values, reading.lines
    kind = reading.settings.types.get(values.get("type", ""))
    asks_inside = "type" in reading.told or (kind is not None and kind.approval == "internal" and values.get("share") is not True)
    wrong, needless = list[str](), list[str]()
    for key in sorted(_SHARING & reading.given - reading.told, key=lambda key: lines.get(key, 0)):
        if (key in _CHOICES and values.get(key) is not True) or (asks_inside and key in _ASKING):
            continue
        reading.told.add(key)
        (needless if key in _ASKING and kind is not None and kind.share == "never" else wrong).append(key)
    if needless and not wrong:
        words = [f"`{reading.words[key]}`" for key in needless]
        reading.say(lines[needless[0]], "sidecar.asks_nobody_of_type", words=words, type=values["type"], count=len(words))
    elif needless:
        wrong = sorted([*wrong, *needless], key=lambda key: lines[key])
    told = {fault.line for fault in reading.faults}
    files = [entry for entry in values.get("attachments") or () if entry.share and entry.line not in told]
    if not (wrong or files):
        return
    share = reading.word("share", wrong[0] if wrong else "attachments")
    but = sentence("sidecar.is_no" if "share" in reading.given else "sidecar.is_not_given", share=share)
    of_files = [sentence("sidecar.share_of", share=share, file=clipped(entry.file)) for entry in files]
    if not wrong:
        named = [f"`{clipped(entry.file)}`" for entry in files]
        reading.say(files[0].line, "sidecar.file_but", file=clipped(files[0].file), files=named, but=but, count=len(files))
        return
    left_out = [*(f"`{reading.words[key]}`" for key in wrong), *of_files]
    reading.say(
        lines[wrong[0]], _CHOICES.get(wrong[0], "sidecar.given_but"), word=reading.words[wrong[0]], words=left_out, but=but,
        share=share, yes="ja" if share == "delen" else "yes", count=len(left_out),
    )  # fmt: skip


_ASKING = {"approver", "approvals"}
_CHOICES = {"share_attachments": "sidecar.all_but", "share_explanation": "sidecar.yes_but", "notify": "sidecar.yes_but"}
"""What may be said of something not shared as long as it is `no`; and what is told of `yes`."""


def _check_amending(reading: SidecarReading) -> None:
    """`remove`, `rename` and `reason`: only of an item that is there, and without contradiction."""
    values, words = reading.values, reading.words
    if "reason" in reading.given and ("item" not in reading.given or values.get("share") is not False):
        item, share = reading.word("item", "reason"), reading.word("share", "reason")
        no = "nee" if share == "delen" else "no"
        reading.say(reading.lines["reason"], "sidecar.reason", word=words["reason"], item=item, share=share, no=no)
    for key in ("remove", "rename"):
        if key in reading.given and "item" not in reading.given | reading.told:
            item = reading.word("item", key)
            reading.say(reading.lines[key], "sidecar.needs_item", word=words[key], item=item)
    removed = {fold(name) for name in values.get("remove", ())} if "item" in reading.given else ()
    for old in values.get("rename", {}):
        if fold(old) in removed:
            reading.say(reading.lines["rename"], "sidecar.renamed_and_removed", name=clipped(old))
    for entry in values.get("attachments") or ():
        name = entry.name or entry.file
        if fold(name) in removed:
            reading.say(entry.line, "sidecar.attached_and_removed", name=clipped(name))
