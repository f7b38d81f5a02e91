"""Which pages of older items a client with a long list has on the portal."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL("ALTER TABLE page ADD COLUMN older TEXT NOT NULL DEFAULT '[]'"))
