"""What a reader may know of, as a condition of a query (people.readable). Reads only."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from peewee import SQL, BigIntegerField, CharField, Expression, Model, ModelSelect, fn

from dossier.database.tables import Binned, Drop, Event, Item, unsought
from dossier.office.people import Readable

M = TypeVar("M", bound=Model)

MANY = 2_000
"""With more items of some clients one of them is met soon on the way back through all."""


def only_items(query: ModelSelect[Item], may: Readable) -> ModelSelect[Item]:
    """`query` over Item, without what this reader must not know of, and what is in the bin."""
    query = query.where(Item.id.not_in(Binned.select(Binned.item)))
    condition = of_items(may)
    return query if condition is None else query.where(condition)


def count_items(may: Readable) -> int:
    """How many items this reader may know of. All, the bin, and those of hidden types are counted
    apart: quicker."""
    if may.clients is not None:
        return int(only_items(Item.select(), may).count())
    binned, hidden = Item.id.in_(Binned.select(Binned.item)), Item.type.in_(sorted(may.hidden_types))
    count = int(Item.select(fn.COUNT(SQL("*"))).scalar()) - int(Item.select(fn.COUNT(Item.id)).where(binned).scalar())
    return count - (Item.select().where(hidden & ~binned).count() if may.hidden_types else 0)


def of_items(may: Readable) -> Expression | None:
    """The condition that an Item meets which this reader may know of; None: all do."""
    condition = None
    if may.clients is not None:
        client = unsought(Item.client) if have_many_items(may.clients) else Item.client
        condition = client.in_(sorted(may.clients))
    if may.hidden_types:
        is_no_secret = Item.type.is_null() | Item.type.not_in(sorted(may.hidden_types))
        condition = is_no_secret if condition is None else condition & is_no_secret
    return condition


def have_many_items(clients: Collection[str]) -> bool:
    """True if the newest of these clients' items and events are found sooner by going back through
    all than by gathering theirs."""
    return bool(Item.select(Item.id).where(Item.client.in_(sorted(clients))).limit(1).offset(MANY).exists())


def only_events(query: ModelSelect[Event], may: Readable) -> ModelSelect[Event]:
    """`query` over Event, likewise: what is about no client is for whoever knows of all."""
    condition = of_items(may)
    if condition is None:
        return query
    of_an_item = fn.EXISTS(Item.select(SQL("1")).where((Item.id == Event.item) & condition))  # asked of each event
    if may.clients is None:
        return query.where(Event.item.is_null() | of_an_item)
    if have_many_items(may.clients):
        return query.where(of_an_item | (Event.item.is_null() & unsought(Event.subject).in_(sorted(may.clients))))
    theirs = Event.item.in_(Item.select(Item.id).where(condition))
    return query.where(theirs | (Event.item.is_null() & Event.subject.in_(sorted(may.clients))))


def only_of_clients(query: ModelSelect[M], client: CharField, item: BigIntegerField, may: Readable) -> ModelSelect[M]:
    """`query` over rows that have these columns, likewise."""
    if may.clients is not None:
        query = query.where(client.in_(sorted(may.clients)))
    if may.hidden_types:
        hidden = Item.select(Item.id).where(Item.type.in_(sorted(may.hidden_types)))
        query = query.where(item.is_null() | item.not_in(hidden))
    return query


def only_drops(query: ModelSelect[Drop], may: Readable) -> ModelSelect[Drop]:
    """`query` over Drop, likewise: what was refused of a type is hidden as its items are."""
    if may.hidden_types:
        query = query.where(Drop.of_type.is_null() | Drop.of_type.not_in(sorted(may.hidden_types)))
    return only_of_clients(query, Drop.client, Drop.item, may)
