"""Verifying the trail: the chain, the anchors on it, and the records that must have events.

Reads only. The faults are sentences for whoever keeps the office.
"""

from __future__ import annotations

from collections.abc import Sequence

from peewee import fn

from dossier.database.prepared import Prepared
from dossier.database.tables import GENESIS, Decision, Event, EventDetail, Item, Redaction, item_name, tuples
from dossier.text.sentences import Sentence, sentence
from dossier.trail.trail import Anchor, RecordedEvent, chained, detail_digest, events, link_of, those


def first_fault(anchors: Sequence[Anchor] = ()) -> Sentence | None:
    """Walk the whole chain; what is wrong with the first event that does not fit, or None.

    Then the anchors must lie on it, and what the records hold must have its event.
    """
    previous, expected = GENESIS, 1
    ahead = sorted(anchors, key=lambda anchor: anchor.length)
    bare: dict[int, RecordedEvent] = {}
    links: dict[int, str] = dict(tuples(Redaction.select(Redaction.seq, Redaction.link)))
    anew: dict[int, RecordedEvent] = {}
    told: dict[int, str] = {}
    for event in events():
        if event.seq != expected:
            return sentence("trail.missing", number=expected, next=event.seq)
        if chained(previous, links.get(event.seq) or link_of(event)) != event.hash:
            return sentence("trail.no_fit", event=named(event))
        if event.seq in links:
            if event.action == "erased":
                return sentence("trail.erasure_changed", event=named(event))
            anew[event.seq] = event
        if event.detail is None or event.salt is None:
            bare[event.seq] = event
        elif detail_digest(event.salt, event.detail) != event.digest:
            return sentence("trail.detail_changed", event=named(event))
        elif event.action == "erased":
            erasure = event.said
            for seq in erasure["events"]:
                bare.pop(seq, None)
            told |= {int(seq): link for seq, link in erasure.get("redacted", {}).items()}
        while ahead and ahead[0].length == event.seq:
            anchor = ahead.pop(0)
            if anchor.head != event.hash:
                return sentence("trail.not_as_anchored", number=event.seq, at=anchor.at)
        previous, expected = event.hash, event.seq + 1
    if bare:
        return sentence("trail.detail_gone", event=named(min(bare.values())))
    for event in anew.values():
        if told.get(event.seq) != link_of(event):
            return sentence("trail.changed_untold", event=named(event))
    if ahead:
        anchor = ahead[-1]
        return sentence("trail.ends_before_anchor", number=expected, at=anchor.at, count=anchor.length)
    # A record that no event tells of is a sign that events were cut off the end.
    what = _untold(expected - 1)
    return None if what is None else sentence("trail.cut_off", number=expected, last=expected - 1, what=what)


_HASHES = Prepared(lambda seqs: Event.select(Event.seq, Event.hash).where(Event.seq.in_(seqs)))
_LINKS = Prepared(lambda seqs: Redaction.select(Redaction.seq, Redaction.link).where(Redaction.seq.in_(seqs)))


def changed_among(given: Sequence[RecordedEvent]) -> set[int]:
    """Those of these events that are not as they were written, by what stands beside each.

    A chain that was wholly written anew is not seen here; `first_fault` sees it.
    """
    wanted = [event.seq for event in given]
    before = {0: GENESIS, **dict(_HASHES.rows([seq - 1 for seq in wanted]))}
    links: dict[int, str] = dict(_LINKS.rows(wanted))
    erased, anew = _erasures() if links or any(event.detail is None for event in given) else (set(), {})
    found = set()
    for event in given:
        link = link_of(event)
        fits = chained(before.get(event.seq - 1, ""), links.get(event.seq, link)) == event.hash
        fits &= event.seq not in links or anew.get(event.seq) == link
        if event.detail is None or event.salt is None:
            fits &= event.seq in erased
        else:
            fits &= detail_digest(event.salt, event.detail) == event.digest
        if not fits:
            found.add(event.seq)
    return found


def _erasures() -> tuple[set[int], dict[int, str]]:
    """The events whose details were erased, and the new links of those that were written anew."""
    erased, anew = set[int](), dict[int, str]()
    for event in those(row[0] for row in tuples(Event.select(Event.seq).where(Event.action == "erased"))):
        told = event.said
        erased |= set(told.get("events", ()))
        anew |= {int(seq): link for seq, link in told.get("redacted", {}).items()}
    return erased, anew


def named(event: RecordedEvent) -> str:
    return f"{event.seq} ({event.at}, {event.actor}, {event.action})"


def _untold(length: int) -> Sentence | None:
    has_event = fn.EXISTS(Event.select(Event.seq).where(Event.seq == EventDetail.seq))
    orphan = EventDetail.select(fn.MIN(EventDetail.seq)).where((EventDetail.seq > length) & ~has_event).scalar()
    if orphan is not None:
        return sentence("trail.detail_left", number=orphan)
    for lacking, code in (
        (Item.id.not_in(_items_with("created")), "trail.none_tells_made"),
        (Item.public.is_null(False) & Item.id.not_in(_items_with("published")), "trail.none_tells_published"),
    ):
        item = Item.select(Item.id).where(lacking).order_by(Item.id).first()
        if item is not None:
            return Sentence(code, {"item": item_name(item.id)})
    telling = Event.select(Event.seq).where((Event.at == Decision.at) & Event.action.in_(["approved", "rejected"]))
    decision = Decision.select().where(~fn.EXISTS(telling.where(Event.item == Decision.edition / 10_000))).first()
    if decision is not None:
        item = item_name(decision.edition // 10_000)
        return sentence("trail.none_tells_decided", who=decision.decided_by, item=item)
    return None


def _items_with(action: str) -> object:
    return Event.select(Event.item).where((Event.action == action) & Event.item.is_null(False))
