"""The command that moves an office to another database: migrate-db."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from desk.cli import session


def register(app: typer.Typer) -> None:
    app.command("migrate-db", epilog="Example: dossier migrate-db postgresql://dossier@db.office.example/dossier")(migrate_db)


def migrate_db(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="postgresql://USER@HOST/NAME; an empty database. Its password: PGPASSWORD.")
    ],
) -> None:
    """Copy all records from SQLite to PostgreSQL and see that they arrived. Stop the daemon first; nothing is changed in the old one."""
    from dataclasses import replace

    from peewee import SqliteDatabase

    from dossier.backup.moving_over import NotMoved, move
    from dossier.cluster import presence
    from dossier.database.database import open_database
    from dossier.database.postgresql import Postgres, shown
    from dossier.text.refusals import Refusal

    office = session.office()
    if not url.startswith(("postgresql://", "postgres://")):
        raise typer.BadParameter("give an address that begins with postgresql://")
    if not office.settings.database.url.startswith("sqlite:"):
        raise Refusal("this office is on PostgreSQL already (database.url in config/settings.yaml)")
    try:
        with presence.alone(office):
            source = open_database(office)
            assert isinstance(source, SqliteDatabase)
            database = office.settings.database.model_copy(update={"url": url})
            target = open_database(replace(office, settings=office.settings.model_copy(update={"database": database})))
            assert isinstance(target, Postgres)
            counts = move(source, target, _progress)
    except presence.AlreadyRunning as error:
        raise Refusal(f"{error}; stop it first") from error
    except NotMoved as error:
        raise Refusal(str(error)) from error
    print(f"{sum(counts.values())} rows of {len(counts)} tables are in {shown(url)}, and the trail verifies there.")
    print("Now set database.url in config/settings.yaml to that address, and start the daemon. The old file stays as it is.")


def _progress(table: str, rows: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{table}: {rows} rows\033[K", end="", file=sys.stderr)
