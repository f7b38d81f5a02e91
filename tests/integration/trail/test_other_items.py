"""An event that names another item tells nothing of it to whoever may not know of that: in feeds, histories, stories and proofs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import LISA, Records

from desk.actions import auditing, changing, item_view
from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.office.people import Actor
from workflow.items import items, suspicion
from workflow.items.suspicion import GuardFinding, Screened
from workflow.reports import proof

STAFF = """\
staff:
  l.visser: {name: Lisa Visser, email: l.visser@office.example, rights: [create, share]}
  of.zon: {name: Of Zon, email: zon@office.example, rights: [create], clients: [zon]}
  of.acme: {name: Of Acme, email: acme@office.example, rights: [create], clients: [acme-bv]}
  outside: {name: Out Side, email: outside@office.example, rights: [create]}
"""
TYPES = "types: {salary: {staff: [l.visser]}}\n"
ZON, ACME, OUTSIDE, ALL = (Actor(code, "api:program") for code in ("of.zon", "of.acme", "outside", "l.visser"))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(
        tmp_path, f"sharing: {{guard: warn}}\n{TYPES}", "clients: {acme-bv: {name: Acme B.V.}, zon: {name: Zon}}\n", STAFF
    )
    yield made
    made.close()


def told(office: Records, who: Actor, item: int) -> str:
    """All that this person is told of what happened."""
    found: list[object] = [auditing.after(office.office, who, 0, 200)]
    if (who, item) not in ((ZON, 1), (ACME, 2)):
        view = item_view.view(office.office, who, office.tick(), item_name(item), note=False)
        found += [
            item_view.history(office.office, who, item_name(item)),
            [str(line) for one in view.story for line in (one.what, *one.more)],
        ]
        found.append(auditing.prove(office.office, office.tick(), who, item))
    return json.dumps(found, default=str)


def test_whom_a_copy_came_from_or_went_to_is_told_only_to_whoever_may_know_of_that_item(office: Records) -> None:
    there = office.make(LISA, files=[office.file("a.pdf", "a")])
    secret = office.make(LISA, files=[office.file("b.pdf", "b")], type="salary")
    here = office.make(LISA, client="zon")
    changing.copy(office.office, office.tick(), LISA, there, ["a.pdf"], here, False)
    changing.copy(office.office, office.tick(), LISA, secret, ["b.pdf"], here, False)
    assert item_name(there) not in told(office, ZON, here)
    assert item_name(here) not in told(office, ACME, there)
    assert item_name(secret) not in told(office, OUTSIDE, here)
    assert item_name(there) in told(office, OUTSIDE, here)
    everything = told(office, ALL, here)
    assert item_name(there) in everything
    assert item_name(secret) in everything
    assert proof.check(json.dumps(auditing.prove(office.office, office.tick(), ZON, here), default=str))[1] == []


def test_whoever_works_for_a_client_whom_anothers_file_names_is_not_told_which_file_it_is(office: Records) -> None:
    item = office.make(LISA, files=[office.file("annual-accounts-acme.pdf", "of Zon")])
    finding = GuardFinding("annual-accounts-acme.pdf", "9f" * 32, ("zon",), "Bakkerij Zon")
    with transaction():
        suspicion.record(office.office, office.tick(), items.get(item), Screened(findings=(finding,)))
    assert [one["action"] for one in auditing.after(office.office, ZON, 0, 200)] == ["named_elsewhere"]
    for piece in (item_name(item), "annual-accounts-acme", "9f9f"):
        assert piece not in json.dumps(auditing.after(office.office, ZON, 0, 200))
        assert piece in json.dumps(auditing.after(office.office, ALL, 0, 200))
