"""Retention: what must not go (holds), what went (removals), and the vault files that are about to go with it."""

from peewee import SQL, Database

STATEMENTS = (
    'CREATE TABLE hold (kind VARCHAR(255) NOT NULL, subject VARCHAR(255) NOT NULL, reason TEXT NOT NULL, "by" VARCHAR(255) NOT NULL,'
    " at VARCHAR(255) NOT NULL, PRIMARY KEY (kind, subject))",
    "CREATE TABLE removal (item BIGINT NOT NULL PRIMARY KEY REFERENCES item (id), at VARCHAR(255) NOT NULL)",
    "CREATE TABLE leaving (sha256 VARCHAR(255) NOT NULL PRIMARY KEY)",
    "CREATE INDEX IF NOT EXISTS attachment_sha256 ON attachment (sha256)",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
