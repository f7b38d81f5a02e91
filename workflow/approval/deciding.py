"""Decisions on concepts. Whatever comes twice or at once, the first decision stands.

A concept has a seat for each approver named; a seat is filled by its approver or by whoever stands
in for them that day (people.approver_seats). A decision holds for one content digest: what the
approver saw is what is published. Rights are asked when it is decided, and once more before it is
published: an approval by somebody who has lost the right since is none.

`decide` is called inside `transaction()`, which lets one writer in at a time; that is what makes it
first or second.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from dossier.database.database import transaction
from dossier.database.tables import Decision, Edition, Event, Item, among, editions_of, item_name, plain_rows, tuples
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor, ApproverSeat
from dossier.text import clock
from dossier.text.refusals import Conflict, Forbidden, Invalid, fault
from dossier.text.sentences import Sentence, sentence
from dossier.trail import trail
from workflow.approval.waiting import Concept, Decided, Seating
from workflow.items import internal, items, makers, notes, steps, suspicion
from workflow.outbox import notices

Verdict = Literal["approve", "reject"]

VERDICTS: Mapping[str, Verdict] = {"approve": "approve", "reject": "reject"}
"""What was typed → what it means."""


class AlreadyDecided(Conflict):
    """There is nothing to decide any more; the message says what was decided, by whom and when."""


class ContentChanged(Conflict):
    """The item was changed since; it must be looked at again."""


def content_waiting(key: int) -> str | None:
    """The digest of what waits for a decision on an item; None if nothing does."""
    row = tuples(Item.select(Edition.content).join(Edition, on=(Item.pending == Edition.id)).where(Item.id == key))
    return str(row[0][0]) if row else None


_STANDS: Mapping[Verdict, Collection[str]] = {
    "approve": ("pending", "standing", internal.APPROVED_EDITION),
    "reject": ("returned",),
}
"""The states of an edition in which such a decision on it still holds."""


def is_decided_so(actor: Actor, key: int, verdict: Verdict, comment: str, content: str) -> bool:
    """True if this person decided exactly this on an item's last edition, and it still holds: a
    button that is pressed twice says it again."""
    edition: Edition | None = Edition.select().where(editions_of(key)).order_by(Edition.id.desc()).first()
    if edition is None or edition.content != content or edition.state not in _STANDS[verdict]:
        return False
    said = (actor.code, actor.behind, verdict, comment or None)
    return any((row.decided_by, row.behind, row.decision, row.comment) == said for row in decisions_on(edition.id))


def decide(
    office: Office, now: datetime, actor: Actor, key: int, verdict: Verdict, comment: str, content: str | None = None
) -> str:
    """Decide on an item; returns the share state it has then.

    `content`: the digest of what was looked at, where that is known. Raises AlreadyDecided,
    ContentChanged, Refusal.
    """
    item = items.get_for(office, actor, key)
    if not item.pending:
        raise AlreadyDecided(what_became(item))
    edition = Edition.get_by_id(item.pending)
    if content is not None and content != edition.content:
        raise ContentChanged("deciding.changed_since", item=item_name(key))
    seat = _seat(office, item, edition, actor, hours.today(office, now))
    if verdict == "reject" and not comment.strip():
        raise Invalid([fault("comment", "deciding.comment_needed")])
    kind = office.settings.types.get(item.type or "")
    if verdict == "approve" and item.share and kind is not None and kind.share == "never":
        raise Conflict("deciding.never_shared", type=item.type)
    Decision.insert(
        edition=edition.id, approver=seat.approver, decided_by=actor.code, decision=verdict, comment=comment or None,
        at=clock.to_text(now), behind=actor.behind,
    ).execute()  # fmt: skip
    detail = {
        "content": edition.content, "seat": seat.approver, "comment": comment, "rights": people.rights_now(office, actor.code),
        **({"in_view": [str(note) for note in suspicion.for_reader(in_view, frozenset())]} if (in_view := notes.on(edition.id)) else {}),
    }  # fmt: skip
    is_inside, at = not item.share, clock.to_text(now)
    if verdict == "reject":
        edition.state = "returned"
        edition.save()
        if is_inside:
            item.approval = internal.state(internal.RETURNED, at, edition.content, actor.code)
        else:
            item.share_state = steps.step(item.share_state, "reject")
        item.pending = None
        trail.record(now, actor, "rejected", key, detail)
        _tell_maker(office, now, item, edition, actor.code, comment)
    else:
        lacking = _lacking(item, edition.id)
        trail.record(now, actor, "approved", key, {**detail, "outright": False, "still_needed": lacking})
        if lacking == 0 and is_inside:
            _approve_inside(item, edition, at, actor)
        elif lacking == 0:
            item.share_state = steps.step(item.share_state, "approve")
            items.make_standing(now, item, edition, actor.code)
        for maker in _makers(item, edition) if lacking == 0 else ():
            if maker not in actor.people:
                notices.tell(office, now, "approved", maker, item, {"approver": actor.code})
    item.version += 1
    item.save()
    return str(item.share_state)


def _approve_inside(item: Item, edition: Edition, at: str, actor: Actor) -> None:
    """All of it was looked at: no earlier work is new any more. The caller saves the item."""
    edition.state = internal.APPROVED_EDITION
    edition.save()
    item.pending, item.approval = None, internal.state(internal.APPROVED, at, edition.content, actor.code)
    item.makers = makers.once_approved_inside(item.makers)


def _seat(office: Office, item: Item, edition: Edition, actor: Actor, today: date) -> ApproverSeat:
    """The open seat that `actor` fills, their own before another's.

    Who is behind the actor decides as well: they may neither have made it nor have decided before.
    Raises AlreadyDecided, Forbidden.
    """
    given, code, deciders = list(decisions_on(edition.id)), actor.code, people.staff_among(office, actor.people)
    for row in given:
        if before := deciders & people.staff_among(office, filter(None, (row.decided_by, row.behind))):
            who = code if code in before else min(before)
            done = sentence("deciding.approved" if row.decision == "approve" else "deciding.rejected")
            raise AlreadyDecided(
                "deciding.decided_already", who=who, item=item_name(item.id), done=done, at=clock.to_the_minute(row.at)
            )
    concept = _concept(item, edition)
    for other in sorted(deciders - {code}):
        if office.settings.sharing.four_eyes and other in people.staff_among(office, concept.makers):
            raise Forbidden("people.four_eyes_behind", behind=other, staff=code)
    asking = Seating(office, today).asking(concept, [Decided(row.approver, row.decided_by, row.behind) for row in given])
    desk = asking.seat_of(code)
    if desk is not None:
        return desk
    reason = people.why_not_approve(office, code, item.client, item.type, concept.makers)
    waits_for = list(asking.people) or sentence("deciding.an_admin")
    raise Forbidden(reason or sentence("deciding.not_theirs", item=item_name(item.id), staff=code, waits_for=waits_for))


def _concept(item: Item, edition: Edition) -> Concept:
    return Concept(
        item.id, item.version, item.client, item.type, item.approvers, item.approvals, edition.id, edition.makers, edition.made_at,
    )  # fmt: skip


def needed(approvers: Sequence[str], approvals: str) -> int:
    """How many approvals a concept needs."""
    seats = max(1, len(set(approvers)))
    return max(1, min({"all": seats, "any": 1}.get(approvals) or int(approvals), seats))


def _lacking(item: Item, edition: int) -> int:
    """How many approvals are still needed."""
    given = sum(row.decision == "approve" for row in decisions_on(edition))
    return max(0, needed(item.approvers, item.approvals) - int(given))


def decisions_on(edition: int) -> Sequence[Decision]:
    """The decisions on one edition, in the order they were made."""
    return list(Decision.select().where(Decision.edition == edition).order_by(Decision.at))


_ENDS = ("approved", "rejected", "withdrawn", "restored", "reverted", "unshared")
"""The events that end the waiting of an item; each has its sentence, `deciding.was_…`."""


def what_became(item: Item) -> Sentence:
    """What ended the waiting of an item, in a sentence, for whoever comes too late."""
    query = Event.select(Event.action, Event.actor, Event.at).where((Event.item == item.id) & Event.action.in_(_ENDS))
    last, state = tuples(query.order_by(Event.seq.desc()).limit(1)), sentence(f"states.{item.share_state}")
    if not last:
        return sentence("deciding.waits_for_none", item=item_name(item.id), state=state)
    action, who, at = last[0]
    return sentence(f"deciding.was_{action}", item=item_name(item.id), who=who, at=clock.to_the_minute(at), state=state)


def _tell_maker(office: Office, now: datetime, item: Item, edition: Edition, approver: str, comment: str) -> None:
    person = office.staff[approver]
    payload = {
        "description": edition.shown["description"], "approver": person.name, "phone": person.phone or "", "comment": comment,
    }  # fmt: skip
    for maker in _makers(item, edition):
        notices.tell(office, now, "returned", maker, item, payload)


def _makers(item: Item, edition: Edition) -> list[str]:
    """Who is told what became of a concept: who offered it, and who made the item."""
    return list(dict.fromkeys((edition.made_by, item.created_by)))


# Before publishing


def send_back_unfit(office: Office, now: datetime, about_to: Collection[tuple[Item, Edition]]) -> set[int]:
    """Ask again for approvals of whoever may not any more; `about_to`: (item, its edition).

    Returns the items that must not be published now. Opens a transaction of its own if there are
    any.
    """
    given = _given([edition.id for _, edition in about_to])
    unfit: dict[int, Sentence] = {}
    for item, edition in about_to:
        reason = _why_unfit(office, item, edition, given.get(edition.id, ()))
        if reason and not _is_vouched_for(office, item, edition):
            unfit[item.id] = reason
    if unfit:
        with transaction():
            for key, reason in unfit.items():
                _ask_again(now, items.get(key), reason)
    return set(unfit)


def _given(editions: Sequence[int]) -> dict[int, list[str]]:
    """Edition → who approved it, of those that were decided on."""
    found: dict[int, list[str]] = {}
    wanted = among(Decision.edition, editions) & (Decision.decision == "approve")
    for edition, by in plain_rows(Decision.select(Decision.edition, Decision.decided_by).where(wanted)):
        found.setdefault(edition, []).append(by)
    return found


def _why_unfit(office: Office, item: Item, edition: Edition, given: Sequence[str]) -> Sentence | None:
    """Why an edition's approval holds no more; None if it does. `given`: who approved a concept."""
    if not given:
        return people.why_not_share(office, edition.approved_by or "", item.client) or items.why_not_outright(office, item)
    for code in given:
        reason = people.why_not_approve(office, code, item.client, item.type, edition.makers)
        if reason and not people.is_admin(office, code):
            return reason
    return None


def _is_vouched_for(office: Office, item: Item, edition: Edition) -> bool:
    """True if it was public before, or put back by somebody who may: its approval counted then."""
    query = Event.select(Event.seq).where((Event.item == item.id) & Event.action.in_(["published", "restored"]))
    if not query.where(Event.at >= (edition.approved_at or "")).exists():
        return False
    for event in trail.events(item=item.id):
        if event.at < (edition.approved_at or "") or event.detail is None:
            continue
        same = trail.told(event).get("content") == edition.content
        if same and event.action == "published":
            return True
        if same and event.action == "restored" and people.why_not_restore(office, event.actor, item.client) is None:
            return True
    return False


def _ask_again(now: datetime, item: Item, reason: Sentence) -> None:
    """An approved item is a concept again, of the same content; what is public stands meanwhile."""
    if item.standing is None or item.pending is not None:
        return  # something else happened to it meanwhile
    old = Edition.get_by_id(item.standing)
    number = items.next_edition(item.id)
    fresh = items.new_edition(now, item, number, old.content, old.shown, old.made_by, old.makers)
    notes.add({fresh.id: [*notes.on(old.id), sentence("deciding.asked_again", reason=reason)]})
    old.state = "dropped"
    old.save()
    public = Edition.get_or_none((Edition.id == item.public) & (Edition.state == "superseded"))
    if public is not None:
        public.state = "standing"
        public.save()
    item.share_state = steps.step(item.share_state, "offer")
    item.pending, item.standing, item.unsettled = fresh.id, public.id if public is not None else None, True
    item.makers = makers.added(item.makers, makers.SINCE, old.makers)
    item.version += 1
    item.save()
    trail.record(now, trail.DAEMON, "asked_again", item.id, {**trail.why(reason), "content": old.content})
