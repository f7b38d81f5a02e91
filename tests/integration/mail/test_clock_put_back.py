"""A clock that was ahead, by hours or a year, and was put right: nothing waits until it is as late as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.mail_server import CLIENTS, MailOffice, Server, serving
from kit.queues import SETTINGS, STAFF, QueueOffice
from kit.support import free_port

from dossier.database.database import close_database
from dossier.database.tables import Mail
from dossier.text import clock
from workflow.mail import sending

DIGEST = CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, notify: digest")

HOURS = [7, 24, 24 * 400]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    close_database()


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("is_new", [False, True])
def test_a_mail_that_was_put_off_without_a_server_goes_once_there_is_one(tmp_path: Path, hours: int, is_new: bool) -> None:
    port = free_port()
    office = MailOffice(tmp_path / "office", port)
    office.now += timedelta(hours=hours)
    office.item()
    office.later(0)
    office.now -= timedelta(hours=hours)
    if is_new:
        office.mailer = sending.Mailer(office.office, {}, office.tell)
        office.mailer.take_over(office.alarms.stands("mail"))
    with serving(Server(port)) as server:
        office.later(61)
        assert [mail["To"].addresses[0].username for mail in server.mails][:1] == ["j.jansen"]


@pytest.mark.parametrize("hours", HOURS)
def test_a_mail_that_the_server_put_off_is_tried_again(tmp_path: Path, hours: int) -> None:
    server = Server(free_port(), on_rcpt=lambda address: "451 later")
    with serving(server):
        office = MailOffice(tmp_path / "office", server.port)
        office.now += timedelta(hours=hours)
        office.item()
        office.later(0)
        assert office.mails()[0].attempts == 1
        office.now -= timedelta(hours=hours)
        server.on_rcpt = lambda address: None
        office.later(1)
        assert len(server.mails) == 1


@pytest.mark.parametrize("hours", HOURS)
def test_what_goes_with_others_in_one_mail_goes(tmp_path: Path, hours: int) -> None:
    with serving() as server:
        office = MailOffice(tmp_path / "office", server.port, clients=DIGEST)
        office.now += timedelta(hours=hours)
        office.item("One")
        office.later(0)
        office.later(301)
        assert len(server.mails) == 1
        office.item("Two")
        office.later(0)
        office.now -= timedelta(hours=hours)
        office.later(0)
        assert ["Two" in str(mail) for mail in server.mails] == [False, True]


def _told(tmp_path: Path, staff: str = STAFF) -> QueueOffice:
    return QueueOffice(tmp_path / "office", staff=staff, settings=SETTINGS)


@pytest.mark.parametrize("hours", HOURS)
def test_an_approver_hears_of_a_concept_at_once(tmp_path: Path, hours: int) -> None:
    office = _told(tmp_path)
    office.now += timedelta(hours=hours)
    office.concept()
    office.folder.round(office.now)
    office.now -= timedelta(hours=hours)
    office.concept()
    office.folder.round(office.now)
    dues = [mail.due_at for mail in Mail.select().where(Mail.kind == "decide").order_by(Mail.id)]
    assert dues[1:] == [clock.to_text(office.now)]
