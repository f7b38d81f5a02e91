"""What an administrator of PostgreSQL has set for people's queries ends neither a daemon's waiting nor a backup."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from kit.portals import SETTINGS, PortalOffice
from kit.servers import new_database

from desk.doctor.office import database
from dossier.database import snapshot
from dossier.database.database import data_version
from dossier.database.postgresql import WRITERS
from dossier.database.tables import Item

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own

HURRIED = ("statement_timeout = '200ms'", "idle_session_timeout = '200ms'", "idle_in_transaction_session_timeout = '200ms'")


@pytest.fixture
def url() -> str:
    made = new_database()
    name = urlsplit(made).path[1:]
    with psycopg.connect(made, autocommit=True) as connection:
        for setting in HURRIED:
            connection.execute(f'ALTER DATABASE "{name}" SET {setting}')  # type: ignore[arg-type]
    return made


@pytest.fixture
def office(tmp_path: Path, url: str) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{url}'}}\n")
    yield made
    made.close()


def outlast(url: str) -> None:
    """Return when the administrator's limits, which are all the same, have ended one of people's queries, and another one."""
    for _ in range(2):  # a transaction, or a line that rests, could be ended before it is given up here
        with (
            psycopg.connect(url, autocommit=True, options="-c idle_session_timeout=0") as one,
            pytest.raises(psycopg.errors.QueryCanceled),
        ):
            one.execute("SELECT pg_sleep(60)")


def test_a_writer_waits_for_another_and_whoever_rests_is_not_cut_off(office: PortalOffice, url: str) -> None:
    before = data_version()
    outlast(url)
    with psycopg.connect(url, options="-c idle_in_transaction_session_timeout=0") as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))

        def let_go() -> None:
            outlast(url)
            other.rollback()

        letting_go = threading.Thread(target=let_go)
        letting_go.start()
        office.share({"a.pdf": b"1"})
        letting_go.join()
    assert Item.select().count() == 1
    assert data_version() == before


def test_a_backup_that_takes_long_is_made(
    office: PortalOffice, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.share({"a.pdf": b"1"})
    run = snapshot._run

    def slowly(*given: object) -> None:
        outlast(url)
        run(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "_run", slowly)
    assert len(snapshot.take(office.office, tmp_path).attachments) == 1


def test_doctor_tells_of_a_database_that_a_power_cut_would_take_from(office: PortalOffice, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{urlsplit(url).path[1:]}" SET synchronous_commit = off')  # type: ignore[arg-type]
    office.close()
    [told] = [one.message for one in database(office.office) if one.message.code == "doctor.not_durable"]
    assert "synchronous_commit" in str(told)
