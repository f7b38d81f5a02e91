"""The pages of the web portal, one function each: a `Visit` in, an answer out. What holds for all
of them: app.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from starlette.responses import Response

from desk.web.portal.visit import ClientVisit
from desk.web.shell.paging import leaf
from dossier.cluster import presence
from dossier.database.tables import item_key
from dossier.text import names
from workflow.portal_access import access, lines, openings
from workflow.portal_access.lines import bare


@dataclass(frozen=True, slots=True)
class Bundle:
    """What can be had in one archive: all that was `published` in a year, or is `about` it; `size`
    in bytes."""

    of: Literal["about", "published"]
    year: str
    size: int


PAGE_ITEMS = 50
"""Items on one page of a client's list."""

_ITEM = re.compile(r"D-[0-9]{4}-[0-9]{6,7}")
_GOAL = re.compile(rf"/(?:[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}/(?:{_ITEM.pattern})?)?")
"""Where a login may lead to: the start, a client's list, an item."""


def find(visit: ClientVisit, client: str, item: str) -> openings.PublicItem | None:
    """The item, if it is on the portal of this client now, and the visitor may see that."""
    if not visit.seats_for(client) or not _ITEM.fullmatch(item):
        return None
    return openings.find_shown(visit.office, [client], item_key(item))


def gone(visit: ClientVisit) -> Response:
    """What was withdrawn, is another client's, or never was: one answer. Whoever isn't logged in is
    sent to the login."""
    if visit.seats:
        return visit.page("message.html", 404, message="gone")
    asked = visit.request.path_params
    return to_login(visit, f"/{asked['client']}/{asked.get('item', '')}" if "client" in asked else "")


def to_login(visit: ClientVisit, goal: str) -> Response:
    """To the login, which leads to `goal`, if a login may lead there."""
    return visit.to(f"/_login?next={goal}" if _GOAL.fullmatch(goal) else "/_login")


# The pages


def start(visit: ClientVisit) -> Response:
    """To the list of their one client; with several, a choice."""
    if not visit.seats:
        return visit.to("/_login")
    if len(visit.clients) == 1:
        return visit.to(f"/{visit.clients[0]}/")
    choice = [(code, visit.office.clients[code].name) for code in visit.clients]
    return visit.page("clients.html", choice=sorted(choice, key=lambda one: bare(one[1])))


def login(visit: ClientVisit) -> Response:
    """Where an address is typed in; the answer is the same for each."""
    goal = visit.field("next") or "/"
    goal = goal if _GOAL.fullmatch(goal) else "/"
    if visit.request.method != "POST":
        return visit.to(goal) if visit.seats else visit.page("login.html", goal=goal, state="new")
    address = names.visible(visit.field("address")).strip()
    if not access.is_address(address):
        return visit.page("login.html", 422, goal=goal, state="wrong", address=address[: access.MAX_ADDRESS])
    wait = access.ask(visit.now, address, visit.peer, goal)
    if wait:
        answer = visit.page("message.html", 429, message="often", minutes=-(-wait // 60))
        answer.headers["retry-after"] = str(wait)
        return answer
    goes_out = bool(presence.daemons(visit.office, visit.now))
    return visit.page("login.html", goal=goal, state="asked", address=address, minutes=access.LINK_MINUTES, goes_out=goes_out)


def link(visit: ClientVisit) -> Response:
    """The page of a mailed link, and what its button does."""
    secret = visit.request.path_params["secret"]
    if visit.request.method == "POST":
        begun = access.log_in(visit.directory, visit.now, secret, visit.peer)
        if begun is not None:
            if visit.session is not None:
                access.log_out(visit.now, visit.session, visit.seats)
            answer = visit.to(begun[1].goal)
            visit.face.set_cookie(answer, visit.office, begun[0])
            return answer
    found = access.find_link(secret)
    if found is not None and visit.session is not None and visit.session.address == found.address:
        return visit.to(found.goal)  # they clicked it again, and are in
    language = found.language if found is not None else visit.language
    if found is not None and visit.request.method != "POST" and access.is_good(found, visit.now):
        return visit.page("link.html", language=language, secret=secret, address=found.address)
    goal = found.goal if found is not None else "/"
    return visit.page("login.html", 410, language=language, goal=goal, state="over", minutes=access.LINK_MINUTES)


def logout(visit: ClientVisit) -> Response:
    if visit.session is not None:
        access.log_out(visit.now, visit.session, visit.seats)
    answer = replace(visit, seats=()).page("message.html", language=visit.language, message="bye")
    visit.face.forget_cookie(answer, visit.office)
    return answer


def old_address(visit: ClientVisit) -> Response:
    """`/acme-bv/index.html?item=D-2026-000012`, as mails have it, for a folder behind a web server
    as well."""
    item = visit.request.query_params.get("item", "")
    goal = f"/{visit.request.path_params['client']}/{item if _ITEM.fullmatch(item) else ''}"
    return visit.to(goal) if visit.seats else to_login(visit, goal)


def client_list(visit: ClientVisit) -> Response:
    """All that a client sees, newest first: a page of it, what was published in a year or is about
    one, or what has these words."""
    client = visit.request.path_params["client"]
    seats = visit.seats_for(client)
    if not seats:
        return gone(visit)
    if not visit.request.url.path.endswith("/"):
        return visit.to(f"/{client}/")
    asked = visit.request.query_params
    words, year, paper = asked.get("q", "")[:200].strip(), asked.get("year", ""), asked.get("of", "")
    seen = lines.listed(visit.office, client)
    paper = paper if paper in seen.papers else ""
    year = year if year in seen.years and not (words or paper) else ""
    found = lines.some(seen.lines, published=year, about=paper, words=words)
    has_bundle = (paper or year) and not words
    bundle = Bundle("about" if paper else "published", paper or year, sum(line.size for line in found)) if has_bundle else None
    part = leaf(visit, found, PAGE_ITEMS)
    here = openings.load_shown(visit.office, client, part.rows)
    opened = openings.opened_by([seat.contact.id for seat in seats], [shown.edition for shown in here])
    groups = [(of, list(group)) for of, group in groupby(here, key=lambda shown: shown.what.published_at[:4])]
    return visit.page(
        "list.html", client=client, client_name=visit.office.clients[client].name, groups=groups, opened=opened,
        count=part.count, words=words, year=year, years=seen.years, paper=paper, papers=seen.papers, bundle=bundle,
        number=part.number, pages=part.pages,
    )  # fmt: skip


def item_page(visit: ClientVisit) -> Response:
    """An item alone: where mails lead, and what counts as opened."""
    client, item = visit.request.path_params["client"], visit.request.path_params["item"]
    shown = find(visit, client, item)
    if shown is None:
        return gone(visit)
    if visit.request.method == "GET":
        openings.record(visit.office, visit.now, visit.seats_for(client), shown)
    return visit.page("item.html", client=client, client_name=visit.office.clients[client].name, shown=shown)
