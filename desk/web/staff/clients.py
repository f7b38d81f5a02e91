"""Clients: the list that one searches, and the card of one with its dossier."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import HTMLResponse, JSONResponse, Response

from desk.actions import as_client, client_card, exporting, looking_up, offering
from desk.actions.sharing_lines import sharing_lines
from desk.web.shell.paging import leaf
from desk.web.shell.sending import PREVIEW
from desk.web.shell.zipping import ZippedFile, sent_zipped
from desk.web.staff.visit import StaffVisit, is_click
from dossier.database.tables import item_key
from dossier.office import hours
from workflow.items import dates
from workflow.reports.finding import Filter

PAGE_CLIENTS = 100
PAGE_ITEMS = 50
PAGE_PLACES = 40
"""Of the highest level of a dossier, and shown of each level below."""

SUGGESTED = 12
SHARE_STATES = ("private", "concept", "approved", "published", "returned", "withdrawn")


def client_list(visit: StaffVisit) -> Response:
    """All clients that this person may know of; with `?q=`, those that fit; `?for=new`, to make an
    item for one."""
    words = visit.field("q").strip()[:200]
    codes = looking_up.find_clients(visit.office, visit.actor, words)
    if visit.field("for") == "new":
        codes = [code for code in codes if visit.office.clients[code].active]
    return visit.page("clients.html", codes=leaf(visit, codes, PAGE_CLIENTS), words=words, is_for_new=visit.field("for") == "new")


def as_the_client(visit: StaffVisit) -> Response:
    """What the client sees now, on the portal's own page."""
    return HTMLResponse(as_client.of_client(visit.office, visit.actor, visit.request.path_params["client"]), headers=PREVIEW)


def export(visit: StaffVisit) -> Response:
    """The client's whole dossier in one archive, put together while it is sent."""
    code, internal = visit.request.path_params["client"], visit.field("internal") == "yes"
    parts = exporting.parts(visit.office, visit.now, visit.actor, code, internal)
    entries = (ZippedFile(f"{code}/{one.path}", one.at, one.size, one.pieces) for one in parts)
    return sent_zipped(entries, f"{code}.zip")


def suggest(visit: StaffVisit) -> Response:
    """The clients that what is being typed may mean, for a script that offers them."""
    codes = looking_up.find_clients(visit.office, visit.actor, visit.field("q").strip()[:200])[:SUGGESTED]
    return JSONResponse([offering.named(visit.office.clients[code].name, code) for code in codes])


def due(visit: StaffVisit) -> Response:
    """What must be done soon, or had to be: what this person sees to; with `?all=yes` the whole
    office's."""
    is_all = visit.field("all") == "yes"
    day = dates.horizon(visit.office, visit.now)
    found = looking_up.due(visit.office, visit.actor, day, owner=None if is_all else visit.actor.code)
    today = str(hours.today(visit.office, visit.now))
    return visit.page("due.html", dues=leaf(visit, found, PAGE_ITEMS), is_all=is_all, today=today, until=str(day))


def client(visit: StaffVisit) -> Response:
    """A client's card and dossier, filtered; counts as viewed."""
    code = visit.request.path_params["client"]
    may = client_card.check(visit.office, visit.actor, code)
    if visit.request.method == "GET" and is_click(visit.request):
        looking_up.note_client(visit.office, visit.now, visit.actor, code)
    chosen = {name: visit.field(name).strip()[:200] for name in ("location", "label", "type", "share", "q")}
    wanted = Filter(
        client=code, location=chosen["location"] or None, label=chosen["label"] or None, type=chosen["type"] or None,
        share_state=chosen["share"] if chosen["share"] in SHARE_STATES else None, words=chosen["q"],
    )  # fmt: skip
    after = visit.field("after")
    try:
        behind = item_key(after) if after else None
    except ValueError:
        behind = None
    found = looking_up.find_items(visit.office, visit.actor, wanted, PAGE_ITEMS + 1, behind)
    counts = client_card.counts(code, may)
    _, labels = client_card.used_lately(code, may)
    kept = {name: value for name, value in chosen.items() if value}
    return visit.page(
        "client.html", client=code, card=visit.office.clients[code], counted=counts, chosen=chosen,
        places=leaf(visit, counts.places, PAGE_PLACES, "places"),
        items=found[:PAGE_ITEMS], lines=sharing_lines(visit.office, found[:PAGE_ITEMS]), readers=client_card.readers(visit.office, code, may), labels=labels,
        types=list(offering.types(visit.office, visit.actor)), share_states=SHARE_STATES,
        more=urlencode({**kept, "after": found[PAGE_ITEMS - 1]["item"]}) if len(found) > PAGE_ITEMS else None,
        may_create=offering.may_make(visit.office, visit.actor, code),
    )  # fmt: skip
