"""A form that is sent twice by one person: the second time is answered as the first.

Without a script nothing keeps a button from being pressed twice. The first press does it; the
second finds it done, and would tell of oneself that somebody was before. So the last thing that a
person did from a page is remembered, by a digest over all that the form said, for a minute. It
counts no more once anybody, they too, did something else with the same item.

    note_done   it was done, and led there
    led_to      where the same led, if it was done a moment ago
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from peewee import fn

from dossier.database.database import patience, transaction
from dossier.database.tables import Event, Viewed, item_key, tuples
from dossier.database.trouble import UNAVAILABLE
from dossier.office.people import Actor
from dossier.text import clock
from dossier.trail import trail
from workflow.reports import viewed

log = structlog.get_logger("desk")

PRESSED = "pressed "
"""How the kind of a note begins that says what was done last; the digest follows."""

A_MOMENT = timedelta(minutes=1)
"""What is sent once more later was not pressed twice."""


def note_done(now: datetime, actor: Actor, path: str, form: Mapping[str, Sequence[str]], goal: str) -> None:
    """What this form asked for was done, and led to the address `goal`. Where that can't be
    written, the second press is told what stands."""
    try:
        with patience(viewed.NOTE_SECONDS), transaction():
            mine = (Viewed.actor == actor.code) & Viewed.kind.startswith(PRESSED)
            Viewed.delete().where(mine).execute()
            [(last,)] = tuples(Event.select(fn.MAX(Event.seq)))
            kind, at = f"{_kind(path, form)} {last or 0}", clock.to_text(now)
            Viewed.insert(actor=actor.code, kind=kind, subject=goal, at=at).execute()
    except UNAVAILABLE as error:
        log.error("that a form was sent can't be written down", path=path, actor=actor.code, error=str(error))


def led_to(now: datetime, actor: Actor, path: str, form: Mapping[str, Sequence[str]], item: str | None) -> str | None:
    """Where the same form led, if it was the last thing that this person did, a moment ago.

    `item`: the number of what it is about, if that is an item.
    """
    same = (Viewed.actor == actor.code) & Viewed.kind.startswith(_kind(path, form)) & (Viewed.at >= clock.to_text(now - A_MOMENT))
    for kind, goal in tuples(Viewed.select(Viewed.kind, Viewed.subject).where(same)):
        return None if _was_changed(int(kind.rpartition(" ")[2]), item) else str(goal)
    return None


def _was_changed(since: int, item: str | None) -> bool:
    """True if anybody did something since this event, with the item or (without one) with what is
    none. What the daemon does follows from what was done."""
    try:
        about = Event.item == item_key(item) if item is not None else Event.item.is_null()
    except ValueError:  # its number is written another way
        return True
    by_people = (Event.seq > since) & about & (Event.actor != trail.DAEMON.code) & Event.action.not_in(_LOOKS)
    return bool(Event.select(Event.seq).where(by_people).exists())


_LOOKS = ["viewed", "logged_in", "logged_out"]
"""Events by which nothing is changed that a form is about."""


def _kind(path: str, form: Mapping[str, Sequence[str]]) -> str:
    said = json.dumps([path, sorted((name, list(values)) for name, values in form.items())])
    return PRESSED + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
