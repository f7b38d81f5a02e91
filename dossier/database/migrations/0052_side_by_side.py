"""On PostgreSQL nobody waits for anybody to say that something was changed.

There, 0047 and 0051 keep a row a client, and one for all that waits. So two transactions that change something of the same
clients, or ask for approval, would wait for each other until one is done, and forever if each holds what the other wants. Now
each transaction adds a row of its own, and what counts is their sum: another one after each transaction that is committed.
`revisions.sweep` takes those away that say nothing any more.
"""

from peewee import SQL, Database, SqliteDatabase

ADD = "INSERT INTO {table} VALUES ({about}, txid_current()) ON CONFLICT DO NOTHING;"

CLIENT = "'client ' || {row}.client"
OF_ITS_ITEM = "(SELECT 'client ' || client FROM item WHERE id = {row}.item)"
SAID = {"waits": "'waiting'", "counted": CLIENT, "opened": OF_ITS_ITEM, "binned": OF_ITS_ITEM}
FUNCTIONS = ("waits_insert", "waits_delete", "waits_update", "counted_insert", "counted_delete", "counted_update",
             "opened_insert", "opened_delete", "binned_insert", "binned_delete")  # fmt: skip


def up(migrator: object, db: Database) -> None:
    if isinstance(db, SqliteDatabase):  # one writer at a time, all the same
        return
    for table, about, number in (("listing", "client", "revision"), ("revision", "about", "number")):
        db.execute(SQL(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey"))
        db.execute(SQL(f"ALTER TABLE {table} ADD PRIMARY KEY ({about}, {number})"))
    _function(db, "listing", "listing", "{row}.client", {"OLD": "TG_OP <> 'INSERT'", "NEW": "TG_OP <> 'DELETE'"})
    for name in FUNCTIONS:
        table, _, what = name.partition("_")
        rows = {"insert": ["NEW"], "delete": ["OLD"], "update": ["OLD", "NEW"]}[what]
        _function(db, name, "revision", SAID[table], dict.fromkeys(rows, "TRUE"))


def _function(db: Database, name: str, table: str, about: str, when: dict[str, str]) -> None:
    """What the trigger of this name does from now on. `when`: of which rows, and on which condition."""
    done = ""
    for row, condition in when.items():
        told = about.format(row=row)
        done += f"IF {condition} THEN IF {told} IS NOT NULL THEN {ADD.format(table=table, about=told)} END IF; END IF; "
    db.execute(
        SQL(f"CREATE OR REPLACE FUNCTION note_{name}() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN {done}RETURN NULL; END $$")
    )
