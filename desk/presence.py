"""That a daemon runs, and which: the lock that keeps a second one off, and what `status` tells of those that run.

On SQLite one daemon serves an office; it holds a lock on var/daemon.lock, which ends with it. On PostgreSQL any number do,
on any number of machines; each says every few seconds in the database that it is there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from dossier import __version__, clock, files
from dossier.claims import LEAD, Claims
from dossier.database import is_shared, transaction
from dossier.models import Note
from dossier.settings import Office

log = structlog.get_logger("daemon")

BEAT_SECONDS = 10
"""How often a daemon says that it is there."""

GONE_SECONDS = 35
"""After so many seconds without a word it counts as gone: three beats and some."""

_KEY = "daemon:"


class AlreadyRunning(Exception):
    """Another daemon works on this root; the message says which."""


@contextlib.contextmanager
def alone(office: Office) -> Iterator[None]:
    """Hold the lock that one daemon of an office holds, if only one may run. Raises AlreadyRunning, OSError."""
    if not office.settings.database.url.startswith("sqlite:"):
        yield
        return
    files.make_folder(office.var)
    with open(office.var / "daemon.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            process = lock.read().strip() or "unknown"
            raise AlreadyRunning(f"a daemon runs on {office.root} already (process {process})") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextlib.contextmanager
def instead_of_a_daemon(office: Office) -> Iterator[None]:
    """Do for once what a daemon does. The database must be open. Raises AlreadyRunning where one does it."""
    if not is_shared():
        with alone(office):
            yield
        return
    claims = Claims()
    if not claims.take(LEAD):
        raise AlreadyRunning(f"a daemon works for {office.root}")
    try:
        yield
    finally:
        claims.release(LEAD)


def tell(office: Office, now: datetime, since: str, leads: bool) -> None:
    """Say that this daemon is there. In a transaction of its own, on PostgreSQL."""
    state = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "leads": leads, "version": __version__}
    if not is_shared():
        files.write_whole(office.var / "daemon.json", json.dumps(state).encode())
        return
    value = json.dumps({**state, "seen": clock.to_text(now)})
    with transaction():
        Note.insert(key=_name(), value=value).on_conflict(conflict_target=[Note.key], update={Note.value: value}).execute()
        for row in Note.select().where(Note.key.startswith(_KEY)):
            if not _is_here(json.loads(row.value), now):
                row.delete_instance()


def leave(office: Office) -> None:
    """Say that this daemon has ended."""
    if is_shared():
        with transaction():
            Note.delete().where(Note.key == _name()).execute()
    else:
        files.remove(office.var / "daemon.json")


def daemons(office: Office, now: datetime) -> list[dict[str, object]]:
    """What the daemons that run say of themselves: {pid, host, since, leads, version}, the one that leads first."""
    if is_shared():
        found = [json.loads(row.value) for row in Note.select().where(Note.key.startswith(_KEY)).order_by(Note.key)]
        here = [{key: value for key, value in one.items() if key != "seen"} for one in found if _is_here(one, now)]
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


def _name() -> str:
    return f"{_KEY}{socket.gethostname()}:{os.getpid()}"


def _is_here(one: dict[str, str], now: datetime) -> bool:
    return now - clock.from_text(one["seen"]) < timedelta(seconds=GONE_SECONDS)
