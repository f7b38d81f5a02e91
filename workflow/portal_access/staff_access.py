"""Sessions of the desk, and links to it by mail, where there is no identity provider.

The same limits hold as for contacts (access.py), in counts of their own, so that nobody who plays
with the one page locks anybody out of the other. A session names a staff member and nothing more:
what the person may do is asked of config/ at each click, so whoever is not active any more is out
at once, and so is whoever came by a link once the office has an identity provider. Links and
sessions are kept as SHA-256 only.

The web server only writes down what was typed (`ask`); the daemon alone looks whose address it is
(`answer`), so neither the answer nor the time it takes can tell whether an address is known.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from dossier.database.database import transaction
from dossier.database.tables import DeskRequest, DeskSession, DeskToken
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.trail import trail
from workflow.portal_access.access import (
    IDLE_MINUTES,
    LINK_MINUTES,
    SEEN_SECONDS,
    folded,
    hash_of,
    network_of,
    use_up,
)

KIND = "desk_login"
"""The kind of the letter, in the outbox."""


def whose(office: Office, address: str) -> list[str]:
    """Who of the staff has this (folded) mail address and is here; mostly one, or none."""
    return [code for code, person in office.staff.items() if person.active and folded(person.email) == address]


def ask(now: datetime, address: str, peer: str, goal: str) -> int:
    """Take down that a link is wanted; 0, or the seconds to wait after asking too often."""
    wanted = folded(address)
    with transaction():
        wait, is_mailed = use_up(now, wanted, network_of(peer), "desk ")
        if is_mailed:
            DeskRequest.insert(address=wanted, goal=goal, at=clock.to_text(now)).execute()
    return wait


def waiting(office: Office, now: datetime) -> list[tuple[str, str]]:
    """(staff, goal) of each request a letter answers; all are forgotten. In `transaction()`."""
    found = []
    for request in DeskRequest.select().order_by(DeskRequest.id):
        if request.at > clock.to_text(now - timedelta(minutes=LINK_MINUTES)) and office.settings.desk.oidc is None:
            found += [(code, request.goal) for code in whose(office, request.address)]
        DeskRequest.delete().where(DeskRequest.id == request.id).execute()
    return found


def is_asked() -> bool:
    """True if a request waits for its letter."""
    return bool(DeskRequest.select().exists())


def new_link(office: Office, now: datetime, code: str, goal: str) -> str:
    """A link that lets this person in, once, for LINK_MINUTES. It is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    with transaction():
        DeskToken.insert(
            hash=hash_of(secret),
            staff=code,
            goal=goal,
            expires_at=clock.to_text(now + timedelta(minutes=LINK_MINUTES)),
            used_at=None,
        ).execute()
    return f"{office.settings.desk.base_url.rstrip('/')}/_login/{secret}"


def find_link(secret: str) -> DeskToken | None:
    """The link with this secret, whether or not it still lets in; None if there is none."""
    return DeskToken.get_or_none(DeskToken.hash == hash_of(secret))


def is_good(link: DeskToken, now: datetime) -> bool:
    return link.used_at is None and link.expires_at > clock.to_text(now)


def log_in(office: Office, now: datetime, secret: str, peer: str) -> tuple[str, Any] | None:
    """Use a link up and begin a session: its cookie's value, and the link. None: it is no good.

    Whatever happens at once, a link begins one session: the update finds it unused only once.
    """
    at = clock.to_text(now)
    with transaction():
        unused = (DeskToken.hash == hash_of(secret)) & DeskToken.used_at.is_null() & (DeskToken.expires_at > at)
        if DeskToken.update(used_at=at).where(unused).execute() != 1:
            return None
        link = DeskToken.get(DeskToken.hash == hash_of(secret))
        person = office.staff.get(link.staff)
        if person is None or not person.active or office.settings.desk.oidc is not None:
            return None
        return _begin(office, now, link.staff, "link", peer), link


def begin(office: Office, now: datetime, code: str, way: str, peer: str, id_token: str | None = None) -> str:
    """A session without a link, by an identity provider's token or the first page; its cookie."""
    with transaction():
        return _begin(office, now, code, way, peer, id_token)


def _begin(office: Office, now: datetime, code: str, way: str, peer: str, id_token: str | None = None) -> str:
    cookie, at = secrets.token_urlsafe(32), clock.to_text(now)
    end = now + timedelta(hours=office.settings.desk.session_hours)
    DeskSession.insert(
        hash=hash_of(cookie), staff=code, way=way, made_at=at, seen_at=at, expires_at=clock.to_text(end), id_token=id_token
    ).execute()
    trail.record(now, Actor(code, "desk"), "logged_in", None, {"network": network_of(peer), "way": way})
    return cookie


def find_session(office: Office, now: datetime, cookie: str) -> DeskSession | None:
    """The session of this cookie, of somebody who is here, unended; else None. Notes the click."""
    session = DeskSession.get_or_none(DeskSession.hash == hash_of(cookie))
    if session is None or session.expires_at <= clock.to_text(now) or session.seen_at <= _idle(now):
        return None
    person = office.staff.get(session.staff)
    is_by_provider = session.way == "oidc"
    if person is None or not person.active or is_by_provider != (office.settings.desk.oidc is not None):
        log_out(now, session)
        return None
    if session.seen_at <= clock.to_text(now - timedelta(seconds=SEEN_SECONDS)):
        with transaction():
            DeskSession.update(seen_at=clock.to_text(now)).where(DeskSession.hash == session.hash).execute()
    return session


def log_out(now: datetime, session: DeskSession, everywhere: bool = False) -> None:
    """End this session; `everywhere`: all of this staff member's."""
    with transaction():
        which = (DeskSession.staff == session.staff) if everywhere else (DeskSession.hash == session.hash)
        if DeskSession.delete().where(which).execute():
            trail.record(now, Actor(session.staff, "desk"), "logged_out", None, {"everywhere": everywhere})


def sessions(now: datetime, staff: str | None = None) -> list[DeskSession]:
    """The sessions that have not ended, of this staff member or of all, the last click first."""
    alive = (DeskSession.expires_at > clock.to_text(now)) & (DeskSession.seen_at > _idle(now))
    mine = DeskSession.select().where(alive & (DeskSession.staff == staff) if staff is not None else alive)
    return list(mine.order_by(DeskSession.seen_at.desc(), DeskSession.hash))


def end(now: datetime, actor: Actor, staff: str, begins: str | None = None) -> int:
    """End a person's session whose hash begins so, or all, as `actor` asks; how many."""
    which = DeskSession.staff == staff
    if begins is not None:
        which &= DeskSession.hash.startswith(begins)
    with transaction():
        ended: int = DeskSession.delete().where(which).execute()
        if ended:
            trail.record(now, actor, "logged_out", None, {"staff": staff, "everywhere": begins is None})
    return ended


def _idle(now: datetime) -> str:
    """Whose last click was not after this is logged out."""
    return clock.to_text(now - timedelta(minutes=IDLE_MINUTES))


def sweep(now: datetime) -> None:
    """Forget links and sessions that are over."""
    at = clock.to_text(now)
    with transaction():
        DeskToken.delete().where(DeskToken.expires_at <= clock.to_text(now - timedelta(days=1))).execute()
        DeskSession.delete().where((DeskSession.expires_at <= at) | (DeskSession.seen_at <= _idle(now))).execute()


def language_of(office: Office, link: DeskToken | None) -> str | None:
    """In whose language a link's page is read."""
    return people.language_of(office, link.staff) if link is not None else None
