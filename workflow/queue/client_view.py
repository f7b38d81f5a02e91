"""A client's portal for staff to look at: the portal's own page (pages.py) in one file.

It has its style and pictures inside, a banner on top that says what it is, no script, and leads to
the files of the one item in question at most, by their names. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from peewee import fn

from dossier.database.tables import Edition, Item, editions_of, item_name, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.text import clock
from workflow.messages.language import translator
from workflow.portal import pages
from workflow.portal.pages import PreviewNote, ShownItem
from workflow.portal.showing import extras_of, house_of, is_on_portal, may_show, newest_public, shown_item
from workflow.queue.pictures import Pictures

MOST_ITEMS = 50
"""Of a long portal only the newest are shown: it is made anew each time."""


def page(office: Office, code: str, items: Sequence[ShownItem], note: PreviewNote) -> str:
    """The page of a client, with these items."""
    client = office.clients.get(code)
    name, language = (client.name, client.language) if client else (code, "nl")
    return pages.index_html(house_of(office, code), name, language, items, note)


def only_the_newest(language: str, count: int) -> str:
    """That a page does not have all `count` items."""
    told = translator(language).gettext("Only the newest %(shown)d of %(count)d items are on it.")
    return told % {"shown": MOST_ITEMS, "count": count}


def whole(office: Office, code: str, person: str, pictures: Pictures) -> str:
    """All that the client sees now, as far as this person may know of it."""
    hidden, language = people.hidden_types(office, person), people.language_of(office, person)
    shown, count = newest_public(code, MOST_ITEMS, hidden) if is_on_portal(office, code) else ([], 0)
    banner = translator(language).gettext("This is what the client sees now.")
    if count > MOST_ITEMS:
        banner += " " + only_the_newest(language, count)
    return page(office, code, shown, PreviewNote(banner, language, "", "", pictures.of_public(code, shown)))


def now_key(office: Office, item: Item) -> int | None:
    """The edition of an item that the client sees now."""
    return item.public if item.public and may_show(office, item) else None


def next_key(office: Office, item: Item) -> int | None:
    """The edition that the client would see of an item that is to be shared, where that isn't what
    they see now: once it is approved or published; of what was returned as it was offered last."""
    if not (item.share and may_show(office, item)):
        return None
    if item.pending or item.standing != item.public:
        return item.pending or item.standing
    if item.share_state != "returned":
        return None
    query = Edition.select(fn.MAX(Edition.id)).where(editions_of(item.id))
    [(last,)] = tuples(query)
    return int(last) if last is not None else None


def edition(office: Office, item: Item, is_next: bool) -> Edition | None:
    """What the client would see of an item (`is_next`), or sees now."""
    key = (next_key if is_next else now_key)(office, item)
    found: Edition | None = Edition.get_by_id(key) if key else None
    return found


def of_item(office: Office, now: datetime, item: Item, person: str, pictures: Pictures, is_next: bool) -> str | None:
    """The client's page with this item alone: as it is there now, or (`is_next`) would be; None
    if it neither is nor would be."""
    shown = edition(office, item, is_next)
    if shown is None:
        return None
    name, language = item_name(item.id), people.language_of(office, person)
    made = {} if is_next else {(extra.item, extra.source): extra for extra in extras_of([item.id])}
    own = shown_item(clock.to_text(now) if is_next else str(item.published_at), item.id, shown.shown, item.location, made)
    if is_next:
        drawn = pictures.of_files(shown.shown["attachments"])
        own = replace(own, attachments=tuple(replace(file, picture=file.sha256) for file in own.attachments))
    else:
        drawn = pictures.of_public(item.client, [own])
    _ = translator(language).gettext
    banner = (
        _("This is what the client would see of %(item)s.") if is_next else _("This is what the client sees of %(item)s now.")
    )
    mark = _("Not on the portal yet") if is_next else _("On the portal")
    return page(office, item.client, [own], PreviewNote(banner % {"item": name}, language, name, mark, drawn, is_alone=True))
