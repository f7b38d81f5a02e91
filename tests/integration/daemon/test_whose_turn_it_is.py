"""Who waits for what in the daemon: a drop of today for the backlog of yesterday, and neither for what nobody waits for."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from kit.support import OWN_SETTINGS, PDF, Root, daemon_here, once_here, own_office, wait_for

from desk.daemon import bell, drop_work
from desk.daemon import daemon as working
from desk.daemon.daemon import Daemon
from dossier.database.database import close_database, transaction
from dossier.database.tables import Note
from dossier.files import files
from dossier.files.beneath import Place
from dossier.office.opening import load_office
from ingest.intake.receiving import Order, Received, Receiver
from workflow.queue.queue import QueueFolder

WAIT_SECONDS = 30

SETTINGS = OWN_SETTINGS.replace("settle_seconds: 0.2", "settle_seconds: 0", 1)


@pytest.fixture
def office(tmp_path: Path) -> Root:
    return own_office(tmp_path / "office", settings=SETTINGS)


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    with daemon_here():
        yield


def place(office: Root, client: str, stem: str) -> None:
    office.place(client, {f"{stem}.pdf": PDF + stem.encode(), f"{stem}.yaml": f"description: Annual accounts {stem}\n"})


def run(office: Root, after_a_batch: Callable[[Daemon], None]) -> None:
    """`run --once`; what is done after each batch is done by whoever drops something meanwhile."""
    daemon = Daemon(load_office(office.path, office.environ), office.environ, once=True, progress=lambda _: after_a_batch(daemon))
    daemon.run()


def work(office: Root, see: Callable[[Daemon], None]) -> None:
    """A daemon works until `see`, which is asked after each batch, stops it."""
    daemon = Daemon(load_office(office.path, office.environ), office.environ, progress=lambda _: see(daemon))
    end = threading.Timer(2 * WAIT_SECONDS, daemon.stop)
    end.start()
    daemon.run()
    end.cancel()


def test_a_drop_does_not_wait_for_another_clients_backlog(office: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop_work, "AT_ONCE", 5)
    for number in range(20):
        place(office, "acme-bv", f"old-{number:02d}")

    def drop_once(daemon: Daemon) -> None:
        if not (office.path / "inbox/zon/_done").exists() and not (office.path / "inbox/zon/today.yaml").exists():
            place(office, "zon", "today")
            place(office, "acme-bv", "today")
            daemon.drops.lookout.hint("zon")  # as the watcher does
            daemon.drops.lookout.hint("acme-bv")

    run(office, drop_once)
    assert office.told("today", "zon")["item"].endswith("000006")
    assert office.told("today", "acme-bv")["item"].endswith("000022"), "of one client they are taken in their order"
    assert len(office.json("items", "--limit", "0")) == 22


def test_what_comes_beside_a_large_file_does_not_wait_for_it_but_for_what_changes_the_same(
    office: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(office, "acme-bv", "first")
    once_here(office)
    item, large = office.told("first")["item"], PDF + bytes(100_000)
    office.drop("a-large", f"item: {item}\nattachments: [large.pdf]\n", large_pdf=large)
    office.drop("b-after-it", f"item: {item}\ndescription: Annual accounts, second version\n")
    place(office, "acme-bv", "c-beside")

    monkeypatch.setattr(files, "LARGE", len(large))
    others_are_taken, receive = threading.Event(), Receiver.receive_durably

    def slowly(receiver: Receiver, orders: Sequence[Order]) -> list[Received]:
        assert others_are_taken.wait(WAIT_SECONDS)
        return receive(receiver, orders)

    monkeypatch.setattr(Receiver, "receive_durably", slowly)

    def see(daemon: Daemon) -> None:
        if office.receipt("c-beside") and not others_are_taken.is_set():
            assert office.receipt("a-large") is None
            others_are_taken.set()
        if office.receipt("b-after-it"):
            daemon.stop()

    work(office, see)
    shown = office.json("show", item)
    assert [one["name"] for one in shown["attachments"]] == ["first.pdf", "large.pdf"]
    assert shown["attachments"][1]["sha256"] == hashlib.sha256(large).hexdigest()
    told = [one["detail"].get("source") for one in shown["history"]]
    assert told.index("a-large.yaml") < told.index("b-after-it.yaml")
    assert office.tree("acme-bv") == [
        "_done",
        *(f"_done/{stem}.receipt.yaml" for stem in ("a-large", "b-after-it", "c-beside", "first")),
    ]


def test_a_large_file_that_is_not_yet_what_its_sidecar_says_is_read_beside_all_else(
    office: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGE", 100_000)
    large = PDF + bytes(100_000)
    listed = f"attachments:\n  - {{file: large.pdf, sha256: {hashlib.sha256(large).hexdigest()}}}\n"
    office.drop("large", f"description: Annual accounts 2025\n{listed}", large_pdf=bytes(100_000))
    others_are_taken, hash_later = threading.Event(), files.hash_later

    def slowly(place: Place) -> Callable[[], str]:
        read = hash_later(place)
        return lambda: read() if others_are_taken.wait(WAIT_SECONDS) else ""

    monkeypatch.setattr(files, "hash_later", slowly)

    def see(daemon: Daemon) -> None:
        if office.receipt("beside", "zon") and not others_are_taken.is_set():
            others_are_taken.set()
            assert office.receipt("large") is None
            (office.inbox() / "large.pdf").write_bytes(large)
        if office.receipt("large"):
            daemon.stop()

    place(office, "zon", "beside")
    work(office, see)
    assert office.json("show", office.told("large")["item"])["attachments"][0]["size"] == len(large)


def test_files_are_read_for_searching_when_nothing_came_for_a_while_and_not_when_something_comes(
    office: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "QUIET_SECONDS", 0.5)
    taken_at, rested_at = list[float](), list[float]()
    monkeypatch.setattr(working.TextWork, "rest", lambda _: rested_at.append(time.monotonic()))

    def see(daemon: Daemon) -> None:
        taken_at.append(time.monotonic())
        if len(taken_at) < 5:
            threading.Timer(0.3, place, (office, "acme-bv", f"drop-{len(taken_at)}")).start()
        else:
            threading.Timer(1.5, daemon.stop).start()

    place(office, "acme-bv", "drop-0")
    work(office, see)
    assert len(taken_at) == 5
    assert [at for at in rested_at if taken_at[0] < at < taken_at[-1] + 0.4] == []
    assert rested_at[-1] > taken_at[-1]


def test_after_a_while_without_work_memory_is_given_back(office: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(working, "SPARE_SECONDS", 0.3)
    monkeypatch.setattr(working, "IDLE_SECONDS", 0.5)
    given, taken = list[float](), list[float]()
    monkeypatch.setattr(working.memory, "give_back", lambda: given.append(time.monotonic()))

    def see(daemon: Daemon) -> None:
        taken.append(time.monotonic())
        threading.Timer(4.0, daemon.stop).start()

    place(office, "acme-bv", "drop")
    work(office, see)
    assert 1 <= len([at for at in given if at > taken[0]]) <= 3  # not at each rest, of which there are a dozen
    assert given[-1] > taken[0] + 0.5


def test_what_an_approver_saves_in_the_midst_of_a_round_is_looked_at_by_the_next_one(
    office: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds, round_ = list[float | None](), QueueFolder.round

    def and_then_saved(queue: QueueFolder, now: datetime) -> float | None:
        rounds.append(round_(queue, now))
        if len(rounds) == 1:
            daemon.hint_queue("k.smit")  # as the watcher does
        return rounds[-1]

    monkeypatch.setattr(QueueFolder, "round", and_then_saved)
    daemon = Daemon(load_office(office.path, office.environ), office.environ, once=True)
    daemon.run()
    assert rounds == [None, None]


class Deaf:
    """An ear that hears nothing."""

    def filenos(self) -> tuple[int, ...]:
        return ()

    def forget(self) -> None:
        pass


def test_what_is_written_to_the_database_unheard_is_seen_soon_all_the_same(office: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, seen, round_ = list[float](), threading.Event(), QueueFolder.round

    def noted(queue: QueueFolder, now: datetime) -> float | None:
        rounds.append(time.monotonic())
        return round_(queue, now)

    def write(daemon: Daemon) -> None:
        try:
            wait_for(lambda: rounds and time.monotonic() - rounds[-1] > 1, "the daemon rests")
            began = time.monotonic()
            with transaction():
                Note.put("unheard", "")
            wait_for(lambda: rounds[-1] > began, "it is seen", 10 * working.LOOK_SECONDS)
            seen.set()
        finally:
            close_database()
            daemon.stop()

    monkeypatch.setattr(bell, "hearing", Deaf)
    monkeypatch.setattr(QueueFolder, "round", noted)
    place(office, "acme-bv", "drop")
    work(office, lambda daemon: threading.Thread(target=write, args=(daemon,)).start())
    assert seen.is_set()
