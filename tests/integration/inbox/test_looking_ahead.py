"""Of a backlog, other processes look at the next clients' folders: what they see is what a look sees."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kit.inboxes import GOOD
from kit.support import PDF, Root, own_office

from dossier.files import settling
from dossier.office import cache
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.workers.pool import WORKERS, WorkerPool
from ingest.inbox import looking_ahead
from ingest.inbox.found import View
from ingest.inbox.looking import Looker
from ingest.inbox.looking_ahead import LookAhead
from ingest.inbox.temporaries import CLAIMED

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
    ahead = LookAhead(workers, office)
    ahead.begin(CLIENTS[1:])
    _until_done(workers)
    turns = dict(ahead.turns(CLIENTS))
    assert list(turns) == [*CLIENTS[1:], CLIENTS[0]]
    for client in CLIENTS[1:]:
        seen = turns[client]
        assert seen is not None
        assert seen == Looker(office).look(client, *settling.now())
        assert len(seen.ready) == 2


def test_each_client_has_one_turn_and_is_looked_at_by_one_process(office: Office, workers: WorkerPool) -> None:
    turns, given = LookAhead(workers, office).turns(CLIENTS), list[str]()
    for client, _ in turns:
        given.append(client)
        _until_done(workers)
    assert sorted(given) == sorted(CLIENTS)


def test_who_has_nothing_to_be_taken_any_more_has_no_turn(office: Office, workers: WorkerPool) -> None:
    ahead = LookAhead(workers, office)
    ahead.begin(CLIENTS)
    _until_done(workers)
    assert [client for client, _ in ahead.turns(CLIENTS[:2])] == CLIENTS[:2]


def test_a_folder_in_which_anything_waits_is_looked_at_here(root: Root, office: Office, workers: WorkerPool) -> None:
    root.place(CLIENTS[1], {"c.yaml": GOOD})
    root.place(CLIENTS[2], {"odd.pdf": PDF})
    with open(root.inbox(CLIENTS[3]) / "a.pdf", "ab"):
        ahead = LookAhead(workers, office)
        ahead.begin(CLIENTS[1:])
        _until_done(workers)
    assert list(ahead.turns(CLIENTS[1:])) == [(client, None) for client in CLIENTS[1:]]


def test_what_was_out_of_sight_when_the_look_began_does_not_count_though_it_is_back(
    root: Root, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that starts gives names back that a killed one had taken away, at any moment."""
    root.place(CLIENTS[0], {"a.txt": "the rest looks whole"})
    names, look = root.inbox(CLIENTS[0]), Looker.look
    (names / "a.pdf").rename(names / f"{CLAIMED}1-0-a.pdf")

    def looked(looker: Looker, client: str, *now: float) -> View:
        seen = look(looker, client, *now)
        (names / f"{CLAIMED}1-0-a.pdf").rename(names / "a.pdf")
        return seen

    monkeypatch.setattr(Looker, "look", looked)
    given = cache.packed(replace(office, clients={}, staff={})), CLIENTS[0]
    assert looking_ahead._look(given) is None


def test_a_folder_that_no_other_process_has_looked_at_by_its_turn_is_looked_at_here(office: Office, workers: WorkerPool) -> None:
    others = _until_done(workers)
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        ahead = LookAhead(workers, office)
        assert list(ahead.turns(CLIENTS)) == [(client, None) for client in CLIENTS]
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def test_a_process_that_dies_over_a_folder_holds_up_nobody(office: Office, workers: WorkerPool) -> None:
    others, ahead = _until_done(workers), LookAhead(workers, office)
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    ahead.begin(CLIENTS)
    for pid in others:
        os.kill(pid, signal.SIGKILL)
    assert _until_done(workers).isdisjoint(others)  # seen to be dead
    assert list(ahead.turns(CLIENTS)) == [(client, None) for client in CLIENTS]


def test_a_folder_that_cannot_be_claimed_is_given_to_nobody(office: Office, workers: WorkerPool) -> None:
    asked = list[str]()

    def claim(client: str) -> bool:
        assert client not in ahead.begun, "it is asked before anybody looks"
        asked.append(client)
        return client != CLIENTS[1]

    ahead, seen = LookAhead(workers, office, claim), dict[str, View | None]()
    for client, view in ahead.turns(CLIENTS):
        assert CLIENTS[1] not in ahead.begun
        assert client not in ahead.begun, "its turn has come"
        seen[client] = view
        _until_done(workers)
    assert sorted(seen) == sorted(CLIENTS)
    assert seen[CLIENTS[1]] is None
    assert any(seen.values())
    assert asked == CLIENTS
