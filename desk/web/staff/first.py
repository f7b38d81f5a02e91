"""The first page of a new office: who administers it, what it is called. Its address is in the
desk's log (desk/actions/first_run.py)."""

from __future__ import annotations

import os

from starlette.responses import Response

from desk.actions import first_run, places
from desk.actions.first_run import Beginning
from desk.web.staff.saving import saving
from desk.web.staff.visit import StaffVisit
from dossier.text.refusals import NotFound, Refusal

FIELDS = ("office", "language", "name", "code", "email", "mail_host", "sender", "desk_name", "portal_name", "backup_folder")


def first(visit: StaffVisit) -> Response:
    """A GET shows it, and uses nothing up. What is not good any more is answered like what never
    was."""
    secret = visit.request.path_params["secret"]
    if not first_run.is_good(visit.office, visit.now, secret):
        return visit.to("/_login")
    typed = {name: " ".join(visit.field(name).split())[:200] for name in FIELDS}
    typed |= {name: places.name_typed(typed[name]) for name in ("desk_name", "portal_name")}
    if visit.request.method != "POST":
        told = visit.office.settings.office.language  # English where nobody said anything
        typed |= {
            "language": visit.language if told == "en" else told,
            "backup_folder": visit.office.settings.backup.folder or "",
        }
        return _page(visit, secret, typed, {})
    try:
        with saving(visit):
            cookie = first_run.begin(visit.office, os.environ, visit.now, secret, Beginning(**typed), visit.peer)
    except NotFound:
        return visit.to("/_login")
    except Refusal as refusal:
        return _page(visit, secret, typed, visit.problems(refusal), refusal.http_status)
    answer = visit.to("/office/setup" if typed["desk_name"] else "/")
    visit.face.set_cookie(answer, visit.office, cookie)
    return answer


def _page(visit: StaffVisit, secret: str, typed: dict[str, str], problems: dict[str, str], status: int = 200) -> Response:
    fixed = {key: places.is_fixed(os.environ, key) for key in ("desk.base_url", "backup.folder")}
    return visit.page("first.html", status, secret=secret, typed=typed, problems=problems, fixed=fixed)
