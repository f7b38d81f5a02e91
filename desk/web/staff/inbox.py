"""What lies in the inbox: what waits and for what, what was refused with each fault at its line,
and a form that mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from desk.actions import client_card, looking_up, my_work, offering, overview, schemas, throwing_away, unsorted
from desk.web.shell.paging import leaf
from desk.web.shell.sending import SANDBOX
from desk.web.staff.visit import StaffVisit
from dossier.files import files
from dossier.files.beneath import Folder, open_beneath
from dossier.text import media, names
from dossier.text.refusals import Invalid, NotFound, Refusal, fault
from dossier.text.sentences import Sentence, told
from dossier.text.yamltext import legible
from ingest.inbox.listing import WHY
from ingest.sidecar import seal
from ingest.sources import staging
from ingest.sources.unsorted import FOLDER

SIDECAR_BYTES = 64 * 1024

MOST_LINES = 100
"""Of a longer sidecar only what is wrong is shown, and what is around it, beside the form that has
all of it."""

LATELY = timedelta(hours=24)
"""It is told how much was taken in so long."""

PAGE_ROWS = 15
"""Of each of the four lists."""


WRITTEN = {"inbox.being_written", "inbox.waits_for_written", "inbox.is_filled"}
"""Why something waits while it still comes in."""


def inbox(visit: StaffVisit) -> Response:
    """All that waits or was refused, of the clients that this person may know of; with `?of=me`
    what is theirs, or nobody's in particular."""
    found, is_mine = overview.of_the_inbox(visit.office, visit.actor), visit.field("of") == "me"
    refused = overview.rejected(visit.office, visit.actor)
    if is_mine:
        refused = my_work.own_refused(visit.office, visit.actor, refused)
        found["waits"] = my_work.own_waiting(visit.office, visit.actor, found["waits"])
    else:
        overview.look_at_rejected(visit.office, visit.now, visit.actor, refused)
    waits, left = (
        [
            {
                **one, "reason": visit.told(one["reason"]),
                "is_written": _first(one["reason"]) in WRITTEN,
                "is_alone": getattr(one["reason"], "code", "") == unsorted.ALONE and one["path"].count("/") == 1,
            }
            for one in found[what]
        ]
        for what in ("waits", "left_alone")
    )  # fmt: skip
    alarms = [visit.told(one) for one in found["alarms"]]
    lying = unsorted.unsorted_files(visit.office, visit.actor)
    files_ = [(one.name, names.is_text(one.name), one.size, datetime.fromtimestamp(one.since, UTC).isoformat()) for one in lying]
    lists: dict[str, Sequence[Any]] = {"waits": waits, "left": left, "refused": refused[::-1], "lying": files_}
    leaves: dict[str, Any] = {key: leaf(visit, rows, PAGE_ROWS, key) for key, rows in lists.items()}
    shown = overview.in_language(visit.language, leaves["refused"].rows)
    leaves["refused"] = replace(leaves["refused"], rows=shown)
    taken, has_more = overview.taken_lately(visit.office, visit.actor, visit.now - LATELY)
    return visit.page(
        "inbox.html",
        taken=0 if is_mine else taken,
        taken_plus="+" if has_more else "",
        plus="+" if len(waits) >= overview.MOST_WAITING else "",
        alarms=alarms,
        done=visit.field("done"),
        is_mine=is_mine,
        **leaves,
    )


def _first(reason: Sentence | str) -> str:
    """What a reason is called; of several the first one."""
    if isinstance(reason, Sentence) and isinstance(first := reason.values.get("first"), Sentence):
        reason = first
    return getattr(reason, "code", "")


def without_client(visit: StaffVisit) -> Response:
    """A file that has no client yet, with those that its text names; a POST gives it to one."""
    near = unsorted.suggestions(visit.office, visit.actor, _lying(visit))

    def give(keys: unsorted.Keys) -> None:
        clients = looking_up.known_clients(visit.office, visit.actor)
        ticked, typed = visit.field("chosen"), offering.code_typed(visit.field("client"), clients)
        if ticked and typed not in ("", ticked):
            raise Invalid([fault("client", "desk.two_clients", ticked=clients[ticked].name if ticked in clients else ticked)])
        code = ticked or typed
        if code not in clients:
            raise Invalid([fault("client", "desk.no_client", client=code)])
        unsorted.assign(visit.office, visit.now, visit.actor, _lying(visit), code, keys)

    return _made_a_drop(visit, give, near=near, client=None)


def without_sidecar(visit: StaffVisit) -> Response:
    """A file that waits in a client's folder until somebody says what it is; a POST says it."""
    client, name = visit.request.path_params["client"], visit.request.path_params["name"]
    unsorted.check_waiting(visit.office, visit.actor, client, name)
    describe = partial(unsorted.describe, visit.office, visit.now, visit.actor, name, client)
    return _made_a_drop(visit, describe, near=(), client=client)


def _made_a_drop(visit: StaffVisit, make: Callable[[unsorted.Keys], object], **shown: object) -> Response:
    """The page of a file that nobody has said anything of; a POST makes a drop of it."""
    problems: dict[str, str] = {}
    if visit.request.method == "POST":
        keys = {"description": visit.field("description").strip() or None, "location": visit.field("location").strip() or None}
        try:
            make({**keys, "labels": visit.parts("labels") or None})
            return visit.to("/inbox?done=assigned")
        except Refusal as refusal:
            problems = visit.problems(refusal)
    name = visit.request.path_params["name"]
    return visit.page("unsorted.html", 422 if problems else 200, name=name, problems=problems, named=offering.named, **shown)


def _lying(visit: StaffVisit) -> Path:
    return visit.office.inbox / FOLDER / str(visit.request.path_params["name"])


def lying_file(visit: StaffVisit) -> Response:
    """A file that has no client yet, or no sidecar, to be looked at."""
    asked = visit.request.path_params
    name, pieces = unsorted.content(visit.office, visit.actor, asked["name"], asked.get("client"))
    headers = {"content-disposition": media.saved_as(name), **SANDBOX}
    return StreamingResponse(pieces, headers=headers, media_type="application/octet-stream")


def refused(visit: StaffVisit) -> Response:
    """A refused drop, its sidecar with the faults at their lines; a POST gives it back as it was
    mended."""
    client, folder = _refused_folder(visit)
    with _open(visit, client, folder) as place:
        there = sorted(place.names())
        sidecar = staging.card_of(client, folder, [name for name in there if files.look(place / name)])
        text = seal.without(legible(files.read_plain(place / sidecar, SIDECAR_BYTES)[0])) if sidecar else ""
        why = files.read_plain(place / WHY, SIDECAR_BYTES)[0].decode("utf-8", "replace")
    there.remove(WHY)
    if visit.request.method != "POST":
        told_why = overview.why_in(visit.language, {(client, folder): why})[client, folder].splitlines()
        return _page(visit, client, folder, there, text, told_why)
    typed = visit.field("sidecar").replace("\r\n", "\n")
    try:
        row = staging.give_back(visit.office, visit.now, visit.actor, client, folder, typed)
    except Invalid as refusal:
        faults = [f"{sidecar}:{_line_of(typed, one.key)}: {told(one.message, visit.language)}" for one in refusal.problems]
        return _page(visit, client, folder, there, typed, faults, 422)
    return visit.to(f"/drops/{row.id}")


def throw_away(visit: StaffVisit) -> Response:
    """Put a refused drop into the bin."""
    client, folder = _refused_folder(visit)
    throwing_away.throw_away(visit.office, visit.now, visit.actor, client, folder)
    return visit.to("/inbox?done=thrown")


def take_out(visit: StaffVisit) -> Response:
    """Take it out of the bin, and show it."""
    client, folder = _refused_folder(visit, is_binned=True)
    throwing_away.take_out(visit.office, visit.now, visit.actor, client, folder)
    return visit.to(f"/inbox/refused/{client}/{quote(names.printable(folder), safe='')}")


def _refused_folder(visit: StaffVisit, is_binned: bool = False) -> tuple[str, str]:
    """The client, and the refused folder that the address names as it was shown."""
    client, shown = visit.request.path_params["client"], visit.request.path_params["folder"]
    return client, overview.refused_folder(visit.office, visit.actor, client, shown, is_binned)


def _open(visit: StaffVisit, client: str, folder: str) -> Folder:
    """The refused drop's folder, held open. Raises NotFound, also for clients and types that this
    person may not know of."""
    client_card.check(visit.office, visit.actor, client)
    if not re.fullmatch(r"[^/\x00]{1,255}", folder) or folder in (".", ".."):
        raise NotFound("staging.no_drop")
    overview.check_refused(visit.office, visit.actor, client, folder)
    try:
        place = open_beneath(visit.office.inbox, client, "_rejected", folder)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("staging.no_drop") from error
    if files.look(place / WHY) is None or not names.hold_a_drop(place.names()):
        place.close()
        raise NotFound("staging.no_drop")
    return place


def _line_of(typed: str, key: str) -> int:
    """Where a key stands in a sidecar; 1 for what isn't there."""
    found = re.search(rf"(?m)^{re.escape(key)}[ \t]*:", typed) if key else None
    return typed.count("\n", 0, found.start()) + 1 if found else 1


def _page(
    visit: StaffVisit, client: str, folder: str, there: list[str], typed: str, why: list[str], status: int = 200
) -> Response:
    """The page, with the sidecar as it lies there or was typed. Each line of `why` begins with its
    file and line."""
    at, last = dict[int, list[str]](), len(typed.splitlines())
    for line in why:
        place = re.match(r"[^:]*:(\d+): (.*)", line)
        at.setdefault(min(int(place[1]), last) if place else 1, []).append(place[2] if place else line)
    lines = list(enumerate(typed.splitlines(), 1))
    if last > MOST_LINES:
        lines = [one for one in lines if any(number in at for number in range(one[0] - 2, one[0] + 3))][:MOST_LINES]
    return visit.page(
        "refused.html", status, client=client, folder=names.printable(folder), lines=lines, at=at, typed=typed,
        has_failed=status != 200, names=there, may_throw_away=throwing_away.may_throw_away(visit.office, visit.actor, client, folder),
        keys=schemas.sidecar_keys(visit.office, visit.actor, visit.language),
    )  # fmt: skip
