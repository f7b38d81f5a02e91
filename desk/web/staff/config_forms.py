"""For admins: clients, staff, presets and types as lists and forms. A change is told and shown before it is saved.

What a form can't say is said in the file's text (office.config).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import structlog
from starlette.responses import Response

from desk.actions import acting, config_forms, offering
from desk.actions.config_forms import CONTACT, KINDS, OUT, FormChange, Kind, Question, Row, Value
from desk.web.staff.clients import page_number
from desk.web.staff.visit import WORDS, StaffVisit
from dossier.files import files
from dossier.text import names
from dossier.text.refusals import Conflict, Refusal
from dossier.text.sentences import Sentence, sentence, told

log = structlog.get_logger("web")

PAGE = 100
NEW_CONTACTS = 2
"""So many empty rows are offered for contacts; saved, there are as many again."""

MOST_ROWS = 500


def listing(visit: StaffVisit) -> Response:
    """All clients, staff, presets or types, or with `?q=` those that fit."""
    kind = _kind(visit)
    if kind is None:
        return visit.page("message.html", 404, about="gone", reason=None)
    acting.need_admin(visit.office, visit.actor)
    words, number = visit.field("q").strip()[:200], page_number(visit)
    entries = [(code, _name(one) or code, one) for code, one in _all(visit, kind).items()]
    parts = names.fold(words).split()
    found = [one for one in entries if all(part in names.fold(f"{one[0]} {one[1]}") for part in parts)]
    return visit.page(
        "config_list.html", kind=kind, entries=found[(number - 1) * PAGE : number * PAGE], count=len(found), words=words,
        number=number, pages=-(-len(found) // PAGE) or 1, out=visit.field("out"), brought=visit.field("brought"),
    )  # fmt: skip


def _kind(visit: StaffVisit) -> Kind | None:
    named = visit.request.path_params["kind"]
    return next((kind for kind in KINDS if kind == named), None)


def _all(visit: StaffVisit, kind: Kind) -> Mapping[str, Any]:
    office, settings = visit.office, visit.office.settings
    found: dict[Kind, Mapping[str, Any]] = {"clients": office.clients, "staff": office.staff}
    found |= {"presets": settings.presets, "types": settings.types}
    return found[kind]


def _name(one: Any) -> str:
    return str(getattr(one, "name", "") or getattr(one, "description", "") or "")


@dataclass
class _Shown:
    """What a form shows."""

    values: Mapping[str, Value]
    digest: str
    """Of the entry that this is a change of."""
    problems: dict[str, list[str]] = field(default_factory=dict)
    plan: FormChange | None = None
    now: Mapping[str, Value] | None = None
    """What the file says meanwhile, where somebody changed it."""
    is_out: bool = False
    """The whole entry is to be taken out."""


def form(visit: StaffVisit) -> Response:
    """One of them as a form; `/office/new/…`: a new one."""
    kind, code = _kind(visit), visit.request.path_params.get("code", "")
    if kind is None:
        return visit.page("message.html", 404, about="gone", reason=None)
    acting.need_admin(visit.office, visit.actor)
    is_new = "code" not in visit.request.path_params
    entry = config_forms.empty(kind) if is_new else config_forms.read(visit.office, visit.actor, kind, code)
    if visit.request.method != "POST":
        return _page(visit, kind, code, is_new, 200, _Shown(entry.values, entry.digest))
    if not is_new and (visit.field("out") or visit.field("save") == "out"):
        return _take_out(visit, kind, code, _Shown(entry.values, visit.field("was"), is_out=True))
    if is_new:
        code = visit.field("code").strip()
    asked = config_forms.fields(visit.office, kind)
    shown = _Shown({one.key: _typed(visit, one) for one in asked}, visit.field("was"))
    shown.problems = {
        one.key: [_told(visit, sentence("desk.entry_odd", line=line))]
        for one in asked if one.how == "pairs" for line in shown.values[one.key] if ":" not in line
    }  # fmt: skip
    if is_new and not code:
        shown.problems["code"] = [_told(visit, sentence("config.required"))]
    if shown.problems:
        return _page(visit, kind, code, is_new, 422, shown)
    try:
        made = config_forms.plan(visit.office, visit.actor, os.environ, kind, code, shown.values, shown.digest)
        shown.plan = made
        shown.problems = {key: [_told(visit, line) for line in lines] for key, lines in made.problems.items()}
        if shown.problems:
            return _page(visit, kind, code, is_new, 422, shown)
        if not visit.field("save") or visit.field("shown") != made.digest or not made.lines:
            return _page(visit, kind, code, is_new, 200, shown)
        config_forms.save(visit.office, visit.now, visit.actor, kind, code, made)
    except (Conflict, files.Changed) as refusal:
        shown.plan = None
        shown.problems = {"" if not is_new else "code": [_told(visit, _why(refusal))]}
        if not is_new:
            now = config_forms.read(visit.office, visit.actor, kind, code)
            shown.digest, shown.now = now.digest, now.values
        return _page(visit, kind, code, is_new, 409, shown)
    except OSError as error:
        log.warning("config/ can't be written", file=kind, error=str(error))
        shown.problems = {"": [_told(visit, sentence("desk.config_unwritable", error=error.strerror or str(error)))]}
        return _page(visit, kind, code, is_new, 503, shown)
    return visit.to(f"/office/{kind}/{quote(code, safe='')}?done=1")


def _take_out(visit: StaffVisit, kind: Kind, code: str, shown: _Shown) -> Response:
    """Take the whole entry out of the file: what that changes is shown first, and what still uses it refuses."""
    try:
        made = config_forms.plan_out(visit.office, visit.actor, os.environ, kind, code, shown.digest)
        shown.problems = {"": [_told(visit, line) for lines in made.problems.values() for line in lines]} if made.problems else {}
        if shown.problems:
            return _page(visit, kind, code, False, 409, shown)
        shown.plan = made
        if not visit.field("save") or visit.field("shown") != made.digest:
            return _page(visit, kind, code, False, 200, shown)
        config_forms.save(visit.office, visit.now, visit.actor, kind, code, made)
    except (Conflict, files.Changed) as refusal:
        now = config_forms.read(visit.office, visit.actor, kind, code)
        shown = _Shown(now.values, now.digest, {"": [_told(visit, _why(refusal))]})
        return _page(visit, kind, code, False, 409, shown)
    except OSError as error:
        log.warning("config/ can't be written", file=kind, error=str(error))
        shown.problems = {"": [_told(visit, sentence("desk.config_unwritable", error=error.strerror or str(error)))]}
        return _page(visit, kind, code, False, 503, shown)
    return visit.to(f"/office/{kind}?out={quote(code, safe='')}")


def _why(refusal: Refusal | files.Changed) -> Sentence | str:
    return refusal.sentence if isinstance(refusal, Refusal) else sentence("config.changed_meanwhile")


def _page(visit: StaffVisit, kind: Kind, code: str, is_new: bool, status: int, shown: _Shown) -> Response:
    staff = {one: person.name for one, person in visit.office.staff.items()}
    rows = [row for row in shown.values.get("contacts", ()) if isinstance(row, dict)]
    blank = {"id": "", **{one.key: one.default for one in CONTACT}}
    return visit.page(
        "config_form.html", status, kind=kind, one=code, is_new=is_new, shown=shown, values=shown.values, problems=shown.problems,
        fields={one.key: one for one in config_forms.fields(visit.office, kind)}, contact_fields=CONTACT, staff=staff,
        rows=[*rows, *([blank] * NEW_CONTACTS)], known=len(rows), named=offering.named, done=visit.field("done"),
        changes=[change for one, before, then in shown.plan.changed for change in _changes(one, before, then)] if shown.plan else (),
    )  # fmt: skip


def _changes(one: Question, before: Value, then: Value) -> list[tuple[str, str, str, str]]:
    """Contact or "", key, what the file says, and what it shall: a change for each key of a contact."""
    if one.how != "contacts":
        return [("", one.key, _line(before), _line(then))]
    old = {row["id"]: row for row in before if isinstance(row, dict)}
    rows = [(row, old.get(row["id"], {})) for row in then if isinstance(row, dict) and not row.get(OUT)]
    gone = [(row["name"] or row["id"], OUT, "", "") for row in then if isinstance(row, dict) and row.get(OUT) and row["id"]]
    return gone + [
        (row["name"], about.key, was.get(about.key, ""), row[about.key])
        for row, was in rows for about in CONTACT if row[about.key] != was.get(about.key, about.default)
    ]  # fmt: skip


def _line(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(str(part) for part in value)


def _typed(visit: StaffVisit, one: Question) -> Value:
    staff = {code: person.name for code, person in visit.office.staff.items()}
    lines = [line.strip() for line in visit.field(one.key).splitlines() if line.strip()]
    match one.how:
        case "yes":
            return "yes" if visit.field(one.key) else ""
        case "text":
            return "\n".join(line.rstrip() for line in visit.field(one.key).splitlines()).strip()
        case "person":
            return offering.code_typed(visit.field(one.key), staff)
        case "people":
            return [offering.code_typed(text, staff) for text in visit.fields(one.key) if text.strip()]
        case "ticks":
            return [choice for choice in one.choices if choice in visit.fields(one.key)]
        case "lines" | "pairs":
            return lines
        case "reach":
            clients = {code: client.name for code, client in visit.office.clients.items()}
            chosen = [line.strip() for line in visit.field(f"{one.key}.list").splitlines() if line.strip()]
            return "all" if visit.field(one.key) != "some" else [offering.code_typed(line, clients) for line in chosen]
        case "contacts":
            return _contacts(visit)
    return " ".join(visit.field(one.key).split())


def _contacts(visit: StaffVisit) -> list[Row]:
    found: list[Row] = []
    for number in range(MOST_ROWS):
        if f"contacts.{number}.name" not in visit.form:
            break
        row = {one.key: " ".join(visit.field(f"contacts.{number}.{one.key}").split()) for one in CONTACT}
        row["id"] = visit.field(f"contacts.{number}.id").strip()
        if visit.field(f"contacts.{number}.{OUT}"):
            row[OUT] = "yes"
        if row["id"] or row["name"] or row["email"]:
            found.append(row)
    return found


def _told(visit: StaffVisit, line: Sentence | str) -> str:
    return told(line, visit.language, WORDS)
