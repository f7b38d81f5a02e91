"""The mails with which contacts and staff log in: somebody sits and waits for each.

So they have a thread and a connection to the mail server of their own. However many drops are
being taken, and however many other mails wait for a slow server, a request is answered within
WAKE_SECONDS. Like the daemon it looks at the version of the database to see that there is
something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from desk.daemon.side_thread import LEAD_SECONDS, SideThread
from dossier.cluster.claims import LOGINS
from dossier.database import identity
from dossier.database.database import data_version
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from workflow.mail.sending import Mailer, Round
from workflow.outbox.alarms import StandingAlarms
from workflow.portal_access import logins

WAKE_SECONDS = 0.25
"""How soon a request is seen."""

RETRY_SECONDS = 5.0
"""How often mails that the server did not take are looked at; their own pauses are longer."""


class LoginMails(SideThread):
    """Answers requests to log in, from `start` to `end`; `round` does it once. Arguments as
    mail_work.MailWork."""

    def __init__(
        self, office: Office, environ: Mapping[str, str], alarm: Callable[[str, Sentence | None], None], standing: StandingAlarms
    ) -> None:
        super().__init__("logins")
        self._mailer = Mailer(office, environ, alarm, logins=True)
        self._standing = standing
        self._version, self._waited, self._is_mine = -1, 0.0, False

    @property
    def office(self) -> Office:
        return self._mailer.office

    @office.setter
    def office(self, office: Office) -> None:
        self._mailer.office = office

    def round(self, now: datetime) -> Round:
        """Turn the requests into mails, and send what is due. In an office for trying nobody is
        mailed a link."""
        if identity.is_trial():
            return Round()
        logins.answer(self.office, now)
        return self._mailer.round(now)

    def step(self) -> float:
        seen = data_version()
        was_mine, self._is_mine = self._is_mine, self._claims.take(LOGINS)
        if not self._is_mine:  # another daemon answers them
            return LEAD_SECONDS
        if not was_mine:
            self._mailer.take_over(self._standing.stood("mail"))
        if seen != self._version or self._waited >= RETRY_SECONDS:
            self._version, self._waited = seen, 0.0
            self.round(clock.utc_now())
        self._waited += WAKE_SECONDS
        return WAKE_SECONDS

    def forget(self) -> None:
        self._version, self._is_mine = -1, False
