"""Logging in to the desk: what was asked, the links that were mailed, who is logged in."""

from peewee import SQL, Database, SqliteDatabase

TABLES = """
CREATE TABLE desk_request (
    id {key}, address TEXT NOT NULL, goal TEXT NOT NULL, at VARCHAR(255) NOT NULL);

CREATE TABLE desk_token (
    hash VARCHAR(255) NOT NULL PRIMARY KEY, staff VARCHAR(255) NOT NULL, goal TEXT NOT NULL,
    expires_at VARCHAR(255) NOT NULL, used_at VARCHAR(255));
CREATE INDEX desk_token_expires_at ON desk_token (expires_at);

CREATE TABLE desk_session (
    hash VARCHAR(255) NOT NULL PRIMARY KEY, staff VARCHAR(255) NOT NULL, way VARCHAR(255) NOT NULL,
    made_at VARCHAR(255) NOT NULL, seen_at VARCHAR(255) NOT NULL, expires_at VARCHAR(255) NOT NULL);
CREATE INDEX desk_session_staff ON desk_session (staff);
CREATE INDEX desk_session_expires_at ON desk_session (expires_at);
"""


def up(migrator: object, db: Database) -> None:
    script = TABLES.format(key="INTEGER NOT NULL PRIMARY KEY" if isinstance(db, SqliteDatabase) else "SERIAL PRIMARY KEY")
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
