"""The pages of the portal, and the pictures and archives that belong to them."""

from peewee import SQL, Database

TABLES = """
CREATE TABLE page (client VARCHAR(255) NOT NULL PRIMARY KEY, look VARCHAR(255) NOT NULL);
"""


def up(migrator: object, db: Database) -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
