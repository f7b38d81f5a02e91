"""Who opened what is written down once, and whoever only looks again waits for no writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from kit.portals import PortalOffice
from peewee import OperationalError

from dossier.database.database import patience
from dossier.database.tables import item_key
from workflow.portal_access import openings
from workflow.portal_access.access import SeatDirectory


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


@pytest.mark.sqlite  # which alone has a file that one writes at a time
def test_a_page_that_is_loaded_again_soon_waits_for_no_writer_and_a_download_does(office: PortalOffice) -> None:
    [item] = [office.share({"a.pdf": b"one"})]
    office.publish()
    shown = openings.find_shown(office.office, ["acme-bv"], item_key(item))
    assert shown is not None
    seats = SeatDirectory(office.office).seats("j.jansen@acme.example")
    openings.record(office.office, office.now, seats, shown)
    with closing(sqlite3.connect(office.office.root / "var" / "dossier.db", isolation_level=None)) as other, patience(0.01):
        other.execute("BEGIN IMMEDIATE")
        openings.record(office.office, office.now + timedelta(seconds=30), seats, shown)
        for wanted, later in ((shown.what.attachments, 30), ((), 90)):
            with pytest.raises(OperationalError):
                openings.record(office.office, office.now + timedelta(seconds=later), seats, shown, wanted)
        other.execute("ROLLBACK")
