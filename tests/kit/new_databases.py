"""SQLite databases of new offices that tests open in their own process, or by a command that is forked: made once, and copied.

A test makes one in a few milliseconds instead of some fifty. What a command makes that is started as everybody does, and every
upgrade, is made by the migrations.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import dossier.database.database as database
from dossier.database.tables import PROXY
from dossier.office.office import Office

_migrate, _MIGRATIONS = database._migrate, database.MIGRATIONS


_place = ":memory:"


@cache
def _empty() -> sqlite3.Connection:
    """A database as the migrations leave it; its first user makes it."""
    return sqlite3.connect(_place, check_same_thread=False)


def migrate(office: Office, opened: Any, backups: Path) -> None:
    """As database._migrate."""
    kept, is_new = _empty(), database._is_sqlite() and not opened.get_tables() and database.MIGRATIONS == _MIGRATIONS
    if is_new and kept.execute("SELECT name FROM sqlite_master").fetchone():
        kept.backup(PROXY.connection())
        return
    _migrate(office, opened, backups)
    if is_new:
        PROXY.connection().backup(kept)


def copy_from_now_on(place: str = ":memory:") -> None:
    """`place`: a file, where processes share it."""
    global _place
    _place, database._migrate = place, migrate
