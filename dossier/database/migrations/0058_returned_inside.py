"""What was returned inside the office is found at once by who made it."""

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    returned = """substr(approval, 1, 19) = '{"state":"returned"'"""
    db.execute(SQL(f"CREATE INDEX item_returned_inside ON item (created_by, id) WHERE {returned}"))
