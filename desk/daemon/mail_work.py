"""The daemon's mail: one thread that sends what is due, and the mails to log in with on another (login_mails.py).

Trouble with mail, of whatever kind, stays here: it is told, and tried again. Of several daemons on one office one mails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import structlog

from desk.daemon.login_mails import LoginMails
from dossier.cluster.claims import LOGINS, MAIL, Claims
from dossier.database.database import close_database
from dossier.database.trouble import told
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.mail.sending import Mailer, Round
from workflow.outbox.alarms import StandingAlarms

log = structlog.get_logger("mail")

LEAD_SECONDS = 1.0
"""How soon another daemon takes over from one that ended."""

LOOK_SECONDS = 60.0
"""How long it sleeps at most: a command may have written a mail without waking it."""

TROUBLE_SECONDS = 30.0
"""How long nothing is tried after an unexpected error."""


class MailWork:
    """Sends from `start` to `end`; `once` does it once, without threads.

    `wake` is set by whoever has written a mail; `sent` is told how many the server took; `standing` are the alarms that `alarm`
    raises and ends.
    """

    def __init__(
        self,
        office: Office,
        environ: Mapping[str, str],
        alarm: Callable[[str, Sentence | None], None],
        standing: StandingAlarms,
        wake: threading.Event,
        sent: Callable[[int], None],
    ) -> None:
        self._mailer = Mailer(office, environ, alarm)
        self._log_ins = LoginMails(office, environ, alarm, standing)
        self._standing = standing
        self._is_mine = False
        self._wake, self._sent = wake, sent
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    @property
    def office(self) -> Office:
        return self._mailer.office

    @office.setter
    def office(self, office: Office) -> None:
        self._mailer.office = self._log_ins.office = office

    def start(self) -> None:
        self._thread.start()
        self._log_ins.start()

    def end(self) -> list[threading.Thread]:
        """Have it end; returns what ends."""
        self._over.set()
        self._wake.set()
        return [self._thread, self._log_ins.end()]

    def once(self, claims: Claims, at_once: bool = False) -> bool:
        """Send what is due, unless other daemons do; True if there was anything. `at_once`: as Mailer.round."""
        log_ins, mails = Round(), Round()
        if claims.take(LOGINS):
            log_ins = self._log_ins.round(clock.utc_now())
        if self._take(claims):
            mails = self._mailer.round(clock.utc_now(), at_once)
        self._sent(log_ins.sent + mails.sent)
        return bool(log_ins.handled or mails.handled)

    def _take(self, claims: Claims) -> bool:
        """True if this daemon mails; from now on, it may be: then an alarm of the one before is its own."""
        was_mine, self._is_mine = self._is_mine, claims.take(MAIL)
        if self._is_mine and not was_mine:
            self._mailer.take_over(self._standing.stood("mail"))
        return self._is_mine

    def _run(self) -> None:
        claims = Claims()
        while not (files.stopping.is_set() or self._over.is_set()):
            seconds: float | None = LEAD_SECONDS
            try:
                if self._take(claims):
                    self._sent(self._mailer.round(clock.utc_now()).sent)
                    seconds = self._mailer.seconds_to_next(clock.utc_now())
            except Exception as error:  # noqa: BLE001 - whatever went wrong, mailing is tried again
                log.error("mailing failed; tried again", error=told(error), error_type=type(error).__name__)
                close_database()
                self._is_mine = False
                seconds = TROUBLE_SECONDS
            self._wake.wait(LOOK_SECONDS if seconds is None else min(LOOK_SECONDS, max(seconds, 0.2)))
            self._wake.clear()
        close_database()
