"""A dossier goes out while others write in the same database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import Records

from desk.actions import exporting
from dossier.office.people import Actor

ITEMS = 30
READER = Actor("m.devries", "command")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office")
    yield records
    records.close()


@pytest.mark.sqlite
def test_a_dossier_goes_out_whole_while_others_write(office: Records, tmp_path: Path) -> None:
    for number in range(ITEMS):
        office.make(files=[office.file("a.pdf", f"{number}")])
    other = sqlite3.connect(office.root / "var" / "dossier.db", isolation_level=None)
    other.execute("CREATE TABLE elsewhere (number INTEGER)")

    def write(number: int = 0) -> None:
        other.execute("INSERT INTO elsewhere VALUES (?)", (number,))

    done = exporting.export(office.office, office.tick(), READER, "acme-bv", tmp_path / "out", False, write)
    assert (done.items, done.files) == (ITEMS, ITEMS)
    given = []
    for part in exporting.parts(office.office, office.tick(), READER, "acme-bv", False):
        given.append(part.path)
        write()
    assert len([path for path in given if path.endswith("a.pdf")]) == ITEMS
    other.close()
