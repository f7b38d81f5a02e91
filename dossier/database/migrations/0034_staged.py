"""Drops that are being put together in a browser or by a program, until they lie in the inbox."""

from peewee import SQL, Database

TABLES = """
CREATE TABLE staged_drop (
    id VARCHAR(255) NOT NULL PRIMARY KEY, client VARCHAR(255) NOT NULL, staff VARCHAR(255) NOT NULL, way VARCHAR(255) NOT NULL,
    made_at VARCHAR(255) NOT NULL, expires_at VARCHAR(255) NOT NULL, files TEXT NOT NULL, folder TEXT);
CREATE INDEX staged_drop_expires_at ON staged_drop (expires_at);
"""


def up(migrator: object, db: Database) -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
