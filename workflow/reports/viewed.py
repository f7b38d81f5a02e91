"""That somebody looked: into the trail, and what each person looked at last."""

from __future__ import annotations

from datetime import datetime, timedelta

from dossier.database.database import patience, transaction
from dossier.database.tables import Item, Viewed, item_name, tuples
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.office.people import Actor
from dossier.text import clock
from dossier.trail import trail

RECENT = 15
"""How many items and clients `recent` lists."""

LOOK = timedelta(hours=1)
"""Who looks again within this time is not written down again."""

AGAIN = timedelta(minutes=1)
"""Within this time not even as what was looked at last."""

NOTE_SECONDS = 1.0
"""A page waits no longer for its turn to note that it was looked at: whoever clicked waits too."""


def note_view(now: datetime, actor: Actor, item: Item, how: str = "show") -> None:
    """Remember that this person looked at an item, and so at a client.

    It is in the trail, once an hour for the same person, item and `how`; who looks in another's
    name (`behind`) is somebody else. Raises what the database raises: a file is not given while
    that can't be written.
    """
    if _is_noted(now, actor, item, how):
        return
    with transaction():
        for kind, subject in _subjects(item):
            remember(now, actor, kind, subject)
        if not _is_in_trail(now, actor, item, how):
            trail.record(now, actor, "viewed", item.id, {"how": how})


def note_client(now: datetime, actor: Actor, code: str) -> None:
    """Remember that this person looked at a client. Raises what the database raises.

    It is in no trail, for no item was shown.
    """
    last = Viewed.select(Viewed.subject, Viewed.at).where((Viewed.actor == actor.code) & (Viewed.kind == "client"))
    [(subject, at)] = tuples(last.order_by(Viewed.at.desc()).limit(1)) or [("", "")]
    if subject == code and at > clock.to_text(now - AGAIN):
        return
    with patience(NOTE_SECONDS), transaction():
        remember(now, actor, "client", code)


def remember(now: datetime, actor: Actor, kind: str, subject: str) -> None:
    """This is the last item or client that this person looked at. In `transaction()`."""
    same = (Viewed.actor == actor.code) & (Viewed.kind == kind) & (Viewed.subject == subject)
    Viewed.delete().where(same).execute()
    Viewed.insert(actor=actor.code, kind=kind, subject=subject, at=clock.to_text(now)).execute()


def _subjects(item: Item) -> list[tuple[str, str]]:
    return [("item", item_name(item.id)), ("client", item.client)]


def _is_noted(now: datetime, actor: Actor, item: Item, how: str) -> bool:
    """True if the person looked at nothing else since, under a minute ago: no need to write."""
    kinds = [kind for kind, _ in _subjects(item)]
    since = clock.to_text(now - AGAIN)
    last = Viewed.select(Viewed.kind, Viewed.subject).where(
        (Viewed.actor == actor.code) & Viewed.kind.in_(kinds) & (Viewed.at > since)
    )
    seen = tuples(last.order_by(Viewed.at.desc()).limit(len(kinds)))
    return sorted(seen) == sorted(_subjects(item)) and _is_in_trail(now, actor, item, how)


def _is_in_trail(now: datetime, actor: Actor, item: Item, how: str) -> bool:
    looks = (one for one in trail.events(item=item.id, person=actor.code, since=now - LOOK) if one.action == "viewed")
    return any((one.actor, one.behind) == (actor.code, actor.behind) and one.said.get("how") == how for one in looks)


def note_shown(now: datetime, actor: Actor, item: Item, how: str = "show") -> bool:
    """As `note_view`, without a file: False if it can't be written; it is shown all the same."""
    try:
        with patience(NOTE_SECONDS):
            note_view(now, actor, item, how)
    except (DatabaseUnavailable, *UNAVAILABLE) as error:
        import structlog  # takes longer to import than most commands last

        log = structlog.get_logger("viewed")
        log.error("that an item was looked at can't be written down", item=item_name(item.id), actor=actor.code, error=str(error))
        return False
    return True


def recent(actor: Actor, kind: str) -> list[str]:
    """The items or clients that this person looked at last, the latest first."""
    query = Viewed.select(Viewed.subject).where((Viewed.actor == actor.code) & (Viewed.kind == kind))
    return [row.subject for row in query.order_by(Viewed.at.desc()).limit(RECENT)]
