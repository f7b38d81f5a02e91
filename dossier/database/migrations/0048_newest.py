"""The newest of what a client sees are found without looking at all of it. The index still holds all that is counted by it."""

from peewee import SQL, Database

STATEMENTS = (
    "DROP INDEX item_public",
    "CREATE INDEX item_public ON item (client, published_at, id, public, type) WHERE public IS NOT NULL",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
