"""The mails with which contacts log in: somebody sits and waits for each, so they have a thread and a mail server's line of their own.

However many drops are being taken, and however many other mails wait for a slow server, a request is answered within
WAKE_SECONDS. What is looked at is the database's version, as the daemon does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from dossier.cluster.claims import LOGINS, Claims
from dossier.database import identity
from dossier.database.database import close_database, data_version
from dossier.database.trouble import told
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.mail.sending import Mailer, Round
from workflow.outbox.alarms import StandingAlarms
from workflow.portal_access import logins

log = structlog.get_logger("logins")

WAKE_SECONDS = 0.25
"""How soon a request is seen."""

LEAD_SECONDS = 1.0
"""How soon another daemon takes over from one that ended."""

TROUBLE_SECONDS = 5.0
"""How long nothing is tried after an unexpected error."""

RETRY_SECONDS = 5.0
"""How often a mail that the server did not take is looked at, whether it is due again; its own pauses are longer."""


class LoginMails:
    """Answers requests to log in, from `start` to `end`; `round` does it once. Arguments as mail_work.MailWork."""

    def __init__(
        self, office: Office, environ: Mapping[str, str], alarm: Callable[[str, Sentence | None], None], standing: StandingAlarms
    ) -> None:
        self._mailer = Mailer(office, environ, alarm, logins=True)
        self._standing = standing
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logins", daemon=True)

    @property
    def office(self) -> Office:
        return self._mailer.office

    @office.setter
    def office(self, office: Office) -> None:
        self._mailer.office = office

    def start(self) -> None:
        self._thread.start()

    def end(self) -> threading.Thread:
        """Have it end; returns what ends."""
        self._over.set()
        return self._thread

    def round(self, now: datetime) -> Round:
        """Turn the requests into mails, and send what is due. In an office for trying nobody is mailed a link."""
        if identity.is_trial():
            return Round()
        logins.answer(self.office, now)
        return self._mailer.round(now)

    def _run(self) -> None:
        version, waited, claims, is_mine = -1, 0.0, Claims(), False
        while not (files.stopping.is_set() or self._over.is_set()):
            seconds = WAKE_SECONDS
            try:
                seen = data_version()
                was_mine, is_mine = is_mine, claims.take(LOGINS)
                if is_mine and not was_mine:
                    self._mailer.take_over(self._standing.stood("mail"))
                if not is_mine:  # another daemon answers them
                    seconds = LEAD_SECONDS
                elif seen != version or waited >= RETRY_SECONDS:
                    version, waited = seen, 0.0
                    self.round(clock.utc_now())
            except Exception as error:  # noqa: BLE001 - whatever went wrong, it is tried again
                log.error("logins can't be answered; tried again", error=told(error), error_type=type(error).__name__)
                version, seconds, is_mine = -1, TROUBLE_SECONDS, False
                close_database()
            waited += seconds
            self._over.wait(seconds)
        close_database()
