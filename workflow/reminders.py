"""Reminders to approvers, and escalation of what waits too long. Each is sent once for an edition and a person."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from dossier import clock, people, trail
from dossier.database import transaction
from dossier.models import Edition, Item, Note, item_name
from dossier.settings import Office
from workflow import approval, notification


def remind(office: Office, now: datetime) -> int:
    """Remind and escalate what is due; returns how many mails were put in the outbox."""
    sharing = office.settings.sharing
    due = clock.to_text(now - timedelta(hours=sharing.remind_hours))
    late = clock.to_text(now - timedelta(hours=sharing.escalate_hours))
    query: Any = (
        Item.select(Item, Edition.made_at.alias("asked_at"))
        .join(Edition, on=(Item.pending == Edition.id))
        .where(Edition.made_at <= due)
        .order_by(Item.id)
    )
    waiting = list(query.namedtuples())
    letters: dict[tuple[str, str], list[Any]] = defaultdict(list)
    today = now.astimezone().date()
    for item in waiting:
        asked = approval.people_asked(office, item, today)
        for person in asked:
            letters["reminder", person].append(item)
        if item.asked_at <= late:
            for person in _superiors(office, asked):
                letters["escalation", person].append(item)
    count = 0
    with transaction():
        for (kind, person), found in letters.items():
            new = [item for item in found if _is_first(kind, item.pending, person, now)]
            if new:
                notification.enqueue_to_staff(office, now, kind, None, person, {"items": [_line(office, item) for item in new]})
                for item in new:
                    trail.record(now, trail.DAEMON, "reminded" if kind == "reminder" else "escalated", item.id, {"to": person})
                count += 1
    return count


def _superiors(office: Office, asked: list[str]) -> list[str]:
    """Who is told that an approver does not decide: his substitute, else every admin."""
    told = []
    for approver in asked:
        substitute = office.staff[approver].substitute if approver in office.staff else None
        told += [substitute] if substitute and substitute not in asked else []
    return list(dict.fromkeys(told or people.admins(office)))


def _is_first(kind: str, edition: int, person: str, now: datetime) -> bool:
    """True once for each letter about an edition to a person; notes it."""
    key = f"{kind}:{edition}:{person}"
    if Note.select().where(Note.key == key).exists():
        return False
    Note.insert(key=key, value=clock.to_text(now)).execute()
    return True


def _line(office: Office, item: Any) -> dict[str, str]:
    client = office.clients.get(item.client)
    return {
        "item": item_name(item.id),
        "client": client.name if client else item.client,
        "description": item.description,
        "since": clock.shown(item.asked_at) or "",
    }
