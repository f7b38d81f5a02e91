"""A client, a member of staff, a preset or a type as a form: read from config/, checked, shown as a
difference, written.

    fields     what a form has, with how each is filled in
    read       one entry of a file of config/ as values of the form, with a digest of what it says
    plan       what the file would be with these answers, what changes, each fault by its field
    plan_out   what it would be without this entry, or what still uses it
    save       write it, with a copy of what was, and in the trail

A value is changed where it differs from what the file says; whatever a form has no field for,
comments and the order of keys stay. What a form can't say is for the text (config_files.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from desk.actions import config_files, list_import
from desk.actions.acting import need_admin
from desk.actions.config_uses import why_contact_kept, why_kept
from dossier.office import editing
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.reading import CONFIG_LIMITS
from dossier.office.terms import CLIENTS, ENGLISH, SETTINGS, STAFF, ConfigurationError
from dossier.text.names import fold
from dossier.text.refusals import Conflict, NotFound
from dossier.text.sentences import Sentence
from dossier.text.yamltext import Map, plain, read_map

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

Kind = Literal["clients", "staff", "presets", "types"]
KINDS: tuple[Kind, ...] = ("clients", "staff", "presets", "types")
FILES: Mapping[Kind, str] = {"clients": CLIENTS, "staff": STAFF, "presets": SETTINGS, "types": SETTINGS}

How = Literal[
    "line", "text", "yes", "choice", "date", "number", "person", "people", "lines", "ticks", "reach", "pairs", "contacts"
]
Row: TypeAlias = dict[str, str]
Value: TypeAlias = "str | list[str] | list[Row]"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form. `key`: as in the file, steps joined by dots."""

    key: str
    how: How = "line"
    choices: tuple[str, ...] = ()
    default: str = ""
    """What holds while the file says nothing."""


_LANGUAGES = ("nl", "en")
_WHEN = ("now", "daily", "never")

OUT = "out"
"""Of a contact's row: whether it is taken out of the file."""

CONTACT = (
    Question("name"), Question("email"), Question("language", "choice", _LANGUAGES), Question("notify", "choice", ("each", "digest"), "each"),
    Question("active", "yes", default="yes"),
)  # fmt: skip

_FIELDS: Mapping[Kind, tuple[Question, ...]] = {
    "clients": (
        Question("name"), Question("language", "choice", _LANGUAGES, "nl"), Question("default_approver", "person"), Question("identifiers", "lines"),
        Question("active", "yes", default="yes"), Question("portal", "yes", default="yes"), Question("ended", "date"), Question("contacts", "contacts"),
    ),
    "staff": (
        Question("name"), Question("email"), Question("phone"), Question("language", "choice", _LANGUAGES),
        Question("rights", "ticks", ("create", "share", "approve", "admin")), Question("clients", "reach"),
        Question("active", "yes", default="yes"), Question("substitute", "person"), Question("away.from", "date"), Question("away.until", "date"),
        Question("os_user"), Question("oidc_subject"), Question("digest", "yes"), Question("notices.decide", "choice", _WHEN),
        *(
            Question(f"notices.{about}", "choice", _WHEN, "never" if about in ("published", "opened") else "now")
            for about in ("approved", "returned", "held", "published", "refused", "waiting", "due", "opened", "failed")
        ),
    ),
    "presets": (
        Question("folder"), Question("match", "lines"), Question("location_from_folders", "yes"), Question("maker", "person"), Question("description"),
        Question("status", "choice"), Question("type", "choice"), Question("location"), Question("labels", "lines"), Question("explanation", "text"),
        Question("share", "yes"), Question("share_status", "choice", ("concept", "approved")), Question("share_attachments", "choice", ("all", "none")),
        Question("share_explanation", "yes"), Question("approver", "people"), Question("approvals"), Question("notify", "yes"), Question("contact"),
        Question("fields", "pairs"),
    ),
    "types": (
        Question("share", "choice", ("free", "approval", "never"), "free"), Question("approval", "choice", ("none", "internal"), "none"),
        Question("staff", "people"), Question("required", "lines"), Question("fields", "pairs"), Question("labels", "lines"),
        Question("review_months", "number"), Question("review_field"), Question("keep_years", "number"), Question("keep", "lines"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filled:
    """What a file of config/ says of one client, person, preset or type."""

    code: str
    values: Mapping[str, Value]
    digest: str
    """Of all that the file says of it: what is saved must still be a change of that."""


@dataclass(frozen=True, slots=True)
class FormChange:
    """What saving a form would do."""

    text: str
    """The file as it would be."""
    digest: str
    """Of that text: what is saved must be what was shown."""
    before: bytes
    lines: Sequence[str] = ()
    """The difference, as lines with - and +."""
    changed: Sequence[tuple[Question, Value, Value]] = ()
    """Question, what the file says now, and then."""
    problems: dict[str, list[Sentence | str]] = field(default_factory=dict)
    """Key of a field → what is wrong with it; "" for what is wrong elsewhere in config/."""


def fields(office: Office, kind: Kind) -> list[Question]:
    """The questions of a form, with what this office can choose from."""
    choices = {"status": tuple(office.settings.items.statuses), "type": tuple(office.settings.types)}
    return [
        Question(one.key, one.how, choices[one.key]) if kind == "presets" and one.key in choices else one for one in _FIELDS[kind]
    ]


def read(office: Office, actor: Actor, kind: Kind, code: str) -> Filled:
    """What the file says of `code` at this moment. Raises Forbidden, NotFound, OSError."""
    need_admin(office, actor)
    said = _said((office.root / FILES[kind]).read_bytes(), kind, code)
    if said is None:
        raise NotFound("desk.no_such_entry", code=code)
    return Filled(code, {one.key: _value(one, kind, said) for one in _FIELDS[kind]}, _digest(said))


def empty(kind: Kind) -> Filled:
    """The form for a new one."""
    return Filled("", {one.key: _value(one, kind, {}) for one in _FIELDS[kind]}, "")


def plan(
    office: Office, actor: Actor, environ: Mapping[str, str], kind: Kind, code: str, typed: Mapping[str, Value], digest: str
) -> FormChange:
    """What saving `typed` would do. `digest`: of the entry that was shown; "" for a new one.

    Raises Forbidden, OSError; Conflict if the file says something else of this entry meanwhile.
    """
    before, said = _now(office, actor, kind, code, digest)
    now = {one.key: _value(one, kind, said or {}) for one in _FIELDS[kind]}
    changed = [(one, now[one.key], typed[one.key]) for one in _FIELDS[kind] if typed[one.key] != now[one.key]]

    def change(node: CommentedMap) -> None:
        for one, _, then in changed:
            _put(node, one, kind, then)

    text = before.decode("utf-8", "replace")
    if changed or said is None:
        text = editing.edited_entry(text, kind, code, change)
    made = _judged(office, environ, kind, code, before, text, changed)
    for number, row in enumerate(typed.get("contacts", ())):
        if isinstance(row, dict) and row.get(OUT) and (why := why_contact_kept(code, row["id"])) is not None:
            made.problems.setdefault(f"contacts.{number}.{OUT}", []).append(why)
    return made


def plan_out(office: Office, actor: Actor, environ: Mapping[str, str], kind: Kind, code: str, digest: str) -> FormChange:
    """What taking `code` out of the file would do; a problem if something still uses it.

    `digest`: of the entry that was shown.

    Raises Forbidden, NotFound, OSError; Conflict if the file says something else of it meanwhile.
    """
    read(office, actor, kind, code)  # whether it is there
    before, _ = _now(office, actor, kind, code, digest)
    made = _judged(office, environ, kind, code, before, editing.without_entry(before.decode("utf-8", "replace"), kind, code), ())
    if (why := why_kept(kind, code)) is not None:
        made.problems.setdefault("", []).append(why)
    return made


def _now(office: Office, actor: Actor, kind: Kind, code: str, digest: str) -> tuple[bytes, dict[str, Any] | None]:
    """The file as it is, and what it says of the entry.

    Raises Forbidden, OSError; Conflict if it says something else than was shown.
    """
    need_admin(office, actor)
    before = (office.root / FILES[kind]).read_bytes()
    said = _said(before, kind, code)
    if digest != ("" if said is None else _digest(said)):
        raise Conflict("desk.entry_changed" if digest else "desk.entry_there", code=code)
    return before, said


def _judged(
    office: Office, environ: Mapping[str, str], kind: Kind, code: str, before: bytes, text: str,
    changed: Sequence[tuple[Question, Value, Value]],
) -> FormChange:  # fmt: skip
    """The change with the difference that it makes, and with every fault that config/ would have
    then."""
    problems: dict[str, list[Sentence | str]] = {}
    try:
        editing.check(office.root, environ, FILES[kind], text)
    except ConfigurationError as error:
        for one in error.faults:
            above = f"{kind}.{code}"
            is_here = one.file == FILES[kind] and (one.key == above or one.key.startswith(f"{above}."))
            at = _field_of(kind, one.key.removeprefix(above).removeprefix(".")) if is_here else ""
            problems.setdefault(at, []).append(one.message if at else one.as_sentence())
    lines = editing.difference(FILES[kind], before.decode("utf-8", "replace"), text).splitlines()[2:]
    return FormChange(text, hashlib.sha256(text.encode()).hexdigest(), before, lines, changed, problems)


def save(office: Office, now: datetime, actor: Actor, kind: Kind, code: str, made: FormChange) -> None:
    """Write what was planned; a new client gets its folder in the inbox.

    Raises Forbidden, OSError, files.Changed.
    """
    need_admin(office, actor)
    is_new = _said(made.before, kind, code) is None
    is_out = _said(made.text.encode(), kind, code) is None
    about: dict[str, object] = {"changed": {code: [one.key for one, _, _ in made.changed]}}
    if is_new or is_out:
        about = {"new" if is_new else "out": [code]}
    config_files.put(office, now, actor, FILES[kind], made.before, made.text, **about)
    if is_new and kind == "clients":
        list_import.make_inboxes(office, [code])


def _said(data: bytes, kind: Kind, code: str) -> dict[str, Any] | None:
    """All that the file says of `code`; None if it says nothing."""
    tree, _ = read_map(data, CONFIG_LIMITS)
    there = tree.entries.get(kind)
    if there is None or not isinstance(there.node, Map) or code not in there.node.entries:
        return None
    said = plain(there.node.entries[code].node)
    return said if isinstance(said, dict) else {}


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said).encode("utf-8", "surrogatepass")).hexdigest()


def _field_of(kind: Kind, key: str) -> str:
    """The field that a fault's key belongs to: of a contact, number and key; `code` for the entry
    as a whole; "" for none."""
    steps = key.split(".")
    if not key:
        return "code"
    if steps[0] == "contacts" and len(steps) > 2:
        return key
    word = ENGLISH.get(steps[0], steps[0]) if kind == "presets" else steps[0]
    known = [one.key for one in _FIELDS[kind]]
    return next((one for one in (".".join([word, *steps[1:2]]), word) if one in known), f"{word}.from" if word == "away" else "")


# From what a file says to a form


def _value(one: Question, kind: Kind, said: Mapping[str, Any]) -> Value:
    found: Any = said
    for step in one.key.split("."):
        found = found.get(_word(found, kind, step)) if isinstance(found, Mapping) else None
    match one.how:
        case "contacts":
            return [_contact(row) for row in found or () if isinstance(row, Mapping)]
        case "lines" | "people" | "ticks":
            return [str(part) for part in found] if isinstance(found, list) else [str(found)] if found else []
        case "reach":
            return [str(part) for part in found] if isinstance(found, list) else "all"
        case "pairs":
            return [
                f"{key}: {', '.join(map(str, what)) if isinstance(what, list) else what}" for key, what in (found or {}).items()
            ]
        case "yes":
            return "" if fold(str(found if found is not None else one.default)) in ("", "no", "nee", "false") else "yes"
    return one.default if found is None else str(found)


def _contact(said: Mapping[str, Any]) -> Row:
    return {"id": str(said.get("id") or ""), **{one.key: str(_value(one, "clients", said)) for one in CONTACT}}


def _word(there: Mapping[str, Any], kind: Kind, key: str) -> str:
    """The word by which a key is said here: a preset's keys may be Dutch."""
    return next((word for word in there if ENGLISH.get(word) == key), key) if kind == "presets" else key


# From a form to the file


def _put(node: CommentedMap, one: Question, kind: Kind, then: Value) -> None:
    *above, last = one.key.split(".")
    for step in above:
        if not isinstance(node.get(step), dict):
            node[step] = editing.in_one_line({})
        node = node[step]
    word = _word(node, kind, last)
    if one.how == "contacts":
        _put_contacts(node, [row for row in then if isinstance(row, dict)])
    elif then or one.how in ("yes", "reach"):
        said = _written(one, then)
        if isinstance(said, list) and isinstance(node.get(word), list):
            _put_list(node[word], said)
        else:
            node[word] = said
    else:
        node.pop(word, None)


def _put_list(there: Any, said: Sequence[str]) -> None:
    """The same list with other parts: one that stays keeps the comment beside it."""
    for index in reversed([index for index, part in enumerate(there) if str(part) not in said]):
        del there[index]
    for index, part in enumerate(said):
        if index >= len(there) or str(there[index]) != part:
            there.insert(index, part)
    del there[len(said) :]


def _written(one: Question, then: Value) -> Any:
    """What the file says for what a form says."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    match one.how:
        case "yes":
            return bool(then)
        case "date":
            with contextlib.suppress(ValueError):
                return date.fromisoformat(str(then))
        case "number":
            return int(str(then)) if str(then).isascii() and str(then).isdecimal() else then
        case "text":
            return LiteralScalarString(str(then)) if "\n" in str(then) else then
        case "pairs":
            return {key.strip(): _pair(what.strip()) for key, _, what in (str(line).partition(":") for line in then)}
        case "lines" | "people" | "ticks" | "reach" if isinstance(then, list):
            return editing.in_one_line([str(part) for part in then])
    return then


def _pair(what: str) -> Any:
    if "," not in what:
        return what
    return editing.in_one_line([part.strip() for part in what.split(",") if part.strip()])


def _put_contacts(node: CommentedMap, rows: Sequence[Row]) -> None:
    there = node.setdefault("contacts", [])
    taken = {row["id"] for row in rows if row["id"]}
    for row in rows:
        old = next((one for one in there if isinstance(one, dict) and row["id"] and str(one.get("id")) == row["id"]), None)
        if row.get(OUT):
            if old is not None:
                there.remove(old)
        elif old is None:
            code = row["id"] or list_import.contact_code(row["name"], taken)
            taken.add(code)
            there.append(editing.in_one_line({"id": code, **dict(_contact_said(row, {}))}))
        else:
            for key, what in _contact_said(row, _contact(old)):
                if what == "":
                    old.pop(key, None)
                else:
                    old[key] = what


def _contact_said(row: Row, now: Row) -> Iterator[tuple[str, Any]]:
    """Key and value of whatever of a contact is not what the file says, or the default."""
    for one in CONTACT:
        if row[one.key] != now.get(one.key, one.default):
            yield one.key, _written(one, row[one.key])
