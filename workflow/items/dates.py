"""Dates on which something must be done: an item's, its fields', its review's, a client's.

    due      the day that its `due` says
    review   the day in its type's review_field; without one, review_months after its last change
    field    the day in any other date field of its type. One before the item was made is none: it
             tells of something that was, a birth or a signature

Items that are closed, in the bin or removed rest, and so does all of a client who has gone. Reads
only.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from peewee import SQL, Expression, Field, fn

from dossier.database import readable
from dossier.database.fields import day_before_it_was_made, field
from dossier.database.tables import Binned, Event, Item, Removal, among, chunks, tuples
from dossier.office import hours, people
from dossier.office.item_types import is_date, review_due
from dossier.office.office import Office
from dossier.office.people import ALL, Readable
from dossier.text import clock

if TYPE_CHECKING:
    from dossier.office.keys import ItemType

CHUNK = 500


@dataclass(frozen=True, slots=True)
class DueDate:
    day: date
    kind: Literal["due", "review", "field", "client"]
    name: str | None
    """What the field, or the client's date, is called."""
    client: str
    item: Item | None = None
    """The item's row; None for a date of the client."""


def horizon(office: Office, now: datetime) -> date:
    """The last day that people are told of today: what is due until then is listed."""
    return hours.today(office, now) + timedelta(days=office.settings.items.due_days)


def until(office: Office, day: date, may: Readable = ALL) -> list[DueDate]:
    """All that is due by this day, earliest first, that the reader may know of."""
    found = [*of_items(office, day, may), *of_clients(office, day, may)]
    return sorted(found, key=lambda one: (one.day, one.client, one.item.id if one.item is not None else 0))


def of_items(office: Office, day: date, may: Readable = ALL) -> Iterator[DueDate]:
    """The dates of items on this day or before."""
    # By their keys, which an index has: where somebody had the database analyzed, all items were
    # passed over one by one.
    due = [row[0] for row in tuples(Item.select(Item.id).where(Item.due.is_null(False) & (Item.due <= str(day))))]
    rest = Item.due.is_null() | (Item.due > str(day))
    dated = [(name, kind) for name, kind in office.settings.types.items() if kind.review_months or "date" in kind.fields.values()]
    own = (among(Item.id, some) for some in chunks(sorted(due)))
    for chosen in (*own, *((Item.type == name) & rest & _may_be_due(kind, day) for name, kind in dated)):
        yield from (one for one in _of_chosen(office, chosen, may) if one.day <= day)


def _may_be_due(kind: ItemType, day: date) -> object:
    """The condition that an Item of this type may be due. `_of_item` says whether it is.

    Only those are read: of a hundred thousand open items that are due later, that takes a tenth of
    the time.
    """
    parts = []
    for name, what in kind.fields.items():
        if what == "date":
            is_until = _is_like_a_date(field(name)) & (field(name) <= str(day))
            parts.append(is_until if name == kind.review_field else is_until & (field(name) >= day_before_it_was_made()))
    # No month is shorter; two days more, wherever the office is. A term of two thousand years is
    # never over.
    days = 28 * (kind.review_months or 0) - 2
    if 0 < days < day.toordinal() - 366:
        since = clock.to_text(clock.begin_of(day - timedelta(days=days)))
        changes = (Event.item == Item.id) & Event.action.in_(["created", "amended"]) & (Event.at >= since)
        is_old = (Item.created_at < since) & ~fn.EXISTS(Event.select(SQL("1")).where(changes))
        said = field(kind.review_field) if kind.review_field else None
        parts.append(is_old if said is None else is_old & (said.is_null() | ~_is_like_a_date(said)))
    return functools.reduce(operator.or_, parts, SQL("1 = 0"))


def _is_like_a_date(said: Field) -> Expression:
    return fn.LENGTH(said) == 10


def of_item(office: Office, item: Item) -> list[DueDate]:
    """The dates of one item, whatever its status is."""
    return _of_item(office, item, _last_changes(office, [item.id]).get(item.id))


def of_clients(office: Office, day: date, may: Readable = ALL) -> Iterator[DueDate]:
    """The dates of clients on this day or before."""
    for code, client in office.clients.items():
        if client.dates and client.active and may.has(code):
            yield from (DueDate(at, "client", name, code) for name, at in client.dates.items() if at <= day)


def owners(office: Office, one: DueDate) -> list[str]:
    """Who sees to it.

    An item's owner, else its maker; a client's default approver. If they have left or may not know
    of it any more: the maker, then the staff of its type, then the admins.
    """
    item = one.item
    kind = item.type if item is not None else None

    def may(code: str) -> bool:
        return people.why_not_own(office, code, one.client, kind) is None

    named = [item.owner, item.created_by] if item is not None else [people.default_approver(office, one.client)]
    if able := [code for code in named if code is not None and may(code)]:
        return able[:1]
    of_type = office.settings.types[kind].staff or () if kind in office.settings.types else ()
    return [code for code in of_type if may(code)] or people.admins(office)


def _of_chosen(office: Office, chosen: object, may: Readable) -> Iterator[DueDate]:
    """The dates of these items, without those that rest."""
    chosen &= Item.status.not_in(office.settings.items.closed)
    chosen &= Item.id.not_in(Binned.select(Binned.item)) & Item.id.not_in(Removal.select(Removal.item))
    clients = {code for code, client in office.clients.items() if client.active}
    after = 0
    while rows := list(readable.only_items(Item.select().where(chosen & (Item.id > after)), may).order_by(Item.id).limit(CHUNK)):
        after = rows[-1].id
        items = [item for item in rows if item.client in clients]
        types = office.settings.types
        changing = [item.id for item in items if item.type in types and types[item.type].review_months]
        changed = _last_changes(office, changing)
        for item in items:
            yield from _of_item(office, item, changed.get(item.id))


def _of_item(office: Office, item: Item, changed: date | None) -> list[DueDate]:
    found = [DueDate(date.fromisoformat(item.due), "due", None, item.client, item)] if item.due else []
    kind = office.settings.types.get(item.type or "")
    if kind is None:
        return found
    made = hours.today(office, clock.from_text(item.created_at))
    review = review_due(kind, item.fields, changed or made)
    if review is not None:
        found.append(DueDate(review, "review", kind.review_field, item.client, item))
    for name, day in _dates(kind, item.fields).items():
        if name != kind.review_field and day >= made:
            found.append(DueDate(day, "field", name, item.client, item))
    return found


def _dates(kind: ItemType, fields: Mapping[str, str]) -> dict[str, date]:
    """The date fields with their days. A value may be older than the field is a date."""
    given = {name: fields.get(name, "") for name, what in kind.fields.items() if what == "date"}
    return {name: date.fromisoformat(text) for name, text in given.items() if is_date(text)}


def _last_changes(office: Office, keys: list[int]) -> dict[int, date]:
    """Item → the day, at the office, that it was made or last changed."""
    changes = Event.item.in_(keys) & Event.action.in_(["created", "amended"])
    found = tuples(Event.select(Event.item, fn.MAX(Event.at)).where(changes).group_by(Event.item)) if keys else []
    return {key: hours.today(office, clock.from_text(at)) for key, at in found}
