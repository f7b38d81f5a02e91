"""What is begun with a backlog before the daemon is loaded."""

from __future__ import annotations

import time
from pathlib import Path

from kit.support import OWN_SETTINGS, PDF, Root, own_office

from desk.daemon import beforehand
from dossier.office.opening import load_office
from dossier.workers.pool import MANY

WAIT_SECONDS = 30

SETTINGS = OWN_SETTINGS.replace("settle_seconds: 0.2", "settle_seconds: 0", 1)


def _drops(office: Root, client: str, count: int) -> None:
    for number in range(count):
        office.place(client, {f"{number}.pdf": PDF, f"{number}.yaml": f"description: Annual accounts {number}\n"})


def test_other_processes_look_at_a_backlog_before_the_daemon_is_there(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=SETTINGS)
    _drops(office, "acme-bv", MANY)
    workers, ahead = beforehand.helped(load_office(office.path, office.environ))
    try:
        assert ahead is not None
        until = time.monotonic() + WAIT_SECONDS
        while not all(spare.is_done() for spare in ahead.begun.values()) and time.monotonic() < until:
            time.sleep(0.01)
        [(client, view)] = ahead.turns(["acme-bv"])
        assert (client, len(view.ready) if view else 0) == ("acme-bv", MANY)
    finally:
        workers.rest()


def test_for_a_few_drops_no_process_is_started(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=SETTINGS)
    _drops(office, "acme-bv", MANY - 1)
    workers, ahead = beforehand.helped(load_office(office.path, office.environ))
    assert (workers.is_at_work, ahead) == (False, None)
