"""Erasing from the trail: what people wrote, and a person from events. The chain still verifies.

An erasure is an event itself. It names the events whose details went, and holds the new links of
those that were written anew without a person, so the new words can't be changed either.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime

from dossier.database.tables import Event, EventDetail, Redaction, chunks, tuples
from dossier.office.people import Actor
from dossier.text.refusals import Conflict
from dossier.trail.trail import RecordedEvent, detail_digest, link_of, record, those


def erase(now: datetime, actor: Actor, seqs: Iterable[int], reason: str) -> int:
    """Erase the details of these events for good; how many there were. Inside `transaction()`.

    Raises Conflict for an event that tells of an erasure: without it the others would look tampered
    with. `reason` is kept, so it must not say what was erased.
    """
    kept = [event for event in those(seqs) if event.detail is not None]
    if any(event.action == "erased" for event in kept):
        raise Conflict("trail.no_erasing_of_erasures")
    found = [event.seq for event in kept]
    if not found:
        return 0
    for some in chunks(found):
        EventDetail.delete().where(EventDetail.seq.in_(some)).execute()
    record(now, actor, "erased", None, {"events": found, "reason": reason})
    return len(found)


def redact(now: datetime, actor: Actor, anew: Sequence[RecordedEvent], reason: str) -> None:
    """Keep these events as they are given: with another actor, behind or detail.

    Raises Conflict for an event of an erasure. `reason` is kept. Inside `transaction()`.
    """
    if any(event.action == "erased" for event in anew):
        raise Conflict("trail.no_redacting_of_erasures")
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
    query = Redaction.select(Redaction.seq, Redaction.link)
    return dict(tuples(query.where(Redaction.seq.between(first, last))))
