"""Telling the admins by mail what the outbox can't: there is no database to keep one in.

Best effort. Where mail can't go, doctor, the log and the exit code tell it. The same is told once a
day, however often the daemon is started: var/told.json says when. Killed between the mail and that?
It is told twice.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import smtplib
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from dossier.database import identity
from dossier.files import files
from dossier.office import people
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence, packed, sentence
from workflow.mail import smtp
from workflow.mail.mime import MailHead, mime
from workflow.messages import letters
from workflow.messages.addresses import domain_of
from workflow.outbox import addressees

log = structlog.get_logger("mail")

AGAIN = timedelta(days=1)

MOST_BYTES = 4096


def tell_admins(office: Office, environ: Mapping[str, str], now: datetime, why: Sentence) -> None:
    """Mail what is the matter with the database to every admin, not too often. Never raises."""
    try:
        if _was_told(office, now, why) or identity.ask_marks(office):
            return
        line = smtp.open_line(office.settings.mail, environ)
        try:
            for code in people.admins(office):
                _tell(office, line, now, code, why)
        finally:
            smtp.close_line(line, politely=True)
        files.write_durably(_note(office), json.dumps({"at": clock.to_text(now), "what": why.code}).encode(), 0o640)
    except Exception as error:  # noqa: BLE001 - whatever it is, the daemon must end with what it has to say
        log.error("the admins can't be told by mail", error=f"{type(error).__name__}: {error}")


def forget(office: Office) -> None:
    """All is well: the next time it is told at once."""
    with contextlib.suppress(OSError):
        files.remove(_note(office))


def _note(office: Office) -> Path:
    return office.var / "told.json"


def _was_told(office: Office, now: datetime, why: Sentence) -> bool:
    try:
        told = json.loads(files.read_plain(_note(office), MOST_BYTES)[0])
        return bool(told["what"] == why.code and abs(now - clock.from_text(told["at"])) < AGAIN)
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _tell(office: Office, line: smtplib.SMTP, now: datetime, code: str, why: Sentence) -> None:
    to = addressees.of_staff(office, code)
    if to is None:
        return
    where = sentence("alarms.where", office=str(office.root), machine=socket.gethostname())
    payload = {"cause": "database", "lines": [packed(why), packed(where)], "over": False}
    letter, _ = letters.letter_of(office, "alarm", to.language, to.name, None, None, payload)
    settings = office.settings.mail
    mark = f"<database.alarm.{secrets.token_hex(8)}@{domain_of(settings.sender)}>"
    answer = smtp.hand_over(line, settings.sender, to.email, mime(letter, MailHead.of(settings, to, mark, now)), lambda: True)
    if answer is None or not answer.is_yes:
        log.error("an admin can't be told by mail", who=code, answer=answer and str(answer.text))
