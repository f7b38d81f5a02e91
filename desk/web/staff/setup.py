"""For admins: by which names people reach the office, with what its web server needs; and where
backups go."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from starlette.responses import Response

from desk.actions import acting, places
from desk.web.staff.saving import saving
from desk.web.staff.visit import StaffVisit
from dossier.backup import backup
from dossier.text.refusals import Invalid, Refusal, fault


@dataclass
class _Shown:
    """What the page shows: what was typed, what is wrong with it, what was done."""

    desk: str
    portal: str
    folder: str
    problems: dict[str, str] = field(default_factory=dict)
    done: str = ""


def setup(visit: StaffVisit) -> Response:
    """`/office/setup`: a GET shows the names that are in its address, as the block for the web
    server; a POST saves."""
    acting.need_admin(visit.office, visit.actor)
    desk, portal = places.names(visit.office)
    is_typed = "desk_name" in visit.request.query_params or visit.field("what") == "names"
    if is_typed:
        desk, portal = places.name_typed(visit.field("desk_name")), places.name_typed(visit.field("portal_name"))
    shown = _Shown(desk, portal, visit.office.settings.backup.folder or "", done=visit.field("done"))
    if visit.request.method != "POST":
        shown.problems = {one.key: visit.told(one.message) for one in places.name_faults(desk, portal) if is_typed}
        return _page(visit, shown, 422 if shown.problems else 200)
    try:
        with saving(visit):
            if visit.field("what") == "backup":
                shown.folder = visit.field("backup_folder").strip()[:1000]
                places.save_folder(visit.office, os.environ, visit.now, visit.actor, shown.folder)
                return visit.to("/office/setup?done=backup#backup")
            if not visit.field("seen"):
                raise Invalid([fault("seen", "places.not_seen", desk=desk)])
            places.save_names(visit.office, os.environ, visit.now, visit.actor, desk, portal)
    except Refusal as refusal:
        shown.problems = visit.problems(refusal)
        return _page(visit, shown, refusal.http_status)
    shown.done = "names"  # told here: the session stays behind at the old address
    return _page(visit, shown, 200)


def _page(visit: StaffVisit, shown: _Shown, status: int) -> Response:
    is_shown = bool(shown.desk) and not places.name_faults(shown.desk, shown.portal)
    trouble = backup.trouble(visit.office, visit.now)
    return visit.page(
        "setup.html", status, shown=shown, problems=shown.problems, last=backup.last(), trouble=visit.told(trouble) if trouble else "",
        block=places.web_server_block(visit.office, shown.desk, shown.portal) if is_shown else "",
        in_use=visit.office.settings.desk.base_url == f"https://{shown.desk}",
        fixed={key: places.is_fixed(os.environ, key) for key in ("desk.base_url", "backup.folder")},
    )  # fmt: skip
