"""Why an item is not on the portal, or not as it is now: every reason at once. Reads only.

Whether the daemon runs, and what stands as an alarm, is left to `status`.
"""

from __future__ import annotations

import os
from datetime import datetime

from dossier.database.tables import Edition, Item, Removal, item_name
from dossier.office import hours
from dossier.office.office import Office
from dossier.text import clock, system
from dossier.text.sentences import Sentence, either, sentence, unpacked
from dossier.trail import trail
from workflow.items import internal, items
from workflow.messages.kinds import READY
from workflow.outbox import outbox


def reasons(office: Office, now: datetime, item: Item) -> list[Sentence]:
    """All that keeps the item off the portal as it is now. Empty: nothing does."""
    gone = Removal.get_or_none(Removal.item == item.id)
    if gone is not None:
        return [sentence("reasons.removed", at=clock.to_the_minute(gone.at))]
    found = [*_of_client(office, item), *_of_type(office, item), *_of_state(office, now, item)]
    if item.standing and item.standing != item.public and not found:
        found += _of_publishing(office, item)
    return found


def _of_client(office: Office, item: Item) -> list[Sentence]:
    client = office.clients.get(item.client)
    if client is None:
        return [sentence("reasons.client_gone", client=item.client)]
    found = [] if client.active else [sentence("reasons.client_not_active", client=item.client)]
    return found if client.portal else [*found, sentence("reasons.client_without_portal", client=item.client)]


def _of_type(office: Office, item: Item) -> list[Sentence]:
    kind = office.settings.types.get(item.type or "")
    return [sentence("reasons.never_shared", type=item.type)] if kind and kind.share == "never" else []


def inside(office: Office, now: datetime, item: Item) -> list[Sentence]:
    """How it stands with its approval inside the office; nothing of an item that asks for none."""
    if item.approval is None:
        return []
    if item.pending:
        return _of_concept(office, now, item)
    who, at = item.approval["by"], clock.to_the_minute(item.approval["at"])
    if item.approval["state"] == internal.RETURNED:
        comment = (_last(item, "rejected") or {}).get("comment", "")
        return [sentence("reasons.returned_by", who=who, comment=comment)]
    return [sentence("reasons.approved_inside", who=who, at=at)]


def _of_state(office: Office, now: datetime, item: Item) -> list[Sentence]:
    name, state = item_name(item.id), item.share_state
    if state == "private":
        advice = [] if _of_type(office, item) else [sentence("reasons.not_shared", item=name)]
        is_approved = item.approval is not None and item.approval["state"] == internal.APPROVED
        return advice if is_approved else [*advice, *inside(office, now, item)]
    if state == "concept":
        return _of_concept(office, now, item)
    if state == "returned":
        told = _last(item, "rejected")
        if told is None:
            return [sentence("reasons.returned")]
        return [sentence("reasons.returned_by", who=told["actor"], comment=told["comment"])]
    if state == "withdrawn":
        told, unseen = _last(item, "withdrawn"), "" if items.can_be_restored(item) else "_unseen"
        if told is None:
            return [sentence(f"reasons.withdrawn{unseen}", item=name)]
        return [sentence(f"reasons.withdrawn_by{unseen}", who=told["actor"], reason=told["reason"], item=name)]
    return not_offered(item)


def not_offered(item: Item) -> list[Sentence]:
    """That the client is shown something else than the item is now, and nobody is asked."""
    is_settled = item.share_state in ("approved", "published")
    told = is_settled and items.is_changed_since_approved(item)
    return [sentence("reasons.changed_since", item=item_name(item.id))] if told else []


def not_mailed(item: Item) -> list[Sentence]:
    """That the contact who was to be told of what is on the portal could not be mailed."""
    if not item.notify or item.contact is None:
        return []
    mail = outbox.last(READY, item.id, item.contact)
    if mail is None or mail.state != "failed":
        return []
    to = mail.name or mail.recipient
    why = unpacked(mail.error) if mail.error else ""
    return [sentence("reasons.not_mailed", item=item_name(item.id), to=f"{to} <{mail.email}>" if mail.email else to, why=why)]


def _of_concept(office: Office, now: datetime, item: Item) -> list[Sentence]:
    from workflow.approval import deciding, waiting  # of most items it is asked what is there to be seen

    edition = Edition.get_by_id(item.pending)
    since = clock.to_the_minute(edition.made_at)
    found = []
    for asking in waiting.Seating(office, hours.today(office, now)).askings([item.id]):
        lacking = deciding.needed(asking.concept.approvers, asking.concept.approvals) - len(asking.decided)
        if lacking < len(asking.seats) and asking.people:
            code = "reasons.waits_for" if lacking == 1 else "reasons.waits_for_some"
            found.append(sentence(code, whom=either(asking.people), since=since, count=lacking))
            continue
        for seat in asking.seats:
            whom = either(seat.people) or sentence("reasons.nobody_left")
            if seat.reason:
                found.append(sentence("reasons.waits_for_instead", whom=whom, why=seat.reason, since=since))
            else:
                found.append(sentence("reasons.waits_for", whom=whom, since=since))
    return found or [sentence("reasons.waits", since=since)]


def _last(item: Item, action: str) -> dict[str, object] | None:
    """The last event of this kind: who, and what was said with it."""
    told = [event for event in trail.history(item.id) if event["action"] == action]
    return {"comment": "", "reason": "", **told[-1]["detail"], "actor": told[-1]["actor"]} if told else None


def _of_publishing(office: Office, item: Item) -> list[Sentence]:
    """It is approved; then it is the daemon's to do."""
    from dossier.vault.opening import open_vault
    from workflow.portal.site import open_site

    edition, vault = Edition.get_by_id(item.standing), open_vault(office, to_read=True)
    found = []
    try:
        found += [
            sentence("reasons.vault_lacks", name=attachment["name"], sha256=attachment["sha256"])
            for attachment in edition.shown["attachments"]
            if vault.size(attachment["sha256"]) is None
        ]
        open_site(office).homes()
    except OSError as error:
        found.append(sentence("reasons.folder_fault", path=error.filename, why=system.why(error)))
    if office.portal_store is None and not os.access(office.portal, os.W_OK):
        found.append(sentence("reasons.may_not_write", path=str(office.portal)))
    return [*found, sentence("reasons.not_published_yet")]


def visible(item: Item) -> Sentence:
    """What the client sees of it now."""
    if item.public is None:
        return sentence("reasons.client_sees_nothing")
    if item.pending is not None or item.public != item.standing or items.is_changed_since_approved(item):
        return sentence("reasons.client_sees_version", at=clock.to_the_minute(item.published_at))
    return sentence("reasons.on_portal_since", at=clock.to_the_minute(item.published_at))
