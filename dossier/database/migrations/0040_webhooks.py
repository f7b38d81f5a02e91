"""How far each webhook has been told of the trail."""

from peewee import SQL, Database

TABLE = """
CREATE TABLE hook (
    name VARCHAR(255) NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, sent_at VARCHAR(255), attempts INTEGER NOT NULL,
    due_at VARCHAR(255) NOT NULL, failing_since VARCHAR(255), error TEXT, disabled_at VARCHAR(255))
"""


def up(migrator: object, db: Database) -> None:
    db.execute(SQL(TABLE))
