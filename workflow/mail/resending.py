"""What staff do with mail: send one again or to somebody else, try one again, call one off."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dossier.database.tables import Item, Mail, item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound, fault
from dossier.text.sentences import Sentence, packed, sentence
from dossier.trail import trail
from workflow.items import items
from workflow.messages.kinds import BUNDLE, READY
from workflow.outbox import addressees, outbox

if TYPE_CHECKING:
    from dossier.office.keys import Contact


def notify(office: Office, now: datetime, actor: Actor, key: int, wanted: str | None) -> Sentence:
    """Send an item's mail, again or to another; what will happen. In `transaction()`. Refusal.

    `wanted`: the contact's id or address; None: the item's own contact.
    """
    item = items.get_for(office, actor, key)
    refusal = people.why_not_create(office, actor.code, item.client)
    if refusal:
        raise Forbidden(refusal)
    contact = contact_of(office, item, wanted)
    is_offered = item.pending is not None and item.share  # what is approved inside the office goes on no portal
    if item.public is None and item.standing is None and not is_offered:
        raise Conflict("mail.nothing_on_portal", item=item_name(key), state=sentence(f"states.{item.share_state}"))
    if outbox.has(READY, key, contact.id, ("waiting",)):
        raise Conflict("mail.waits_already", item=item_name(key), contact=contact.id)
    outbox.forget_failed(READY, key)
    item.contact, item.notify = contact.id, True
    item.version += 1
    on_portal = item.public is not None and item.public == item.standing
    item.unsettled = item.unsettled or not on_portal
    item.save()
    trail.record(now, actor, "notify_asked", key, {"contact": contact.id, "email": contact.email})
    if on_portal:
        outbox.enqueue_to_contact(office, now, READY, item, item.client, contact.id)
        return sentence("mail.in_outbox", item=item_name(key), name=contact.name, email=contact.email)
    return sentence("mail.once_on_portal", item=item_name(key), name=contact.name, email=contact.email)


def retry(office: Office, now: datetime, actor: Actor, number: int) -> Sentence:
    """Try a mail that failed, was cancelled or waits again, from the first attempt on. Same.

    It keeps its Message-ID: it is the same mail. A digest is taken apart: its items go by
    themselves. Raises Refusal.
    """
    mail = _mail(office, actor, number)
    if mail.state == "sent":
        raise Conflict("mail.was_sent", mail=number, at=clock.to_the_minute(mail.sent_at))
    if mail.within and mail.state == "waiting":
        raise Conflict("mail.goes_with", mail=number, within=mail.within)
    if mail.kind == BUNDLE and mail.state != "waiting":
        parts = list(Mail.select().where((Mail.within == mail.id) & (Mail.state == mail.state)))
        if not parts:
            raise Conflict("mail.no_items_left", mail=number)
        Mail.update(state="cancelled", error=packed(sentence("mail.by_themselves"))).where(Mail.id == mail.id).execute()
    else:
        parts = [mail]
    for part in parts:
        is_untried = (part.state, part.attempts, part.unreached, part.within) == ("waiting", 0, 0, None)
        if is_untried and part.due_at <= clock.to_text(now):
            continue  # it is tried now anyway: somebody asked for it a moment ago
        if part.kind == READY:
            Item.update(notify=True).where((Item.id == part.item) & (Item.contact == part.recipient)).execute()
        again = {"state": "waiting", "attempts": 0, "unreached": 0, "error": None, "due_at": clock.to_text(now)}
        Mail.update(**again, within=None).where(Mail.id == part.id).execute()
        _record_by(now, actor, "mail_retried", part)
    is_to_contact = mail.kind in (READY, BUNDLE) and mail.client is not None
    contact = addressees.find_contact(office, str(mail.client), mail.recipient) if is_to_contact else None
    code = "mail.tried_with_digest" if contact is not None and contact.notify == "digest" else "mail.tried_again"
    return sentence(code, mail=number, name=mail.name, email=mail.email)


def cancel(office: Office, now: datetime, actor: Actor, number: int) -> Sentence:
    """Call off a mail that waits or failed. In `transaction()`. Raises Refusal."""
    mail = _mail(office, actor, number)
    if mail.state not in ("waiting", "failed"):
        code = "mail.was_on" if mail.sent_at else "mail.was"
        raise Conflict(code, mail=number, state=sentence(f"mail.state_{mail.state}"), at=clock.to_the_minute(mail.sent_at))
    parts = list(Mail.select().where((Mail.within == mail.id) & (Mail.state == mail.state))) if mail.kind == BUNDLE else []
    for part in [mail, *parts]:
        error = packed(sentence("mail.called_off_by", who=actor.code))
        Mail.update(state="cancelled", error=error).where(Mail.id == part.id).execute()
        if part.kind == READY:
            Item.update(notify=False).where(Item.id == part.item).execute()
        _record_by(now, actor, "mail_cancelled", part)
    return sentence("mail.called_off", mail=number, name=mail.name, email=mail.email)


def contact_of(office: Office, item: Item, wanted: str | None) -> Contact:
    """The active contact: `wanted` by id or address; None: the item's own. Raises Refusal, also for
    a name that is empty: it is not for the item's own contact what was for somebody else."""
    named = item.contact if wanted is None else wanted
    contact = addressees.find_contact(office, item.client, named) if named else None
    if contact is not None and contact.active:
        return contact
    client = office.clients.get(item.client)
    known = [one.id for one in client.contacts if one.active] if client else []
    contacts = known or sentence("mail.none_yet")
    code = "mail.no_active_contact" if named else "mail.say_who"
    raise Invalid([fault("contact", code, client=item.client, named=named, known=contacts)])


def _record_by(now: datetime, actor: Actor, action: str, mail: Mail) -> None:
    detail = {"mail": mail.id, "kind": mail.kind, "to": mail.recipient}
    trail.record(now, actor, action, mail.item, detail, None if mail.item else mail.client)


def _mail(office: Office, actor: Actor, number: int) -> Mail:
    mail = Mail.get_or_none(Mail.id == number)
    if mail is None:
        raise NotFound("mail.no_such_mail", mail=number)
    if mail.client is None:
        if not people.is_admin(office, actor.code):
            raise Forbidden("mail.only_an_admin", mail=number)
    elif refusal := people.why_not_create(office, actor.code, mail.client):
        raise Forbidden(refusal)
    return mail
