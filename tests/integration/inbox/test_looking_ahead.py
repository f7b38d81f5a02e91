"""Of a backlog, other processes look at the next clients' folders: what they see is what a look sees."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.inboxes import GOOD
from kit.support import PDF, Root, own_office

from dossier.files import settling
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.workers.pool import WORKERS, WorkerPool
from ingest.inbox.looking import Looker
from ingest.inbox.looking_ahead import LookAhead

CLIENTS = ["first-bv", "second-bv", "third-bv", "fourth-bv"]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    clients = "clients:\n" + "".join(f"  {code}: {{name: {code}}}\n" for code in CLIENTS)
    root = own_office(tmp_path, settings="watch: {settle_seconds: 0}\n", clients=clients)
    for code in CLIENTS:
        root.place(code, {f"{name}.{ending}": text for name in ("a", "b") for ending, text in (("pdf", PDF), ("yaml", GOOD))})
    return root


@pytest.fixture
def office(root: Root) -> Office:
    return load_office(root.path, root.environ)


@pytest.fixture
def workers() -> Iterator[WorkerPool]:
    pool = WorkerPool()
    pool.prepare(["ingest.inbox.looking_ahead"])
    yield pool
    pool.rest()


def _pid(_: int) -> int:
    time.sleep(0.02)
    return os.getpid()


def _until_done(workers: WorkerPool) -> set[int]:
    """All that was given away before is done; by which processes."""
    return {answer() for answer in [workers.begin(_pid, number) for number in range(4 * WORKERS)]}


def test_another_process_sees_what_a_look_here_sees(office: Office, workers: WorkerPool) -> None:
    ahead = LookAhead(workers, office, CLIENTS)
    assert ahead.view(CLIENTS[0]) is None  # its turn has come already
    _until_done(workers)
    for client in CLIENTS[1:]:
        seen = ahead.view(client)
        assert seen is not None
        assert seen == Looker(office).look(client, *settling.now())
        assert len(seen.ready) == 2


def test_a_folder_in_which_anything_waits_is_looked_at_here(root: Root, office: Office, workers: WorkerPool) -> None:
    root.place(CLIENTS[1], {"c.yaml": GOOD})
    root.place(CLIENTS[2], {"odd.pdf": PDF})
    with open(root.inbox(CLIENTS[3]) / "a.pdf", "ab"):
        ahead = LookAhead(workers, office, CLIENTS)
        ahead.view(CLIENTS[0])
        _until_done(workers)
    assert [ahead.view(client) for client in CLIENTS[1:]] == [None, None, None]


def test_a_folder_that_no_other_process_has_looked_at_by_its_turn_is_looked_at_here(office: Office, workers: WorkerPool) -> None:
    others = _until_done(workers)
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        ahead = LookAhead(workers, office, CLIENTS)
        assert [ahead.view(client) for client in CLIENTS] == [None] * len(CLIENTS)
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def test_a_process_that_dies_over_a_folder_holds_up_nobody(office: Office, workers: WorkerPool) -> None:
    others, ahead = _until_done(workers), LookAhead(workers, office, CLIENTS)
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    ahead.view(CLIENTS[0])
    for pid in others:
        os.kill(pid, signal.SIGKILL)
    assert _until_done(workers).isdisjoint(others)  # seen to be dead
    assert [ahead.view(client) for client in CLIENTS[1:]] == [None, None, None]
