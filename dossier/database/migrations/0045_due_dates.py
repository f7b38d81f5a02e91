"""When an item is due and who sees to it. Letters about reviews that wait are called off: they go as notices, made anew."""

import json

from peewee import SQL, Database


def up(migrator: object, db: Database) -> None:
    db.execute(SQL("ALTER TABLE item ADD COLUMN due VARCHAR(255)"))
    db.execute(SQL('ALTER TABLE item ADD COLUMN "owner" VARCHAR(255)'))
    db.execute(SQL("CREATE INDEX item_due ON item (due) WHERE due IS NOT NULL"))
    waiting = db.execute(SQL("SELECT payload FROM mail WHERE kind = 'review' AND state = 'waiting'")).fetchall()
    for (payload,) in waiting:
        for item, day in json.loads(payload)["items"]:
            db.execute_sql(f"DELETE FROM note WHERE key = {db.param}", (f"review:{item}:{day}",))  # noqa: S608  # nosec B608
    db.execute(SQL("UPDATE mail SET state = 'cancelled' WHERE kind = 'review' AND state = 'waiting'"))
