"""Reviews: an item whose type says so must be looked at again in time, and who is responsible gets a mail when it is due.

Once for each due date, at office hours, in the reader's language: that it was sent is noted in the transaction that puts the
letter in the outbox, so a start anew sends none twice. Killed before? The next round does it. A change of the item or of its
review field makes another due date. Items that are closed, and those of clients who have gone, rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from peewee import fn

from dossier.database.database import transaction
from dossier.database.tables import Binned, Event, Item, Note, tuples
from dossier.office import hours, people
from dossier.office.item_types import review_due
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.trail import trail
from workflow.outbox import outbox

if TYPE_CHECKING:
    from dossier.office.keys import ItemType

LISTED = 100
"""Items named in one letter; of more, how many there are."""

AT_ONCE = 10_000
"""Items of which letters are made in one round; the next one takes the rest."""

CHUNK = 500


def remind(office: Office, now: datetime) -> int:
    """Mail what is due for review; returns how many letters were put in the outbox."""
    if not hours.are_open(office, now) or not any(_is_due(office, now)):
        return 0
    letters: dict[str, list[tuple[int, date]]] = defaultdict(list)
    entries = []
    with transaction():
        for number, (item, due) in enumerate(_is_due(office, now)):  # anew: another process may have been first
            if number == AT_ONCE:
                break
            told = _responsible(office, item)
            for code in told:
                letters[code].append((item.id, due))
            Note.insert(key=_key(item.id, due), value=clock.to_text(now)).execute()
            entries.append(trail.NewEvent(trail.DAEMON, "review_reminded", item.id, {"to": told, "due": str(due)}))
        for code, its in letters.items():
            payload = {"items": [[key, str(due)] for key, due in its[:LISTED]], "more": max(0, len(its) - LISTED)}
            outbox.enqueue_to_staff(office, now, "review", None, code, payload)
        trail.record_all(now, entries)
    return len(letters)


def _is_due(office: Office, now: datetime) -> Iterator[tuple[Any, date]]:
    """Items whose review is due and of which nobody was told yet, with the day."""
    today, after = hours.today(office, now), 0
    types = {name: kind for name, kind in office.settings.types.items() if kind.review_field or kind.review_months}
    clients = [code for code, client in office.clients.items() if client.active]
    chosen = Item.type.in_(list(types)) & Item.status.not_in(office.settings.items.closed)
    chosen &= Item.id.not_in(Binned.select(Binned.item))
    while types and (items := list(Item.select().where(chosen & (Item.id > after)).order_by(Item.id).limit(CHUNK))):
        after = items[-1].id
        items = [item for item in items if item.client in clients]
        changed = _last_changes(office, [item.id for item in items])
        dues = [(item, _due(types, item, changed.get(item.id))) for item in items]
        late = [(item, due) for item, due in dues if due is not None and due <= today]
        keys = [_key(item.id, due) for item, due in late]
        noted = {row[0] for row in tuples(Note.select(Note.key).where(Note.key.in_(keys)))}
        yield from ((item, due) for item, due in late if _key(item.id, due) not in noted)


def _due(types: Mapping[str, ItemType], item: Item, changed: date | None) -> date | None:
    return review_due(types[item.type or ""], item.fields, changed) if changed is not None else None


def _last_changes(office: Office, keys: list[int]) -> dict[int, date]:
    """Item → the day, at the office, that it was made or last changed."""
    changes = Event.item.in_(keys) & Event.action.in_(["created", "amended"])
    found = tuples(Event.select(Event.item, fn.MAX(Event.at)).where(changes).group_by(Event.item))
    return {key: hours.today(office, clock.from_text(at)) for key, at in found}


def _responsible(office: Office, item: Item) -> list[str]:
    """Its maker, if still here and allowed to know of it; else who of the staff is; else the admins."""
    may = [
        code
        for code, person in office.staff.items()
        if person.active and people.may_read(office, Actor(code, "mail"), item.client, item.type)
    ]
    if item.created_by in may:
        return [item.created_by]
    named = [code for code in office.settings.types[item.type or ""].staff or () if code in may]
    return named or people.admins(office)


def _key(item: int, due: date) -> str:
    return f"review:{item}:{due}"
