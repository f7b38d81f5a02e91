"""What contacts have opened on the portal, and when."""

from peewee import SQL, Database

TABLES = """
CREATE TABLE opening (
    edition BIGINT NOT NULL REFERENCES edition (id), contact VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL,
    sha256 VARCHAR(255) NOT NULL, item BIGINT NOT NULL REFERENCES item (id), first_at VARCHAR(255) NOT NULL,
    last_at VARCHAR(255) NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (edition, contact, name, sha256));
CREATE INDEX opening_item ON opening (item);
"""


def up(migrator: object, db: Database) -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
