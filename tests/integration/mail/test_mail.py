"""CONTRACT section 7 against real SMTP servers that behave badly, each in its way."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from kit.mail_server import MailOffice, Server, text_of
from peewee import OperationalError

from dossier.database.database import transaction
from dossier.office.people import Actor
from dossier.text.sentences import told, unpacked
from workflow.items import amending, rules
from workflow.items.suspicion import Screened
from workflow.mail import delivering, smtp
from workflow.mail.sending import Mailer
from workflow.outbox import outbox

BAKKER, ADMIN = Actor("p.bakker", "command"), Actor("j.admin", "command")


@pytest.fixture
def office(tmp_path: Path, server: Server) -> MailOffice:
    return MailOffice(tmp_path / "office", server.port)


# What is sent


def test_the_contact_is_told_once_when_the_item_is_on_the_portal(office: MailOffice, server: Server) -> None:
    key = office.item()
    assert office.send_all() == 1
    [mail] = server.mails
    assert mail["To"] == "Jan Jansen <j.jansen@acme.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "Voor u klaargezet: Jaarrekening 2025"
    assert {part.get_content_type() for part in mail.iter_parts()} == {"text/plain", "text/html"}
    item = office.get(key)
    assert item.notify is False
    assert item.notified_at == office.mails()[0].sent_at
    assert office.actions(key)[-1] == "notified"
    assert office.later(3600).handled == 0
    assert len(server.mails) == 1


def test_a_later_change_of_the_item_sends_no_second_mail(office: MailOffice, server: Server) -> None:
    key = office.item()
    office.send_all()
    with transaction():
        wish, looked_at = rules.Wish(description="Jaarrekening 2025 herzien"), Screened(frozenset(["Jaarrekening 2025 herzien"]))
        actor = Actor("m.devries", "command")
        amending.amend(office.office, office.now, actor, key, wish, amending.FileChanges(), screened=looked_at)
    office.publish()
    assert office.send_all() == 0


def test_what_waits_for_approval_is_not_told_and_its_words_are_not_sent(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "450 come back later"
    key = office.item("Jaarrekening 2025")
    office.send_all()
    with transaction():
        wish = rules.Wish(description="Nog niet voor de klant", approvers=("m.devries",), notify=True)
        amending.amend(office.office, office.now, BAKKER, key, wish, amending.FileChanges())
    office.publish()
    server.on_rcpt = lambda address: None
    office.later(5)
    assert [mail["Subject"] for mail in server.mails] == ["Voor u klaargezet: Jaarrekening 2025"]


def test_notify_asked_with_a_change_that_is_returned_tells_nobody(office: MailOffice, server: Server) -> None:
    from workflow.approval import deciding

    key = office.item()
    office.send_all()
    with transaction():
        wish = rules.Wish(description="Andere woorden", approvers=("m.devries",), notify=True)
        amending.amend(office.office, office.now, BAKKER, key, wish, amending.FileChanges())
    office.publish()
    with transaction():
        deciding.decide(office.office, office.now, Actor("m.devries", "command"), key, "reject", "nee")
        amending.amend(office.office, office.now, BAKKER, key, rules.Wish(status="done"), amending.FileChanges())
    office.publish()
    office.send_all()
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["j.jansen@acme.example", "p.bakker@office.example"]


# 4xx, 5xx, silence


def test_a_4xx_is_tried_again_with_growing_pauses_and_the_same_message_id(office: MailOffice, server: Server) -> None:
    offered: list[bytes] = []

    def defer(data: bytes) -> str | None:
        offered.append(data)
        return "451 4.7.1 greylisted, try again" if len(offered) < 4 else None

    server.on_data = defer
    key = office.item()
    pauses = []
    office.mailer.round(office.now)
    while not server.mails:
        pause = office.mailer.seconds_to_next(office.now)
        assert pause is not None
        assert office.get(key).notify is True
        assert office.later(pause - 1).handled == 0
        office.later(1)
        pauses.append(pause)
    assert pauses == [5, 25, 125]
    ids = {email.message_from_bytes(data)["Message-ID"] for data in offered}
    assert len(ids) == 1
    assert len(server.mails) == 1
    assert office.get(key).notified_at


def test_after_max_attempts_a_4xx_has_failed_and_the_maker_is_told(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, max_attempts=3)
    server.on_rcpt = lambda address: "450 mailbox busy" if "acme" in address else None
    key = office.item()
    office.mailer.round(office.now)
    office.later(5)
    assert office.mails()[0].state == "waiting"
    office.later(25)
    assert (office.mails()[0].state, office.mails()[0].attempts) == ("failed", 3)
    office.send_all()
    [told] = server.mails
    assert told["To"].addresses[0].addr_spec == "p.bakker@office.example"
    assert "450 mailbox busy" in text_of(told)
    assert office.actions(key)[-2:] == ["mail_failed", "notified"]
    assert office.later(100_000).handled == 0


@pytest.mark.parametrize("where", ["on_rcpt", "on_data", "on_mail"])
def test_a_5xx_has_failed_at_once_and_is_seen_in_outbox_history_and_by_the_maker(
    office: MailOffice, server: Server, where: str
) -> None:
    refused: list[object] = []
    setattr(server, where, lambda what: refused.append(what) or "550 5.1.1 no such user" if not refused else None)
    key = office.item()
    office.mailer.round(office.now)
    [mail] = outbox.listing("failed")
    assert (mail["error"], mail["attempts"], mail["item"]) == ("550 5.1.1 no such user", 1, office.mails()[0].message_id[1:14])
    assert "mail_failed" in office.actions(key)
    assert office.get(key).notified_at is None
    office.send_all()
    assert server.mails[-1]["To"].addresses[0].addr_spec == "p.bakker@office.example"
    assert "550 5.1.1 no such user" in text_of(server.mails[-1])
    with transaction():
        amending.amend(office.office, office.now, BAKKER, key, rules.Wish(status="done"), amending.FileChanges())
    office.publish()
    assert office.send_all() == 0, "a change of the item alone does not try it again"


def test_one_refused_mail_keeps_no_other_waiting(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "550 no such user" if "acme" in address else None
    for client, contact in (("acme-bv", "j.jansen"), ("northwind-ltd", "a.brown")):
        office.item("Annual accounts", client, contact)
    office.send_all()
    assert [mail["Subject"] for mail in server.mails if "northwind" in mail["To"]] == ["Ready for you: Annual accounts"]


def test_a_sender_that_is_refused_is_an_alarm(office: MailOffice, server: Server) -> None:
    server.on_mail = lambda address: "553 not your address"
    office.item()
    office.mailer.round(office.now)
    assert [cause for cause, _ in office.told] == ["mail sender"]
    server.on_mail = lambda address: None
    office.send_all()
    assert office.told[-1] == ("mail sender", None)


@pytest.mark.parametrize("where", ["RCPT", "END"])
def test_a_server_that_breaks_off_is_asked_again_and_others_are_served(office: MailOffice, server: Server, where: str) -> None:
    server.break_off = where
    office.item()
    office.mailer.round(office.now)
    assert told(unpacked(office.mails()[0].error)) == "the mail server broke off"
    assert office.told == []
    server.break_off = ""
    office.later(5)
    assert len(server.mails) == 1
    assert office.mails()[0].state == "sent"


def test_a_server_that_breaks_off_with_every_mail_is_the_servers_trouble(office: MailOffice, server: Server) -> None:
    server.break_off = "END"
    for _ in range(6):
        office.item()
    done = office.mailer.round(office.now)
    assert done.handled == 2
    assert [cause for cause, _ in office.told] == ["mail"]
    assert sorted(mail.attempts for mail in office.mails()) == [0, 0, 0, 0, 1, 1]
    server.break_off = ""
    office.later(5)
    office.send_all()
    assert len(server.mails) == 6
    assert office.told[-1] == ("mail", None)


def test_421_in_the_middle_is_no_answer_to_the_mail(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "421 shutting down"
    office.item()
    office.mailer.round(office.now)
    assert office.mails()[0].state == "waiting"
    server.on_rcpt = lambda address: None
    office.later(5)
    assert office.mails()[0].state == "sent"


def test_a_server_that_hangs_is_given_up_and_publishing_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        office = MailOffice(tmp_path / "office", silent.getsockname()[1])
        office.item()
        started = time.monotonic()
        office.mailer.round(office.now)
        assert time.monotonic() - started < 5
        assert "does not answer in time" in str(office.told[0][1])
        assert office.get(office.item()).public is not None


def test_a_server_that_hangs_in_the_middle_is_given_up(
    office: MailOffice, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.3)
    server.think_seconds = 2
    office.item()
    office.mailer.round(office.now)
    assert told(unpacked(office.mails()[0].error)) == "the mail server does not answer in time"


def test_a_slow_server_is_waited_for_so_that_nothing_is_sent_twice(
    office: MailOffice, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 1.0)
    server.on_data = lambda data: time.sleep(2) or None
    office.item()
    assert office.send_all() == 1
    assert len(server.mails) == 1


@contextmanager
def written_down_never() -> Iterator[None]:
    """A full disk, or a connection that was lost, just when a mail went."""

    @contextmanager
    def fails(*_: object, **__: object) -> Iterator[None]:
        raise OperationalError("database or disk is full")
        yield

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(delivering, "transaction", fails)
        yield


def test_what_went_while_nothing_could_be_written_down_does_not_go_again(office: MailOffice, server: Server) -> None:
    first, second = office.item("Jaarrekening 2025"), office.item("Aangifte 2025")
    with written_down_never():
        for _ in range(3):  # every half minute, until there is room
            with pytest.raises(OperationalError):
                office.mailer.round(office.now)
    assert len(server.mails) == 1
    office.send_all()
    assert len(server.mails) == 2
    assert [(mail.state, mail.attempts) for mail in office.mails()] == [("sent", 1), ("sent", 1)]
    assert [office.actions(key).count("notified") for key in (first, second)] == [1, 1]


def test_what_another_daemon_sent_and_wrote_down_meanwhile_is_written_down_once(office: MailOffice, server: Server) -> None:
    key = office.item()
    with written_down_never(), pytest.raises(OperationalError):
        office.mailer.round(office.now)
    Mailer(office.office, {}, lambda cause, text: None).round(office.now)
    office.send_all()
    assert len(server.mails) == 2  # it could not know
    assert office.actions(key).count("notified") == 1


@contextmanager
def talking(lines: list[bytes]) -> Iterator[int]:
    """A server that says these lines, one a command, whatever it hears; then breaks off."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                with line, suppress(ConnectionError):
                    for said in lines:
                        line.sendall(said + b"\r\n")
                        if not line.recv(65536):
                            break

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize(
    "lines",
    [
        [b"hello there"],
        [b"554 go away"],
        [b"220 hi", b"500 what", b"500 what"],
        [b"220 hi", b"250 hi", b"999 odd"],
        [b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"250 ok but I want no data"],
        [b"220 " + b"x" * 20_000],
        [b"220 hi", b"250 hi", b"\xff\xfe\x00"],
    ],
)
def test_a_server_that_talks_nonsense_never_counts_as_a_yes(tmp_path: Path, lines: list[bytes]) -> None:
    with talking(lines) as port:
        office = MailOffice(tmp_path / "office", port)
        key = office.item()
        office.mailer.round(office.now)
        [mail] = office.mails()
        assert mail.state == "waiting"
        assert mail.attempts + mail.unreached == 1
        assert office.get(key).notify is True
