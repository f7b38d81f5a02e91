"""The database goes away, comes back, takes no changes, has no room, is damaged: real servers, real processes, nothing lost or twice.

Those that only a person with time wants to run (`make trouble`) are marked; the others are a slice of each kind of trouble.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from kit.own_server import Server
from kit.support import PATIENCE, PDF, Root, wait_for

SHARED = """\
description: Report number {number}
share: yes
share_status: approved
share_attachments: all
created_by: m.devries
"""

pytestmark = pytest.mark.sqlite  # each test makes its own database
WHOLE = pytest.mark.skipif(not os.environ.get("TROUBLE"), reason="takes long; make trouble")

AGAIN = 30.0
"""So many seconds after it is over the daemon has gone on, of its own accord."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.remove()


@pytest.fixture
def shared(root: Root, server: Server) -> Root:
    root.environ["DOSSIER_DATABASE__URL"] = server.new_database()
    return root


def drop(root: Root, number: int) -> None:
    root.drop(f"r{number}", SHARED.format(number=number), **{f"r{number}_pdf": PDF + str(number).encode()})


def log_of(root: Root) -> str:
    return root.path.with_name(f"{root.path.name}-daemon.log").read_text()


def until_taken(root: Root, *numbers: int, seconds: float = AGAIN) -> None:
    wait_for(lambda: all(root.receipt(f"r{number}") for number in numbers), f"{numbers} are taken; {log_of(root)}", seconds)


def refused(root: Root, *words: str, code: int = 4) -> str:
    """What a command says on stderr that can't be done: a line, with what to do, and no traceback."""
    said = root.run(*words, user="m.devries", code=code).stderr
    assert said.count("\n") == 1, said
    assert "Traceback" not in said
    return said


def check(root: Root, count: int) -> None:
    """After all of it: each drop is one item, with its receipt, on the portal; the trail verifies; nobody saw a traceback."""
    receipts = [yaml.safe_load(root.receipt(f"r{number}") or "") for number in range(1, count + 1)]
    assert not any(receipt.get("duplicate") for receipt in receipts)
    assert sorted(int(receipt["item"][-6:]) for receipt in receipts) == list(range(1, count + 1))
    wait_for(lambda: len(list((root.path / "var/portal").glob("*/D-*/*.pdf"))) == count, "every item is on the portal", 60)
    assert len(root.json("items", "--limit", "0")) == count
    root.run("audit", "verify")
    assert [path.name for path in root.inbox().iterdir()] == ["_done"], "nothing is left in the inbox"
    assert "Traceback" not in log_of(root)
    assert not (root.path / "var/errors.log").exists()


# PostgreSQL


@pytest.mark.slow
def test_a_server_that_dies_in_the_middle_and_comes_back_costs_nothing(shared: Root, server: Server) -> None:
    shared.run("items")
    over = threading.Event()

    def drop_on() -> None:
        for number in range(2, 42):
            drop(shared, number)
            time.sleep(0.1)
        over.set()

    with shared.daemon() as process:
        drop(shared, 1)
        until_taken(shared, 1)
        dropping = threading.Thread(target=drop_on)
        dropping.start()
        until_taken(shared, 4)
        for pid in server.backends()[:2]:  # PostgreSQL ends all sessions then, and recovers
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until_taken(shared, 12)
        server.stop("immediate")
        assert "see whether its server runs" in refused(shared, "items")
        assert "secret" not in refused(shared, "status")
        server.start()
        dropping.join()
        until_taken(shared, *range(1, 42))
        assert process.poll() is None
        assert "the database can't be used; waiting for it" in log_of(shared)
        assert "the database is back" in log_of(shared)
        assert "secret" not in log_of(shared)
        check(shared, 41)


def test_a_server_that_takes_no_changes_is_waited_for(shared: Root, server: Server) -> None:
    with shared.daemon() as process:
        drop(shared, 1)
        until_taken(shared, 1)
        server.set("default_transaction_read_only = on")
        drop(shared, 2)
        wait_for(lambda: "it takes no changes" in log_of(shared), "the log says so")
        [item] = shared.json("items")
        said = refused(shared, "edit", item["item"], "--description", "Something else")
        assert "it takes no changes: see why" in said
        assert "nothing can be written" in shared.run("doctor", code=1).stdout
        assert shared.receipt("r2") is None
        server.set("default_transaction_read_only = off")
        until_taken(shared, 1, 2)
        assert process.poll() is None
        check(shared, 2)


@WHOLE
def test_no_connection_at_the_start_is_told_and_no_more_connections_stop_nobody_who_works(shared: Root, server: Server) -> None:
    server.stop("fast")
    assert "see whether its server runs" in refused(shared, "run")
    assert "see whether its server runs" in refused(shared, "run", "--once")
    server.start()
    with shared.daemon() as process, contextlib.ExitStack() as held:
        drop(shared, 1)
        until_taken(shared, 1)
        check(shared, 1)  # it has published: each of its threads has its connection

        def takes_all_and_sees_it_refused() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    held.enter_context(contextlib.closing(psycopg.connect(shared.environ["DOSSIER_DATABASE__URL"])))
            done = shared.run("items", user="m.devries", code=None)  # what has just ended on the server may have left it one
            return done.returncode == 4 and "raise max_connections there" in done.stderr

        wait_for(takes_all_and_sees_it_refused, "a command is refused as there are no more connections")
        drop(shared, 2)
        until_taken(shared, 2)
        held.close()
        drop(shared, 3)
        until_taken(shared, 3)
        assert process.poll() is None
        check(shared, 3)


@WHOLE
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a small disk is mounted")
def test_a_server_without_room_is_waited_for(root: Root) -> None:
    server = Server(room_mb=60)
    try:
        root.environ["DOSSIER_DATABASE__URL"] = server.new_database()
        with root.daemon() as process:
            drop(root, 1)
            until_taken(root, 1)
            filler = server.folder / "filler"
            fill(filler)
            for number in range(2, 12):
                drop(root, number)
            wait_for(lambda: "the database can't be used" in log_of(root), "the log says so", 60)
            filler.unlink()
            server.recover()  # without room for its log it may have ended itself; the system starts it again then
            until_taken(root, *range(1, 12))
            assert process.poll() is None
            check(root, 11)
    finally:
        server.remove()


# SQLite


@pytest.fixture
def small_var(root: Root) -> Iterator[Path]:
    """A disk of 20 MB at var/."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a small disk is mounted")
    var = root.path / "var"
    var.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(var)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing may be mounted on this machine: {done.stderr.strip()}")
    yield var
    subprocess.run(["umount", "--lazy", str(var)], check=True)


def fill(path: Path) -> None:
    """Leave no room on the disk of `path`."""
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


@WHOLE
def test_a_full_disk_is_waited_for(root: Root, small_var: Path) -> None:
    with root.daemon() as process:
        drop(root, 1)
        until_taken(root, 1)
        wait_for(lambda: list((root.path / "var/portal").glob("*/D-*/*.pdf")), "it is published")
        fill(small_var / "filler")
        drop(root, 2)
        wait_for(lambda: "No space left" in log_of(root) or "disk is full" in log_of(root), "the log says so")
        [item] = root.json("items")
        assert "make room on its disk" in refused(root, "edit", item["item"], "--explanation", "x" * 60_000)
        assert root.json("status")["daemon"]["pid"] == process.pid
        assert root.receipt("r2") is None
        (small_var / "filler").unlink()
        until_taken(root, 1, 2, seconds=60)
        assert process.poll() is None
        check(root, 2)


@WHOLE
def test_a_disk_that_takes_no_changes_is_told(root: Root, small_var: Path) -> None:
    drop(root, 1)
    root.once()
    drop(root, 2)
    subprocess.run(["mount", "-o", "remount,ro", str(small_var)], check=True)
    for words in (("items",), ("run",), ("run", "--once")):
        said = refused(root, *words)
        assert "give this user the right" in said or "Read-only file system" in said
    subprocess.run(["mount", "-o", "remount,rw", str(small_var)], check=True)
    root.once()
    check_once(root, 2)


def test_a_damaged_file_is_told_and_nothing_is_taken(root: Root) -> None:
    drop(root, 1)
    root.once()
    path = root.path / "var/dossier.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    drop(root, 2)
    for damaged, commands in (
        (whole[:4096] + os.urandom(len(whole) - 4096), ("items", "run")),
        (b"no database at all" * 1000, ("run --once", "status")),
    ):
        path.write_bytes(damaged)
        for words in commands:
            assert "dossier doctor" in refused(root, *words.split())
    assert "is damaged" in root.run("doctor", code=1).stdout
    path.write_bytes(whole)
    root.once()
    check_once(root, 2)


def check_once(root: Root, count: int) -> None:
    root.path.with_name(f"{root.path.name}-daemon.log").touch()
    check(root, count)


@WHOLE
def test_who_locks_the_file_for_long_is_waited_for(root: Root) -> None:
    with root.daemon() as process:
        drop(root, 1)
        until_taken(root, 1)
        with contextlib.closing(sqlite3.connect(root.path / "var/dossier.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            drop(root, 2)
            [item] = root.json("items")
            said = refused(root, "edit", item["item"], "--description", "Something else")  # after half a minute
            assert "another program keeps it locked" in said
            wait_for(lambda: "another program keeps it locked" in log_of(root), "the log says so", 60)
            other.execute("ROLLBACK")
        until_taken(root, 1, 2, seconds=PATIENCE + AGAIN)
        assert process.poll() is None
        check(root, 2)
