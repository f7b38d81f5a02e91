"""Alarms by mail to the admins, once per cause and again when it is over; and the anchors of the trail."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from kit.mail_server import MailOffice, Server, text_of
from kit.support import free_port

from desk.daemon.trail_work import TrailWork
from dossier.database.database import transaction
from dossier.database.tables import Event, EventDetail, Mail
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.sentences import plain, told, unpacked
from ingest.intake.outcome import Outcome
from ingest.intake.scanning import why_gone
from workflow.mail import delivering
from workflow.outbox import alarms

BAKKER, ADMIN = Actor("p.bakker", "command"), Actor("j.admin", "command")


@pytest.fixture
def office(tmp_path: Path, server: Server) -> MailOffice:
    return MailOffice(tmp_path / "office", server.port)


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


def test_an_alarm_that_is_over_before_its_letter_has_gone_is_told_to_nobody(office: MailOffice, server: Server) -> None:
    """The letters are looked after once a minute: it may have stood for nearly two."""
    office.tell("inbox", "the inbox can't be read")
    office.now += timedelta(seconds=110)
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


def test_a_scanner_that_is_gone_is_one_alarm_whoever_waits_for_it(office: MailOffice, server: Server) -> None:
    address = f"tcp:127.0.0.1:{free_port()}"
    gone = why_gone(address)
    assert gone is not None
    office.tell("scanner", gone)  # nobody dropped anything: it was asked
    outcome = Outcome(trouble={"acme-bv": gone, "zon": gone, "northwind-ltd": plain("no room")}, scanner_gone=gone)
    for cause, text in outcome.alarms(["acme-bv"]):
        office.tell(cause, text)
    office.later(61)
    assert sorted(mail["Subject"] for mail in server.mails) == [
        "Alarm: aangeleverde stukken kunnen niet worden verwerkt (Office)", "Alarm: de virusscanner is weg (Office)",
    ]  # fmt: skip
    assert "start clamd" in text_of(next(mail for mail in server.mails if "virusscanner" in mail["Subject"]))
    office.tell("scanner", None)
    office.later(1)
    assert server.mails[-1]["Subject"] == "Voorbij: de virusscanner is weg (Office)"


def test_an_alarm_that_stands_is_not_told_again_after_a_restart(office: MailOffice, server: Server) -> None:
    office.tell("disk", "nearly full: 5 MB left")
    office.later(61)
    office.alarms = alarms.StandingAlarms(office.office)
    office.tell("disk", "nearly full: 4 MB left")
    office.later(61)
    assert len(server.mails) == 1
    assert alarms.standing() == ["nearly full: 4 MB left"]


def test_what_one_daemon_raised_another_one_ends(office: MailOffice) -> None:
    others = alarms.StandingAlarms(office.office)
    office.tell("disk", "nearly full: 5 MB left")
    assert others.stood("disk")
    assert others.tell(office.now, "disk", None)
    assert alarms.standing() == []
    office.alarms.reread()
    assert not office.alarms.tell(office.now, "disk", None), "it is no news to the first"


def test_a_mail_that_cannot_be_put_together_keeps_no_other_waiting(
    office: MailOffice, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Stuk dat stuk is", "Gewoon stuk"):
        office.item(name)
    whole = delivering.content
    bad = office.mails()[0].id
    monkeypatch.setattr(delivering, "content", lambda office, now, mail: {} if mail.id == bad else whole(office, now, mail))
    office.send_all()
    assert [mail["Subject"] for mail in server.mails] == ["Voor u klaargezet: Gewoon stuk"]
    assert "can't be put together" in told(unpacked(Mail.get_by_id(bad).error))


def test_a_mended_template_ends_its_alarm(office: MailOffice, server: Server) -> None:
    path = office.root / "config/templates/ready.nl.txt"
    path.parent.mkdir()
    path.write_text("Subject: x\n\n{{ nonsense }}")
    office.item()
    office.send_all()
    alarms.check(office.alarms, office.now)
    assert any("nonsense" in str(text) for text in alarms.standing())
    path.write_text("Subject: x\n\n{{ name }}")
    alarms.check(office.alarms, office.now)
    assert alarms.standing() == []


def test_a_nearly_full_disk_is_an_alarm_until_there_is_room_again(office: MailOffice, server: Server) -> None:
    def settings(mb: int) -> None:
        office.write("settings", f"mail: {{host: 127.0.0.1, port: {server.port}}}\nalarms: {{free_mb: {mb}}}\n")
        office.reload()
        alarms.check(office.alarms, office.now)

    settings(1024 * 1024 * 1024)
    assert "nearly full" in str(alarms.standing()[0])
    assert "MB left" in str(alarms.standing()[0])
    settings(1)
    assert alarms.standing() == []


def test_refused_drops_that_nobody_looked_at_for_a_day_are_an_alarm(office: MailOffice, server: Server) -> None:
    from dossier.database.tables import Drop

    folder = office.root / "inbox/acme-bv/_rejected/20261124-100000-report"
    folder.mkdir(parents=True)
    (folder / "WHY.txt").write_text("report.yaml:1: a fault\n")
    with transaction():
        Drop.insert(client="acme-bv", stem="report", kind="refused", at=clock.to_text(office.now), files=[], text="",
                    target=folder.name, cleared=True).execute()  # fmt: skip
    alarms.check(office.alarms, office.now + timedelta(hours=23))
    assert alarms.standing() == []
    alarms.check(office.alarms, office.now + timedelta(hours=24.5))
    assert alarms.standing() == []  # its files were moved back
    (folder / "report.yaml").write_text("description: Short\n")
    alarms.check(office.alarms, office.now + timedelta(hours=25))
    assert [str(text) for text in alarms.standing()] == [
        "refused drops that nobody looked at for 24 hours: acme-bv (1); see: dossier rejected"
    ]
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
    assert "the trail does not verify: event 2" in str(alarms.standing()[0])
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
    assert "the last of these is missing now" in str(alarms.standing()[0])


def test_the_daily_anchor_goes_to_the_mailbox_that_keeps_them(office: MailOffice, server: Server) -> None:
    text = f"mail: {{host: 127.0.0.1, port: {server.port}}}\ntrail: {{anchors_to: keeper@elsewhere.example}}\n"
    office.write("settings", text)
    office.reload()
    office.item()
    _trail_work(office).anchor(office.now)
    office.send_all()
    mail = next(mail for mail in server.mails if "keeper@elsewhere.example" in mail["To"])
    kept = next((office.root / "var/anchors").glob("*.jsonl")).read_text()
    quoted = next(part for part in text_of(mail).split("\n\n") if part.startswith("> "))
    assert json.loads(" ".join(line.removeprefix("> ") for line in quoted.splitlines())) == json.loads(kept)
