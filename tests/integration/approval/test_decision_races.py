"""Decisions at the same instant, from several processes: exactly one stands, and the others are told."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kit.queues import QueueOffice
from kit.racing import Outcome, race
from kit.support import LONG, Root

from dossier.database.tables import Decision, Edition, Item, first_edition, item_key
from dossier.trail import auditing, trail

RACES = int(os.environ.get("RACES", "50" if LONG else "15"))
"""Each is up to five processes at a barrier. `make races` runs more of them."""

DECIDERS = ("approval", "rejection", "file")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[QueueOffice]:
    made = QueueOffice(tmp_path / "office")
    yield made
    made.close()


def concepts(office: QueueOffice, count: int) -> list[tuple[str, str]]:
    """Concepts that any of three may decide on; the file of the third says approve."""
    names = [office.concept(approvers=["m.devries", "k.smit", "l.visser"], approvals="any") for _ in range(count)]
    office.round()
    for name in names:
        office.type(name, "approve", approver="l.visser")
    return [(name, Edition.get_by_id(Item.get_by_id(item_key(name)).pending).content) for name in names]


def check(office: QueueOffice, item: str, content: str, outcomes: list[Outcome]) -> str:
    """See that one thing happened to the edition that was looked at; returns what."""
    row, first = Item.get_by_id(item_key(item)), first_edition(item_key(item)) + 1
    decisions = list(Decision.select().where(Decision.edition.between(first, first + 9_998)))
    done = {outcome.who for outcome in outcomes if outcome.told is None}
    told = {outcome.who: outcome.told for outcome in outcomes if outcome.told is not None}
    by = {"m.devries": "approval", "k.smit": "rejection", "l.visser": "file"}
    assert len(decisions) <= 1, "one decision at most"
    winner = by[decisions[0].decided_by] if decisions else None
    for who in ("approval", "rejection"):
        assert (who in done) == (who == winner), (who, outcomes)
        assert who == winner or told[who], "who came too late is told"
    events = [event.action for event in trail.events(item=row.id) if event.action in ("approved", "rejected")]
    assert len(events) == len(decisions)
    edition = Edition.get_by_id(first)
    if winner is not None:
        assert decisions[0].edition == first, "what was decided on is what was looked at"
    approved = winner in ("approval", "file")
    assert (edition.approved_by is not None) == approved
    if row.standing is not None:
        assert approved
        assert Edition.get_by_id(row.standing).content == content, "nothing stands but what was approved"
    elif approved:
        assert "withdrawal" in done
    return winner or "nothing"


@pytest.mark.sampled
def test_of_five_at_once_one_decides_and_the_others_are_told(office: QueueOffice) -> None:
    races = concepts(office, RACES)
    outcomes = race(office.office, (*DECIDERS, "amendment", "withdrawal"), races)
    winners = Counter(check(office, item, content, outcomes[item]) for item, content in races)
    assert len(winners) > 1, f"a race that only one can win is none: {winners}"
    assert auditing.first_fault() is None
    office.restart()
    office.round()
    for item, _ in races:
        is_open = Item.get_by_id(item_key(item)).pending is not None
        for approver in ("m.devries", "k.smit", "l.visser"):
            assert office.path(item, approver).exists() == is_open


@pytest.mark.sampled
def test_of_three_deciders_at_once_exactly_one_decides(office: QueueOffice) -> None:
    races = concepts(office, RACES)
    outcomes = race(office.office, DECIDERS, races)
    winners = Counter(check(office, item, content, outcomes[item]) for item, content in races)
    assert winners["nothing"] == 0, winners


def test_commands_at_once_exit_with_0_once_and_1_else(root: Root) -> None:
    root.drop("report", "description: Annual accounts 2025\nshare: yes\nshare_attachments: all\nshare_status: concept\n"
              "approver: [m.devries, k.smit]\napprovals: any\ncreated_by: p.bakker\n", report_pdf=b"%PDF-1.4\n%%EOF\n")  # fmt: skip
    root.once()
    item = root.json("queue")[0]["item"]
    commands = [("m.devries", "approve"), ("k.smit", "reject"), ("k.smit", "approve"), ("m.devries", "approve")]

    def run(who: str, what: str) -> tuple[int, str]:
        done = root.run(what, item, "--comment", "why not", user=who, code=None)
        return done.returncode, done.stderr

    with ThreadPoolExecutor(len(commands)) as pool:
        found = list(pool.map(lambda command: run(*command), commands))
    assert sorted(code for code, _ in found) == [0, 1, 1, 1]
    for code, said in found:
        assert code == 0 or (len(said.splitlines()) == 1 and ("was approved by" in said or "was rejected by" in said)), said
