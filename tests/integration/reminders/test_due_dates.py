"""What is due, of items and clients: who is told, when, and that it is once. Time is a value here, so nothing waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from kit.mail_server import Server
from kit.records import CLIENTS, LISA, MARIEKE, STAFF, Records
from kit.support import PDF, Root, once_here, wait_for

from dossier.database.database import close_database, open_database
from dossier.database.tables import Item, Mail, item_name
from dossier.text import clock
from dossier.text.refusals import Invalid
from dossier.trail import auditing
from workflow.items import dates
from workflow.mail import delivering
from workflow.messages import letters
from workflow.messages.composing import Letter
from workflow.outbox import notices
from workflow.outbox.addressees import Addressee
from workflow.reminders import due

SETTINGS = """\
sharing: {guard: off}
office_hours: {days: [mon, tue, wed, thu, fri], from: "08:30", until: "17:30", time_zone: Europe/Amsterdam, holidays: [2026-12-25]}
types:
  wwft:
    share: never
    staff: [m.devries, k.smit]
    fields: {risk: [low, high], review_date: date}
    review_field: review_date
    review_months: 12
  lease: {review_months: 6, fields: {ends: date, signed: date}}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "office", settings=SETTINGS)
    yield made
    made.close()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wwft(office: Records, review: str | None = "2026-12-22", **more: Any) -> int:
    fields = {"risk": "low", **({"review_date": review} if review else {})}
    return office.make(**{"actor": MARIEKE, "type": "wwft", "fields": fields, **more})


def told(office: Records, when: str) -> dict[str, list[tuple[str, str, str]]]:
    """Who is told of what in a round at this time (UTC): item or client, of what, and the day."""
    before = Mail.select().count()
    due.remind(office.office, at(when))
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in Mail.select().order_by(Mail.id).offset(before):
        about = item_name(row.item) if row.item else row.client
        found.setdefault(row.recipient, []).append((about, row.payload["field"] or row.payload["kind"], row.payload["day"]))
    return found


def test_the_maker_is_told_before_and_on_the_day_at_office_hours_once_and_the_trail_says_so(office: Records) -> None:
    key = wwft(office)
    it = {"m.devries": [(item_name(key), "review_date", "2026-12-22")]}
    assert told(office, "2026-12-07T12:00") == {}
    assert told(office, "2026-12-08T06:00") == {}, "before the office opens"
    assert told(office, "2026-12-08T08:00") == it
    detail = {"way": "daemon", "to": ["m.devries"], "due": "2026-12-22", "what": "review_date"}
    assert office.last_detail(key, "due_reminded") == detail
    close_database()
    open_database(office.office)
    assert told(office, "2026-12-08T08:01") == told(office, "2026-12-21T08:00") == {}, "also not after a start anew"
    assert told(office, "2026-12-22T08:00") == it
    assert told(office, "2026-12-22T08:01") == told(office, "2026-12-23T08:00") == {}
    assert auditing.first_fault() is None


def test_a_holiday_and_a_weekend_pass_first(office: Records) -> None:
    key = wwft(office, "2026-12-25")
    assert told(office, "2026-12-24T10:00") == {"m.devries": [(item_name(key), "review_date", "2026-12-25")]}
    assert told(office, "2026-12-25T10:00") == told(office, "2026-12-26T10:00") == {}
    assert list(told(office, "2026-12-28T10:00")) == ["m.devries"]


def test_another_date_is_another_mail_and_the_one_before_is_called_off(office: Records) -> None:
    key = wwft(office)
    assert told(office, "2026-12-08T08:00")
    (mail,) = Mail.select()
    assert isinstance(delivering.addressee(office.office, office.now, mail), Addressee)
    office.amend(key, MARIEKE, fields={"review_date": "2027-12-20"})
    assert "not due" in str(delivering.addressee(office.office, office.now, mail))
    assert told(office, "2026-12-22T08:00") == {}
    assert told(office, "2027-12-20T08:00") == {"m.devries": [(item_name(key), "review_date", "2027-12-20")]}


def test_without_a_date_it_is_so_many_months_after_the_last_change(office: Records) -> None:
    key, lease = wwft(office, None), office.make(LISA, type="lease")
    assert told(office, "2027-05-24T08:00") == {"l.visser": [(item_name(lease), "review", "2027-05-24")]}
    office.now = at("2027-06-01T09:00")
    office.amend(key, MARIEKE, fields={"risk": "high"})
    assert told(office, "2027-11-24T09:00") == {}
    assert told(office, "2028-06-01T09:00") == {"m.devries": [(item_name(key), "review_date", "2028-06-01")]}


def test_due_and_any_date_field_of_the_type_are_dates_but_not_what_was_before_the_item(office: Records) -> None:
    key = office.make(LISA, type="lease", fields={"ends": "2026-12-21", "signed": "2020-01-31"}, due="2026-12-18")
    assert told(office, "2026-12-08T08:00") == {
        "l.visser": [(item_name(key), "due", "2026-12-18"), (item_name(key), "ends", "2026-12-21")]
    }
    assert [(one.kind, str(one.day)) for one in dates.until(office.office, date(2026, 12, 20))] == [("due", "2026-12-18")]


def test_what_the_database_leaves_out_is_due_later(office: Records) -> None:
    for made in ("2026-11-30T22:30", "2026-11-30T23:30", "2027-02-28T12:00", "2027-03-31T12:00"):
        office.now = at(made)
        for said in (None, "2026-11-30", "2026-12-01", "2027-08-31"):
            wwft(office, said)
            office.make(LISA, type="lease", fields={"ends": said} if said else {}, due="2027-01-15" if said is None else None)
    whole = list(Item.select())
    for day in map(
        date.fromisoformat, ("2026-11-29", "2026-11-30", "2026-12-01", "2027-01-15", "2027-08-28", "2027-08-31", "2028-03-31")
    ):
        due_then = sorted(
            (one.day, one.item.id, one.kind)
            for item in whole
            for one in dates.of_item(office.office, item)
            if one.day <= day and one.item
        )
        assert sorted((one.day, one.item.id, one.kind) for one in dates.until(office.office, day) if one.item) == due_then
    assert len(due_then) > 20


def test_items_that_are_due_later_are_not_read(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    wwft(office, "2026-12-03")
    for _ in range(5):
        wwft(office, "2027-12-22")
        office.make(LISA, type="lease", fields={"ends": "2027-12-21", "signed": "2020-01-31"})
    read = []
    monkeypatch.setattr(dates, "review_due", lambda kind, *_: read.append(kind))
    dates.until(office.office, date(2026, 12, 20))
    assert len(read) == 1


def test_the_owner_is_told_in_place_of_the_maker_and_must_be_somebody_who_may_know_of_it(office: Records) -> None:
    key = wwft(office, owner="k.smit")
    assert list(told(office, "2026-12-22T08:00")) == ["k.smit"]
    with pytest.raises(Invalid, match=r"p\.bakker"):
        office.amend(key, MARIEKE, owner="p.bakker")
    office.amend(key, MARIEKE, owner="", due="2026-12-23")
    assert told(office, "2026-12-23T08:00") == {"m.devries": [(item_name(key), "due", "2026-12-23")]}


def test_a_date_of_a_client_is_told_to_its_default_approver_else_to_the_admins(office: Records) -> None:
    dated = CLIENTS.replace("Bakkerij Zon", "Bakkerij Zon, dates: {id_valid_until: 2026-12-21}")
    office.configure(clients=dated)
    it = ("zon", "id_valid_until", "2026-12-21")
    assert told(office, "2026-12-08T08:00") == {"j.admin": [it]}
    office.configure(clients=dated.replace("Bakkerij Zon", "Bakkerij Zon, default_approver: k.smit"))
    assert told(office, "2026-12-21T08:00") == {"k.smit": [it]}
    office.configure(clients=dated.replace("Bakkerij Zon", "Bakkerij Zon, active: false"))
    assert dates.until(office.office, date(2027, 1, 1)) == []


def test_who_wants_one_mail_a_day_or_none_gets_that(office: Records) -> None:
    staff = STAFF.replace("Marieke de Vries,", "Marieke de Vries, notices: {due: daily},")
    office.configure(staff=staff.replace("Lisa Visser,", "Lisa Visser, notices: {due: never},"))
    wwft(office), office.make(LISA, due="2026-12-22")
    assert list(told(office, "2026-12-22T10:00")) == ["m.devries"]
    assert Mail.get().due_at == clock.to_text(at("2026-12-23T07:00")), "at office.daily_at of the next working day"
    assert told(office, "2026-12-22T10:05") == {}


def test_what_an_import_brought_in_is_told_of_only_when_a_day_comes_after_it(office: Records) -> None:
    late, soon, later = (
        office.make(LISA, due=day, source=f"{notices.IMPORTED}{'a' * 20}/{day}")
        for day in ("2020-01-31", "2026-12-01", "2027-03-01")
    )
    assert told(office, "2026-11-24T10:00") == {}, (late, soon)
    assert told(office, "2026-12-01T10:00") == {"l.visser": [(item_name(soon), "due", "2026-12-01")]}
    assert told(office, "2027-02-15T10:00") == {"l.visser": [(item_name(later), "due", "2027-03-01")]}


@pytest.mark.parametrize(
    ("old", "new", "who"),
    [
        ("Marieke de Vries,", "Marieke de Vries, active: false,", ["k.smit"]),
        ("staff: [m.devries, k.smit]", "staff: [k.smit]", ["k.smit"]),
        ("staff: [m.devries, k.smit]", "staff: []", ["j.admin"]),
    ],
)
def test_if_the_maker_left_or_lost_the_right_who_may_know_of_it_is_told_else_the_admins(
    office: Records, old: str, new: str, who: list[str]
) -> None:
    wwft(office)
    office.configure(settings=SETTINGS.replace(old, new), staff=STAFF.replace(old, new))
    assert list(told(office, "2026-12-22T08:00")) == who


def test_closed_items_and_those_of_clients_who_have_gone_rest(office: Records) -> None:
    wwft(office, status="closed")
    gone = wwft(office, client="zon")
    office.configure(clients=CLIENTS.replace("Bakkerij Zon", "Bakkerij Zon, active: false"))
    assert told(office, "2026-12-22T08:00") == {}
    office.configure(clients=CLIENTS)
    assert told(office, "2026-12-22T08:00") == {"m.devries": [(item_name(gone), "review_date", "2026-12-22")]}


def test_a_field_that_was_no_date_before_holds_up_nothing(office: Records) -> None:
    old, key = wwft(office), wwft(office)
    Item.update(fields={"review_date": "soon"}).where(Item.id == old).execute()
    assert told(office, "2026-12-22T08:00") == {"m.devries": [(item_name(key), "review_date", "2026-12-22")]}


def test_the_letter_is_in_the_readers_language_and_goes_to_nobody_who_may_not_know_of_it_any_more(office: Records) -> None:
    key = wwft(office, description="Wwft <Acme>")
    told(office, "2026-12-22T08:00")
    mail = Mail.get()

    def letter() -> Letter:
        content = delivering.content(office.office, office.now, mail)
        return letters.letter_of(office.office, "due", mail.language, mail.name, None, None, content)[0]

    assert letter().subject == f"Uiterlijk 22 december 2026 opnieuw bekijken: Wwft <Acme> ({item_name(key)})"
    assert "Wwft &lt;Acme&gt;" in letter().html
    mail.language = "en"
    assert letter().subject == f"To be looked at again by 22 December 2026: Wwft <Acme> ({item_name(key)})"
    office.configure(settings=SETTINGS.replace("[m.devries, k.smit]", "[k.smit]"))
    assert "need not know" in str(delivering.addressee(office.office, office.now, mail))


def test_run_once_sends_it_once_and_lists_it(root: Root, post: Server) -> None:
    settings = f"mail: {{host: 127.0.0.1, port: {post.port}}}\ntypes: {{wwft: {{share: never, fields: {{again: date}}, review_field: again}}}}\n"
    root.set("settings", (root.path / "config" / "settings.yaml").read_text() + settings)
    root.drop(
        "due",
        "description: Wwft of Acme\ntype: wwft\nagain: 2020-01-31\nvervaldatum: 2020-02-01\nbehandelaar: k.smit\nattachments: []\ncreated_by: k.smit\n",
    )
    for _ in range(3):
        once_here(root)
    (mail,) = post.mails
    assert mail["To"] == "Karel Smit <k.smit@office.example>"
    (item,) = json.loads(root.run("items", "--due", "--client", "acme-bv", "--json").stdout)
    assert (item["due"], item["owner"], item["due_on"], item["due_for"]) == ("2020-02-01", "k.smit", "2020-01-31", "again")
    listed = json.loads(root.run("due", "--json").stdout)
    assert [(one["day"], one["what"], one["item"], one["owner"]) for one in listed] == [
        ("2020-01-31", "again", item["item"], "k.smit"), ("2020-02-01", "due", item["item"], "k.smit"),
    ]  # fmt: skip
    root.run("edit", item["item"], "--due", "", "--field", "again=2099-01-31", "--as", "k.smit")
    assert json.loads(root.run("due", "--json").stdout) == []
    assert "2027-03-1" in root.run("edit", item["item"], "--due", "2027-03-1", "--as", "k.smit", code=1).stderr


# A type that becomes one that is never shared


def test_what_is_published_goes_at_once_when_its_type_becomes_never_shared(office: Records) -> None:
    key, other = office.published(type="lease", actor=LISA), office.published()
    assert office.on_portal(key) is not None
    office.configure(settings=SETTINGS.replace("lease: {", "lease: {share: never, "))
    office.portal.office = office.office
    office.portal.reconsider_clients()
    assert office.on_portal(key) is None
    assert office.on_portal(other) is not None
    folder = office.office.portal / "acme-bv"
    traces = [path for path in folder.rglob("*") if path.is_file() and item_name(key).encode() in path.read_bytes()]
    assert traces == []
    assert "taken_off" in office.actions(key)
    office.configure(settings=SETTINGS)
    office.portal.office = office.office
    office.portal.reconsider_clients()
    assert office.on_portal(key) is not None, "it was approved, and nobody withdrew it"


def test_a_running_daemon_takes_it_off_when_the_configuration_is_changed(root: Root) -> None:
    settings = (root.path / "config" / "settings.yaml").read_text()
    root.set("settings", settings + "types: {lease: {share: free}}\n")
    sidecar = "description: Lease of the office\ntype: lease\nshare: yes\nshare_status: approved\nshare_attachments: all\n"
    root.drop("lease", sidecar + "created_by: m.devries\n", lease_pdf=PDF)
    once_here(root)
    portal = root.path / "var" / "portal" / "acme-bv"
    assert list(portal.glob("D-*/lease.pdf"))
    with root.daemon():
        root.set("settings", settings + "types: {lease: {share: never}}\n")
        wait_for(lambda: not list(portal.glob("D-*")), "the item is off the portal")
        wait_for(lambda: not json.loads((portal / "items.json").read_text())["items"], "the index does not name it")
