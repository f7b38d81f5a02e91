"""A query that is written once gives what peewee gives that writes it each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit.records import Records

from dossier.database.database import transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import Event, Item, tuples


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    """The items of an office, and six hundred numbers that no item has."""
    records = Records(tmp_path_factory.mktemp("prepared") / "office")
    for number in range(7):
        records.make(description=f"Number {number}")
    yield [*range(1, 301), *(row[0] for row in tuples(Item.select(Item.id).order_by(Item.id))), *range(301, 601)]
    records.close()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 304, 512, 513, 607])
def test_a_list_of_any_length_finds_what_peewee_finds(keys: list[int], count: int) -> None:
    by_item = Prepared(lambda given: Item.select(Item.id, Item.unsettled).where(Item.id.in_(given)).order_by(Item.id))
    some = keys[-count:] if count else []
    found = by_item.rows(some)
    assert found == tuples(Item.select(Item.id, Item.unsettled).where(Item.id.in_(some)).order_by(Item.id))
    assert {type(flag) for _, flag in found} <= {bool}


def test_lists_and_values_and_what_stands_in_the_query_go_each_to_its_place(keys: list[int]) -> None:
    kinds = Prepared(
        lambda given, actions, above: (
            Event.select(Event.item, Event.seq * 2)
            .where((Event.seq > above) & Event.action.in_(actions) & Event.item.in_(given))
            .order_by(Event.seq)
            .limit(5)
        )
    )
    whole = Event.select(Event.item, Event.seq * 2).where((Event.seq > 2) & Event.action.in_(["created"])).order_by(Event.seq)
    assert kinds.rows(keys[295:310], ["created"], 2) == tuples(whole.limit(5)) != []
    assert kinds.rows(keys[295:310], ["created", "none", "such"], 2) == tuples(whole.limit(5))
    assert kinds.rows(keys[295:310], [], 2) == []


def test_json_is_read_as_a_column_reads_it(keys: list[int]) -> None:
    labels = Prepared(lambda key: Item.select(Item.labels, Item.id).where(Item.id == key))
    assert labels.row(keys[300]) == tuples(Item.select(Item.labels, Item.id).where(Item.id == keys[300]))[0]
    assert isinstance((labels.row(keys[300]) or [None])[0], list)
    assert labels.row(1) is None


def test_rows_are_changed_by_it_and_counted(keys: list[int]) -> None:
    again = Prepared(lambda key, at: Item.update(published_at=at, version=Item.version + 1).where(Item.id == key))
    with transaction():
        assert again.run(keys[300], "2026-01-01") == 1
        assert again.run(keys[300], "2026-01-02") == 1
        assert again.run(1, "2026-01-03") == 0
    told = Prepared(lambda given: Item.select(Item.published_at, Item.version).where(Item.id.in_(given)).order_by(Item.id))
    assert told.rows(keys[300:302]) == [("2026-01-02", 3), (None, 1)]
