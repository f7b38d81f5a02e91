"""The trail: who did what to what, when, in a chain that shows every later change to it.

An event's link is SHA-256 over the event; its hash is SHA-256 over the hash before it and its link. So links alone, which
tell nothing of what they stand for, prove that an event lies in the chain (proof.py). What may have to be erased one day
(text of and about people) is the event's detail, in a table of its own; the chain holds its salted digest, so it still
verifies when the detail is gone. Erasing is an event itself: a detail that went without one was tampered with.
A person is erased from an event by writing it anew without him: the chain keeps the old link, the event that tells of the erasure holds
the new one, so the new words can't be changed either. The old digest goes with the old words: without it nobody can guess from the link
who it was.
Events are written in the transaction of the change they tell of.

A chain can't show by itself that its tail was cut off or that all of it was written anew. Two things do: anchors
elsewhere (anchors.py), and the records, for whatever they hold must have its event.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from peewee import fn

from dossier.database import readable
from dossier.database.kept import Redaction
from dossier.database.tables import PROXY, Decision, Event, EventDetail, Item, insert_rows, item_name, tuples
from dossier.files import files
from dossier.office.people import ALL, Actor, Readable
from dossier.text.clock import to_text
from dossier.text.refusals import Refusal

GENESIS = "0" * 64
"""The hash before the first event."""

DAEMON = Actor("dossier", "daemon")

CHUNK = 5000
"""Events that are read at once: a trail of millions is walked in little memory."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that is about to be written. `item` is the item's key, `subject` a client's code where it is no item."""

    actor: Actor
    action: str
    item: int | None
    detail: Mapping[str, Any]
    subject: str | None = None


class Kept(NamedTuple):
    """An event as it is kept. `salt` and `detail` (JSON) are None once they were erased."""

    seq: int
    at: str
    actor: str
    behind: str | None
    way: str
    action: str
    item: int | None
    subject: str | None
    digest: str
    hash: str
    salt: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the chain was at some time: how many events, and the last one's hash."""

    at: str
    length: int
    head: str


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
        actor = entry.actor
        detail = json.dumps(entry.detail, ensure_ascii=False, separators=(",", ":"))
        salt = os.urandom(16).hex()
        event = (
            seq,
            at,
            actor.code,
            actor.behind,
            actor.way,
            entry.action,
            entry.item,
            entry.subject,
            detail_digest(salt, detail),
        )
        previous = chained(previous, link_of(event))
        events.append((*event, previous))
        details.append((seq, salt, detail))
    insert_rows(Event, events, _EVENT_FIELDS)
    insert_rows(EventDetail, details, _DETAIL_FIELDS)


_EVENT_FIELDS = [
    Event.seq, Event.at, Event.actor, Event.behind, Event.way, Event.action, Event.item, Event.subject, Event.digest, Event.hash,
]  # fmt: skip
_DETAIL_FIELDS = [EventDetail.seq, EventDetail.salt, EventDetail.detail]


def head() -> tuple[int, str]:
    """The chain's length and the hash of its last event."""
    row = PROXY.execute_sql("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def detail_digest(salt: str, detail: str) -> str:
    return hashlib.sha256(f"{salt}{detail}".encode()).hexdigest()


def link_of(event: Sequence[object]) -> str:
    """The digest of an event's first nine values (as in Kept)."""
    return hashlib.sha256(json.dumps(event[:9], ensure_ascii=False).encode()).hexdigest()


def chained(previous: str, link: str) -> str:
    """The hash of an event that follows the one whose hash is `previous`."""
    return hashlib.sha256(f"{previous}{link}".encode()).hexdigest()


# Reading


def events(
    *,
    item: int | None = None,
    client: str | None = None,
    person: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    may: Readable = ALL,
    newest: int | None = None,
) -> Iterator[Kept]:
    """Events, oldest first; with `newest`, only so many, the newest. All that is given must hold.

    `person`: who acted, or typed it for another. `client`: about this client or an item of it.
    `may`: what the reader may know of.
    """
    query = _select()
    if item is not None:
        query = query.where(Event.item == item)
    if client is not None:
        query = query.where(Event.item.in_(Item.select(Item.id).where(Item.client == client)) | (Event.subject == client))
    if person is not None:
        query = query.where((Event.actor == person) | (Event.behind == person))
    if since is not None:
        query = query.where(Event.at >= to_text(since))
    if until is not None:
        query = query.where(Event.at < to_text(until))
    query = readable.only_events(query, may)
    if newest is not None:
        rows = tuples(query.order_by(Event.seq.desc()).limit(newest))
        yield from (Kept(*row) for row in reversed(rows))
        return
    yield from _chunks(query)


def _select() -> Any:
    return Event.select(
        Event.seq, Event.at, Event.actor, Event.behind, Event.way, Event.action, Event.item, Event.subject, Event.digest,
        Event.hash, EventDetail.salt, EventDetail.detail,
    ).left_outer_join(EventDetail, on=(Event.seq == EventDetail.seq))  # fmt: skip


def _chunks(query: Any, after: int = 0) -> Iterator[Kept]:
    """In chunks. Raises Interrupted when the process is to end."""
    while rows := tuples(query.where(Event.seq > after).order_by(Event.seq).limit(CHUNK)):
        if files.stopping.is_set():
            raise files.Interrupted
        yield from (Kept(*row) for row in rows)
        after = rows[-1][0]


def those(seqs: Iterable[int]) -> list[Kept]:
    """The events with these numbers, oldest first."""
    wanted = sorted(set(seqs))
    return [
        Kept(*row)
        for start in range(0, len(wanted), 500)
        for row in tuples(_select().where(Event.seq.in_(wanted[start : start + 500])).order_by(Event.seq))
    ]


def told(event: Kept) -> dict[str, Any]:
    """An event's detail for people and programs, with way and who was behind it; `erased` where the detail is gone."""
    who = {"way": event.way, **({"behind": event.behind} if event.behind else {})}
    return {**who, **(json.loads(event.detail) if event.detail is not None else {"erased": True})}


def history(item: int) -> list[dict[str, Any]]:
    """All events of an item, oldest first: {at, actor, action, detail}, as `show --json` gives them."""
    return [{"at": e.at, "actor": e.actor, "action": e.action, "detail": told(e)} for e in events(item=item)]


# Erasing


def erase(now: datetime, actor: Actor, seqs: Iterable[int], reason: str) -> int:
    """Erase the details of these events for good; returns how many there were. Call inside `transaction()`.

    Raises Refusal for an event that tells of an erasure: without it the others would look tampered with. `reason` is
    kept, so it must not say what was erased.
    """
    wanted = sorted(set(seqs))
    kept = [row for start in range(0, len(wanted), 500) for row in tuples(
        Event.select(Event.seq, Event.action).join(EventDetail, on=(Event.seq == EventDetail.seq))
        .where(Event.seq.in_(wanted[start : start + 500]))
    )]  # fmt: skip
    if any(action == "erased" for _, action in kept):
        raise Refusal("an event that tells of an erasure can't be erased itself")
    found = [seq for seq, _ in kept]
    if not found:
        return 0
    for start in range(0, len(found), 500):
        EventDetail.delete().where(EventDetail.seq.in_(found[start : start + 500])).execute()
    record(now, actor, "erased", None, {"events": found, "reason": reason})
    return len(found)


def redact(now: datetime, actor: Actor, anew: Sequence[Kept], reason: str) -> None:
    """Keep these events as they are given: with another actor, behind or detail. Call inside `transaction()`.

    Raises Refusal for an event that tells of an erasure. `reason` is kept.
    """
    if any(event.action == "erased" for event in anew):
        raise Refusal("an event that tells of an erasure can't be written anew")
    links: dict[str, str] = {}
    for event in anew:
        [old] = those([event.seq])
        Redaction.insert(seq=event.seq, link=link_of(old)).on_conflict_ignore().execute()
        salt, digest = os.urandom(16).hex(), os.urandom(32).hex()
        if event.detail is not None:
            digest = detail_digest(salt, event.detail)
            EventDetail.update(salt=salt, detail=event.detail).where(EventDetail.seq == event.seq).execute()
        new = event._replace(digest=digest)
        Event.update(actor=new.actor, behind=new.behind, digest=digest).where(Event.seq == event.seq).execute()
        links[str(event.seq)] = link_of(new)
    if links:
        record(now, actor, "erased", None, {"events": [], "redacted": links, "reason": reason})


def redactions(first: int, last: int) -> dict[int, str]:
    """The links that the chain holds of events from `first` to `last` that were written anew."""
    query: Any = Redaction.select(Redaction.seq, Redaction.link)
    return dict(tuples(query.where(Redaction.seq.between(first, last))))


# Verifying


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
    for event in _chunks(_select()):
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
