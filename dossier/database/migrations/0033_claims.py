"""The files of a drop are claimed under a hidden name before anything is made of them; drops of before have none."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL('ALTER TABLE "drop" ADD COLUMN hidden VARCHAR(255)'))
