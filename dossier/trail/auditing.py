"""Verifying the trail: the chain itself, the anchors that must lie on it, and the records that must have their events.

Reads only. The faults are sentences for whoever keeps the office.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from peewee import fn

from dossier.database.tables import GENESIS, Decision, Event, EventDetail, Item, Redaction, item_name, tuples
from dossier.trail.trail import Anchor, Kept, chained, detail_digest, events, link_of


def first_fault(anchors: Sequence[Anchor] = ()) -> str | None:
    """Walk the whole chain; what the first event that does not fit is, in a sentence, or None.

    Then the anchors must lie on it, and what the records hold must have its event.
    """
    previous, expected = GENESIS, 1
    ahead = sorted(anchors, key=lambda anchor: anchor.length)
    bare: dict[int, Kept] = {}
    links: dict[int, str] = dict(tuples(Redaction.select(Redaction.seq, Redaction.link)))
    anew: dict[int, Kept] = {}
    told: dict[int, str] = {}
    for event in events():
        if event.seq != expected:
            return f"event {expected} is missing: the next one is {event.seq}"
        if chained(previous, links.get(event.seq) or link_of(event)) != event.hash:
            return f"event {named(event)} does not fit the chain"
        if event.seq in links:
            if event.action == "erased":
                return f"event {named(event)} tells of an erasure, and was changed"
            anew[event.seq] = event
        if event.detail is None or event.salt is None:
            bare[event.seq] = event
        elif detail_digest(event.salt, event.detail) != event.digest:
            return f"the detail of event {named(event)} was changed"
        elif event.action == "erased":
            erasure = json.loads(event.detail)
            for seq in erasure["events"]:
                bare.pop(seq, None)
            told |= {int(seq): link for seq, link in erasure.get("redacted", {}).items()}
        while ahead and ahead[0].length == event.seq:
            anchor = ahead.pop(0)
            if anchor.head != event.hash:
                return f"event {event.seq} is not what the anchor of {anchor.at} says: events up to it were written anew"
        previous, expected = event.hash, event.seq + 1
    if bare:
        return f"the detail of event {named(min(bare.values()))} is gone, and no event tells that it was erased"
    for event in anew.values():
        if told.get(event.seq) != link_of(event):
            return f"event {named(event)} was changed, and no event tells that a person was erased from it so"
    if ahead:
        anchor = ahead[-1]
        return f"event {expected} is missing: the trail ends before it, but at {anchor.at} it had {anchor.length} events"
    return _record_without_event(expected - 1)


def named(event: Kept) -> str:
    return f"{event.seq} ({event.at}, {event.actor}, {event.action})"


def _record_without_event(length: int) -> str | None:
    """What the records hold that no event tells of: a sign that events were cut off the end."""
    where = f"the trail ends with event {length}, but"
    has_event = fn.EXISTS(Event.select(Event.seq).where(Event.seq == EventDetail.seq))
    orphan = EventDetail.select(fn.MIN(EventDetail.seq)).where((EventDetail.seq > length) & ~has_event).scalar()
    if orphan is not None:
        return f"event {length + 1} is missing: {where} there is a detail of event {orphan}"
    for lacking, what in (
        (Item.id.not_in(_items_with("created")), "was made"),
        (Item.public.is_null(False) & Item.id.not_in(_items_with("published")), "was published"),
    ):
        item = Item.select(Item.id).where(lacking).order_by(Item.id).first()
        if item is not None:
            return f"event {length + 1} is missing: {where} none tells that {item_name(item.id)} {what}"
    telling = Event.select(Event.seq).where((Event.at == Decision.at) & Event.action.in_(["approved", "rejected"]))
    decision = Decision.select().where(~fn.EXISTS(telling.where(Event.item == Decision.edition / 10_000))).first()
    if decision is not None:
        item_key = decision.edition // 10_000
        return f"event {length + 1} is missing: {where} none tells how {decision.decided_by} decided on {item_name(item_key)}"
    return None


def _items_with(action: str) -> Any:
    return Event.select(Event.item).where((Event.action == action) & Event.item.is_null(False))
