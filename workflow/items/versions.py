"""The versions of an item's attachments: each with who brought it, and when. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dossier.database.tables import Attachment
from dossier.trail import trail
from dossier.trail.trail import RecordedEvent


class Version(NamedTuple):
    """What an attachment was, or is, under the name that it had then."""

    number: int
    name: str
    size: int
    sha256: str
    at: str
    """When it came; as it is kept."""
    by: str | None
    """Who brought it, as the trail names them; None if the trail doesn't say any more."""
    is_current: bool
    row: int
    """Its row of Attachment."""


def files_in(event: RecordedEvent) -> list[dict[str, str]]:
    """The files that came with an item's making or change, as its event tells them."""
    return [one for what in ("attachments", "added", "replaced") for one in event.said.get(what, ())]


def versions(key: int) -> dict[str, list[Version]]:
    """The name of each attachment as it is now → its versions, the latest first.

    These are all that had its name, and what it was before it was renamed.
    """
    rows = list(Attachment.select().where(Attachment.item == key).order_by(Attachment.id.desc()))
    brought = _brought(key)
    return {row.name: [_version(one, brought) for one in _of(row, rows)] for row in rows if row.current}


def taken_out(key: int) -> list[Version]:
    """The last version of each attachment that was taken out, and is not there under another
    name."""
    rows = list(Attachment.select().where(Attachment.item == key).order_by(Attachment.id.desc()))
    there = [row for row in rows if row.current]
    kept, called = {one.id for row in there for one in _of(row, rows)}, {row.name for row in there}
    gone = {row.name: row for row in reversed(rows) if row.id not in kept and row.name not in called}
    brought = _brought(key) if gone else {}
    return [_version(row, brought) for row in gone.values()]


def of_one(key: int, name: str) -> list[Version]:
    """The versions of the attachment that has this name, or had it when it was taken out, the
    latest first."""
    rows = list(Attachment.select().where(Attachment.item == key).order_by(Attachment.id.desc()))
    called = [row for row in rows if row.name == name]
    latest = next((row for row in called if row.current), next(iter(called), None))
    brought = _brought(key) if latest is not None else {}
    return [_version(one, brought) for one in _of(latest, rows)] if latest is not None else []


def _of(current: Attachment, rows: Sequence[Attachment]) -> list[Attachment]:
    """Its versions among `rows`, the latest first."""
    found = {row.id: row for row in rows if row.name == current.name and not row.current}
    latest: Attachment | None = current
    while latest is not None:
        found[latest.id] = latest
        latest = _before(latest, rows)
    return sorted(found.values(), key=lambda row: (row.current, row.version, row.id), reverse=True)


def _before(latest: Attachment, rows: Sequence[Attachment]) -> Attachment | None:
    """The version before this one: of its name, else what had its place. Another attachment may
    have had that before: then one version is not the one before the next."""
    older = [row for row in rows if row.id < latest.id and row.version == latest.version - 1]
    called = [row for row in older if row.name == latest.name]
    return next(iter(called or [row for row in older if row.position == latest.position]), None)


def _version(row: Attachment, brought: dict[tuple[str, str], str]) -> Version:
    by = brought.get((row.name, row.sha256)) or brought.get(("", row.sha256)) or brought.get(("", row.added_at))
    return Version(row.version, row.name, row.size, row.sha256, row.added_at, by, row.current, row.id)


def _brought(key: int) -> dict[tuple[str, str], str]:
    """(name, SHA-256) of a file, or ("", SHA-256), or ("", time) → who brought it, by the trail."""
    found = dict[tuple[str, str], str]()
    for event in trail.events(item=key):
        if event.action in ("created", "amended"):
            found[("", event.at)] = event.actor
            for one in files_in(event):
                found[(one["name"], one["sha256"])] = found[("", one["sha256"])] = event.actor
    return found
