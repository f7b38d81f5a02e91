"""What a client's pages are made of: from the database to values for pages.py. Reads only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dossier.database.tables import Edition, Item, PageFile, Shown, chunks, item_name, tuples
from dossier.office.office import Office
from dossier.text import clock
from workflow.messages import firm, logo
from workflow.portal import pages
from workflow.portal.pages import House, ShownFile, ShownItem, ZipOfAll
from workflow.portal.placing import PAGES


def is_on_portal(office: Office, code: str) -> bool:
    """True if the client may have a folder on the portal."""
    client = office.clients.get(code)
    return client is not None and client.active and client.portal


def never_shared(office: Office) -> list[str]:
    """The types of which nothing is shown to clients."""
    return [name for name, kind in office.settings.types.items() if kind.share == "never"]


def may_show(office: Office, item: Item) -> bool:
    """True if what stands of the item may be on the portal."""
    return is_on_portal(office, item.client) and item.type not in never_shared(office)


def editions(ids: Sequence[int]) -> dict[int, Edition]:
    """The editions with these ids."""
    found: dict[int, Edition] = {}
    for some in chunks(ids, 900):
        found.update({edition.id: edition for edition in Edition.select().where(Edition.id.in_(some))})
    return found


@dataclass(frozen=True, slots=True)
class Extra:
    """A picture or archive under _pages/: of which item, made of what (PageFile.source)."""

    name: str
    item: int
    source: str
    size: int


def extras(code: str) -> list[Extra]:
    """The pictures and archives that are up for a client."""
    query: object = PageFile.select(PageFile.name, PageFile.item, PageFile.source, PageFile.size).where(PageFile.client == code)
    return [Extra(*row) for row in tuples(query)]


def public_items(
    code: str, changed: Mapping[int, tuple[str | None, Edition] | None], up: Iterable[Extra] = ()
) -> list[ShownItem]:
    """All that a client sees, newest first: what is public, but for `changed` (time, edition)."""
    query: object = (
        Item.select(Item.id, Item.published_at, Edition.shown, Item.location)
        .join(Edition, on=(Item.public == Edition.id))
        .where((Item.client == code) & Item.public.is_null(False))
    )
    entries = [(at, key, shown, place) for key, at, shown, place in tuples(query) if key not in changed]
    new = {key: one for key, one in changed.items() if one is not None}
    entries += [(one[0], key, one[1].shown, place) for (key, one), place in zip(new.items(), _places(new), strict=True)]
    entries.sort(key=lambda entry: entry[:2], reverse=True)
    made = {(extra.item, extra.source): extra for extra in up}
    return [shown_item(at, key, shown, place, made) for at, key, shown, place in entries]


def _places(keys: Iterable[int]) -> list[str | None]:
    """The locations of these items."""
    wanted, found = list(keys), dict[int, str | None]()
    for some in chunks(wanted, 900):
        found |= dict(tuples(Item.select(Item.id, Item.location).where(Item.id.in_(some))))
    return [found.get(key) for key in wanted]


def newest_public(code: str, most: int) -> tuple[list[ShownItem], int]:
    """The newest `most` of what a client sees, newest first; and how many there are in all."""
    public = (Item.client == code) & Item.public.is_null(False)
    newest = Item.select(Item.id).where(public).order_by(Item.published_at.desc(), Item.id.desc()).limit(most)
    query: object = (
        Item.select(Item.id, Item.published_at, Edition.shown, Item.location)
        .join(Edition, on=(Item.public == Edition.id))
        .where(Item.id.in_([key for (key,) in tuples(newest)]))
        .order_by(Item.published_at.desc(), Item.id.desc())
    )
    rows = tuples(query)
    up = PageFile.select(PageFile.name, PageFile.item, PageFile.source, PageFile.size)
    extras = [Extra(*row) for row in tuples(up.where(PageFile.item.in_([row[0] for row in rows])))]
    made = {(extra.item, extra.source): extra for extra in extras}
    return [shown_item(at, key, shown, place, made) for key, at, shown, place in rows], Item.select().where(public).count()


def shown_item(
    published_at: str,
    key: int,
    shown: Shown,
    location: str | None,
    made: Mapping[tuple[int, str], Extra] | None = None,
) -> ShownItem:
    """What an edition shows, for pages.py; `made`: (item, source) → its pictures and archive."""
    attachments = shown["attachments"]
    pictures = [made.get((key, one["sha256"])) for one in attachments] if made else [None] * len(attachments)
    seen = tuple(
        ShownFile(one["name"], one["size"], one["sha256"], one["media_type"], f"{PAGES}/{picture.name}" if picture else None)
        for one, picture in zip(attachments, pictures, strict=True)
    )
    packed = made.get((key, pages.archive_source(attachments))) if made and len(seen) > 1 else None
    archive = ZipOfAll(f"{PAGES}/{packed.name}", packed.size) if packed else None
    at = clock.local_iso(published_at) or ""
    year = pages.year_of(shown["description"], location, at)
    return ShownItem(item_name(key), shown["description"], shown["explanation"], at, seen, archive, year)


def house_of(office: Office, code: str | None) -> House:
    """What the firm has on the pages of this client; with None, on those that are nobody's."""
    return House(office.settings.portal.title, firm.name_of(office), logo.find(office), firm.ask_of(office, code))


def look_of(office: Office, code: str) -> str:
    """See pages.look."""
    client = office.clients[code]
    return pages.look(house_of(office, code), office.settings.portal.base_url, code, client.name, client.language)


def pages_of(office: Office, code: str, shown: Sequence[ShownItem]) -> dict[str, bytes]:
    """The pages of a client's folder, by name, in the order in which they may appear.

    What items.json names is in index.html already: a program that reads one and then the other
    misses nothing.
    """
    client, portal, house = office.clients[code], office.settings.portal, house_of(office, code)
    return {
        **{f"{PAGES}/{name}": data for name, data in pages.static_files().items()},
        **({f"{PAGES}/{pages.LOGO}": house.logo.data} if house.logo else {}),
        "index.html": pages.index_html(house, client.name, client.language, shown).encode(),
        "items.json": pages.items_json(code, shown).encode(),
        "feed.xml": pages.feed_xml(portal.title, code, client.name, portal.base_url, shown).encode(),
    }


def digests(made: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each page."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
