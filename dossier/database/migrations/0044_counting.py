"""What pages of the desk and the portal count is counted by an index alone, however much a client or a person has.

Two of the indexes take the place of narrower ones, so that an item is written into no more of them.
"""

from peewee import SQL, Database

STATEMENTS = (
    "DROP INDEX item_client",
    "CREATE INDEX item_client ON item (client, id, location, type)",
    "DROP INDEX item_public",
    "CREATE INDEX item_public ON item (client, id, public, published_at, type) WHERE public IS NOT NULL",
    # What somebody made that no client has opened yet.
    "CREATE INDEX item_made ON item (created_by, published_at, public) WHERE public IS NOT NULL",
    # What a contact opened, and when last.
    "CREATE INDEX opening_contact ON opening (contact, item, last_at)",
)


def up(migrator: object, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(SQL(statement))
