"""Who is logged in to the desk: one's own sessions, and for admins those of everybody; and ending
them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from desk.actions.acting import need_admin
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import NotFound
from workflow.portal_access import staff_access

MARK_LENGTH = 16
"""So much of a session's hash says which it is; its cookie can't be told from that."""


def mine(now: datetime, actor: Actor) -> list[dict[str, Any]]:
    """The actor's own sessions, the last click first: {staff, mark, way, since, seen}."""
    return [_told(one) for one in staff_access.sessions(now, actor.code)]


def everybody(office: Office, now: datetime, actor: Actor) -> list[dict[str, Any]]:
    """All sessions, by person in order of their names. Raises Forbidden."""
    need_admin(office, actor)
    names = {code: person.name.casefold() for code, person in office.staff.items()}
    found = [_told(one) for one in staff_access.sessions(now)]
    return sorted(found, key=lambda one: (names.get(one["staff"], ""), one["staff"]))


def end(office: Office, now: datetime, actor: Actor, staff: str, mark: str | None) -> None:
    """End one session of `staff`, or with `mark` None all of theirs. Raises Forbidden, NotFound."""
    if staff != actor.code:
        need_admin(office, actor)
    if (mark is not None and len(mark) != MARK_LENGTH) or not staff_access.end(now, actor, staff, mark):
        raise NotFound("desk.no_session")


def _told(session: Any) -> dict[str, Any]:
    return {
        "staff": session.staff, "mark": session.hash[:MARK_LENGTH], "way": session.way,
        "since": clock.local_iso(session.made_at), "seen": clock.local_iso(session.seen_at),
    }  # fmt: skip
