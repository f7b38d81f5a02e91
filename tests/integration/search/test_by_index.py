"""By which index items are looked for: SQLite does not know how many rows have a value, and no office's database is analyzed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.records import LISA, Records
from kit.servers import POSTGRESQL

from desk.actions import my_work, overview
from dossier.database import readable
from dossier.database.database import transaction
from dossier.database.tables import PROXY, Binned, Item, change_row, clients_with_items
from dossier.database.web_tables import StagedDrop
from dossier.office.people import Readable
from dossier.text import clock
from dossier.trail import trail
from dossier.trail.trail import RecordedEvent
from ingest.sources import staging
from workflow.approval import waiting
from workflow.reports import finding
from workflow.reports.finding import Filter


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path, settings="sharing: {guard: off}\ntypes: {invoice: {}}\n")
    yield made
    made.close()


def plans(monkeypatch: pytest.MonkeyPatch, ask: Callable[[], object]) -> list[str]:
    """How SQLite goes through `item` and what is joined to it, for all that is asked."""
    found, execute = list[str](), PROXY.obj.execute_sql

    def explained(sql: str, params: Any = None, *more: Any) -> Any:
        if sql.startswith("SELECT"):
            found.extend(row[3] for row in execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())
        return execute(sql, params, *more)

    with monkeypatch.context() as patch:
        patch.setattr(PROXY.obj, "execute_sql", explained)
        ask()
    return found


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL knows how many rows have a value")
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"status": "done"}, "item_status (status=?"),
        ({"client": "acme-bv", "type": "invoice"}, "item_client (client=?"),
        ({"client": "acme-bv", "share_state": "private", "status": "new"}, "item_client (client=?"),
        ({"type": "invoice", "share_state": "private", "status": "new"}, "item_type (type=?"),
        ({"share_state": "returned", "status": "new"}, "item_state (share_state=?"),
    ],
)
def test_items_are_looked_for_by_what_fewest_have(
    office: Records, monkeypatch: pytest.MonkeyPatch, filters: dict[str, str], index: str
) -> None:
    key = office.make()
    wanted = Filter(**filters)
    for ends in (None, (key, key)):
        monkeypatch.setattr(finding, "_ends", lambda wanted, ends=ends: ends)
        lines = plans(monkeypatch, lambda: finding.find_items(wanted, 50))
        assert any(index in line for line in lines), lines


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL knows how many rows have a value")
def test_who_is_asked_is_found_among_what_waits(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = plans(monkeypatch, lambda: waiting._rows(None))
    assert any("item_pending" in line for line in lines), lines
    assert not any("item_client" in line for line in lines), lines


def test_the_newest_events_of_a_client_with_many_items_are_those_of_one_with_few(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    for client in ("acme-bv", "zon", "acme-bv", "acme-bv"):
        office.make(client=client)

    def told(newest: int | None) -> list[RecordedEvent]:
        return list(trail.events(client="acme-bv", newest=newest))

    whole = told(None)
    assert len(whole) >= 3
    for many in (1, 2, 3):
        monkeypatch.setattr(readable, "MANY", many)
        assert told(2) == whole[-2:]
        assert told(50) == whole
    if not POSTGRESQL:
        monkeypatch.setattr(readable, "MANY", 1)
        lines = plans(monkeypatch, lambda: told(50))
        assert not any("event_item" in line for line in lines), lines


LIMITED = [
    Readable(),
    Readable(None, frozenset({"invoice"})),
    Readable(frozenset({"acme-bv"})),
    Readable(frozenset({"acme-bv"}), frozenset({"invoice"})),
    Readable(frozenset({"zon", "acme-bv"}), frozenset({"invoice"})),
    Readable(frozenset()),
]


@pytest.mark.parametrize("many", [0, 1, 2_000])
@pytest.mark.parametrize("may", LIMITED)
def test_a_reader_is_told_the_same_whichever_way_it_is_found(
    office: Records, monkeypatch: pytest.MonkeyPatch, may: Readable, many: int
) -> None:
    monkeypatch.setattr(readable, "MANY", many)
    for client in ("acme-bv", "zon"):
        for kind in (None, "invoice"):
            office.make(client=client, type=kind)
    with transaction():
        trail.record(office.now, LISA, "exported", None, {}, "zon")
        trail.record(office.now, LISA, "verified", None, {})
    items = {item.id: item for item in Item.select()}

    def knows(event: RecordedEvent) -> bool:
        if event.item is not None:
            return may.has(items[event.item].client, items[event.item].type)
        return may.clients is None or event.subject in may.clients

    whole = list(trail.events())
    assert len(whole) >= 6
    expected = [event for event in whole if knows(event)]
    assert list(trail.events(may=may)) == expected
    assert list(trail.events(may=may, newest=2)) == expected[-2:]
    assert trail.after(whole[1].seq, may, 100) == [event for event in expected if event.seq > whole[1].seq]
    Binned.insert(item=max(items), by="l.jansen", at=clock.to_text(office.now)).execute()
    lying = {item.id for item in items.values() if may.has(item.client, item.type)} - {max(items)}
    assert {item.id for item in finding.find_items(Filter(), 0, may=may)} == lying
    assert readable.count_items(may) == len(lying)


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL knows how many rows have a value")
@pytest.mark.parametrize("may", LIMITED[1:5])
def test_what_happened_is_not_gathered_from_all_items_for_whoever_may_not_know_of_some(
    office: Records, monkeypatch: pytest.MonkeyPatch, may: Readable
) -> None:
    monkeypatch.setattr(readable, "MANY", 0)
    office.make()
    for ask in (lambda: list(trail.events(may=may, newest=5)), lambda: trail.after(0, may, 5)):
        lines = plans(monkeypatch, ask)
        assert not any("event_item" in line or "SCAN t3" in line for line in lines), lines


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL knows how many rows have a value")
def test_what_became_of_a_staged_drop_and_refused_drops_of_hidden_types_are_not_looked_for_among_all_drops(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office.office.inbox / "acme-bv").mkdir(parents=True)
    row = staging.begin(office.office, office.now, LISA, "acme-bv")
    change_row(StagedDrop.id, row.id, folder="letter-1")
    lines = plans(monkeypatch, lambda: staging.fate(office.office, row))
    lines += plans(monkeypatch, lambda: list(overview._of_hidden_types(Readable(None, frozenset({"invoice"})))))
    assert any("drop_folder" in line for line in lines), lines
    assert any("drop_refused" in line for line in lines), lines
    assert not [line for line in lines if line == "SCAN t1"], lines


def test_filters_hold_together_whatever_is_looked_for_by(office: Records) -> None:
    keys = [office.make(client=client, type=kind) for client in ("acme-bv", "zon") for kind in (None, "invoice")]
    Item.update(status="done").where(Item.id.in_(keys[1:3])).execute()

    def found(**filters: str) -> list[int]:
        return [item.id for item in finding.find_items(Filter(**filters), 0)]

    assert found(status="done") == [keys[2], keys[1]]
    assert found(client="acme-bv", status="done") == [keys[1]]
    assert found(client="zon", type="invoice", status="new") == [keys[3]]
    assert found(client="zon", type="invoice", status="done") == []
    assert found(type="invoice", share_state="private", status="new") == [keys[3]]


def test_clients_of_items_are_found_one_after_the_other(office: Records) -> None:
    assert clients_with_items() == clients_with_items(are_public=True) == set()
    for client in ("zon", "acme-bv", "zon"):
        office.make(client=client)
    assert clients_with_items() == {"acme-bv", "zon"}
    assert clients_with_items(are_public=True) == set()
    office.published(client="zon")
    assert clients_with_items(are_public=True) == {"zon"}


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL knows how many rows have a value")
def test_what_was_returned_inside_the_office_is_found_by_who_made_it(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    told = plans(monkeypatch, lambda: my_work.returned(office.office, LISA))
    assert any("item_returned_inside (created_by=?)" in line for line in told), told
