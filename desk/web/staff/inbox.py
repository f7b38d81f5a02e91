"""What lies in the inbox: what waits and for what, what was refused with each fault at its line, and a form that mends it."""

from __future__ import annotations

import re

from starlette.responses import Response

from desk.actions import client_card, overview
from desk.web.staff.visit import WORDS, Visit
from dossier.files import files
from dossier.files.beneath import Folder, open_beneath
from dossier.text import names
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
    with _open(visit, client, folder) as place:
        there = sorted(place.names())
        sidecar = next((name for name in there if names.is_sidecar(name) and files.look(place / name)), None)
        text = files.read_plain(place / sidecar, SIDECAR_BYTES)[0].decode("utf-8", "replace") if sidecar else ""
        why = files.read_plain(place / WHY, SIDECAR_BYTES)[0].decode("utf-8", "replace").splitlines()
    there.remove(WHY)
    if visit.request.method != "POST":
        return _page(visit, client, folder, there, text, text, why)
    typed = visit.field("sidecar").replace("\r\n", "\n")
    try:
        row = staging.give_back(visit.office, visit.now, visit.actor, client, folder, typed)
    except Invalid as refusal:
        return _page(
            visit, client, folder, there, text, typed, [told(one.message, visit.language, WORDS) for one in refusal.problems], 422
        )
    return visit.to(f"/drops/{row.id}")


def _open(visit: Visit, client: str, folder: str) -> Folder:
    """The refused drop's folder, held open. Raises NotFound, also for clients that this person may not know of."""
    client_card.check(visit.office, visit.actor, client)
    if not re.fullmatch(r"[^/\x00]{1,255}", folder) or folder in (".", ".."):
        raise NotFound("staging.no_drop")
    try:
        place = open_beneath(visit.office.inbox, client, "_rejected", folder)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("staging.no_drop") from error
    if files.look(place / WHY) is None:
        place.close()
        raise NotFound("staging.no_drop")
    return place


def _page(
    visit: Visit, client: str, folder: str, there: list[str], text: str, typed: str, why: list[str], status: int = 200
) -> Response:
    at: dict[int, list[str]] = {}
    for line in why:
        place = re.match(r"[^:]*:(\d+): (.*)", line)
        at.setdefault(int(place[1]) if place else 1, []).append(place[2] if place else line)
    return visit.page(
        "refused.html", status, client=client, folder=folder, lines=list(enumerate(text.splitlines(), 1)), at=at, typed=typed,
        why=why, has_failed=status != 200, names=there,
    )  # fmt: skip
