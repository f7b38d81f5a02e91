"""What approvers are told about an edition, and who is asked to decide on it since when."""

from peewee import SQL, Database

STATEMENTS = """
CREATE TABLE edition_note (
    edition BIGINT NOT NULL REFERENCES edition (id), line INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (edition, line));

CREATE TABLE asked (
    edition BIGINT NOT NULL REFERENCES edition (id), person VARCHAR(255) NOT NULL,
    at VARCHAR(255) NOT NULL, written_at VARCHAR(255), is_open BOOLEAN NOT NULL,
    reminded_at VARCHAR(255), escalated_at VARCHAR(255), PRIMARY KEY (edition, person));
CREATE INDEX asked_open ON asked (person, edition) WHERE is_open;
CREATE INDEX asked_unreminded ON asked (at) WHERE is_open AND reminded_at IS NULL;
CREATE INDEX asked_unescalated ON asked (at) WHERE is_open AND escalated_at IS NULL;

DROP INDEX item_pending;
CREATE INDEX item_pending ON item (id, pending, version, client, type, approvers, approvals, created_by)
    WHERE pending IS NOT NULL;
"""


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
