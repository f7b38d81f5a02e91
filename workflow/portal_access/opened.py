"""Who opened what of an item, as staff are told of it. Reads only.

What contacts open is found and written down by openings.py, which needs the portal's pages.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from peewee import Expression

from dossier.database.prepared import Prepared
from dossier.database.tables import Item, Opening
from dossier.text import clock


class OpeningTold(TypedDict):
    """Who opened what of an item, as `show --json` tells it."""

    id: str
    """For whoever asks what came behind it."""
    contact: str
    file: str | None
    """None for the item's page."""
    sha256: str | None
    first_at: str | None
    last_at: str | None
    times: int
    current: bool
    """False for what is not on the portal any more."""


def openings_of(item: Item) -> list[OpeningTold]:
    """Who opened what of an item and when, first things first."""
    rows = Opening.select().where(Opening.item == item.id).order_by(Opening.first_at, Opening.name)
    return [
        {
            "id": hashlib.sha256(f"{row.edition} {row.contact} {row.name} {row.sha256}".encode()).hexdigest()[:16],
            "contact": row.contact,
            "file": row.name or None,
            "sha256": row.sha256 or None,
            "first_at": clock.local_iso(row.first_at),
            "last_at": clock.local_iso(row.last_at),
            "times": row.times,
            "current": row.edition == item.public,
        }
        for row in rows
    ]


def unopened() -> Expression:
    """The condition of items on the portal that nobody opened as they are there now."""
    return Item.public.is_null(False) & Item.public.not_in(Opening.select(Opening.edition))


_CONTACTS = Prepared(
    lambda keys: (
        Opening.select(Opening.item, Opening.contact, Opening.edition == Item.public)
        .join(Item, on=(Opening.item == Item.id))
        .where(Opening.item.in_(keys))
        .distinct()
    )
)


@dataclass(frozen=True, slots=True)
class Openers:
    """The contacts who opened something of an item."""

    now: set[str] = field(default_factory=set)
    """What is on the portal of it now."""
    ever: set[str] = field(default_factory=set)


def openers(keys: Sequence[int]) -> dict[int, Openers]:
    """Who opened something of each of these items, of those that somebody did; for lists."""
    found: dict[int, Openers] = defaultdict(Openers)
    for key, contact, is_now in _CONTACTS.rows(keys):
        found[key].ever.add(contact)
        if is_now:
            found[key].now.add(contact)
    return found
