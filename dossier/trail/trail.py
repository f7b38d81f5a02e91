"""The trail: who did what to what, when, in a chain that shows every later change to it.

An event's link is the SHA-256 of the event; its hash is the SHA-256 of the hash before it and its
link. So links alone, which tell nothing of what they stand for, prove that an event lies in the
chain (proof.py). Text of and about people, which may have to be erased, is the event's detail, in a
table of its own; the chain holds its salted digest, and still verifies without it. Erasing is an
event itself: a detail that went without one was tampered with.

A person is erased from an event by writing it anew: the chain keeps the old link, the event that
tells of the erasure holds the new one. The old digest goes with the old words: without it nobody
can guess from the link who it was. Events are written in the transaction of the change they tell
of.

A chain can't show by itself that its tail was cut off or that it was wholly written anew. Anchors
elsewhere do (anchors.py), and the records, for whatever they hold must have its event.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from peewee import ModelSelect, fn

from dossier.database import identity, readable
from dossier.database.prepared import Prepared
from dossier.database.tables import Event, EventDetail, Item, insert_rows, item_key, item_name, tuples, unsought
from dossier.files import files
from dossier.office.people import ALL, Actor, Readable
from dossier.text import jsontext
from dossier.text.clock import local_iso, to_text
from dossier.text.sentences import Sentence, as_data

DAEMON = Actor("dossier", "daemon")

CLIENT_KEYS = {"created": ("client",), "moved": ("from", "to")}
"""Where an event of an item names a client, in its detail."""

ABOUT_REFUSED = {"refused", "thrown_away", "taken_out"}
"""Events about a refused drop, which may have been to be of a type that not all may know of."""

OTHER_ITEM = {"copied": ("to",), "named_elsewhere": ("item", "name", "sha256")}
"""Where an event names another item than its own, in its detail, and what it says of that."""

CHUNK = 5000
"""Events that are read at once: a trail of millions is walked in little memory."""


_link_text = jsontext.writer(ensure_ascii=False)
_detail_text = jsontext.writer(ensure_ascii=False, separators=(",", ":"))


class NewEvent(NamedTuple):
    """An event to be written, about an item (its key), or a `subject`: a client's code."""

    actor: Actor
    action: str
    item: int | None
    detail: Mapping[str, object]
    subject: str | None = None


class RecordedEvent(NamedTuple):
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

    @property
    def said(self) -> dict[str, Any]:
        """Its detail; nothing once that was erased."""
        return json.loads(self.detail) if self.detail is not None else {}


class Anchor(NamedTuple):
    """What the chain was at some time: how many events, and the last one's hash."""

    at: str
    length: int
    head: str


def record(
    now: datetime, actor: Actor, action: str, item: int | None, detail: Mapping[str, object], subject: str | None = None
) -> None:
    """Write one event. Call inside `transaction()`."""
    record_all(now, [NewEvent(actor, action, item, detail, subject)])


def why(reason: Sentence) -> dict[str, object]:
    """A `reason` for programs; `said` for whoever reads the trail in their own language."""
    return {"reason": str(reason), "said": as_data(reason)}


def record_all(now: datetime, entries: Sequence[NewEvent]) -> None:
    """Write events in this order. Call inside `transaction()`: the chain's end is read here."""
    if not entries:
        return
    seq, previous = head()
    at = to_text(now)
    events, details = [], []
    for entry in entries:
        seq += 1
        actor = entry.actor
        detail = _detail_text(entry.detail)
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


LINKED = (
    Event.seq, Event.at, Event.actor, Event.behind, Event.way, Event.action, Event.item, Event.subject, Event.digest,
)  # fmt: skip
"""What an event's link is the digest of."""

_EVENT_FIELDS = [*LINKED, Event.hash]
_DETAIL_FIELDS = [EventDetail.seq, EventDetail.salt, EventDetail.detail]


head = identity.head_of_trail


def detail_digest(salt: str, detail: str) -> str:
    return hashlib.sha256(f"{salt}{detail}".encode()).hexdigest()


def link_of(event: Sequence[object]) -> str:
    """The digest of an event's first nine values."""
    return hashlib.sha256(_link_text(event[:9]).encode()).hexdigest()


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
    last: int | None = None,
    may: Readable = ALL,
    newest: int | None = None,
) -> Iterator[RecordedEvent]:
    """Events, oldest first; with `newest`, only so many, the newest. All that is given must hold.

    `person`: who acted, or typed it for another. `client`: about this client or an item of it.
    `last`: the number of the last one. `may`: what the reader may know of.
    """
    chosen = _chosen(item, client, person, since, until, last, may, newest is not None)
    if newest is not None:
        yield from reversed(_read(chosen.order_by(Event.seq.desc()).limit(newest)))
        return
    yield from _chunks(chosen)


def count(
    *,
    item: int | None,
    client: str | None,
    person: str | None,
    since: datetime | None,
    until: datetime | None,
    last: int,
    may: Readable,
) -> int:
    """How many `events` tells of."""
    return int(_chosen(item, client, person, since, until, last, may, is_short=False).count())


def _chosen(
    item: int | None,
    client: str | None,
    person: str | None,
    since: datetime | None,
    until: datetime | None,
    last: int | None,
    may: Readable,
    is_short: bool,
) -> ModelSelect[Event]:
    """The query for `events`. `is_short`: it will be for the newest few."""
    query = _select()
    if item is not None:
        query = query.where(Event.item == item)
    if client is not None:
        its = Item.select(Item.id).where(Item.client == client)
        is_large = is_short and readable.have_many_items({client})
        of_item = unsought(Event.item) if is_large else Event.item
        subject = unsought(Event.subject) if is_large else Event.subject
        query = query.where(of_item.in_(its) | (subject == client))
    if person is not None:
        query = query.where((Event.actor == person) | (Event.behind == person))
    if since is not None:
        query = query.where(Event.at >= to_text(since))
    if until is not None:
        query = query.where(Event.at < to_text(until))
    if last is not None:
        query = query.where(Event.seq <= last)
    return readable.only_events(query, may)


def after(seq: int, may: Readable, limit: int) -> list[RecordedEvent]:
    """The next `limit` events behind `seq`, oldest first, that this reader may know of."""
    return _read(readable.only_events(_select(), may).where(Event.seq > seq).order_by(Event.seq).limit(limit))


def _select() -> ModelSelect[Event]:
    columns = (*LINKED, Event.hash, EventDetail.salt, EventDetail.detail)
    return Event.select(*columns).left_outer_join(EventDetail, on=(Event.seq == EventDetail.seq))


def _read(query: ModelSelect[Event]) -> list[RecordedEvent]:
    return [RecordedEvent(*row) for row in tuples(query)]


def _chunks(query: ModelSelect[Event], after: int = 0) -> Iterator[RecordedEvent]:
    """In chunks. Raises Interrupted when the process is to end."""
    while some := _read(query.where(Event.seq > after).order_by(Event.seq).limit(CHUNK)):
        if files.stopping.is_set():
            raise files.Interrupted
        yield from some
        if len(some) < CHUNK:
            return
        after = some[-1].seq


_OF_ITEMS = Prepared(lambda keys, actions: _select().where(Event.item.in_(keys) & Event.action.in_(actions)).order_by(Event.seq))
_THOSE = Prepared(lambda seqs: _select().where(Event.seq.in_(seqs)).order_by(Event.seq))
_LAST_ABOUT = Prepared(lambda keys: Event.select(Event.item, fn.MAX(Event.seq)).where(Event.item.in_(keys)).group_by(Event.item))


def of_items(keys: Iterable[int], actions: Iterable[str]) -> list[RecordedEvent]:
    """The events of these kinds about these items, oldest first."""
    return [RecordedEvent(*row) for row in _OF_ITEMS.rows(list(keys), list(actions))]


def last_about(keys: Iterable[int]) -> dict[int, int]:
    """Item → the number of the last event about it."""
    return dict(_LAST_ABOUT.rows(list(keys)))


def those(seqs: Iterable[int]) -> list[RecordedEvent]:
    """The events with these numbers, oldest first."""
    return [RecordedEvent(*row) for row in _THOSE.rows(sorted(set(seqs)))]


def told(event: RecordedEvent, may: Readable = ALL) -> dict[str, object]:
    """An event's detail for people, with way and who was behind it; `erased` where it is gone.

    To its reader None is whatever they may not know of: a client of whom an item was moved, an item
    that a file was copied from or to, or that names this client, a refused drop of some type.
    """
    who = {"way": event.way, **({"behind": event.behind} if event.behind else {})}
    detail = event.said
    if event.detail is None:
        detail["erased"] = True
    hidden = {key for key in CLIENT_KEYS.get(event.action, ()) if not may.has(detail.get(key))}
    if "client" in hidden:
        hidden.add("source")  # its path begins with the client's folder
    if may != ALL:
        if event.action in ABOUT_REFUSED and detail.get("of_type") in may.hidden_types:
            hidden.update(detail)
        if (other := OTHER_ITEM.get(event.action)) and _is_hidden(detail.get(other[0]), may):
            hidden.update(other)
        for file in (*detail.get("added", ()), *detail.get("replaced", ())) if event.action == "amended" else ():
            if isinstance(file, dict) and _is_hidden(file.get("copied_from"), may):
                file["copied_from"] = None
    return {**who, **{key: None if key in hidden else value for key, value in detail.items()}}


def _is_hidden(item: object, may: Readable) -> bool:
    """True for an item, by its number, that this reader must not know of."""
    if not isinstance(item, str):
        return False
    row = tuples(Item.select(Item.client, Item.type).where(Item.id == item_key(item)))
    return not any(may.has(client, kind) for client, kind in row)


def for_reader(event: RecordedEvent, may: Readable) -> RecordedEvent:
    """The event as it is kept, without the detail if that names a client kept from the reader.

    In part it would not fit its digest.
    """
    is_whole = event.detail is None or told(event, may) == told(event)
    return event if is_whole else event._replace(salt=None, detail=None)


def public(event: RecordedEvent, may: Readable) -> dict[str, object]:
    """An event as programs get it: {seq, at, actor, action, item, subject, client, detail}.

    `client` is the subject, as `audit log --json` has called it from its first version on.
    """
    return {
        "seq": event.seq, "at": local_iso(event.at), "actor": event.actor, "action": event.action,
        "item": item_name(event.item) if event.item is not None else None, "subject": event.subject,
        "client": event.subject, "detail": told(event, may),
    }  # fmt: skip


def history(item: int, may: Readable = ALL, behind: int = 0, most: int | None = None) -> list[dict[str, Any]]:
    """The events of an item, oldest first: {seq, at, actor, action, detail}, as `show --json` does;
    `most` of them `behind` the one of this number."""
    some = islice(_chunks(_select().where(Event.item == item), behind), most)
    return [{"seq": e.seq, "at": e.at, "actor": e.actor, "action": e.action, "detail": told(e, may)} for e in some]
