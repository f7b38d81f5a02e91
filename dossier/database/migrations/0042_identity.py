"""Logging in with an identity provider: logins that were begun, and what to log out with."""

from peewee import SQL, Database

STATEMENTS = (
    """CREATE TABLE provider_login (
    hash VARCHAR(255) NOT NULL PRIMARY KEY, browser VARCHAR(255) NOT NULL, nonce VARCHAR(255) NOT NULL,
    verifier VARCHAR(255) NOT NULL, goal TEXT NOT NULL, expires_at VARCHAR(255) NOT NULL)""",
    "CREATE INDEX provider_login_expires_at ON provider_login (expires_at)",
    "ALTER TABLE desk_session ADD COLUMN id_token TEXT",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
