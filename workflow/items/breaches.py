"""A draft for the register of breaches is due: noted with the withdrawal, done on the disk.

Killed between the withdrawal and the draft? The note is still there, and the daemon makes the
draft.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from dossier.database.tables import Note, tuples
from dossier.text import clock

_KEY = "breach:"


class DueDraft(NamedTuple):
    """A draft that is to be written."""

    note: str
    item: int
    by: str
    """Who withdrew it."""
    reason: str
    at: str


def draft_is_due(now: datetime, item: int, by: str, reason: str) -> None:
    """A client could see what is being withdrawn. Call inside `transaction()`."""
    at = clock.to_text(now)
    value = json.dumps({"item": item, "by": by, "reason": reason, "at": at})
    Note.insert(key=f"{_KEY}{item}:{at}", value=value).on_conflict_ignore().execute()


def due(item: int | None = None) -> list[DueDraft]:
    """The drafts that are due (of this item), in the order of the withdrawals."""
    notes = tuples(Note.select(Note.key, Note.value).where(Note.key.startswith(f"{_KEY}{item}:" if item else _KEY)))
    found = [DueDraft(note, **json.loads(value)) for note, value in notes]
    return sorted(found, key=lambda one: one.at)


def done(one: DueDraft) -> None:
    """The draft is on the disk. Call inside `transaction()`."""
    Note.delete().where(Note.key == one.note).execute()
