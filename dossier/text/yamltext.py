"""YAML as people write it: every scalar is the text that was typed, every node knows its line.

Sidecars, queue files and the configuration are all read here. The parser is libyaml's, driven event
by event, so that nothing is built before it was looked at: an alias, a tag, a repeated key, a
second document, a pit of brackets is a `Fault` with its line, never an exception and never more
memory than `Limits` allows.

What a text *means* (a number, a yes, a date) is decided by the reader's models, not here: `no`,
`00123`, `12:30` and `1.10` stay what they look like. Only an empty plain scalar, `~` and `null` are
None.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dossier.text.names import clipped
from dossier.text.sentences import Sentence, sentence
from dossier.text.yaml_trouble import about_bare_text, is_oddly_blank, quoted, what_was_meant

Plain: TypeAlias = "str | None | list[Plain] | dict[str, Plain]"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, for its writer. `line` counts from 1; 0 is the whole file."""

    line: int
    message: Sentence | str
    key: str = field(default="", compare=False)
    """Which key it is about, where that may not be the one at `line`: one that is missing, say."""

    def __lt__(self, other: Fault) -> bool:
        return (self.line, str(self.message)) < (other.line, str(other.message))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a hostile file is read: bytes, levels of nesting, and nodes."""

    bytes: int = 64 * 1024
    depth: int = 8
    nodes: int = 20_000


@dataclass(slots=True)
class Scalar:
    value: str | None
    line: int
    comment: str | None = None
    """What stands behind a plain value: `#12` of `Invoice #12`, to YAML a comment."""


@dataclass(slots=True)
class List:
    items: list[Node]
    line: int


@dataclass(slots=True)
class Map:
    line: int
    entries: dict[str, KeyValue] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    """Of the outermost mapping: the keys that were given twice, or whose value has a fault of YAML
    in it."""


@dataclass(slots=True)
class KeyValue:
    """One `key: value` of a mapping; `line` is the key's."""

    line: int
    node: Node


Node: TypeAlias = "Scalar | List | Map"

_NOTHING = {""}
_NULLS = _NOTHING | {"~", "null", "Null", "NULL"}
"""How a program says of a key that it has no value. In a list it is the text that stands there."""

_READS_ON = {"yaml.twice", "yaml.aliases", "yaml.tags"}
"""The faults after which read_map reads on; any other ends the reading."""


class _Refused(Exception):
    def __init__(self, line: int, message: Sentence | str) -> None:
        self.fault = Fault(line, message)


def read_map(data: bytes, limits: Limits = Limits()) -> tuple[Map, list[Fault]]:
    """Read one YAML mapping. Returned with its faults; with a fatal one, what came before it.

    Repeated keys are told all at once and the first one is kept. An empty file is an empty mapping.
    """
    import yaml  # takes a third as long to import as most commands last, and few of them read any

    root = Map(1)
    faults: list[Fault] = []
    if len(data) > limits.bytes:
        return root, [Fault(0, sentence("yaml.too_large", kb=limits.bytes // 1024))]
    try:
        text = decoded(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        is_wide = error.encoding.startswith("utf-16") or data.count(b"\0") * 3 > len(data)
        return root, [Fault(line, sentence("yaml.half_utf_16" if is_wide else "yaml.windows_text"))]
    if "\0" in text and text.count("\0") * 3 > len(text):
        return root, [Fault(1, sentence("yaml.half_utf_16"))]
    try:
        _fill(root, _one_by_one(text), limits, faults)
    except _Refused as refusal:
        is_bare = refusal.fault.message == sentence("yaml.bare_text")
        faults.append(Fault(refusal.fault.line, about_bare_text(text, refusal.fault.line)) if is_bare else refusal.fault)
    except yaml.MarkedYAMLError as error:
        faults.append(Fault(*what_was_meant(text, error)))
    except yaml.reader.ReaderError as error:
        # `position` is a character here: the reader was given text.
        line = text.count("\n", 0, error.position) + 1
        faults.append(Fault(line, sentence("yaml.bad_character")))
    except yaml.YAMLError as error:
        faults.append(Fault(0, sentence("yaml.not_yaml", what=" ".join(str(error).split()))))
    return root, sorted(faults)


def is_whole(faults: Sequence[Fault]) -> bool:
    """True if read_map came to the end of the file in spite of these."""
    return all(isinstance(fault.message, Sentence) and fault.message.code in _READS_ON for fault in faults)


def decoded(data: bytes) -> str:
    """A file's text: UTF-8, or UTF-16 if it begins with that mark. Raises UnicodeDecodeError."""
    return data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def legible(data: bytes) -> str:
    """As much of a file's text as there is, also of Windows' own encoding and half a UTF-16."""
    try:
        return decoded(data).replace("\0", "")
    except UnicodeDecodeError:
        return data.replace(b"\0", b"").decode("cp1252", "replace")


def plain(node: Node) -> Plain:
    """The node as text, None, lists and dicts."""
    match node:
        case Scalar(value=value):
            return value
        case List(items=items):
            return [plain(item) for item in items]
        case Map(entries=entries):
            return {key: plain(entry.node) for key, entry in entries.items()}


def line_of(node: Node, path: Sequence[str | int]) -> int:
    """The line of what `path` (keys and indices, pydantic's `loc`) leads to, or the one above."""
    line = node.line
    for step in path:
        if isinstance(node, Map) and isinstance(step, str) and step in node.entries:
            entry = node.entries[step]
            line, node = entry.line, entry.node
        elif isinstance(node, List) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            line = node.line
        else:
            break
    return line


_EASY = re.compile("(?:[0-9]+/)?[A-Za-z](?:[A-Za-z0-9_./,+&() -]*[A-Za-z0-9_./,+&()-])?")
_WORDS = frozenset(("y", "yes", "n", "no", "true", "false", "on", "off", "null"))
"""What YAML 1.1 takes for something else than a text, of what is easy."""

_NUMBER = re.compile("[1-9][0-9]*|[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""A number or a date, unless it is quoted."""

_NEVER_BARE = re.compile(r"[#,\[\]{}&*!|>'\"%@`].*|[A-Za-z][!-~ ]*: [!-~ ]*[!-~]")
"""A text that YAML must take for something else unless it is quoted: by its first character, or a
key by colon and space."""


def scalar(value: object) -> str:
    """A text as one scalar on one line that every YAML reader gives back as it was."""
    text = str(value)
    if text.lower() in _WORDS or _NUMBER.fullmatch(text):
        return f"'{text}'"
    if _EASY.fullmatch(text):
        return text  # what yaml would say after a tenth of a millisecond; a receipt and a queue file have several
    if "\n" in text or not text.isprintable():
        return _quoted(text)
    if _NEVER_BARE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"  # what yaml would say after half a millisecond: a receipt's warnings
    import yaml  # see `read_map`

    dumped = yaml.safe_dump(text, allow_unicode=True, width=2**31).rstrip("\n").removesuffix("\n...")
    return dumped if "\n" not in dumped else _quoted(text)


def lines_of(values: Mapping[str, str | Sequence[str] | Mapping[str, str]]) -> list[str]:
    """Each key with its value, or with its values as a list or a mapping, as lines of YAML."""
    lines = []
    for key, value in values.items():
        if isinstance(value, str):
            lines.append(f"{scalar(key)}: {scalar(value)}")
        elif isinstance(value, Mapping):
            lines += [f"{scalar(key)}:", *(f"  {scalar(one)}: {scalar(what)}" for one, what in value.items())]
        else:
            lines += [f"{scalar(key)}:", *(f"  - {scalar(one)}" for one in value)] if value else [f"{scalar(key)}: []"]
    return lines


def tree_of(values: Mapping[str, str | Sequence[str]], limits: Limits = Limits()) -> tuple[Map, list[Fault]]:
    """As `read_map`, of values that stand in no file: a key's line is its place among them."""
    root = Map(1)
    for line, (key, value) in enumerate(values.items(), 1):
        node = Scalar(value, line) if isinstance(value, str) else List([Scalar(one, line) for one in value], line)
        root.entries[key] = KeyValue(line, node)
    texts = [text for key, value in values.items() for text in (key, *([value] if isinstance(value, str) else value))]
    if sum(len(text) + 2 for text in texts) > limits.bytes:
        return Map(1), [Fault(0, sentence("yaml.too_large", kb=limits.bytes // 1024))]
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        return Map(1), [Fault(0, sentence("yaml.bad_character"))]
    return root, []


def _quoted(text: str) -> str:
    """In double quotes, escaped. (JSON's pairs of surrogates are none of YAML's escapes.)"""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def cut_off(key: str, node: Scalar) -> Sentence:
    """That a comment would cut off this value: what to do instead."""
    return sentence("yaml.cut_off", word=key, comment=node.comment, better=quoted(f"{node.value} {node.comment}"))


_ODD_BREAKS = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
_COMMENT = re.compile(r"[ \t]+(#[^\r\n]*)")
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _comment_behind(event: Any, text: str) -> str | None:
    found = _COMMENT.match(text, event.end_mark.index) if not event.style else None
    return found[1].rstrip() if found else None


def _one_by_one(text: str) -> str:
    """Pairs of surrogates, as JSON writes characters beyond U+FFFF, as YAML's one escape."""

    def whole(pair: re.Match[str]) -> str:
        high, low = int(pair[2], 16), int(pair[3], 16)
        return f"{pair[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"

    return _PAIR.sub(whole, text) if "\\u" in text else text


def _fill(root: Map, text: str, limits: Limits, faults: list[Fault]) -> None:
    """Drive libyaml over `text` and fill `root`; raises _Refused at what can't be read past."""
    import yaml  # see `read_map`

    ends = yaml.MappingEndEvent, yaml.SequenceEndEvent
    values = yaml.AliasEvent, yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    # One frame a level: the node being filled, and for a mapping the key that waits for its value.
    stack: list[tuple[Node, list[Scalar]]] = []
    documents = nodes = 0
    outermost = ""
    has_hash, breaks = "#" in text, bool(_ODD_BREAKS.search(text))
    event: Any
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        kind = type(event)
        if kind in ends:
            stack.pop()
            continue
        # To libyaml U+2028 and its like end a line, to editors they don't.
        line = (text.count("\n", 0, event.start_mark.index) if breaks else event.start_mark.line) + 1
        if kind is yaml.DocumentStartEvent:
            documents += 1
            if documents > 1:
                raise _Refused(line, sentence("yaml.documents"))
            continue
        if kind not in values:
            continue
        nodes += 1
        if len(stack) == 1 and stack[0][1]:
            outermost = stack[0][1][0].value or ""
        told = len(faults)
        if event.anchor:
            faults.append(Fault(line, sentence("yaml.aliases")))
        if kind is yaml.AliasEvent:
            _place(stack, Scalar(f"*{event.anchor}", line), faults)
            root.doubtful.add(outermost)
            continue
        if event.tag:
            faults.append(Fault(line, sentence("yaml.tags")))
        if kind is yaml.ScalarEvent:
            is_listed = bool(stack) and isinstance(stack[-1][0], List)
            empty = event.implicit[0] and event.value in (_NOTHING if is_listed else _NULLS)
            _place(
                stack, Scalar(None if empty else event.value, line, _comment_behind(event, text) if has_hash else None), faults
            )
        else:
            if len(stack) >= limits.depth:
                raise _Refused(line, sentence("yaml.too_deep"))
            if stack:
                node: Node = Map(line) if kind is yaml.MappingStartEvent else List([], line)
                _place(stack, node, faults)
            elif kind is yaml.SequenceStartEvent:
                raise _Refused(line, sentence("yaml.list"))
            else:
                root.line, node = line, root
            stack.append((node, []))
        if len(faults) > told:
            root.doubtful.add(outermost)
        if nodes > limits.nodes:
            raise _Refused(line, sentence("yaml.too_many"))


def _place(stack: list[tuple[Node, list[Scalar]]], node: Node, faults: list[Fault]) -> None:
    """Put `node` where the reader stands: into the list, or as key or value of the mapping."""
    if not stack:
        if isinstance(node, Scalar) and node.value is None:
            return  # an empty document
        raise _Refused(node.line, sentence("yaml.bare_text"))
    parent, waiting = stack[-1]
    if isinstance(parent, List):
        parent.items.append(node)
    elif isinstance(parent, Map):
        if not waiting:
            if not isinstance(node, Scalar):
                raise _Refused(node.line, sentence("yaml.key"))
            if is_oddly_blank(node.value or ""):
                raise _Refused(node.line, sentence("yaml.odd_blanks", line=clipped(f"{node.value}:".strip())))
            waiting.append(node)
            return
        key: Scalar = waiting.pop()
        name = "" if key.value is None else key.value
        if name in parent.entries:
            first = parent.entries[name].line
            faults.append(Fault(key.line, sentence("yaml.twice", word=clipped(name), first=first)))
        else:
            parent.entries[name] = KeyValue(key.line, node)
