"""The outbox and SMTP. A mail is a row first, written with the change it tells of; then it is sent, at least once.

Once the server has said 250, the row is marked in a transaction of its own. Killed between the two: that one mail is sent
again, with the same Message-ID. No attempt is made to be exactly-once across that gap; SMTP can't (RFC 1047).

Trouble with one mail (4xx, 5xx) is that mail's. Trouble with the server (nobody answers, the login is refused) is
everybody's: what is due is put off together, and one line is logged. Either way publishing goes on.
"""

from __future__ import annotations

import os
import secrets
import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import structlog

from dossier import clock, files, trail
from dossier.database import transaction
from dossier.models import Item, Mail, item_name
from dossier.settings import Contact, Office
from workflow import access, messages, openings

log = structlog.get_logger("mail")

TIMEOUT_SECONDS = 30
"""How long any one step of the dialogue may take (RFC 5321 section 4.5.3.2 allows minutes; a relay of one's own is quicker)."""

FIRST_PAUSE_SECONDS, PAUSE_FACTOR, LONGEST_PAUSE_SECONDS = 5, 5, 4 * 3600
"""Pauses of 5 s, 25 s, 2 min, 10 min, 52 min, 4 h, 4 h: eight attempts take about ten hours."""

AT_ONCE = 100
"""Mails in one round, so that the daemon can stop between rounds."""


def enqueue_ready(office: Office, now: datetime, item: Any) -> None:
    """Tell the item's contact that something is ready. Call inside `transaction()`, with the item on the portal."""
    contact = find_contact(office, item.client, item.contact)
    if contact is None or not contact.active:
        item.notify = False
        trail.record(now, trail.DAEMON, "not_notified", item.id, {"contact": item.contact, "reason": "no such active contact"})
        reason = "this contact is not active any more"
        payload = {"description": item.description, "contact": item.contact or "", "reason": reason}
        enqueue_to_staff(office, now, "failed", item, item.created_by, payload)
        return
    payload = {"description": item.description, "link": item_link(office, item.client, item.id)}
    enqueue_to_contact(office, now, "ready", item, item.client, contact, payload)


def enqueue_to_contact(
    office: Office, now: datetime, kind: str, item: Any, client: str, contact: Contact, payload: Mapping[str, Any]
) -> None:
    """A letter to a client's contact, about an item or (None) not. Call inside `transaction()`."""
    language = contact.language or office.clients[client].language
    _enqueue(office, now, kind, item, client, contact.id, contact.name, contact.email, language, payload)


def item_link(office: Office, client: str, key: int) -> str:
    """Where the client finds an item. A folder behind a web server goes by what follows the `#`, which `dossier portal`,
    as a server, never sees: it goes by `item`."""
    name = item_name(key)
    return f"{office.settings.portal.base_url.rstrip('/')}/{client}/index.html?item={name}#{name}"


def enqueue_to_staff(office: Office, now: datetime, kind: str, item: Any, code: str, payload: Mapping[str, Any]) -> None:
    """A letter to a staff member, about an item or (None) not. Somebody who is not in config/staff.yaml gets none."""
    person = office.staff.get(code)
    if person is not None:
        client = item.client if item is not None else None
        _enqueue(office, now, kind, item, client, code, person.name, person.email, person.language, payload)


def _enqueue(
    office: Office,
    now: datetime,
    kind: str,
    item: Any,
    client: str | None,
    recipient: str,
    name: str,
    email: str,
    language: str,
    payload: Mapping[str, Any],
) -> None:
    domain = parseaddr(office.settings.mail.sender)[1].rpartition("@")[2] or "localhost"
    about = item_name(item.id) if item is not None else kind
    Mail.insert(
        message_id=f"<{about}.{kind}.{secrets.token_hex(8)}@{domain}>", kind=kind, item=item.id if item is not None else None,
        client=client, recipient=recipient, name=name, email=email, language=language,
        payload=dict(payload), state="waiting", attempts=0, due_at=clock.to_text(now), created_at=clock.to_text(now),
    ).execute()  # fmt: skip


def find_contact(office: Office, client: str, code: str | None) -> Contact | None:
    customer = office.clients.get(client)
    return next((contact for contact in customer.contacts if contact.id == code), None) if customer else None


def is_waiting_for(item: int) -> bool:
    """True if a "something is ready" mail about the item has not gone yet."""
    return bool(Mail.select().where((Mail.item == item) & (Mail.kind == "ready") & (Mail.state == "waiting")).exists())


def seconds_to_next(now: datetime) -> float | None:
    """Seconds until a mail is due; None if none waits."""
    first = Mail.select(Mail.due_at).where(Mail.state == "waiting").order_by(Mail.due_at).first()
    return max(0.0, (clock.from_text(first.due_at) - now).total_seconds()) if first else None


def send_due(office: Office, now: datetime) -> int:
    """Send what is due; returns how many mails the server accepted. Mail trouble is recorded, not raised."""
    due = list(
        Mail.select()
        .where((Mail.state == "waiting") & (Mail.due_at <= clock.to_text(now)))
        .order_by(Mail.due_at, Mail.id)
        .limit(AT_ONCE)
    )
    sent = 0
    server: smtplib.SMTP | None = None
    try:
        for index, mail in enumerate(due):
            if files.stopping.is_set():
                break
            if not _is_still_wanted(office, now, mail):
                continue
            if server is None:
                try:
                    server = _connect(office)
                except (OSError, smtplib.SMTPException) as error:
                    _put_off_all(office, now, due[index:], _words_of(error))
                    break
            if _send(office, now, server, mail):
                sent += 1
            else:  # the dialogue may be in any state: take a fresh connection
                _close(server)
                server = None
    finally:
        if server is not None:
            _close(server)
    return sent


def _connect(office: Office) -> smtplib.SMTP:
    mail = office.settings.mail
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if mail.security == "tls":
        server = smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_SECONDS)
    try:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.username:
            server.login(mail.username, os.environ.get(mail.password_env, ""))
    except BaseException:
        server.close()
        raise
    return server


def _close(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _send(office: Office, now: datetime, server: smtplib.SMTP, mail: Any) -> bool:
    """One mail. True if the server took it; else its row says what is to become of it."""
    payload = mail.payload
    if mail.kind == "login":
        link = access.new_link(office, now, mail.email, payload["goal"], mail.language)
        payload = {"link": link, "minutes": access.LINK_MINUTES}
    letter = messages.letter_of(
        office, mail.kind, mail.language, mail.name, mail.client, mail.item and item_name(mail.item), payload
    )
    message = messages.mime(
        letter,
        office.settings.mail.sender,
        mail.name,
        mail.email,
        mail.message_id,
        clock.from_text(mail.created_at),
        mail.language,
    )
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        _settle(office, now, mail, code >= 500, f"{code} {_decoded(text)}")
    except smtplib.SMTPResponseException as error:
        _settle(office, now, mail, 500 <= error.smtp_code < 600, f"{error.smtp_code} {_decoded(error.smtp_error)}")
    except smtplib.SMTPNotSupportedError:
        _settle(office, now, mail, True, "the mail server can't send to an address with such characters")
    except (OSError, smtplib.SMTPException) as error:
        _settle(office, now, mail, False, _words_of(error))
    else:
        _mark_sent(clock.utc_now(), mail)
        return True
    return False


def _mark_sent(now: datetime, mail: Any) -> None:
    with transaction():
        Mail.update(state="sent", sent_at=clock.to_text(now), attempts=Mail.attempts + 1, error=None).where(
            Mail.id == mail.id
        ).execute()
        if mail.kind == "ready":
            Item.update(notify=False, notified_at=clock.to_text(now)).where(Item.id == mail.item).execute()
        trail.record(
            now, trail.DAEMON, "notified", mail.item, {"kind": mail.kind, "to": mail.recipient, "message_id": mail.message_id}
        )
    log.info("mail sent", kind=mail.kind, to=mail.recipient, item=mail.item and item_name(mail.item))


def _settle(office: Office, now: datetime, mail: Any, final: bool, reason: str) -> None:
    """A mail that was not taken: tried again later, or failed for good and its maker told."""
    attempts = mail.attempts + 1
    failed = final or attempts >= office.settings.mail.max_attempts
    pause = min(FIRST_PAUSE_SECONDS * PAUSE_FACTOR ** (attempts - 1), LONGEST_PAUSE_SECONDS)
    with transaction():
        Mail.update(
            state="failed" if failed else "waiting",
            attempts=attempts,
            error=reason,
            due_at=clock.to_text(now + timedelta(seconds=pause)),
        ).where(Mail.id == mail.id).execute()
        if failed:
            trail.record(now, trail.DAEMON, "mail_failed", mail.item, {"kind": mail.kind, "to": mail.recipient, "reason": reason})
        if failed and mail.kind == "ready":
            item = Item.get_by_id(mail.item)
            payload = {"description": item.description, "contact": f"{mail.name} <{mail.email}>", "reason": reason}
            enqueue_to_staff(office, now, "failed", item, item.created_by, payload)
    log.warning("mail failed" if failed else "mail put off", kind=mail.kind, to=mail.recipient, reason=reason, attempts=attempts)


def _put_off_all(office: Office, now: datetime, mails: list[Any], reason: str) -> None:
    log.warning("the mail server can't be used", reason=reason, host=office.settings.mail.host, waiting=len(mails))
    for mail in mails:
        _settle(office, now, mail, False, reason)


def _is_still_wanted(office: Office, now: datetime, mail: Any) -> bool:
    """False, and the mail cancelled, if its contact has gone or the item was taken off the portal since."""
    if mail.kind in ("login", "unopened"):
        return _is_still_fitting(office, now, mail)
    if mail.kind != "ready":
        return True
    item = Item.get_by_id(mail.item)
    contact = find_contact(office, item.client, mail.recipient)
    if contact is not None and contact.active and item.public is not None:
        return True
    reason = "the item is not on the portal any more" if item.public is None else "this contact is not active any more"
    with transaction():
        Mail.update(state="cancelled", error=reason).where(Mail.id == mail.id).execute()
        Item.update(notify=False).where(Item.id == item.id).execute()
        trail.record(now, trail.DAEMON, "not_notified", item.id, {"contact": mail.recipient, "reason": reason})
        payload = {"description": item.description, "contact": mail.name, "reason": reason}
        enqueue_to_staff(office, now, "failed", item, item.created_by, payload)
    return False


def _is_still_fitting(office: Office, now: datetime, mail: Any) -> bool:
    """The same for letters that no staff member is told about: he who asked can ask again, and reminders come again."""
    contact = find_contact(office, mail.client, mail.recipient)
    reason = None
    if contact is None or not contact.active or contact.email != mail.email:
        reason = "this contact is not active any more, or has another address"
    elif mail.kind == "login" and mail.created_at <= clock.to_text(now - timedelta(minutes=access.LINK_MINUTES)):
        reason = "it could not be sent in time; the contact can ask for another"
    elif mail.kind == "unopened" and not openings.are_unopened(mail.recipient, mail.payload["editions"]):
        reason = "it was opened, or taken off the portal, meanwhile"
    if reason is None:
        return True
    with transaction():
        Mail.update(state="cancelled", error=reason).where(Mail.id == mail.id).execute()
        if mail.kind == "unopened":
            openings.forget_reminder(mail.recipient, mail.payload["editions"])
    return False


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _words_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refused the login: {error.smtp_code} {_decoded(error.smtp_error)}"
    if isinstance(error, OSError) and error.strerror:
        return f"the mail server can't be reached: {error.strerror}"
    return f"the mail server can't be used: {error}"
