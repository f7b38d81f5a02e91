"""Decisions on concepts. Whatever comes twice or at once, the first decision stands.

A concept has a seat for each approver named; a seat is filled by its approver or by who stands in for him that day
(people.desks). A decision holds for one content digest: what the approver saw is what is published.

`decide` is called inside `transaction()`, which lets one writer in at a time; that is what makes it first or second.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from dossier import clock, people, trail
from dossier.models import Decision, Edition, Item, item_name
from dossier.people import Actor, Desk, NotAllowed
from dossier.settings import Office
from workflow import items, notification

Verdict = Literal["approve", "reject"]


class AlreadyDecided(NotAllowed):
    """There is nothing to decide any more; the message says what was decided, by whom and when."""


class ContentChanged(NotAllowed):
    """The item was changed since; it must be looked at again."""


def open_desks(office: Office, item: Any, today: date) -> list[Desk]:
    """The seats of a pending item that have not decided yet, with who may fill them today."""
    desks = people.desks(office, item.client, item.approvers, item.created_by, today)
    if len(desks) < 2:
        return desks  # a lone approver's decision ends the waiting
    decided = {row.approver for row in Decision.select(Decision.approver).where(Decision.edition == item.pending)}
    return [desk for desk in desks if desk.approver not in decided]


def people_asked(office: Office, item: Any, today: date) -> list[str]:
    """Everybody who may decide on a pending item now, each once."""
    return list(dict.fromkeys(person for desk in open_desks(office, item, today) for person in desk.people))


def waiting(approver: str | None, office: Office, today: date) -> list[Any]:
    """The concepts that wait (for this person), oldest first."""
    found = list(Item.select().where(Item.pending.is_null(False)).order_by(Item.id))
    return [item for item in found if approver is None or approver in people_asked(office, item, today)]


def decide(
    office: Office, now: datetime, actor: Actor, key: int, verdict: Verdict, comment: str, content: str | None = None
) -> str:
    """Decide on an item; returns the share state it has then.

    `content`: the digest of what was looked at, where that is known. Raises AlreadyDecided, ContentChanged, NotAllowed.
    """
    item = items.get(key)
    if not item.pending:
        raise AlreadyDecided(what_was_decided(item))
    edition = Edition.get_by_id(item.pending)
    if content is not None and content != edition.content:
        raise ContentChanged(f"{item_name(key)} was changed since; look at it again and decide anew")
    desk = _seat(office, item, actor.code, now.astimezone().date())
    if verdict == "reject" and not comment.strip():
        raise NotAllowed("a rejection needs a comment: say what must be changed")
    Decision.insert(
        edition=edition.id,
        approver=desk.approver,
        decided_by=actor.code,
        decision=verdict,
        comment=comment or None,
        at=clock.to_text(now),
    ).execute()
    rights = list(office.staff[actor.code].rights)
    detail = {"content": edition.content, "seat": desk.approver, "comment": comment, "rights": rights}
    if verdict == "reject":
        edition.state = "returned"
        edition.save()
        item.share_state, item.pending = items.step(item.share_state, "reject"), None
        trail.record(now, actor, "rejected", key, detail)
        _tell_maker(office, now, item, actor.code, comment)
    else:
        lacking = _lacking(item, edition.id)
        trail.record(now, actor, "approved", key, {**detail, "outright": False, "still_needed": lacking})
        if lacking == 0:
            item.share_state = items.step(item.share_state, "approve")
            items.make_standing(now, item, edition, actor.code)
    item.version += 1
    item.save()
    return str(item.share_state)


def _seat(office: Office, item: Any, code: str, today: date) -> Desk:
    """The open seat that `code` fills. Raises NotAllowed."""
    seats = open_desks(office, item, today)
    for desk in seats:
        if code in desk.people:
            return desk
    mine = Decision.get_or_none((Decision.edition == item.pending) & (Decision.decided_by == code))
    if mine is not None:
        raise AlreadyDecided(f"{code} decided on {item_name(item.id)} already ({mine.decision}, {clock.shown(mine.at)})")
    reason = people.why_not_approve(office, code, item.client, item.created_by)
    asked = ", ".join(dict.fromkeys(person for desk in seats for person in desk.people)) or "an admin"
    raise NotAllowed(reason or f"{item_name(item.id)} is not {code}'s to decide; it waits for {asked}")


def _lacking(item: Any, edition: int) -> int:
    """How many approvals are still needed."""
    given = Decision.select().where((Decision.edition == edition) & (Decision.decision == "approve")).count()
    seats = max(1, len(item.approvers))
    needed = {"all": seats, "any": 1}.get(item.approvals) or int(item.approvals)
    return max(0, int(min(needed, seats)) - int(given))


def what_was_decided(item: Any) -> str:
    """A sentence for who comes second."""
    last = (
        Decision.select()
        .where(Decision.edition.between(item.id * 10_000, item.id * 10_000 + 9_999))
        .order_by(Decision.at.desc())
        .first()
    )
    if last is None:
        return f"{item_name(item.id)} does not wait for a decision: it is {item.share_state}"
    done = {"approve": "approved", "reject": "rejected"}[last.decision]
    return f"{item_name(item.id)} was {done} by {last.decided_by} on {clock.shown(last.at)}; that decision stands (it is {item.share_state})"


def _tell_maker(office: Office, now: datetime, item: Any, approver: str, comment: str) -> None:
    payload = {"description": item.description, "approver": office.staff[approver].name, "comment": comment}
    notification.enqueue_to_staff(office, now, "returned", item, item.created_by, payload)


def decisions_on(edition: int) -> Sequence[Any]:
    """The decisions on one edition, in the order they were made."""
    return list(Decision.select().where(Decision.edition == edition).order_by(Decision.at))
