"""Telling each webhook what has happened since, in the trail's order. What happens to an event:

 1. look   may the webhook's staff member know of it now? Else it is passed over.
 2. post   signed anew at each try, always with the same `webhook-id`. Killed here? The next start
           sends it again, and the receiver sees by its id that it had it.
 3. mark   the receiver took it (2xx): the webhook's row says so.

Whatever else the receiver answers, or if it does not, the same event is tried again with growing
pauses, or when the receiver says; those behind it wait, so that nothing is told out of order. After
DISABLE_DAYS without a yes, or at once if the receiver says 410, the webhook is disabled and the
admins are told; an admin enables it again, and then it goes on where it was. A new webhook begins
at the end of the trail.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from dossier.database import identity
from dossier.database.database import transaction
from dossier.database.web_tables import Hook
from dossier.files import files
from dossier.office import people
from dossier.office.keys import Webhook
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.sentences import Sentence, packed, sentence, unpacked
from dossier.trail import trail
from dossier.trail.trail import RecordedEvent
from workflow.outbox.pauses import LONGEST_SECONDS, pause_after
from workflow.webhooks import posting
from workflow.webhooks.posting import PostOutcome

log = structlog.get_logger("webhooks")

DISABLE_DAYS = 5

TURN_SECONDS = 5.0
"""So long one webhook has its turn while others wait."""

AT_ONCE = 20
"""Events that are read, and whose rights are asked, at once."""

ASKED_SECONDS = 1.0
"""So long what was read, and whose rights were asked, is sent: some receivers are slow."""

FAR = 1000
"""So many events that were not for a webhook are passed over for good."""

LOOK_SECONDS = 60.0

CAUSE = "webhook "
"""How the cause of an alarm begins; the webhook's name is behind it."""

Alarm = Callable[[str, Sentence | None], None]


class Sender:
    """Sends what is due, in one thread. `alarm` raises (a text) or ends (None) an alarm."""

    def __init__(self, office: Office, environ: Mapping[str, str], alarm: Alarm) -> None:
        self.office = office
        self._environ, self._alarm = environ, alarm

    def round(self, now: datetime) -> int:
        """Each webhook's turn; how many were tried. A receiver's trouble is recorded.

        Of those that fail one is tried, after all others: one that does not answer takes long.
        Out of an office for trying nothing is sent.
        """
        if identity.is_trial():
            return 0
        due = []
        for name, hook in self.office.settings.webhooks.items():
            row = _row(name, now)
            disabled = sentence("webhooks.disabled", name=name, why=unpacked(row.error or "")) if row.disabled_at else None
            self._alarm(CAUSE + name, disabled)
            is_ahead = row.due_at > clock.to_text(now + timedelta(seconds=LONGEST_SECONDS))  # the clock was put back
            if row.disabled_at is None and (row.due_at <= clock.to_text(now) or is_ahead):
                due.append((name, hook, row))
        failing = sorted((one for one in due if one[2].attempts), key=lambda one: str(one[2].due_at))
        return sum(self._turn(now, *one) for one in [*(one for one in due if not one[2].attempts), *failing[:1]])

    def _turn(self, now: datetime, name: str, hook: Webhook, row: Hook) -> int:
        began, count, seq = time.monotonic(), 0, int(row.seq)
        while time.monotonic() - began < TURN_SECONDS and not files.stopping.is_set():
            end, office, asked_at = trail.head()[0], self.office, time.monotonic()
            may = people.readable(office, Actor(hook.for_, "webhook"))
            found = trail.after(seq, may, AT_ONCE)
            for event in found:
                is_late = self.office is not office or time.monotonic() - asked_at > ASKED_SECONDS
                if is_late and event is not found[0]:
                    break  # rights may be others by now, and what happened be moved or erased
                at = now + timedelta(seconds=time.monotonic() - began)
                told = trail.public(event, may)
                answer = posting.post(hook, self._environ, ident(event), at, event.action, told, event.at)
                count += 1
                if not answer.is_yes:
                    _failed(at, name, event, answer)
                    return count
                seq = event.seq
                _went(at, name, seq)
                if files.stopping.is_set():
                    return count
            if not found:
                if end - seq > FAR:
                    with transaction():
                        Hook.update(seq=end).where(Hook.name == name).execute()
                break
        return count


def ident(event: RecordedEvent) -> str:
    """What an event's message is called, however often it is sent."""
    return f"{event.seq}.{event.hash[:24]}"


def _row(name: str, now: datetime) -> Hook:
    """How far this webhook is; a new one begins at the end of the trail."""
    row = Hook.get_or_none(Hook.name == name)
    if row is None:
        with transaction():
            values = {"name": name, "seq": trail.head()[0], "attempts": 0, "due_at": clock.to_text(now)}
            Hook.insert(**values).on_conflict_ignore().execute()
        row = Hook.get_by_id(name)
    return row


def _went(now: datetime, name: str, seq: int) -> None:
    values = {"seq": seq, "sent_at": clock.to_text(now), "attempts": 0, "failing_since": None, "error": None}
    with transaction():
        Hook.update(**values).where(Hook.name == name).execute()


def _failed(now: datetime, name: str, event: RecordedEvent, answer: PostOutcome) -> None:
    with transaction():
        row = Hook.get_by_id(name)
        since = row.failing_since or clock.to_text(now)
        is_over = answer.status == posting.GONE or now - clock.from_text(since) >= timedelta(days=DISABLE_DAYS)
        wait = max(pause_after(row.attempts + 1), min(answer.wait_seconds, LONGEST_SECONDS))
        due = now + timedelta(seconds=wait)
        Hook.update(
            attempts=row.attempts + 1, failing_since=since, error=packed(answer.sentence), due_at=clock.to_text(due),
            disabled_at=clock.to_text(now) if is_over else None,
        ).where(Hook.name == name).execute()  # fmt: skip
    log.warning(
        "a webhook's receiver did not take an event", webhook=name, seq=event.seq, why=str(answer.sentence), disabled=is_over
    )


def seconds_to_next(office: Office, now: datetime) -> float:
    """Seconds until something is tried again; LOOK_SECONDS at most."""
    failing = Hook.attempts > 0
    rows = list(Hook.select().where(failing & Hook.disabled_at.is_null() & Hook.name.in_(list(office.settings.webhooks))))
    return min([LOOK_SECONDS, *(max(0.0, (clock.from_text(row.due_at) - now).total_seconds()) for row in rows)])
