"""Lists of what waits are put together in a quick way: they tell what a look at each item by itself tells, to each reader what is theirs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.queues import QueueOffice

from desk.actions import deciding
from dossier.database.tables import Item, item_name
from dossier.office import hours, people
from dossier.office.people import Actor, Readable
from dossier.text.refusals import Refusal
from workflow.approval import waiting
from workflow.approval.waiting import Seating

SETTINGS = """\
sharing: {guard: off, choose_attachments: all}
types:
  payroll: {staff: [p.bakker, k.smit]}
"""
CLIENTS = """\
clients:
  acme-bv: {name: Acme B.V., default_approver: m.devries}
  own: {name: Own, default_approver: l.visser}
  third: {name: Third, default_approver: k.smit}
  fourth: {name: Fourth, default_approver: m.devries}
  fifth: {name: Fifth, default_approver: o.demir}
  zon: {name: Bakkerij Zon}
"""
STAFF = """\
staff:
  p.bakker: {name: Petra, email: p@office.example, rights: [create]}
  m.devries: {name: Marieke, email: m@office.example, rights: [create, share, approve]}
  k.smit: {name: Karel, email: k@office.example, rights: [create, approve], clients: [acme-bv, third]}
  l.visser:
    {name: Lisa, email: l@office.example, rights: [create, approve], substitute: k.smit, away: {from: 2026-11-01, until: 2026-12-31}}
  n.yilmaz: {name: Nur, email: n@office.example, rights: [create], clients: [zon, own]}
  o.demir: {name: Ozan, email: o@office.example, rights: [approve]}
  j.admin: {name: Joost, email: j@office.example, rights: [admin]}
"""
APPROVERS = (
    (),
    ("m.devries",),
    ("k.smit",),
    ("l.visser",),
    ("m.devries", "k.smit"),
    ("l.visser", "m.devries", "j.admin"),
    ("n.yilmaz",),
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[QueueOffice]:
    """Many concepts, on some of which one of several approvers has decided."""
    made, chance = QueueOffice(tmp_path / "office", settings=SETTINGS, clients=CLIENTS, staff=STAFF), random.Random(20261129)
    for number in range(150):
        approvers = chance.choice(APPROVERS)
        item = made.concept(
            f"Concept number {number}", approvers, chance.choice(("all", "any")), chance.choice(("p.bakker", "m.devries")),
            chance.choice(("acme-bv", "fifth", "fourth", "own", "third", "zon")), type=chance.choice((None, None, "payroll")),
        )  # fmt: skip
        for approver in approvers if chance.random() < 0.6 else ():
            try:
                made.decide(item, approver)
                break
            except Refusal:
                continue
    yield made
    made.close()


def one_by_one(office: QueueOffice) -> dict[int, list[str]]:
    """Each item that waits, the oldest first, with who is asked of it, found for it alone."""
    today = hours.today(office.office, office.now)
    keys = [row.id for row in Item.select(Item.id).where(Item.pending.is_null(False)).order_by(Item.id)]
    return {key: Seating(office.office, today).askings([key])[0].people for key in keys}


def known(office: QueueOffice, keys: list[int], may: Readable) -> list[int]:
    rows = {row.id: row for row in Item.select(Item.id, Item.client, Item.type)}
    return [key for key in keys if may.has(rows[key].client, rows[key].type)]


@pytest.mark.parametrize("most", [None, 3, deciding.FEW, 1000])
def test_each_reader_is_told_of_what_they_may_know_the_oldest_first_and_of_who_is_asked(
    office: QueueOffice, most: int | None
) -> None:
    asked, told = one_by_one(office), set[tuple[int, ...]]()
    for code in office.office.staff:
        reader = Actor(code, "desk")
        for approver in (None, *office.office.staff):
            keys = [key for key, whom in asked.items() if approver is None or approver in whom]
            wanted = known(office, keys, people.readable(office.office, reader))
            found = deciding.queue(office.office, office.now, reader, approver, most)
            shown = [(one["item"], one["asked"]) for one in found.items]
            assert shown == [(item_name(key), asked[key]) for key in wanted[:most]]
            assert found.count == len(wanted)
            told.add(tuple(wanted))
    assert len(told) > 10, "they are told of different things"


def test_what_waits_for_a_person_is_what_is_asked_of_them(office: QueueOffice) -> None:
    asked, today = one_by_one(office), hours.today(office.office, office.now)
    for code in office.office.staff:
        may = people.readable(office.office, Actor(code, "desk"))
        wanted = known(office, [key for key, whom in asked.items() if code in whom], may)
        assert waiting.waits_for(office.office, today, code, may) == wanted


def test_who_is_asked_of_many_items_is_who_is_asked_of_each(office: QueueOffice) -> None:
    asked = one_by_one(office)
    found = Seating(office.office, hours.today(office.office, office.now)).askings(list(asked))
    assert {one.concept.item: one.people for one in found} == asked
