"""Logging in to the portal: the links that are mailed, the sessions, and how often may be tried.

A contact has no password. They type their mail address (`ask`). If it is a contact's, the daemon
mails a link to it (logins.py). Whoever holds the link is let in, once, within LINK_MINUTES. Of
links and sessions only the SHA-256 is kept: whoever reads the database, or a backup of it, can't
log in with what they find.

A session belongs to a mail address and nothing more. Which clients that address may see is asked of
config/clients.yaml at every click (`SeatDirectory`), so whoever is taken out of it is out at once.

`ask` does the same work for every address: it never looks whether it is known. Killed anywhere
here, a transaction was done or it was not; at worst a link is asked for again.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from math import ceil
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Generic, TypeVar

from peewee import Expression

from dossier.database.database import patience, transaction
from dossier.database.tables import Table, find_row
from dossier.database.trouble import UNAVAILABLE
from dossier.database.web_tables import (
    BrowserSession,
    DeskRequest,
    DeskSession,
    DeskToken,
    LinkRequest,
    LoginRate,
    LoginRequest,
    LoginSession,
    LoginToken,
    MailedLink,
)
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.trail import trail

if TYPE_CHECKING:
    from dossier.office.keys import Contact

LINK_MINUTES = 15
"""How long a mailed link lets in."""

IDLE_MINUTES = 60
"""After so long without a click a session ends, however long it might have lasted."""

NOTE_SECONDS = 1.0
"""A click waits no longer for its turn to be noted."""

SEEN_SECONDS = 60
"""A session's last click is written down no more often than this."""

MAX_ADDRESS = 254
"""Characters of a mail address (RFC 5321 section 4.5.3.1.3, less the brackets)."""


_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` tries at once; one that was used comes back after `seconds` / `most`."""

    seconds: int
    most: int


PAIR_LIMITS = (Limit(900, 10), Limit(86_400, 40))
"""Links for one address asked for from one network: enough for whoever deletes the first mail. Of a
pair, so that nobody elsewhere uses up what the address's owner may ask for."""

ADDRESS_LIMITS = PAIR_LIMITS
"""Links for one address from wherever: too few to fill a mailbox. Beyond it a link is mailed no
oftener than SPARSE allows, and nobody is refused: whoever the mailbox belongs to has one by then
that still lets in."""

SPARSE = (Limit(300, 1),)
"""A link is good for three times as long."""

NETWORK_LIMITS = (Limit(900, 60), Limit(86_400, 1000))
"""Links asked for from one network, which may be a whole firm."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A contact who may see a client's portal."""

    client: str
    contact: Contact

    @property
    def actor(self) -> Actor:
        """How the trail names them: `contact:acme-bv/j.jansen`."""
        return Actor(f"contact:{self.client}/{self.contact.id}", "portal")


class SeatDirectory:
    """Mail address → seats, of an office as it is configured now."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._seats: dict[str, list[Seat]] = defaultdict(list)
        for code, client in office.clients.items():
            for contact in client.contacts if client.active and client.portal else ():
                if contact.active:
                    self._seats[folded(contact.email)].append(Seat(code, contact))

    def seats(self, address: str) -> tuple[Seat, ...]:
        """All seats of a folded address, in the order of clients.yaml; none without access."""
        return tuple(self._seats.get(address, ()))


def folded(address: str) -> str:
    """An address as two are compared: equal only if mail to both goes to the same place.

    Nobody gives two people `J.Jansen@` and `j.jansen@`, and domains have no capitals. More is not
    the same: `straße` and `strasse` are two names (RFC 5891), and their mailboxes two people's.
    """
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return local.translate(_ASCII_LOWER) + at + unicodedata.normalize("NFKC", domain).lower()


def is_address(text: str) -> bool:
    """True if it looks like a mail address. Whether it is one, the mail server knows."""
    return len(text) <= MAX_ADDRESS and re.fullmatch(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+", text.strip()) is not None


# Asking for a link


def try_once(now: datetime, address: str, network: str, site: str = "") -> tuple[int, bool]:
    """One more try: (the seconds to wait, whether a link is mailed). In `transaction()`.

    `address` is folded; `site` keeps the counts of the desk and the portal apart.
    """
    whose = f"{site}address {hash_of(address)}"
    wait = count(now, f"{site}network {network}", NETWORK_LIMITS) or count(now, f"{whose} from {network}", PAIR_LIMITS)
    if wait:
        return wait, False
    is_mailed = count(now, whose, ADDRESS_LIMITS) == 0 or count(now, f"{whose} sparsely", SPARSE) == 0
    return 0, is_mailed


def network_of(peer: str) -> str:
    """What a subscriber usually has: a /24, or a /56 of IPv6 (RIPE-690). May have a port."""
    bare = peer[1:].partition("]")[0] if peer.startswith("[") else peer.partition(":")[0] if peer.count(":") == 1 else peer
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return "unknown"
    mapped = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((mapped, 24 if mapped.version == 4 else 56), strict=False))


def count(now: datetime, key: str, limits: Sequence[Limit]) -> int:
    """Use up one more try; or, if none is left, nothing: the seconds until there is one."""
    used: dict[str, datetime] = {}
    for limit in limits:
        name = f"{key} {limit.seconds}"
        row = LoginRate.get_or_none(LoginRate.key == name)
        full_at = clock.from_text(row.full_at) if row else now
        is_ahead = full_at > now + timedelta(seconds=limit.seconds)  # no try does that: the clock was put back
        used[name] = (now if is_ahead else max(full_at, now)) + timedelta(seconds=limit.seconds / limit.most)
        if used[name] > now + timedelta(seconds=limit.seconds):
            return ceil((used[name] - now).total_seconds() - limit.seconds)
    for name, full_at in used.items():
        LoginRate.insert(key=name, full_at=clock.to_text(full_at)).on_conflict(
            conflict_target=[LoginRate.key], update={LoginRate.full_at: clock.to_text(full_at)}
        ).execute()
    return 0


def kept_about(address: str) -> list[tuple[type[Table], Expression]]:
    """Where something is kept about this (folded) address: each table, and which of its rows."""
    at_the_portal, at_the_desk = (LoginRequest, LoginToken, LoginSession), (DeskRequest, DeskToken, DeskSession)
    counts = [LoginRate.key.startswith(f"{site}address {hash_of(address)} ") for site in ("", "desk ")]
    found: list[tuple[type[Table], Expression]] = [(LoginRate, one) for one in counts]
    return [*((table, table.address == address) for table in (*at_the_portal, *at_the_desk)), *found]


# Links and sessions


L = TypeVar("L", bound=MailedLink)
S = TypeVar("S", bound=BrowserSession)


@dataclass(frozen=True, slots=True)
class Door(Generic[L, S]):
    """Where mailed links let in, the portal or the desk: with counts and tables of its own."""

    counts: str
    requests: type[LinkRequest]
    links: type[L]
    sessions: type[S]

    def ask(self, now: datetime, address: str, peer: str, goal: str) -> int:
        """Take down that a link is wanted; 0, or the seconds to wait after asking too often.

        `address` as it was typed, `peer` the caller's IP address, `goal` the path that was wanted.
        """
        wanted = folded(address)
        with transaction():
            wait, is_mailed = try_once(now, wanted, network_of(peer), self.counts)
            if is_mailed:
                self.requests.insert(address=wanted, goal=goal, at=clock.to_text(now)).execute()
        return wait

    def new_link(self, now: datetime, base_url: str, **values: str) -> str:
        """A link that lets in once, for LINK_MINUTES. Made when its mail goes out, kept nowhere."""
        secret, end = secrets.token_urlsafe(32), clock.to_text(now + timedelta(minutes=LINK_MINUTES))
        with transaction():
            self.links.insert(hash=hash_of(secret), expires_at=end, used_at=None, **values).execute()
        return f"{base_url.rstrip('/')}/_login/{secret}"

    def find_link(self, secret: str) -> L | None:
        """The link with this secret, whether or not it still lets in; None if there is none."""
        return self.links.get_or_none(self.links.hash == hash_of(secret))

    def use_up(self, now: datetime, secret: str) -> L | None:
        """The link with this secret, if it was good until now. Call inside `transaction()`.

        Whatever happens at once, a link begins one session: the update finds it unused only once.
        """
        table, at = self.links, clock.to_text(now)
        unused = (table.hash == hash_of(secret)) & table.used_at.is_null() & (table.expires_at > at)
        return self.find_link(secret) if table.update(used_at=at).where(unused).execute() == 1 else None

    def begin(self, now: datetime, hours: float, **values: str | None) -> str:
        """Begin a session; its cookie's value. Call inside `transaction()`."""
        cookie, at, end = secrets.token_urlsafe(32), clock.to_text(now), clock.to_text(now + timedelta(hours=hours))
        self.sessions.insert(hash=hash_of(cookie), made_at=at, seen_at=at, expires_at=end, **values).execute()
        return cookie

    def find_session(self, now: datetime, cookie: str) -> S | None:
        """The session of this cookie; None if there is none or it has ended."""
        session = find_row(self.sessions.hash, hash_of(cookie))
        is_over = session is None or session.expires_at <= clock.to_text(now) or session.seen_at <= idle_since(now)
        return None if is_over else session

    def note_click(self, now: datetime, session: S) -> S:
        """Write down that the session is in use, if that is news. Where it can't be, the next click
        does."""
        if session.seen_at <= clock.to_text(now - timedelta(seconds=SEEN_SECONDS)):
            with suppress(*UNAVAILABLE), patience(NOTE_SECONDS), transaction():
                self.sessions.update(seen_at=clock.to_text(now)).where(self.sessions.hash == session.hash).execute()
        return session

    def sweep(self, now: datetime) -> None:
        """Forget links, sessions and counts that are over."""
        at, links, sessions = clock.to_text(now), self.links, self.sessions
        with transaction():
            links.delete().where(links.expires_at <= clock.to_text(now - timedelta(days=1))).execute()
            sessions.delete().where((sessions.expires_at <= at) | (sessions.seen_at <= idle_since(now))).execute()
            LoginRate.delete().where(LoginRate.full_at <= at).execute()


def is_good(link: MailedLink, now: datetime) -> bool:
    return link.used_at is None and link.expires_at > clock.to_text(now)


def idle_since(now: datetime) -> str:
    """Whose last click was not after this is logged out."""
    return clock.to_text(now - timedelta(minutes=IDLE_MINUTES))


# The portal's


PORTAL = Door("", LoginRequest, LoginToken, LoginSession)
ask, find_link, sweep = PORTAL.ask, PORTAL.find_link, PORTAL.sweep


def new_link(office: Office, now: datetime, address: str, goal: str, language: str) -> str:
    """A link for the owner of this mailbox."""
    base_url = office.settings.portal.base_url
    return PORTAL.new_link(now, base_url, address=folded(address), goal=goal, language=language)


def log_in(directory: SeatDirectory, now: datetime, secret: str, peer: str) -> tuple[str, LoginToken] | None:
    """Use a link up and begin a session: its cookie's value, and the link. None: it is no good."""
    with transaction():
        link = PORTAL.use_up(now, secret)
        seats = directory.seats(link.address) if link is not None else ()
        if link is None or not seats:
            return None
        cookie = PORTAL.begin(now, directory.office.settings.portal.session_hours, address=link.address)
        told = {"network": network_of(peer)}
        trail.record_all(now, [trail.NewEvent(seat.actor, "logged_in", None, told, seat.client) for seat in seats])
    return cookie, link


def find_session(now: datetime, cookie: str) -> LoginSession | None:
    """The session of this cookie; None if there is none or it has ended. Notes the click."""
    session = PORTAL.find_session(now, cookie)
    return PORTAL.note_click(now, session) if session is not None else None


def log_out(now: datetime, session: LoginSession, seats: Sequence[Seat]) -> None:
    """End a session."""
    with transaction():
        if LoginSession.delete().where(LoginSession.hash == session.hash).execute():
            trail.record_all(now, [trail.NewEvent(seat.actor, "logged_out", None, {}, seat.client) for seat in seats])


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
