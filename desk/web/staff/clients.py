"""Clients: the list that one searches, and the card of one with its dossier."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from desk.actions import client_card
from desk.web.staff.visit import Visit
from dossier.database import readable
from dossier.database.tables import Item, item_key
from dossier.office import people
from workflow.reports import finding
from workflow.reports.finding import Filter

PAGE_CLIENTS = 100
PAGE_ITEMS = 50
SHARE_STATES = ("private", "concept", "approved", "published", "returned", "withdrawn")


def client_list(visit: Visit) -> Response:
    """All clients that this person may know of; with `?q=`, those that fit; `?for=new`, to make an item for one."""
    words, number = visit.field("q").strip()[:200], page_number(visit)
    codes = finding.find_clients(visit.office, words, people.readable(visit.office, visit.actor))
    here = codes[(number - 1) * PAGE_CLIENTS : number * PAGE_CLIENTS]
    return visit.page(
        "clients.html", codes=here, count=len(codes), words=words, number=number, pages=-(-len(codes) // PAGE_CLIENTS) or 1,
        is_for_new=visit.field("for") == "new",
    )  # fmt: skip


def page_number(visit: Visit) -> int:
    """`?page=`, from 1."""
    text = visit.field("page")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def client(visit: Visit) -> Response:
    """A client's card and dossier, filtered; counts as viewed."""
    code = visit.request.path_params["client"]
    may = client_card.check(visit.office, visit.actor, code)
    if visit.request.method == "GET":
        client_card.note_view(visit.actor, visit.now, code)
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
    found = finding.find_items(wanted, PAGE_ITEMS + 1, behind, may)
    places, count, without = client_card.places(code, may)
    total = (
        readable.only_items(Item.select().where(Item.client == code), may).count() if count >= client_card.MOST_PLACES else count
    )
    seen_count, seen_last, seen_unopened = client_card.seen_now(code, may)
    _, labels = client_card.used_lately(code, may)
    kept = {name: value for name, value in chosen.items() if value}
    return visit.page(
        "client.html", client=code, card=visit.office.clients[code], places=places, total=total, without=without, chosen=chosen,
        items=[finding.summary(item) for item in found[:PAGE_ITEMS]], seen_count=seen_count, seen_last=seen_last,
        seen_unopened=seen_unopened, readers=client_card.readers(visit.office, code), labels=labels,
        types=[name for name in visit.office.settings.types if name not in may.hidden_types], share_states=SHARE_STATES,
        more=urlencode({**kept, "after": finding.summary(found[PAGE_ITEMS - 1])["item"]}) if len(found) > PAGE_ITEMS else None,
        may_create=people.why_not_create(visit.office, visit.actor.code, code) is None,
    )  # fmt: skip
