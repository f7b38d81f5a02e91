"""A client's pages where all of the list stands on index.html: made and written by any process.

Of plain values, so that another process makes them while this one goes on (dossier/workers). Longer
lists are made by lists.py, which reads them from the database in parts.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dossier.files import files
from workflow.portal import pages
from workflow.portal.pages import Extra, House, ShownItem

if TYPE_CHECKING:
    from dossier.database.tables import Shown


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


class WholeList(NamedTuple):
    """What the pages are made of, and the folder that they are written into."""

    code: str
    client_name: str
    language: str
    house: House
    base_url: str
    items: Sequence[ListedItem]
    extras: Sequence[Extra]
    folder: Path


class WrittenPage(NamedTuple):
    """A page that lies ready, and its SHA-256."""

    path: Path
    digest: str


def write_whole(wanted: WholeList) -> dict[str, WrittenPage]:
    """Write the pages under new names; returns them in the order in which they may appear.

    Raises OSError, and has written nothing then.
    """
    made = {(extra.item, extra.source): extra for extra in wanted.extras}
    shown = [one.for_client(made) for one in wanted.items]
    house, name = wanted.house, wanted.client_name
    texts = {
        "index.html": pages.index_html(house, name, wanted.language, shown),
        # What items.json names is in index.html already: a program that reads one and then the
        # other misses nothing.
        "items.json": pages.items_json(wanted.code, shown),
        "feed.xml": pages.feed_xml(house.title, wanted.code, name, wanted.base_url, shown),
    }
    written: dict[str, WrittenPage] = {}
    try:
        for place, text in texts.items():
            data = text.encode()
            written[place] = WrittenPage(new_page(wanted.folder), hashlib.sha256(data).hexdigest())
            files.write_whole(written[place].path, data)
    except BaseException:
        for page in written.values():
            files.remove(page.path)
        raise
    return written


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
