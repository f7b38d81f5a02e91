"""Sending the outbox: each mail at least once, and but for a crash in the dialogue exactly once.

What happens to a mail, in this order:

 1. look       who gets it now? Gone or withdrawn since: cancelled, its maker told.
 2. hand over  the dialogue, up to the server's answer to the whole mail (smtp.py). Once the server
               has said that it wants it, and before it gets it, one last look: does it still wait?
               So a daemon that was stopped in 1 or 2, replaced and woken up sends nothing: its
               connection to the database is gone (presence.py), or the mail went. Killed here? The
               mail waits and is sent again; the server drops what it got half.
 3. mark       one transaction: sent, `notify` off, `notified_at`, the event. Killed between 2 and
               3? That one mail is sent a second time, with the same Message-ID. SMTP can't do
               better (RFC 1047). Where it can't be written down (a full disk, a connection
               that was lost), it is remembered, and nothing is sent before it was.

Trouble with a mail (4xx, silence in the middle) is that mail's: it is tried again with growing
pauses, up to max_attempts; a 5xx is the end of it. Trouble with the server is everybody's: what is
due is put off together, one alarm is raised, and the server is looked for until it is back, however
long the pauses of the mails are. It counts apart from a mail's own attempts and is forgotten when
the server is back, so an outage uses none of them up; but after max_attempts in a row without a
server a mail has failed as well, about ten hours with the default. Whatever happens here,
publishing goes on.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from peewee import fn

from dossier.database import identity
from dossier.database.database import close_database, transaction
from dossier.database.tables import Edition, Mail, item_name, tuples
from dossier.database.trouble import UNAVAILABLE
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence, packed, sentence
from workflow.items import items
from workflow.mail import delivering, resending, smtp
from workflow.mail.mime import MailHead, mime
from workflow.mail.smtp import MailOutcome, NoServer
from workflow.messages import letters
from workflow.messages.composing import Letter
from workflow.messages.kinds import IN_SERIES, NOTICES
from workflow.messages.letters import TemplateFault
from workflow.outbox import addressees
from workflow.outbox.addressees import Addressee
from workflow.outbox.pauses import pause_after
from workflow.portal.addresses import item_link

log = structlog.get_logger("mail")

FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 5, 60
"""A server that is gone is looked for after 5 s, 10 s, 20 s, 40 s, and then every minute."""

FIRST_REFUSED_SECONDS, LONGEST_REFUSED_SECONDS = 60, 3600
"""A server that refuses the login is asked after 1 min … 1 h: often may lock the account."""

SILENCES = 2
"""So many mails in a row without an answer are the server's trouble, not the mails'."""

AT_ONCE = 100
"""Mails in one round, so that what comes meanwhile does not wait behind thousands."""

WAITING = (Mail.state == "waiting") & Mail.within.is_null()
"""What is to be sent by itself."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Round:
    """What a round did: mails that were offered or settled, and those that the server took."""

    handled: int = 0
    sent: int = 0


LOGINS = ("login", "desk_login")
"""The kinds of letter for which somebody sits and waits."""


class Mailer:
    """Sends an office's mail, all but what logs in, or (`logins`) that alone. One thread uses it.

    `alarm` raises (with a text) or ends (None) an alarm.
    """

    def __init__(
        self,
        office: Office,
        environ: Mapping[str, str],
        alarm: Callable[[str, Sentence | None], None],
        logins: bool = False,
    ) -> None:
        self.office = office
        self._logins = logins
        self._waiting = WAITING & (Mail.kind.in_(LOGINS) if logins else Mail.kind.not_in(LOGINS))
        self._environ = environ
        self._alarm = alarm
        self._taken: tuple[datetime, Mail, str] | None = None
        """What the server took, when and how it said so, while that can't be written down."""
        self.take_over(was_gone=False)

    def take_over(self, was_gone: bool) -> None:
        """Go on where another mailer ended; `was_gone`: it had no server, and its alarm stands."""
        self._gone = NoServer(sentence("mail.was_gone")) if was_gone else None
        """Why there is no server; None while there is one."""
        self._looks, self._last_look = 0, _LONG_AGO

    def seconds_to_next(self, now: datetime) -> float | None:
        """Seconds until there is something to do; None if nothing waits."""
        if identity.is_trial():
            return None
        at = self._next_look(now) if self._gone else self._first_due()
        return None if at is None else max(0.0, (at - now).total_seconds())

    def round(self, now: datetime, at_once: bool = False) -> Round:
        """Send what is due; `at_once`: also what waits for more. Mail trouble is recorded.

        Out of an office for trying nothing is sent: its mails wait.
        """
        done = Round()
        if identity.is_trial():
            return done
        self._write_down()
        if self._last_look > now:  # the clock was put back
            self._last_look = _LONG_AGO
        delivering.call_in(self.office, now)
        if self._gone and now < self._next_look(now):
            return done
        newest = int(Mail.select(fn.MAX(Mail.id)).scalar() or 0)
        if not self._logins:
            delivering.gather(self.office, now, at_once)
        due = self._due(now, newest)
        if not due and not self._gone:
            return done
        self._last_look = now
        try:
            self._send_all(now, due, smtp.open_line(self.office.settings.mail, self._environ), done)
            if not due:
                self._note_back(now)
        except NoServer as error:
            self._note_gone(now, error)
        return done

    def _due(self, now: datetime, newest: int) -> list[Mail]:
        """What is due; when the server was gone, all that waits for it as well.

        Not the notices after the `newest` that was gathered: they may belong together.
        """
        at_hand = Mail.due_at <= clock.to_text(now)
        if self._gone:
            at_hand |= Mail.unreached > 0
        gathered = Mail.kind.not_in(NOTICES) | (Mail.id <= newest)
        return list(Mail.select().where(self._waiting & at_hand & gathered).order_by(Mail.due_at, Mail.id).limit(AT_ONCE))

    def _first_due(self) -> datetime | None:
        first = Mail.select(Mail.due_at).where(self._waiting).order_by(Mail.due_at).first()
        return clock.from_text(first.due_at) if first else None

    def _send_all(self, now: datetime, due: list[Mail], line: smtplib.SMTP | None, done: Round) -> None:
        """Offer each mail. Raises NoServer as soon as it is the server's trouble."""
        silences, started = SILENCES - 1 if self._gone else 0, time.monotonic()
        try:
            for seen in due:
                if files.stopping.is_set():
                    return
                mail = Mail.get_by_id(seen.id)
                done.handled += 1
                if mail.state != "waiting" or delivering.drop_unwanted(self.office, now, mail) is None:
                    continue
                if line is None:
                    line = smtp.open_line(self.office.settings.mail, self._environ)
                answer = self._offer(now, line, mail)
                if answer is None:  # called off, or sent by another, at this very moment
                    continue
                if answer.is_yes:  # a round may take minutes: servers think long
                    self._mark_sent(now + timedelta(seconds=time.monotonic() - started), mail, str(answer.text))
                else:
                    smtp.close_line(line, politely=False)
                    line = None
                    self._settle(now, mail, answer)
                done.sent += answer.is_yes
                silences = silences + 1 if answer.is_silence else 0
                if silences >= SILENCES:
                    raise NoServer(sentence("mail.one_after_the_other", answer=answer.text))
                if not answer.is_silence:
                    self._note_back(now)
                    self._tell_of_sender(answer)
        finally:
            if line is not None:
                smtp.close_line(line, politely=True)

    def _offer(self, now: datetime, line: smtplib.SMTP, mail: Mail) -> MailOutcome | None:
        try:
            message = self._message(now, mail)
        except Exception as error:  # noqa: BLE001 - one bad mail never holds up another; it fails after max_attempts
            return MailOutcome(451, sentence("mail.not_put_together", error=f"{type(error).__name__}: {error}"))
        wanted = Mail.select().where((Mail.id == mail.id) & (Mail.state == "waiting"))
        return smtp.hand_over(line, self.office.settings.mail.sender, mail.email, message, wanted.exists)

    def _message(self, now: datetime, mail: Mail) -> bytes:
        number, content = item_name(mail.item) if mail.item else None, delivering.content(self.office, now, mail)
        letter, fault = letters.letter_of(self.office, mail.kind, mail.language, mail.name, mail.client, number, content)
        if fault is not None:  # alarms.py sees when it is mended
            self._alarm("mail templates", sentence("alarms.wrong_template", fault=fault.sentence))
        to, made = Addressee(mail.name, mail.email, mail.language), clock.from_text(mail.created_at)
        return mime(letter, MailHead.of(self.office.settings.mail, to, mail.message_id, made, mail.kind in IN_SERIES))

    def _mark_sent(self, at: datetime, mail: Mail, answer: str) -> None:
        self._taken = at, mail, answer
        try:
            delivering.mark_sent(*self._taken)
        except UNAVAILABLE:
            close_database()  # if only this connection broke, it is known before another daemon takes over
            self._write_down()
            raise
        self._taken = None

    def _write_down(self) -> None:
        """Mark what was taken, unless it was after all, or by a daemon that sent it once more."""
        if self._taken is None:
            return
        if not Mail.select().where((Mail.id == self._taken[1].id) & (Mail.state == "sent")).exists():
            delivering.mark_sent(*self._taken)
        self._taken = None

    def _settle(self, now: datetime, mail: Mail, answer: MailOutcome) -> None:
        """A mail that was not taken: tried again later, or failed for good."""
        attempts = mail.attempts + 1
        with transaction():
            due = clock.to_text(now + timedelta(seconds=pause_after(attempts)))
            Mail.update(attempts=attempts, error=packed(answer.text), due_at=due).where(Mail.id == mail.id).execute()
            if answer.is_final_no or attempts >= self.office.settings.mail.max_attempts:
                delivering.mark_failed(self.office, now, mail, answer.text)
                return
        about = mail.item and item_name(mail.item)
        log.warning("mail put off", kind=mail.kind, to=mail.recipient, item=about, reason=str(answer.text), attempts=attempts)

    def _tell_of_sender(self, answer: MailOutcome) -> None:
        if answer.is_yes:
            self._alarm("mail sender", None)
        elif answer.of_sender and answer.is_final_no:
            sender = self.office.settings.mail.sender
            self._alarm("mail sender", sentence("alarms.sender_refused", sender=sender, answer=answer.text))

    # The server

    def _note_gone(self, now: datetime, error: NoServer) -> None:
        """One alarm; what is due is put off together. Unreached max_attempts times, it has
        failed."""
        self._looks, self._gone = self._looks + 1, error
        self._alarm("mail", sentence("alarms.no_mail", why=error.sentence))
        limit = self.office.settings.mail.max_attempts
        due = self._waiting & (Mail.due_at <= clock.to_text(now))
        with transaction():
            for (count,) in tuples(Mail.select(Mail.unreached).where(due).distinct().order_by(Mail.unreached.desc())):
                these = list(Mail.select().where(due & (Mail.unreached == count))) if count + 1 >= limit else []
                later = clock.to_text(now + timedelta(seconds=pause_after(count + 1)))
                counted = {"unreached": count + 1, "error": packed(error.sentence), "due_at": later}
                Mail.update(counted).where(due & (Mail.unreached == count)).execute()
                for mail in these:
                    delivering.mark_failed(self.office, now, mail, error.sentence)

    def _note_back(self, now: datetime) -> None:
        """What waited for the server is due, whatever its pause."""
        if self._gone is None:
            return
        self._looks, self._gone = 0, None
        with transaction():
            Mail.update(unreached=0, due_at=clock.to_text(now)).where(self._waiting & (Mail.unreached > 0)).execute()
        self._alarm("mail", None)

    def _next_look(self, now: datetime) -> datetime:
        """When a server that is gone is looked for again: sooner for a mail never offered."""
        assert self._gone is not None
        if self._gone.refused:
            pause = pause_after(self._looks, FIRST_REFUSED_SECONDS, 2, LONGEST_REFUSED_SECONDS)
        else:
            pause = pause_after(self._looks, FIRST_LOOK_SECONDS, 2, LONGEST_LOOK_SECONDS)
            untried = self._waiting & (Mail.attempts == 0) & (Mail.unreached == 0) & (Mail.due_at <= clock.to_text(now))
            if Mail.select().where(untried).exists():
                pause = FIRST_LOOK_SECONDS
        return self._last_look + timedelta(seconds=pause)


def preview(office: Office, key: int, wanted: str | None) -> tuple[Letter, str, TemplateFault | None]:
    """An item's mail as its contact would get it now, to whom, and what its template lacks.

    Raises Refusal if there is no such item or contact.
    """
    item = items.get(key)
    to = addressees.of_contact(office, item.client, resending.contact_of(office, item, wanted).id)
    assert to is not None
    edition = Edition.get_or_none(Edition.id == (item.pending or item.standing or item.public))
    description = edition.shown["description"] if edition else item.description
    content = {"description": description, "link": item_link(office, item.client, key)}
    letter, fault = letters.letter_of(office, "ready", to.language, to.name, item.client, item_name(key), content)
    return letter, f"{to.name} <{to.email}>", fault
