"""Moving an office's records from SQLite to PostgreSQL, every row, and seeing that they arrived.

All is read and written in one transaction on each side: the office is moved whole, or the new
database stays empty. In the old one nothing is changed but for the mark that it has moved, which is
committed last. Killed before that? The new one has it all, and asked again only the mark is set.
The caller sees that no daemon works; who else writes waits meanwhile, and is refused then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

from peewee import Database

from dossier.database import identity, postgresql
from dossier.database.database import transaction
from dossier.database.tables import PROXY, Note
from dossier.database.trouble import DatabaseUnavailable
from dossier.text.refusals import Conflict
from dossier.trail import auditing

CHUNK = 500
"""Rows read and written at once."""

_OWN = ("schema_migration", "item_text", "text_due", "listing", "revision")


class NotMoved(Conflict):
    """The records were not moved, and the new database is as it was."""


def move(source: Database, target: Database, to: str, progress: Callable[[str, int], None]) -> dict[str, int]:
    """Copy all rows, and mark the old database as moved `to` this address; returns table → rows.

    `target` has empty tables, or all of it, from a move that was broken off behind its commit.
    `progress(table, rows so far)` is called after each chunk. Raises NotMoved; database errors.
    """
    tables = _in_order(source)
    counts: dict[str, int] = {}
    PROXY.initialize(source)
    with transaction():  # nobody writes there meanwhile, nor behind the copy
        is_broken_off = not identity.has_moved()
        with target.atomic():
            filled = next((table for table in tables if _has_rows(target, table)), None)
            if filled is None:
                for table in tables:
                    counts[table] = _copy(source, target, table, progress)
                _copy_search(source, target)
            elif not is_broken_off:
                raise NotMoved("keeping.new_not_empty", table=filled)
            for table in tables:
                kinds = _kinds(target, table)
                rows = counts[table], _ = _digest(target, table, kinds)
                if rows != _digest(source, table, kinds):
                    raise NotMoved("keeping.new_not_empty" if filled else "keeping.did_not_arrive", table=filled or table)
            PROXY.initialize(target)
            fault = auditing.first_fault()
            if fault is not None:
                raise NotMoved("keeping.trail_in_doubt", fault=fault)
        PROXY.initialize(source)
        identity.note_moved(to)
    return counts


def _has_rows(database: Database, table: str) -> bool:
    return bool(database.execute_sql(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone())  # noqa: S608 - a table's name  # nosec B608


def _in_order(source: Database) -> list[str]:
    """All tables of ours, those that others refer to first."""
    names = [name for name in source.get_tables() if not name.startswith(("sqlite_", "item_text")) and name not in _OWN]
    refers = {name: {key.dest_table for key in source.get_foreign_keys(name)} - {name} for name in names}
    ordered: list[str] = []
    while refers:
        free = sorted(name for name, to in refers.items() if to <= set(ordered))
        if not free:
            raise DatabaseUnavailable("database.circle", tables=sorted(refers))
        ordered += free
        for name in free:
            del refers[name]
    return ordered


def _kinds(database: Database, table: str) -> dict[str, bool]:
    """Column → whether it is a yes or no (SQLite has numbers for these)."""
    return {column.name: "bool" in column.data_type.lower() for column in database.get_columns(table)}


def _rows(database: Database, table: str, kinds: dict[str, bool], chunk: int = CHUNK) -> Iterator[list[list[object]]]:
    columns = ", ".join(f'"{name}"' for name in kinds)
    keys = ", ".join(f'"{name}"' for name in database.get_primary_keys(table))
    left = f" WHERE key != '{identity.MOVED}'" if table == Note._meta.table_name else ""  # of the old one alone
    cursor = database.execute_sql(f'SELECT {columns} FROM "{table}"{left} ORDER BY {keys}')  # noqa: S608 - names of ours  # nosec B608
    yes_no = list(kinds.values())
    while rows := cursor.fetchmany(chunk):
        yield [
            [bool(value) if flag and value is not None else value for value, flag in zip(row, yes_no, strict=True)]
            for row in rows
        ]


def _copy(source: Database, target: Database, table: str, progress: Callable[[str, int], None]) -> int:
    kinds, done = _kinds(target, table), 0
    columns = ", ".join(f'"{name}"' for name in kinds)
    places = f"({', '.join(['%s'] * len(kinds))})"
    for rows in _rows(source, table, kinds):
        values = [value for row in rows for value in row]
        target.execute_sql(f'INSERT INTO "{table}" ({columns}) VALUES {", ".join([places] * len(rows))}', values)  # noqa: S608  # nosec B608
        done += len(rows)
        progress(table, done)
    if "id" in kinds:
        # Numbers that the database gives out itself go on behind the last one; where it doesn't,
        # there is no sequence.
        sequence = target.execute_sql("SELECT pg_get_serial_sequence(%s, 'id')", (f'"{table}"',)).fetchone()[0]
        if sequence:
            target.execute_sql(f'SELECT setval(%s, (SELECT coalesce(max(id), 0) + 1 FROM "{table}"), false)', (sequence,))  # noqa: S608  # nosec B608
    return done


def _copy_search(source: Database, target: Database) -> None:
    PROXY.initialize(target)
    cursor = source.execute_sql("SELECT rowid, description, explanation, labels, names, client FROM item_text ORDER BY rowid")
    while rows := cursor.fetchmany(CHUNK):
        postgresql.search_text([tuple(row) for row in rows])
    target.execute_sql("INSERT INTO text_due (item) SELECT id FROM item")  # their files are read anew


def _digest(database: Database, table: str, kinds: dict[str, bool]) -> tuple[int, str]:
    """How many rows, and a digest over all in the order of their keys as Python sees them."""
    digests = [
        hashlib.sha256(json.dumps(row, default=str).encode()).digest() for rows in _rows(database, table, kinds) for row in rows
    ]
    return len(digests), hashlib.sha256(b"".join(sorted(digests))).hexdigest()
