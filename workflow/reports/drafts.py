"""Drafts for the register of breaches, as files: one a withdrawn item that clients saw.

Killed between the file and its note in the database? Then there are two drafts, and never none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.files import files, moves
from dossier.office.office import Office
from dossier.text import clock
from workflow.items import breaches
from workflow.reports import breach
from workflow.reports.breach import Exposure

BREACHES = "breaches"
"""The drafts' folder under var/. They name people: only whoever runs commands may read."""

PATIENCE_SECONDS = 10
"""How long the daemon leaves a draft to the command that withdrew the item."""


@dataclass(frozen=True, slots=True)
class Written:
    """A draft, and what it tells of."""

    path: Path
    seen: Exposure


def write(office: Office, now: datetime, item: int | None = None) -> list[Written]:
    """Write the drafts that are due (of this item). Not inside `transaction()`. Raises OSError."""
    found = []
    for one in breaches.due(item):
        seen = breach.exposure(office, now, one.item)
        if seen is not None:
            found.append(Written(_write(office, one, seen), seen))
        with transaction():
            breaches.done(one)
    return found


def write_what_was_left(office: Office, now: datetime) -> None:
    """Write what no command did: of drops, and of commands that were killed. Raises OSError."""
    latest = clock.to_text(now - timedelta(seconds=PATIENCE_SECONDS))
    for item in {one.item for one in breaches.due() if one.at <= latest}:
        write(office, now, item)


def _write(office: Office, one: breaches.DueDraft, seen: Exposure) -> Path:
    at = clock.from_text(one.at)
    text = breach.draft(office, at, one.by, one.reason, seen)
    folder = office.var / BREACHES
    files.make_folder(folder, 0o750)
    path = moves.free_name(folder / f"{item_name(one.item)}-{at.astimezone():%Y%m%d-%H%M%S}.md")
    files.write_durably(path, text.encode(), 0o640)
    return path
