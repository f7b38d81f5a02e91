"""On PostgreSQL what the daemon remembers may have a key as long as a way in the inbox is, as on SQLite; so may an address."""

from peewee import SQL, Database, SqliteDatabase


def up(migrator: object, db: Database) -> None:
    if not isinstance(db, SqliteDatabase):
        for table, column in (("note", "key"), ("sighting", "client"), ("mail", "message_id")):
            db.execute(SQL(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT"))
