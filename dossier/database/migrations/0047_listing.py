"""Whether what a client sees on the portal was changed: the database itself says so, and nobody who changes it can forget to.

SQLite counts the changes. PostgreSQL names the transaction that made the last one: to count each row of thousands would leave as
many dead ones.
"""

from peewee import SQL, Database, SqliteDatabase

TABLE = "CREATE TABLE listing (client VARCHAR(255) NOT NULL PRIMARY KEY, revision BIGINT NOT NULL)"

WHEN = {
    "INSERT": ("NEW",),
    "DELETE": ("OLD",),
    "UPDATE OF client, type, location, published_at, standing, public": ("OLD", "NEW"),
}

COUNT = """INSERT INTO listing (client, revision) VALUES ({row}.client, 1)
    ON CONFLICT (client) DO UPDATE SET revision = revision + 1"""

NAME = """INSERT INTO listing (client, revision) VALUES ({row}.client, txid_current())
    ON CONFLICT (client) DO UPDATE SET revision = txid_current() WHERE listing.revision <> txid_current()"""

FUNCTION = f"""CREATE FUNCTION note_listing() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN {NAME.format(row="OLD")}; END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.client <> OLD.client) THEN {NAME.format(row="NEW")}; END IF;
    RETURN NULL;
END $$"""


def up(migrator: object, db: Database) -> None:
    db.execute(SQL(TABLE))
    is_sqlite = isinstance(db, SqliteDatabase)
    if not is_sqlite:
        db.execute(SQL(FUNCTION))
    for what, rows in WHEN.items():
        name = f"item_listed_{what.split()[0].lower()}"
        condition = " OR ".join(f"{row}.public IS NOT NULL" for row in rows)
        counted = "; ".join(COUNT.format(row=row) for row in rows)
        done = f"BEGIN {counted}; END" if is_sqlite else "EXECUTE FUNCTION note_listing()"
        db.execute(SQL(f"CREATE TRIGGER {name} AFTER {what} ON item FOR EACH ROW WHEN ({condition}) {done}"))
