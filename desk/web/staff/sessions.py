"""Who is logged in: every person's own sessions, and for admins everybody's."""

from __future__ import annotations

from starlette.responses import Response

from desk.actions import logged_in
from desk.web.shell.paging import leaf
from desk.web.staff.visit import StaffVisit
from dossier.text.refusals import NotFound

PAGE_SESSIONS = 40


def sessions(visit: StaffVisit, is_office: bool = False) -> Response:
    """This person's own sessions, or (`is_office`) all of the desk, for admins.

    A POST ends one of them, or all of a person.
    """
    here = "/office/sessions" if is_office else "/sessions"
    if visit.request.method != "POST":
        return _page(visit, is_office)
    staff = visit.field("staff") if is_office else visit.actor.code
    mark = None if is_office and visit.field("all") else visit.field("session")
    try:
        logged_in.end(visit.office, visit.now, visit.actor, staff, mark)
    except NotFound as refusal:
        return _page(visit, is_office, 409, visit.told(refusal))
    return visit.to(f"{here}?done=1")


def _page(visit: StaffVisit, is_office: bool, status: int = 200, problem: str | None = None) -> Response:
    found = logged_in.everybody(visit.office, visit.now, visit.actor) if is_office else logged_in.mine(visit.now, visit.actor)
    this = visit.session.hash[: logged_in.MARK_LENGTH] if visit.session is not None else ""
    return visit.page(
        "sessions.html", status, sessions=leaf(visit, found, PAGE_SESSIONS), is_office=is_office, this=this, problem=problem, done=visit.field("done"),
        people=len({one["staff"] for one in found}),
    )  # fmt: skip
