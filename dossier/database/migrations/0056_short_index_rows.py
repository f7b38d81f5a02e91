"""On PostgreSQL a row of an index has at most 2.7 kB: lists of people, however long, are in none."""

from peewee import SQL, Database, SqliteDatabase

STATEMENTS = (
    "DROP INDEX item_pending",
    "CREATE INDEX item_pending ON item (id, pending, version, client, type, approvals, created_by) WHERE pending IS NOT NULL",
    "DROP INDEX edition_pending",
    "CREATE INDEX edition_pending ON edition (id, made_at) WHERE state = 'pending'",
)


def up(migrator: object, db: Database) -> None:
    if not isinstance(db, SqliteDatabase):
        for statement in STATEMENTS:
            db.execute(SQL(statement))
