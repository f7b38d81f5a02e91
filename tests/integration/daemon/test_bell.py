"""What a thread of the daemon waits at: rung by another thread, or by whoever writes to the database."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kit.support import own_office

from desk.daemon import bell as waiting
from desk.daemon.bell import Bell
from dossier.database.database import close_database, data_version, is_shared, open_database, transaction
from dossier.database.log_ear import LogEar
from dossier.database.tables import Note
from dossier.office.office import Office
from dossier.office.opening import load_office

LONG, SOON = 60.0, 10.0
"""Seconds: a wait that nobody ends, and by when one is over that somebody ends."""

WRITE = (
    "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as line:\n    line.execute(\"INSERT INTO note VALUES ('heard', '')\")"
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    own_office(tmp_path / "office")
    office = load_office(tmp_path / "office", {})
    open_database(office)
    if is_shared():
        pytest.skip("a file of SQLite's is written to here")
    yield office
    close_database()


def waited(bell: Bell, seconds: float, hears: bool = True, lag_seconds: float = 0.0) -> float:
    began = time.monotonic()
    bell.wait(seconds, hears, lag_seconds)
    return time.monotonic() - began


def test_a_ring_ends_a_wait_and_one_before_it_ends_the_next(office: Office) -> None:
    bell = Bell()
    threading.Timer(0.1, bell.ring).start()
    assert waited(bell, LONG, hears=False) < SOON
    bell.ring()
    assert waited(bell, LONG, hears=False) < SOON
    assert waited(bell, 0.05, hears=False) >= 0.05


def test_what_another_process_writes_to_the_database_ends_a_wait_until_it_is_seen(office: Office) -> None:
    bell, version = Bell(), data_version()
    bell.wait(0.01, hears=True)  # it listens from now on
    writer = subprocess.Popen([sys.executable, "-c", WRITE, office.root / "var" / "dossier.db"])
    began = time.monotonic()
    while data_version() == version:
        assert waited(bell, LONG) < LONG
    assert time.monotonic() - began < LONG
    assert writer.wait() == 0
    assert Note.read("heard") == ""


def test_after_what_was_heard_it_is_looked_a_few_times_more_and_then_not(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(waiting, "LAST_SECONDS", 0.04)
    bell = Bell()
    bell.wait(0.01, hears=True)
    with transaction():
        Note.put("mine", "")
    took = [waited(bell, 1.0) for _ in range(5)]
    assert all(seconds < 0.5 for seconds in took[:4])  # heard; 0.01, 0.02, 0.04
    assert took[4] >= 1.0


def test_what_was_heard_ends_a_wait_with_a_lag_in_which_it_can_be_rung(office: Office) -> None:
    bell = Bell()
    bell.wait(0.01, hears=True)
    with transaction():
        Note.put("mine", "")
    assert 0.3 <= waited(bell, LONG, lag_seconds=0.3) < SOON
    with transaction():
        Note.put("mine", "again")
    bell.ring()
    assert waited(bell, LONG, lag_seconds=LONG) < SOON


def test_two_threads_hear_by_one_instance_of_inotify_whoever_is_first(office: Office) -> None:
    def instances() -> int:
        links = (os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd"))
        return sum("inotify" in link for link in links)

    before, took, are_ready = instances(), list[float](), threading.Barrier(3)

    def listen() -> None:
        bell = Bell()
        data_version()
        bell.wait(0.01, hears=True)
        are_ready.wait()
        took.append(waited(bell, LONG))
        close_database()

    threads = [threading.Thread(target=listen) for _ in range(2)]
    for thread in threads:
        thread.start()
    are_ready.wait()
    assert instances() == before + 1
    with transaction():
        Note.put("mine", "")
    for thread in threads:
        thread.join()
    assert max(took) < SOON


def test_what_one_has_heard_before_another_looks_is_heard_by_that_one_too(office: Office) -> None:
    def can_be_read(ear: LogEar) -> bool:
        poll = select.poll()  # select(2) takes no numbers from 1,024 on
        for descriptor in ear.filenos():
            poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

    path = office.root / "var" / "dossier.db"
    with closing(LogEar(path)) as one, closing(LogEar(path)) as other:
        with transaction():
            Note.put("mine", "")
        one.forget()
        assert (can_be_read(one), can_be_read(other)) == (False, True)
        other.forget()
        assert (can_be_read(one), can_be_read(other)) == (False, False)


def test_where_nothing_can_be_heard_the_database_is_asked_four_times_a_second(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "hearing", lambda: None)
    assert waited(Bell(), LONG) < SOON
