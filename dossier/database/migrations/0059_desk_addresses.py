"""By which mail address a session of the desk was begun, and where a link was mailed to. Those that
there are have none: they let nobody in any more."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    for table in ("desk_token", "desk_session"):
        db.execute(SQL(f"ALTER TABLE {table} ADD COLUMN address TEXT"))
