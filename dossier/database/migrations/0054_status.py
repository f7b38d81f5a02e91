"""Items by their status, the newest first: of a million with other ones the few are found at once."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL("CREATE INDEX item_status ON item (status, id)"))
