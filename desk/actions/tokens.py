"""Keys for programs (CONTRACT section 11): made, listed, revoked; and whose a request's key is.

A key acts for one staff member, and may no more than they may at this moment: of that only its
scopes, for its clients, until its end. It is shown once and kept as its SHA-256. Whoever made it
is behind all that is done with it, for four eyes too.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from desk.actions.item_view import find
from dossier.database.database import along, transaction
from dossier.database.tables import change_row, find_row, insert_rows
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.database.web_tables import ApiAnswer, ApiToken
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Conflict, Invalid, NotFound, fault
from dossier.trail import trail

SCOPES = ("items:read", "items:write", "drops:write", "queue:decide", "office:read")
"""`queue:decide` is only given where it is named."""

PREFIX = "dossier_"
KEPT_HOURS = 24
"""How long an answer is kept for its Idempotency-Key."""

USED_SECONDS = 60
"""That a key was used is written down no more often than this."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A program that asks: the office as it may see it, who it acts for, and what it may."""

    office: Office
    actor: Actor
    name: str
    scopes: frozenset[str]


def new(
    office: Office,
    now: datetime,
    actor: Actor,
    name: str,
    staff: str,
    scopes: Sequence[str],
    until: date,
    clients: Sequence[str] = (),
    give: Callable[[str], None] = lambda key: None,
) -> str:
    """A new key; returns it, once. `actor` is an admin; whoever of the staff is behind them issues
    it. Raises Invalid, Conflict.

    `give`: hands it over before it counts; if that raises, there is no such key.
    """
    wrong = []
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        wrong.append(fault("name", "tokens.name", name=name))
    if staff not in office.staff or not office.staff[staff].active:
        wrong.append(fault("for", "tokens.staff", staff=staff))
    wrong += [fault("scope", "tokens.scope", scope=one, known=", ".join(SCOPES)) for one in scopes if one not in SCOPES]
    if not scopes:
        wrong.append(fault("scope", "tokens.no_scope", known=", ".join(SCOPES)))
    if until < hours.today(office, now):
        wrong.append(fault("until", "tokens.until", until=until.isoformat()))
    wrong += [fault("clients", "tokens.client", client=one) for one in clients if one not in office.clients]
    own = people.readable_clients(office, staff)
    foreign = [one for one in clients if one in office.clients and own is not None and one not in own]
    if not any(one.key == "for" for one in wrong):
        wrong += [fault("clients", "people.other_clients", staff=staff, client=one) for one in foreign]
    if wrong:
        raise Invalid(wrong)
    key = PREFIX + secrets.token_urlsafe(32)
    behind = min(until, date(9999, 12, 29)) + timedelta(days=1)
    zone = hours.zone(office.settings.office_hours)
    end = datetime.combine(behind, time(), zone) if zone is not None else clock.begin_of(behind)
    issuer = actor.behind if actor.behind in office.staff else actor.code
    with transaction():
        if ApiToken.get_or_none(ApiToken.name == name) is not None:
            raise Conflict("tokens.there", name=name)
        ApiToken.insert(
            name=name, hash=_hash(key), staff=staff, scopes=sorted(set(scopes)), clients=sorted(set(clients)) or None,
            made_by=issuer, made_at=clock.to_text(now), expires_at=clock.to_text(end), used_at=None, revoked_at=None,
        ).execute()  # fmt: skip
        told = {"for": staff, "scopes": sorted(set(scopes)), "clients": sorted(set(clients)), "until": until.isoformat()}
        trail.record(now, actor, "token_made", None, {"name": name, **told})
        give(key)
    return key


def listing(office: Office, now: datetime) -> list[dict[str, Any]]:
    """All keys, without what they are: {name, for, scopes, clients, made_by, made_at, until,
    last_day, used_at, state}. `until` is the moment behind the last day. State: good, over,
    revoked; left: whom it acts for is not active any more, so it opens nothing."""
    at, moment = clock.to_text(now), timedelta(seconds=1)
    return [
        {
            "name": row.name, "for": row.staff, "scopes": row.scopes, "clients": row.clients, "made_by": row.made_by,
            "made_at": clock.local_iso(row.made_at), "until": clock.local_iso(row.expires_at), "used_at": clock.local_iso(row.used_at),
            "last_day": hours.today(office, clock.from_text(row.expires_at) - moment).isoformat(),
            "state": "revoked" if row.revoked_at else "over" if row.expires_at <= at else "good" if _is_here(office, row.staff) else "left",
        }
        for row in ApiToken.select().order_by(ApiToken.name)
    ]  # fmt: skip


def _is_here(office: Office, staff: str) -> bool:
    person = office.staff.get(staff)
    return person is not None and person.active


def revoke(now: datetime, actor: Actor, name: str) -> None:
    """End a key at once. Raises NotFound."""
    with transaction():
        unrevoked = (ApiToken.name == name) & ApiToken.revoked_at.is_null()
        if not ApiToken.update(revoked_at=clock.to_text(now)).where(unrevoked).execute():
            raise NotFound("tokens.none", name=name)
        trail.record(now, actor, "token_revoked", None, {"name": name})


def bearer(office: Office, now: datetime, key: str) -> Bearer | None:
    """Who asks with this key; None if it is nobody's, over or revoked, or they have left."""
    row = find_row(ApiToken.hash, _hash(key))
    at = clock.to_text(now)
    if row is None:
        return None
    person = office.staff.get(row.staff)
    if row.revoked_at is not None or row.expires_at <= at or person is None or not person.active:
        import structlog  # takes longer to import than it takes to tell which keys there are

        structlog.get_logger("api").warning("a key was used that is good no more", key=row.name, staff=row.staff)
        return None
    if row.used_at is None or row.used_at <= clock.to_text(now - timedelta(seconds=USED_SECONDS)):
        _note_use(row.name, at)
    behind = row.made_by if row.made_by != row.staff else None
    return Bearer(_narrowed(office, row), Actor(row.staff, f"api:{row.name}", behind), row.name, frozenset(row.scopes))


def _note_use(name: str, at: str) -> None:
    """Write down when a key was used last.

    Where that can't be written, as on a full disk, what it asks is answered all the same.
    """
    try:
        with transaction(is_durable=False):
            change_row(ApiToken.name, name, used_at=at)
    except (DatabaseUnavailable, *UNAVAILABLE) as error:
        import structlog  # see above

        structlog.get_logger("api").error("that a key was used can't be written down", key=name, error=str(error))


class DoneAlready(Conflict):
    """Another process did the same request at this moment."""


def answered(now: datetime, key: str, asked: str) -> tuple[int, str] | None:
    """(status, body) of what was answered to this Idempotency-Key within KEPT_HOURS.

    Raises Conflict for another request.

    (0, ""): it was done, and somebody was killed before the answer was kept.
    """
    row = find_row(ApiAnswer.key, key)
    if row is None or row.at <= clock.to_text(now - timedelta(hours=KEPT_HOURS)):
        return None
    if row.asked != asked:
        raise Conflict("tokens.again")
    return int(row.status), str(row.body)


@contextmanager
def once(now: datetime, key: str, asked: str, told: tuple[int, str] = (0, "")) -> Iterator[None]:
    """In the transaction of the deed inside it is written that it was done: killed at any moment,
    it is done once.

    `told`: (status, body) of its answer, where that is known before. Raises DoneAlready, and
    nothing is done then.
    """

    def write() -> None:
        made, row = clock.to_text(now), find_row(ApiAnswer.key, key)
        if row is None:
            insert_rows(ApiAnswer, [(key, asked, *told, made)])
        elif row.at <= clock.to_text(now - timedelta(hours=KEPT_HOURS)):
            change_row(ApiAnswer.key, key, asked=asked, status=told[0], body=told[1], at=made)
        else:
            raise DoneAlready("tokens.again")

    with along(write):
        yield


def keep_answer(now: datetime, key: str, asked: str, status: int, body: str) -> None:
    """Keep an answer for when the request comes again; else it would be told how it is then."""
    with transaction(is_durable=False):
        at = clock.to_text(now)
        if not change_row(ApiAnswer.key, key, asked=asked, status=status, body=body, at=at):
            insert_rows(ApiAnswer, [(key, asked, status, body, at)])


def refuse_unreadable(office: Office, actor: Actor, told: Mapping[str, Any]) -> None:
    """Raise NotFound if this person may not know any more of what was answered before."""
    if "client" not in told:
        find(office, actor, told["item"])
    elif not people.may_read(office, actor, told["client"], told.get("type")):
        raise NotFound("tokens.no_path")


def sweep(now: datetime) -> None:
    """Forget the answers that nobody can ask for any more."""
    with transaction():
        ApiAnswer.delete().where(ApiAnswer.at <= clock.to_text(now - timedelta(hours=KEPT_HOURS))).execute()


_narrow: dict[str, tuple[Office, Sequence[str], Office]] = {}
"""Key → the office, the key's clients, and the office as it may see it: one and the same while both
are."""


def _narrowed(office: Office, row: ApiToken) -> Office:
    """The office as this key may see it: its staff member works for its clients alone, and is no
    admin then."""
    if row.clients is None:
        return office
    known = _narrow.get(row.hash)
    if known is None or known[0] is not office or known[1] != row.clients:
        person = office.staff[row.staff]
        own = people.readable_clients(office, row.staff)
        clients = [code for code in row.clients if own is None or code in own]
        less = person.model_copy(update={"clients": clients, "rights": [right for right in person.rights if right != "admin"]})
        known = _narrow[row.hash] = (office, row.clients, replace(office, staff={**office.staff, row.staff: less}))
    return known[2]


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
