"""The address of a database, and that its password is told to nobody."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from dossier.text.database_address import is_address, read, without_password, without_passwords, without_secrets


@pytest.mark.parametrize(
    ("url", "told", "password"),
    [
        ("postgresql://dossier@db/dossier", "postgresql://db/dossier", ""),
        ("postgres://dossier:geheim@db.office.example:5433/dossier", "postgres://db.office.example:5433/dossier", "geheim"),
        ("postgresql://u:p%2F%40%3Aq@[::1]:5432/d?sslmode=require", "postgresql://[::1]:5432/d", "p/@:q"),
        ("postgresql://u:p@one:5432,two:5433/d?target_session_attrs=read-write", "postgresql://one:5432,two:5433/d", "p"),
        ("postgresql:///dossier?host=/run/postgresql", "postgresql:///dossier", ""),
        ("postgresql://%2Frun%2Fpostgresql/dossier?user=u&password=a%20b", "postgresql://%2Frun%2Fpostgresql/dossier", "a b"),
        ("postgresql://u:g#e?h[e:im@host/db", "postgresql://host/db", "g#e?h[e:im"),
        ("postgresql://u:12?x=geheim@host/db", "postgresql://host/db", "12?x=geheim"),
        ("postgresql://host", "postgresql://host", ""),
        ("postgresql://%40%2F%3A:p@host/db", "postgresql://host/db", "p"),
    ],
)  # fmt: skip
def test_an_address_is_told_without_user_and_password(url: str, told: str, password: str) -> None:
    assert (is_address(url), without_secrets(url)) == (True, told)
    found, theirs = read(url), conninfo_to_dict(url)
    assert conninfo_to_dict(without_password(url)) == {key: value for key, value in theirs.items() if key != "password"}
    assert found is not None
    assert (found.user, found.password) == (theirs.pop("user", ""), theirs.pop("password", ""))
    assert (found.password, conninfo_to_dict(found.bare)) == (password, theirs)


def test_an_address_of_sqlite_is_told_as_it_is() -> None:
    assert (is_address("sqlite:///var/dossier.db"), without_secrets("sqlite:///var/dossier.db")) == (
        True,
        "sqlite:///var/dossier.db",
    )
    assert without_password("sqlite:///var/dossier.db") == "sqlite:///var/dossier.db"
    assert not is_address("sqlite:///")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:gehe/im@host/db", "postgresql://u:12/geheim@host/db", "postgresql://u:ge%heim@host/db",
        "postgresql://u:geheim@host:port/db", "postgresql://u:geheim@ho@st/db", "mysql://u:geheim@host/db",
        "host=db password=geheim", "postgresql:/u:geheim@host/db",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_to_nobody(url: str) -> None:
    assert (is_address(url), without_secrets(url)) == (False, "database.url")


@pytest.mark.parametrize("password", ["ge%heim", "gehe/im", "geheim@x", "%zzgeheim"])
def test_what_the_library_would_say_the_password_of_never_gets_to_it(password: str) -> None:
    url = f"postgresql://u:{password}@host:5432/db"
    with pytest.raises(psycopg.Error):
        conninfo_to_dict(url) and psycopg.connect(url, connect_timeout=1)
    assert not is_address(url)


def test_a_log_has_no_password_of_an_address() -> None:
    text = "dossier migrate-db postgresql://u:a/b@c@host/db\nsee https://example.org/a@b and j@example.org"
    assert without_passwords(text) == "dossier migrate-db postgresql://***@host/db\nsee https://***@b and j@example.org"
