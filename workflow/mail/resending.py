"""What staff do with mail: send one about an item again or to somebody else, try one again, call one off."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dossier.database.tables import Item, Mail, item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Forbidden, Refusal
from dossier.trail import trail
from workflow.items import items
from workflow.messages.kinds import BUNDLE, READY
from workflow.outbox import addressees, outbox

if TYPE_CHECKING:
    from dossier.office.keys import Contact


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
    if outbox.has(READY, key, contact.id, ("waiting",)):
        raise Refusal(f"a mail about {item_name(key)} to {contact.id} waits already; see: dossier outbox")
    outbox.forget_failed(READY, key)
    item.contact, item.notify = contact.id, True
    item.version += 1
    on_portal = item.public is not None and item.public == item.standing
    item.unsettled = item.unsettled or not on_portal
    item.save()
    trail.record(now, actor, "notify_asked", key, {"contact": contact.id, "email": contact.email})
    if on_portal:
        outbox.enqueue_to_contact(office, now, READY, item, item.client, contact.id)
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
    if mail.kind == BUNDLE and mail.state != "waiting":
        parts = list(Mail.select().where((Mail.within == mail.id) & (Mail.state == mail.state)))
        if not parts:
            raise Refusal(f"mail {number} has no items left to tell about")
        Mail.update(state="cancelled", error="its items are tried by themselves").where(Mail.id == mail.id).execute()
    else:
        parts = [mail]
    for part in parts:
        if part.kind == READY:
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
    parts = list(Mail.select().where((Mail.within == mail.id) & (Mail.state == mail.state))) if mail.kind == BUNDLE else []
    for part in [mail, *parts]:
        Mail.update(state="cancelled", error=f"called off by {actor.code}").where(Mail.id == part.id).execute()
        if part.kind == READY:
            Item.update(notify=False).where(Item.id == part.item).execute()
        _record_by(now, actor, "mail_cancelled", part)
    return f"mail {number} to {mail.name} <{mail.email}> is called off"


def contact_of(office: Office, item: Any, wanted: str | None) -> Contact:
    """The active contact who is meant: `wanted` by id or address, else the item's own. Raises Refusal."""
    contact = addressees.find_contact(office, item.client, wanted or item.contact)
    if contact is not None and contact.active:
        return contact
    client = office.clients.get(item.client)
    known = ", ".join(one.id for one in client.contacts if one.active) if client else ""
    named = wanted or item.contact
    what = f"client {item.client} has no active contact `{named}`" if named else "say who gets the mail"
    raise Refusal(f"{what}: --contact ID; its contacts are: {known or 'none yet'}")


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
