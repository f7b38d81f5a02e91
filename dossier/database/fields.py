"""The fields of an item's type in a query: what SQLite and PostgreSQL say differently."""

from __future__ import annotations

from typing import Any

from peewee import SQL, fn

from dossier.database.database import is_shared
from dossier.database.tables import Item


def field(name: str) -> Any:
    """The text of this field of an Item, in a query; NULL if the item has none."""
    if is_shared():
        return fn.jsonb_extract_path_text(Item.fields.cast("jsonb"), name)
    quoted = name.replace('"', '\\"')
    return fn.json_extract(Item.fields, SQL("?", [f'$."{quoted}"']))


def day_before_it_was_made() -> object:
    """The day before an Item was made, in a query: no later than its day anywhere on earth."""
    made = fn.SUBSTR(Item.created_at, 1, 10)
    if is_shared():
        return fn.to_char(made.cast("date") - SQL("1"), "YYYY-MM-DD")
    return fn.date(made, "-1 day")
