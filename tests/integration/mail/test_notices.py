"""What staff hear of as it happens: once, soon, together, and only what they chose and may know of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from kit.mail_server import Server, serving, text_of
from kit.queues import SETTINGS, STAFF, QueueOffice
from kit.records import LISA, Records
from kit.records import STAFF as RECORDS_STAFF
from kit.support import OWN_STAFF, PDF, once_here, own_office

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import Item, Mail, item_key, item_name
from dossier.files import settling
from dossier.office.opening import load_office
from dossier.text.sentences import sentence
from ingest.inbox import long_waiting
from ingest.inbox.found import NotTaken
from ingest.inbox.looking import Looker
from workflow.mail import delivering, sending
from workflow.messages import letters
from workflow.outbox import notices
from workflow.portal_access import access, openings
from workflow.portal_access.access import SeatDirectory


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


class Told(QueueOffice):
    """An office with its queue, and a mailer; time passes by `wait`."""

    def __init__(self, root: Path, server: Server, staff: str = STAFF, settings: str = "") -> None:
        mail = f"mail: {{host: 127.0.0.1, port: {server.port}}}\n"
        super().__init__(root, staff=staff, settings=SETTINGS + mail + settings)
        self.mailer = sending.Mailer(self.office, {}, lambda cause, text: None)

    def wait(self, seconds: float = 0.0, at_once: bool = False) -> None:
        self.now += timedelta(seconds=seconds)
        self.mailer.office = self.office
        self.folder.round(self.now)
        self.mailer.round(self.now, at_once)


@pytest.fixture
def office(tmp_path: Path, server: Server) -> Iterator[Told]:
    made = Told(tmp_path / "office", server)
    yield made
    close_database()


def subjects(server: Server) -> list[tuple[str, str]]:
    return [(mail["To"].addresses[0].username, mail["Subject"]) for mail in server.mails]


def body(mail: EmailMessage) -> str:
    return " ".join(text_of(mail).split())


def test_an_approver_hears_of_a_concept_at_once_and_its_maker_when_it_is_decided(office: Told, server: Server) -> None:
    name = office.concept()
    office.wait()
    [(who, subject)] = subjects(server)
    assert who == "m.devries"
    assert subject.startswith("Te beslissen: ")
    assert name in subject
    assert "wacht op uw beslissing" in body(server.mails[0])
    office.decide(name, "m.devries", "approve")
    office.wait(5)
    assert [who for who, _ in subjects(server)] == ["m.devries", "p.bakker"]
    assert "is goedgekeurd door Marieke de Vries" in body(server.mails[1])


def test_what_comes_within_ten_minutes_of_a_first_mail_comes_together(office: Told, server: Server) -> None:
    office.concept()
    office.wait()
    names = [office.concept(f"Concept nummer {number}") for number in range(3)]
    for _ in range(9):
        office.wait(60)
    assert len(server.mails) == 1
    office.wait(60)
    assert [subject for _, subject in subjects(server)][1:] == ["3 berichten uit het dossier"]
    assert all(name in body(server.mails[1]) for name in names)
    office.wait(3600)
    assert len(server.mails) == 2


def test_what_is_decided_meanwhile_is_not_asked_for_any_more(office: Told, server: Server) -> None:
    office.concept()
    office.wait()
    one, other = office.concept("Het eerste stuk"), office.concept("Het tweede stuk")
    office.wait(5)
    office.decide(one, "m.devries", "approve")
    office.wait(600)
    asked = [mail for mail in server.mails if mail["To"].addresses[0].username == "m.devries"]
    assert len(asked) == 2
    assert other in body(asked[1])
    assert one not in body(asked[1])


def test_run_once_sends_what_it_collected_before_it_ends(office: Told, server: Server) -> None:
    office.concept()
    office.wait()
    office.concept("Concept nummer twee")
    office.wait(1)
    assert len(server.mails) == 1
    office.wait(1, at_once=True)
    assert len(server.mails) == 2


def test_who_chose_never_hears_nothing_and_who_chose_daily_hears_once_a_day(tmp_path: Path, server: Server) -> None:
    staff = STAFF.replace("rights: [create, share, approve]", "notices: {decide: daily}, rights: [create, share, approve]")
    staff = staff.replace("language: nl, rights: [create]}", "language: nl, notices: {approved: never}, rights: [create]}")
    office = Told(tmp_path / "office", server, staff, "office: {daily_at: '12:00'}\noffice_hours: {time_zone: UTC}\n")
    first = office.concept()
    office.concept("Concept nummer twee")
    office.wait()
    office.wait(2 * 3600)
    assert server.mails == []
    office.wait(3600)
    assert subjects(server) == [("m.devries", "2 berichten uit het dossier")]
    office.decide(first, "m.devries", "approve")
    office.wait(3600)
    assert len(server.mails) == 1
    close_database()


def test_a_substitute_is_told_in_whose_place_they_are_asked(tmp_path: Path, server: Server) -> None:
    away = "rights: [create, share, approve], substitute: l.visser, away: {from: 2026-11-20, until: 2026-12-01}"
    office = Told(tmp_path / "office", server, STAFF.replace("rights: [create, share, approve]", away))
    office.concept()
    office.wait()
    assert sorted(who for who, _ in subjects(server)) == ["l.visser", "m.devries"]
    letter = next(mail for mail in server.mails if mail["To"].addresses[0].username == "l.visser")
    assert "waits for your decision, in the place of Marieke de Vries" in body(letter)
    close_database()


def test_nobody_hears_twice_after_a_crash(office: Told, server: Server) -> None:
    office.concept()
    office.wait()
    office.restart()
    office.wait(3600)
    assert [mail.state for mail in Mail.select()] == ["sent"]
    assert len(server.mails) == 1


def test_mails_lead_to_the_desk_where_it_is_used(tmp_path: Path, server: Server) -> None:
    office = Told(tmp_path / "office", server, settings="desk: {base_url: 'https://desk.example'}\n")
    name = office.concept()
    office.wait()
    assert f"https://desk.example/queue/{name}" in body(server.mails[0])
    office.decide(name, "m.devries", "reject", "Bladzijde 3 ontbreekt")
    office.wait(1)
    assert f"https://desk.example/items/{name}" in body(server.mails[1])
    close_database()


def test_a_drop_that_waits_for_over_an_hour_is_told_to_whose_it_is_once(
    office: Told, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = office.root / "inbox/acme-bv/report.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("description: Jaarrekening\n")
    monkeypatch.setattr("ingest.inbox.long_waiting._owner", lambda office, one: "p.bakker")
    why = sentence("intake.stays_in_folder", file="report.yaml", user="dossier")
    waits = {"acme-bv": [NotTaken("acme-bv", "acme-bv/report.yaml", why, place.stat().st_mtime - 3601)]}
    assert long_waiting.tell(office.office, office.now, waits) == 1
    assert long_waiting.tell(office.office, office.now, waits) == 0
    office.wait()
    assert subjects(server) == [("p.bakker", "Nog niet verwerkt: acme-bv/report.yaml voor Acme B.V.")]
    assert long_waiting.tell(office.office, office.now, {"acme-bv": []}) == 0
    assert long_waiting.tell(office.office, office.now, waits) == 1


def test_a_drop_that_was_taken_meanwhile_is_not_told_to_wait(
    office: Told, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = office.root / "inbox/acme-bv/report.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("description: Jaarrekening\n")
    monkeypatch.setattr("ingest.inbox.long_waiting._owner", lambda office, one: "p.bakker")
    why = sentence("intake.stays_in_folder", file="report.yaml", user="dossier")
    first, taken, waits = (
        NotTaken("acme-bv", f"acme-bv/{name}", why, place.stat().st_mtime - 3601)
        for name in ("report.yaml", "taken.yaml", "waits.yaml")
    )
    long_waiting.tell(office.office, office.now, {"acme-bv": [first]})
    office.wait()
    long_waiting.tell(office.office, office.now, {"acme-bv": [first, taken, waits]})
    long_waiting.tell(office.office, office.now, {"acme-bv": [first, waits]})
    office.wait(600)
    assert [subject for _, subject in subjects(server)][1:] == ["Nog niet verwerkt: acme-bv/waits.yaml voor Acme B.V."]


def test_what_is_wrong_with_a_refused_drop_is_told_in_the_language_of_whose_it_is(tmp_path: Path) -> None:
    staff = OWN_STAFF.replace("rights: [create, share]", "rights: [create, share], language: nl", 1)
    office = own_office(tmp_path / "own", staff=staff)
    office.drop("wrong", "description: kort\nattachments: []\n")
    once_here(office)
    assert "has 4 characters" in str(office.why("wrong")), "the folder is the office's, which reads English"
    open_database(load_office(office.path, office.environ))
    [told] = Mail.select().where(Mail.kind == "refused")
    assert "heeft 4 tekens" in told.payload["reasons"][0]
    close_database()


def test_whose_a_file_with_an_odd_name_is_is_known_too(tmp_path: Path) -> None:
    office = own_office(tmp_path / "own")
    office.place("acme-bv", {"aangifte\u00a02025.pdf": PDF})
    read = load_office(office.path, {})
    (waits,) = Looker(read, at_once=True).look("acme-bv", *settling.now()).waiting
    assert long_waiting._owner(read, waits) == "p.bakker"


def test_who_may_not_know_of_an_item_any_more_is_not_told(office: Told, server: Server) -> None:
    name = office.concept()
    with transaction():
        told = {"description": "x", "approver": "M", "comment": "c"}
        notices.tell(office.office, office.now, "returned", "l.visser", Item.get_by_id(item_key(name)), told)
    office.configure(
        staff=STAFF.replace("rights: [create, approve], language: en", "clients: [zon], rights: [create], language: en")
    )
    office.wait()
    assert [who for who, _ in subjects(server)] == ["m.devries"]


def chosen(root: Path, choice: str) -> Records:
    """An office in which Lisa, who shares outright, chose to hear of what is on the portal and what is opened."""
    lisa = "Lisa Visser, notices: {published: CHOICE, opened: CHOICE}".replace("CHOICE", choice)
    return Records(root, staff=RECORDS_STAFF.replace("Lisa Visser", lisa))


def opened_by(office: Records, key: int) -> None:
    seats = SeatDirectory(office.office).seats(access.folded("j.jansen@acme.example"))
    found = openings.find_shown(office.office, ["acme-bv"], key)
    assert found is not None
    openings.record(office.office, office.tick(), list(seats), found)


def test_the_maker_hears_that_an_item_is_on_the_portal_and_once_that_a_contact_opened_it(tmp_path: Path) -> None:
    office = chosen(tmp_path / "office", "now")
    key = office.published()
    assert [(mail.kind, mail.recipient) for mail in Mail.select()] == [("published", "l.visser")]
    opened_by(office, key)
    opened_by(office, key)
    told_of = [mail for mail in Mail.select().order_by(Mail.id) if mail.kind == "opened"]
    assert [(mail.recipient, mail.item) for mail in told_of] == [("l.visser", key)]
    content = delivering.content(office.office, office.now, told_of[0])
    letter, _ = letters.letter_of(office.office, "opened", "en", "Lisa Visser", "acme-bv", item_name(key), content)
    assert letter.subject == f"Opened by Jan Jansen: Annual accounts 2025 ({item_name(key)})"
    office.amend(key, LISA, description="Annual accounts 2025, final")
    office.publish()
    opened_by(office, key)
    assert Mail.select().where(Mail.kind == "opened").count() == 2, "another edition is opened anew"
    office.close()


def test_who_did_not_choose_it_hears_of_neither_and_nobody_hears_that_what_was_imported_is_on_the_portal(tmp_path: Path) -> None:
    office = Records(tmp_path / "office")
    opened_by(office, office.published())
    assert Mail.select().count() == 0
    office.close()
    office = chosen(tmp_path / "other", "now")
    files = [office.file("a.pdf", "accounts", share=True)]
    office.make(LISA, files=files, source=f"import-{'a' * 20}", share=True, share_status="approved")
    office.publish()
    assert Mail.select().count() == 0
    office.close()
