"""A mail server that is not there, wants a login, or can't be trusted: the mails wait for it, and one alarm tells of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from kit.mail_server import MailOffice, Server, login_with, serving, tls
from kit.support import free_port, need

from dossier.office.people import Actor
from dossier.text.sentences import told, unpacked
from workflow.mail import sending
from workflow.outbox import alarms

BAKKER, ADMIN = Actor("p.bakker", "command"), Actor("j.admin", "command")

# aiosmtpd warns of a login without encryption; these servers are on this machine, and mean it.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def office(tmp_path: Path, server: Server) -> MailOffice:
    return MailOffice(tmp_path / "office", server.port)


# No server


@pytest.mark.slow
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
    assert "Connection refused" in told(unpacked(mail.error))
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
    office.mailer = sending.Mailer(office.office, {}, office.tell)
    office.mailer.take_over(office.alarms.stands("mail"))
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
