"""How long things are kept: what may go and why not, removing it, and legal holds.

Changes need an admin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from desk.actions.acting import need_admin
from dossier.database.database import transaction
from dossier.database.tables import Hold, Item, item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Conflict, Forbidden, NotFound
from dossier.text.sentences import in_a_row, sentence
from dossier.vault.opening import open_vault
from workflow.items import items
from workflow.retention import retention
from workflow.retention.retention import RetentionState


@dataclass(frozen=True, slots=True)
class DueRemovals:
    """What `retention run` would do."""

    over: Sequence[RetentionState]
    """Whose term is over, those that something holds too: the first of them, oldest first."""
    count: int
    """How many those are in all."""
    going: Sequence[int]
    """The keys of what may go."""


def kept(office: Office, reader: Actor, today: date, client: str | None = None, only_over: bool = False) -> list[RetentionState]:
    """Until when each item is kept, as far as the reader may know of it; with `only_over`, of what
    is over."""
    return list(retention.kept(office, people.readable(office, reader), client, over=today if only_over else None))


def due(office: Office, now: datetime, actor: Actor, keys: Sequence[int] | None = None, most: int | None = None) -> DueRemovals:
    """What may go, of these items or of all. `most`: of so many it is told what holds for them.

    Raises Forbidden; Conflict, if one of `keys` must stay or is none.
    """
    if not people.is_admin(office, actor.code):
        raise Forbidden("retention.may_not_remove", who=actor.code)
    today = now.astimezone().date()
    if keys is not None:
        found, why = list(retention.kept(office, keys=keys)), []
        for one in found:
            if one.obstacles or not one.is_over(today):
                reasons = list(one.obstacles) or [retention.until_when(one)]
                why.append(sentence("retention.item_because", item=item_name(one.item), why=in_a_row(reasons)))
        there = {one.item for one in found}
        why += [sentence("retention.no_such_item", item=item_name(key)) for key in keys if key not in there]
        if why:
            raise Conflict("retention.nothing_removed", why=in_a_row(why))
    over, going, count = list[RetentionState](), list[int](), 0
    for count, one in enumerate(retention.kept(office, keys=keys, over=today), 1):
        over += [one] if most is None or count <= most else ()
        going += [] if one.obstacles else [one.item]
    return DueRemovals(over, count, going)


def remove(office: Office, now: datetime, actor: Actor, keys: Sequence[int]) -> int:
    """Remove for good what of these items may go, looked at anew; returns how many went.

    Raises Forbidden.
    """
    with transaction():
        return len(retention.remove(office, now, actor, keys))


def sweep(office: Office) -> tuple[int, int]:
    """Remove the files of removed items: how many went, and how many go later, as they came in
    lately or can't be removed now."""
    return retention.sweep_now_or_later(open_vault(office))


def hold(office: Office, now: datetime, actor: Actor, reason: str, client: str | None = None, item: int | None = None) -> str:
    """Remove nothing of this client or item until it is released; returns what is held.

    Raises Refusal.
    """
    kind, subject = _subject(office, actor, client, item)
    with transaction():
        retention.hold(office, now, actor, kind, subject, reason)
    return subject


def release(office: Office, now: datetime, actor: Actor, reason: str, client: str | None = None, item: int | None = None) -> str:
    """End a legal hold; returns what was held. Raises Refusal."""
    kind, subject = _subject(office, actor, client, item)
    with transaction():
        retention.release(office, now, actor, kind, subject, reason)
    return subject


def holds(office: Office, actor: Actor) -> list[Hold]:
    """The legal holds that stand, the latest first. Raises Forbidden."""
    need_admin(office, actor)
    return list(Hold.select().order_by(Hold.at.desc()))


def _subject(office: Office, actor: Actor, client: str | None, item: int | None) -> tuple[str, str]:
    need_admin(office, actor)  # before anybody is told whether there is such a client or item
    if item is not None:
        return "item", item_name(items.get(item).id)
    if client is None or not is_client(office, client):
        raise NotFound("retention.no_such_client", client=client)
    return "client", client


def is_client(office: Office, client: str) -> bool:
    """True also of a client who is not in clients.yaml any more, while something is kept or
    held."""
    is_held = Hold.select().where((Hold.kind == "client") & (Hold.subject == client))
    return client in office.clients or bool(is_held.exists() or Item.select().where(Item.client == client).exists())
