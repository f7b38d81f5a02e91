"""What is too long for an index of PostgreSQL is no trouble of the database's: the other drops are taken."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import Records
from kit.servers import new_database
from peewee import OperationalError

from dossier.database import trouble
from dossier.database.database import transaction
from dossier.database.tables import PROXY, Edition, Item

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own

PICKED = random.Random(0)
MANY = ["".join(PICKED.choices(string.ascii_lowercase, k=60)) for _ in range(120)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "office", settings=f"sharing: {{guard: off}}\ndatabase: {{url: '{new_database()}'}}\n")
    yield made
    made.close()


def test_a_hundred_people_may_be_asked_and_have_made_it(office: Records) -> None:
    key = office.make()
    with transaction():
        Item.update(approvers=MANY, pending=1).where(Item.id == key).execute()
        Edition.insert(
            id=1, item=key, content="", shown={}, state="pending", made_by="p.bakker", made_at="", makers=MANY
        ).execute()
    assert Item.get_by_id(key).approvers == MANY


def test_what_no_index_holds_is_at_fault_itself(office: Records) -> None:
    PROXY.execute_sql("CREATE TABLE held (text TEXT PRIMARY KEY)")
    with pytest.raises(OperationalError) as failed:
        PROXY.execute_sql("INSERT INTO held VALUES (%s)", ("".join(MANY),))
    assert not trouble.is_of_the_database(failed.value)
    with pytest.raises(OperationalError) as ended:
        PROXY.execute_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert trouble.is_of_the_database(ended.value)
