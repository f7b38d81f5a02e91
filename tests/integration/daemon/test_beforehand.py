"""What is begun with a backlog before the daemon is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit.support import OWN_SETTINGS, PDF, Root, daemon_here, own_office, wait_for

from desk.daemon import beforehand
from desk.daemon.daemon import Daemon
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.workers.pool import MANY, WorkerPool
from ingest.inbox.looking_ahead import LookAhead

SETTINGS = OWN_SETTINGS.replace("settle_seconds: 0.2", "settle_seconds: 0", 1)


def _drops(office: Root, client: str, count: int) -> None:
    for number in range(count):
        office.place(client, {f"{number}.pdf": PDF, f"{number}.yaml": f"description: Annual accounts {number}\n"})


@contextmanager
def _looked(office: Office) -> Iterator[tuple[WorkerPool, LookAhead]]:
    """The other processes, which have looked at the backlog."""
    workers, ahead = beforehand.helped(office)
    try:
        assert ahead is not None
        wait_for(lambda: all(spare.is_done() for spare in ahead.begun.values()), "they have looked at it")
        yield workers, ahead
    finally:
        workers.rest()


def test_other_processes_look_at_a_backlog_before_the_daemon_is_there(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=SETTINGS)
    _drops(office, "acme-bv", MANY)
    with _looked(load_office(office.path, office.environ)) as (_, ahead):
        [(client, view)] = ahead.turns(["acme-bv"])
    assert (client, len(view.ready) if view else 0) == ("acme-bv", MANY)


def test_for_a_few_drops_no_process_is_started(tmp_path: Path) -> None:
    office = own_office(tmp_path / "office", settings=SETTINGS)
    _drops(office, "acme-bv", MANY - 1)
    workers, ahead = beforehand.helped(load_office(office.path, office.environ))
    assert (workers.is_at_work, ahead) == (False, None)


def test_a_drop_that_was_half_out_of_sight_when_they_looked_is_taken_whole(tmp_path: Path) -> None:
    root = own_office(tmp_path / "office", settings=SETTINGS)
    root.place("acme-bv", {"set.pdf": PDF, "set.txt": "text", "set.yaml": "description: Annual accounts 2025\n"})
    root.killed_at("ingest.intake.leaving:_is_ours_alone")
    assert {"set.txt", "set.yaml"} == {name for name in root.tree("acme-bv") if not name.startswith(".")}
    _drops(root, "acme-bv", MANY)
    office = load_office(root.path, root.environ)
    with daemon_here(), _looked(office) as (workers, ahead):
        Daemon(office, root.environ, once=True, workers=workers, ahead=ahead).run()
    assert {one["name"] for one in root.told("set")["attachments"]} == {"set.pdf", "set.txt"}
