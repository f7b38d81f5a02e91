"""The trail: who did what to what, when, in a chain that shows every later change to it.

Each event's hash is SHA-256 over the hash before it and the event itself. What may have to be erased one day (text
of and about people) is the event's detail, in a table of its own; the chain holds its salted digest, so it still
verifies when the detail is gone. Events are written in the transaction of the change they tell of.

A chain can't show by itself that its tail was cut off or that all of it was rewritten: anchors elsewhere do.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dossier.clock import to_text
from dossier.models import PROXY, Event, EventDetail
from dossier.people import Actor

GENESIS = "0" * 64
"""The hash before the first event."""

DAEMON = Actor("dossier", "daemon")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that is about to be written. `item` is the item's key, `subject` whatever else it is about."""

    actor: Actor
    action: str
    item: int | None
    detail: Mapping[str, Any]
    subject: str | None = None


def record(
    now: datetime, actor: Actor, action: str, item: int | None, detail: Mapping[str, Any], subject: str | None = None
) -> None:
    """Write one event. Call inside `transaction()`."""
    record_all(now, [Entry(actor, action, item, detail, subject)])


def record_all(now: datetime, entries: Sequence[Entry]) -> None:
    """Write events in this order. Call inside `transaction()`: the chain's end is read here."""
    if not entries:
        return
    seq, previous = head()
    at = to_text(now)
    events, details = [], []
    for entry in entries:
        seq += 1
        told = {"way": entry.actor.way, **({"behind": entry.actor.behind} if entry.actor.behind else {}), **entry.detail}
        detail = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        salt = os.urandom(16).hex()
        digest = detail_digest(salt, detail)
        previous = chained(previous, (seq, at, entry.actor.code, entry.action, entry.item, entry.subject, digest))
        events.append((seq, at, entry.actor.code, entry.action, entry.item, entry.subject, digest, previous))
        details.append((seq, salt, detail))
    for chunk in range(0, len(events), 1000):
        Event.insert_many(events[chunk : chunk + 1000], fields=_EVENT_FIELDS).execute()
        EventDetail.insert_many(details[chunk : chunk + 1000], fields=_DETAIL_FIELDS).execute()


_EVENT_FIELDS = [Event.seq, Event.at, Event.actor, Event.action, Event.item, Event.subject, Event.digest, Event.hash]
_DETAIL_FIELDS = [EventDetail.seq, EventDetail.salt, EventDetail.detail]


def head() -> tuple[int, str]:
    """The chain's length and the hash of its last event."""
    row = PROXY.execute_sql("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def detail_digest(salt: str, detail: str) -> str:
    return hashlib.sha256(f"{salt}{detail}".encode()).hexdigest()


def chained(previous: str, event: tuple[object, ...]) -> str:
    """The hash of an event (seq, at, actor, action, item, subject, digest) that follows `previous`."""
    return hashlib.sha256(f"{previous}{json.dumps(event, ensure_ascii=False)}".encode()).hexdigest()


def history(item: int) -> list[dict[str, Any]]:
    """All events of an item, oldest first: {at, actor, action, detail}, as `show --json` gives them."""
    query: Any = (
        Event.select(Event.at, Event.actor, Event.action, EventDetail.detail)
        .left_outer_join(EventDetail, on=(Event.seq == EventDetail.seq))
        .where(Event.item == item)
        .order_by(Event.seq)
        .tuples()
    )
    return [
        {"at": at, "actor": actor, "action": action, "detail": json.loads(text) if text else {}}
        for at, actor, action, text in query
    ]


def first_fault() -> str | None:
    """Walk the whole chain; what the first event that does not fit is, in a sentence, or None."""
    previous, expected = GENESIS, 1
    query: Any = (
        Event.select(
            Event.seq,
            Event.at,
            Event.actor,
            Event.action,
            Event.item,
            Event.subject,
            Event.digest,
            Event.hash,
            EventDetail.salt,
            EventDetail.detail,
        )
        .left_outer_join(EventDetail, on=(Event.seq == EventDetail.seq))
        .order_by(Event.seq)
        .tuples()
    )
    for seq, at, actor, action, item, subject, digest, kept, salt, detail in query.iterator():
        if seq != expected:
            return f"event {expected} is missing: the next one is {seq}"
        if chained(previous, (seq, at, actor, action, item, subject, digest)) != kept:
            return f"event {seq} ({at}, {actor}, {action}) does not fit the chain"
        if salt is not None and detail is not None and detail_digest(salt, detail) != digest:
            return f"the detail of event {seq} ({at}, {actor}, {action}) was changed"
        previous, expected = kept, seq + 1
    return None
