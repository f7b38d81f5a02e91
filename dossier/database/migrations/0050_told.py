"""What WHY.txt says of a refused drop in the office's other languages, for whoever reads it on the desk or by command."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL('ALTER TABLE "drop" ADD COLUMN told TEXT'))
