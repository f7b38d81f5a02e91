"""An item whole, its files, and its proof. What can be done with it from its page is in
item_changes.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import HTMLResponse, Response

from desk.actions import as_client, auditing, item_view, offering, undoing
from desk.web.shell.paging import leaf
from desk.web.shell.sending import PREVIEW, of_vault, saved_file
from desk.web.staff import papers
from desk.web.staff.visit import StaffVisit
from dossier.office.keys import Client
from dossier.text import media
from dossier.text.refusals import NotFound
from dossier.text.sentences import sentence
from workflow.items.rules import asks_inside
from workflow.portal_access.opened import OpeningTold
from workflow.reports import proof as sheets

PAGE_FILES, PAGE_EVENTS = 12, 20
"""So many files and events of an item are told at once."""

PLACES = {"description", "status", "location", "labels", "explanation", "due", "owner", "type", "contact"}
"""Fields that stand on the page, each with an id."""

MEANWHILE = 5
"""Of what others did while somebody typed at most so much is told on top; the story has all."""


def item(visit: StaffVisit) -> Response:
    """The page of an item."""
    return page(visit, visit.request.path_params["item"])


def _unseen(told: str, lines: int) -> int:
    """How many lines of the story came after those that the page had of which a form was sent; of
    one that doesn't say it, the last is told."""
    before = int(told) if told.isdecimal() and len(told) < 9 else lines - 1
    return max(0, min(lines - before, MEANWHILE))


def page(visit: StaffVisit, name: str, status: int = 200, **more: object) -> Response:
    """The item's page. `more`: the `problems` of what was asked, by field, and what was `typed`."""
    office = visit.office
    found = item_view.view(office, visit.actor, visit.now, name, note=visit.request.method != "HEAD")
    code, client = found.summary["client"], office.clients.get(found.summary["client"])
    types, kind = offering.types(office, visit.actor), office.settings.types.get(found.summary["type"])
    own_fields = types[found.summary["type"]].fields if found.summary["type"] in types else {}
    approver, item_status = found.summary["approver"], found.summary["status"]
    asked = [approver] if isinstance(approver, str) else approver or []
    is_only_sharing = visit.field("only") == "sharing"
    story = [
        {
            "at": one.at, "who": one.who, "what": visit.told(one.what),
            "more": [visit.told(line) for line in one.more], "is_sharing": one.is_sharing,
        }
        for one in found.story if one.is_sharing or not is_only_sharing
    ]  # fmt: skip
    views, seen_files = as_client.views(office, visit.actor, name)
    files = leaf(visit, found.files, PAGE_FILES, "files")
    told_now = leaf(visit, story, PAGE_EVENTS, "story")
    values: dict[str, object] = {
        "found": found, "one": found.summary, "files": files, "story": told_now, "papers": papers.papers(
            visit.easel, [(file.name, file.size, file.media_type, file.sha256) for file in files.rows], found.attention,
        ), "days": [(day, list(lines)) for day, lines in groupby(told_now.rows, key=lambda line: str(line["at"])[:10])],
        "why": [visit.told(line) for line in found.why], "visible": visit.told(found.visible),
        "inside": [visit.told(line) for line in found.inside], "asks_inside": asks_inside(office, found.summary["type"]),
        "is_never_shared": kind is not None and kind.share == "never",
        "closed": visit.told(sentence("rules.closed", status=item_status)) if item_status in office.settings.items.closed else "",
        "told_so_far": len(by_people := [one for one in found.story if one.who]),
        "meanwhile": [
            {"at": one.at, "who": one.who, "what": visit.told(one.what), "more": [visit.told(line) for line in one.more]}
            for one in by_people[: _unseen(visit.field("told"), len(by_people))]
        ],
        "attention": [visit.told(line) for line in found.attention], "statuses": office.settings.items.statuses,
        "places": PLACES | own_fields.keys(), "problems": {}, "typed": {}, "opened": "",
        "done": _done(visit.field("done"), found.summary["share_state"]), "types": types,
        "to_remind": ", ".join(office.staff[one].name for one in found.to_remind) if found.may_change else "",
        "own_fields": own_fields,
        "approvers": offering.approvers(office, visit.actor, code, found.summary["type"]), "client": client,
        "approver_names": ", ".join(office.staff[one].name if one in office.staff else one for one in asked),
        "owners": offering.owners(office, code, found.summary["type"]),
        "may_share": offering.may_share_outright(office, visit.actor, code), "named": offering.named,
        "contacts": [one for one in client.contacts if one.active] if client else [],
        "contact_choices": [one.id for one in client.contacts if one.active or one.id == found.summary["contact"]] if client else [],
        "may_undo": undoing.may_undo(office, visit.actor, found.key),
        "client_sees": views, "seen_files": seen_files, "readers": _readers(found.openings, client if views[:1] == ["now"] else None),
        "is_only_sharing": is_only_sharing, "address": f"{office.settings.desk.base_url.rstrip('/')}/items/{found.item}",
    }  # fmt: skip
    return visit.page("item.html", status, **{**values, **more})


def _done(said: str, share_state: object) -> str:
    """What was done, for the page to say. Its address keeps it, and may be opened once more long
    after somebody did something else."""
    is_off = share_state == "withdrawn"
    return said if {"withdrawn": is_off, "put_back": not is_off}.get(said, True) else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a contact opened of an item; nothing, with no `last_at`."""

    contact: str
    last_at: str | None = None
    files: int = 0
    """Of those that the client sees now."""
    names: Sequence[str] = ()
    """Of the files, with how often if more than once."""
    is_before: bool = False
    """Only what is not there any more."""


def _readers(openings: Sequence[OpeningTold], client: Client | None) -> list[Reader]:
    """Who of the client opened what, and which contacts (of `client`, if they see it now) did
    not."""
    found: dict[str, list[OpeningTold]] = {one.id: [] for one in client.contacts if one.active} if client is not None else {}
    for opening in openings:
        found.setdefault(opening["contact"], []).append(opening)
    readers = []
    for contact, all_ in found.items():
        now = [one for one in all_ if one["current"]]
        files = {one["file"]: one["times"] for one in now or all_ if one["file"]}
        last = max((str(one["last_at"]) for one in now or all_), default=None)
        names = [f"{name} ({times}×)" if times > 1 else str(name) for name, times in files.items()]
        readers.append(Reader(contact, last, len(files) if now else 0, names, bool(all_) and not now))
    return readers


def attachment(visit: StaffVisit) -> Response:
    """A file of an item, whole or in part; `?version=N`: an earlier one. It is given only once that
    is recorded."""
    name, file = visit.request.path_params["item"], visit.request.path_params["name"]
    version = visit.number("version")
    if version is None and "version" in visit.request.query_params:  # in its place the newest would be taken for it
        raise NotFound("desk.no_file", item=name, file=file)
    row = item_view.version_of(visit.office, visit.actor, name, file, version)
    kept = of_vault(visit.vault, row.sha256)
    if kept.size != row.size:
        return visit.page("message.html", 503, about="trouble", reason=None)
    if visit.request.method == "GET":
        item_view.note_file(visit.now, visit.actor, name, file)
    return saved_file(visit.request, kept, row.name, row.media_type, row.sha256)


def as_the_client(visit: StaffVisit) -> Response:
    """The client's page with this item alone: as it is there `now`, or would be `next`."""
    name, is_next = visit.request.path_params["item"], _is_next(visit)
    return HTMLResponse(as_client.of_item(visit.office, visit.actor, visit.now, name, is_next), headers=PREVIEW)


def file_as_the_client(visit: StaffVisit) -> Response:
    """A file that this page leads to. It is given only once that is recorded."""
    name, is_next = visit.request.path_params["item"], _is_next(visit)
    file = as_client.file_of_item(visit.office, visit.actor, name, visit.request.path_params["name"], is_next)
    kept = of_vault(visit.vault, file["sha256"])
    if visit.request.method == "GET":
        item_view.note_file(visit.now, visit.actor, name, file["name"])
    return saved_file(visit.request, kept, file["name"], file["media_type"], file["sha256"])


def _is_next(visit: StaffVisit) -> bool:
    when = visit.request.path_params["when"]
    if when not in ("now", "next"):
        raise NotFound("desk.no_item", item=visit.request.path_params["item"])
    return bool(when == "next")


PROOF = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'",
}
"""A sheet has its style and logo inside. It has no origin, and runs nothing."""


def proof(visit: StaffVisit) -> Response:
    """The sheet of proof, as `dossier proof` gives it: to be looked at, printed, and (`?save=1`)
    kept."""
    name = visit.request.path_params["item"]
    key = item_view.find(visit.office, visit.actor, name).id
    html = sheets.render(auditing.prove(visit.office, visit.now, visit.actor, key), visit.language)
    headers = {**PROOF, "content-disposition": media.saved_as(f"{name}.html", not visit.field("save"))}
    return HTMLResponse(html, headers=headers)
