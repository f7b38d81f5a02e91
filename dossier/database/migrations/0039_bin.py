"""The bin: items that were deleted, from when on and by whom. An admin's `retention run` removes them for good later."""

from peewee import SQL, Database

TABLE = """
CREATE TABLE binned (
    item BIGINT NOT NULL PRIMARY KEY, "by" VARCHAR(255) NOT NULL, at VARCHAR(255) NOT NULL)
"""


def up(migrator: object, db: Database) -> None:
    db.execute(SQL(TABLE))
