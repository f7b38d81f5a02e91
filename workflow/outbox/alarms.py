"""Alarms: what is wrong around an office, mailed to the admins once, and when it is over.

An alarm that stands is a note in the database, so a restart doesn't tell it anew. Its letter is
written when it has stood for a minute: what is over by then was a hiccup, and nobody is told. If no
letter could go while the alarm stood (mail itself was the matter), one letter tells at the end what
was. Else an alarm that is over before its letter has gone is told to nobody: it is both letters, or
none. A full disk stops the intake of every client that drops something: these alarms are one to the
admins, told with the first and over with the last.

What an alarm says is a sentence, told in the language of whoever reads it; the log and the trail
have it in English.

No alarm is ever in the way: while the database can't be written, it is in the log and in `status`,
and tried again at the next telling.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import TypedDict

from dossier.database.database import transaction
from dossier.database.tables import Drop, Mail, Note, Viewed, tuples
from dossier.database.trouble import UNAVAILABLE
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import ALL, Readable
from dossier.text import clock, names
from dossier.text.sentences import Sentence, as_data, from_data, packed, sentence
from dossier.trail import trail
from workflow.outbox import outbox

GRACE_SECONDS = 60
"""What is over sooner is told to nobody."""

ENOUGH = 1.2
"""A disk is well again with so many times the room: no alarm at every file."""

FEW_INODES = 2000
"""A file system with fewer names left than this is nearly full, whatever its bytes."""

_KEY = "alarm:"

_NO_LETTER = ("mail",)
"""What no letter can tell of while it stands."""


class _AlarmNote(TypedDict):
    """What is kept of an alarm that stands."""

    since: str
    letters: list[int] | None
    """The letters in the outbox that told of it; None: nobody was told yet."""
    text: object
    """As sentences.as_data made it."""


class StandingAlarms:
    """The alarms that stand. Any thread may tell. Made with the database open.

    Where several daemons share an office, one may end what another raised; `reread` shows it what
    these have told.
    """

    def __init__(self, office: Office) -> None:
        self.office = office
        self._lock = threading.Lock()
        self._texts: dict[str, Sentence | str] = {}
        self.reread()

    def reread(self) -> None:
        """See what stands by now, whoever raised or ended it. Not inside `transaction()`."""
        with self._lock:
            self._texts = {cause: from_data(note["text"]) for cause, note in _standing()}

    def causes(self) -> list[str]:
        with self._lock:
            return list(self._texts)

    def stands(self, cause: str) -> bool:
        with self._lock:
            return cause in self._texts

    def stood(self, cause: str) -> bool:
        """True if it stands, by whomever it was raised. Not inside `transaction()`."""
        self.reread()
        return self.stands(cause)

    def tell(self, now: datetime, cause: str, text: Sentence | str | None) -> bool:
        """Raise an alarm, or end it with None; True if that is news. Not inside `transaction()`."""
        import structlog  # takes longer to import than it takes to tell which alarms there are

        log = structlog.get_logger("alarms")
        with self._lock:
            if self._texts.get(cause) == text:
                return False
            is_known = cause in self._texts
            try:
                with transaction():
                    self._end(now, cause) if text is None else self._raise(now, cause, text)
            except UNAVAILABLE as error:
                log.error("an alarm can't be written down; it is told again later", alarm=cause, text=str(text), error=str(error))
                return False
            if text is None:
                log.info("over", alarm=cause, was=str(self._texts.pop(cause)))
            else:
                self._texts[cause] = text
                if not is_known:
                    log.error("alarm", alarm=cause, text=str(text))
            return True

    def _raise(self, now: datetime, cause: str, text: Sentence | str) -> None:
        """Note it. Only the words of one that stands already may change."""
        note = _read(cause)
        if note is None:
            note = {"since": clock.to_text(now), "letters": None, "text": ""}
            trail.record(now, trail.DAEMON, "alarm", None, _in_trail(cause, text))
        _write(cause, {**note, "text": as_data(text)})

    def write_letters(self, now: datetime) -> None:
        """Tell the admins of each alarm that has stood for a minute. Not inside `transaction()`."""
        with self._lock, transaction():
            told = {_group(cause) for cause, note in _standing() if note["letters"] is not None}
            for cause, note in list(_standing()):
                is_old = now - clock.from_text(note["since"]) >= timedelta(seconds=GRACE_SECONDS)
                if note["letters"] is not None or not is_old or cause in _NO_LETTER:
                    continue
                is_first = _group(cause) not in told
                told.add(_group(cause))
                letters = self._write_to_admins(now, cause, [from_data(note["text"])], False) if is_first else []
                _write(cause, {**note, "letters": letters})

    def _end(self, now: datetime, cause: str) -> None:
        note = _read(cause)
        if note is None:
            return
        Note.delete().where(Note.key == _KEY + cause).execute()
        trail.record(now, trail.DAEMON, "alarm_over", None, _in_trail(cause, from_data(note["text"])))
        others = [(name, other) for name, other in _standing() if _group(name) == _group(cause)]
        if others:
            if note["letters"]:  # the last of them tells that it is over
                name, other = others[0]
                _write(name, {**other, "since": note["since"], "letters": note["letters"]})
            return
        letters = note["letters"] or []
        known = Mail.id.in_(letters) & ((Mail.state != "waiting") | (Mail.unreached > 0))
        is_to_be_told = Mail.select().where(known).exists()  # it went, or would have if there had been a mail server
        if cause in _NO_LETTER:
            is_to_be_told = now - clock.from_text(note["since"]) >= timedelta(seconds=GRACE_SECONDS)
        Mail.update(state="cancelled", error=packed(sentence("mail.over_before"))).where(
            Mail.id.in_(letters) & (Mail.state == "waiting")
        ).execute()
        if is_to_be_told:
            begun, ended = clock.to_the_minute(note["since"]), clock.to_the_minute(clock.to_text(now))
            lines = [from_data(note["text"]), sentence("alarms.from_to", since=begun, until=ended)]
            self._write_to_admins(now, cause, lines, True)

    def _write_to_admins(self, now: datetime, cause: str, lines: Sequence[Sentence | str], is_over: bool) -> list[int]:
        where = sentence("alarms.where", office=str(self.office.root), machine=socket.gethostname())
        payload = {"cause": cause, "lines": [packed(line) for line in (*lines, where)], "over": is_over}
        letters = []
        for code in people.admins(self.office):
            letters += outbox.enqueue_to_staff(self.office, now, "alarm", None, code, payload)
        return letters


def _group(cause: str) -> str:
    """What the admins are told of as one: `intake acme-bv` and `intake zon` have the same cause."""
    return "intake" if cause.startswith("intake ") else cause


def standing(may: Readable = ALL) -> list[Sentence | str]:
    """What stands now, a sentence each. `may`: but for disks, alarms may name clients."""
    return [from_data(note["text"]) for cause, note in _standing() if cause == "disk" or may.has(_client_of(cause))]


def _client_of(cause: str) -> str | None:
    """Whose inbox it is about: `intake acme-bv`."""
    about, _, client = cause.partition(" ")
    return client if about in ("intake", "stays", "in_vain") else None


def text_of(cause: str) -> Sentence | str | None:
    """What the alarm of this cause says, if it stands."""
    note = _read(cause)
    return from_data(note["text"]) if note else None


def _standing() -> Iterator[tuple[str, _AlarmNote]]:
    for key, value in tuples(Note.select(Note.key, Note.value).where(Note.key.startswith(_KEY)).order_by(Note.key)):
        yield key.removeprefix(_KEY), json.loads(value)


def _read(cause: str) -> _AlarmNote | None:
    note = Note.read(_KEY + cause)
    return json.loads(note) if note else None


def _write(cause: str, note: _AlarmNote) -> None:
    Note.put(_KEY + cause, json.dumps(note))


# What is looked at by the clock


def check(alarms: StandingAlarms, now: datetime) -> None:
    """Look at what no event tells of (room, refused drops, backups), and write due letters."""
    from dossier.backup import backup  # neither is needed to tell which alarms there are
    from workflow.messages import letters

    alarms.tell(now, "disk", disk_trouble(alarms.office, ENOUGH if alarms.stands("disk") else 1.0))
    alarms.tell(now, "rejected", forgotten_drops(alarms.office, now))
    alarms.tell(now, "backup", backup.trouble(alarms.office, now))
    if alarms.stands("mail templates") and not letters.faults(alarms.office):
        alarms.tell(now, "mail templates", None)
    alarms.write_letters(now)


def disk_trouble(office: Office, factor: float = 1.0) -> Sentence | None:
    """Which file system of the office has too little room left; None if all have enough."""
    wanted = office.settings.alarms.free_mb * 1024 * 1024 * factor
    seen: set[int] = set()
    short = []
    for path in (office.root, office.var, office.inbox, office.queue, office.portal, office.vault):
        try:
            device = os.stat(path).st_dev
            room = os.statvfs(path)
        except OSError:
            continue  # a folder that is gone has an alarm of its own
        if device in seen:
            continue
        seen.add(device)
        free = room.f_bavail * room.f_frsize
        if free < wanted:
            short.append(sentence("alarms.little_room", path=str(path), free=free // (1024 * 1024)))
        elif room.f_files and room.f_favail < FEW_INODES * factor:
            short.append(sentence("alarms.few_inodes", path=str(path), count=room.f_favail))
    if not short:
        return None
    return sentence("alarms.nearly_full", where=reduce(lambda one, other: sentence("alarms.and", one=one, other=other), short))


def forgotten_drops(office: Office, now: datetime) -> Sentence | None:
    """Which refused drops lie in `_rejected` that nobody looked at; None if there are none."""
    hours = office.settings.alarms.rejected_hours
    due = clock.to_text(now - timedelta(hours=hours))
    looked = Viewed.select(Viewed.at).where(Viewed.kind == "rejected").order_by(Viewed.at.desc()).first()
    refused = (Drop.kind == "refused") & (Drop.at <= due) & (Drop.at > (looked.at if looked else ""))
    counts: dict[str, int] = {}
    for client, target in tuples(Drop.select(Drop.client, Drop.target).where(refused)):
        if target and _still_lies(office.inbox / client / "_rejected" / Path(target).name):
            counts[client] = counts.get(client, 0) + 1
    if not counts:
        return None
    listed = ", ".join(f"{client} ({count})" for client, count in sorted(counts.items()))
    return sentence("alarms.nobody_looked", hours=f"{hours:g}", clients=listed)


def _still_lies(folder: Path) -> bool:
    try:
        return names.hold_a_drop(os.listdir(folder))
    except PermissionError:
        return True
    except OSError:
        return False


def has_looked_at_rejected(actor: str, since: datetime) -> bool:
    """True if this person looked at the refused drops then, or later."""
    looks = (Viewed.actor == actor) & (Viewed.kind == "rejected") & (Viewed.at >= clock.to_text(since))
    return bool(Viewed.select().where(looks).exists())


def look_at_rejected(actor: str, now: datetime) -> None:
    """Somebody looked at the refused drops. Call inside `transaction()`."""
    at, key = clock.to_text(now), [Viewed.actor, Viewed.kind, Viewed.subject]
    seen = Viewed.insert(actor=actor, kind="rejected", subject="", at=at)
    seen.on_conflict(conflict_target=key, update={"at": at}).execute()


def _in_trail(cause: str, text: Sentence | str) -> dict[str, object]:
    """`text` for programs; `said` for whoever reads the trail in their own language."""
    return {"alarm": cause, "text": str(text), **({"said": as_data(text)} if isinstance(text, Sentence) else {})}
