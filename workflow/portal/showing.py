"""What a client's pages are made of: from the database to values for pages.py. Reads only."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import islice

from peewee import Expression, Tuple

from dossier.database.prepared import Prepared
from dossier.database.tables import Edition, Item, PageFile, Shown, among, item_name, plain_rows, tuples
from dossier.office.office import Office
from workflow.approval import fitting
from workflow.approval.fitting import Standing
from workflow.messages import firm, logo
from workflow.portal import pages
from workflow.portal.pages import Extra, House, ShownItem
from workflow.portal.whole_list import ListedItem

AT_ONCE = 500
"""Items of a client that are read at once."""


def is_on_portal(office: Office, code: str) -> bool:
    """True if the client may have a folder on the portal."""
    client = office.clients.get(code)
    return client is not None and client.active and client.portal


def never_shared(office: Office) -> list[str]:
    """The types of which nothing is shown to clients."""
    return [name for name, kind in office.settings.types.items() if kind.share == "never"]


def may_show(office: Office, item: Item) -> bool:
    """True if what stands of the item may be on the portal."""
    return is_on_portal(office, item.client) and item.type not in never_shared(office)


def editions(ids: Sequence[int]) -> dict[int, Edition]:
    """The editions with these ids."""
    return {edition.id: edition for edition in Edition.select().where(among(Edition.id, ids))}


_EXTRA = PageFile.name, PageFile.item, PageFile.source, PageFile.size
_EXTRAS = Prepared(lambda client: PageFile.select(*_EXTRA).where(PageFile.client == client))
_EXTRAS_OF = Prepared(lambda keys: PageFile.select(*_EXTRA).where(PageFile.item.in_(keys)))


def extras(code: str) -> list[Extra]:
    """The pictures and archives that are up for a client."""
    return [Extra(*row) for row in _EXTRAS.rows(code)]


def extras_of(items: Iterable[int]) -> list[Extra]:
    """The same of these items."""
    return [Extra(*row) for row in _EXTRAS_OF.rows(list(items))]


Place = tuple[str, int]
"""Where an item stands in a client's list: when it was published, and its number."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a round makes of what a client sees, before the database says so."""

    shown: Mapping[int, tuple[str | None, Edition] | None]
    """Item → since when and what is shown of it; None for nothing."""
    absent: Set[int]
    """Items that the database calls public, and that do not lie there yet."""
    made: Sequence[Extra]
    """Pictures and archives that go up in this round."""


def newest_first(
    code: str, changes: Changes, above: Place | None = None, upto: Place | None = None
) -> Iterator[tuple[Place, ShownItem]]:
    """What a client sees after these changes, newest first, between two places, with the second."""
    for some, up in portions(code, changes, above, upto):
        made = {(extra.item, extra.source): extra for extra in up}
        for one in some:
            yield _place_of(one), one.for_client(made)


def portions(
    code: str, changes: Changes, above: Place | None = None, upto: Place | None = None
) -> Iterator[tuple[list[ListedItem], list[Extra]]]:
    """The same as it is read: some items at a time, with what is up for them."""
    places = _locations([key for key, one in changes.shown.items() if one is not None])
    new = sorted(
        (
            ListedItem(item_name(key), key, one[0] or "", one[1].shown, places.get(key))
            for key, one in changes.shown.items()
            if one is not None
            and (above is None or (one[0] or "", key) > above)
            and (upto is None or (one[0] or "", key) <= upto)
        ),
        key=_place_of,
        reverse=True,
    )
    rows = heapq.merge(_public_rows(code, changes, above, upto), new, key=_place_of, reverse=True)
    while some := list(islice(rows, AT_ONCE)):
        yield some, [*extras_of(one.key for one in some), *changes.made]


def _place_of(one: ListedItem) -> Place:
    return one.published_at, one.key


def _public_rows(code: str, changes: Changes, above: Place | None, upto: Place | None) -> Iterator[ListedItem]:
    """What is public by the database, newest first, but for what changes: some rows at a time."""
    last: Place | None = None
    while rows := _public(above is not None, upto is not None, last is not None).plain_rows(code, *_given(above, upto, last)):
        for at, key, shown, location in rows:
            if key not in changes.shown and key not in changes.absent:
                yield ListedItem(item_name(key), key, at, shown, location)
        last = rows[-1][:2]


def _given(*places: Place | None) -> Iterator[str | int]:
    return (one for place in places if place is not None for one in place)


@cache
def _public(has_above: bool, has_upto: bool, goes_on: bool) -> Prepared:
    """What a client sees between such places, below where it goes on."""
    return Prepared(
        lambda code, *given: (
            Item.select(Item.published_at, Item.id, Edition.shown, Item.location)
            .join(Edition, on=(Item.public == Edition.id))
            .where(_between(code, given, has_above, has_upto, goes_on))
            .order_by(*NEWEST_FIRST)
            .limit(AT_ONCE)
        )
    )


@cache
def _standing(has_above: bool, has_upto: bool, goes_on: bool) -> Prepared:
    """The places of what stands of it."""
    return Prepared(
        lambda code, *given: (
            Item.select(Item.published_at, Item.id)
            .where(_between(code, given, has_above, has_upto, goes_on) & Item.standing.is_null(False))
            .order_by(*NEWEST_FIRST)
            .limit(AT_ONCE)
        )
    )


def _between(code: object, given: Sequence[object], has_above: bool, has_upto: bool, goes_on: bool) -> Expression:
    """As `is_among`; `given`: date and number of each place that there is."""
    places = iter([given[start : start + 2] for start in range(0, len(given), 2)])
    above, upto = (next(places) if has_above else None), (next(places) if has_upto else None)
    condition = is_among(code, above, upto)
    return condition & (Tuple(*next(places)) > STANDS) if goes_on else condition


STANDS = Tuple(Item.published_at, Item.id)
"""Where an item stands, in a query."""

NEWEST_FIRST = (Item.published_at.desc(), Item.id.desc())


def is_among(code: object, above: Sequence[object] | None, upto: Sequence[object] | None) -> Expression:
    """What a client sees above a place, up to and with another, as the condition of a query."""
    condition = (Item.client == code) & Item.public.is_null(False)
    if above is not None:
        condition &= Tuple(*above) < STANDS
    if upto is not None:
        condition &= Tuple(*upto) >= STANDS
    return condition


def standing_among(code: str, above: Place | None, upto: Place | None) -> Iterator[list[Standing]]:
    """What a client sees there and stands, as it was approved: some items at a time."""
    last: Place | None = None
    while rows := _standing(above is not None, upto is not None, last is not None).rows(code, *_given(above, upto, last)):
        yield fitting.standing(among(Item.id, [key for _, key in rows]), Item.public)
        last = rows[-1][:2]


_LOCATIONS = Prepared(lambda keys: Item.select(Item.id, Item.location).where(Item.id.in_(keys)))


def _locations(keys: list[int]) -> dict[int, str | None]:
    """The locations of these items."""
    return dict(_LOCATIONS.rows(keys))


def newest_public(code: str, most: int, hidden_types: Collection[str] = ()) -> tuple[list[ShownItem], int]:
    """The newest `most` of what a client sees, newest first; and how many there are in all. For a
    reader who must not know of items of `hidden_types`: of the others."""
    public = (Item.client == code) & Item.public.is_null(False)
    if hidden_types:
        public &= Item.type.is_null() | Item.type.not_in(list(hidden_types))
    newest = Item.select(Item.id).where(public).order_by(*NEWEST_FIRST).limit(most)
    query: object = (
        Item.select(Item.id, Item.published_at, Edition.shown, Item.location)
        .join(Edition, on=(Item.public == Edition.id))
        .where(among(Item.id, [key for (key,) in plain_rows(newest)]))
        .order_by(*NEWEST_FIRST)
    )
    rows = tuples(query)
    made = {(extra.item, extra.source): extra for extra in extras_of(row[0] for row in rows)}
    return [shown_item(at, key, shown, place, made) for key, at, shown, place in rows], Item.select().where(public).count()


def shown_item(
    published_at: str,
    key: int,
    shown: Shown,
    location: str | None,
    made: Mapping[tuple[int, str], Extra] | None = None,
) -> ShownItem:
    """What an edition shows, for pages.py; `made`: (item, source) → its pictures and archive."""
    return pages.shown_item(item_name(key), key, published_at, shown, location, made)


def houses(office: Office) -> Callable[[str | None], House]:
    """What tells what the firm has on the pages of a client; with None, on those that are
    nobody's. What is the same for all is found out once."""
    name, its_logo = firm.name_of(office), logo.find(office)
    return lambda code: House(office.settings.portal.title, name, its_logo, firm.ask_of(office, code))


def house_of(office: Office, code: str | None) -> House:
    """The same, of one client."""
    return houses(office)(code)


def look_of(office: Office, code: str, house: House | None = None) -> str:
    """See pages.look."""
    client = office.clients[code]
    return pages.look(house or house_of(office, code), office.settings.portal.base_url, code, client.name, client.language)
