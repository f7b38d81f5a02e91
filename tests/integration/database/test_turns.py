"""Whoever waits for a page waits for a writer no longer than they must."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from kit.records import JOOST, Records
from peewee import OperationalError

from desk.actions import looking_up
from dossier.database.database import close_database, for_a_daemon, for_people, patience, transaction
from dossier.database.identity import NotThisOffice
from dossier.database.tables import PROXY, Note
from workflow.items import items
from workflow.portal_access import access, staff_access
from workflow.reports import viewed

pytestmark = pytest.mark.sqlite  # which alone has a file that one writes at a time


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office")
    for_people()
    yield records
    records.close()


def test_what_undoes_a_statement_stays_in_memory_where_much_is_written(office: Records) -> None:
    for_a_daemon()

    def kept_in() -> int:
        PROXY.connect(reuse_if_open=True)
        try:
            return int(PROXY.execute_sql("PRAGMA temp_store").fetchone()[0])
        finally:
            close_database()

    with ThreadPoolExecutor(1) as other:
        assert (kept_in(), other.submit(kept_in).result()) == (2, 2), "on each connection"


def test_pages_are_shown_while_nobody_can_note_that_they_were_looked_at(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    for wing in (viewed, access):
        monkeypatch.setattr(wing, "NOTE_SECONDS", 0.01)
    item = items.get(office.make())
    cookie = staff_access.begin(office.office, office.now, "j.admin", office.office.staff["j.admin"].email, "127.0.0.1")
    later = office.now + timedelta(minutes=30)
    with closing(sqlite3.connect(office.office.root / "var" / "dossier.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        looking_up.note_client(office.office, office.now, JOOST, "acme-bv")
        assert not viewed.note_shown(office.now, JOOST, item)
        assert staff_access.find_session(office.office, later, cookie) is not None
        other.execute("ROLLBACK")
    assert viewed.recent(JOOST, "client") == []
    looking_up.note_client(office.office, office.now, JOOST, "acme-bv")
    assert viewed.note_shown(office.now, JOOST, item)
    assert viewed.recent(JOOST, "client") == ["acme-bv"]
    assert PROXY.execute_sql("PRAGMA busy_timeout").fetchone() == (30_000,)


def test_whoever_has_no_patience_does_not_wait_for_another_thread_that_writes_either(office: Records) -> None:
    def write() -> str:
        try:
            with patience(0.01), transaction():
                Note.put("turn", "mine")
        except OperationalError as error:
            return str(error)
        finally:
            close_database()
        return "written"

    with ThreadPoolExecutor(1) as other:
        with transaction():
            assert other.submit(write).result() == "database is locked"
        assert other.submit(write).result() == "written"
    assert Note.read("turn") == "mine"


def test_whoever_waited_to_write_while_the_office_moved_writes_nothing(office: Records) -> None:
    with closing(sqlite3.connect(office.office.root / "var" / "dossier.db", isolation_level=None)) as other:
        other.execute("INSERT INTO note VALUES ('office:moved', 'postgresql://elsewhere/office')")
    with pytest.raises(NotThisOffice, match="moved"), transaction():
        Note.put("written", "late")
    assert Note.read("written") is None
