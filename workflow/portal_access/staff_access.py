"""Sessions of the desk, and links to it by mail, where there is no identity provider.

The same limits hold as for contacts (access.py), in counts of their own, so that nobody who plays
with the one page locks anybody out of the other. A session names a staff member, and by what they
were known; what the person may do is asked of config/ at each click, so whoever is not active any
more is out at once. So is whoever came by a link once the office has an identity provider, and
whoever is known by another mail address, or called otherwise by the provider, than staff.yaml says
by now: a code may be somebody else's since. Links and sessions are kept as SHA-256 only.

The web server only writes down what was typed (`ask`); the daemon alone looks whose address it is
(`answer`), so neither the answer nor the time it takes can tell whether an address is known.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from peewee import Expression

from dossier.database.database import transaction
from dossier.database.tables import Table
from dossier.database.web_tables import DeskRequest, DeskSession, DeskToken
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.trail import trail
from workflow.outbox import outbox
from workflow.portal_access import provider_logins
from workflow.portal_access.access import LINK_MINUTES, Door, folded, idle_since, network_of

if TYPE_CHECKING:
    from dossier.office.keys import Staff

DESK = Door("desk ", DeskRequest, DeskToken, DeskSession)
ask, find_link, sweep = DESK.ask, DESK.find_link, DESK.sweep

KIND = "desk_login"
"""The kind of the letter, in the outbox."""


def whose(office: Office, address: str) -> list[str]:
    """Who of the staff has this (folded) mail address and is here; mostly one, or none."""
    return [code for code, person in office.staff.items() if person.active and folded(person.email) == address]


def answer(office: Office, now: datetime) -> int:
    """Put a letter in the outbox for each request of staff, and forget those; how many."""
    if not DeskRequest.select().exists():
        return 0
    letters = 0
    with transaction():
        for request in DeskRequest.select().order_by(DeskRequest.id):
            is_late = request.at <= clock.to_text(now - timedelta(minutes=LINK_MINUTES))
            for code in whose(office, request.address) if not is_late and office.settings.desk.oidc is None else ():
                outbox.enqueue_to_staff(office, now, KIND, None, code, {"goal": request.goal})
                letters += 1
            DeskRequest.delete().where(DeskRequest.id == request.id).execute()
    return letters


def new_link(office: Office, now: datetime, code: str, address: str, goal: str) -> str:
    """A link for this staff member, to be mailed to this address of theirs."""
    return DESK.new_link(now, office.settings.desk.base_url, staff=code, address=folded(address), goal=goal)


def person_of(office: Office, link: DeskToken) -> Staff | None:
    """Who is let in by it; None if they are not here any more, or not at the address that it was
    mailed to."""
    return _known_by(office, link.staff, link.address)


def _known_by(office: Office, code: str, address: str | None) -> Staff | None:
    person = office.staff.get(code)
    return person if person is not None and person.active and folded(person.email) == address else None


def log_in(office: Office, now: datetime, secret: str, peer: str) -> tuple[str, DeskToken] | None:
    """Use a link up and begin a session: its cookie's value, and the link. None: it is no good."""
    with transaction():
        link = DESK.use_up(now, secret)
        if link is None or person_of(office, link) is None or office.settings.desk.oidc is not None:
            return None
        return _begin(office, now, link.staff, "link", peer, link.address), link


def begin(office: Office, now: datetime, code: str, address: str, peer: str) -> str:
    """A session of whoever said on the first page who they are; its cookie."""
    with transaction():
        return _begin(office, now, code, "first", peer, folded(address))


def begin_by_provider(office: Office, now: datetime, code: str, id_token: str, peer: str) -> str:
    """A session by an identity provider's token; its cookie."""
    with transaction():
        return _begin(office, now, code, "oidc", peer, None, id_token)


def _begin(
    office: Office, now: datetime, code: str, way: str, peer: str, address: str | None, id_token: str | None = None
) -> str:
    hours = office.settings.desk.session_hours
    cookie = DESK.begin(now, hours, staff=code, way=way, address=address, id_token=id_token)
    trail.record(now, Actor(code, "desk"), "logged_in", None, {"network": network_of(peer), "way": way})
    return cookie


def find_session(office: Office, now: datetime, cookie: str, is_click: bool = True) -> DeskSession | None:
    """The session of this cookie, of somebody who is here, unended; else None. Notes the click, if
    it is one and no page that asks again by itself."""
    session = DESK.find_session(now, cookie)
    if session is None:
        return None
    if not _may_go_on(office, session):
        log_out(now, session)
        return None
    return DESK.note_click(now, session) if is_click else session


def _may_go_on(office: Office, session: DeskSession) -> bool:
    """False for a session of somebody who is not here any more, who came in another way than people
    do now, or by what they are not known by any more."""
    is_by_provider = session.way == "oidc"
    if is_by_provider != (office.settings.desk.oidc is not None):
        return False
    if not is_by_provider:
        return _known_by(office, session.staff, session.address) is not None
    person = office.staff.get(session.staff)
    if person is None or not person.active or not session.id_token:
        return False
    return provider_logins.subject_of(session.id_token) == person.oidc_subject


def log_out(now: datetime, session: DeskSession, everywhere: bool = False) -> None:
    """End this session; `everywhere`: all of this staff member's."""
    with transaction():
        which = (DeskSession.staff == session.staff) if everywhere else (DeskSession.hash == session.hash)
        if DeskSession.delete().where(which).execute():
            trail.record(now, Actor(session.staff, "desk"), "logged_out", None, {"everywhere": everywhere})


def sessions(now: datetime, staff: str | None = None) -> list[DeskSession]:
    """The sessions that have not ended, of this staff member or of all, the last click first."""
    alive = (DeskSession.expires_at > clock.to_text(now)) & (DeskSession.seen_at > idle_since(now))
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


def kept_of(code: str, addresses: Collection[str]) -> list[tuple[type[Table], Expression]]:
    """Where a link or session of this staff member is kept that is of none of these (folded)
    addresses, as access.kept_about tells the others: each table, and which of its rows."""
    return [
        (table, (table.staff == code) & (table.address.is_null() | table.address.not_in(list(addresses))))
        for table in (DeskToken, DeskSession)
    ]
