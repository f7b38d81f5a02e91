"""Between which numbers the items of a location lie: then a search for common words passes over no others."""

from peewee import SQL, Database, SqliteDatabase


def up(migrator: object, db: Database) -> None:
    if isinstance(db, SqliteDatabase):
        db.execute(SQL("CREATE INDEX item_location ON item (location, id) WHERE location IS NOT NULL"))
