"""A type that somebody must not know of is as one that never was: in faults, counts and choices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import LISA, Records
from kit.support import PDF

from desk.actions import changing, client_card, offering, overview
from dossier.database.tables import Item, Opening
from dossier.office import people
from dossier.office.people import Actor
from dossier.text.refusals import Invalid, Problem
from ingest.sources import staging

SETTINGS = """\
sharing: {guard: off}
types: {salary: {staff: [l.visser], fields: {month: text}}, note: {}}
presets: {payroll: {folder: Payroll, type: salary}, notes: {folder: Notes, type: note}}
"""
OUTSIDE = Actor("p.bakker", "desk")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path, SETTINGS)
    (tmp_path / "inbox/acme-bv").mkdir(parents=True)
    yield made
    made.close()


def faults_of_change(office: Records, keys: dict[str, str]) -> list[Problem]:
    item = office.make()
    with pytest.raises(Invalid) as refusal:
        changing.edit(office.office, office.tick(), OUTSIDE, item, keys)
    return list(refusal.value.problems)


def faults_of_drop(office: Records, keys: dict[str, str]) -> list[Problem]:
    row = staging.begin(office.office, office.tick(), OUTSIDE, "acme-bv")
    staging.put(office.office, row, "a.pdf", [PDF])
    return list(staging.faults(office.office, OUTSIDE, row, {"description": "About nothing", **keys}, {}))


@pytest.mark.parametrize("faults", [faults_of_change, faults_of_drop])
def test_no_fault_names_it(office: Records, faults: object) -> None:
    assert callable(faults)
    unknown, secret = (faults(office, {"type": name}) for name in ("nothing", "salary"))
    assert [str(one.message).replace("salary", "nothing") for one in secret] == [str(one.message) for one in unknown]
    assert [one.key for one in unknown] == ["type"]
    assert "salary" not in str([str(one.message) for one in unknown])
    of_it, of_none = (faults(office, {key: "May"}) for key in ("month", "mnoth"))
    assert [str(one.message).replace("month", "mnoth") for one in of_it] == [str(one.message) for one in of_none]


def test_what_contacts_opened_of_it_is_not_counted(office: Records) -> None:
    seen, secret = office.published(), office.published(type="salary", description="Salaries of May")
    at = "2026-11-24T10:00:00.000000Z"
    for item in (seen, secret):
        whose = {"edition": Item.get_by_id(item).public, "item": item, "contact": "j.jansen"}
        Opening.insert(**whose, name="", sha256="", first_at=at, last_at=at, times=1).execute()
    for who, count in ((OUTSIDE, 1), (LISA, 2)):
        [reader] = client_card.readers(office.office, "acme-bv", people.readable(office.office, who))
        assert reader.items == count


def test_what_waits_to_be_of_it_is_not_told_of(office: Records) -> None:
    inbox = office.office.inbox / "acme-bv"
    for name, text in {
        "june.yaml": "description: Salaries of June\nsoort: salary\nattachments: [june.pdf]\n",
        "july.yaml.txt": "description: Salaries of July\ntype: salary\n",
        "pay/item.yaml": "description: Salaries of May\ntype: salary\nattachments: [may.pdf]\n",
        "Payroll/april.pdf": "%PDF-1.4 broken off",
        "note.yaml": "description: A note to keep\ntype: note\nattachments: [note.pdf]\n",
        "alone.pdf": "%PDF-1.4",
    }.items():
        (inbox / name).parent.mkdir(exist_ok=True)
        (inbox / name).write_text(text)
    theirs, hers = ([one["path"] for one in overview.waits(office.office, who)] for who in (OUTSIDE, LISA))
    assert sorted(theirs) == ["acme-bv/alone.pdf", "acme-bv/note.yaml"]
    assert len(hers) == 6
    assert [overview.status(office.office, who)["waiting"] for who in (OUTSIDE, LISA)] == [2, 6]


def test_its_presets_are_not_offered(office: Records) -> None:
    assert list(offering.presets(office.office, OUTSIDE)) == ["notes"]
    assert offering.preset_keys(office.office, OUTSIDE, "payroll") == {}
    assert offering.preset_keys(office.office, LISA, "payroll") == {"type": "salary"}
