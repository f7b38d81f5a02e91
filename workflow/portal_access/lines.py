"""What a client sees now as lines of a list: sorted, counted and searched without reading what is in every item.

What an edition says never changes, so its line is made once and kept in this process, for the
clients that were asked for last. What is on the portal now is asked of the database each time, so
whatever was withdrawn is in no list from that moment. Whether an item still is what was approved
is seen when it is loaded to be shown (openings.load_shown).
"""

from __future__ import annotations

import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dossier.database.tables import Edition, Item, chunks, item_name, plain_rows, tuples
from dossier.office.office import Office
from dossier.text import clock
from workflow.portal import showing
from workflow.portal.pages import year_of

MOST_KEPT = 50_000
"""Lines that are kept, of all clients together; about 600 bytes each."""

CHUNK = 900
"""Editions that are asked for in one query."""


@dataclass(frozen=True, slots=True)
class Line:
    """An item that a client sees now, as far as it is needed for a list: its key, its edition, and the day, local."""

    key: int
    edition: int
    published_at: str
    year: str
    """Which year it is about (pages.year_of)."""
    size: int
    """Bytes of its files."""
    text: str
    """What a search finds it by, `bare`."""


Row = tuple[int, int, str, str | None]
"""Item, edition, when it was published, location, as the database has them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a client saw when it was asked for last."""

    rows: list[Row]
    by_row: Mapping[Row, Line]
    lines: list[Line]
    """Newest first."""


_kept: OrderedDict[tuple[str, str], Listed] = OrderedDict()
"""(office, client) → what was listed; the clients that were asked for last at the end."""
_lock = threading.Lock()


def list_lines(office: Office, client: str) -> list[Line]:
    """All that a client sees now, newest first."""
    rows: list[Row] = plain_rows(_public(office, client))
    name = (str(office.root), client)
    with _lock:
        before = _kept.get(name, Listed([], {}, []))
        if name in _kept:
            _kept.move_to_end(name)
    if rows == before.rows:
        return list(before.lines)
    found = {row: before.by_row[row] for row in rows if row in before.by_row}
    lacking = [row for row in rows if row not in found]
    for some in chunks(lacking, CHUNK):
        editions: Any = Edition.select(Edition.id, Edition.shown).where(Edition.id.in_([row[1] for row in some]))
        shown = dict(tuples(editions))
        found |= {row: _line(*row, shown[row[1]]) for row in some if row[1] in shown}
    lines = sorted(found.values(), key=lambda line: (line.published_at, line.key), reverse=True)
    _keep(name, Listed(rows, found, lines))
    return list(lines)


def _keep(name: tuple[str, str], listed: Listed) -> None:
    with _lock:
        _kept[name] = listed
        _kept.move_to_end(name)
        while len(_kept) > 1 and sum(len(one.lines) for one in _kept.values()) > MOST_KEPT:
            _kept.popitem(last=False)


def _public(office: Office, client: str) -> Any:
    wanted = (Item.id, Item.public, Item.published_at, Item.location)
    query: Any = Item.select(*wanted).where((Item.client == client) & Item.public.is_null(False) & Item.standing.is_null(False))
    never = showing.never_shared(office)
    return query.where(Item.type.is_null() | Item.type.not_in(never)) if never else query


def _line(key: int, edition: int, published_at: str, location: str | None, shown: Mapping[str, Any]) -> Line:
    at, files = clock.local_iso(published_at) or "", shown["attachments"]
    words = [item_name(key), shown["description"], shown.get("explanation"), *(file["name"] for file in files)]
    size = sum(file["size"] for file in files)
    return Line(key, edition, at, year_of(shown["description"], location, at), size, bare(" ".join(filter(None, words))))


def bare(text: str) -> str:
    """Without accents and case: how the search of the portal's folder compares, too (search.js)."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return text.lower()
