"""Mails: sending one about an item (again), what waits or failed, trying again, calling off, and what one looks like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dossier.database.database import transaction
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.sentences import Sentence
from workflow.items import items
from workflow.mail import resending
from workflow.outbox import outbox
from workflow.reports import finding


@dataclass(frozen=True, slots=True)
class MailPreview:
    """A mail as its contact would get it now."""

    sender: str
    to: str
    subject: str
    text: str
    html: str
    fault: Sentence | None
    """What is wrong with the office's own template; the usual letter is shown then."""


def notify(office: Office, now: datetime, actor: Actor, key: int, contact: str | None = None) -> Sentence:
    """Send the mail about an item, again or to another contact; tells what becomes of it. Raises Refusal."""
    with transaction():
        return resending.notify(office, now, actor, key, contact)


def listing(office: Office, reader: Actor, state: str | None = None, most: int = 0, language: str = "en") -> list[dict[str, Any]]:
    """Mails as `outbox --json` tells them, newest first. `most` 0: all."""
    return outbox.listing(state, most, people.readable(office, reader), language)


def retry(office: Office, now: datetime, actor: Actor, number: int) -> Sentence:
    """Try a mail that failed, was called off, or waits, again now. It stays the same mail. Raises Refusal."""
    with transaction():
        return resending.retry(office, now, actor, number)


def cancel(office: Office, now: datetime, actor: Actor, number: int) -> Sentence:
    """Call off a mail that waits or failed. Raises Refusal."""
    with transaction():
        return resending.cancel(office, now, actor, number)


def preview(office: Office, now: datetime, reader: Actor, key: int, contact: str | None = None) -> MailPreview:
    """What a contact of the item would get. Sends nothing; counts as looking at the item. Raises Refusal."""
    from workflow.mail import sending

    found = items.get_for(office, reader, key)
    letter, to, fault = sending.preview(office, key, contact)
    finding.note_view(now, reader, found, "mail preview")
    wrong = None if fault is None else fault.sentence
    return MailPreview(office.settings.mail.sender, to, letter.subject, letter.text, letter.standalone, wrong)
