"""Who acted for whom and by which way become part of an event itself; ways to find events and items by type."""

from peewee import SQL, Database

STATEMENTS = (
    "ALTER TABLE event ADD COLUMN way VARCHAR(255) NOT NULL DEFAULT ''",
    "ALTER TABLE event ADD COLUMN behind TEXT",
    "CREATE INDEX event_subject ON event (subject, seq) WHERE subject IS NOT NULL",
    "CREATE INDEX item_type ON item (type, id) WHERE type IS NOT NULL",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
