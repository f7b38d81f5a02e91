"""Who is asked about which edition, since when: reminders count from it, restarts go on with it.

The queue folder is its only writer. A row is there before the queue file is, and `is_open` until it
is moved away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from dossier.database.database import transaction
from dossier.database.tables import Asked, Item, Note, first_edition, insert_rows, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import trail
from workflow.approval.waiting import Asking
from workflow.outbox import notices, outbox


def open_rows() -> list[tuple[int, str, bool]]:
    """(edition, person, True if their queue file was there once) of all that is open."""
    query = Asked.select(Asked.edition, Asked.person, Asked.written_at).where(Asked.is_open)
    return [(edition, person, written_at is not None) for edition, person, written_at in tuples(query)]


def note(office: Office, now: datetime, askings: Sequence[Asking]) -> None:
    """Write down who is asked, and in whose place. If nobody is left, the admins are told once."""
    wanted = {(asking.concept.edition, person) for asking in askings for person in asking.people}
    ours = Asked.edition.in_([asking.concept.edition for asking in askings])
    rows = {(row.edition, row.person): row.is_open for row in Asked.select().where(ours)}
    new = wanted - rows.keys()
    back = [key for key in wanted if rows.get(key) is False]
    over = [key for key, is_open in rows.items() if is_open and key not in wanted]
    stuck = [asking for asking in askings if not all(seat.people for seat in asking.seats)]
    if not (new or back or over or stuck):
        return
    made = [(*key, clock.to_text(now), True) for key in sorted(new)]
    with transaction():
        insert_rows(Asked, made, [Asked.edition, Asked.person, Asked.at, Asked.is_open])
        mark(back, is_open=True, at=clock.to_text(now), reminded_at=None)
        mark(over, is_open=False)
        trail.record_all(now, [entry for asking in askings for entry in _passed_on(asking, new)])
        _tell_asked(office, now, askings, new | set(back))
        for asking in stuck:
            _tell_nobody_is_left(office, now, asking)


def _passed_on(asking: Asking, new: Collection[tuple[int, str]]) -> list[trail.NewEvent]:
    entries = []
    for seat in asking.seats:
        others = [person for person in seat.people if person != seat.approver and (asking.concept.edition, person) in new]
        if others:
            detail = {"seat": seat.approver, "to": others, "reason": seat.reason and str(seat.reason)}
            entries.append(trail.NewEvent(trail.DAEMON, "passed_on", asking.concept.item, detail))
    return entries


def _tell_asked(office: Office, now: datetime, askings: Sequence[Asking], new: Collection[tuple[int, str]]) -> None:
    """Whoever is asked for the first time, or again, hears of it at once, if they want to."""
    editions = {edition for edition, _ in new}
    asked_anew = [asking for asking in askings if asking.concept.edition in editions]
    keys = [asking.concept.item for asking in asked_anew]
    found = {item.id: item for item in Item.select().where(Item.id.in_(keys))} if keys else {}
    silent = notices.imported(keys)
    for asking in asked_anew:
        key, edition = asking.concept.item, asking.concept.edition
        for person in asking.people:
            if (edition, person) in new and key in found and key not in silent:
                seat = asking.seat_of(person)
                instead_of = seat.approver if seat is not None and seat.approver != person else None
                notices.tell(office, now, "decide", person, found[key], {"edition": edition, "seat": instead_of})


def _tell_nobody_is_left(office: Office, now: datetime, asking: Asking) -> None:
    if not Note.put_first(f"nobody:{asking.concept.edition}", clock.to_text(now)):
        return
    reasons = [str(seat.reason) for seat in asking.seats if not seat.people]
    trail.record(now, trail.DAEMON, "nobody_left", asking.concept.item, {"reasons": reasons})
    item = Item.get_by_id(asking.concept.item)
    for admin in people.admins(office):
        outbox.enqueue_to_staff(office, now, "nobody_left", item, admin, {"description": item.description})


def close_items(items: Sequence[int]) -> None:
    """Nobody is asked about these items any more."""
    for item in items:
        first, behind = first_edition(item), first_edition(item + 1)
        Asked.update(is_open=False).where(Asked.edition.between(first, behind - 1) & Asked.is_open).execute()


def mark(keys: Iterable[tuple[int, str]], **values: object) -> None:
    """Write this down with each (edition, person) that is asked. Call inside `transaction()`."""
    for edition, person in keys:
        Asked.update(**values).where((Asked.edition == edition) & (Asked.person == person)).execute()
