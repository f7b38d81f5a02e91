"""Who waits for what in the daemon: a drop of today for the backlog of yesterday, and neither for what nobody waits for."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kit.support import OWN_SETTINGS, PDF, Root, own_office

from desk.daemon import daemon as working
from desk.daemon.daemon import Daemon
from dossier.files import files
from dossier.office.opening import load_office

SETTINGS = OWN_SETTINGS.replace("settle_seconds: 0.2", "settle_seconds: 0", 1)


@pytest.fixture
def office(tmp_path: Path) -> Root:
    return own_office(tmp_path / "office", settings=SETTINGS)


@pytest.fixture(autouse=True)
def stopping() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGIO)}
    files.stopping.clear()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def place(office: Root, client: str, stem: str) -> None:
    office.place(client, {f"{stem}.pdf": PDF + stem.encode(), f"{stem}.yaml": f"description: Annual accounts {stem}\n"})


def run(office: Root, after_a_batch: Callable[[Daemon], None]) -> None:
    """`run --once`; what is done after each batch is done by whoever drops something meanwhile."""
    daemon = Daemon(load_office(office.path, office.environ), office.environ, once=True, progress=lambda _: after_a_batch(daemon))
    daemon.run()


def test_a_drop_does_not_wait_for_another_clients_backlog(office: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "AT_ONCE", 5)
    for number in range(20):
        place(office, "acme-bv", f"old-{number:02d}")

    def drop_once(daemon: Daemon) -> None:
        if not (office.path / "inbox/zon/_done").exists() and not (office.path / "inbox/zon/today.yaml").exists():
            place(office, "zon", "today")
            place(office, "acme-bv", "today")
            daemon.lookout.hint("zon")  # as the watcher does
            daemon.lookout.hint("acme-bv")

    run(office, drop_once)
    assert office.told("today", "zon")["item"].endswith("000006")
    assert office.told("today", "acme-bv")["item"].endswith("000022"), "of one client they are taken in their order"
    assert len(office.json("items", "--limit", "0")) == 22
