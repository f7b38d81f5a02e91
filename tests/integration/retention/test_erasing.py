"""A person is erased on request: what must stay does, all else goes, the trail still verifies, and a report says which is which."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kit.records import CLIENTS, JOOST, LISA, SETTINGS, STAFF, Records
from peewee import OperationalError

from desk.actions import looking_up, tokens
from dossier.database.database import transaction
from dossier.database.tables import (
    PROXY,
    Drop,
    Erasure,
    Event,
    EventDetail,
    Item,
    Leaving,
    Mail,
    Note,
    Opening,
    Redaction,
    Viewed,
    item_name,
)
from dossier.database.web_tables import DeskRequest, DeskSession, DeskToken, LoginRate, LoginRequest, LoginSession, LoginToken
from dossier.files import files
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Refusal, Unavailable
from dossier.trail import auditing, redacting, trail
from workflow.messages import firm
from workflow.outbox import outbox
from workflow.portal_access import access, openings, staff_access
from workflow.reports import proof
from workflow.retention import erasing, retention
from workflow.retention.erasure_plan import ErasurePlan, find_person
from workflow.retention.personal import ErasedPerson

LEFT = CLIENTS.replace("email: j.jansen@acme.example", "email: j.jansen@acme.example, active: no")
TAX = SETTINGS + "retention: {default: [tax], terms: {tax: [{years: 7, basis: AWR art. 52}]}}\n"
ADDRESS = "j.jansen@acme.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path)
    yield made
    made.close()


def live(office: Records) -> int:
    """Jan Jansen is told of an item, logs in and opens it; then leaves. The item's key."""
    key = office.published(notify=True, contact="j.jansen")
    with transaction():
        Mail.update(state="sent", sent_at=clock.to_text(office.tick())).execute()
        outbox.enqueue_to_staff(office.office, office.tick(), "failed", Item.get_by_id(key), "l.visser",
                                      {"description": "x", "contact": f"Jan Jansen <{ADDRESS}>", "reason": "`j.jansen` is gone"})  # fmt: skip
        Mail.update(state="sent").execute()
        trail.record(office.tick(), trail.DAEMON, "notified", key, {"contact": "j.jansen", "email": ADDRESS, "answer": "250 ok"})
    now, directory = office.tick(), access.SeatDirectory(office.office)
    access.ask(now, ADDRESS, "192.0.2.1", "/")
    link = access.new_link(office.office, now, ADDRESS, "/", "nl")
    assert access.log_in(directory, now, link.rpartition("/")[2], "192.0.2.1")
    shown = openings.find_shown(office.office, ["acme-bv"], key)
    assert shown is not None
    openings.record(office.office, office.tick(), directory.seats(ADDRESS), shown)
    openings.record(office.office, office.tick(), directory.seats(ADDRESS), shown, shown.what.attachments)
    with transaction():
        Note.insert(key=openings.reminder_key(shown.edition, "j.jansen"), value="x").execute()
    office.configure(clients=LEFT)
    return key


def look(office: Records, who: str = "acme-bv/j.jansen", names: tuple[str, ...] = (), **chosen: Any) -> ErasurePlan:
    return erasing.look(office.office, office.now, find_person(office.office, who, names, ()), **chosen)


def erase(
    office: Records, who: str = "acme-bv/j.jansen", names: tuple[str, ...] = (), actor: Actor = JOOST, **chosen: Any
) -> ErasurePlan:
    person, language = find_person(office.office, who, names, ()), chosen.pop("language", "nl")
    now = chosen.pop("now", None) or office.tick()
    return erasing.erase(office.office, now, actor, person, "request of 3 March", language=language, **chosen)


def told(made: ErasurePlan) -> set[tuple[str, str, str]]:
    return {(one.area, one.fate, one.ground) for one in made.findings}


def everything(office: Records) -> str:
    """All that the database says, and what its file holds besides."""
    at_the_door = (LoginRequest, LoginToken, LoginSession, DeskRequest, DeskToken, DeskSession)
    tables = (Event, EventDetail, Item, Mail, Note, Opening, Viewed, *at_the_door)
    rows = [str(row.__data__) for table in tables for row in table.select()]
    return "\n".join(rows)


def test_a_contact_is_gone_from_everywhere_and_the_trail_still_verifies(office: Records) -> None:
    key = live(office)
    before = len(trail.history(key))
    assert "j.jansen" in everything(office)
    dry = look(office)
    assert {area for area, fate, _ in told(dry) if fate == "goes"} == {
        "mails",
        "letters",
        "logins",
        "openings",
        "contact",
        "trail",
    }
    assert {(area, fate) for area, fate, _ in told(dry) if fate != "goes"} == {("paper", "by hand")}, (
        "what others did is not theirs"
    )
    assert "j.jansen" in everything(office), "a look changes nothing"
    made = erase(office)
    assert told(made) == told(dry)
    assert "ansen" not in everything(office)
    assert auditing.first_fault() is None
    assert len(trail.history(key)) == before, "what happened is still told"
    assert {event["actor"] for event in trail.history(key) if event["action"] in ("opened", "downloaded")} == {"erased-1"}
    assert {row.contact for row in Opening.select()} == {"erased-1"}
    assert office.last_detail(key, "notified")["answer"] == "250 ok"
    assert office.on_portal(key) == {"accounts.pdf": "accounts"}
    assert not [one for one in look(office).findings if one.fate == "goes"], "nothing is left to go"


@pytest.mark.sqlite
def test_what_was_erased_is_not_in_the_files_of_the_database_either(office: Records) -> None:
    key = live(office)
    tokens.keep_answer(office.tick(), "once", "asked", 200, json.dumps(looking_up.whole(office.office, JOOST, key)))
    why = "a.yaml:3: `contact`: acme-bv has no contact `j.jansen`\n"
    with transaction():
        Drop.insert(
            id=99, client="acme-bv", stem="a", kind="refused", at="2026", files=[], text=why, cleared=True, told={"nl": why}
        ).execute()
    path = office.office.var / "dossier.db"
    assert ADDRESS.encode() in b"".join(one.read_bytes() for one in path.parent.glob("dossier.db*"))
    erase(office)
    assert b"ansen" not in b"".join(one.read_bytes() for one in path.parent.glob("dossier.db*"))
    assert tokens.answered(office.now, "once", "asked") == (0, ""), "it was done, and is told anew"


def test_the_report_says_what_went_what_stays_and_why_in_his_language(office: Records) -> None:
    office.configure(settings=TAX)
    key = live(office)
    office.make(description="Letter about Jan Jansen")
    with transaction():
        retention.hold(office.office, office.tick(), JOOST, "item", item_name(key), "court case")
    made = erase(office)
    assert {("mails", "stays", "hold"), ("openings", "stays", "hold"), ("item", "stays", "term"), ("logins", "goes", "")} <= told(
        made
    )
    data = json.loads((office.office.var / "erasures/erased-1.json").read_text())
    assert (data["pseudonym"], data["by"], data["person"]["names"]) == ("erased-1", "j.admin", ["Jan Jansen"])
    [item] = [one for one in data["findings"] if one["area"] == "item" and one["ground"] == "term"]
    assert item["because"].startswith("bewaard tot en met 2033-11-24 (AWR art. 52")
    page = (office.office.var / "erasures/erased-1.html").read_text()
    for words in (firm.name_of(office.office), "Gewist", "Bewaard, en op welke grond", "court case", "Jan Jansen", "AWR art. 52"):
        assert words in page
    assert not re.search(r"Erased|Kept, and|Mails to you|paragraph", page), "all of it is Dutch"
    assert Erasure.get_by_id(1).report is None, "who it was is in the report only"
    assert os.stat(office.office.var / "erasures/erased-1.html").st_mode & 0o077 == 0
    assert "j.jansen" in everything(office), "what is under a legal hold stays"
    assert auditing.first_fault() is None


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_word_of_the_report_is_there_in_both_languages(office: Records, language: str) -> None:
    live(office)
    erase(office, language=language)
    page = (office.office.var / "erasures/erased-1.html").read_text()
    assert f'<html lang="{language}">' in page
    assert "erasing." not in page, "each area and each ground has its words"


def test_nobody_is_erased_who_is_active_or_to_whom_a_mail_waits(office: Records) -> None:
    office.published(notify=True, contact="j.jansen")
    assert len(look(office).obstacles) == 2
    with pytest.raises(Refusal, match=r"is active in config/clients.yaml.* / mail 1 to this person waits"):
        erase(office)
    with pytest.raises(Refusal, match="an admin can"):
        erase(office, actor=LISA)
    with pytest.raises(Refusal, match="must not name"):
        erasing.erase(office.office, office.now, JOOST, ErasedPerson(names=("Jan Jansen",)), "for Jan  Jansen", language="nl")
    with pytest.raises(Refusal, match=r"nobody is known as acme-bv/j.janssen"):
        look(office, "acme-bv/j.janssen")
    with pytest.raises(Refusal, match="nobody erases themselves"):
        erase(office, "j.admin")
    assert not Redaction.select().exists()


def test_chosen_items_and_files_go_where_no_term_runs(office: Records) -> None:
    passport = office.file("passport.pdf", "the passport of Jan Jansen")
    about = office.make(description="Identification", files=[passport])
    mixed = office.make(files=[office.file("Jan-Jansen.pdf", "his"), office.file("other.pdf", "other")])
    for path in office.office.vault.glob("??/*"):
        os.utime(path, (time.time() - 86_400,) * 2)
    found = look(office, "Jan Jansen")
    assert [(one.subject, one.fate) for one in found.findings if one.area == "item"] == [(item_name(mixed), "by hand")]
    made = erase(office, "Jan Jansen", keys=[about], chosen=[(mixed, "jan-jansen.pdf")])
    assert {("item", "goes", ""), ("file", "goes", "")} <= told(made)
    retention.sweep(office.vault)
    assert not office.vault.location(passport.sha256).exists()
    assert list(office.attachments(mixed)) == ["other.pdf"]
    assert Item.get_by_id(about).description == "(removed)"
    assert not Leaving.select().exists()
    assert auditing.first_fault() is None


def test_a_term_a_hold_and_what_is_on_the_portal_keep_what_was_chosen(office: Records) -> None:
    public = office.published(description="Letter to Jan Jansen")
    made = erase(office, "Jan Jansen", keys=[public], chosen=[(public, "accounts.pdf"), (public, "notes.pdf")])
    assert {("item", "stays", "obstacle"), ("file", "stays", "obstacle"), ("file", "goes", "")} <= told(made)
    office.configure(settings=TAX)
    made = erase(
        office, "Jan Jansen", keys=[public], chosen=[(public, "accounts.pdf")], now=datetime(2033, 11, 24, 12, tzinfo=UTC)
    )
    assert {("item", "stays", "term"), ("file", "stays", "term")} <= told(made)
    assert list(office.attachments(public)) == ["accounts.pdf"]
    assert auditing.first_fault() is None


def test_staff_are_forgotten_but_for_what_they_answer_for(office: Records) -> None:
    key = office.published()
    with transaction():
        Viewed.insert(actor="l.visser", kind="item", subject=item_name(key), at=clock.to_text(office.now)).execute()
        outbox.enqueue_to_staff(office.office, office.now, "retention", None, "l.visser", {"count": 1, "lines": []})
        Mail.update(state="sent").execute()
    staff_access.ask(office.now, "l.visser@office.example", "192.0.2.1", "/")
    staff_access.new_link(office.office, office.now, "l.visser", "l.visser@office.example", "/")
    staff_access.begin(office.office, office.now, "l.visser", "l.visser@office.example", "192.0.2.1")
    staff_access.begin_by_provider(office.office, office.now, "l.visser", "Lisa Visser's token", "192.0.2.1")
    assert "Visser" in everything(office)
    office.configure(staff=STAFF.replace("rights: [create, share]", "rights: [create, share], active: no"))
    made = erase(office, "l.visser@office.example")
    assert not [row for table in (DeskRequest, DeskToken, DeskSession) for row in table.select()]
    assert not [row.key for row in LoginRate.select() if "address" in row.key]
    assert {
        ("mails", "goes", ""),
        ("logins", "goes", ""),
        ("viewed", "goes", ""),
        ("account", "stays", "account"),
        ("trail", "stays", "account"),
    } <= told(made)
    assert "Visser" not in everything(office)
    assert trail.history(key)[0]["actor"] == "l.visser"
    office.withdraw(key)
    office.publish()
    office.configure(settings=TAX)
    with transaction():
        assert retention.remove(office.office, datetime(2034, 1, 1, tzinfo=UTC), JOOST, [key]) == [key]
    erase(office, "l.visser")
    assert trail.history(key)[0]["actor"] == "erased-2", "of what was removed nobody has to answer any more"
    assert auditing.first_fault() is None


def test_what_was_written_anew_cannot_be_changed_either(office: Records) -> None:
    live(office)
    erase(office)
    anew = redacting.redactions(1, 10_000)
    seq = next(event.seq for event in trail.those(anew) if event.actor == "erased-1")
    assert auditing.first_fault() is None
    for change in (
        {"actor": "contact:acme-bv/p.other"},
        {"action": "viewed"},
        {"at": "2020-01-01T00:00:00.000000Z"},
        {"digest": "0" * 64},
    ):
        old = Event.get_by_id(seq).__data__
        Event.update(**change).where(Event.seq == seq).execute()
        assert f"event {seq} " in str(auditing.first_fault() or ""), change
        Event.update(**{name: old[name] for name in change}).where(Event.seq == seq).execute()
    EventDetail.update(detail='{"network":"other"}').where(EventDetail.seq == seq).execute()
    assert "was changed" in str(auditing.first_fault() or "")


def test_an_event_cannot_be_called_written_anew_by_who_only_has_the_database(office: Records) -> None:
    key = live(office)
    event = next(one for one in trail.events(item=key) if one.action == "approved")
    Redaction.insert(seq=event.seq, link=trail.link_of(event)).execute()
    Event.update(actor="somebody.else").where(Event.seq == event.seq).execute()
    assert "no event tells that a person was erased from it" in str(auditing.first_fault() or "")
    erase(office)
    telling = Event.get(Event.action == "erased").seq
    with pytest.raises(Refusal), transaction():
        redacting.redact(office.now, JOOST, trail.those([telling]), "x")


def test_a_proof_of_what_the_client_saw_still_holds_after_he_was_erased(office: Records) -> None:
    key = live(office)
    erase(office)
    sheet = proof.collect(office.office, office.tick(), Item.get_by_id(key))
    assert "ansen" not in json.dumps(sheet)
    assert any(event["actor"] == "erased-1" for event in sheet["events"])
    assert proof.check(proof.render(sheet, "nl"))[1] == []
    assert proof.check(json.dumps(sheet))[1] == []
    forged = json.loads(json.dumps(sheet))
    event = next(one for one in forged["events"] if one["actor"] == "erased-1")
    event["actor"] = "contact:acme-bv/somebody"
    assert "no event tells that a person was erased from it" in str(proof.check(json.dumps(forged))[1][0])
    del event["link"]
    assert "does not lie in the chain" in str(proof.check(json.dumps(forged))[1][0])


def test_killed_between_the_records_and_the_report_it_is_written_by_the_next_who_comes(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(office)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(files, "write_durably", killed)
        with pytest.raises(KeyboardInterrupt):
            erase(office)
    assert "Jan Jansen" in str(Erasure.get_by_id(1).report)
    erasing.finish(office.office)
    assert "Jan Jansen" in (office.office.var / "erasures/erased-1.html").read_text()
    assert Erasure.get_by_id(1).report is None
    assert auditing.first_fault() is None


def test_where_the_report_finds_no_room_it_is_said_that_the_person_is_erased(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(office)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(files, "write_durably", full)
        with pytest.raises(Unavailable, match=r"it is erased; in its place stands erased-1\. The report .* \(No space left"):
            erase(office)
    erasing.finish(office.office)
    assert (office.office.var / "erasures/erased-1.html").exists()


@pytest.mark.sqlite
def test_where_the_disk_does_not_take_the_overwritten_pages_the_person_is_erased_all_the_same(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(office)
    execute = PROXY.execute_sql

    def full(sql: str, *words: Any) -> Any:
        if "wal_checkpoint" in sql:
            raise OperationalError("database or disk is full")
        return execute(sql, *words)

    with monkeypatch.context() as broken:
        broken.setattr(PROXY.obj, "execute_sql", full)
        erase(office)
    assert (office.office.var / "erasures/erased-1.html").exists()
    assert Erasure.get_by_id(1).report is None


def test_papers_that_name_him_are_listed_for_people_to_remove(office: Records) -> None:
    live(office)
    for name, text in (
        ("inbox/acme-bv/_rejected/x/report.yaml", "omschrijving: x\ncontactpersoon: `j.jansen`\n"),
        ("inbox/zon/_rejected/x/report.yaml", "contactpersoon: `j.jansen`\n"),
        ("var/breaches/D-2026-000001.md", "Who could see it: Jan  Jansen\n"),
        ("var/config-history/clients-20261124-090000-000000.yaml", "contacts: [{id: j.jansen, name: Jan Jansen}]\n"),
        ("inbox/acme-bv/_done/Jan_Jansen.receipt.yaml", "item: D-2026-000001\n"),
    ):
        path = office.root / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (office.root / "inbox/acme-bv/_rejected/x/wide.yaml").write_bytes("toelichting: gesproken met Jan Jansen\n".encode("utf-16"))
    papers = {one.subject for one in look(office).findings if one.area == "paper"}
    assert papers == {
        "config/clients.yaml:5", "inbox/acme-bv/_rejected/x/report.yaml:2", "var/breaches/D-2026-000001.md:1",
        "inbox/acme-bv/_done/Jan_Jansen.receipt.yaml", "inbox/acme-bv/_rejected/x/wide.yaml:1",
        "var/config-history/clients-20261124-090000-000000.yaml:1",
    }  # fmt: skip


def test_papers_that_cannot_be_read_are_listed_too(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    live(office)
    done = office.root / "inbox/acme-bv/_done"
    (done / "barred").mkdir(parents=True)
    (done / "mine.receipt.yaml").write_text("gesproken met Jan Jansen")
    open_seen, scandir = files.open_seen, os.scandir

    def refuse(path: object, name: str) -> None:
        if str(path).endswith(name):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    def opened(path: Any) -> Any:
        refuse(path, "mine.receipt.yaml")
        return open_seen(path)

    def scanned(path: Any) -> Any:
        refuse(path, "barred")
        return scandir(path)

    monkeypatch.setattr(files, "open_seen", opened)
    monkeypatch.setattr(os, "scandir", scanned)
    unread = {one.subject for one in look(office).findings if one.ground == "unread"}
    assert unread == {"inbox/acme-bv/_done/barred", "inbox/acme-bv/_done/mine.receipt.yaml"}


def test_two_who_share_a_code_are_told_apart_by_their_clients(office: Records) -> None:
    office.configure(
        clients=CLIENTS.replace(
            "zon: {name: Bakkerij Zon}",
            "zon: {name: Zon, contacts: [{id: j.jansen, name: Joke Jansen, email: joke@zon.example}]}",
        )
    )
    office.portal.office = office.office
    other = office.published(client="zon", notify=True, contact="j.jansen")
    live_key = office.published(notify=True, contact="j.jansen")
    with transaction():
        Mail.update(state="sent").execute()
    office.configure(
        clients=(office.root / "config/clients.yaml")
        .read_text()
        .replace("j.jansen@acme.example", "j.jansen@acme.example, active: no")
    )
    erase(office)
    assert (Item.get_by_id(other).contact, Item.get_by_id(live_key).contact) == ("j.jansen", None)
    assert [mail.email for mail in Mail.select()] == ["joke@zon.example"]
