"""A desk that is stopped in the middle of a write holds up nobody for long where daemons share the office."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kit.servers import new_database
from kit.support import own_office, wait_for

from dossier.cluster import presence
from dossier.database.database import close_database, open_database, transaction
from dossier.database.postgresql import SESSION, WRITERS
from dossier.database.tables import Note
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.text import clock

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    root = own_office(tmp_path / "office", settings=f"database: {{url: '{new_database()}'}}\n")
    office = load_office(root.path, {})
    open_database(office)
    yield office
    close_database()


def writing(office: Office, name: str, key: int = WRITERS) -> psycopg.Connection[tuple[object, ...]]:
    """Another process, stopped while it has the turn to write."""
    made = psycopg.connect(office.settings.database.url, application_name=name)
    made.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
    return made


def is_cut_off(line: psycopg.Connection[tuple[object, ...]]) -> bool:
    try:
        line.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


@pytest.mark.parametrize(
    ("name", "key", "seconds", "ends"),
    [
        ("dossier desk", WRITERS, 0.0, True),
        ("dossier desk", WRITERS, 60.0, False),
        (SESSION, WRITERS, 0.0, False),
        ("dossier desk", 1, 0.0, False),
    ],
    ids=["stopped", "at work", "a daemon", "another lock"],
)
def test_who_stops_while_writing_is_cut_off_by_a_daemon(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str, key: int, seconds: float, ends: bool
) -> None:
    """Not before its time, nor a daemon that says that it is there, nor whoever holds something else."""
    monkeypatch.setattr(presence, "STALLED_SECONDS", seconds)
    here = presence.Presence(office, clock.utc_now())
    with writing(office, name, key) as line:
        for _ in range(2):
            here.tell(clock.utc_now(), leads=True)
        if ends:
            wait_for(lambda: is_cut_off(line), "it is cut off")
            with transaction():
                Note.put("after", "it")
        else:
            assert not is_cut_off(line)
            line.rollback()
