"""Files with names as long as a file system takes them, which the daemon has to remember on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.records import Records
from kit.servers import new_database

from dossier.database.tables import Note
from dossier.text import clock
from dossier.text.sentences import sentence
from ingest.inbox import long_waiting
from ingest.inbox.found import NotTaken

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "office", settings=f"sharing: {{guard: off}}\ndatabase: {{url: '{new_database()}'}}\n")
    yield made
    made.close()


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "\udcff" * 255])
def test_who_put_it_there_is_told_once_that_it_waits(office: Records, name: str) -> None:
    waits = NotTaken("acme-bv", f"acme-bv/{name}/{name}", sentence("inbox.waits_for_sidecar"), 0.0)
    assert long_waiting.tell(office.office, clock.utc_now(), {"acme-bv": [waits]}) == 1
    assert long_waiting.tell(office.office, clock.utc_now(), {"acme-bv": [waits]}) == 0
    assert Note.select().where(Note.key.startswith("waits long:")).count() == 1
