"""What a notice to staff says, and whether it is still news: looked up when it is sent.

Of an item, the words are those it has at that moment, and nobody is told of what they may not know
of any more. What was decided meanwhile is not asked for, and what went meanwhile has not failed.
"""

from __future__ import annotations

from collections.abc import Sequence

from dossier.database.tables import Asked, Binned, Edition, Item, Mail, item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.sentences import Sentence, packed, sentence, unpacked
from workflow.items import dates
from workflow.messages import firm
from workflow.messages.kinds import READY
from workflow.messages.language import day
from workflow.outbox.addressees import find_contact

LISTED = 100
"""Notices named in one letter; of more, how many there are."""


def why_not(office: Office, mail: Mail) -> Sentence | None:
    """Why this notice must not go any more; None if it may."""
    if mail.kind == "reminder":
        return (
            None
            if _is_asked(mail, Item.get_or_none(Item.pending == mail.payload["edition"]))
            else sentence("mail.nothing_to_decide")
        )
    item = Item.get_or_none(Item.id == mail.item) if mail.item is not None else None
    if not people.may_read(office, Actor(mail.recipient, "mail"), mail.client or "", item.type if item is not None else None):
        return sentence("mail.need_not_know")
    if mail.kind == "decide" and not _is_asked(mail, item):
        return sentence("mail.nothing_to_decide")
    if mail.kind == "failed":
        went = (Mail.item == mail.item) & (Mail.kind == READY) & (Mail.state == "sent") & (Mail.sent_at >= mail.created_at)
        if Mail.select().where(went).exists():
            return sentence("mail.went_meanwhile")
    return sentence("mail.not_due_any_more") if mail.kind == "due" and not _is_due(office, mail, item) else None


def _is_asked(mail: Mail, item: Item | None) -> bool:
    """True if the item still waits for whoever this is to."""
    asked = (Asked.edition == mail.payload["edition"]) & (Asked.person == mail.recipient) & Asked.is_open
    return item is not None and item.pending == mail.payload["edition"] and Asked.select().where(asked).exists()


def _is_due(office: Office, mail: Mail, item: Item | None) -> bool:
    """True if it is the same date still, of something that does not rest."""
    told = (mail.payload["kind"], mail.payload["field"], mail.payload["day"])
    if item is None:
        client = office.clients.get(mail.client or "")
        day = client.dates.get(mail.payload["field"]) if client is not None and client.active else None
        return day is not None and str(day) == mail.payload["day"]
    if item.status in office.settings.items.closed or Binned.select().where(Binned.item == item.id).exists():
        return False
    return told in [(one.kind, one.name, str(one.day)) for one in dates.of_item(office, item)]


def content(office: Office, notices: Sequence[Mail]) -> dict[str, object]:
    """What the letter about these notices is made of."""
    told = [_values(office, notice) for notice in notices[:LISTED]]
    lines = [packed(Sentence(f"notices.{kind}", values)) for kind, values in told]
    if len(notices) == 1:
        subject = Sentence(f"notices.{told[0][0]}_subject", told[0][1])
        reasons = list(notices[0].payload.get("reasons", ()))
    else:
        subject, reasons = sentence("notices.subject", count=len(notices)), []
    return {
        "subject": packed(subject), "lines": lines, "reasons": reasons, "count": len(notices),
        "more": len(notices) - len(lines), "page": _page(notices), "decides": any(one.kind == "decide" for one in notices),
    }  # fmt: skip


def _values(office: Office, notice: Mail) -> tuple[str, dict[str, object]]:
    """(which sentence, the values in it)."""
    payload, kind = notice.payload, notice.kind
    customer = office.clients.get(notice.client or "")
    values: dict[str, object] = {"client": customer.name if customer else notice.client or ""}
    if notice.item is not None:
        item = Item.get_by_id(notice.item)
        edition = Edition.get_or_none(Edition.id == item.pending) if kind == "decide" else None
        values |= {"item": item_name(item.id), "description": edition.shown["description"] if edition else item.description}
    if kind == "decide" and payload["seat"]:
        return "decide_for", {**values, "seat": firm.reached(office, payload["seat"])}
    if kind == "guard":
        return "held" if payload["held"] else "warned", values
    if kind == "approved":
        return kind, {**values, "approver": firm.reached(office, payload["approver"])}
    if kind == "opened":
        contact = find_contact(office, notice.client or "", payload["contact"])
        return kind, {**values, "contact": contact.name if contact else payload["contact"]}
    if kind == "due":
        return f"due_{payload['kind']}", {**values, "field": payload["field"] or "", "day": day(payload["day"], notice.language)}
    if kind == "waiting":
        return kind, {**values, "drop": payload["drop"], "reason": unpacked(payload["reason"])}
    more = {name: value for name, value in payload.items() if name not in ("description", "reasons", "phone")}
    return kind, {**values, **{name: unpacked(value) if isinstance(value, str) else value for name, value in more.items()}}


def _page(notices: Sequence[Mail]) -> str:
    """Where on the desk this is dealt with."""
    kinds = {one.kind for one in notices}
    if len(notices) == 1 and notices[0].item is not None:
        return f"/{'queue' if kinds == {'decide'} else 'items'}/{item_name(notices[0].item)}"
    if kinds == {"decide"}:
        return "/queue"
    return "/inbox" if kinds <= {"refused", "waiting"} else "/"
