"""What is looked for at each start, or every minute, is found without walking through all items and drops."""

from peewee import SQL, Database

STATEMENTS = (
    # What stands and is not on the portal: there is little of it, and whoever looks for it must not see all else.
    "CREATE INDEX item_absent ON item (client, id) WHERE standing IS NOT NULL AND public IS NULL",
    # Who made what waits, for the list of all that waits.
    "CREATE INDEX edition_pending ON edition (id, made_by, made_at) WHERE state = 'pending'",
    """CREATE INDEX drop_refused ON "drop" (client, at) WHERE kind = 'refused'""",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
