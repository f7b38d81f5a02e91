"""The newest of what a client sees, for previews: the right ones, and found without looking at all that the client has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.portals import PortalOffice

from dossier.database.database import is_shared
from dossier.database.tables import PROXY, Item, item_key
from workflow.portal.showing import newest_public


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


def test_the_newest_of_a_client_are_those_that_were_published_last(office: PortalOffice) -> None:
    first, second = office.share({"a.pdf": b"one"}), office.share({"b.pdf": b"two"})
    office.publish()
    office.now += timedelta(minutes=1)
    other, third = office.share({"c.pdf": b"three"}, client="zon"), office.share({"d.pdf": b"four"})
    office.publish()
    Item.update(published_at="2027-01-01T09:00:00.000000Z").where(Item.id == item_key(first)).execute()
    found, count = newest_public("acme-bv", 2)
    assert [one.item for one in found] == [first, third]
    assert count == 3
    assert [one.item for one in newest_public("zon", 2)[0]] == [other]
    office.withdraw(third)
    office.publish()
    assert [one.item for one in newest_public("acme-bv", 2)[0]] == [first, second]


def test_the_newest_of_a_client_are_found_by_an_index_alone(office: PortalOffice) -> None:
    if is_shared():
        pytest.skip("PostgreSQL plans by how much there is")
    asked: list[str] = []
    execute = PROXY.obj.execute_sql
    PROXY.obj.execute_sql = lambda sql, params=None: asked.append(sql) or execute(sql, params)  # type: ignore[func-returns-value]
    try:
        newest_public("acme-bv", 50)
    finally:
        PROXY.obj.execute_sql = execute
    newest = next(sql for sql in asked if "LIMIT" in sql)
    plan = [row[3] for row in execute(f"EXPLAIN QUERY PLAN {newest}", ("acme-bv", 50)).fetchall()]
    assert plan == ["SEARCH t1 USING COVERING INDEX item_public (client=?)"]
