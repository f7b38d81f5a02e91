"""Finding items and clients, and looking at them. Only what the reader may know of is found or counted.

Whoever looks at an item is in its history. What cannot be found may also be what this person must
not know of: the answer is the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dossier.database import readable
from dossier.database.tables import Item, item_key
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.sentences import Sentence
from workflow.items import items
from workflow.reports import finding

NOT_NOTED = Sentence("actions.not_noted")


def find_items(
    office: Office, reader: Actor, wanted: finding.Filter, limit: int, after: int | None = None
) -> list[dict[str, Any]]:
    """Items as `items --json` tells them: the best match first if there are words, else the newest.

    `limit` 0: all. `after`: the key of the item behind which the list goes on.
    """
    may = people.readable(office, reader)
    return [finding.summary(item) for item in finding.find_items(wanted, limit, after, may)]


def show(office: Office, now: datetime, reader: Actor, key: int, how: str = "show") -> dict[str, Any]:
    """An item as `show --json` tells it; it is noted who looked at it, and `how`. Raises NotFound.

    Where that can't be noted, its `attention` says so.
    """
    found = items.get_for(office, reader, key)
    is_noted = finding.note_shown(now, reader, found, how)
    told = finding.whole(found, people.readable(office, reader))
    if not is_noted:
        told["attention"].append(NOT_NOTED)
    return told


def whole(office: Office, reader: Actor, key: int) -> dict[str, Any]:
    """An item as `show` tells it, for whoever just changed it; this is not a look. Raises NotFound."""
    return finding.whole(items.get_for(office, reader, key), people.readable(office, reader))


def find_clients(office: Office, reader: Actor, words: str) -> list[str]:
    """Codes of the clients that have these words, in order of name."""
    return finding.find_clients(office, words, people.readable(office, reader))


def recent(office: Office, reader: Actor) -> tuple[list[dict[str, Any]], list[str]]:
    """The items (as in a list) and the clients' codes that this person looked at last, the latest first."""
    may, keys = people.readable(office, reader), [item_key(name) for name in finding.recent(reader, "item")]
    known = {item.id: item for item in readable.only_items(Item.select().where(Item.id.in_(keys)), may)}
    codes = [code for code in finding.recent(reader, "client") if code in office.clients and may.has(code)]
    return [finding.summary(known[key]) for key in keys if key in known], codes
