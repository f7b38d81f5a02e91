"""What a client's page counts is kept: it says what is there now, whatever was changed since it was counted, and to whom it may be told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.portals import MARIEKE, PortalOffice

from desk.actions import client_card, undoing
from desk.actions.client_card import Counts
from dossier.database.database import transaction
from dossier.database.tables import item_key
from dossier.office.people import ALL, Readable
from workflow.items import items
from workflow.items.items import NewItem
from workflow.items.rules import Draft
from workflow.portal_access import access, openings
from workflow.portal_access.access import SeatDirectory


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


def counted(client: str = "acme-bv", may: Readable = ALL) -> Counts:
    """As the page has it; held against what is counted from the start."""
    kept = client_card.counts(client, may)
    client_card._counted.clear()
    assert client_card.counts(client, may) == kept
    return kept


def test_the_counts_of_a_client_are_at_every_step_what_is_counted_anew(office: PortalOffice) -> None:
    assert counted() == Counts([], 0, 0, None, 0)
    one, two = office.share({"a.pdf": b"one"}), office.share({"b.pdf": b"two"})
    office.share({"c.pdf": b"three"}, client="zon")
    assert (counted().total, counted().seen) == (2, 0)
    office.publish()
    assert (counted().seen, counted().seen_unopened, counted("zon").seen) == (2, 2, 1)

    [seat] = SeatDirectory(office.office).seats(access.folded("j.jansen@acme.example"))
    shown = openings.find_shown(office.office, ["acme-bv"], item_key(one))
    assert shown is not None
    openings.record(office.office, office.now, [seat], shown)
    assert counted().seen_unopened == 1

    office.amend(two, location="2023/Payroll")
    assert [place.path for place in counted().places] == ["2023"]
    office.withdraw(one)
    office.publish()
    assert (counted().seen, counted().seen_unopened) == (1, 1)

    draft = Draft(client="acme-bv", description="Trial balance", status="new")
    with transaction():
        [private] = items.create_all(office.office, office.now, [NewItem(draft, (office.keep(b"four"),), MARIEKE, "test.yaml")])
    assert counted().total == 3
    undoing.delete(office.office, office.now, MARIEKE, private)
    assert counted().total == 2
    undoing.undelete(office.office, office.now, MARIEKE, private)
    assert counted().total == 3
    undoing.move(office.office, office.now, MARIEKE, private, "zon")
    assert (counted().total, counted("zon").total) == (2, 2)


def test_the_counts_that_one_reader_is_told_are_not_anothers(office: PortalOffice) -> None:
    office.share({"a.pdf": b"one"})
    assert client_card.counts("acme-bv", ALL).total == 1
    assert client_card.counts("acme-bv", Readable(frozenset({"zon"}))).total == 0
