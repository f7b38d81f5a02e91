"""The outbox tells trouble with a mail from trouble with the server, and puts several mails into one."""

from peewee import SQL, Database

STATEMENTS = (
    "ALTER TABLE mail ADD COLUMN unreached INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE mail ADD COLUMN within INTEGER",
    "CREATE INDEX mail_recipient ON mail (client, recipient, kind)",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
