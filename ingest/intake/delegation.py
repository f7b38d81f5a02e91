"""Drops that an admin made by command for somebody else: the file's owner is the admin, the maker is another.

The database is told before the drop lies in the inbox, by the digest of its sidecar, so nobody can get the same by
writing `created_by` into a file of his own.
"""

from __future__ import annotations

from datetime import datetime

from dossier.database.database import transaction
from dossier.database.tables import Note
from dossier.text import clock


def record(now: datetime, digest: str, maker: str) -> None:
    """The drop with this sidecar (its SHA-256, hex) is `maker`'s. In a transaction of its own."""
    with transaction():
        value = f"{maker} {clock.to_text(now)}"
        Note.insert(key=_key(digest), value=value).on_conflict(conflict_target=[Note.key], update={Note.value: value}).execute()


def of(digest: str) -> str | None:
    """Whose the drop with this sidecar is, if that was recorded."""
    row = Note.get_or_none(Note.key == _key(digest))
    return str(row.value).split()[0] if row else None


def _key(digest: str) -> str:
    return f"delegated:{digest}"
