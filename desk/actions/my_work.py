"""What waits for one person: concepts to decide, what came back, drops in the inbox, what no client
opened.

Reads only. Everything is bounded by what this person may know of (people.readable), and each list
by a number, with how many there are in all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from peewee import SQL, fn

from desk.actions import overview
from dossier.database import readable
from dossier.database.tables import Edition, Item, first_edition, item_name, plain_rows
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.sentences import Sentence
from dossier.trail import trail
from ingest.intake import thrown_away
from workflow.approval import waiting
from workflow.approval.waiting import Seating
from workflow.items import notes, suspicion
from workflow.portal_access import opened
from workflow.reports import reasons

Drop = TypeVar("Drop", bound=Mapping[str, object])
"""What `overview` tells of a drop in the inbox."""

SHOWN = 5
"""So many of each list on the start page."""

MOST_SEARCHED = 1000
"""Of more that waits it isn't told how long the oldest does."""

_RETURNED_INSIDE = SQL("""substr(approval, 1, 19) = '{"state":"returned"'""")
"""As the index of it says (migration 0058)."""

STILL_OPENED = timedelta(days=365)
"""What no client opened in so long is nobody's work any more."""


@dataclass(frozen=True, slots=True)
class Waits:
    """A concept that one may decide on."""

    key: int
    item: str
    client: str
    description: str
    made_by: str
    since: str
    """ISO 8601, local: when it was offered."""
    approver: str
    """Whose seat it is; another's while one stands in."""
    attention: Sequence[Sentence | str]
    """What must be in view, such as the wrong-client guard's finding."""
    is_again: bool
    """It was offered before and was changed since."""
    content: str
    """The digest to decide on."""
    is_inside: bool
    """It is approved inside the office; no client sees it."""


@dataclass(frozen=True, slots=True)
class Returned:
    item: str
    client: str
    description: str
    at: str
    by: str
    comment: str


@dataclass(frozen=True, slots=True)
class Unopened:
    item: str
    client: str
    description: str
    published_at: str
    contact: str | None
    mailed_at: str | None
    """ISO 8601, local."""
    has_failed: bool
    """The contact could not be mailed."""


def keys_to_decide(office: Office, actor: Actor, now: datetime) -> list[int]:
    """The items that this person may decide on now, oldest first."""
    person = office.staff.get(actor.code)
    if person is None or not {"approve", "admin"} & set(person.rights):
        return []
    return list(waiting.waits_for(office, hours.today(office, now), actor.code, people.readable(office, actor)))


def oldest_days(keys: Sequence[int], now: datetime) -> int:
    """Since how many whole days the oldest of keys_to_decide() waits; 0 where so much waits that it
    would take long to find."""
    if not keys or len(keys) > MOST_SEARCHED:
        return 0
    offered = Item.select(fn.MIN(Edition.made_at)).join(Edition, on=(Edition.id == Item.pending)).where(Item.id.in_(keys))
    since = clock.local_iso(offered.scalar())
    return max((now - datetime.fromisoformat(since)).days, 0) if since else 0


def to_decide(office: Office, actor: Actor, now: datetime, keys: Sequence[int] | None = None) -> list[Waits]:
    """The concepts that this person may decide on now, oldest first: all, or these of
    keys_to_decide()."""
    may, today = people.readable(office, actor), hours.today(office, now)
    keys = keys_to_decide(office, actor, now) if keys is None else keys
    if not keys:
        return []
    rows = plain_rows(Item.select(Item.id, Item.description, Item.share).where(Item.id.in_(keys)))
    found_items = {key: (description, bool(share)) for key, description, share in rows}
    told = notes.on_these(Item.select(Item.pending).where(Item.id.in_(keys)))
    askings = Seating(office, today).askings(keys)
    offered = Edition.select(Edition.id, Edition.made_by, Edition.content).where(
        Edition.id.in_([one.concept.edition for one in askings])
        & (Edition.state == "pending")  # by number: no index has their items
    )
    editions = {edition: (made_by, content) for edition, made_by, content in plain_rows(offered)}
    found = []
    for asking in askings:
        one = asking.concept
        if one.edition not in editions or one.item not in found_items:
            continue
        made_by, content = editions[one.edition]
        description, is_shared = found_items[one.item]
        seat, attention = asking.seat_of(actor.code), suspicion.for_reader(told.get(one.edition, []), may.clients)
        found.append(
            Waits(
                one.item, item_name(one.item), one.client, description, made_by, clock.local_iso(one.made_at) or "",
                seat.approver if seat else actor.code, attention, one.edition > first_edition(one.item) + 1, content, not is_shared,
            )
        )  # fmt: skip
    return found


def returned(office: Office, actor: Actor) -> list[Returned]:
    """What this person made and an approver returned, also inside the office, the latest first."""
    may, found = people.readable(office, actor), list[Item]()
    for is_returned in (Item.share_state == "returned", _RETURNED_INSIDE):
        query = readable.only_items(Item.select().where((Item.created_by == actor.code) & is_returned), may)
        found.extend(query.order_by(Item.id.desc()).limit(100))
    return sorted(map(_returned, found), key=lambda one: one.at, reverse=True)


def _returned(item: Item) -> Returned:
    told = [event for event in trail.history(item.id) if event["action"] == "rejected"]
    last: dict[str, Any] = told[-1] if told else {"actor": "", "at": item.created_at, "detail": {}}
    return Returned(
        item_name(item.id), item.client, item.description, clock.local_iso(last["at"]) or "", last["actor"],
        str(last["detail"].get("comment", "")),
    )  # fmt: skip


def in_the_inbox(office: Office, actor: Actor) -> list[dict[str, Any]]:
    """Refused and waiting drops of this person, or of nobody in particular, in the clients they may
    know of.

    Each as {kind: refused or waits, client, path, at, lines}, of what waits {until, then} as well;
    refused ones first. Of a backlog only what `overview.MOST_WAITING` says.
    """
    refused = own_refused(office, actor, overview.rejected(office, actor))
    refused[:SHOWN] = overview.in_language(people.language_of(office, actor.code), refused[:SHOWN])
    found = [
        {"kind": "refused", "client": one["client"], "path": one["path"], "at": one["at"], "lines": one["why"]} for one in refused
    ]
    for one in own_waiting(office, actor, overview.waits(office, actor, is_whole=False)):
        client = one["path"].partition("/")[0]
        told = {"path": one["path"], "at": one["since"], "lines": [one["reason"]], "until": one["until"], "then": one["then"]}
        found.append({"kind": "waits", "client": client, **told})
    return found


def own_refused(office: Office, actor: Actor, refused: Sequence[Drop]) -> list[Drop]:
    """Those of these refused drops (`overview.rejected`) that this person made, or nobody in
    particular."""
    folders = [(str(one["client"]), str(one["path"]).rpartition("/")[2]) for one in refused]
    makers = thrown_away.makers(folders)
    return [
        one
        for one, which in zip(refused, folders, strict=True)
        if makers.get(which) in (actor.code, None) or makers[which] not in office.staff
    ]


def own_waiting(office: Office, actor: Actor, waits: Sequence[Drop]) -> list[Drop]:
    """Those of what waits (`overview.waits`) that are this person's, or nobody's in particular."""
    return [one for one in waits if _is_mine(office, actor.code, str(office.inbox / str(one["path"])))]


def _is_mine(office: Office, code: str, path: str) -> bool:
    """True for a file or folder of this person's, and for what is nobody's on this machine."""
    try:
        owner = people.staff_by_user(office, people.user_name(os.lstat(path).st_uid))
    except OSError:
        return True
    return owner is None or owner == code


def unopened(office: Office, actor: Actor, now: datetime, most: int, first: int = 0) -> tuple[list[Unopened], int]:
    """What this person made, came on the portal within a year and was opened by nobody yet, the
    longest there first and so many left out before; how many there are in all."""
    lately = Item.published_at >= clock.to_text(now - STILL_OPENED)
    mine = (Item.created_by == actor.code) & lately & opened.unopened()
    query = readable.only_items(Item.select().where(mine), people.readable(office, actor))
    rows = query.order_by(Item.published_at, Item.id).limit(most).offset(first)
    found = [
        Unopened(
            item_name(item.id), item.client, item.description, clock.local_iso(item.published_at) or "", item.contact,
            clock.local_iso(item.notified_at), bool(reasons.not_mailed(item)),
        )
        for item in rows
    ]  # fmt: skip
    return found, query.count()
