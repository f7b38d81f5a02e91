"""Logging in, in the database: links, sessions, limits, and letters to contacts. Time is a value here, so nothing waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kit.support import OWN_SETTINGS, OWN_STAFF, own_office

from dossier.database.database import close_database, open_database
from dossier.database.tables import Event, Mail
from dossier.database.web_tables import LoginRate, LoginRequest, LoginSession, LoginToken
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.trail import auditing
from workflow.portal_access import access, logins
from workflow.portal_access.access import SeatDirectory

CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: J.Jansen@acme.example}
      - {id: left, name: Left, email: left@acme.example, active: false}
      - {id: books, name: Books, email: books@keeper.example}
  zon:
    name: Zon
    language: en
    contacts:
      - {id: keeper, name: Keeper, email: Books@Keeper.example}
  closed:
    name: Closed
    active: false
    contacts: [{id: c, name: C, email: c@closed.example}]
  paper:
    name: Paper
    portal: false
    contacts: [{id: p, name: P, email: p@paper.example}]
"""

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    own_office(tmp_path, settings=OWN_SETTINGS, clients=CLIENTS, staff=OWN_STAFF)
    office = load_office(tmp_path, {})
    open_database(office)
    yield office
    close_database()


def later(**much: float) -> datetime:
    return NOW + timedelta(**much)


def secret(office: Office, address: str = "j.jansen@acme.example", at: datetime = NOW) -> str:
    return urlsplit(access.new_link(office, at, address, "/", "nl")).path.removeprefix("/_login/")


def session(office: Office, at: datetime = NOW) -> str:
    begun = access.log_in(SeatDirectory(office), at, secret(office, at=at), "192.0.2.7")
    assert begun is not None
    return begun[0]


# Who has a seat


def test_only_an_active_contact_of_an_active_client_with_a_portal_has_a_seat(office: Office) -> None:
    directory = SeatDirectory(office)
    for address in ("left@acme.example", "c@closed.example", "p@paper.example", "nobody@acme.example", "", "@"):
        assert directory.seats(access.folded(address)) == ()
    assert [seat.client for seat in directory.seats(access.folded(" BOOKS@keeper.EXAMPLE "))] == ["acme-bv", "zon"]


@pytest.mark.parametrize(
    ("one", "other"), [("J.Jansen@Acme.Example", " j.jansen@acme.example "), ("a@BÜCHER.example", "a@bücher.example")]
)
def test_the_same_mailbox_written_otherwise_is_the_same(one: str, other: str) -> None:
    assert access.folded(one) == access.folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a@straße.example", "a@strasse.example"),
        ("straße@x.example", "strasse@x.example"),
        ("ı@x.example", "i@x.example"),
        ("É@x.example", "E@x.example"),
        ("ﬁ@x.example", "fi@x.example"),
        ("a@x.example", "a@@x.example"),
    ],
)
def test_another_mailbox_that_looks_alike_is_another(one: str, other: str) -> None:
    assert access.folded(one) != access.folded(other)


# Links


def test_a_link_lets_in_once_and_for_fifteen_minutes(office: Office) -> None:
    directory, link = SeatDirectory(office), secret(office)
    assert access.is_good(access.find_link(link), later(minutes=14, seconds=59))
    assert not access.is_good(access.find_link(link), later(minutes=15))
    assert access.log_in(directory, later(minutes=15), link, "192.0.2.7") is None
    assert access.log_in(directory, later(minutes=14, seconds=59), link, "192.0.2.7") is not None
    assert access.log_in(directory, later(minutes=14, seconds=59), link, "192.0.2.7") is None
    assert access.log_in(directory, NOW, "no such secret", "192.0.2.7") is None
    assert access.find_link("no such secret \ud800") is None


def test_a_link_of_many_browsers_at_once_begins_one_session(office: Office) -> None:
    directory, link, begun = SeatDirectory(office), secret(office), []
    close_database()
    ready = threading.Barrier(8)

    def press() -> None:
        ready.wait()
        begun.append(access.log_in(directory, NOW, link, "192.0.2.7"))
        close_database()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 8
    assert len([one for one in begun if one]) == 1
    assert LoginSession.select().count() == 1


def test_a_link_of_who_was_taken_out_of_the_clients_meanwhile_lets_nobody_in(office: Office) -> None:
    link = secret(office, "left@acme.example")
    assert access.log_in(SeatDirectory(office), NOW, link, "192.0.2.7") is None
    assert LoginSession.select().count() == 0


def test_neither_links_nor_sessions_are_kept_as_they_are(office: Office) -> None:
    link = secret(office)
    cookie = session(office)
    kept = [row.hash for table in (LoginToken, LoginSession) for row in table.select()]
    assert len(kept) == 3
    assert all(len(one) == 64 for one in kept)
    assert link not in kept
    assert cookie not in kept


def test_the_trail_names_the_contact_and_his_network_and_not_his_address(office: Office) -> None:
    cookie = session(office)
    found = access.find_session(NOW, cookie)
    access.log_out(NOW, found, SeatDirectory(office).seats(found.address))
    events = [(event.actor, event.action, event.subject) for event in Event.select().order_by(Event.seq)]
    assert events == [("contact:acme-bv/j.jansen", "logged_in", "acme-bv"), ("contact:acme-bv/j.jansen", "logged_out", "acme-bv")]
    assert auditing.first_fault() is None


# Sessions


def test_a_session_ends_after_an_hour_without_a_click(office: Office) -> None:
    cookie = session(office)
    for minutes in range(0, 8 * 60, 59):
        assert access.find_session(later(minutes=minutes), cookie) is not None
    assert access.find_session(later(minutes=7 * 60 + 59 + 60), cookie) is None


def test_a_session_ends_after_its_hours_whatever_is_clicked(office: Office) -> None:
    cookie = session(office)
    for minutes in range(0, 8 * 60, 30):
        assert access.find_session(later(minutes=minutes), cookie) is not None
    assert access.find_session(later(hours=8), cookie) is None


def test_a_session_that_is_over_is_forgotten(office: Office) -> None:
    session(office)
    access.ask(NOW, "j.jansen@acme.example", "192.0.2.7", "/")
    access.sweep(later(minutes=59))
    assert LoginSession.select().count() == 1
    access.sweep(later(days=2))
    assert (LoginSession.select().count(), LoginToken.select().count(), LoginRate.select().count()) == (0, 0, 0)


# Limits


def test_one_address_gets_so_many_links_and_then_waits(office: Office) -> None:
    waits = [access.ask(NOW, "J.Jansen@ACME.example", f"192.0.2.{n}", "/") for n in range(12)]
    assert waits == [0] * 10 + [90, 90]
    assert access.ask(NOW, "other@acme.example", "192.0.2.1", "/") == 0
    assert access.ask(later(seconds=91), "j.jansen@acme.example", "192.0.2.1", "/") == 0
    assert access.ask(later(seconds=92), "j.jansen@acme.example", "192.0.2.1", "/") > 0
    assert access.ask(later(seconds=92), "j.jansen@acme.example", "192.0.3.1", "/") == 0  # elsewhere that says nothing


def test_whoever_asked_under_a_clock_that_was_ahead_can_ask_once_it_is_put_back(office: Office) -> None:
    for _ in range(12):
        access.ask(later(days=400), "j.jansen@acme.example", "192.0.2.1", "/")
    waits = [access.ask(NOW, "j.jansen@acme.example", "192.0.2.1", "/") for _ in range(12)]
    assert waits == [0] * 10 + [90, 90]


def test_one_network_asks_for_so_many_links_and_then_waits(office: Office) -> None:
    waits = [access.ask(NOW, f"{n}@acme.example", f"192.0.2.{n}", "/") for n in range(61)]
    assert waits == [0] * 60 + [15]
    assert access.ask(NOW, "a@acme.example", "::ffff:192.0.2.99", "/") == 15
    assert access.ask(NOW, "a@acme.example", "192.0.3.1", "/") == 0


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("192.0.2.77:40312", "192.0.2.0/24"),
        ("[2001:db8:1:2:3::4]:40312", "2001:db8:1::/56"),
        ("", "unknown"),
        ("[", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_a_network_is_what_one_subscriber_has(peer: str, network: str) -> None:
    assert access.network_of(peer) == network


@pytest.mark.parametrize("text", ["a@b", "j.jansen@acme.example", "jürgen@bücher.example", "o'neil+x@acme.example"])
def test_a_mail_address_is_taken(text: str) -> None:
    assert access.is_address(text)


@pytest.mark.parametrize("text", ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a@b\x00", "a" * 250 + "@b.nl"])
def test_what_is_no_mail_address_is_not(text: str) -> None:
    assert not access.is_address(text)


def test_the_same_is_done_for_an_address_that_is_known_and_one_that_is_not(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """So neither the answer nor the time it takes can tell them apart: it is the same statements, and no look at who it is."""
    done = []
    for number, address in enumerate(("j.jansen@acme.example", "nobody@acme.example")):
        with caplog.at_level(logging.DEBUG, logger="peewee"):
            caplog.clear()
            access.ask(NOW, address, f"192.0.{number}.1", "/")
            done.append([record.msg[0] for record in caplog.records])  # type: ignore[index]
    assert len(done[0]) > 5
    assert done[0] == done[1]


# Letters


def test_a_request_of_a_contact_makes_one_letter_whatever_he_is_a_contact_of(office: Office) -> None:
    access.ask(NOW, "books@keeper.example", "192.0.2.7", "/zon/")
    access.ask(NOW, "j.jansen@acme.example", "192.0.2.7", "/zon/")
    for address in ("left@acme.example", "c@closed.example", "p@paper.example", "nobody@acme.example"):
        access.ask(NOW, address, "192.0.2.7", "/")
    assert LoginRequest.select().count() == 6
    assert logins.answer(office, later(seconds=1)) == 2
    assert LoginRequest.select().count() == 0
    assert [(mail.kind, mail.client, mail.recipient, mail.language) for mail in Mail.select().order_by(Mail.id)] == [
        ("login", "zon", "keeper", "en"),
        ("login", "acme-bv", "j.jansen", "nl"),
    ]
    assert LoginToken.select().count() == 0  # made when the letter is sent
    assert logins.answer(office, later(seconds=1)) == 0


def test_a_request_that_nobody_answered_in_time_is_forgotten(office: Office) -> None:
    access.ask(NOW, "j.jansen@acme.example", "192.0.2.7", "/")
    assert logins.answer(office, later(minutes=15)) == 0
    assert LoginRequest.select().count() == 0
