"""What a client sees now as lines: sorted, counted and searched without reading each item.

What an edition says never changes, so its line is made once and kept in this process, for the
clients that were asked for last. The database says with one row whether anything that a client
sees was changed since (`Listing`); then what is on the portal now is asked of it anew. So whatever
was withdrawn is in no list from that moment. Whether an item still is what was approved is seen
when it is loaded to be shown (openings.load_shown).
"""

from __future__ import annotations

import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dossier.database import revisions
from dossier.database.tables import Edition, Item, Shown, chunks, item_name, plain_rows, tuples
from dossier.office.office import Office
from dossier.text import clock
from workflow.portal import showing
from workflow.portal.pages import papers_of, year_of

MOST_KEPT = 50_000
"""Lines that are kept, of all clients together; about 600 bytes each."""

CHUNK = 900
"""Editions that are asked for in one query."""


@dataclass(frozen=True, slots=True)
class Line:
    """An item that a client sees now, for a list: its key, its edition, and the day, local."""

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

As = tuple[int, tuple[str, ...]]
"""What a list was made of: the revision of what the client sees, and the hidden types."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a client saw when it was asked for last."""

    made_as: As
    by_row: Mapping[Row, Line]
    lines: Sequence[Line]
    """Newest first."""
    years: Sequence[str]
    """In which something of it was published, the last first."""
    papers: Sequence[str]
    """Which years it is about, the last first."""


_kept: OrderedDict[tuple[str, str], Listed] = OrderedDict()
"""(office, client) → what was listed; the clients that were asked for last at the end."""
_lock = threading.Lock()


def listed(office: Office, client: str) -> Listed:
    """All that a client sees now."""
    name, never = (str(office.root), client), showing.never_shared(office)
    # Before the rows are read: what is changed between the two has another revision at the next
    # look.
    made_as = (revisions.of_listing(client), tuple(never))
    with _lock:
        before = _kept.get(name)
        if before is not None:
            _kept.move_to_end(name)
    if before is not None and before.made_as == made_as:
        return before
    made = _made(made_as, _rows(client, never), before.by_row if before else {})
    _keep(name, made)
    return made


def some(lines: Sequence[Line], published: str = "", about: str = "", words: str = "") -> Sequence[Line]:
    """Those lines of that year, about this one, that have all words; "" is any."""
    if published:
        lines = [line for line in lines if line.published_at.startswith(published)]
    if about:
        lines = [line for line in lines if line.year == about]
    for word in bare(words).split():
        lines = [line for line in lines if word in line.text]
    return lines


def _made(made_as: As, rows: Sequence[Row], before: Mapping[Row, Line]) -> Listed:
    """`before`: lines that were made already."""
    found = {row: before[row] for row in rows if row in before}
    lacking = [row for row in rows if row not in found]
    for part in chunks(lacking, CHUNK):
        editions: object = Edition.select(Edition.id, Edition.shown).where(Edition.id.in_([row[1] for row in part]))
        shown = dict(tuples(editions))
        found |= {row: _line(*row, shown[row[1]]) for row in part if row[1] in shown}
    lines = sorted(found.values(), key=lambda line: (line.published_at, line.key), reverse=True)
    years = sorted({line.published_at[:4] for line in lines}, reverse=True)
    return Listed(made_as, found, lines, years, papers_of(line.year for line in lines))


def _keep(name: tuple[str, str], made: Listed) -> None:
    with _lock:
        _kept[name] = made
        _kept.move_to_end(name)
        while len(_kept) > 1 and sum(len(one.lines) for one in _kept.values()) > MOST_KEPT:
            _kept.popitem(last=False)


def _rows(client: str, never: Sequence[str]) -> list[Row]:
    wanted = (Item.id, Item.public, Item.published_at, Item.location)
    query = Item.select(*wanted).where((Item.client == client) & Item.public.is_null(False) & Item.standing.is_null(False))
    return plain_rows(query.where(Item.type.is_null() | Item.type.not_in(never)) if never else query)


def _line(key: int, edition: int, published_at: str, location: str | None, shown: Shown) -> Line:
    at, files = clock.local_iso(published_at) or "", shown["attachments"]
    words = [item_name(key), shown["description"], shown.get("explanation"), *(file["name"] for file in files)]
    size = sum(file["size"] for file in files)
    return Line(key, edition, at, year_of(shown["description"], location, at), size, bare(" ".join(filter(None, words))))


def bare(text: str) -> str:
    """Without accents and case: how the search of the portal's folder compares, too (search.js)."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return text.lower()
