"""Withdrawing by command: who could see the item and opened it is told, and the register of data breaches gets a draft."""

from __future__ import annotations

from datetime import datetime

from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.files import files, moves
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from workflow.items import items
from workflow.reports import breach

BREACHES = "breaches"
"""The folder under var/ for the drafts. They name people: only who runs the office's commands may read there."""


def withdraw(office: Office, now: datetime, actor: Actor, key: int, reason: str) -> list[str]:
    """Take the item off the portal, or from its approvers; the lines to be told. Raises Refusal, OSError.

    The item is withdrawn first: whatever happens to the draft, it goes off the portal.
    """
    name = item_name(key)
    with transaction():
        was_public = items.get(key).public is not None
        items.withdraw(office, now, actor, key, reason)
    seen = breach.exposure(office, now, key) if was_public else None
    if seen is None:
        return [f"{name} is withdrawn; nothing of it was on the portal"]
    language = people.language_of(office, actor.code)
    draft = breach.entry(language, now, breach.person_name(office, actor.code), reason, seen)
    folder = office.var / BREACHES
    files.make_folder(folder, 0o750)
    path = moves.free_name(folder / f"{name}-{now.astimezone():%Y%m%d-%H%M%S}.md")
    files.write_durably(path, draft.encode(), 0o640)
    return [f"{name} is withdrawn", *breach.told(language, seen), f"Draft for the register of data breaches: {path}"]
