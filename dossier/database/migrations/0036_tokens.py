"""Keys for programs, and what was answered to what they may send twice."""

from peewee import SQL, Database

TABLES = """
CREATE TABLE api_token (
    name VARCHAR(255) NOT NULL PRIMARY KEY, hash VARCHAR(255) NOT NULL UNIQUE, staff VARCHAR(255) NOT NULL, scopes TEXT NOT NULL,
    clients TEXT, made_by VARCHAR(255) NOT NULL, made_at VARCHAR(255) NOT NULL, expires_at VARCHAR(255) NOT NULL,
    used_at VARCHAR(255), revoked_at VARCHAR(255));

CREATE TABLE api_answer (
    key VARCHAR(255) NOT NULL PRIMARY KEY, asked VARCHAR(255) NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    at VARCHAR(255) NOT NULL);
CREATE INDEX api_answer_at ON api_answer (at);
"""


def up(migrator: object, db: Database) -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
