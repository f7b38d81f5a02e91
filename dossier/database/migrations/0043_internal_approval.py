"""What became of an item that is approved inside the office."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL("ALTER TABLE item ADD COLUMN approval TEXT"))
