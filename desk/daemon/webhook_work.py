"""The daemon's webhooks: a thread of its own, so that a slow receiver holds up nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from desk.daemon.side_thread import LEAD_SECONDS, SideThread
from dossier.cluster.claims import WEBHOOKS, Claims
from dossier.database.database import data_version
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.outbox.alarms import StandingAlarms
from workflow.webhooks import sending

WAKE_SECONDS = 1.0
"""How soon an event is told."""

LOOK_SECONDS = 60.0
"""How long it sleeps while there is no webhook, unless `reconsider` is called."""


class WebhookWork(SideThread):
    """Sends from `start` to `end`; `once` does it once, without a thread. `alarm` raises and
    ends the alarms of `standing`."""

    LAG_SECONDS = WAKE_SECONDS / 2

    def __init__(
        self, office: Office, environ: Mapping[str, str], alarm: Callable[[str, Sentence | None], None], standing: StandingAlarms
    ) -> None:
        super().__init__("webhooks")
        self.sender = sending.Sender(office, environ, alarm)
        self._alarm, self._standing = alarm, standing
        self._version, self._due = -1, 0.0

    def once(self, claims: Claims) -> bool:
        """Send what is due, unless another daemon does; True if there was anything."""
        return bool(self.sender.office.settings.webhooks and claims.take(WEBHOOKS) and self.sender.round(clock.utc_now()))

    def reconsider(self, office: Office) -> None:
        """The configuration has changed."""
        self.sender.office = office
        self._bell.ring()

    def step(self) -> float:
        self._end_forgotten()
        self.hears = bool(self.sender.office.settings.webhooks)
        if not self.hears:
            self.forget()
            return LOOK_SECONDS
        if not self._claims.take(WEBHOOKS):  # another daemon sends
            self.forget()
            return LEAD_SECONDS
        if (seen := data_version()) != self._version or time.monotonic() >= self._due:
            self._version = seen
            if self.sender.round(clock.utc_now()):  # there may be more
                self.forget()
                return 0.0
            self._due = time.monotonic() + sending.seconds_to_next(self.sender.office, clock.utc_now())
        return WAKE_SECONDS

    def forget(self) -> None:
        self._version = -1

    def _end_forgotten(self) -> None:
        """No alarm stands of a webhook that is in the settings no more."""
        for cause in self._standing.causes():
            name = cause.removeprefix(sending.CAUSE)
            if name != cause and name not in self.sender.office.settings.webhooks:
                self._alarm(cause, None)
