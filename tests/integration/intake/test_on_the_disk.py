"""What a drop becomes is on the disk before it is written down that it did. (That the disk keeps it is for tests/power.)"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.support import PDF, Root, own_office

from dossier.database.database import close_database, open_database
from dossier.files import files, settling
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.text import clock
from dossier.vault.folder import Vault
from ingest.inbox.looking import Looker
from ingest.intake.intake import Intake

SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off}\n"
CARD = "description: Annual accounts {number}\n"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return own_office(tmp_path / "office", settings=SETTINGS)


@pytest.fixture
def office(root: Root) -> Iterator[Office]:
    made = load_office(root.path, root.environ)
    open_database(made)
    yield made
    close_database()


class Disk:
    """What was synced, by the numbers of inodes: one by one, or all that there is of a file system."""

    def __init__(self, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has = set[int]()
        self.times_whole = 0
        self._top = top
        monkeypatch.setattr(files, "_fsync", self._fsync)
        monkeypatch.setattr(files, "_syncfs", self._syncfs)

    def _fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)
        self.has.add(os.fstat(descriptor).st_ino)

    def _syncfs(self, _: int) -> None:
        self.times_whole += 1
        self.has.update(path.lstat().st_ino for path in (self._top, *self._top.rglob("*")))

    def lacks(self, *paths: Path) -> list[Path]:
        return [path for path in paths if path.stat().st_ino not in self.has]


@pytest.mark.parametrize("count", [1, 30])
def test_what_is_received_and_claimed_is_on_the_disk_before_it_is_committed_and_receipts_before_they_are_marked(
    root: Root, office: Office, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    vault = Vault(office.vault)
    intake, committed = Intake(office, vault), list[str]()
    home = root.inbox("acme-bv")
    for number in range(count):
        root.place("acme-bv", {f"{number}.pdf": PDF + b"%d" % number, f"{number}.yaml": CARD.format(number=number)})
    disk, commit, mark = Disk(root.path, monkeypatch), intake._commit, intake.clearing.mark

    def committing(now: Any, drops: Any, outcome: Any) -> None:
        for drop in drops:
            for _, copy in drop.files:
                kept = vault.location(copy.sha256)
                assert disk.lacks(kept, kept.parent, vault.path, home) == []
                committed.append(copy.sha256)
        commit(now, drops, outcome)

    def marking() -> None:
        told = [home / "_done" / f"{number}.receipt.yaml" for number in range(count)] if committed else []
        assert disk.lacks(*told, *([home, home / "_done"] if told else [])) == []
        mark()

    monkeypatch.setattr(intake, "_commit", committing)
    monkeypatch.setattr(intake.clearing, "mark", marking)
    assert intake.take(clock.utc_now(), Looker(office).look("acme-bv", *settling.now()).ready).taken == count
    intake.forget()
    intake.close()
    assert len(committed) == count
    assert (disk.times_whole > 0) == (count > files.GROUP)
