"""The pages of the portal, and the pictures and archives that belong to them."""

from peewee import SQL, Database

TABLES = """
CREATE TABLE page (client VARCHAR(255) NOT NULL PRIMARY KEY, look VARCHAR(255) NOT NULL, made TEXT NOT NULL);
CREATE TABLE page_file (
    name VARCHAR(255) NOT NULL PRIMARY KEY, client VARCHAR(255) NOT NULL, item BIGINT NOT NULL REFERENCES item (id),
    source VARCHAR(255) NOT NULL, sha256 VARCHAR(255) NOT NULL, size BIGINT NOT NULL);
CREATE INDEX page_file_client ON page_file (client);
CREATE INDEX page_file_item ON page_file (item);
CREATE TABLE page_due (item BIGINT NOT NULL PRIMARY KEY REFERENCES item (id));
CREATE INDEX attachment_sha256 ON attachment (sha256);
"""


def up(migrator: object, db: Database) -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
