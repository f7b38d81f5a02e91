"""A client's pages where all of the list stands on index.html: made and written by any process.

Of plain values, so that another process makes them while this one goes on (dossier/workers). Longer
lists are made by lists.py, which reads them from the database in parts.

What is older than all that changes is copied from the pages that lie there: an item more of a
client who has thousands is made as quickly as of one who has ten. That is done only if these pages
are, by their digests, those that were written down. They hold nothing else than what was held
against the trail when it was made, and all the text in them is escaped: what begins like a part of
the page is one. Else `NotAsWritten` is raised, and the publisher makes all of it anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dossier.files import files
from workflow.portal import pages
from workflow.portal.pages import Extra, House, ShownItem, Staying

if TYPE_CHECKING:
    from dossier.database.tables import Shown


MOST_BYTES = 64 * 1024 * 1024
"""Of a page: a list that stands on one has some megabytes."""

_YEAR, _OF_YEAR = '<h2 id="year-', re.compile('<h2 id="year-([0-9]{4})"')
_ARTICLE, _ABOUT = '<article id="', re.compile(' data-year="([0-9]{4})"')
"""How the items of a year begin on index.html, and each item; which year its paper is about."""

_ENTRY_END = "</entry>\n"


class NotAsWritten(Exception):
    """What lies on the portal is not what was written down."""


class ListedItem(NamedTuple):
    """An item that a client sees, as the database has it; `shown` may be the text that is there."""

    item: str
    key: int
    published_at: str
    shown: Shown | str
    location: str | None

    def for_client(self, made: Mapping[tuple[int, str], Extra]) -> ShownItem:
        """As it is shown; `made`: see pages.shown_item."""
        shown: Shown = json.loads(self.shown) if isinstance(self.shown, str) else self.shown
        return pages.shown_item(self.item, self.key, self.published_at, shown, self.location, made)


class OldPages(NamedTuple):
    """The pages that lie there, of which a part stays."""

    first: str
    """The newest item that stays as it is, and with it all that are older."""
    digests: Mapping[str, str]
    """Name → SHA-256 of the pages, as it was written down."""
    read: Callable[[str, int, int], Iterator[bytes]]
    """See FolderSite.pieces."""


class WholeList(NamedTuple):
    """What the pages are made of, and the folder that they are written into."""

    code: str
    client_name: str
    language: str
    house: House
    base_url: str
    items: Sequence[ListedItem]
    """Newest first; where a part stays, without it."""
    extras: Sequence[Extra]
    folder: Path
    old: OldPages | None = None


class WrittenPage(NamedTuple):
    """A page that lies ready, and its SHA-256."""

    path: Path
    digest: str


def write_whole(wanted: WholeList) -> dict[str, WrittenPage]:
    """Write the pages under new names; returns them in the order in which they may appear.

    Raises NotAsWritten; OSError, and has written nothing then.
    """
    made = {(extra.item, extra.source): extra for extra in wanted.extras}
    shown = [one.for_client(made) for one in wanted.items]
    house, name = wanted.house, wanted.client_name
    items, lines, entries = (None, b"", "") if wanted.old is None else _staying(wanted, wanted.old, len(shown))
    made_of = {
        "index.html": pages.index_html(house, name, wanted.language, shown, staying=items).encode(),
        # What items.json names is in index.html already: a program that reads one and then the
        # other misses nothing.
        "items.json": pages.items_json(wanted.code, shown, lines),
        "feed.xml": pages.feed_xml(house.title, wanted.code, name, wanted.base_url, shown, entries).encode(),
    }
    written: dict[str, WrittenPage] = {}
    try:
        for place, data in made_of.items():
            written[place] = WrittenPage(new_page(wanted.folder), hashlib.sha256(data).hexdigest())
            files.write_whole(written[place].path, data)
    except BaseException:
        for page in written.values():
            files.remove(page.path)
        raise
    return written


def _staying(wanted: WholeList, old: OldPages, count: int) -> tuple[Staying, bytes, str]:
    """What stays of index.html, of items.json and, below `count` items, of feed.xml."""
    index, lines, feed = (_as_written(wanted.code, name, old) for name in ("index.html", "items.json", "feed.xml"))
    try:
        return (
            _items_of(index.decode(), old.first),
            lines[lines.index(pages.items_json_begin(old.first)) :],
            _entries_of(feed.decode(), pages.feed_id(wanted.base_url, wanted.code, old.first), count),
        )
    except ValueError as error:
        raise NotAsWritten from error


def _as_written(code: str, name: str, old: OldPages) -> bytes:
    try:
        data = b"".join(old.read(f"{code}/{name}", 0, MOST_BYTES))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotAsWritten from error
    if hashlib.sha256(data).hexdigest() != old.digests.get(name):
        raise NotAsWritten
    return data


def _items_of(index: str, first: str) -> Staying:
    """The items from this one on, as they stand on index.html. ValueError: it is not there."""
    start = index.index(f'{_ARTICLE}{first}"')
    end = index.index("</div>", start)
    html = index[start:end]
    year_at = index.rindex(_YEAR, 0, start) + len(_YEAR)
    years = [index[year_at : year_at + 4], *_OF_YEAR.findall(html)]
    return Staying(html, html.count(_ARTICLE), years, sorted(set(_ABOUT.findall(html))))


def _entries_of(feed: str, first: str, count: int) -> str:
    """The entries of a feed from this one on, as many as there is room for below `count`.
    ValueError: they are not there."""
    room = pages.FEED_ENTRIES - count
    if room <= 0:
        return ""
    start, end = feed.index(f"<entry>\n<id>{first}</id>"), feed.rindex("</feed>")
    entries = feed[start:end].split(_ENTRY_END)[:-1]
    if len(entries) < room and feed.count(_ENTRY_END) == pages.FEED_ENTRIES:
        raise ValueError  # others stood behind the last of them
    return "".join(one + _ENTRY_END for one in entries[:room])


def get_ready(languages: Iterable[str]) -> None:
    """Load what pages in these languages are made with: it takes as long as the pages of dozens of
    items."""
    file = pages.ShownFile("report.pdf", 1, "0" * 64, "application/pdf")
    item = pages.ShownItem("D-2026-000001", "", None, "2026-01-01T00:00:00Z", (file,))
    for language in languages:
        pages.index_html(House(""), "", language, [item])
        pages.feed_xml("", "", "", "", [item])


def new_page(folder: Path) -> Path:
    """A name that nobody has for a page that is to be written there."""
    return folder / f"{secrets.token_hex(12)}.page"
