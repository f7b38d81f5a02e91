"""For admins: how the office is doing, its mails, its keys, what happened, and the files of
config/."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

import structlog
from starlette.responses import Response

from desk.actions import acting, auditing, config_files, examining, looking_up, mailing, offering, overview, retaining, tokens
from desk.actions.config_files import FILES, Which
from desk.web.shell.paging import leaf
from desk.web.staff.saving import saving
from desk.web.staff.visit import StaffVisit
from dossier.database.tables import item_name
from dossier.text import clock
from dossier.text.refusals import Conflict, Invalid, NotFound, Refusal, fault
from dossier.text.sentences import Sentence
from dossier.trail.trail import RecordedEvent
from workflow.reports import story

log = structlog.get_logger("web")

T = TypeVar("T")

EVENTS, MAILS = 20, 100

PAGE_FINDINGS = 40

PAGE_ROWS = 10
"""Of mails, keys and holds."""

EVENTS_FILTERED = 100

REMOVALS = 500
"""So many items whose term is over are listed at once."""


def office(visit: StaffVisit) -> Response:
    """All of it at a glance."""
    return _page(visit)


def _page(visit: StaffVisit, status: int = 200, **more: object) -> Response:
    acting.need_admin(visit.office, visit.actor)
    found = overview.status(visit.office, visit.actor)
    events = [_event(visit, one) for one in auditing.events(visit.office, visit.actor, auditing.EventFilter(), newest=EVENTS)]
    holds = retaining.holds(visit.office, visit.actor)
    mails = [
        {**one, "what": visit.told(Sentence(f"mail.kind_{one['kind']}"))}
        for one in mailing.listing(visit.office, visit.actor, None, MAILS, visit.language)
    ]
    values: dict[str, object] = {"problems": {}, "typed": lambda name: "", "key": None, **more}
    return visit.page(
        "office.html", status, **values, holds=leaf(visit, holds, PAGE_ROWS, "holds"), scopes=tokens.SCOPES, named=offering.named,
        found=found, alarms=[visit.told(line) for line in found["alarms"]], events=events[::-1],
        mails=leaf(visit, mails, PAGE_ROWS, "mails"), tokens=leaf(visit, tokens.listing(visit.office, visit.now), PAGE_ROWS, "tokens"),
        done=visit.field("done"),
    )  # fmt: skip


def examined(visit: StaffVisit) -> Response:
    """What is wrong with the set-up, and what to do about it; asked for by a button, for it takes
    some seconds."""
    found = examining.examine(visit.office, visit.actor)
    gravest = sorted(found, key=lambda one: ("wrong", "note", "ok").index(one["level"]))
    return visit.page(
        "doctor.html", found=leaf(visit, gravest, PAGE_FINDINGS), wrong=sum(one["level"] == "wrong" for one in found)
    )


def trail(visit: StaffVisit) -> Response:
    """What happened, the newest first, filtered by item, client, person and days."""
    acting.need_admin(visit.office, visit.actor)
    chosen = {name: visit.field(name).strip()[:200] for name in ("item", "client", "person", "since", "until")}
    problems: dict[str, str] = {}

    def meant(name: str, read: Callable[[str], T]) -> T | None:
        try:
            return read(chosen[name]) if chosen[name] else None
        except Refusal as refusal:
            problems[name] = visit.told(refusal)
            return None

    item = meant("item", lambda text: looking_up.key_typed(text, visit.office, visit.actor))
    since, until = meant("since", _day), meant("until", lambda text: _day(text) + timedelta(days=1))
    client, person = offering.code_typed(chosen["client"], visit.office.clients), visit.person("person")
    wanted = auditing.EventFilter(item, client or None, person or None, since, until)
    detail = auditing.details(visit.office, visit.actor)
    found = [] if problems else list(auditing.events(visit.office, visit.actor, wanted, newest=EVENTS_FILTERED + 1))[::-1]
    events = [{**_event(visit, one), "detail": _shown(visit, detail(one))} for one in found[:EVENTS_FILTERED]]
    return visit.page(
        "trail.html", 422 if problems else 200, events=events, chosen=chosen, problems=problems,
        has_more=len(found) > EVENTS_FILTERED, most=EVENTS_FILTERED,
    )  # fmt: skip


def _day(text: str) -> datetime:
    """Where this day begins here. Raises Invalid for what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1971 <= day.year <= 2999:  # others can't be told in every time zone
        raise Invalid([fault("", "desk.no_date", text=text)])
    return datetime.combine(day, time()).astimezone()


def _shown(visit: StaffVisit, detail: Mapping[str, object]) -> dict[str, str]:
    """The detail of an event in words, without what says nothing.

    What was kept as a sentence is told in the reader's language, and of an alarm only that.
    """
    found = {key: story.worded(value, visit.told) for key, value in detail.items() if value not in (None, "", [], {})}
    if "said" in found:
        found["reason" if "reason" in found else "text"] = found.pop("said")
    return {story.called(key, visit.told): text for key, text in found.items()}


def _event(visit: StaffVisit, one: RecordedEvent) -> dict[str, Any]:
    is_contact = one.actor.startswith("contact:")
    is_of_trail = one.action == "exported" and "events" in one.said
    deed = "trail_exported" if is_of_trail else "mail_sent" if one.action == "notified" and not one.item else one.action
    return {
        "deed": deed,
        "who": story.name_of(visit.office, one.actor) if is_contact else None,
        "seq": one.seq, "at": clock.local_iso(one.at), "actor": one.actor, "behind": one.behind, "action": one.action,
        "item": item_name(one.item) if one.item else None, "about": one.subject,
    }  # fmt: skip


def hold(visit: StaffVisit) -> Response:
    """Lay a legal hold on a client or an item, or end one, with a reason."""
    acting.need_admin(visit.office, visit.actor)
    subject = visit.field("subject").strip()
    is_client = retaining.is_client(visit.office, subject)
    code = subject if is_client else offering.code_typed(subject, visit.office.clients)
    do = retaining.release if visit.field("what") == "release" else retaining.hold
    try:
        is_client = is_client or code in visit.office.clients
        item = None if is_client else looking_up.key_typed(subject, visit.office, visit.actor)
        do(visit.office, visit.now, visit.actor, visit.field("reason"), code if item is None else None, item)
    except Refusal as refusal:
        return _page(visit, refusal.http_status, problems={"hold": visit.told(refusal)}, typed=visit.field)
    return visit.to("/office?done=hold#holds")


def retention(visit: StaffVisit) -> Response:
    """What is kept longer than it must be; a POST removes for good what was ticked of it, looked at
    anew."""
    problem = None
    if visit.request.method == "POST":
        try:
            keys = [looking_up.key_typed(one, visit.office, visit.actor) for one in visit.fields("item")]
            if not keys or visit.field("sure") != "yes":
                raise Invalid([fault("sure", "desk.nothing_ticked" if not keys else "desk.say_sure")])
            retaining.due(visit.office, visit.now, visit.actor, keys)
            gone = retaining.remove(visit.office, visit.now, visit.actor, keys)
            retaining.sweep(visit.office)
        except Refusal as refusal:
            problem = refusal
        except OSError as error:  # the files go with the next removal
            log.warning("files of removed items can't be removed now", error=str(error))
        if problem is None:
            return visit.to(f"/office/retention?done={gone}")
    found = retaining.due(visit.office, visit.now, visit.actor, most=REMOVALS)
    rows = [
        {
            "item": item_name(one.item), "client": one.client, "description": one.description, "until": str(one.end.until),
            "why": visit.told(one.end.because), "basis": one.end.basis, "obstacles": [visit.told(why) for why in one.obstacles],
        }
        for one in found.over
    ]  # fmt: skip
    return visit.page(
        "retention.html", problem.http_status if problem else 200, rows=rows, count=found.count, may_go=len(found.going),
        problem=visit.told(problem) if problem else None, done=visit.field("done"), ticked=visit.fields("item"),
    )  # fmt: skip


def new_token(visit: StaffVisit) -> Response:
    """A new key for a program; the page that answers is the only place where it is ever shown."""
    acting.need_admin(visit.office, visit.actor)
    for_clients = [offering.code_typed(one, visit.office.clients) for one in visit.parts("clients")]
    try:
        until = _day(visit.field("until"))
        name, scopes = visit.field("name").strip(), visit.fields("scope")
        key = tokens.new(visit.office, visit.now, visit.actor, name, visit.person("for"), scopes, until.date(), for_clients)
    except Refusal as refusal:
        return _page(visit, refusal.http_status, problems={"token": visit.told(refusal)}, typed=visit.field)
    return _page(visit, key=key)


def mail(visit: StaffVisit) -> Response:
    """Try a mail again, or cancel it."""
    acting.need_admin(visit.office, visit.actor)
    number = int(visit.request.path_params["number"])
    (mailing.cancel if visit.field("what") == "cancel" else mailing.retry)(visit.office, visit.now, visit.actor, number)
    return visit.to("/office?done=mail#mails")


def revoke(visit: StaffVisit) -> Response:
    """End a key for a program."""
    acting.need_admin(visit.office, visit.actor)
    tokens.revoke(visit.now, visit.actor, visit.request.path_params["name"])
    return visit.to("/office?done=token#tokens")


def config(visit: StaffVisit) -> Response:
    """A file of config/: shown, checked, its difference shown, saved."""
    which: Which = visit.request.path_params["which"]
    if which not in FILES:
        raise NotFound("desk.no_such_entry", code=which)
    now = config_files.read(visit.office, visit.actor, which)
    shown: dict[str, Any] = {
        "file": now,
        "typed": now.text,
        "digest": now.digest,
        "lines": (),
        "problems": (),
        "is_invalid": False,
    }
    if visit.request.method != "POST":
        return visit.page("config.html", **shown, done=visit.field("done"))
    typed, digest = visit.field("text"), visit.field("digest")
    lines = config_files.difference(visit.office, visit.actor, which, typed).splitlines()[2:]
    shown |= {"typed": typed, "digest": digest, "lines": lines, "done": ""}
    try:
        with saving(visit):
            config_files.check(visit.office, os.environ, which, typed)
            if visit.field("save"):
                config_files.write(visit.office, visit.now, visit.actor, os.environ, which, typed, digest)
    except Refusal as refusal:
        problems = [visit.told(one.message) for one in refusal.problems]
        shown |= {"problems": problems, "is_invalid": isinstance(refusal, Invalid)}
        if isinstance(refusal, Conflict):
            shown["digest"] = now.digest
        return visit.page("config.html", refusal.http_status, **shown)
    return visit.to(f"/office/text/{which}?done=1") if visit.field("save") else visit.page("config.html", **shown)
