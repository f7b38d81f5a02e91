"""Four eyes: everybody whose work an item is and an edition shows (workflow/items/makers.py), and who is behind a decision.

Of what an earlier version knew, the trail tells who changed what the client would see since the last
standing approval. Where an event's detail was erased, the change counts as one that would be seen.
"""

import json
from itertools import chain
from typing import Any

from peewee import SQL, Database

COLUMNS = (
    "ALTER TABLE item ADD COLUMN makers TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE edition ADD COLUMN makers TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE decision ADD COLUMN behind VARCHAR(255)",
)
INDEXES = (
    "DROP INDEX edition_pending",
    # Whose work it is that waits, for the list of all that waits.
    "CREATE INDEX edition_pending ON edition (id, makers, made_at) WHERE state = 'pending'",
)
TOLD = """
    SELECT event.item, event.action, event.actor, event.behind, event_detail.detail
    FROM event LEFT JOIN event_detail ON event_detail.seq = event.seq
    WHERE event.item IS NOT NULL
        AND (event.action IN ('amended', 'offered', 'approved') OR event.action = 'created' AND event.behind IS NOT NULL)
    ORDER BY event.item, event.seq
"""
SEEN = {"description", "explanation", "share_explanation", "share"}
FILES = {"removed", "renamed", "added", "replaced", "sharing"}


def up(migrator: object, db: Database) -> None:
    for statement in COLUMNS:
        db.execute(SQL(statement))
    # Nearly all are their maker's alone.
    for (maker,) in _run(db, "SELECT DISTINCT created_by FROM item"):
        _run(db, "UPDATE item SET makers = ? WHERE created_by = ?", _json({"item": [maker]}), maker)
        made = _run(db, "SELECT DISTINCT made_by FROM edition WHERE item IN (SELECT id FROM item WHERE created_by = ?)", maker)
        for (other,) in made:
            whose = "made_by = ? AND item IN (SELECT id FROM item WHERE created_by = ?)"
            _run(db, f"UPDATE edition SET makers = ? WHERE {whose}", _json(_each_once(maker, other)), other, maker)  # noqa: S608  # nosec B608
    last, since, behind = None, list[str](), list[str]()
    for item, *event in chain(db.execute_sql(TOLD), [(None, "", "", None, None)]):
        if item != last:
            if last is not None and (since or behind):
                _note(db, last, since, behind)
            last, since, behind = item, [], []
        action, actor, other, detail = event
        people = [actor, *([other] if other else [])]
        told = json.loads(detail) if detail else None
        if action == "created":
            behind = people[1:]
        elif action == "approved":
            stands = told is not None and (told.get("outright") or told.get("still_needed") == 0)
            since = [] if stands else since
        elif action == "offered" or told is None or FILES & told.keys() or SEEN & told.get("changed", {}).keys():
            since = _each_once(*since, *people)
    for statement in INDEXES:
        db.execute(SQL(statement))


def _note(db: Database, item: int, since: list[str], behind: list[str]) -> None:
    [(maker, pending)] = _run(db, "SELECT created_by, pending FROM item WHERE id = ?", item)
    makers = {"item": _each_once(maker, *behind), **({"since": since} if since else {})}
    _run(db, "UPDATE item SET makers = ? WHERE id = ?", _json(makers), item)
    if pending is not None:
        [(offered_by,)] = _run(db, "SELECT made_by FROM edition WHERE id = ?", pending)
        whole = _json(_each_once(maker, *behind, *since, offered_by))
        _run(db, "UPDATE edition SET makers = ? WHERE id = ?", whole, pending)


def _each_once(*names: str) -> list[str]:
    return list(dict.fromkeys(names))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _run(db: Any, statement: str, *values: object) -> list[Any]:
    cursor = db.execute_sql(statement.replace("?", db.param), values)
    return list(cursor.fetchall()) if cursor.description else []
