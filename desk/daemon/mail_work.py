"""The daemon's mail: one thread sends what is due, another the mails to log in with.

Contacts and staff who log in sit and wait for each of those. So they have a thread and a connection
to the mail server of their own: however many drops are being taken, and however many other mails
wait for a slow server, a request is answered within WAKE_SECONDS. Like the daemon, that thread
hears that something was written to the database, and sees by its version whether others did.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from desk.daemon.bell import Bell
from desk.daemon.side_thread import LEAD_SECONDS, SideThread
from dossier.cluster.claims import LOGINS, MAIL, Claims
from dossier.database import identity
from dossier.database.database import data_version
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.mail.sending import Mailer, Round
from workflow.outbox.alarms import StandingAlarms
from workflow.portal_access import logins

LOOK_SECONDS = 60.0
"""How long it sleeps at most: a command may have written a mail without waking it."""

WAKE_SECONDS = 0.25
"""How soon a request to log in is seen."""

UNHEARD_SECONDS = 5.0
"""The same, if it was not heard."""

Alarm = Callable[[str, Sentence | None], None]


class _Mailing(SideThread):
    """Sends by `mailer` while this daemon has what is claimed; `standing` are the alarms."""

    def __init__(self, claimed: str, mailer: Mailer, standing: StandingAlarms, bell: Bell | None = None) -> None:
        super().__init__(claimed, bell)
        self.mailer = mailer
        self._claimed, self._standing, self._is_mine = claimed, standing, False

    def _take(self, claims: Claims) -> bool:
        """True if this daemon mails. If it begins to, it takes over the alarm that another one
        left."""
        was_mine, self._is_mine = self._is_mine, claims.take(self._claimed)
        if self._is_mine and not was_mine:
            self.mailer.take_over(self._standing.stood("mail"))
        return self._is_mine

    def forget(self) -> None:
        self._is_mine = False


class LoginMails(_Mailing):
    """Answers requests to log in, from `start` to `end`; `round` does it once."""

    hears, LAG_SECONDS = True, WAKE_SECONDS

    def __init__(self, office: Office, environ: Mapping[str, str], alarm: Alarm, standing: StandingAlarms) -> None:
        super().__init__(LOGINS, Mailer(office, environ, alarm, logins=True), standing)
        self._version, self._due = -1, 0.0

    def round(self, now: datetime) -> Round:
        """Turn the requests into mails, and send what is due. In an office for trying nobody is
        mailed a link."""
        if identity.is_trial():
            return Round()
        logins.answer(self.mailer.office, now)
        return self.mailer.round(now)

    def step(self) -> float:
        seen = data_version()
        if not self._take(self._claims):  # another daemon answers them
            return LEAD_SECONDS
        if seen != self._version or time.monotonic() >= self._due:
            self._version = seen
            self.round(clock.utc_now())
            seconds = self.mailer.seconds_to_next(clock.utc_now())
            self._due = time.monotonic() + (LOOK_SECONDS if seconds is None else min(LOOK_SECONDS, seconds))
        return min(UNHEARD_SECONDS, max(WAKE_SECONDS, self._due - time.monotonic()))

    def forget(self) -> None:
        super().forget()
        self._version = -1


class MailWork(_Mailing):
    """Sends from `start` to `end`; `once` does it once, without threads.

    `bell` is rung by whoever has written a mail; `sent` is told how many the server took;
    `standing` are the alarms that `alarm` raises and ends.
    """

    TROUBLE_SECONDS = 30.0

    def __init__(
        self, office: Office, environ: Mapping[str, str], alarm: Alarm, standing: StandingAlarms, bell: Bell,
        sent: Callable[[int], None],
    ) -> None:  # fmt: skip
        super().__init__(MAIL, Mailer(office, environ, alarm), standing, bell)
        self._log_ins = LoginMails(office, environ, alarm, standing)
        self._sent = sent

    @property
    def mailers(self) -> tuple[Mailer, Mailer]:
        return self.mailer, self._log_ins.mailer

    def start(self) -> None:
        super().start()
        self._log_ins.start()

    def end(self) -> list[threading.Thread]:
        return [*super().end(), *self._log_ins.end()]

    def once(self, claims: Claims, at_once: bool = False) -> bool:
        """Send what is due, unless other daemons do; True if there was anything. `at_once`: as
        Mailer.round."""
        log_ins = self._log_ins.round(clock.utc_now()) if claims.take(LOGINS) else Round()
        mails = self.mailer.round(clock.utc_now(), at_once) if self._take(claims) else Round()
        self._sent(log_ins.sent + mails.sent)
        return bool(log_ins.handled or mails.handled)

    def step(self) -> float:
        if not self._take(self._claims):
            return LEAD_SECONDS
        self._sent(self.mailer.round(clock.utc_now()).sent)
        seconds = self.mailer.seconds_to_next(clock.utc_now())
        return LOOK_SECONDS if seconds is None else min(LOOK_SECONDS, max(seconds, 0.2))
