"""CONTRACT section 7 against real SMTP servers that behave badly, each in its way."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from mail_server import MailOffice, Server, login_with, serving, text_of, tls
from support import CLIENTS, free_port, need

from desk.trail_work import TrailWork
from dossier import clock
from dossier.database import close_database, transaction
from dossier.models import Event, EventDetail, Mail
from dossier.people import Actor, NotAllowed
from workflow import alarms, amending, items, mailing, notification, rules, smtp

BAKKER, ADMIN = Actor("p.bakker", "command"), Actor("j.admin", "command")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_database()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


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
        wish = rules.Wish(description="Jaarrekening 2025 herzien")
        amending.amend(office.office, office.now, Actor("m.devries", "command"), key, wish, amending.FileChanges())
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
    from workflow import approval

    key = office.item()
    office.send_all()
    with transaction():
        wish = rules.Wish(description="Andere woorden", approvers=("m.devries",), notify=True)
        amending.amend(office.office, office.now, BAKKER, key, wish, amending.FileChanges())
    office.publish()
    with transaction():
        approval.decide(office.office, office.now, Actor("m.devries", "command"), key, "reject", "nee")
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
    [mail] = notification.listing("failed")
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
    assert office.mails()[0].error == "the mail server broke off"
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
    assert office.mails()[0].error == "the mail server does not answer in time"


def test_a_slow_server_is_waited_for_so_that_nothing_is_sent_twice(
    office: MailOffice, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 1.0)
    server.on_data = lambda data: time.sleep(2) or None
    office.item()
    assert office.send_all() == 1
    assert len(server.mails) == 1


# aiosmtpd warns of a login without encryption; these servers are on this machine, and mean it.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


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


# No server


def test_without_a_server_one_alarm_is_raised_and_the_mails_wait_for_it(tmp_path: Path) -> None:
    port = free_port()
    office = MailOffice(tmp_path / "office", port)
    for _ in range(5):
        office.item()
    for _ in range(60):  # an hour
        office.later(60)
    assert [cause for cause, _ in office.told] == ["mail"]
    assert "Connection refused" in str(office.told[0][1])
    assert all((mail.state, mail.attempts) == ("waiting", 0) for mail in office.mails())
    with serving(Server(port)) as server:
        office.later(60)
        office.send_all()
        assert len(server.mails) == 6, "five mails, and one letter to the admin about what was"
        assert all(mail.state == "sent" and mail.attempts == 1 and mail.unreached == 0 for mail in office.mails())
        assert office.told[-1] == ("mail", None)
        letter = server.mails[-1]
        assert letter["Subject"] == "Voorbij: er kan geen mail worden verstuurd (Office)"


def test_without_a_server_a_mail_is_tried_with_growing_pauses_up_to_max_attempts(tmp_path: Path) -> None:
    office = MailOffice(tmp_path / "office", free_port(), max_attempts=3)
    key = office.item()
    office.mailer.round(office.now)
    assert office.mails()[0].state == "waiting"
    for _ in range(13):
        office.later(5)
    [mail] = office.mails()
    assert (mail.state, mail.unreached) == ("failed", 3)
    assert "Connection refused" in mail.error
    assert "mail_failed" in office.actions(key)
    assert [mail.recipient for mail in office.mails("failed")] == ["p.bakker"]


def test_a_mail_that_was_never_offered_is_soon_when_the_server_is_back(tmp_path: Path) -> None:
    port = free_port()
    office = MailOffice(tmp_path / "office", port)
    office.item()
    for _ in range(20):
        office.later(150)
    with serving(Server(port)) as server:
        office.later(1)
        office.item("Wat nieuws")
        office.later(5)
        office.send_all()
        assert len(server.mails) >= 2


def test_after_a_restart_the_server_is_looked_for_at_once_and_the_alarm_ends(tmp_path: Path) -> None:
    port = free_port()
    office = MailOffice(tmp_path / "office", port)
    office.item()
    office.mailer.round(office.now)
    assert len(alarms.standing()) == 1
    office.mailer = mailing.Mailer(office.office, {}, office.tell, was_gone=office.alarms.stands("mail"))
    assert office.mailer.seconds_to_next(office.now) == 0
    with serving(Server(port)) as server:
        office.later(1)
        assert len(server.mails) == 1
    assert alarms.standing() == []


def test_no_name_service_stops_the_queue_with_one_alarm(tmp_path: Path) -> None:
    office = MailOffice(tmp_path / "office", 25, host="mail.invalid")
    for _ in range(3):
        office.item()
    office.mailer.round(office.now)
    assert [cause for cause, _ in office.told] == ["mail"]
    assert "mail.invalid" in str(office.told[0][1])
    assert {mail.unreached for mail in office.mails()} == {1}


def test_a_refused_login_stops_the_queue_with_one_alarm_and_is_not_hammered(tmp_path: Path) -> None:
    with serving(**login_with(b"right")) as server:
        office = MailOffice(tmp_path / "office", server.port, environ={"DOSSIER_MAIL_PASSWORD": "wrong"}, username="office")
        for _ in range(3):
            office.item()
        for _ in range(60):  # half an hour
            office.later(30)
        assert [cause for cause, _ in office.told] == ["mail"]
        assert "refused the login of office" in str(office.told[0][1])
        assert "535" in str(office.told[0][1])
        assert server.connections <= 6
        assert all(mail.attempts == 0 and mail.state == "waiting" for mail in office.mails())
        office.environ["DOSSIER_MAIL_PASSWORD"] = "right"
        office.later(3600)
        office.send_all()
        assert len(server.mails) == 4
        assert office.told[-1] == ("mail", None)


def test_a_server_that_wants_a_login_first_is_no_fault_of_the_mails(tmp_path: Path) -> None:
    with serving(**login_with(b"right")) as server:
        office = MailOffice(tmp_path / "office", server.port)
        office.item()
        office.mailer.round(office.now)
        assert "530" in str(office.told[0][1])
        assert (office.mails()[0].state, office.mails()[0].unreached) == ("waiting", 1)


def test_a_password_that_is_not_set_is_said_before_anybody_is_asked(tmp_path: Path) -> None:
    with serving(**login_with(b"right")) as server:
        office = MailOffice(tmp_path / "office", server.port, username="office", password_env="OFFICE_SECRET")
        office.item()
        office.mailer.round(office.now)
        assert "set the environment variable OFFICE_SECRET" in str(office.told[0][1])
        assert server.connections == 0


# Encryption


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    paths = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", paths[1], "-out", paths[0]],
        check=True, capture_output=True,
    )  # fmt: skip
    return paths


def test_mail_goes_encrypted_after_the_greeting_and_logged_in(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    login = {**login_with(b"right"), "auth_require_tls": True}
    with serving(tls_context=tls(*certificate), require_starttls=True, **login) as server:
        environ = {"DOSSIER_MAIL_PASSWORD": "right"}
        office = MailOffice(tmp_path / "office", server.port, environ=environ, security="starttls", username="office")
        office.item()
        assert office.send_all() == 1
        assert len(server.mails) == 1


def test_mail_goes_encrypted_from_the_start(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiosmtpd.controller import Controller

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = Server(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port, ssl_context=tls(*certificate))
    controller.start()
    try:
        office = MailOffice(tmp_path / "office", server.port, security="tls")
        office.item()
        assert office.send_all() == 1
    finally:
        controller.stop()


def test_nothing_is_sent_to_a_server_whose_certificate_does_not_hold(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    with serving(tls_context=tls(*certificate)) as server:
        office = MailOffice(tmp_path / "office", server.port, security="starttls")
        office.item()
        office.mailer.round(office.now)
        assert "certificate that does not hold" in str(office.told[0][1])
        assert server.recipients == []


def test_nothing_is_sent_openly_where_encryption_is_asked_for(office: MailOffice, server: Server) -> None:
    office.write("settings", f"mail: {{host: 127.0.0.1, port: {server.port}, security: starttls}}\n")
    office.reload()
    office.item()
    office.mailer.round(office.now)
    assert "STARTTLS" in str(office.told[0][1])
    assert server.recipients == []
    office.write("settings", f"mail: {{host: 127.0.0.1, port: {server.port}, security: tls}}\n")
    office.reload()
    office.later(3600)
    assert server.recipients == []


# Who gets it


def test_a_contact_who_has_left_since_gets_nothing_and_the_maker_is_told(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "450 later" if "acme" in address else None
    key = office.item()
    office.mailer.round(office.now)
    office.write("clients", CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, active: false"))
    office.reload()
    server.on_rcpt = lambda address: None
    office.later(5)
    office.send_all()
    assert office.mails()[0].state == "cancelled"
    assert office.get(key).notify is False
    assert "not_notified" in office.actions(key)
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["p.bakker@office.example"]
    assert "niet meer" in text_of(server.mails[0]) or "not active" in str(server.mails[0])


def test_a_contact_who_had_left_before_publishing_gets_nothing(tmp_path: Path, server: Server) -> None:
    gone = CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, active: false")
    office = MailOffice(tmp_path / "office", server.port, clients=gone)
    key = office.item()
    office.send_all()
    assert office.get(key).notify is False
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["p.bakker@office.example"]


def test_a_corrected_address_is_the_one_that_is_used(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "450 later"
    office.item()
    office.mailer.round(office.now)
    office.write("clients", CLIENTS.replace("j.jansen@acme.example", "jan@acme.example"))
    office.reload()
    server.on_rcpt = lambda address: None
    office.later(5)
    assert server.recipients == ["j.jansen@acme.example", "jan@acme.example"]


def test_a_mail_about_what_was_withdrawn_meanwhile_is_not_sent(office: MailOffice, server: Server) -> None:
    key = office.item()
    with transaction():
        items.withdraw(office.office, office.now, ADMIN, key, "verkeerde klant")
    office.send_all()
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["p.bakker@office.example"]
    assert office.mails()[0].state == "cancelled"


def test_when_the_maker_has_left_the_admins_are_told(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "550 no" if "acme" in address else None
    office.item()
    staff = (office.root / "config/staff.yaml").read_text()
    office.write("staff", staff.replace("rights: [create]}", "rights: [create], active: false}"))
    office.reload()
    office.send_all()
    assert [mail["To"].addresses[0].addr_spec for mail in server.mails] == ["j.admin@office.example"]


def test_addresses_and_names_beyond_ascii_arrive(tmp_path: Path, server: Server) -> None:
    clients = CLIENTS.replace(
        "name: Jan Jansen, email: j.jansen@acme.example", "name: Jürgen Łukasz, email: jürgen@bücher.example"
    )
    office = MailOffice(tmp_path / "office", server.port, clients=clients)
    office.item("Jaarrekening Façade 2025 ✓")
    assert office.send_all() == 1
    assert server.recipients == ["jürgen@xn--bcher-kva.example"]
    assert server.mails[0]["To"].addresses[0].display_name == "Jürgen Łukasz"
    assert "Façade 2025 ✓" in server.mails[0]["Subject"]


def test_an_address_that_the_server_cannot_take_has_failed_at_once(tmp_path: Path) -> None:
    clients = CLIENTS.replace("email: j.jansen@acme.example", "email: jürgen@acme.example")
    with serving(smtputf8=False) as server:
        office = MailOffice(tmp_path / "office", server.port, clients=clients)
        office.item()
        office.mailer.round(office.now)
        assert "SMTPUTF8" in office.mails()[0].error
        assert office.mails()[0].state == "failed"
        assert office.send_all() == 1
        assert server.recipients == ["p.bakker@office.example"]


@pytest.mark.parametrize(
    "description", ["A =?UTF-8?Q?=0A?=Bcc: x@e.nl", "A =?utf-8?b?CkJjYzogeEBlLm5s?= B", "<script>alert(1)</script>"]
)
def test_nothing_in_a_description_becomes_a_header_or_markup_on_the_wire(
    office: MailOffice, server: Server, description: str
) -> None:
    office.item(description)
    office.send_all()
    [raw], [mail] = server.raw, server.mails
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head
    assert "Bcc" not in mail
    assert server.recipients == ["j.jansen@acme.example"]
    assert "<script>" not in text_of(mail, "html")


# By hand


def test_notify_sends_again_to_the_same_or_another_contact_as_a_mail_of_its_own(tmp_path: Path, server: Server) -> None:
    both = CLIENTS.replace(
        "email: j.jansen@acme.example}", "email: j.jansen@acme.example}, {id: s.okafor, name: Sarah, email: s@acme.example}"
    )
    office = MailOffice(tmp_path / "office", server.port, clients=both)
    key = office.item()
    office.send_all()
    with transaction():
        notification.notify(office.office, office.now, BAKKER, key, "s@ACME.example")
    office.send_all()
    with transaction():
        notification.notify(office.office, office.now, BAKKER, key, "j.jansen")
    office.send_all()
    assert server.recipients == ["j.jansen@acme.example", "s@acme.example", "j.jansen@acme.example"]
    assert len({mail["Message-ID"] for mail in server.mails}) == 3
    assert office.get(key).contact == "j.jansen"
    assert office.actions(key).count("notify_asked") == 2
    assert office.send_all() == 0


def test_notify_is_refused_in_words_where_it_makes_no_sense(office: MailOffice, server: Server) -> None:
    key = office.item()
    for actor, contact, words in (
        (BAKKER, "nobody", "no active contact `nobody`: --contact ID; its contacts are: j.jansen"),
        (Actor("k.smit2", "command"), None, "there is no staff member"),
        (BAKKER, None, "waits already; see: dossier outbox"),
    ):
        with pytest.raises(NotAllowed, match=words), transaction():
            notification.notify(office.office, office.now, actor, key, contact)
    office.send_all()
    with transaction():
        items.withdraw(office.office, office.now, ADMIN, key, "fout")
    office.publish()
    with pytest.raises(NotAllowed, match="nothing on the portal"), transaction():
        notification.notify(office.office, office.now, BAKKER, key, None)


def test_notify_for_a_concept_is_sent_when_it_is_published(office: MailOffice, server: Server) -> None:
    from workflow import approval

    key = office.item()
    office.send_all()
    with transaction():
        wish = rules.Wish(description="Nieuwe woorden", approvers=("m.devries",), share_status="concept")
        amending.amend(office.office, office.now, BAKKER, key, wish, amending.FileChanges())
        approval.decide(office.office, office.now, Actor("m.devries", "command"), key, "approve", "")
        told = notification.notify(office.office, office.now, BAKKER, key, None)
    assert "once it is on the portal" in told
    office.publish()
    office.send_all()
    assert server.mails[-1]["Subject"] == "Voor u klaargezet: Nieuwe woorden"
    assert len(server.mails) == 2


def test_a_failed_mail_can_be_tried_again_and_stays_the_same_mail(office: MailOffice, server: Server) -> None:
    server.on_rcpt = lambda address: "550 no" if "acme" in address else None
    key = office.item()
    office.send_all()
    [failed] = notification.listing("failed")
    server.on_rcpt = lambda address: None
    with transaction():
        notification.retry(office.office, office.now, BAKKER, failed["id"])
    office.send_all()
    assert server.mails[-1]["Message-ID"] == failed["message_id"]
    assert office.get(key).notify is False
    with pytest.raises(NotAllowed, match="was sent on"), transaction():
        notification.retry(office.office, office.now, BAKKER, failed["id"])


def test_a_mail_that_waits_can_be_called_off(office: MailOffice, server: Server) -> None:
    key = office.item()
    number = office.mails()[0].id
    with transaction():
        notification.cancel(office.office, office.now, BAKKER, number)
    assert office.send_all() == 0
    assert office.get(key).notify is False
    assert office.actions(key)[-1] == "mail_cancelled"
    with pytest.raises(NotAllowed, match="was cancelled already"), transaction():
        notification.cancel(office.office, office.now, BAKKER, number)
    with pytest.raises(NotAllowed, match="no mail 99"), transaction():
        notification.cancel(office.office, office.now, BAKKER, 99)


def test_a_mail_called_off_while_others_are_being_sent_is_not_sent(office: MailOffice, server: Server) -> None:
    keys = [office.item(f"Stuk nummer {n}") for n in range(2)]
    second = office.mails()[1].id

    def call_off(address: str) -> None:
        import sqlite3

        with sqlite3.connect(office.office.var / "dossier.db", timeout=10) as other:
            other.execute("UPDATE mail SET state = 'cancelled' WHERE id = ?", (second,))

    server.on_rcpt = call_off
    office.send_all()
    assert len(server.mails) == 1
    assert office.get(keys[0]).notified_at
    assert office.get(keys[1]).notified_at is None


# Digest

DIGEST = CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, notify: digest")


def test_who_wants_a_digest_gets_at_most_one_mail_an_hour_with_all_that_came(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, clients=DIGEST)
    keys, sent_at = [], []
    for minute in range(180):
        if minute % 10 == 0:
            keys.append(office.item(f"Stuk van minuut {minute}"))
        before = len(server.mails)
        office.later(60)
        sent_at += [minute] * (len(server.mails) - before)
    for _ in range(61):
        office.later(60)
    assert all(later - earlier >= 59 for earlier, later in pairwise(sent_at))
    assert len(server.mails) <= 4
    text = "".join(text_of(mail) for mail in server.mails)
    assert [text.count(f"Stuk van minuut {minute}\n") for minute in range(0, 180, 10)] == [1] * 18
    assert all(office.get(key).notify is False and office.get(key).notified_at for key in keys)
    assert server.mails[1]["Subject"] == "Er staan 6 documenten voor u klaar"
    assert server.mails[0]["Subject"] == "Er staat 1 document voor u klaar"


def test_a_digest_leaves_out_what_was_withdrawn_meanwhile(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, clients=DIGEST)
    keys = [office.item(name) for name in ("Blijft staan", "Gaat er weer af")]
    server.on_data = lambda data: "451 later"
    office.later(301)
    with transaction():
        items.withdraw(office.office, office.now, ADMIN, keys[1], "fout")
    server.on_data = lambda data: None
    office.later(5)
    text = text_of(server.mails[0])
    assert "Blijft staan" in text
    assert "Gaat er weer af" not in text


def test_a_digest_that_failed_tells_the_makers_and_its_items_can_be_tried_again(tmp_path: Path, server: Server) -> None:
    office = MailOffice(tmp_path / "office", server.port, clients=DIGEST)
    keys = [office.item(name) for name in ("Eerste stuk", "Tweede stuk")]
    server.on_rcpt = lambda address: "550 no" if "acme" in address else None
    office.later(301)
    office.send_all()
    assert [mail["Subject"][:18] for mail in server.mails] == ["Bericht niet verst"] * 2
    [digest] = office.mails("bundle")
    assert digest.state == "failed"
    server.on_rcpt = lambda address: None
    with transaction():
        notification.retry(office.office, office.now, BAKKER, digest.id)
    for _ in range(80):
        office.later(60)
    assert [office.get(key).notify for key in keys] == [False, False]
    assert "Eerste stuk" in text_of(server.mails[-1])


# Templates


def test_an_office_has_its_own_words_and_looks(office: MailOffice, server: Server) -> None:
    folder = office.root / "config/templates"
    folder.mkdir()
    (folder / "ready.nl.txt").write_text(
        "Subject: Nieuw van {{ firm }}: {{ description }}\n\nHallo {{ name }},\n\n    {{ description }}\n\n{{ link }}\n\nGroet van {{ firm }}\n"
    )
    (folder / "letter.html").write_text(
        "<body class=huis>{% for b in blocks %}<p>{{ b.text }}</p>{% if b.link %}<a href='{{ b.link }}'>x</a>{% endif %}{% endfor %}</body>"
    )
    office.item("Jaarrekening <b>2025</b>")
    office.send_all()
    [mail] = server.mails
    assert mail["Subject"] == "Nieuw van Office: Jaarrekening <b>2025</b>"
    html, text = text_of(mail, "html"), text_of(mail)
    assert "<body class=huis><p>Hallo Jan Jansen,</p><p>Jaarrekening &lt;b&gt;2025&lt;/b&gt;</p>" in html
    assert "    Jaarrekening <b>2025</b>\n" in text
    assert "index.html?item=D-2026-000001#D-2026-000001" in html
    assert office.told == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Hallo {{ name }}", "begin with a line `Subject: …`"),
        ("Subject: x\n\n{{ nonsense }}", "nonsense"),
        ("Subject: x\n\n{% if %}", "ready.nl.txt:3"),
        ("Subject: x\n\n{{ name.__class__.__mro__ }}", "unsafe"),
        ("Subject: x\n\n{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_faulty_template_holds_up_no_mail_and_is_told(office: MailOffice, server: Server, text: str, fault: str) -> None:
    folder = office.root / "config/templates"
    folder.mkdir()
    (folder / "ready.nl.txt").write_text(text)
    office.item()
    office.send_all()
    assert server.mails[0]["Subject"] == "Voor u klaargezet: Jaarrekening 2025"
    assert office.told[0][0] == "mail templates"
    assert fault in str(office.told[0][1])


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(office: MailOffice, server: Server) -> None:
    key = office.item()
    letter, to, fault = mailing.preview(office.office, key, None)
    office.send_all()
    assert to == "Jan Jansen <j.jansen@acme.example>"
    assert fault is None
    assert letter.text == text_of(server.mails[0])


# Alarms by mail


def test_an_alarm_is_told_to_the_admins_once_and_again_when_it_is_over(office: MailOffice, server: Server) -> None:
    for _ in range(5):
        office.tell("inbox", "the inbox can't be read")
        office.later(60)
    assert [mail["Subject"] for mail in server.mails] == ["Alarm: de inbox is niet te lezen (Office)"]
    assert server.recipients == ["j.admin@office.example"]
    office.tell("inbox", None)
    office.later(1)
    assert server.mails[-1]["Subject"] == "Voorbij: de inbox is niet te lezen (Office)"
    assert len(server.mails) == 2


def test_a_hiccup_is_told_to_nobody(office: MailOffice, server: Server) -> None:
    office.tell("inbox", "the inbox can't be read")
    office.later(30)
    office.tell("inbox", None)
    office.later(600)
    assert server.mails == []


def test_one_cause_that_stops_many_clients_is_told_once_and_is_over_with_the_last(office: MailOffice, server: Server) -> None:
    for client in ("acme-bv", "northwind-ltd", "zon"):
        office.tell(f"intake {client}", f"drops can't be taken: {client}: the virus scanner does not answer")
    for _ in range(3):
        office.later(61)
    assert [mail["Subject"] for mail in server.mails] == ["Alarm: aangeleverde stukken kunnen niet worden verwerkt (Office)"]
    for client in ("acme-bv", "zon"):
        office.tell(f"intake {client}", None)
    office.later(61)
    assert len(server.mails) == 1
    office.tell("intake northwind-ltd", None)
    office.later(1)
    assert [mail["Subject"][:8] for mail in server.mails] == ["Alarm: a", "Voorbij:"]


def test_an_alarm_that_stands_is_not_told_again_after_a_restart(office: MailOffice, server: Server) -> None:
    office.tell("disk", "nearly full: 5 MB left")
    office.later(61)
    office.alarms = alarms.Alarms(office.office)
    office.tell("disk", "nearly full: 4 MB left")
    office.later(61)
    assert len(server.mails) == 1
    assert alarms.standing() == ["nearly full: 4 MB left"]


def test_a_mail_that_cannot_be_put_together_keeps_no_other_waiting(
    office: MailOffice, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Stuk dat stuk is", "Gewoon stuk"):
        office.item(name)
    whole = notification.content
    bad = office.mails()[0].id
    monkeypatch.setattr(notification, "content", lambda office, now, mail: {} if mail.id == bad else whole(office, now, mail))
    office.send_all()
    assert [mail["Subject"] for mail in server.mails] == ["Voor u klaargezet: Gewoon stuk"]
    assert "can't be put together" in Mail.get_by_id(bad).error


def test_a_mended_template_ends_its_alarm(office: MailOffice, server: Server) -> None:
    path = office.root / "config/templates/ready.nl.txt"
    path.parent.mkdir()
    path.write_text("Subject: x\n\n{{ nonsense }}")
    office.item()
    office.send_all()
    alarms.check(office.alarms, office.now)
    assert any("nonsense" in text for text in alarms.standing())
    path.write_text("Subject: x\n\n{{ name }}")
    alarms.check(office.alarms, office.now)
    assert alarms.standing() == []


def test_a_nearly_full_disk_is_an_alarm_until_there_is_room_again(office: MailOffice, server: Server) -> None:
    def settings(mb: int) -> None:
        office.write("settings", f"mail: {{host: 127.0.0.1, port: {server.port}}}\nalarms: {{free_mb: {mb}}}\n")
        office.reload()
        alarms.check(office.alarms, office.now)

    settings(1024 * 1024 * 1024)
    assert "nearly full" in alarms.standing()[0]
    assert "MB left" in alarms.standing()[0]
    settings(1)
    assert alarms.standing() == []


def test_refused_drops_that_nobody_looked_at_for_a_day_are_an_alarm(office: MailOffice, server: Server) -> None:
    from dossier.models import Drop

    folder = office.root / "inbox/acme-bv/_rejected/20261124-100000-report"
    folder.mkdir(parents=True)
    with transaction():
        Drop.insert(client="acme-bv", stem="report", kind="refused", at=clock.to_text(office.now), files=[], text="",
                    target=folder.name, cleared=True).execute()  # fmt: skip
    alarms.check(office.alarms, office.now + timedelta(hours=23))
    assert alarms.standing() == []
    alarms.check(office.alarms, office.now + timedelta(hours=25))
    assert alarms.standing() == ["refused drops that nobody looked at for 24 hours: acme-bv (1); see: dossier rejected"]
    with transaction():
        alarms.look_at_rejected("p.bakker", office.now + timedelta(hours=26))
    alarms.check(office.alarms, office.now + timedelta(hours=27))
    assert alarms.standing() == []


def _trail_work(office: MailOffice) -> TrailWork:
    return TrailWork(office.office, office.tell, office.alarms.stands("trail"))


def test_a_trail_that_does_not_verify_is_an_alarm_until_it_does(office: MailOffice, server: Server) -> None:
    office.item()
    office.send_all()
    work = _trail_work(office)
    work.anchor(office.now)
    work.verify_daily(office.now)
    assert alarms.standing() == []
    actor = Event.get_by_id(2).actor
    Event.update(actor="somebody.else").where(Event.seq == 2).execute()
    work.verify_daily(office.now)
    assert alarms.standing() == [], "once a day is enough"
    work.verify_daily(office.now + timedelta(days=1))
    assert "the trail does not verify: event 2" in alarms.standing()[0]
    office.later(61)
    assert server.mails[-1]["Subject"] == "Alarm: het logboek klopt niet (Office)"
    Event.update(actor=actor).where(Event.seq == 2).execute()
    _trail_work(office).verify_daily(office.now + timedelta(days=1))
    assert alarms.standing() == []


def test_a_trail_that_was_cut_behind_its_anchor_gets_no_new_anchor_but_an_alarm(office: MailOffice, server: Server) -> None:
    office.item()
    work = _trail_work(office)
    work.anchor(office.now)
    last = Event.select().order_by(Event.seq.desc()).first()
    EventDetail.delete().where(EventDetail.seq == last.seq).execute()
    Event.delete().where(Event.seq == last.seq).execute()
    work.anchor(office.now + timedelta(days=1))
    assert "the last of these is missing now" in alarms.standing()[0]


def test_the_daily_anchor_goes_to_the_mailbox_that_keeps_them(office: MailOffice, server: Server) -> None:
    text = f"mail: {{host: 127.0.0.1, port: {server.port}}}\ntrail: {{anchors_to: keeper@elsewhere.example}}\n"
    office.write("settings", text)
    office.reload()
    office.item()
    _trail_work(office).anchor(office.now)
    office.send_all()
    mail = next(mail for mail in server.mails if "keeper@elsewhere.example" in mail["To"])
    kept = next((office.root / "var/anchors").iterdir()).read_text()
    quoted = next(part for part in text_of(mail).split("\n\n") if part.startswith("> "))
    assert json.loads(" ".join(line.removeprefix("> ") for line in quoted.splitlines())) == json.loads(kept)
