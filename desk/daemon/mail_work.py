"""The daemon's mail: one thread sends what is due; another the mails to log in with
(login_mails.py)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from desk.daemon.login_mails import LoginMails
from desk.daemon.side_thread import LEAD_SECONDS, SideThread
from dossier.cluster.claims import LOGINS, MAIL, Claims
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.mail.sending import Mailer, Round
from workflow.outbox.alarms import StandingAlarms

LOOK_SECONDS = 60.0
"""How long it sleeps at most: a command may have written a mail without waking it."""


class MailWork(SideThread):
    """Sends from `start` to `end`; `once` does it once, without threads.

    `wake` is set by whoever has written a mail; `sent` is told how many the server took; `standing`
    are the alarms that `alarm` raises and ends.
    """

    TROUBLE_SECONDS = 30.0

    def __init__(
        self,
        office: Office,
        environ: Mapping[str, str],
        alarm: Callable[[str, Sentence | None], None],
        standing: StandingAlarms,
        wake: threading.Event,
        sent: Callable[[int], None],
    ) -> None:
        super().__init__("mail", wake)
        self._mailer = Mailer(office, environ, alarm)
        self._log_ins = LoginMails(office, environ, alarm, standing)
        self._standing, self._sent = standing, sent
        self._is_mine = False

    @property
    def office(self) -> Office:
        return self._mailer.office

    @office.setter
    def office(self, office: Office) -> None:
        self._mailer.office = self._log_ins.office = office

    def start(self) -> None:
        super().start()
        self._log_ins.start()

    def end(self) -> list[threading.Thread]:
        return [*super().end(), *self._log_ins.end()]

    def once(self, claims: Claims, at_once: bool = False) -> bool:
        """Send what is due, unless other daemons do; True if there was anything. `at_once`: as
        Mailer.round."""
        log_ins, mails = Round(), Round()
        if claims.take(LOGINS):
            log_ins = self._log_ins.round(clock.utc_now())
        if self._take(claims):
            mails = self._mailer.round(clock.utc_now(), at_once)
        self._sent(log_ins.sent + mails.sent)
        return bool(log_ins.handled or mails.handled)

    def step(self) -> float:
        if not self._take(self._claims):
            return LEAD_SECONDS
        self._sent(self._mailer.round(clock.utc_now()).sent)
        seconds = self._mailer.seconds_to_next(clock.utc_now())
        return LOOK_SECONDS if seconds is None else min(LOOK_SECONDS, max(seconds, 0.2))

    def forget(self) -> None:
        self._is_mine = False

    def _take(self, claims: Claims) -> bool:
        """True if this daemon mails. If it begins to, it takes over the alarm that another one
        left."""
        was_mine, self._is_mine = self._is_mine, claims.take(MAIL)
        if self._is_mine and not was_mine:
            self._mailer.take_over(self._standing.stood("mail"))
        return self._is_mine
