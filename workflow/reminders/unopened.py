"""The one reminder to a contact who was told of an item and has not opened it.

Who opened what is known only where clients come through `dossier portal`. So that server leaves a
note that it runs, and nobody is reminded of what they were told before it first did, or while it
has not run for a day: they may have opened it in a folder behind another web server. A letter names
all that a contact has not opened; each edition is named once, ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dossier.database.database import transaction
from dossier.database.tables import Edition, Item, Note, Opening
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import trail
from workflow.messages.kinds import UNOPENED
from workflow.outbox import addressees, outbox
from workflow.portal.addresses import client_link, item_link
from workflow.portal_access import openings

if TYPE_CHECKING:
    from dossier.office.keys import Contact

SEEN, SINCE = "web portal seen", "web portal since"

FRESH_HOURS = 24
"""A portal that was not seen running for so long is not in use."""

AWAY_DAYS = 14
"""A portal that is back after so long is as good as new: it doesn't know what happened."""

PATIENCE_DAYS = 30
"""Whoever could not be reminded for so many days (no daemon ran) is reminded no more."""


def note_portal(now: datetime) -> None:
    """The web portal runs. To be noted at its start, and at least every few hours."""
    with transaction():
        if Note.read(SINCE) is None or (Note.read(SEEN) or "") < clock.to_text(now - timedelta(days=AWAY_DAYS)):
            Note.put(SINCE, clock.to_text(now))
        Note.put(SEEN, clock.to_text(now))


def portal_since(now: datetime) -> str | None:
    """Since when the web portal is in use; None if it is not."""
    is_fresh = (Note.read(SEEN) or "") >= clock.to_text(now - timedelta(hours=FRESH_HOURS))
    return Note.read(SINCE) if is_fresh else None


def remind(office: Office, now: datetime) -> int:
    """Remind contacts who are due; returns how many letters were put in the outbox."""
    days, since = office.settings.portal.remind_contact_days, portal_since(now)
    if not days or since is None:
        return 0
    last = now - timedelta(days=days)
    first = max(since, clock.to_text(last - timedelta(days=PATIENCE_DAYS)))
    due = Item.select().where(
        Item.public.is_null(False) & Item.standing.is_null(False) & Item.notified_at.between(first, clock.to_text(last))
    )
    found: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in due.order_by(Item.id):
        found[item.client, item.contact or ""].append(item)
    letters = 0
    for (code, contact_id), items in found.items():
        contact, client = addressees.find_contact(office, code, contact_id), office.clients.get(code)
        if contact is not None and contact.active and client is not None and client.active and client.portal:
            letters += _remind(office, now, code, contact, items)
    return letters


def _remind(office: Office, now: datetime, client: str, contact: Contact, items: Sequence[Item]) -> int:
    """One letter about the items that the contact has not opened and was not told of; or 0."""
    with transaction():
        keys = {item.id: openings.reminder_key(item.public or 0, contact.id) for item in items}
        new = [item for item in items if not _is_opened(item, contact.id) and Note.read(keys[item.id]) is None]
        if not new:
            return 0
        editions = {edition.id: edition for edition in Edition.select().where(Edition.id.in_([item.public for item in new]))}
        payload = {
            # As it was approved: the item itself may have been changed since.
            "descriptions": [editions[item.public or 0].shown["description"] for item in new],
            "editions": [item.public for item in new],
            "link": item_link(office, client, new[0].id) if len(new) == 1 else client_link(office, client),
        }
        outbox.enqueue_to_contact(office, now, UNOPENED, new[0] if len(new) == 1 else None, client, contact.id, payload)
        for item in new:
            Note.insert(key=keys[item.id], value=clock.to_text(now)).execute()
        told = {"to": contact.id}
        trail.record_all(now, [trail.NewEvent(trail.DAEMON, "contact_reminded", item.id, told) for item in new])
    return 1


def _is_opened(item: Item, contact: str) -> bool:
    """True if they opened it as it is on the portal now, or as it was, after they were told."""
    what = (Opening.item == item.id) & (Opening.contact == contact)
    return bool(
        Opening.select().where(what & ((Opening.edition == item.public) | (Opening.last_at >= item.notified_at))).exists()
    )
