"""What the files of an item say, to find it by, and which items' files have to be read yet: all of them, at first."""

from peewee import SQL, Database, SqliteDatabase

DUE = """CREATE TABLE text_due (item BIGINT NOT NULL PRIMARY KEY)"""

ALL_ARE = """INSERT INTO text_due (item) SELECT id FROM item"""

# `rest` is what the item is found by besides, so that the words of one search may be in either; `files` says whose text is in it.
SQLITE = (
    """CREATE VIRTUAL TABLE item_text_files USING fts5 (
        rest, text, client, files UNINDEXED, tokenize = "unicode61 remove_diacritics 2", prefix = '3')""",
)

POSTGRESQL = (
    """CREATE TABLE item_text_files (
        item BIGINT NOT NULL PRIMARY KEY REFERENCES item (id), rest TEXT NOT NULL, text TEXT NOT NULL, files TEXT NOT NULL,
        words TSVECTOR NOT NULL)""",
    "CREATE INDEX item_text_files_words ON item_text_files USING gin (words)",
)


def up(migrator: object, db: Database) -> None:
    for statement in (DUE, ALL_ARE, *(SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL)):
        db.execute(SQL(statement))
