"""That a daemon runs, and which: what keeps a second one off, and what `status` tells of them.

On SQLite one daemon serves an office. It holds a lock on var/daemon.lock, which ends with it. On
PostgreSQL any number of daemons do, on any number of machines; together they keep that lock from
one that begins on SQLite, where it sees the same var/. Each says in the database every few seconds
that it is there. One that has fallen silent and still holds something was stopped, or its machine
was. The others end its connections, and with these its locks and its transaction; so they do with a
desk or a command that stopped in the middle of a write. publishing.py and sending.py see to what it
would still do when it wakes up.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from dossier import __version__
from dossier.cluster.claims import LEAD, Claims
from dossier.database.database import is_shared
from dossier.database.snapshot import sqlite_path
from dossier.database.tables import PROXY, Note
from dossier.database.trouble import UNAVAILABLE
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.refusals import Conflict

BEAT_SECONDS = 5
"""How often a daemon says that it is there."""

GONE_SECONDS = 20
"""After so many seconds without a word it is gone: four beats. Another takes over within 30."""

STALLED_SECONDS = 60
"""A desk or a command that is silent for so long in the middle of a write was stopped."""

GLANCES = 10
"""So often a daemon that begins tries to take the lock, which somebody may just look at."""

LET_GO_SECONDS = 5.0
"""How long the server may take to see that a process has ended; milliseconds, if it is idle."""

_KEY = "daemon:"


class AlreadyRunning(Conflict):
    """Another daemon works on this root; the message says which."""


@contextlib.contextmanager
def alone(office: Office) -> Iterator[None]:
    """Hold the lock of an office's one daemon, if only one may run; else one that many may hold,
    which keeps off the one of SQLite: two databases would take the same drops. AlreadyRunning,
    OSError."""
    is_one = office.settings.database.url.startswith("sqlite:")
    with contextlib.ExitStack() as held:
        try:
            files.make_folder(office.var)
            lock = held.enter_context(open(office.var / "daemon.lock", "a+"))
            try:
                _lock_soon(lock, fcntl.LOCK_EX if is_one else fcntl.LOCK_SH)
            except BlockingIOError:
                lock.seek(0)
                process = lock.read().strip() or "unknown"
                raise AlreadyRunning("cluster.runs_already", root=str(office.root), process=process) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            if is_one:
                held.enter_context(_database_locked(office))
        except OSError:
            if is_one:  # else several machines share it, by something that has no locks, say
                raise
        yield


@contextlib.contextmanager
def _database_locked(office: Office) -> Iterator[None]:
    """Keep off the daemon of another root whose settings name this database. AlreadyRunning."""
    path = sqlite_path(office)
    if path is None or path.parent == office.var or not path.parent.is_dir():
        yield
        return
    with open(path.with_name(f"{path.name}.lock"), "a+") as lock:
        try:
            _lock_soon(lock, fcntl.LOCK_EX)
        except BlockingIOError:
            raise AlreadyRunning("cluster.database_of_another", database=str(path)) from None
        yield


def _lock_soon(lock: IO[str], kind: int) -> None:
    """Whoever only asks whether a daemon runs holds the lock for an instant. BlockingIOError."""
    for _ in range(GLANCES - 1):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
            return
        time.sleep(0.02)
    fcntl.flock(lock, kind | fcntl.LOCK_NB)


@contextlib.contextmanager
def instead_of_a_daemon(office: Office) -> Iterator[None]:
    """Do once what a daemon does, with the database open. AlreadyRunning where one does it."""
    if not is_shared():
        with alone(office):
            yield
        return
    claims = Claims()
    with alone(office):
        if not take_over(office, lambda: claims.take(LEAD)):
            raise AlreadyRunning("cluster.works_already", root=str(office.root))
        try:
            yield
        finally:
            claims.release(LEAD)


def take_over(office: Office, take: Callable[[], bool]) -> bool:
    """`take` again for a while if no daemon is there: the server may see late that one ended."""
    until = time.monotonic() + LET_GO_SECONDS
    while not (taken := take()) and time.monotonic() < until and not daemons(office, clock.utc_now()):
        time.sleep(0.05)
    return taken


class Presence:
    """That this daemon is there. One thread at a time uses it."""

    def __init__(self, office: Office, since: datetime) -> None:
        self.office = office
        self._since = clock.to_text(since)
        self._last_beat: float | None = None
        self._unmovable: set[str] = set()

    def tell(self, now: datetime, leads: bool) -> None:
        """Say that it is there, and take from those that fell silent what they hold.

        Takes no turn among the writers: whoever waits for one that hangs must be able to say so.
        Its thread keeps its connection: a daemon that can get no more of these is there all the
        same.
        """
        state = {"pid": os.getpid(), "host": socket.gethostname(), "since": self._since, "leads": leads, "version": __version__}
        if not is_shared():
            files.write_whole(self.office.var / "daemon.json", json.dumps(state).encode())
            return
        from dossier.database.postgresql import SESSION, set_clock

        set_clock(PROXY.connection())  # this machine's may have been set
        value = json.dumps({**state, "seen": clock.to_text(now), "session": SESSION})
        Note.put(_KEY + SESSION, value)
        last, self._last_beat = self._last_beat, time.monotonic()
        if last is not None and self._last_beat - last < GONE_SECONDS / 2:
            self._take_from_the_silent(now)  # else we were silent ourselves, or the server was, and the others may be as well

    def leave(self) -> None:
        """Say that it has ended."""
        if not is_shared():
            files.remove(self.office.var / "daemon.json")
            return
        from dossier.database.postgresql import SESSION

        Note.delete().where(Note.key == _KEY + SESSION).execute()

    def _take_from_the_silent(self, now: datetime) -> None:
        import structlog  # takes longer to import than it takes to tell who is here

        from dossier.database.postgresql import end_sessions, end_stalled

        log, here = structlog.get_logger("daemon"), set[str]()
        for row in list(Note.select().where(Note.key.startswith(_KEY))):
            one = json.loads(row.value)
            if _is_here(one, now):
                here.add(one.get("session", ""))
                continue
            who = {"host": one["host"], "pid": one["pid"], "seconds": round((now - clock.from_text(one["seen"])).total_seconds())}
            try:
                ended = end_sessions(one["session"]) if "session" in one else 0
            except UNAVAILABLE as error:
                if row.key not in self._unmovable:
                    log.error("a daemon is silent, and what it holds can't be taken from it", **who, error=str(error).strip())
                self._unmovable.add(row.key)
                continue
            row.delete_instance()
            if ended:
                log.warning("a daemon is silent; what it held was taken from it", **who, connections=ended)
        with contextlib.suppress(*UNAVAILABLE):  # another user's; the server ends it in some minutes
            if ended := end_stalled(STALLED_SECONDS, here):
                log.warning("a desk or a command that was stopped held up all others, and was cut off", connections=ended)


def daemons(office: Office, now: datetime) -> list[dict[str, object]]:
    """The daemons that run: {pid, host, since, leads, version}, the one that leads first."""
    if is_shared():
        found = [json.loads(row.value) for row in Note.select().where(Note.key.startswith(_KEY)).order_by(Note.key)]
        here = [{key: one[key] for key in one if key not in ("seen", "session")} for one in found if _is_here(one, now)]
        return sorted(here, key=lambda one: not one["leads"])
    try:
        with open(office.var / "daemon.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return []
    except FileNotFoundError:
        return []
    except BlockingIOError:
        try:
            one: dict[str, object] = json.loads(Path(office.var / "daemon.json").read_text())
        except (OSError, ValueError):
            return [{}]  # it is just starting
        return [one]


def _is_here(one: dict[str, str], now: datetime) -> bool:
    return now - clock.from_text(one["seen"]) < timedelta(seconds=GONE_SECONDS)
