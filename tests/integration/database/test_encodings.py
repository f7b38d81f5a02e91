"""Databases of PostgreSQL that keep text in another encoding than UTF-8, and its address under both names that libpq takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from kit.portals import SETTINGS, PortalOffice
from kit.servers import new_database

from desk.doctor.doctor import examine
from desk.doctor.office import database
from dossier.database import snapshot
from dossier.database.database import open_database
from dossier.database.tables import Item
from dossier.database.trouble import DatabaseUnavailable
from dossier.office.opening import load_office

pytestmark = pytest.mark.sqlite  # it has a PostgreSQL of its own

LATIN1 = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"


def office_on(root: Path, url: str) -> PortalOffice:
    return PortalOffice(root, settings=f"{SETTINGS}database: {{url: '{url}'}}\n")


def reopen(office: PortalOffice) -> None:
    office.close()
    open_database(office.office)


@pytest.mark.parametrize("environment", ["", "LATIN1"])
def test_a_database_without_an_encoding_keeps_what_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    if environment:
        monkeypatch.setenv("PGCLIENTENCODING", environment)
    url = new_database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    office = office_on(tmp_path / "office", url)
    reopen(office)  # what was made before is read, too
    office.share({"Łódź.pdf": b"1"}, description="Balans € Łódź")
    assert [item.description for item in Item.select()] == ["Balans € Łódź"]
    office.close()


def test_a_new_office_is_not_begun_in_a_database_that_lacks_letters(tmp_path: Path) -> None:
    url = new_database(LATIN1)
    with pytest.raises(DatabaseUnavailable, match="its encoding is LATIN1"):
        office_on(tmp_path / "office", url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    told = [one.message.code for one in examine(load_office(tmp_path / "office", {}), {})]
    assert "doctor.database_gone" in told
    assert "doctor.not_looked_at" not in told, "nothing is said that only follows from it"


def test_no_backup_is_restored_into_one(tmp_path: Path) -> None:
    office = office_on(tmp_path / "office", new_database())
    lacking = office.office.settings.database.model_copy(update={"url": new_database(LATIN1)})
    other = replace(office.office, settings=office.office.settings.model_copy(update={"database": lacking}))
    assert not snapshot.is_empty(office.office)
    with pytest.raises(snapshot.CannotCopy, match="its encoding is LATIN1"):
        snapshot.is_empty(other)
    office.close()


def test_an_office_that_has_one_goes_on_and_doctor_tells_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("dossier.database.postgresql.HOLDS_ANY_TEXT", ("LATIN1",))
        office = office_on(tmp_path / "office", new_database(LATIN1))
    office.share({"a.pdf": b"1"}, description="Balans van Acmé")
    reopen(office)
    assert [item.description for item in Item.select()] == ["Balans van Acmé"]
    assert "doctor.other_encoding" in [one.message.code for one in database(office.office)]
    office.close()


def test_an_address_may_begin_with_postgres(tmp_path: Path) -> None:
    office_on(tmp_path / "office", new_database().replace("postgresql://", "postgres://")).close()
