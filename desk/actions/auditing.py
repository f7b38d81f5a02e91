"""The trail and what it proves: reading and exporting it, verifying it, erasing from it, and sheets
of proof."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from dossier.database.database import transaction
from dossier.database.tables import Item
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Conflict, Forbidden, Invalid, fault
from dossier.text.sentences import Sentence, in_a_row
from dossier.trail import trail
from dossier.trail.trail import RecordedEvent


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events. None: any. All of them must hold."""

    item: int | None = None
    client: str | None = None
    person: str | None = None
    """Who did it, also for another."""
    since: datetime | None = None
    until: datetime | None = None


def events(
    office: Office, reader: Actor, wanted: EventFilter, newest: int | None = None, last: int | None = None
) -> Iterator[RecordedEvent]:
    """What happened, as far as the reader may know of it, oldest first.

    `newest`: only so many, the newest. `last`: up to the one of this number.
    """
    return trail.events(
        item=wanted.item, client=wanted.client, person=wanted.person, since=wanted.since, until=wanted.until,
        last=last, may=people.readable(office, reader), newest=newest,
    )  # fmt: skip


def details(office: Office, reader: Actor) -> Callable[[RecordedEvent], dict[str, Any]]:
    """What tells an event's detail to this reader."""
    return partial(trail.told, may=people.readable(office, reader))


def after(office: Office, reader: Actor, seq: int, most: int) -> list[dict[str, Any]]:
    """The next `most` events behind the one numbered `seq`, as far as the reader may know of them,
    as programs get them."""
    may = people.readable(office, reader)
    return [trail.public(event, may) for event in trail.after(seq, may, most)]


def last() -> int:
    """The number of the last event of all."""
    return trail.head()[0]


def export(office: Office, now: datetime, reader: Actor, wanted: EventFilter) -> Iterator[tuple[RecordedEvent, str | None]]:
    """Each event there is now, and the link that the chain holds of one that was written anew.

    First it is recorded who gets them: whoever reads no further than half has read half.
    """
    from dossier.trail import redacting

    may, last = people.readable(office, reader), trail.head()[0]
    count = trail.count(
        item=wanted.item, client=wanted.client, person=wanted.person, since=wanted.since, until=wanted.until, last=last, may=may
    )
    links = redacting.redactions(1, last)
    with transaction():
        trail.record(now, reader, "exported", wanted.item, {"events": count}, wanted.client)
    for event in events(office, reader, wanted, last=last):
        yield trail.for_reader(event, may), links.get(event.seq)


@dataclass(frozen=True, slots=True)
class Verified:
    """How the trail stands: what does not fit (None: nothing), how many events, the last one's
    hash, and how many anchors."""

    fault: Sentence | str | None
    events: int
    head: str
    anchors: int


def verify(office: Office) -> Verified:
    """Walk the whole trail, with its anchors and the records.

    The caller has asked that the reader may know of all.
    """
    from dossier.trail import anchors, auditing

    found, wrong = anchors.read(anchors.folder_of(office))
    wrong = auditing.first_fault(found) or wrong
    length, head = trail.head()
    return Verified(wrong, length, head, len(found))


def erase(office: Office, now: datetime, actor: Actor, reason: str, item: int | None = None, numbers: Sequence[int] = ()) -> int:
    """Erase what people wrote in events, of an item or by number; returns of how many.

    Raises Refusal; Conflict for what is under a legal hold.
    """
    from dossier.trail import redacting

    if not people.is_admin(office, actor.code):
        raise Forbidden("erasing.not_admin", who=actor.code)
    if not reason.strip():
        raise Invalid([fault("reason", "erasing.needs_reason")])
    with transaction():
        wanted = [number for number in numbers if 0 < number <= last()]
        wanted += [one.seq for one in trail.events(item=item)] if item is not None else ()
        _refuse_held(wanted)
        return redacting.erase(now, actor, wanted, reason)


def _refuse_held(numbers: Sequence[int]) -> None:
    """Raises Conflict if one of these events is about what is under a legal hold."""
    from workflow.retention import retention

    if not (held := retention.holds()):
        return
    for event in trail.those(numbers):
        item = Item.get_or_none(Item.id == event.item) if event.item is not None else None
        why = list(retention.held_by(held, item.client if item is not None else event.subject, event.item))
        if why:
            raise Conflict("erasing.nothing_erased", why=in_a_row(why))


# Proof


def prove(office: Office, now: datetime, reader: Actor, key: int) -> dict[str, Any]:
    """The proof of an item, as `proof --json` gives it; counts as looking at the item.

    Raises NotFound.
    """
    from workflow.items import items
    from workflow.reports import proof, viewed

    found = items.get_for(office, reader, key)
    viewed.note_view(now, reader, found, "proof")
    return proof.collect(office, now, found, people.readable(office, reader))


def belongs_here(office: Office, sheet: Mapping[str, Any]) -> bool | None:
    """True if the anchor of a sheet that holds is this office's trail's own; None if nothing here
    can tell.

    The database is asked; without one, the anchors that the office keeps beside it.
    """
    from dossier.database import snapshot
    from dossier.database.database import open_database
    from dossier.database.tables import Event, tuples
    from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
    from dossier.trail import anchors

    length, head = sheet["anchor"]["length"], sheet["anchor"]["head"]
    path = snapshot.sqlite_path(office)
    if path is None or path.exists():  # else opening it would make an empty one
        with contextlib.suppress(DatabaseUnavailable, *UNAVAILABLE):
            open_database(office)
            return tuples(Event.select(Event.hash).where(Event.seq == length)) == [(head,)]
    known = anchors.read(anchors.folder_of(office))[0] if anchors.folder_of(office).is_dir() else []
    return next((one.head == head for one in known if one.length == length), None)
