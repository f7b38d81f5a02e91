"""Mails: sending one about an item (again), what waits or failed, trying again, calling off, and
what one looks like."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dossier.database.database import transaction
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.sentences import Sentence
from workflow.items import items
from workflow.mail import resending
from workflow.outbox import outbox
from workflow.reminders import reminders
from workflow.reports import viewed

if TYPE_CHECKING:
    from workflow.messages.composing import Letter
    from workflow.messages.letters import TemplateFault


def notify(office: Office, now: datetime, actor: Actor, key: int, contact: str | None = None) -> Sentence:
    """Send the mail about an item, again or to another contact; tells what becomes of it.

    Raises Refusal.
    """
    with transaction():
        return resending.notify(office, now, actor, key, contact)


def remind(office: Office, now: datetime, actor: Actor, key: int) -> Sentence:
    """Remind whoever is asked to decide on an item, at most once an hour; tells who that is.

    Raises Refusal.
    """
    with transaction():
        return reminders.remind_now(office, now, actor, key)


def listing(office: Office, reader: Actor, state: str | None = None, most: int = 0, language: str = "en") -> list[dict[str, Any]]:
    """Mails as `outbox --json` tells them, newest first. `most` 0: all."""
    return outbox.listing(state, most, people.readable(office, reader), language)


def retry(office: Office, now: datetime, actor: Actor, number: int) -> Sentence:
    """Try a mail that failed, was called off, or waits, again now.

    It stays the same mail. Raises Refusal.
    """
    with transaction():
        return resending.retry(office, now, actor, number)


def cancel(office: Office, now: datetime, actor: Actor, number: int) -> Sentence:
    """Call off a mail that waits or failed. Raises Refusal."""
    with transaction():
        return resending.cancel(office, now, actor, number)


def preview(
    office: Office, now: datetime, reader: Actor, key: int, contact: str | None = None
) -> tuple[Letter, str, TemplateFault | None]:
    """What a contact of the item would get, whom it goes to, and what is wrong with the office's
    own template.

    If anything is, it is the usual letter. Sends nothing; counts as looking at the item. Raises
    Refusal.
    """
    from workflow.mail import sending

    found = items.get_for(office, reader, key)
    made = sending.preview(office, key, contact)
    viewed.note_view(now, reader, found, "mail preview")
    return made
