"""What is due: whoever sees to it is told some days before and on the day, as a notice.

Each is told once, at office hours: that it was is noted in the transaction that puts the notice in
the outbox, so a start anew tells nothing twice. Killed before? The next round does it. Another date
is told of anew. What an import brought in with days that had come already is told of to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from dossier.database.database import transaction
from dossier.database.tables import Note, tuples
from dossier.office import hours
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import trail
from workflow.items import dates
from workflow.items.dates import DueDate
from workflow.outbox import notices

AT_ONCE = 10_000
"""Dates that are told of in one round; the next one takes the rest."""

CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Moment:
    """A date of which somebody is to be told: on the day, or before it."""

    date: DueDate
    is_before: bool

    @property
    def key(self) -> str:
        """What notes that it was told of."""
        one, when = self.date, "before" if self.is_before else "day"
        if one.item is not None and one.kind == "review" and not self.is_before:
            return f"review:{one.item.id}:{one.day}"  # as an earlier version noted it
        return f"due:{one.item.id if one.item is not None else one.client}:{one.kind}:{one.name or ''}:{one.day}:{when}"


def remind(office: Office, now: datetime) -> int:
    """Tell of what is due; returns of how many dates somebody was told."""
    if not hours.are_open(office, now) or not any(_untold(office, now)):
        return 0
    entries, count = [], 0
    with transaction():
        for moment in islice(_untold(office, now), AT_ONCE):  # anew: another process may have been first
            one, count = moment.date, count + 1
            told = dates.owners(office, one)
            payload = {"kind": one.kind, "field": one.name, "day": str(one.day)}
            for code in told:
                notices.tell(office, now, "due", code, one.item, payload, one.client)
            Note.insert(key=moment.key, value=clock.to_text(now)).execute()
            detail = {"to": told, "due": str(one.day), "what": one.name or one.kind}
            item, subject = (one.item.id, None) if one.item is not None else (None, one.client)
            entries.append(trail.NewEvent(trail.DAEMON, "due_reminded", item, detail, subject))
        trail.record_all(now, entries)
    return count


def _untold(office: Office, now: datetime) -> Iterator[_Moment]:
    """The dates that have come, or come soon, and that nobody was told of yet."""
    found = iter(dates.until(office, dates.horizon(office, now)))
    while listed := list(islice(found, CHUNK)):
        moments = [_Moment(one, one.day > hours.today(office, now)) for one in listed]
        keys = [moment.key for moment in moments]
        noted = {row[0] for row in tuples(Note.select(Note.key).where(Note.key.in_(keys)))}
        imported = notices.imported([one.item.id for one in listed if one.item is not None])
        yield from (moment for moment in moments if moment.key not in noted and not _came_too_late(office, moment, imported))


def _came_too_late(office: Office, moment: _Moment, imported: set[int]) -> bool:
    """True of an item that came by an import when the moment was there already."""
    one = moment.date
    if one.item is None or one.item.id not in imported:
        return False
    came = hours.today(office, clock.from_text(one.item.created_at))
    return one.day <= came + timedelta(days=office.settings.items.due_days if moment.is_before else 0)
