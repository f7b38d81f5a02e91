"""Words of one client's items are found without looking at those of all others."""

from peewee import SQL, Database, SqliteDatabase

# PostgreSQL combines its index of words with that of clients by itself.
STATEMENTS = (
    """CREATE VIRTUAL TABLE item_text_new USING fts5 (
        description, explanation, labels, names, client, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3')""",
    """INSERT INTO item_text_new (rowid, description, explanation, labels, names, client)
        SELECT old.rowid, old.description, old.explanation, old.labels, old.names, item.client
        FROM item_text AS old JOIN item ON item.id = old.rowid ORDER BY old.rowid""",
    "DROP TABLE item_text",
    "ALTER TABLE item_text_new RENAME TO item_text",
)


def up(migrator: object, db: Database) -> None:
    if isinstance(db, SqliteDatabase):
        for statement in STATEMENTS:
            db.execute(SQL(statement))
