"""Whether what pages of the desk count was changed: the database itself says so, and nobody who changes it can forget to.

`waiting` is about all that waits for a decision; `client CODE` about the client's items as their page counts them, and about who
opened them. As in 0047, SQLite counts, and PostgreSQL names the transaction that made the last change.
"""

from peewee import SQL, Database, SqliteDatabase

TABLE = "CREATE TABLE revision (about VARCHAR(255) NOT NULL PRIMARY KEY, number BIGINT NOT NULL)"

COUNT = """INSERT INTO revision (about, number) SELECT {about}, 1 WHERE {about} IS NOT NULL
    ON CONFLICT (about) DO UPDATE SET number = revision.number + 1"""

NAME = """INSERT INTO revision (about, number) SELECT {about}, txid_current() WHERE {about} IS NOT NULL
    ON CONFLICT (about) DO UPDATE SET number = txid_current() WHERE revision.number <> txid_current()"""

CLIENT = "'client ' || {row}.client"
OF_ITS_ITEM = "(SELECT 'client ' || client FROM item WHERE id = {row}.item)"
NEW, OLD, BOTH = ("NEW",), ("OLD",), ("OLD", "NEW")

TRIGGERS = (
    # (name, table, when, of which rows, what is said to have changed, only if this is not null)
    ("waits_insert", "item", "INSERT", NEW, "'waiting'", "pending"),
    ("waits_delete", "item", "DELETE", OLD, "'waiting'", "pending"),
    ("waits_update", "item", "UPDATE OF version, pending", BOTH, "'waiting'", "pending"),
    ("counted_insert", "item", "INSERT", NEW, CLIENT, None),
    ("counted_delete", "item", "DELETE", OLD, CLIENT, None),
    ("counted_update", "item", "UPDATE OF client, type, location, public, published_at", BOTH, CLIENT, None),
    ("opened_insert", "opening", "INSERT", NEW, OF_ITS_ITEM, None),
    ("opened_delete", "opening", "DELETE", OLD, OF_ITS_ITEM, None),
    ("binned_insert", "binned", "INSERT", NEW, OF_ITS_ITEM, None),
    ("binned_delete", "binned", "DELETE", OLD, OF_ITS_ITEM, None),
)


def up(migrator: object, db: Database) -> None:
    db.execute(SQL(TABLE))
    is_sqlite = isinstance(db, SqliteDatabase)
    for name, table, when, rows, about, needs in TRIGGERS:
        told = dict.fromkeys(about.format(row=row) for row in rows)
        said = "; ".join((COUNT if is_sqlite else NAME).format(about=one) for one in told)
        condition = " OR ".join(f"{row}.{needs} IS NOT NULL" for row in rows) if needs else "TRUE"
        done = f"BEGIN {said}; END"
        if not is_sqlite:
            db.execute(
                SQL(f"CREATE FUNCTION note_{name}() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN {said}; RETURN NULL; END $$")
            )
            done = f"EXECUTE FUNCTION note_{name}()"
        db.execute(SQL(f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW WHEN ({condition}) {done}"))
