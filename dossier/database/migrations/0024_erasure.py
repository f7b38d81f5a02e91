"""Erasure of a person: events that were written anew without him keep their old link; and reports that are not on the disk yet."""

from peewee import SQL, Database

STATEMENTS = (
    "CREATE TABLE redaction (seq BIGINT NOT NULL PRIMARY KEY REFERENCES event (seq), link VARCHAR(255) NOT NULL)",
    "CREATE TABLE erasure (id INTEGER NOT NULL PRIMARY KEY, at VARCHAR(255) NOT NULL, report TEXT)",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
