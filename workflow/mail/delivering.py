"""What sending.py asks before, and tells after, an attempt: to whom, what, what became of it.

Name, address and language are looked up again before each attempt, and so is whether the item is
still on the portal, whether a link may still be asked for, whether it was opened meanwhile. What
must not go any more is called off, and the item's maker is told. The end of a mail is written down
in one transaction: in the outbox, in the item, in its history, and as a letter to its maker if
nobody could be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from peewee import SQL, Expression, fn

from dossier.database.database import transaction
from dossier.database.tables import Edition, Item, Mail, item_name, tuples
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence, packed, sentence
from dossier.trail import trail
from workflow.mail import noticing
from workflow.messages import letters
from workflow.messages.kinds import BUNDLE, LOGIN, NOTICES, READY, TO_CONTACTS, TOGETHER, UNOPENED
from workflow.outbox import addressees, notices, outbox
from workflow.outbox.addressees import Addressee
from workflow.outbox.pauses import LONGEST_SECONDS
from workflow.portal.addresses import item_link
from workflow.portal_access import access, openings, staff_access

log = structlog.get_logger("mail")

DIGEST_COLLECT_SECONDS, DIGEST_PAUSE_SECONDS = 300, 3600
"""A digest waits so long after its first item, and at least an hour after the last one."""

GONE = sentence("mail.contact_gone")


# Who gets it, and what it says


def addressee(office: Office, now: datetime, mail: Mail) -> Addressee | Sentence:
    """Where this mail goes now; else why it must not go any more."""
    if mail.kind == "anchor":
        return addressees.of_anchors(office) or sentence("mail.no_anchors")
    is_old = mail.created_at <= clock.to_text(now - timedelta(minutes=access.LINK_MINUTES))
    if mail.kind not in TO_CONTACTS:
        to = addressees.of_staff(office, mail.recipient)
        if to is None:
            return sentence("mail.staff_left")
        is_news = mail.kind in NOTICES or (mail.kind == "reminder" and "edition" in mail.payload)
        if is_news and (why := noticing.why_not(office, mail)):
            return why
        if mail.kind == staff_access.KIND and is_old:
            return sentence("mail.too_late")
        return to
    to = addressees.of_contact(office, mail.client or "", mail.recipient)
    if to is None:
        return GONE
    gone = Item.public.is_null() | Item.standing.is_null()
    if mail.kind == READY and Item.select().where((Item.id == mail.item) & gone).exists():
        return sentence("mail.not_on_portal")
    if mail.kind in (LOGIN, UNOPENED) and to.email != mail.email:
        return sentence("mail.another_address")
    if mail.kind == LOGIN and is_old:
        return sentence("mail.too_late_contact")
    if mail.kind == UNOPENED and not openings.are_unopened(mail.recipient, mail.payload["editions"]):
        return sentence("mail.opened_meanwhile")
    return to


def content(office: Office, now: datetime, mail: Mail) -> Mapping[str, object]:
    """What the letter is made of: of an item what is on the portal now; a new link to log in."""
    if mail.kind == LOGIN:
        link = access.new_link(office, now, mail.email, mail.payload["goal"], mail.language)
        return {"link": link, "minutes": access.LINK_MINUTES}
    if mail.kind == staff_access.KIND:
        link = staff_access.new_link(office, now, mail.recipient, mail.email, mail.payload["goal"])
        return {"link": link, "minutes": access.LINK_MINUTES}
    if mail.kind == READY:
        return _line(office, mail.item or 0)
    if mail.kind == BUNDLE:
        return {"items": [_line(office, part.item or 0) for part in _parts(mail)]}
    if mail.kind == TOGETHER:
        return noticing.content(office, _parts(mail))
    if mail.kind in NOTICES and mail.kind not in letters.OWN_KINDS:
        return noticing.content(office, [mail])
    return dict(mail.payload)


def _line(office: Office, key: int) -> dict[str, str]:
    item = Item.get_by_id(key)
    edition = Edition.get_by_id(item.public)
    return {"item": item_name(key), "description": edition.shown["description"], "link": item_link(office, item.client, key)}


# What became of it


def drop_unwanted(office: Office, now: datetime, mail: Mail) -> Addressee | None:
    """Where it goes; None, and it is cancelled and its maker told, if it must not go."""
    for part in _parts(mail):
        reason = addressee(office, now, part)
        if isinstance(reason, Sentence):
            _cancel_unwanted(office, now, part, reason)
    to: Addressee | Sentence = addressee(office, now, mail)
    if isinstance(to, Addressee) and mail.kind in (BUNDLE, TOGETHER) and not _parts(mail):
        to = sentence("mail.nothing_left")
    if isinstance(to, Addressee):
        if (to.name, to.email, to.language) != (mail.name, mail.email, mail.language):
            mail.name, mail.email, mail.language = to.name, to.email, to.language
            Mail.update(name=to.name, email=to.email, language=to.language).where(Mail.id == mail.id).execute()
        return to
    _cancel_unwanted(office, now, mail, to)
    return None


def _cancel_unwanted(office: Office, now: datetime, mail: Mail, reason: Sentence) -> None:
    with transaction():
        Mail.update(state="cancelled", error=packed(reason)).where(Mail.id == mail.id).execute()
        if mail.kind == READY:
            item = Item.get_by_id(mail.item)
            Item.update(notify=False).where(Item.id == item.id).execute()
            trail.record(now, trail.DAEMON, "not_notified", item.id, {"contact": mail.recipient, **trail.why(reason)})
            _tell_maker(office, now, item, mail.recipient, reason)
        elif mail.kind == UNOPENED:
            openings.forget_reminder(mail.recipient, mail.payload["editions"])
    log.warning("mail called off", kind=mail.kind, to=mail.recipient, item=mail.item and item_name(mail.item), reason=str(reason))


def mark_sent(now: datetime, mail: Mail, answer: str) -> None:
    """The server took it. Whatever happened to the row meanwhile: it went."""
    at = clock.to_text(now)
    went = {Mail.state: "sent", Mail.sent_at: at, Mail.error: None, Mail.unreached: 0}
    parts = [mail, *_parts(mail)]
    with transaction():
        for part in parts:
            Mail.update({**went, Mail.attempts: Mail.attempts + 1}).where(Mail.id == part.id).execute()
            if part.kind == READY:
                Item.update(notified_at=at).where(Item.id == part.item).execute()
                Item.update(notify=False).where((Item.id == part.item) & ~_is_another_told(part.recipient)).execute()
            told = {"kind": part.kind, "to": mail.recipient, "email": mail.email, "message_id": mail.message_id, "answer": answer}
            trail.record(now, trail.DAEMON, "notified", part.item, told)
    for part in parts:
        log.info("mail sent", kind=part.kind, to=mail.recipient, item=part.item and item_name(part.item), answer=answer)


def _is_another_told(recipient: str) -> Expression:
    """The condition that a mail about the item goes to another contact, who was chosen while the
    one to this `recipient` went."""
    theirs = (Mail.item == Item.id) & (Mail.kind == READY) & (Mail.recipient == Item.contact) & (Mail.state == "waiting")
    waits = Item.unsettled | fn.EXISTS(Mail.select(SQL("1")).where(theirs))
    return Item.contact.is_null(False) & (Item.contact != recipient) & waits


def mark_failed(office: Office, now: datetime, mail: Mail, reason: Sentence) -> None:
    """Not to be sent: told in the outbox, the history and to its maker. In `transaction()`."""
    parts = _parts(mail)
    for part in [mail, *parts]:
        Mail.update(state="failed", error=packed(reason)).where(Mail.id == part.id).execute()
        trail.record(now, trail.DAEMON, "mail_failed", part.item, {"kind": part.kind, "to": mail.recipient, **trail.why(reason)})
        if part.kind == READY:
            _tell_maker(office, now, Item.get_by_id(part.item), f"{mail.name} <{mail.email}>", reason)
    log.warning("mail failed", kind=mail.kind, to=mail.recipient, item=mail.item and item_name(mail.item), reason=str(reason))


def _tell_maker(office: Office, now: datetime, item: Item, contact: str, reason: Sentence) -> None:
    """The item's maker hears that `contact` got no mail; if the maker has left, the admins do."""
    payload = {"description": item.description, "contact": contact, "reason": packed(reason)}
    if addressees.of_staff(office, item.created_by):
        notices.tell(office, now, "failed", item.created_by, item, payload)
        return
    for code in people.admins(office):
        outbox.enqueue_to_staff(office, now, "failed", item, code, payload)


def _parts(mail: Mail) -> list[Mail]:
    """The mails that a digest stands for and that wait with it."""
    if mail.kind not in (BUNDLE, TOGETHER):
        return []
    return list(Mail.select().where((Mail.within == mail.id) & (Mail.state == "waiting")).order_by(Mail.id))


# When


def call_in(office: Office, now: datetime) -> None:
    """What was put off under a clock that has been put back since goes as soon as what is put off
    now: at once, but for what waits for the daily letter or until the office opens.

    Not inside `transaction()`.
    """
    longest = now + timedelta(seconds=LONGEST_SECONDS)
    ahead = (Mail.state == "waiting") & Mail.within.is_null() & (Mail.due_at > clock.to_text(longest))
    if not Mail.select().where(ahead).exists():
        return
    is_timed = Mail.kind.in_([*NOTICES, "reminder"])
    timed = clock.to_text(max(longest, hours.next_daily(office, now), hours.next_open(office, now)))
    with transaction():
        Mail.update(due_at=clock.to_text(now)).where(ahead & ~is_timed).execute()
        Mail.update(due_at=timed).where(ahead & is_timed & (Mail.due_at > timed)).execute()


# Digests


def gather(office: Office, now: datetime, at_once: bool = False) -> None:
    """Put the waiting mails of contacts with a digest into one, or off until it is time.

    So with the notices of staff; `at_once`: without waiting for what may follow.
    """
    notices.gather(office, now, at_once)
    at = clock.to_text(now)
    single = (Mail.state == "waiting") & (Mail.kind == READY) & Mail.within.is_null()
    for client, recipient in tuples(Mail.select(Mail.client, Mail.recipient).where(single & (Mail.due_at <= at)).distinct()):
        contact = addressees.find_contact(office, client, recipient)
        to = addressees.of_contact(office, client, recipient)
        if contact is None or to is None or contact.notify != "digest":
            continue
        mine = single & (Mail.client == client) & (Mail.recipient == recipient)
        with transaction():
            earliest = _next_digest(now, client, recipient, Mail.select().where(mine).order_by(Mail.created_at).get().created_at)
            if earliest > now:
                Mail.update(due_at=clock.to_text(earliest)).where(mine & (Mail.due_at <= at)).execute()
                continue
            number = outbox.enqueue(office, now, BUNDLE, None, client, recipient, to, {})
            Mail.update(within=number).where(mine).execute()


def _next_digest(now: datetime, client: str, contact: str, first: str) -> datetime:
    """When the next digest may go: minutes after its first item, an hour after the last.

    While one waits, that is an hour from now. What was noted under a clock that has been put back
    since counts as long ago.
    """
    came = clock.from_text(first)
    collected = came + timedelta(seconds=DIGEST_COLLECT_SECONDS) if came <= now else now
    mine = (Mail.client == client) & (Mail.recipient == contact) & (Mail.kind == BUNDLE)
    if Mail.select().where(mine & (Mail.state == "waiting")).exists():
        return now + timedelta(seconds=DIGEST_PAUSE_SECONDS)
    sent = mine & (Mail.state == "sent") & (Mail.sent_at <= clock.to_text(now))
    last = Mail.select(Mail.sent_at).where(sent).order_by(Mail.sent_at.desc()).first()
    return max(collected, clock.from_text(last.sent_at) + timedelta(seconds=DIGEST_PAUSE_SECONDS)) if last else collected
