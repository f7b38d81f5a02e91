"""A client as staff see it: the card, the dossier by location, what the client sees now and who of
them opened it. Reads only."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from peewee import Case, fn

from dossier.database import readable, revisions
from dossier.database.tables import Item, Opening, plain_rows, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text import clock
from dossier.text.refusals import NotFound

MOST_PLACES = 400
"""So many locations are shown as a tree."""


@dataclass(slots=True)
class Place:
    """A location of the dossier, with what is below it."""

    name: str
    path: str
    count: int = 0
    """Items here and below."""
    below: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """A contact, and what they did on the portal."""

    name: str
    email: str
    is_active: bool
    last_at: str | None
    """When they opened something last; ISO 8601, local."""
    items: int
    """How many of the items that are there now they opened."""


def check(office: Office, actor: Actor, code: str) -> Readable:
    """What this person may know of, if that includes the client `code`. Raises NotFound."""
    may = people.readable(office, actor)
    if code not in office.clients or not may.has(code):
        raise NotFound("desk.no_client", client=code)
    return may


def count_items(code: str, may: Readable) -> int:
    """How many items of the client the reader may know of."""
    return int(readable.only_items(Item.select().where(Item.client == code), may).count())


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of a client, for one reader."""

    places: Sequence[Place]
    """The dossier as a tree."""
    total: int
    """Items in all."""
    seen: int
    """How many items the client sees now."""
    seen_last: str | None
    """When the last of them came; ISO 8601, local."""
    seen_unopened: int
    """How many of them nobody opened."""


KEPT = 64
"""Of so many clients the counts are kept, with what the reader may know of."""

_counted: dict[tuple[str, Readable], tuple[int, Counts]] = {}
"""With the revision that they are of."""


def counts(code: str, may: Readable) -> Counts:
    """Counted anew only when something of the client was changed: a client may have a hundred
    thousand items."""
    revision, which = revisions.number(revisions.of_client(code)), (code, may)
    known = _counted.pop(which, None)
    if known is None or known[0] != revision:
        tree, total = _places(code, may)
        known = (revision, Counts(tree, total, *_seen_now(code, may)))
    _counted[which] = known  # the last one again
    for old in list(_counted)[:-KEPT]:
        _counted.pop(old, None)
    return known[1]


def _places(code: str, may: Readable) -> tuple[list[Place], int]:
    query = readable.only_items(Item.select(Item.location, fn.COUNT(Item.id)).where(Item.client == code), may)
    rows = tuples(query.group_by(Item.location).order_by(Item.location).limit(MOST_PLACES))
    roots: list[Place] = []
    for location, count in rows:
        level, path = roots, ""
        for name in [part for part in (location or "").split("/") if part]:
            path = f"{path}/{name}" if path else name
            place = next((one for one in level if one.name == name), None)
            if place is None:
                place = Place(name, path)
                level.append(place)
            place.count += count
            level = place.below
    roots.sort(key=lambda one: -int(one.name) if re.fullmatch("[0-9]{4}", one.name) else 0)  # the newest year first
    total = sum(count for _, count in rows) if len(rows) < MOST_PLACES else count_items(code, may)
    return roots, total


def _seen_now(code: str, may: Readable) -> tuple[int, str | None, int]:
    is_unopened = Case(None, [(Item.public.not_in(Opening.select(Opening.edition)), 1)], 0)
    query = Item.select(fn.COUNT(Item.id), fn.MAX(Item.published_at), fn.SUM(is_unopened))
    there = query.where((Item.client == code) & Item.public.is_null(False))
    [(count, last, unopened)] = tuples(readable.only_items(there, may))
    return count, clock.local_iso(last) if last else None, unopened or 0


def readers(office: Office, code: str, may: Readable) -> list[Reader]:
    """The client's contacts, and when each opened something last, of what this reader may know
    of."""
    its, readable_items = Item.select(Item.id).where(Item.client == code), readable.of_items(may)
    if readable_items is not None:
        its = its.where(readable_items)
    found = []
    for contact in office.clients[code].contacts:
        # not joined: other clients' contacts may be called the same
        mine = (Opening.contact == contact.id) & Opening.item.in_(its)
        query: Any = Opening.select(fn.MAX(Opening.last_at), fn.COUNT(fn.DISTINCT(Opening.item))).where(mine)
        [(last, count)] = tuples(query)
        found.append(Reader(contact.name, contact.email, contact.active, clock.local_iso(last) if last else None, count))
    return found


def used_lately(code: str, may: Readable) -> tuple[list[str], list[str]]:
    """(locations, labels) that the client's last items have, to be offered for the next one."""
    query = readable.only_items(Item.select(Item.location, Item.labels).where(Item.client == code), may)
    rows = plain_rows(query.order_by(Item.id.desc()).limit(200))
    locations = dict.fromkeys(location for location, _ in rows if location)
    labels = dict.fromkeys(label for text in dict.fromkeys(labels for _, labels in rows) for label in json.loads(text))
    return list(locations)[:20], list(labels)[:30]
