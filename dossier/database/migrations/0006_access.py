"""Logging in to the portal: what was asked, the links that were mailed, who is logged in, and how often was tried."""

from peewee import SQL, Database, SqliteDatabase

TABLES = """
CREATE TABLE login_request (
    id {key}, address TEXT NOT NULL, goal TEXT NOT NULL, at VARCHAR(255) NOT NULL);

CREATE TABLE login_token (
    hash VARCHAR(255) NOT NULL PRIMARY KEY, address TEXT NOT NULL, goal TEXT NOT NULL, language VARCHAR(255) NOT NULL,
    expires_at VARCHAR(255) NOT NULL, used_at VARCHAR(255));
CREATE INDEX login_token_expires_at ON login_token (expires_at);

CREATE TABLE login_session (
    hash VARCHAR(255) NOT NULL PRIMARY KEY, address TEXT NOT NULL, made_at VARCHAR(255) NOT NULL,
    seen_at VARCHAR(255) NOT NULL, expires_at VARCHAR(255) NOT NULL);
CREATE INDEX login_session_expires_at ON login_session (expires_at);

CREATE TABLE login_rate (key VARCHAR(255) NOT NULL PRIMARY KEY, full_at VARCHAR(255) NOT NULL);
CREATE INDEX login_rate_full_at ON login_rate (full_at);
"""


def up(migrator: object, db: Database) -> None:
    script = TABLES.format(key="INTEGER NOT NULL PRIMARY KEY" if isinstance(db, SqliteDatabase) else "SERIAL PRIMARY KEY")
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
