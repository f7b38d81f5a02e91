"""A daemon that is stopped while it claims a drop, replaced, and wakes up: nothing stays hidden that no record knows of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from kit.servers import new_database
from kit.support import PDF, Root, own_office
from peewee import OperationalError

from desk.daemon.drop_work import DropWork
from desk.daemon.summary import RunSummary
from dossier.cluster.claims import Claims
from dossier.database.database import close_database, open_database
from dossier.database.tables import Drop
from dossier.files import moves, settling
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.text import clock
from dossier.vault.folder import Vault
from ingest.inbox.looking import Looker
from ingest.intake import clearing
from ingest.intake.intake import Intake

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own

SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off}\nmail: {host: 127.0.0.1, port: 9}\n"
GOOD = "description: A good description\nattachments: [a.pdf, b.pdf, c.pdf]\n"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Root, Office]]:
    root = own_office(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{new_database()}'}}\n")
    office = load_office(root.path, {})
    open_database(office)
    yield root, office
    close_database()


@pytest.mark.parametrize("folder", ["", "accounts/"])
@pytest.mark.parametrize(("wakes_at", "goes_on"), [(2, True), (3, True), (4, True), (3, False), (1, None), (3, None)])
def test_who_wakes_up_after_its_drop_was_given_back_gives_back_the_rest(
    made: tuple[Root, Office], monkeypatch: pytest.MonkeyPatch, folder: str, wakes_at: int, goes_on: bool | None
) -> None:
    """Also one that is told to stop when it wakes up. None: it is killed, and the next look does
    it."""
    root, office = made
    names = {f"{folder}{name}.pdf": PDF + name.encode() for name in "abc"}
    root.place("acme-bv", {**names, f"{folder}{'item' if folder else 'x'}.yaml": GOOD})
    before = root.tree("acme-bv")
    sleeper, move_new, calls = Intake(office, Vault(office.vault)), moves.move_new, list[object]()

    def stopped(*places: Any) -> bool:
        calls.append(places)
        if len(calls) == wakes_at:
            other = Intake(office, Vault(office.vault))
            assert other.recover("acme-bv") == 1
            other.forget()
            other.close()
        return move_new(*places)

    def gone(*_: object) -> NoReturn:
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(moves, "move_new", stopped)
    monkeypatch.setattr(sleeper, "_commit_all", gone)
    with pytest.raises(OperationalError):
        sleeper.take(clock.utc_now(), Looker(office).look("acme-bv", *settling.now()).ready)
    sleeper.close()
    monkeypatch.undo()
    assert any(".taken-" in name for name in root.tree("acme-bv"))
    assert not Drop.select().exists()

    if goes_on is None:
        monkeypatch.setattr(clearing, "_begun", {})
    work = DropWork(office, Vault(office.vault), Claims(), RunSummary(), lambda: None, lambda *_: None, lambda _: None)
    if goes_on:
        work.begin()
        assert root.tree("acme-bv") == before
    elif goes_on is None:
        list(work.lookout.ready())
    work.end()
    assert root.tree("acme-bv") == before
    for name, data in names.items():
        assert (root.inbox() / name).read_bytes() == data
    [found] = Looker(office).look("acme-bv", *settling.now()).ready
    assert len(found.looks) == 4
