"""On PostgreSQL, two transactions that change items of the same clients don't wait for each other to say so."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from kit.portals import SETTINGS, PortalOffice
from kit.servers import new_database

from dossier.database import revisions
from dossier.database.tables import Revision, item_key

CHANGE = "UPDATE item SET location = 'elsewhere', pending = id WHERE id = %s"


@pytest.mark.sqlite  # it has a PostgreSQL of its own
def test_two_that_change_items_of_the_same_clients_do_not_wait_for_each_other(tmp_path: Path) -> None:
    url = new_database()
    office = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{url}'}}\n")
    try:
        acme, zon = (
            [item_key(office.share({f"{n}.pdf": b"%d" % n}, client=client)) for n in range(2)] for client in ("acme-bv", "zon")
        )
        office.publish()
        abouts = (revisions.of_client("acme-bv"), revisions.of_client("zon"), revisions.WAITING)

        def numbers() -> list[int]:
            return [*map(revisions.number, abouts), *map(revisions.of_listing, ("acme-bv", "zon"))]

        before = numbers()
        with psycopg.connect(url) as one, psycopg.connect(url) as other:
            for connection, mine in ((one, (acme[0], zon[0])), (other, (zon[1], acme[1]))):
                connection.execute("SET lock_timeout = '5s'")
                connection.execute(CHANGE, (mine[0],))
            one.execute(CHANGE, (zon[0],))  # each holds a client that the other one goes on to
            other.execute(CHANGE, (acme[1],))
            assert numbers() == before  # nobody sees what is not committed
            other.commit()
            between = numbers()
            assert all(was != now for was, now in zip(before, between, strict=True))
            one.commit()
        after = numbers()  # also where the earlier transaction ended later
        assert all(now not in earlier for now, *earlier in zip(after, before, between, strict=True))
        assert Revision.select().count() > len(abouts)
        revisions.sweep()
        assert Revision.select().count() == len(abouts)
        assert all(was != now for was, now in zip(after, numbers(), strict=True))
    finally:
        office.close()
