"""The index of words made anew, where SQLite's is damaged.

Everything in it is in the items and their files: an item is found by its own words at once, by
those of its files once the daemon has read them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dossier.database import search
from dossier.database.tables import Attachment, Item, Removal, TextRow, chunks, tuples
from workflow.items import items


def make_anew() -> None:
    """Inside `transaction()`. Killed or failed: the index is as it was."""
    search.empty_indexes()
    for some in chunks([key for (key,) in tuples(Item.select(Item.id).order_by(Item.id))]):
        search.search_text(list(_rows(some)))


def _rows(keys: Sequence[int]) -> Iterator[TextRow]:
    names = defaultdict[int, list[str]](list)
    current = Attachment.select(Attachment.item, Attachment.name).where(Attachment.item.in_(keys) & Attachment.current)
    for key, name in tuples(current.order_by(Attachment.item, Attachment.position)):
        names[key].append(name)
    removed = {key for (key,) in tuples(Removal.select(Removal.item).where(Removal.item.in_(keys)))}
    for item in Item.select().where(Item.id.in_(keys)).order_by(Item.id):
        row = items.text_row(item.id, items.draft_of(item), names[item.id])
        yield (item.id, "", "", "", "", item.client) if item.id in removed else row
