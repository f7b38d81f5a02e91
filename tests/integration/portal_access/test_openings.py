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
from dossier.trail import trail
from workflow.portal_access import opened, openings
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


def test_a_file_that_is_downloaded_again_soon_counts_again_and_another_part_of_it_does_not(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"one"})
    office.publish()
    shown = openings.find_shown(office.office, ["acme-bv"], item_key(item))
    assert shown is not None
    seats = SeatDirectory(office.office).seats("j.jansen@acme.example")
    for seconds, in_part in ((0, False), (1, False), (2, True), (3, False)):
        later = office.now + timedelta(seconds=seconds)
        openings.record(office.office, later, seats, shown, shown.what.attachments, in_part)
    [told] = opened.openings_of(office.row(item))
    assert (told["file"], told["times"]) == ("a.pdf", 3)
    assert [event["action"] for event in trail.history(item_key(item))].count("downloaded") == 3


def test_each_opening_of_an_item_has_a_lasting_name_of_its_own(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"one", "b.pdf": b"two"})
    office.publish()
    shown = openings.find_shown(office.office, ["acme-bv"], item_key(item))
    assert shown is not None
    seats = SeatDirectory(office.office).seats("j.jansen@acme.example")
    openings.record(office.office, office.now, seats, shown, shown.what.attachments[:1])
    [first] = [one["id"] for one in opened.openings_of(office.row(item))]
    openings.record(office.office, office.now + timedelta(minutes=5), seats, shown, ())
    openings.record(office.office, office.now + timedelta(minutes=5), seats, shown, shown.what.attachments)
    ids = [one["id"] for one in opened.openings_of(office.row(item))]
    assert (len(ids), len(set(ids)), ids[0]) == (3, 3, first)
