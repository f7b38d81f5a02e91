"""For admins: clients, staff, presets and types as lists and forms. A change is told and shown
before it is saved.

What a form can't say is said in the file's text (office.config).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from desk.actions import acting, config_forms, offering
from desk.actions.config_forms import CONTACT, KINDS, OUT, FormChange, Kind, Question, Row, Value
from desk.web.shell.paging import leaf
from desk.web.staff.saving import saving
from desk.web.staff.visit import StaffVisit
from dossier.text import names
from dossier.text.refusals import Conflict, NotFound, Unavailable
from dossier.text.sentences import Sentence, sentence

PAGE = 100
NEW_CONTACTS = 2
"""So many empty rows are offered for contacts; saved, there are as many again."""

MOST_ROWS = 500


def listing(visit: StaffVisit) -> Response:
    """All clients, staff, presets or types, or with `?q=` those that fit."""
    kind = _kind(visit)
    acting.need_admin(visit.office, visit.actor)
    words = visit.field("q").strip()[:200]
    entries = [(code, _name(one) or code, one) for code, one in _all(visit, kind).items()]
    parts = names.fold(words).split()
    found = [one for one in entries if all(part in names.fold(f"{one[0]} {one[1]}") for part in parts)]
    return visit.page(
        "config_list.html", kind=kind, entries=leaf(visit, found, PAGE), words=words, out=visit.field("out"), brought=visit.field("brought"),
    )  # fmt: skip


def _kind(visit: StaffVisit) -> Kind:
    named = visit.request.path_params["kind"]
    for kind in KINDS:
        if kind == named:
            return kind
    raise NotFound("desk.no_such_entry", code=named)


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
    """One of them as a form; `/office/new/…`: a new one. What a POST would change is shown before
    it is saved."""
    kind, is_new = _kind(visit), "code" not in visit.request.path_params
    acting.need_admin(visit.office, visit.actor)
    code = visit.request.path_params.get("code", "")
    entry = config_forms.empty(kind) if is_new else config_forms.read(visit.office, visit.actor, kind, code)
    if visit.request.method != "POST":
        return _page(visit, kind, code, is_new, 200, _Shown(entry.values, entry.digest))
    if not is_new and (visit.field("out") or visit.field("save") == "out"):
        shown = _Shown(entry.values, visit.field("was"), is_out=True)
    else:
        shown = _typed_form(visit, kind)
    code = visit.field("code").strip() if is_new else code
    if shown.problems and code:
        return _page(visit, kind, code, is_new, 422, shown)
    try:
        with saving(visit):
            if not code:
                return _page(visit, kind, code, is_new, 422, _nameless(visit, kind, shown))
            return _planned(visit, kind, code, is_new, shown)
    except Conflict as refusal:
        problems = {"code" if is_new else "": [visit.told(refusal)]}
        if is_new:
            shown = replace(shown, plan=None, problems=problems)
        else:
            now = config_forms.read(visit.office, visit.actor, kind, code)
            changed = _Shown(now.values, now.digest, problems)
            shown = changed if shown.is_out else replace(changed, values=shown.values, now=now.values)
        return _page(visit, kind, code, is_new, 409, shown)
    except Unavailable as refusal:
        shown.problems = {"": [visit.told(refusal)]}
        return _page(visit, kind, code, is_new, 503, shown)


def _typed_form(visit: StaffVisit, kind: Kind) -> _Shown:
    """The form as it was typed, with what can be no answer to a question of it."""
    asked = config_forms.fields(visit.office, kind)
    shown = _Shown({one.key: _typed(visit, one) for one in asked}, visit.field("was"))
    for one in asked:
        odd = [line for line in shown.values[one.key] if ":" not in line] if one.how == "pairs" else []
        if odd:
            shown.problems[one.key] = [visit.told(sentence("desk.entry_odd", line=odd[-1]))]
    return shown


def _nameless(visit: StaffVisit, kind: Kind, shown: _Shown) -> _Shown:
    """A new one without a code, with all else that is wrong with it as well."""
    if not shown.problems:
        made = config_forms.plan(visit.office, visit.actor, os.environ, kind, f"new-{secrets.token_hex(4)}", shown.values, "")
        shown.problems = {key: [_told(visit, line) for line in lines] for key, lines in made.problems.items() if key}
    return replace(shown, problems={"code": [visit.told(sentence("desk.fill_in"))], **shown.problems})


def _told(visit: StaffVisit, line: Sentence | str) -> str:
    """A fault of the file as one of the form, in which nobody sees any keys."""
    return visit.told(sentence("desk.fill_in") if isinstance(line, Sentence) and line.code == "config.required" else line)


def _planned(visit: StaffVisit, kind: Kind, code: str, is_new: bool, shown: _Shown) -> Response:
    """What saving it would do, with what is wrong with that; once this was shown and is asked for,
    it is saved.

    Raises Conflict; ConfigurationError, OSError.
    """
    plan = config_forms.plan_out if shown.is_out else partial(config_forms.plan, typed=shown.values)
    made = plan(visit.office, visit.actor, os.environ, kind, code, digest=shown.digest)
    shown.problems = {key: [_told(visit, line) for line in lines] for key, lines in made.problems.items()}
    if shown.problems and shown.is_out:
        shown.problems = {"": [line for lines in shown.problems.values() for line in lines]}
        return _page(visit, kind, code, is_new, 409, shown)
    shown.plan = made
    if shown.problems:
        return _page(visit, kind, code, is_new, 422, shown)
    is_idle = not shown.is_out and not made.lines
    if is_idle or not visit.field("save") or visit.field("shown") != made.digest:
        return _page(visit, kind, code, is_new, 200, shown)
    config_forms.save(visit.office, visit.now, visit.actor, kind, code, made)
    encoded = quote(code, safe="")
    return visit.to(f"/office/{kind}?out={encoded}" if shown.is_out else f"/office/{kind}/{encoded}?done=1")


def _page(visit: StaffVisit, kind: Kind, code: str, is_new: bool, status: int, shown: _Shown) -> Response:
    staff = {one: person.name for one, person in visit.office.staff.items()}
    rows = [row for row in shown.values.get("contacts", ()) if isinstance(row, dict)]
    blank = {"id": "", **{one.key: one.default for one in CONTACT}}
    return visit.page(
        "config_form.html", status, kind=kind, one=code, is_new=is_new, shown=shown, values=shown.values, problems=shown.problems,
        fields={one.key: one for one in config_forms.fields(visit.office, kind)}, contact_fields=CONTACT, staff=staff,
        rows=[*rows, *([blank] * NEW_CONTACTS)], known=len(rows), named=offering.named, done=visit.field("done"),
        is_last=acting.is_last_admin(visit.office, visit.actor),
        changes=[change for one, before, then in shown.plan.changed for change in _changes(one, before, then)] if shown.plan else (),
    )  # fmt: skip


def _changes(one: Question, before: Value, then: Value) -> list[tuple[str, str, str, str]]:
    """Contact or "", key, what the file says, and what it shall: a change for each key of a
    contact."""
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
    match one.how:
        case "yes":
            return "yes" if visit.field(one.key) else ""
        case "text":
            return "\n".join(line.rstrip() for line in visit.field(one.key).splitlines()).strip()
        case "person":
            return visit.person(one.key)
        case "people":
            return visit.people(one.key)
        case "ticks":
            return [choice for choice in one.choices if choice in visit.fields(one.key)]
        case "lines" | "pairs":
            return _lines(visit, one.key)
        case "reach" if visit.field(one.key) != "some":
            return "all"
        case "reach":
            return [offering.code_typed(line, visit.office.clients) for line in _lines(visit, f"{one.key}.list")]
        case "contacts":
            return _contacts(visit)
    return " ".join(visit.field(one.key).split())


def _lines(visit: StaffVisit, name: str) -> list[str]:
    return [line.strip() for line in visit.field(name).splitlines() if line.strip()]


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
