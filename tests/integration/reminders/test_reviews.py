"""An item that must be looked at again: who is told, when, and that it is once. Time is a value here, so nothing waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kit.mail_server import Server
from kit.records import CLIENTS, LISA, MARIEKE, STAFF, Records
from kit.support import PDF, Root, once_here, wait_for

from dossier.database.database import close_database, open_database
from dossier.database.tables import Item, Mail, item_name
from dossier.trail import auditing
from workflow.mail import delivering
from workflow.messages import letters
from workflow.messages.composing import Letter
from workflow.outbox.addressees import Addressee
from workflow.reminders import reviews

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
  lease: {review_months: 6}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "office", settings=SETTINGS)
    yield made
    made.close()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wwft(office: Records, review: str | None = "2026-12-01", **more: Any) -> int:
    fields = {"risk": "low", **({"review_date": review} if review else {})}
    return office.make(**{"actor": MARIEKE, "type": "wwft", "fields": fields, **more})


def told(office: Records, when: str) -> dict[str, list[int]]:
    """Who is mailed about which items in a round at this time (UTC)."""
    before = Mail.select().count()
    reviews.remind(office.office, at(when))
    rows = Mail.select().order_by(Mail.id).offset(before)
    assert all((row.kind, row.item, row.client) == ("review", None, None) for row in rows), "whose item it is, is in no row"
    return {row.recipient: [key for key, _ in row.payload["items"]] for row in rows}


def test_the_maker_is_told_once_on_the_day_at_office_hours_and_the_trail_says_so(office: Records) -> None:
    key = wwft(office)
    assert told(office, "2026-11-30T12:00") == {}
    assert told(office, "2026-12-01T06:00") == {}, "before the office opens"
    assert told(office, "2026-12-01T08:00") == {"m.devries": [key]}
    assert office.last_detail(key, "review_reminded") == {"way": "daemon", "to": ["m.devries"], "due": "2026-12-01"}
    close_database()
    open_database(office.office)
    assert told(office, "2026-12-01T08:01") == told(office, "2026-12-02T08:00") == {}, "also not after a start anew"
    assert auditing.first_fault() is None


def test_a_holiday_and_a_weekend_pass_first(office: Records) -> None:
    key = wwft(office, "2026-12-25")
    assert told(office, "2026-12-25T10:00") == told(office, "2026-12-26T10:00") == {}
    assert told(office, "2026-12-28T10:00") == {"m.devries": [key]}


def test_another_date_is_another_mail(office: Records) -> None:
    key = wwft(office)
    assert told(office, "2026-12-01T08:00") == {"m.devries": [key]}
    office.amend(key, MARIEKE, fields={"review_date": "2027-12-01"})
    assert told(office, "2027-11-30T08:00") == {}
    assert told(office, "2027-12-01T08:00") == {"m.devries": [key]}


def test_without_a_date_it_is_so_many_months_after_the_last_change(office: Records) -> None:
    key, lease = wwft(office, None), office.make(LISA, type="lease")
    assert told(office, "2027-05-24T08:00") == {"l.visser": [lease]}
    office.now = at("2027-06-01T09:00")
    office.amend(key, MARIEKE, fields={"risk": "high"})
    assert told(office, "2027-11-24T09:00") == {}
    assert told(office, "2028-06-01T09:00") == {"m.devries": [key]}


def test_what_is_due_at_the_same_time_is_one_letter(office: Records) -> None:
    keys = [wwft(office) for _ in range(2)]
    assert told(office, "2026-12-01T08:00") == {"m.devries": keys}


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
    key = wwft(office)
    office.configure(settings=SETTINGS.replace(old, new), staff=STAFF.replace(old, new))
    assert told(office, "2026-12-01T08:00") == {code: [key] for code in who}


def test_closed_items_and_those_of_clients_who_have_gone_rest(office: Records) -> None:
    wwft(office, status="closed")
    gone = wwft(office, client="zon")
    office.configure(clients=CLIENTS.replace("Bakkerij Zon", "Bakkerij Zon, active: false"))
    assert told(office, "2026-12-01T08:00") == {}
    office.configure(clients=CLIENTS)
    assert told(office, "2026-12-01T08:00") == {"m.devries": [gone]}


def test_a_field_that_was_no_date_before_holds_up_nothing(office: Records) -> None:
    old, key = wwft(office), wwft(office)
    Item.update(fields={"review_date": "soon"}).where(Item.id == old).execute()
    assert told(office, "2026-12-01T08:00") == {"m.devries": [key]}


def test_the_letter_is_in_the_readers_language_and_names_nothing_he_may_not_know_of_any_more(office: Records) -> None:
    key = wwft(office, description="Wwft <Acme>")
    told(office, "2026-12-01T08:00")
    mail = Mail.get()

    def letter() -> Letter:
        content = delivering.content(office.office, office.now, mail)
        return letters.letter_of(office.office, "review", mail.language, mail.name, None, None, content)[0]

    assert letter().subject == "1 dossierstuk moet opnieuw worden bekeken"
    assert f"{item_name(key)}, Acme B.V.: Wwft <Acme> (sinds 1 december 2026)" in letter().text.replace("\n  ", " ")
    assert "Wwft &lt;Acme&gt;" in letter().html
    mail.language = "en"
    assert letter().subject == "1 item is due for review"
    assert isinstance(delivering.addressee(office.office, office.now, mail), Addressee)
    office.configure(settings=SETTINGS.replace("[m.devries, k.smit]", "[k.smit]"))
    assert "need not know" in str(delivering.addressee(office.office, office.now, mail))


def test_run_once_sends_it_once(root: Root, post: Server) -> None:
    settings = f"mail: {{host: 127.0.0.1, port: {post.port}}}\ntypes: {{wwft: {{share: never, fields: {{again: date}}, review_field: again}}}}\n"
    root.set("settings", (root.path / "config" / "settings.yaml").read_text() + settings)
    root.drop("due", "description: Wwft of Acme\ntype: wwft\nagain: 2020-01-31\nattachments: []\ncreated_by: k.smit\n")
    for _ in range(3):
        once_here(root)
    (mail,) = post.mails
    assert mail["To"] == "Karel Smit <k.smit@office.example>"


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
