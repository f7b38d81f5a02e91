"""Refused drops that nobody needs any more: into the bin, and out of it again.

By whoever made the drop, or an admin. Each raises Refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk.actions import overview
from dossier.database.database import transaction
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock, system
from dossier.text.refusals import Forbidden, NotFound
from ingest.inbox.listing import BIN
from ingest.intake import thrown_away


@dataclass(frozen=True, slots=True)
class ThrownAway:
    """A refused drop in the bin."""

    client: str
    folder: str
    why: Sequence[str]
    """The lines of its WHY.txt."""
    by: str | None
    """Who threw it away, and `at` when (ISO 8601, local); None if the trail doesn't say."""
    at: str | None


def may_throw_away(office: Office, actor: Actor, client: str, folder: str) -> bool:
    """True if this person may throw away what was refused into this folder of the client's, and
    take it out again."""
    return thrown_away.may_throw_away(office, actor, client, folder)


def throw_away(office: Office, now: datetime, actor: Actor, client: str, folder: str) -> None:
    """Put a refused drop into the bin, whole. Nothing of it is removed."""
    _check(office, actor, client, folder, is_binned=False)
    _moved(lambda: thrown_away.throw_away(office, now, actor, client, folder))


def take_out(office: Office, now: datetime, actor: Actor, client: str, folder: str) -> None:
    """Put it back among what was refused, to be mended."""
    _check(office, actor, client, folder, is_binned=True)
    _moved(lambda: thrown_away.take_out(office, now, actor, client, folder))


def in_bin(office: Office, reader: Actor, language: str) -> list[ThrownAway]:
    """The refused drops in the bin that the reader may know of, the latest first."""
    found = overview.rejected(office, reader, language, is_binned=True)
    who = thrown_away.last_thrown_away(one["client"] for one in found)
    told = []
    for one in found:
        client, folder = one["client"], one["path"].rpartition("/")[2]
        by, at = who.get((client, folder), (None, None))
        told.append(ThrownAway(client, folder, one["why"], by, clock.local_iso(at) if at else None))
    return sorted(told, key=lambda one: one.at or "", reverse=True)


def _check(office: Office, actor: Actor, client: str, folder: str, is_binned: bool) -> None:
    is_known = client in office.clients and people.readable(office, actor).has(client)
    if not is_known or "/" in folder or folder in ("", ".", "..", BIN):
        raise NotFound("staging.no_drop")
    overview.check_refused(office, actor, client, folder, is_binned)


def _moved(move: Callable[[], None]) -> None:
    try:
        with transaction():
            move()
    except OSError as error:
        raise Forbidden("undoing.stays_there", reason=system.why(error)) from error
