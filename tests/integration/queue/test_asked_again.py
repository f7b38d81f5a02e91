"""Whoever is asked again, or comes back, hears of what waits; nobody is mailed while the office is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kit.queues import CLIENTS, SETTINGS, STAFF, QueueOffice

from desk.actions import mailing
from dossier.database.tables import Mail, item_key
from dossier.office.people import Actor
from dossier.text.refusals import Conflict
from workflow.mail import delivering
from workflow.outbox.addressees import Addressee
from workflow.reminders import reminders

PETRA = Actor("p.bakker", "desk")
HOURS = "office_hours: {days: [mon, tue, wed, thu, fri], from: '08:30', until: '17:30', time_zone: Europe/Amsterdam}\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[QueueOffice]:
    made = QueueOffice(tmp_path / "office", settings=SETTINGS + HOURS)
    yield made
    made.close()


def mails(kind: str) -> list[str]:
    return [mail.recipient for mail in Mail.select().where(Mail.kind == kind).order_by(Mail.id)]


def test_an_approver_who_lost_the_right_and_has_it_again_is_told_again(office: QueueOffice) -> None:
    office.concept()
    office.round()
    assert mails("decide").count("m.devries") == 1
    without = STAFF.replace("rights: [create, share, approve]", "rights: [create, share]")
    office.configure(clients=CLIENTS.replace("default_approver: m.devries, ", ""), staff=without)
    office.round()
    assert mails("decide").count("m.devries") == 1
    office.configure(clients=CLIENTS, staff=STAFF)
    office.round()
    assert mails("decide").count("m.devries") == 2
    office.round()
    assert mails("decide").count("m.devries") == 2, "once"


def test_an_approver_who_is_away_is_reminded_when_they_are_back(office: QueueOffice) -> None:
    away = f"name: Marieke de Vries, away: {{from: {office.now:%Y-%m-%d}, until: {office.now + timedelta(days=3):%Y-%m-%d}}}"
    office.configure(staff=STAFF.replace("name: Marieke de Vries", away))
    office.concept()
    office.round()
    times = [office.now.replace(hour=10, minute=0) + timedelta(days=days) for days in range(1, 9)]
    reminded = []
    for moment in times:
        reminders.remind(office.office, moment)
        reminded.append(mails("reminder").count("m.devries"))
    assert reminded[2] == 0, "away still"
    assert reminded[-1] == 1, "back"


def _may_go(office: QueueOffice, mail: Mail) -> bool:
    return isinstance(delivering.addressee(office.office, office.now, mail), Addressee)


def test_a_reminder_that_somebody_asks_for_waits_until_the_office_opens(office: QueueOffice) -> None:
    item = office.concept()
    office.round()
    friday_night = datetime(2026, 11, 27, 21, 15, tzinfo=UTC)
    told = mailing.remind(office.office, friday_night, PETRA, item_key(item))
    assert told.code == "deciding.reminded_at_opening"
    [letter] = Mail.select().where(Mail.kind == "reminder")
    assert letter.due_at.startswith("2026-11-30T07:30"), "Monday, half past eight in Amsterdam"
    for later in (timedelta(minutes=5), timedelta(hours=5)):
        with pytest.raises(Conflict):
            mailing.remind(office.office, friday_night + later, PETRA, item_key(item))
    assert len(mails("reminder")) == 1
    assert _may_go(office, letter)
    office.decide(item, "m.devries")
    office.round()
    assert not _may_go(office, letter), "decided meanwhile"


def test_within_office_hours_a_reminder_goes_at_once(office: QueueOffice) -> None:
    item = office.concept()
    office.round()
    monday = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    assert mailing.remind(office.office, monday, PETRA, item_key(item)).code == "deciding.reminded"
    [letter] = Mail.select().where(Mail.kind == "reminder")
    assert letter.due_at.startswith("2026-11-30T09:00")
