"""Of which type a refused drop was to be, where not all staff may know of that."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL('ALTER TABLE "drop" ADD COLUMN of_type TEXT'))
