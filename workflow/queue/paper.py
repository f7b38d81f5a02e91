"""The queue file as text: how a concept is put down, and what the approver made of it. Pure.

    # ! why the last decision was refused
    # Attention: what must be in view (notes.py)
    # To decide: put approve or reject behind decision:, and save. A rejection needs a comment.
    # Changed since …
    decision:
    comment:
    item: D-2026-000012
    …

Of what comes back only `decision` and `comment` count, and all else must be as it was written. The
comment is free text to the end of its line, whatever YAML makes of a colon or `#` in it, or a YAML
block. Editors may do to it what leaves the values the same: other line ends, quotes, comments gone,
a byte order mark, UTF-16. Unclear is no.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dossier.database.tables import Shown
from dossier.text import clock, names
from dossier.text.sentences import Sentence, sentence, told
from dossier.text.yamltext import Fault, Limits, Node, Plain, Scalar, cut_off, plain, read_map, scalar

WORDS: dict[str, Literal["approve", "reject"]] = {
    "approve": "approve", "goedkeuren": "approve", "reject": "reject", "afkeuren": "reject",
}  # fmt: skip

ALLOWED = sentence("queue.allowed")

TYPED = ("decision", "comment")
"""The keys that are the approver's."""

BESIDE = ("client", "explanation")
"""The keys of which the digest does not cover all: they may change while it is decided on."""

ROOM_BYTES = 64 * 1024
"""How much longer than our own text a queue file may be: that is for the comment."""

SHOWN_CHARACTERS = 120
"""Of a value that somebody typed, in a note about it."""

_LINE_ENDS = re.compile(rb"\r\n|\n|\r")

_COMMENT = re.compile(rb"(?<![^\r\n])comment[ \t]*:[ \t]+(?P<text>\S[^\r\n]*)")
_GOES_ON = re.compile(rb"(?:[ \t]*(?:\r\n|\n|\r))+[ \t]+[^\s#]")
"""Behind a line: to YAML the next one is part of its value."""

_YAML_OWN = re.compile(r"""[|>][-+0-9]{0,2}(?:[ \t]+#.*)?|'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|~|null""", re.IGNORECASE)
"""A block, a text in quotes, or nothing at all: that is read as YAML."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that a queue file tells of a concept."""

    item: str
    content: str
    client: str
    """The client's code."""
    client_name: str | None
    shown: Shown
    """What the client would see (Edition.shown)."""
    explanation: str | None
    """The item's, whether the client would see it or not."""
    made_by: str
    made_at: str
    attention: tuple[str, ...] = ()
    """Lines that must be in view."""
    remarks: tuple[str, ...] = ()
    """Lines that help: what changed, how many approvals are needed."""
    language: str = "en"
    """In which the file is written: the office's."""


@dataclass(frozen=True, slots=True)
class ReturnedPaper:
    """What came back. With `reasons` it decides nothing; without both nothing was asked."""

    typed: Mapping[str, Plain]
    """What is behind decision and comment, if that could be read."""
    content: str | None
    """The digest that the file is about, if that could be read."""
    verdict: Literal["approve", "reject"] | None
    comment: str
    reasons: tuple[Sentence | str, ...]
    is_of_another: bool = False
    """It is about what was asked before, or of another."""
    is_broken: bool = False
    """It could not be read as YAML."""
    is_outdated: bool = False
    """Nothing was typed, and what it tells BESIDE the content, or when it was asked, is not so any
    more."""

    @property
    def is_blank(self) -> bool:
        """True if nothing was typed and nothing is wrong."""
        return not self.reasons and not any(self.typed.values())


def render(sheet: Sheet, reasons: Sequence[Sentence | str] = ()) -> str:
    """The queue file (CONTRACT section 4), with `reasons` why a decision was refused on top."""
    language = sheet.language
    lines = [f"# ! {_line(told(reason, language))}" for reason in reasons]
    lines += [f"# {_line(told(sentence('queue.attention', note=note), language))}" for note in sheet.attention]
    lines.append(f"# {told(sentence('queue.to_decide'), language)}")
    lines += [f"# {_line(remark)}" for remark in sheet.remarks]
    lines += [
        "decision:",
        "comment:",
        f"item: {sheet.item}",
        f"content: {sheet.content}        # {told(sentence('queue.content'), language)}",
        f"client: {scalar(_client_line(sheet))}",
        f"description: {scalar(sheet.shown['description'])}",
        *_explanation(sheet),
        f"made_by: {scalar(sheet.made_by)}",
        f"made_at: {clock.local_iso(sheet.made_at)}",
    ]
    attachments = [
        f"  - {{name: {_flow(a['name'])}, size: {a['size']}, sha256: {a['sha256']}}}" for a in sheet.shown["attachments"]
    ]
    lines += ["attachments:", *attachments] if attachments else ["attachments: []"]
    return "\n".join(lines) + "\n"


def _client_line(sheet: Sheet) -> str:
    return f"{sheet.client_name} ({sheet.client})" if sheet.client_name else sheet.client


def _explanation(sheet: Sheet) -> list[str]:
    if sheet.explanation is None:
        return ["explanation:"]
    own = [] if sheet.shown["explanation"] is not None else [f"# {told(sentence('queue.own_explanation'), sheet.language)}"]
    text = sheet.explanation
    block = ["explanation: |-", *(f"  {line}" for line in text.split("\n"))]
    # As a block it reads as it was written; where white space would not survive that, it is quoted.
    if "\n" in text and text.replace("\n", "").isprintable() and _only(block) == {"explanation": text}:
        return [*own, *block]
    return [*own, f"explanation: {scalar(text)}"]


def _only(lines: list[str]) -> Plain:
    tree, faults = read_map("\n".join(lines).encode(), Limits(bytes=1 << 30))
    return None if faults else plain(tree)


def _flow(name: str) -> str:
    """A scalar that is also safe inside `{…}`."""
    written = scalar(name)
    return written if written[0] in "\"'" or not set(written) & set(",[]{}") else "'" + name.replace("'", "''") + "'"


def _line(text: str) -> str:
    return names.printable(" ".join(text.split()))


# Reading


def limits_for(sheet: Sheet, text: bytes | None = None) -> Limits:
    """How much of a file is read that should be about `sheet`, which is written as `text`."""
    own = text if text is not None else render(sheet).encode()
    return Limits(bytes=len(own) + ROOM_BYTES, depth=4, nodes=5_000 + 8 * len(sheet.shown["attachments"]))


def has_reasons(data: bytes) -> bool:
    """True if there are `# !` lines on top."""
    return as_utf8(data).removeprefix(b"\xef\xbb\xbf").startswith(b"# !")


def without_reasons(data: bytes) -> bytes:
    """`data` in UTF-8, without the `# !` lines on top."""
    rest = as_utf8(data).removeprefix(b"\xef\xbb\xbf")
    while rest.startswith(b"# !"):
        end = _LINE_ENDS.search(rest)
        rest = rest[end.end() :] if end else b""
    return rest


def with_reasons(data: bytes, reasons: Sequence[Sentence | str], language: str = "en") -> bytes:
    """`data` with these reasons on top in place of older ones; else as it was, line ends too."""
    rest = without_reasons(data)
    marker = b"\xef\xbb\xbf" if as_utf8(data).startswith(b"\xef\xbb\xbf") else b""
    end = _LINE_ENDS.search(rest)
    line_end = end.group().decode() if end else "\n"
    return marker + "".join(f"# ! {_line(told(reason, language))}{line_end}" for reason in reasons).encode() + rest


def as_utf8(data: bytes) -> bytes:
    """Text that an editor saved as UTF-16, with its mark, as UTF-8; anything else as it is."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16").encode()
        except UnicodeError:
            return data
    return data


def is_text(data: bytes) -> bool:
    """True if a line can be put on top of it without spoiling it."""
    try:
        return "\0" not in as_utf8(data).decode()
    except UnicodeDecodeError:
        return False


def beside(sheet: Sheet) -> int:
    """What the file tells that the digest does not cover, as a number: it may change meanwhile."""
    return hash((_client_line(sheet), sheet.explanation or None))


def read(data: bytes, sheet: Sheet, earlier: Collection[int] = ()) -> ReturnedPaper:
    """What an approver made of the queue file about `sheet`.

    `earlier`: what was written `beside` the content before, as it still may be in an editor.
    """
    # What is wrong is told with its line in the file as it will be, with the reasons on top.
    body = without_reasons(data)
    tree, faults = read_map(_with_comment_quoted(body), limits_for(sheet))
    got = plain(tree)
    assert isinstance(got, dict)
    typed = {key: got[key] for key in TYPED if key in got}
    content = got.get("content")
    content = content if isinstance(content, str) else None
    if not faults and "comment" in tree.entries:
        faults = _cut_off(tree.entries["comment"].node)
    verdict, reasons = None, _faults(faults, body)
    if not reasons:
        reasons = _objections(got, sheet, earlier)
    if not reasons:
        verdict, reasons = _decision(typed)
    comment = typed.get("comment")
    said = comment if isinstance(comment, str) else ""
    is_outdated = not (faults or any(typed.values())) and content == sheet.content and bool(reasons)
    is_outdated = is_outdated and set(_changed_keys(got, sheet, earlier)) <= {*BESIDE, "made_at"}
    return ReturnedPaper(
        typed, content, None if reasons else verdict, said, tuple(reasons),
        is_of_another=_is_of_another(got, sheet), is_broken=bool(faults), is_outdated=is_outdated,
    )  # fmt: skip


def _with_comment_quoted(body: bytes) -> bytes:
    """`body` with a comment on one line in quotes: a colon or `#` in it is text.

    What is unclear stays as it is, for YAML to refuse: two comments, control characters.
    """
    found = list(_COMMENT.finditer(body))
    if len(found) != 1 or _GOES_ON.match(body, found[0].end()):
        return body
    start, end = found[0].span("text")
    try:
        text = body[start:end].decode().rstrip()
    except UnicodeDecodeError:
        return body
    is_unclear = _YAML_OWN.fullmatch(text) or _CONTROLS.search(text)
    return body if is_unclear else body[:start] + scalar(text).encode() + body[end:]


def _cut_off(comment: Node) -> list[Fault]:
    """Of a comment on several lines a `#` would take the rest away."""
    if not isinstance(comment, Scalar) or comment.value is None or comment.comment is None:
        return []
    return [Fault(comment.line, cut_off("comment", comment))]


def _faults(faults: Sequence[Fault], body: bytes) -> list[Sentence]:
    if not faults:
        return []
    first, lines = faults[:5], _LINE_ENDS.split(body)
    # The notes on top move every line down: so many, and the one with the allowed words.
    moved = len(first) + 1
    found = []
    for fault in first:
        what = _in_a_queue_file(fault, lines, moved)
        code = "queue.at_line" if fault.line else "queue.anywhere"
        found.append(sentence(code, at=fault.line + moved, what=what))
    return [*found, ALLOWED]


def _in_a_queue_file(fault: Fault, lines: Sequence[bytes], moved: int) -> Sentence | str:
    """A fault's message for an approver, who may know nothing of YAML; lines move by `moved`."""
    message = fault.message
    if not isinstance(message, Sentence):
        return message
    line = lines[fault.line - 1] if 0 < fault.line <= len(lines) else b""
    if message.code == "yaml.twice":
        return sentence(message.code, **{**message.values, "first": message.values["first"] + moved})
    if message.code == "yaml.bare_text" and re.match(rb"\s*(decision|comment)\b", line):
        return sentence("queue.no_colon", what=message)
    if message.code in ("yaml.indented", "yaml.no_colon") and _is_of_comment(fault.line, lines):
        return sentence("queue.lines_of_comment")
    if message.code in ("yaml.unreadable", "yaml.not_yaml") and re.match(rb"\s*(decision|comment)\b", line):
        return sentence("queue.no_quotes", what=message)
    return message


def _is_of_comment(number: int, lines: Sequence[bytes]) -> bool:
    """True of a line (from 1) between the comment's and the next one of ours."""
    above = [line.partition(b":")[0] for line in lines[: number - 1]]
    return b"comment" in above and b"item" not in above[above.index(b"comment") :]


def _objections(got: Mapping[str, Plain], sheet: Sheet, earlier: Collection[int]) -> list[Sentence]:
    """Why this file can't decide anything, whatever it says."""
    if _is_of_another(got, sheet):
        return [sentence("queue.another_content")]
    changed = _changed_keys(got, sheet, earlier)
    if not changed:
        return []
    return [sentence("queue.keys_changed", keys=[names.printable(key) for key in changed[:10]], count=len(changed))]


def _is_of_another(got: Mapping[str, Plain], sheet: Sheet) -> bool:
    """True of a file about other content, or about the same as it was asked at another time."""
    if got.get("content") not in (None, sheet.content):
        return isinstance(got["content"], str)
    made_at = got.get("made_at")
    moment = _moment(made_at) if isinstance(made_at, str) else None
    return moment is not None and moment != _whole_second(sheet.made_at)


def _changed_keys(got: Mapping[str, Plain], sheet: Sheet, earlier: Collection[int]) -> list[str]:
    """The keys that are not as they were written."""
    expected, _ = read_map(render(sheet).encode(), limits_for(sheet))
    ours, theirs = _fixed(plain(expected), sheet), _fixed(got, sheet)
    found = {key: theirs.get(key) for key in BESIDE}
    if all(value is None or isinstance(value, str) for value in found.values()) and hash(tuple(found.values())) in earlier:
        ours |= found
    return sorted(key for key in {*ours, *theirs} if ours.get(key, ours) != theirs.get(key, theirs))


def _fixed(values: Mapping[str, Plain] | Plain, sheet: Sheet) -> dict[str, Plain]:
    """What must be as written; a moment may be written otherwise."""
    if not isinstance(values, dict):
        return {}
    fixed = {key: value for key, value in values.items() if key not in TYPED}
    made_at = fixed.get("made_at")
    if isinstance(made_at, str) and _moment(made_at) == _whole_second(sheet.made_at):
        fixed["made_at"] = sheet.made_at
    explanation = fixed.get("explanation")
    if isinstance(explanation, str):  # many editors take blanks at the ends of lines away
        fixed["explanation"] = "\n".join(map(str.rstrip, explanation.split("\n")))
    return fixed


def _whole_second(text: str) -> datetime:
    return clock.from_text(text).replace(microsecond=0)


def _moment(text: str) -> datetime | None:
    try:
        return clock.from_text(text)
    except ValueError:
        return None


def _decision(typed: Mapping[str, Plain]) -> tuple[Literal["approve", "reject"] | None, list[Sentence]]:
    decision, comment = typed.get("decision"), typed.get("comment")
    if not (comment is None or isinstance(comment, str)):
        return None, [sentence("queue.comment_no_text"), ALLOWED]
    if decision in (None, ""):
        return None, []
    verdict = WORDS.get(decision.strip().casefold()) if isinstance(decision, str) else None
    if verdict is None:
        return None, [sentence("queue.no_decision", word=_short(decision)), ALLOWED]
    if verdict == "reject" and not (comment or "").strip():
        return None, [sentence("queue.comment_needed")]
    return verdict, []


def _short(value: Plain) -> str:
    return names.clipped(_line(str(value)), SHOWN_CHARACTERS)


def typed_lines(reading: ReturnedPaper) -> list[Sentence]:
    """What was typed, as reasons for a file that is written anew."""
    typed = [(key, _short(value)) for key, value in reading.typed.items() if value not in (None, "")]
    return [sentence("queue.had_typed", word=key, value=value) for key, value in typed]


def is_queue_file(data: bytes) -> bool:
    """True if this looks like a queue file (under another name)."""
    tree, _ = read_map(without_reasons(data), Limits(depth=4))
    return {"decision", "item", "content"} <= set(tree.entries)


# What changed


def differences(before: Shown, after: Shown) -> list[Sentence]:
    """What the client would see otherwise than before, a line each."""
    found = []
    if before["description"] != after["description"]:
        values = {"was": scalar(before["description"]), "now": scalar(after["description"])}
        found.append(sentence("queue.description_changed", **values))
    if before["explanation"] != after["explanation"]:
        how = "hidden" if after["explanation"] is None else "shared" if before["explanation"] is None else "changed"
        found.append(sentence("queue.explanation_changed" if "internal" in after else f"queue.explanation_{how}"))
    old, new = ({a["name"]: a for a in shown["attachments"]} for shown in (before, after))
    gone = {name: a["sha256"] for name, a in old.items() if name not in new}
    for name, attachment in new.items():
        if name not in old:
            was = next((other for other, sha256 in gone.items() if sha256 == attachment["sha256"]), None)
            if was is not None:
                found.append(sentence("queue.file_renamed", name=scalar(name), was=scalar(was)))
            else:
                found.append(sentence("queue.file_added", name=scalar(name), size=attachment["size"]))
            gone.pop(was or "", None)
        elif old[name]["sha256"] != attachment["sha256"]:
            sizes = {"was": old[name]["size"], "now": attachment["size"]}
            found.append(sentence("queue.file_replaced", name=scalar(name), **sizes))
    found += [sentence("queue.file_removed", name=scalar(name)) for name in gone]
    found += _inside_differences(before.get("internal"), after.get("internal"))
    return found or ([sentence("queue.order_changed")] if before != after else [])


def _inside_differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Sentence]:
    """What no client sees that differs: type, location, labels, day, owner, fields, notes."""
    if after is None:
        return []
    old, new = ({**inside.get("fields", {}), **inside, "notes": None, "fields": None} for inside in (before or {}, after))
    found = [
        sentence("queue.field_changed", name=name, was=_valued(old.get(name)), now=_valued(new.get(name)))
        for name in dict.fromkeys([*new, *old])
        if (old.get(name) or None) != (new.get(name) or None)
    ]
    was, now = (before or {}).get("notes", {}), after["notes"]
    return found + [
        sentence("queue.note_changed", name=scalar(name), was=_valued(was.get(name)), now=_valued(now.get(name)))
        for name in dict.fromkeys([*now, *was])
        if was.get(name) != now.get(name)
    ]


def _valued(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return names.printable(text or "–")
