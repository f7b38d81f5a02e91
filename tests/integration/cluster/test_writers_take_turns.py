"""On PostgreSQL who publishes for several clients waits for who publishes for others, and never for each other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from kit.portals import SETTINGS, PortalOffice
from kit.servers import new_database

from dossier.database.database import close_database, transaction
from dossier.database.tables import PROXY, Item, Listing, item_key


@pytest.mark.sqlite  # it has a PostgreSQL of its own
def test_two_that_change_what_the_same_clients_see_in_another_order_both_end(tmp_path: Path) -> None:
    url = new_database()
    office = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{url}'}}\n")
    items = [item_key(office.share({"a.txt": b"1"}, client)) for client in ("acme-bv", "zon")]
    office.publish()
    meet = threading.Barrier(2, timeout=30)

    def publish(order: list[int]) -> None:
        for _ in range(5):
            meet.wait()
            with transaction():
                for key in order:
                    Item.update(published_at="2026-11-28T10:00:00.000000Z").where(Item.id == key).execute()
                    PROXY.execute_sql("SELECT pg_sleep(0.02)")
        close_database()

    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(publish, order) for order in (items, items[::-1])]:
            done.result()
    assert {row.client for row in Listing.select()} == {"acme-bv", "zon"}
    office.close()
    with pytest.raises(psycopg.errors.DeadlockDetected):
        _publish_by_hand(url, items)


def _publish_by_hand(url: str, items: list[int]) -> None:
    """The same without taking turns: they wait for each other."""
    update = "UPDATE item SET published_at = '2026-11-28T11:00:00.000000Z' WHERE id = %s"
    with psycopg.connect(url) as one, psycopg.connect(url) as other, ThreadPoolExecutor(1) as beside:
        one.execute(update, (items[0],))
        other.execute(update, (items[1],))
        waiting = beside.submit(one.execute, update, (items[1],))
        try:
            other.execute(update, (items[0],))
        finally:
            other.rollback()
        waiting.result()
