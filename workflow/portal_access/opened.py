"""Who opened what of an item, as staff are told of it. Reads only.

What contacts open is found and written down by openings.py, which needs the portal's pages.
"""

from __future__ import annotations

from typing import TypedDict

from peewee import Expression

from dossier.database.tables import Item, Opening
from dossier.text import clock


class OpeningTold(TypedDict):
    """Who opened what of an item, as `show --json` tells it."""

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
