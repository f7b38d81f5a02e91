"""The daemon's webhooks: a thread of its own, so that a slow receiver holds up nothing else. Of several daemons on one office one sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import structlog

from desk.daemon.login_mails import LEAD_SECONDS, TROUBLE_SECONDS
from dossier.cluster.claims import WEBHOOKS, Claims
from dossier.database.database import close_database, data_version
from dossier.database.trouble import told
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.outbox.alarms import StandingAlarms
from workflow.webhooks import sending

log = structlog.get_logger("webhooks")

WAKE_SECONDS = 1.0
"""How soon an event is told."""


class WebhookWork:
    """Sends from `start` to `end`; `once` does it once, without a thread. `alarm` raises and ends the alarms of `standing`."""

    def __init__(
        self, office: Office, environ: Mapping[str, str], alarm: Callable[[str, Sentence | None], None], standing: StandingAlarms
    ) -> None:
        self._sender = sending.Sender(office, environ, alarm)
        self._alarm, self._standing = alarm, standing
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    @property
    def office(self) -> Office:
        return self._sender.office

    @office.setter
    def office(self, office: Office) -> None:
        self._sender.office = office

    def start(self) -> None:
        self._thread.start()

    def end(self) -> threading.Thread:
        """Have it end; returns what ends."""
        self._over.set()
        return self._thread

    def once(self, claims: Claims) -> bool:
        """Send what is due, unless another daemon does; True if there was anything."""
        return bool(self.office.settings.webhooks and claims.take(WEBHOOKS) and self._sender.round(clock.utc_now()))

    def _run(self) -> None:
        version, due, claims = -1, 0.0, Claims()
        while not (files.stopping.is_set() or self._over.is_set()):
            seconds = WAKE_SECONDS
            try:
                self._end_forgotten()
                if not self.office.settings.webhooks:
                    version = -1
                elif not claims.take(WEBHOOKS):  # another daemon sends
                    version, seconds = -1, LEAD_SECONDS
                elif (seen := data_version()) != version or due <= 0:
                    version = seen
                    if self._sender.round(clock.utc_now()):
                        version, seconds = -1, 0.0  # there may be more
                    due = sending.seconds_to_next(self.office, clock.utc_now())
            except Exception as error:  # noqa: BLE001 - whatever went wrong, it is tried again
                log.error("webhooks can't be sent; tried again", error=told(error), error_type=type(error).__name__)
                version, seconds = -1, TROUBLE_SECONDS
                close_database()
            due -= seconds
            self._over.wait(seconds)
        close_database()

    def _end_forgotten(self) -> None:
        """No alarm stands of a webhook that is in the settings no more."""
        for cause in self._standing.causes():
            name = cause.removeprefix(sending.CAUSE)
            if name != cause and name not in self.office.settings.webhooks:
                self._alarm(cause, None)
