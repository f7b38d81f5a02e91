"""The log's line for each event of the trail that is not told where it is done: what commands,
the portal and the clock did to items.

The line comes once the event is committed, whoever wrote it. The daemon that leads tells; what
happened while none ran is in the trail only.
"""

from __future__ import annotations

from typing import Any

import structlog

from dossier.database.prepared import Prepared
from dossier.database.tables import Event, Item, item_name, tuples
from dossier.trail import trail

log = structlog.get_logger("trail")

TOLD = (
    "created",
    "duplicate",
    "refused",
    "published",
    "taken_off",
    "notified",
    "not_notified",
    "mail_failed",
    "alarm",
    "alarm_over",
    "quarantined",
)
"""Told by whoever does it: intake, publishing, mailing, alarms."""

LOOKS = ("viewed", "exported")
"""Nothing happened to an item: somebody of the office read. The trail has it."""

BY_HAND = (("amended", "drop"), ("approved", "queue"), ("rejected", "queue"))
"""Told by intake, and by the queue, where they come by this way."""

AT_ONCE = 1000


class EventLog:
    """Tells what was written to the trail since it was made, or since it told last. For one
    thread."""

    def __init__(self) -> None:
        self._seq = trail.head()[0]

    def skip(self) -> None:
        """Another daemon tells."""
        self._seq = trail.head()[0]

    def tell(self) -> None:
        """A line for each new event."""
        while rows := self._next():
            self._seq = rows[-1][0]
            clients = _clients({row[5] for row in rows if row[5] is not None})
            for _, actor, behind, way, action, item, subject in rows:
                if action in TOLD or action in LOOKS or (action, way) in BY_HAND:
                    continue
                about = {"item": item and item_name(item), "client": clients.get(item, subject), "by": actor, "behind": behind}
                log.info(action.replace("_", " "), **{name: value for name, value in about.items() if value}, way=way)

    def _next(self) -> list[tuple[Any, ...]]:
        return _BEHIND.rows(self._seq)


_BEHIND = Prepared(
    lambda seq: (
        Event.select(Event.seq, Event.actor, Event.behind, Event.way, Event.action, Event.item, Event.subject)
        .where(Event.seq > seq)
        .order_by(Event.seq)
        .limit(AT_ONCE)
    )
)


def _clients(items: set[int]) -> dict[int, str]:
    return dict(tuples(Item.select(Item.id, Item.client).where(Item.id.in_(sorted(items))))) if items else {}
