"""Logging in to the desk and out of it: typing an address, the mailed link, its button."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from desk.actions import first_run
from desk.web.staff import oidc
from desk.web.staff.visit import StaffVisit, goal_of
from dossier.cluster import presence
from dossier.text import names
from workflow.portal_access import access, staff_access


def login(visit: StaffVisit) -> Response:
    """Where an address is typed in; the answer is the same for each."""
    goal, known = goal_of(visit.field("next") or "/"), oidc.provider(visit.office)
    if known is not None and visit.session is None:
        return visit.page("login.html", goal=goal, state="provider", provider=known.name)
    if visit.request.method != "POST":
        return visit.to(goal) if visit.session is not None else visit.page("login.html", goal=goal, state="new")
    address = names.visible(visit.field("address")).strip()
    if not access.is_address(address):
        return visit.page("login.html", 422, goal=goal, state="wrong", address=address[: access.MAX_ADDRESS])
    wait = staff_access.ask(visit.now, address, visit.peer, goal)
    if wait:
        answer = visit.page("login.html", 429, goal=goal, state="often", minutes=-(-wait // 60))
        answer.headers["retry-after"] = str(wait)
        return answer
    goes_out = bool(presence.daemons(visit.office, visit.now))
    return visit.page("login.html", goal=goal, state="asked", address=address, minutes=access.LINK_MINUTES, goes_out=goes_out)


def link(visit: StaffVisit) -> Response:
    """The page of a mailed link, and what its button does. A GET uses nothing up: mail scanners
    open every link."""
    if visit.office.settings.desk.oidc is not None:
        return visit.to("/_login")
    secret = visit.request.path_params["secret"]
    if visit.request.method == "POST":
        begun = staff_access.log_in(visit.office, visit.now, secret, visit.peer)
        if begun is not None:
            if visit.session is not None:
                staff_access.log_out(visit.now, visit.session)
            answer = visit.to(goal_of(begun[1].goal))
            visit.face.set_cookie(answer, visit.office, begun[0])
            return answer
    found = staff_access.find_link(secret)
    if found is not None and visit.session is not None and visit.session.staff == found.staff:
        first_run.note_click()  # no mail scanner has this session
        return visit.to(goal_of(found.goal))
    is_good = found is not None and access.is_good(found, visit.now)
    person = staff_access.person_of(visit.office, found) if found is not None and is_good else None
    if person is not None and visit.request.method != "POST":
        return visit.page("link.html", secret=secret, name=person.name)
    goal = goal_of(found.goal) if found is not None else "/"
    return visit.page("login.html", 410, goal=goal, state="over", minutes=access.LINK_MINUTES)


def logout(visit: StaffVisit) -> Response:
    """End this session, or (field `everywhere`) all of this person's; and go on to log out at the
    identity provider.

    A page leads there, as browsers follow no redirect to another site from a form (form-action).
    """
    further = oidc.goodbye(visit)
    if visit.session is not None:
        staff_access.log_out(visit.now, visit.session, everywhere=bool(visit.field("everywhere")))
        visit = replace(visit, session=None)
    if further is None:
        answer = visit.to("/_login?bye=1")
    else:
        answer = visit.page("login.html", goal="/", state="leaving", further=further)
        answer.headers["refresh"] = f"0; url={further}"
    visit.face.forget_cookie(answer, visit.office)
    return answer
