"""What the daemon that leads does by the clock: reminders, what is due, alarms, the trail, what
is kept too long.

How often is here; what is done, below. All of it may come late or twice: what was done is in the
database.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from desk.actions import config_files
from desk.daemon.portal_work import VERIFY_HOURS, PortalWork
from desk.daemon.scheduled_job import ScheduledJob
from desk.daemon.trail_work import TRAIL_SECONDS, TrailWork
from dossier.database import revisions
from dossier.office.office import Office
from dossier.text import clock
from ingest.intake import delegation, scanning, sightings
from ingest.sources import dropping
from workflow.outbox import alarms
from workflow.outbox.alarms import StandingAlarms
from workflow.reminders import due, reminders, unopened
from workflow.reports import drafts
from workflow.retention import erasing, retention

REMIND_SECONDS = 15
"""How often it is seen whether an approver must be reminded: one look at an index, if not."""

REMIND_CONTACTS_SECONDS = 300
"""How often it is seen whether a contact has not opened what they were told of."""

DUE_SECONDS = 60
"""How often it is seen whether something is due."""

RETENTION_SECONDS = 900
"""How often the vault files of removed items are looked at, and whether this month's list of
what may go was mailed."""

SWEEP_SECONDS = 6 * 3600
"""How often it is looked for what killed commands left hidden in the inbox."""

BREACH_SECONDS, BREACH_REST_SECONDS = 10, 60
"""How often it is seen whether a draft for the register of data breaches is due that no command
wrote, for so long after anything was written; and else."""

ALARM_SECONDS = 60
"""How often it is looked at what no event tells of: the scanner, room on the disks, refused
drops that nobody looks at."""


class Periodic:
    """The jobs; `wake_mail` is called when one has written a mail; `wrote_at` says when anything
    was written last, in monotonic seconds. The schedule's threads use it."""

    def __init__(
        self, office: Office, standing: StandingAlarms, trail: TrailWork, portal: PortalWork, wake_mail: Callable[[], None],
        wrote_at: Callable[[], float],
    ) -> None:  # fmt: skip
        self.office = office
        self._alarms, self._trail, self._portal, self._wake_mail = standing, trail, portal, wake_mail
        self._wrote_at, self._drafts_due = wrote_at, 0.0

    def once(self) -> None:
        """What `run --once` does of it, before its work."""
        for remind in (reminders.remind, unopened.remind, due.remind):
            self._remind(remind)
        self._look_around()
        self._retain()
        self._sweep()
        self._keep_config()
        self._trail.anchor(clock.utc_now())

    def jobs(self, leads: Callable[[], bool]) -> list[ScheduledJob]:
        """Each does nothing where this daemon, as `leads` says, does not lead."""

        def led(function: Callable[[], None]) -> Callable[[], None]:
            return lambda: function() if leads() else None

        return [
            ScheduledJob("remind", REMIND_SECONDS, led(partial(self._remind, reminders.remind))),
            ScheduledJob("remind contacts", REMIND_CONTACTS_SECONDS, led(partial(self._remind, unopened.remind))),
            ScheduledJob("breaches", BREACH_SECONDS, led(self._write_drafts)),
            ScheduledJob("due dates", DUE_SECONDS, led(partial(self._remind, due.remind)), is_long=True),
            ScheduledJob("alarms", ALARM_SECONDS, led(self._look_around)),
            ScheduledJob("verify", VERIFY_HOURS * 3600, led(self._portal.verify_daily), is_long=True),
            ScheduledJob("trail", TRAIL_SECONDS, led(self._keep_trail), is_long=True),
            ScheduledJob("sweep", SWEEP_SECONDS, led(self._sweep), is_long=True),
            ScheduledJob("retention", RETENTION_SECONDS, led(self._retain), is_long=True),
        ]

    def _remind(self, remind: Callable[[Office, datetime], object]) -> None:
        if remind(self.office, clock.utc_now()):
            self._wake_mail()

    def _write_drafts(self) -> None:
        now = time.monotonic()
        if now > self._wrote_at() + BREACH_REST_SECONDS and now < self._drafts_due:
            return
        self._drafts_due = now + BREACH_REST_SECONDS
        drafts.write_what_was_left(self.office, clock.utc_now())

    def _look_around(self) -> None:
        scanner = self.office.settings.intake.clamd
        self._alarms.tell(clock.utc_now(), "scanner", scanning.why_gone(scanner) if scanner else None)
        alarms.check(self._alarms, clock.utc_now())
        self._wake_mail()

    def _keep_config(self) -> None:
        config_files.finish(self.office, clock.utc_now())

    def _keep_trail(self) -> None:
        self._keep_config()
        self._trail.anchor(clock.utc_now())
        self._trail.verify_daily(clock.utc_now())
        self._wake_mail()

    def _sweep(self) -> None:
        dropping.sweep(self.office)

    def _retain(self) -> None:
        erasing.finish(self.office)
        delegation.sweep(self.office, clock.utc_now())
        sightings.sweep(self.office, clock.utc_now())
        revisions.sweep()
        if retention.upkeep(self.office, clock.utc_now(), self._portal.portal.vault):
            self._wake_mail()
