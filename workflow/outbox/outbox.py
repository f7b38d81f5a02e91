"""The outbox: who is to be told what. A mail is a row first, written in the transaction of the change it tells of.

What waits is sent by sending.py. Here a mail is asked for, put together with others (digest), called off, tried again, and its
end written down: in the item, in its history, and to its maker if nobody could be told.

Name, address and language are looked up again before each attempt, and so is whether the item is still on the portal; so a
mail goes to where config/clients.yaml says at that moment, or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from dossier.database import readable
from dossier.database.database import transaction
from dossier.database.tables import Edition, Item, Mail, item_name, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import ALL, Actor, Readable
from dossier.text import clock
from dossier.text.refusals import Forbidden, Refusal
from dossier.trail import trail
from workflow.items import items
from workflow.messages.addresses import domain_of
from workflow.portal_access import access, openings, staff_access

if TYPE_CHECKING:
    from dossier.office.keys import Contact

log = structlog.get_logger("mail")

TO_CONTACTS = ("ready", "bundle", "login", "unopened")
"""Kinds of mail that go to a client's contact; all others go to staff."""

DIGEST_COLLECT_SECONDS, DIGEST_PAUSE_SECONDS = 300, 3600
"""A digest waits so long for more after its first item, and there is an hour at least between two of them."""

GONE = "this contact is not active any more"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a mail goes, as config/ says now."""

    name: str
    email: str
    language: str


# Asking for a mail


def enqueue_ready(office: Office, now: datetime, item: Any) -> None:
    """Tell the item's contact that something is ready. Call inside `transaction()`, with the item on the portal."""
    contact = find_contact(office, item.client, item.contact)
    if contact is None or not contact.active:
        _do_not_notify(office, now, item, item.contact or "", GONE)
        item.notify = False
        return
    due = _digest_due(now, item.client, contact.id) if contact.notify == "digest" else now
    _enqueue(office, now, "ready", item, item.client, contact.id, addressee_of(office, item.client, contact), {}, due)


def enqueue_to_contact(
    office: Office, now: datetime, kind: str, item: Any, client: str, contact: Contact, payload: Mapping[str, Any]
) -> None:
    """A letter to a client's contact, about an item or (None) not. Call inside `transaction()`."""
    _enqueue(office, now, kind, item, client, contact.id, addressee_of(office, client, contact), payload, now)


def enqueue_to_staff(office: Office, now: datetime, kind: str, item: Any, code: str, payload: Mapping[str, Any]) -> list[int]:
    """A letter to a staff member, about an item or (None) not; its number in the outbox.

    Somebody who has left, or is not in config/staff.yaml, gets none.
    """
    person = office.staff.get(code)
    if person is None or not person.active:
        return []
    client = item.client if item is not None else None
    to = Addressee(person.name, person.email, people.language_of(office, code))
    return [_enqueue(office, now, kind, item, client, code, to, payload, now)]


def enqueue_anchor(office: Office, now: datetime, line: str) -> None:
    """The trail's anchor to the mailbox that keeps them (trail.anchors_to). Call inside `transaction()`."""
    to = _anchors_mailbox(office)
    if to is not None:
        _enqueue(office, now, "anchor", None, None, "trail.anchors_to", to, {"line": line}, now)


def _anchors_mailbox(office: Office) -> Addressee | None:
    address = office.settings.trail.anchors_to
    return Addressee("", address, "en") if address else None


def tell_maker(office: Office, now: datetime, item: Any, contact: str, reason: str) -> None:
    """The item's maker hears that `contact` got no mail; if the maker has left, the admins do."""
    maker = office.staff.get(item.created_by)
    told = [item.created_by] if maker is not None and maker.active else people.admins(office)
    payload = {"description": item.description, "contact": contact, "reason": reason}
    for code in told:
        enqueue_to_staff(office, now, "failed", item, code, payload)


def _enqueue(
    office: Office,
    now: datetime,
    kind: str,
    item: Any,
    client: str | None,
    recipient: str,
    to: Addressee,
    payload: Mapping[str, Any],
    due: datetime,
) -> int:
    domain = domain_of(office.settings.mail.sender)
    about = item_name(item.id) if item is not None else kind
    number: int = Mail.insert(
        message_id=f"<{about}.{kind}.{secrets.token_hex(8)}@{domain}>", kind=kind, item=item.id if item is not None else None,
        client=client, recipient=recipient, name=to.name, email=to.email, language=to.language, payload=dict(payload),
        state="waiting", attempts=0, due_at=clock.to_text(due), created_at=clock.to_text(now), unreached=0,
    ).execute()  # fmt: skip
    return number


def find_contact(office: Office, client: str, code: str | None) -> Contact | None:
    """The contact of the client with this id or e-mail address."""
    customer = office.clients.get(client)
    wanted = (code or "").casefold()
    return next((c for c in customer.contacts if code == c.id or wanted == c.email.casefold()), None) if customer else None


def contact_of(office: Office, item: Any, wanted: str | None) -> Contact:
    """The active contact who is meant: `wanted` by id or address, else the item's own. Raises Refusal."""
    contact = find_contact(office, item.client, wanted or item.contact)
    if contact is not None and contact.active:
        return contact
    client = office.clients.get(item.client)
    known = ", ".join(one.id for one in client.contacts if one.active) if client else ""
    named = wanted or item.contact
    what = f"client {item.client} has no active contact `{named}`" if named else "say who gets the mail"
    raise Refusal(f"{what}: --contact ID; its contacts are: {known or 'none yet'}")


def is_asked_for(item: Any) -> bool:
    """True if the item's contact is to be told by a mail in the outbox: it waits, or failed and waits for a person."""
    waits = (Mail.item == item.id) & (Mail.kind == "ready") & (Mail.recipient == item.contact)
    return bool(Mail.select().where(waits & Mail.state.in_(("waiting", "failed"))).exists())


# What staff do with the outbox


def notify(office: Office, now: datetime, actor: Actor, key: int, wanted: str | None) -> str:
    """Send the mail about an item, again or to another contact; says what will happen. In `transaction()`. Raises Refusal.

    `wanted`: the contact's id or address; None: the item's own contact.
    """
    item = items.get_for(office, actor, key)
    refusal = people.why_not_create(office, actor.code, item.client)
    if refusal:
        raise Forbidden(refusal)
    contact = contact_of(office, item, wanted)
    if item.public is None and item.standing is None and item.pending is None:
        raise Refusal(f"{item_name(key)} is {item.share_state}: there is nothing on the portal to tell about")
    waiting = (Mail.item == key) & (Mail.kind == "ready") & (Mail.recipient == contact.id) & (Mail.state == "waiting")
    if Mail.select().where(waiting).exists():
        raise Refusal(f"a mail about {item_name(key)} to {contact.id} waits already; see: dossier outbox")
    forget_failed(key)
    item.contact, item.notify = contact.id, True
    item.version += 1
    on_portal = item.public is not None and item.public == item.standing
    item.unsettled = item.unsettled or not on_portal
    item.save()
    trail.record(now, actor, "notify_asked", key, {"contact": contact.id, "email": contact.email})
    if on_portal:
        enqueue_ready(office, now, item)
        return f"{item_name(key)}: a mail to {contact.name} <{contact.email}> is in the outbox"
    return f"{item_name(key)}: {contact.name} <{contact.email}> gets a mail once it is on the portal"


def retry(office: Office, now: datetime, actor: Actor, number: int) -> str:
    """Try a mail that failed, was cancelled or waits for its next attempt again now, from the first attempt on. In `transaction()`.

    It keeps its Message-ID: it is the same mail. A digest is taken apart: its items go by themselves. Raises Refusal.
    """
    mail = _mail(office, actor, number)
    if mail.state == "sent":
        raise Refusal(f"mail {number} was sent on {clock.shown(mail.sent_at)}; to send anew: dossier notify ITEM --contact ID")
    if mail.within and mail.state == "waiting":
        raise Refusal(f"mail {number} goes with mail {mail.within}; retry that one")
    if mail.kind == "bundle" and mail.state != "waiting":
        parts = list(Mail.select().where((Mail.within == mail.id) & (Mail.state == mail.state)))
        if not parts:
            raise Refusal(f"mail {number} has no items left to tell about")
        Mail.update(state="cancelled", error="its items are tried by themselves").where(Mail.id == mail.id).execute()
    else:
        parts = [mail]
    for part in parts:
        if part.kind == "ready":
            Item.update(notify=True).where(Item.id == part.item).execute()
        again = {"state": "waiting", "attempts": 0, "unreached": 0, "error": None, "due_at": clock.to_text(now)}
        Mail.update(**again, within=None).where(Mail.id == part.id).execute()
        _record_by(now, actor, "mail_retried", part)
    return f"mail {number} to {mail.name} <{mail.email}> is tried again now"


def cancel(office: Office, now: datetime, actor: Actor, number: int) -> str:
    """Call off a mail that waits or failed. In `transaction()`. Raises Refusal."""
    mail = _mail(office, actor, number)
    if mail.state not in ("waiting", "failed"):
        raise Refusal(f"mail {number} was {mail.state} already" + (f" on {clock.shown(mail.sent_at)}" if mail.sent_at else ""))
    parts = list(Mail.select().where((Mail.within == mail.id) & (Mail.state == mail.state))) if mail.kind == "bundle" else []
    for part in [mail, *parts]:
        Mail.update(state="cancelled", error=f"called off by {actor.code}").where(Mail.id == part.id).execute()
        if part.kind == "ready":
            Item.update(notify=False).where(Item.id == part.item).execute()
        _record_by(now, actor, "mail_cancelled", part)
    return f"mail {number} to {mail.name} <{mail.email}> is called off"


def listing(state: str | None = None, limit: int = 0, may: Readable = ALL) -> list[dict[str, Any]]:
    """The outbox for people and programs, newest first: what is in this state (None: any); `limit` 0: all.

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
            "attempts": mail.attempts + mail.unreached, "error": mail.error, "created_at": clock.shown(mail.created_at),
            "due_at": clock.shown(mail.due_at) if mail.state == "waiting" else None, "sent_at": clock.shown(mail.sent_at),
            "message_id": mail.message_id, "goes_with": mail.within,
        }
        for mail in query
    ]  # fmt: skip


def _record_by(now: datetime, actor: Actor, action: str, mail: Any) -> None:
    detail = {"mail": mail.id, "kind": mail.kind, "to": mail.recipient}
    trail.record(now, actor, action, mail.item, detail, None if mail.item else mail.client)


def _mail(office: Office, actor: Actor, number: int) -> Any:
    mail = Mail.get_or_none(Mail.id == number)
    if mail is None:
        raise Refusal(f"there is no mail {number} in the outbox")
    if mail.client is None:
        if not people.is_admin(office, actor.code):
            raise Refusal(f"only an admin may do this with mail {number}")
    elif refusal := people.why_not_create(office, actor.code, mail.client):
        raise Forbidden(refusal)
    return mail


def forget_failed(item: int) -> int:
    """Somebody asks anew: the mails about the item that failed are in the way no more. How many there were. In `transaction()`."""
    failed = (Mail.item == item) & (Mail.kind == "ready") & (Mail.state == "failed")
    return int(Mail.update(state="cancelled").where(failed).execute())


# What sending.py asks before, and tells after, an attempt


def addressee(office: Office, now: datetime, mail: Any) -> Addressee | str:
    """Where this mail goes now; else, in words, why it must not go any more."""
    if mail.kind == "anchor":
        return _anchors_mailbox(office) or "the trail's anchors are not mailed any more"
    if mail.kind not in TO_CONTACTS:
        person = office.staff.get(mail.recipient)
        if person is None or not person.active:
            return "this staff member has left"
        if mail.kind == "review" and not _to_review(office, mail):
            return "this staff member need not know of these items any more"
        if mail.kind == staff_access.KIND and mail.created_at <= clock.to_text(now - timedelta(minutes=access.LINK_MINUTES)):
            return "it could not be sent in time; another can be asked for"
        return Addressee(person.name, person.email, people.language_of(office, mail.recipient))
    contact = find_contact(office, mail.client, mail.recipient)
    if contact is None or not contact.active:
        return GONE
    gone = Item.public.is_null() | Item.standing.is_null()
    if mail.kind == "ready" and Item.select().where((Item.id == mail.item) & gone).exists():
        return "the item is not on the portal any more"
    if mail.kind in ("login", "unopened") and contact.email != mail.email:
        return "this contact has another address now"
    if mail.kind == "login" and mail.created_at <= clock.to_text(now - timedelta(minutes=access.LINK_MINUTES)):
        return "it could not be sent in time; the contact can ask for another"
    if mail.kind == "unopened" and not openings.are_unopened(mail.recipient, mail.payload["editions"]):
        return "it was opened, or taken off the portal, meanwhile"
    return addressee_of(office, mail.client, contact)


def addressee_of(office: Office, client: str, contact: Contact) -> Addressee:
    """Where a contact's mail goes, in which language."""
    return Addressee(contact.name, contact.email, contact.language or office.clients[client].language)


def content(office: Office, now: datetime, mail: Any) -> dict[str, Any]:
    """What the letter is made of: of an item, only what is on the portal at this moment; a new link, where it lets somebody in."""
    if mail.kind == "login":
        link = access.new_link(office, now, mail.email, mail.payload["goal"], mail.language)
        return {"link": link, "minutes": access.LINK_MINUTES}
    if mail.kind == staff_access.KIND:
        link = staff_access.new_link(office, now, mail.recipient, mail.payload["goal"])
        return {"link": link, "minutes": access.LINK_MINUTES}
    if mail.kind == "ready":
        return _line(office, mail.item)
    if mail.kind == "bundle":
        return {"items": [_line(office, part.item) for part in _parts(mail)]}
    if mail.kind == "review":
        return {"items": _to_review(office, mail), "more": mail.payload["more"]}
    return dict(mail.payload)


def _to_review(office: Office, mail: Any) -> list[dict[str, str]]:
    """The items of a review mail, without those that its reader may not know of (any more). Their words are in no mail's row."""
    dues = dict(mail.payload["items"])
    may = people.readable(office, Actor(mail.recipient, "mail"))
    found = readable.only_items(Item.select().where(Item.id.in_(list(dues)) & Item.type.is_null(False)), may).order_by(Item.id)
    return [
        {
            "item": item_name(item.id), "description": item.description, "since": dues[item.id],
            "client": office.clients[item.client].name if item.client in office.clients else item.client,
        }
        for item in found
    ]  # fmt: skip


def _line(office: Office, key: int) -> dict[str, str]:
    item = Item.get_by_id(key)
    edition = Edition.get_by_id(item.public)
    return {"item": item_name(key), "description": edition.shown["description"], "link": item_link(office, item.client, key)}


def item_link(office: Office, client: str, key: int) -> str:
    """Where the client finds an item. A folder behind a web server goes by what follows the `#`, which `dossier portal`,
    as a server, never sees: it goes by `item`."""
    name = item_name(key)
    return f"{office.settings.portal.base_url.rstrip('/')}/{client}/index.html?item={name}#{name}"


def drop_unwanted(office: Office, now: datetime, mail: Any) -> Addressee | None:
    """Where the mail goes; None, and it is cancelled and its maker told, if it must not go any more."""
    for part in _parts(mail) if mail.kind == "bundle" else ():
        reason = addressee(office, now, part)
        if isinstance(reason, str):
            _cancel_unwanted(office, now, part, reason)
    to: Addressee | str = addressee(office, now, mail)
    if isinstance(to, Addressee) and mail.kind == "bundle" and not _parts(mail):
        to = "nothing is left to tell about"
    if isinstance(to, Addressee):
        if (to.name, to.email, to.language) != (mail.name, mail.email, mail.language):
            mail.name, mail.email, mail.language = to.name, to.email, to.language
            Mail.update(name=to.name, email=to.email, language=to.language).where(Mail.id == mail.id).execute()
        return to
    _cancel_unwanted(office, now, mail, to)
    return None


def _cancel_unwanted(office: Office, now: datetime, mail: Any, reason: str) -> None:
    with transaction():
        Mail.update(state="cancelled", error=reason).where(Mail.id == mail.id).execute()
        if mail.kind == "ready":
            _do_not_notify(office, now, Item.get_by_id(mail.item), mail.recipient, reason)
        elif mail.kind == "unopened":
            openings.forget_reminder(mail.recipient, mail.payload["editions"])
    log.warning("mail called off", kind=mail.kind, to=mail.recipient, item=mail.item and item_name(mail.item), reason=reason)


def _do_not_notify(office: Office, now: datetime, item: Any, contact: str, reason: str) -> None:
    Item.update(notify=False).where(Item.id == item.id).execute()
    trail.record(now, trail.DAEMON, "not_notified", item.id, {"contact": contact, "reason": reason})
    tell_maker(office, now, item, contact, reason)


def mark_sent(now: datetime, mail: Any, answer: str) -> None:
    """The server took it. Whatever happened to the row meanwhile: it went."""
    at = clock.to_text(now)
    went = {Mail.state: "sent", Mail.sent_at: at, Mail.error: None, Mail.unreached: 0}
    with transaction():
        for part in [mail, *_parts(mail)]:
            Mail.update({**went, Mail.attempts: Mail.attempts + 1}).where(Mail.id == part.id).execute()
            if part.kind == "ready":
                Item.update(notify=False, notified_at=at).where(Item.id == part.item).execute()
            told = {"kind": part.kind, "to": mail.recipient, "email": mail.email, "message_id": mail.message_id, "answer": answer}
            trail.record(now, trail.DAEMON, "notified", part.item, told)
    log.info("mail sent", kind=mail.kind, to=mail.recipient, item=mail.item and item_name(mail.item), answer=answer)


def mark_failed(office: Office, now: datetime, mail: Any, reason: str) -> None:
    """Not to be sent: seen in the outbox and in the item's history, and its maker gets a letter. In `transaction()`."""
    parts = _parts(mail)
    for part in [mail, *parts]:
        Mail.update(state="failed", error=reason).where(Mail.id == part.id).execute()
        trail.record(now, trail.DAEMON, "mail_failed", part.item, {"kind": part.kind, "to": mail.recipient, "reason": reason})
        if part.kind == "ready":
            tell_maker(office, now, Item.get_by_id(part.item), f"{mail.name} <{mail.email}>", reason)
    log.warning("mail failed", kind=mail.kind, to=mail.recipient, item=mail.item and item_name(mail.item), reason=reason)


def _parts(mail: Any) -> list[Any]:
    """The mails that a digest stands for and that wait with it."""
    if mail.kind != "bundle":
        return []
    return list(Mail.select().where((Mail.within == mail.id) & (Mail.state == "waiting")).order_by(Mail.id))


# Digests


def gather(office: Office, now: datetime) -> None:
    """Put the waiting mails of contacts who want a digest into one, where it is time for it."""
    at = clock.to_text(now)
    due = Mail.select(Mail.client, Mail.recipient).where(
        (Mail.state == "waiting") & (Mail.kind == "ready") & Mail.within.is_null() & (Mail.due_at <= at)
    )
    for client, recipient in tuples(due.distinct()):
        contact = find_contact(office, client, recipient)
        if contact is None or contact.notify != "digest" or not contact.active:
            continue
        with transaction():
            mine = (Mail.state == "waiting") & (Mail.kind == "ready") & (Mail.client == client) & (Mail.recipient == recipient)
            earliest = _last_digest(now, client, recipient)
            if earliest > now:
                Mail.update(due_at=clock.to_text(earliest)).where(mine & Mail.within.is_null() & (Mail.due_at <= at)).execute()
                continue
            to = addressee_of(office, client, contact)
            number = _enqueue(office, now, "bundle", None, client, recipient, to, {}, now)
            Mail.update(within=number).where(mine & Mail.within.is_null()).execute()


def _digest_due(now: datetime, client: str, contact: str) -> datetime:
    return max(now + timedelta(seconds=DIGEST_COLLECT_SECONDS), _last_digest(now, client, contact))


def _last_digest(now: datetime, client: str, contact: str) -> datetime:
    """When the next digest may go: an hour after the last went; while one waits, an hour from now."""
    mine = (Mail.client == client) & (Mail.recipient == contact) & (Mail.kind == "bundle")
    if Mail.select().where(mine & (Mail.state == "waiting")).exists():
        return now + timedelta(seconds=DIGEST_PAUSE_SECONDS)
    last = Mail.select(Mail.sent_at).where(mine & (Mail.state == "sent")).order_by(Mail.sent_at.desc()).first()
    return clock.from_text(last.sent_at) + timedelta(seconds=DIGEST_PAUSE_SECONDS) if last else now
