"""What lies in the inbox: what waits and for what, what was refused with each fault at its line, and a form that mends it."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.responses import Response

from desk.actions import client_card, overview
from desk.web.staff.visit import WORDS, Visit
from dossier.files import files
from dossier.text.refusals import Invalid, NotFound
from dossier.text.sentences import told
from ingest.inbox.listing import WHY
from ingest.sources import staging

SIDECAR_BYTES = 64 * 1024


def inbox(visit: Visit) -> Response:
    """All that waits or was refused, of the clients that this person may know of."""
    found = overview.status(visit.office, visit.actor)
    refused = overview.rejected(visit.office, visit.actor)
    overview.look_at_rejected(visit.office, visit.now, visit.actor)
    waits, left = (
        [{**one, "reason": told(one["reason"], visit.language, WORDS)} for one in found[what]] for what in ("waits", "left_alone")
    )
    alarms = [told(one, visit.language, WORDS) for one in found["alarms"]]
    return visit.page("inbox.html", waits=waits, left=left, refused=refused, alarms=alarms)


def refused(visit: Visit) -> Response:
    """A refused drop, its sidecar with the faults at their lines; a POST gives it back as it was mended."""
    client, folder = visit.request.path_params["client"], visit.request.path_params["folder"]
    place = _place(visit, client, folder)
    sidecar = next(
        (path for path in sorted(place.iterdir()) if path.suffix.lower() in (".yaml", ".yml") and files.look(path)), None
    )
    text = files.read_plain(sidecar, SIDECAR_BYTES)[0].decode("utf-8", "replace") if sidecar else ""
    why = files.read_plain(place / WHY, SIDECAR_BYTES)[0].decode("utf-8", "replace").splitlines()
    if visit.request.method != "POST":
        return _page(visit, client, folder, text, text, why)
    typed = visit.field("sidecar").replace("\r\n", "\n")
    try:
        row = staging.give_back(visit.office, visit.now, visit.actor, place, typed)
    except Invalid as refusal:
        return _page(
            visit, client, folder, text, typed, [told(one.message, visit.language, WORDS) for one in refusal.problems], 422
        )
    return visit.to(f"/drops/{row.id}")


def _place(visit: Visit, client: str, folder: str) -> Path:
    """The refused drop's folder. Raises NotFound, also for clients that this person may not know of."""
    client_card.check(visit.office, visit.actor, client)
    if not re.fullmatch(r"[^/\x00]{1,255}", folder) or folder in (".", ".."):
        raise NotFound("staging.no_drop")
    place = visit.office.inbox / client / "_rejected" / folder
    if not files.is_folder(place) or files.look(place / WHY) is None:
        raise NotFound("staging.no_drop")
    return place


def _page(visit: Visit, client: str, folder: str, text: str, typed: str, why: list[str], status: int = 200) -> Response:
    at: dict[int, list[str]] = {}
    for line in why:
        place = re.match(r"[^:]*:(\d+): (.*)", line)
        at.setdefault(int(place[1]) if place else 1, []).append(place[2] if place else line)
    return visit.page(
        "refused.html", status, client=client, folder=folder, lines=list(enumerate(text.splitlines(), 1)), at=at, typed=typed,
        why=why, has_failed=status != 200,
        names=sorted(path.name for path in (visit.office.inbox / client / "_rejected" / folder).iterdir() if path.name != WHY),
    )  # fmt: skip
