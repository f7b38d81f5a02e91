"""What is found at once among a million: items by their status, the newest first; what became of a drop that was a folder, as those
are that programs and the desk put together; mails that failed; and when somebody looked at what was refused."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL("CREATE INDEX item_status ON item (status, id)"))
    db.execute(SQL('CREATE INDEX drop_folder ON "drop" (client, folder) WHERE folder IS NOT NULL'))
    db.execute(SQL("CREATE INDEX mail_failed ON mail (id) WHERE state = 'failed'"))
    db.execute(SQL("CREATE INDEX viewed_rejected ON viewed (at) WHERE kind = 'rejected'"))
