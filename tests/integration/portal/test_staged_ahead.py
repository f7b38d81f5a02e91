"""Copies for the portal that other processes make while drops are still taken: they save the round the copying, and decide nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kit.portals import PortalOffice

from dossier.database.tables import Item, item_key
from dossier.vault.folder import Vault
from dossier.workers.pool import WorkerPool
from workflow.portal import publishing, staged_ahead, staging
from workflow.portal.publishing import Publisher

pytestmark = pytest.mark.sqlite  # where daemons share an office each copies what it has claimed


@pytest.fixture
def workers() -> Iterator[WorkerPool]:
    pool = WorkerPool()
    pool.prepare(["workflow.portal.staging"])
    yield pool
    pool.rest()


@pytest.fixture
def office(tmp_path: Path, workers: WorkerPool) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    made.portal = Publisher(made.office, made.vault, workers)
    made.portal.prepare()
    yield made
    made.close()


def _ahead(office: PortalOffice) -> list[str]:
    folder = office.portal.site.staging / "ahead"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _staged_by_round(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the rounds stage themselves from now on, by this process or given to another."""
    staged, stage_each, begin = list[str](), staging.stage_each, WorkerPool.begin

    def stage(vault: Vault, folder: Path, wanted: Sequence[staging.FilesOfItem]) -> object:
        staged.extend(item for item, _ in wanted)
        return stage_each(vault, folder, wanted)

    monkeypatch.setattr(publishing, "stage_each", stage)
    # What is given away must be a function that the other process knows.
    monkeypatch.setattr(
        WorkerPool, "begin", lambda pool, what, given: begin(pool, what, given) if not staged else _done(what, given)
    )
    monkeypatch.setattr(WorkerPool, "is_at_work", property(lambda pool: False))
    return staged


def _done(what: object, given: object) -> object:
    assert callable(what)
    found = what(given)
    return lambda: found


def test_what_lies_ready_is_published_without_being_copied_once_more(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = office.share_all([({"a.pdf": f"%PDF {number}".encode()}, "acme-bv", f"Number {number}") for number in range(45)])
    office.portal.stage_ahead()
    staged = _staged_by_round(monkeypatch)
    office.publish()
    assert office.tree() == {f"{item}/a.pdf": f"%PDF {number}".encode() for number, item in enumerate(items)}
    assert not staged
    assert not _ahead(office)
    office.check()


def test_what_was_withdrawn_meanwhile_is_not_shown_and_its_copy_goes(office: PortalOffice) -> None:
    stays, goes = office.share({"a.pdf": b"1"}), office.share({"b.pdf": b"2"})
    office.portal.stage_ahead()
    office.withdraw(goes)
    office.publish()
    assert office.tree() == {f"{stays}/a.pdf": b"1"}
    assert not _ahead(office)
    office.check()


def test_what_was_changed_meanwhile_is_shown_as_it_is_now(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    item = office.share({"a.pdf": b"old", "b.pdf": b"goes"})
    office.portal.stage_ahead()
    office.amend(item, {"a.pdf": b"new"}, remove=["b.pdf"])
    staged = _staged_by_round(monkeypatch)
    office.publish()
    assert office.tree() == {f"{item}/a.pdf": b"new"}
    assert staged == [f"acme-bv/{item}"]
    assert not _ahead(office)
    office.check()


def test_what_no_round_asks_for_leaves_no_copy_once_nothing_is_due(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    office.portal.stage_ahead()
    Item.update(unsettled=False).where(Item.id == item_key(item)).execute()
    office.publish()
    office.portal.drop_ahead()
    assert not _ahead(office)
    assert office.tree() == {}


@pytest.mark.parametrize("what", ["folder", "file", "damaged"])
def test_a_copy_that_is_gone_or_could_not_be_made_is_made_anew(office: PortalOffice, workers: WorkerPool, what: str) -> None:
    item = office.share({"a.pdf": b"whole"})
    folder = office.portal.site.staging / "ahead"
    if what == "file":  # in the place of the client's folder, as if the disk had had no room
        (folder / "acme-bv").write_bytes(b"")
    office.portal.stage_ahead()
    if what == "folder":
        workers.begin(str, 0)()
        workers.begin(str, 0)()  # each of the two has done what it was given before
        shutil.rmtree(folder)
    elif what == "damaged":
        (lies,) = (path for path in office.office.vault.rglob("*") if path.is_file() and path.read_bytes() == b"whole")
        lies.chmod(0o640)
        lies.write_bytes(b"other")
        office.portal.drop_ahead()
        office.portal._ahead = staged_ahead.StagedAhead(office.vault, office.portal.site)
        office.portal.stage_ahead()
        workers.begin(str, 0)()
        workers.begin(str, 0)()
        lies.write_bytes(b"whole")
    office.publish()
    assert office.tree() == {f"{item}/a.pdf": b"whole"}
    office.check()


def test_the_other_processes_may_die_before_it_is_asked_for(office: PortalOffice, workers: WorkerPool) -> None:
    item = office.share({"a.pdf": b"1"})
    office.portal.stage_ahead()
    workers.rest()
    office.publish()
    assert office.tree() == {f"{item}/a.pdf": b"1"}
    office.check()


def test_a_large_item_is_left_to_its_round(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged_ahead, "AHEAD_BYTES", 10)
    small, large = office.share({"a.pdf": b"1"}), office.share({"b.pdf": b"more than ten bytes"})
    office.portal.stage_ahead()
    staged = _staged_by_round(monkeypatch)
    office.publish()
    assert staged == [f"acme-bv/{large}"]
    assert set(office.tree()) == {f"{small}/a.pdf", f"{large}/b.pdf"}


def test_where_the_disk_is_nearly_full_the_room_is_left_to_what_is_taken(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = office.share({"a.pdf": b"1"})
    monkeypatch.setattr(staged_ahead, "ROOM_BYTES", 2**60)
    office.portal.stage_ahead()
    staged = _staged_by_round(monkeypatch)
    office.publish()
    assert staged == [f"acme-bv/{item}"]
    assert office.tree() == {f"{item}/a.pdf": b"1"}
