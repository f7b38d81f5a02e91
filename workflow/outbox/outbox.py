"""The outbox: who is to be told what. A mail is a row of the transaction that it tells of.

A row has a kind, a recipient by their code, and what else its letter is made of. What the kinds
mean is nothing to the outbox. What a letter says, where it goes and whether it may still go is
found out when it is sent (workflow/mail): so a mail goes to where config/ says at that moment, or
not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from dossier.database import readable
from dossier.database.tables import Item, Mail, item_name
from dossier.office.office import Office
from dossier.office.people import ALL, Actor, Readable
from dossier.text import clock
from dossier.text.sentences import packed, sentence, told, unpacked
from dossier.trail import trail
from workflow.messages.addresses import domain_of
from workflow.outbox import addressees
from workflow.outbox.addressees import Addressee


def enqueue_to_contact(
    office: Office,
    now: datetime,
    kind: str,
    item: Item | None,
    client: str,
    code: str,
    payload: Mapping[str, object] | None = None,
) -> int:
    """A letter to a contact, about an item or (None) not; its number. In `transaction()`.

    For a contact who has left it waits all the same: whoever sends it finds out, and tells who must
    know.
    """
    to = addressees.of_contact(office, client, code) or Addressee(code, "", office.settings.office.language)
    return enqueue(office, now, kind, item, client, code, to, payload or {})


def enqueue_to_staff(
    office: Office, now: datetime, kind: str, item: Item | None, code: str, payload: Mapping[str, object],
    due: datetime | None = None,
) -> list[int]:  # fmt: skip
    """A letter to staff, about an item or (None) not, now or when it is `due`; its number. In
    `transaction()`.

    Somebody who has left, or is not in config/staff.yaml, gets none.
    """
    to = addressees.of_staff(office, code)
    if to is None:
        return []
    return [enqueue(office, now, kind, item, item.client if item is not None else None, code, to, payload, due)]


def enqueue(
    office: Office,
    now: datetime,
    kind: str,
    item: Item | None,
    client: str | None,
    recipient: str,
    to: Addressee,
    payload: Mapping[str, object],
    due: datetime | None = None,
) -> int:
    """A letter to anybody, now or when it is `due`; its number. In `transaction()`."""
    domain = domain_of(office.settings.mail.sender)
    about = item_name(item.id) if item is not None else kind
    at = clock.to_text(now)
    number: int = Mail.insert(
        message_id=f"<{about}.{kind}.{secrets.token_hex(8)}@{domain}>", kind=kind, item=item.id if item is not None else None,
        client=client, recipient=recipient, name=to.name, email=to.email, language=to.language, payload=dict(payload),
        state="waiting", attempts=0, due_at=clock.to_text(due) if due else at, created_at=at, unreached=0,
    ).execute()  # fmt: skip
    return number


def has(kind: str, item: int, recipient: str | None, states: Sequence[str]) -> bool:
    """True if a mail of this kind about the item to the recipient is in one of these states."""
    wanted = (Mail.item == item) & (Mail.kind == kind) & (Mail.recipient == recipient)
    return bool(Mail.select().where(wanted & Mail.state.in_(list(states))).exists())


def last(kind: str, item: int, recipient: str) -> Mail | None:
    """The newest mail of this kind about the item to the recipient."""
    theirs = (Mail.item == item) & (Mail.kind == kind) & (Mail.recipient == recipient)
    found: Mail | None = Mail.select().where(theirs).order_by(Mail.id.desc()).first()
    return found


def forget_failed(kind: str, item: int) -> int:
    """Asked anew: this kind's failed mails about the item are in the way no more. How many.

    Call inside `transaction()`.
    """
    failed = (Mail.item == item) & (Mail.kind == kind) & (Mail.state == "failed")
    return int(Mail.update(state="cancelled").where(failed).execute())


def call_off(now: datetime, actor: Actor, kind: str, item: int) -> None:
    """Asked otherwise: this kind's mails about the item that wait or failed go to nobody any more.

    Call inside `transaction()`.
    """
    theirs = (Mail.item == item) & (Mail.kind == kind) & Mail.state.in_(["waiting", "failed"])
    for mail in list(Mail.select().where(theirs)):
        error = packed(sentence("mail.called_off_by", who=actor.code))
        Mail.update(state="cancelled", error=error).where(Mail.id == mail.id).execute()
        trail.record(now, actor, "mail_cancelled", item, {"mail": mail.id, "kind": kind, "to": mail.recipient})


def listing(state: str | None = None, limit: int = 0, may: Readable = ALL, language: str = "en") -> list[dict[str, object]]:
    """The outbox, newest first: what is in this state (None: any); `limit` 0: all.

    `may`: what the reader may know of.
    """
    query = readable.only_of_clients(Mail.select().order_by(Mail.id.desc()), Mail.client, Mail.item, may)
    if state:
        query = query.where(Mail.state == state)
    if limit:
        query = query.limit(limit)
    return [
        {
            "id": mail.id, "state": mail.state, "kind": mail.kind, "item": item_name(mail.item) if mail.item else None,
            "client": mail.client, "to": mail.recipient, "name": mail.name, "email": mail.email,
            "attempts": mail.attempts + mail.unreached, "error": mail.error and told(unpacked(mail.error), language),
            "created_at": clock.local_iso(mail.created_at),
            "due_at": clock.local_iso(mail.due_at) if mail.state == "waiting" else None, "sent_at": clock.local_iso(mail.sent_at),
            "message_id": mail.message_id, "goes_with": mail.within,
        }
        for mail in query
    ]  # fmt: skip
