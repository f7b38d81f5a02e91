"""What is placed in the inbox for somebody else is bound to exactly that drop, and holds once.

Earlier versions remembered the sidecar's SHA-256 alone, which held for ever and anywhere. Those are
forgotten: a drop that such a word was for, and that still waits, is refused and can be given again.
"""

from peewee import SQL, Database

TABLE = """
CREATE TABLE delegation (
    client VARCHAR(255) NOT NULL, folder VARCHAR(255) NOT NULL, maker VARCHAR(255) NOT NULL, behind VARCHAR(255),
    uid BIGINT NOT NULL, sidecar VARCHAR(255) NOT NULL, files TEXT NOT NULL, made_at VARCHAR(255) NOT NULL,
    PRIMARY KEY (client, folder))
"""


def up(migrator: object, db: Database) -> None:
    db.execute(SQL(TABLE))
    db.execute(SQL("DELETE FROM note WHERE key LIKE 'delegated:%%'"))
