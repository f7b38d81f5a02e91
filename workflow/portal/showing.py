"""What a client's pages are made of: from the database to values that pages.py takes. Reads only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dossier.database.tables import Edition, Item, PageFile, item_name, tuples
from dossier.office.office import Office
from dossier.text import clock
from workflow.portal import pages
from workflow.portal.pages import Archive, ShownFile, ShownItem
from workflow.portal.placing import PAGES


def is_on_portal(office: Office, code: str) -> bool:
    """True if the client may have a folder on the portal."""
    client = office.clients.get(code)
    return client is not None and client.active and client.portal


def never_shared(office: Office) -> list[str]:
    """The types of which nothing is shown to clients."""
    return [name for name, kind in office.settings.types.items() if kind.share == "never"]


def may_show(office: Office, item: Any) -> bool:
    """True if what stands of the item may be on the portal."""
    return is_on_portal(office, item.client) and item.type not in never_shared(office)


def editions(ids: Sequence[int]) -> dict[int, Any]:
    """The editions with these ids."""
    found: dict[int, Any] = {}
    for start in range(0, len(ids), 900):
        found.update({edition.id: edition for edition in Edition.select().where(Edition.id.in_(ids[start : start + 900]))})
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
    query: Any = PageFile.select(PageFile.name, PageFile.item, PageFile.source, PageFile.size).where(PageFile.client == code)
    return [Extra(*row) for row in tuples(query)]


def public_items(code: str, changed: Mapping[int, tuple[str, Any] | None], up: Iterable[Extra] = ()) -> list[ShownItem]:
    """All that a client sees, newest first: what is public, but for what is `changed` to (time, edition), or to None."""
    query: Any = (
        Item.select(Item.id, Item.published_at, Edition.shown)
        .join(Edition, on=(Item.public == Edition.id))
        .where((Item.client == code) & Item.public.is_null(False))
    )
    entries = [(at, key, shown) for key, at, shown in tuples(query) if key not in changed]
    entries += [(one[0], key, one[1].shown) for key, one in changed.items() if one is not None]
    entries.sort(key=lambda entry: entry[:2], reverse=True)
    made = {(extra.item, extra.source): extra for extra in up}
    return [shown_item(at, key, shown, made) for at, key, shown in entries]


def newest_public(code: str, most: int) -> tuple[list[ShownItem], int]:
    """The newest `most` of what a client sees, newest first; and how many there are in all."""
    public = (Item.client == code) & Item.public.is_null(False)
    newest = Item.select(Item.id).where(public).order_by(Item.published_at.desc(), Item.id.desc()).limit(most)
    query: Any = (
        Item.select(Item.id, Item.published_at, Edition.shown)
        .join(Edition, on=(Item.public == Edition.id))
        .where(Item.id.in_([key for (key,) in tuples(newest)]))
        .order_by(Item.published_at.desc(), Item.id.desc())
    )
    return [shown_item(at, key, shown) for key, at, shown in tuples(query)], Item.select().where(public).count()


def shown_item(
    published_at: str, key: int, shown: Mapping[str, Any], made: Mapping[tuple[int, str], Extra] | None = None
) -> ShownItem:
    """What an edition shows, as pages.py takes it; `made`: (item, source) → its pictures and archive."""
    attachments = shown["attachments"]
    pictures = [made.get((key, one["sha256"])) for one in attachments] if made else [None] * len(attachments)
    seen = tuple(
        ShownFile(one["name"], one["size"], one["sha256"], one["media_type"], f"{PAGES}/{picture.name}" if picture else None)
        for one, picture in zip(attachments, pictures, strict=True)
    )
    packed = made.get((key, pages.archive_source(attachments))) if made and len(seen) > 1 else None
    archive = Archive(f"{PAGES}/{packed.name}", packed.size) if packed else None
    at = clock.shown(published_at) or ""
    return ShownItem(item_name(key), shown["description"], shown["explanation"], at, seen, archive)


def look_of(office: Office, code: str) -> str:
    """See pages.look."""
    client, portal = office.clients[code], office.settings.portal
    return pages.look(portal.title, portal.base_url, code, client.name, client.language)


def pages_of(office: Office, code: str, shown: Sequence[ShownItem]) -> dict[str, bytes]:
    """The pages of a client's folder, by name, in the order in which they may appear."""
    client, portal = office.clients[code], office.settings.portal
    return {
        **{f"{PAGES}/{name}": data for name, data in pages.static_files().items()},
        "items.json": pages.items_json(code, shown).encode(),
        "index.html": pages.index_html(portal.title, code, client.name, client.language, shown).encode(),
        "feed.xml": pages.feed_xml(portal.title, code, client.name, portal.base_url, shown).encode(),
    }


def digests(made: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each page."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
