"""Who opened what, and the one reminder to a contact who hasn't. Time is a value here, so nothing waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.portals import CLIENTS, SETTINGS, START, PortalOffice

from dossier.database.tables import Event, Item, Mail, item_key
from dossier.text import clock
from dossier.text.sentences import told, unpacked
from workflow.mail import delivering
from workflow.portal_access import access, opened, openings
from workflow.portal_access.access import Seat, SeatDirectory
from workflow.portal_access.lines import listed
from workflow.portal_access.openings import PublicItem
from workflow.reminders import unopened
from workflow.reports import finding

DAY = timedelta(days=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    unopened.note_portal(START)
    yield made
    made.close()


def tell(office: PortalOffice, description: str = "Annual accounts", contact: str = "j.jansen") -> str:
    """An item on the portal whose contact was told of it."""
    item = office.share({"a.pdf": description.encode()}, description=description, contact=contact)
    office.publish()
    Item.update(notified_at=clock.to_text(office.now)).where(Item.id == item_key(item)).execute()
    return item


def shown(office: PortalOffice, item: str) -> PublicItem:
    found = openings.find_shown(office.office, ["acme-bv"], item_key(item))
    assert found is not None
    return found


def jan(office: PortalOffice) -> list[Seat]:
    return list(SeatDirectory(office.office).seats(access.folded("j.jansen@acme.example")))


def remind(office: PortalOffice, days: float) -> list[list[str]]:
    """What the letters name that are asked for so many days on, with the portal running all the time."""
    now = office.now + days * DAY
    day = START
    while day < now:
        unopened.note_portal(day)
        day += DAY / 2
    unopened.note_portal(now)
    unopened.remind(office.office, now)
    waiting = list(Mail.select().where((Mail.kind == "unopened") & (Mail.state == "waiting")).order_by(Mail.id))
    Mail.update(state="sent").where(Mail.id.in_([mail.id for mail in waiting])).execute()
    return [mail.payload["descriptions"] for mail in waiting]


def test_a_contact_who_has_not_opened_an_item_is_reminded_once(office: PortalOffice) -> None:
    item = tell(office)
    assert remind(office, 6.9) == []
    assert remind(office, 7.1) == [["Annual accounts"]]
    assert remind(office, 8) == []
    assert remind(office, 30) == []
    assert Event.select().where((Event.item == item_key(item)) & (Event.action == "contact_reminded")).count() == 1


def test_one_letter_names_all_that_a_contact_has_not_opened(office: PortalOffice) -> None:
    tell(office, "Annual accounts")
    tell(office, "Tax return")
    assert remind(office, 8) == [["Annual accounts", "Tax return"]]


@pytest.mark.parametrize("way", ["page", "file"])
def test_who_has_opened_the_page_or_a_file_is_not_reminded(office: PortalOffice, way: str) -> None:
    what = shown(office, tell(office))
    openings.record(office.office, office.now, jan(office), what, what.what.attachments if way == "file" else ())
    assert remind(office, 8) == []


def test_another_version_that_nobody_opened_is_reminded_of_if_it_was_told_of(office: PortalOffice) -> None:
    item = tell(office)
    openings.record(office.office, office.now, jan(office), shown(office, item))
    office.amend(item, {"a.pdf": b"another"})
    office.publish()
    assert remind(office, 8) == []  # told of the first, and opened that
    Item.update(notified_at=clock.to_text(office.now)).execute()
    assert remind(office, 8) == [["Annual accounts"]]


def test_what_is_off_the_portal_is_not_reminded_of(office: PortalOffice) -> None:
    gone = tell(office)
    office.withdraw(gone)
    assert remind(office, 8) == []
    office.publish()
    assert remind(office, 9) == []


def test_nobody_is_reminded_of_what_he_was_not_told_of(office: PortalOffice) -> None:
    office.share({"a.pdf": b"x"}, contact="j.jansen")
    office.publish()
    assert remind(office, 8) == []


def test_a_contact_or_client_that_is_not_active_any_more_is_not_reminded(office: PortalOffice) -> None:
    tell(office)
    office.configure(clients=CLIENTS.replace("email: j.jansen@acme.example}", "email: j.jansen@acme.example, active: false}"))
    assert remind(office, 8) == []
    office.configure(clients=CLIENTS.replace("language: en,", "language: en, portal: false,"))
    assert remind(office, 9) == []
    office.configure(clients=CLIENTS)
    assert remind(office, 10) == [["Annual accounts"]]


def test_where_the_web_portal_is_not_used_nobody_is_reminded(office: PortalOffice) -> None:
    tell(office)
    assert unopened.remind(office.office, office.now + 8 * DAY) == 0  # it has not run since the start
    assert remind(office, 8) == [["Annual accounts"]]


def test_nobody_is_reminded_of_what_he_was_told_before_the_web_portal_ran(office: PortalOffice) -> None:
    tell(office)
    back = office.now + 20 * DAY  # away for longer than AWAY_DAYS
    unopened.note_portal(back)
    assert unopened.portal_since(back) == clock.to_text(back)
    assert unopened.remind(office.office, back) == 0


@pytest.mark.parametrize(("setting", "days", "letters"), [("0", 30, 0), ("2", 1.9, 0), ("2", 2.1, 1)])
def test_the_days_are_a_setting_and_zero_is_never(office: PortalOffice, setting: str, days: float, letters: int) -> None:
    office.configure(settings=f"{SETTINGS}portal: {{remind_contact_days: {setting}}}\n")
    tell(office)
    assert len(remind(office, days)) == letters


def test_a_reminder_says_what_was_approved_and_not_what_waits(office: PortalOffice) -> None:
    item = tell(office)
    Item.update(description="Not approved yet").where(Item.id == item_key(item)).execute()
    assert remind(office, 8) == [["Annual accounts"]]


def test_what_is_opened_before_the_reminder_is_sent_is_left_out_of_it(office: PortalOffice) -> None:
    first, _ = tell(office, "Annual accounts"), tell(office, "Tax return")
    now = office.now + 8 * DAY
    unopened.note_portal(START + 3 * DAY)
    unopened.note_portal(now)
    assert unopened.remind(office.office, now) == 1
    openings.record(office.office, now, jan(office), shown(office, first))
    assert delivering.drop_unwanted(office.office, now, Mail.get(Mail.kind == "unopened")) is None
    mail = Mail.get(Mail.kind == "unopened")
    assert (mail.state, told(unpacked(mail.error))) == ("cancelled", "it was opened, or taken off the portal, meanwhile")
    assert remind(office, 8) == [["Tax return"]]


# Openings


def test_openings_are_counted_and_a_reload_is_not(office: PortalOffice) -> None:
    what = shown(office, tell(office))
    for seconds in (0, 30, 59, 61, 200):
        openings.record(office.office, office.now + timedelta(seconds=seconds), jan(office), what)
    found = opened.openings_of(office.row(what.what.item))
    assert [(one["contact"], one["file"], one["times"]) for one in found] == [("j.jansen", None, 3)]
    assert found[0]["first_at"] < found[0]["last_at"]


def test_what_was_withdrawn_is_seen_by_nobody_from_that_moment(office: PortalOffice) -> None:
    item = tell(office)
    office.withdraw(item)
    assert office.row(item).public is not None  # publishing.py has not been there yet
    assert openings.find_shown(office.office, ["acme-bv"], item_key(item)) is None
    assert listed(office.office, "acme-bv").lines == []


def test_what_is_amended_is_seen_as_it_was_until_the_new_is_on_the_portal(office: PortalOffice) -> None:
    item = tell(office)
    before = shown(office, item)
    office.amend(item, {"a.pdf": b"another"}, description="Another description")
    assert shown(office, item) == before
    office.publish()
    assert shown(office, item).what.description == "Another description"


def test_a_client_sees_what_is_his_and_nothing_of_another(office: PortalOffice) -> None:
    mine = office.share({"a.pdf": b"x"})
    theirs = office.share({"a.pdf": b"x"}, client="zon")
    office.share({"a.pdf": b"x"}, description="Not on the portal yet")
    office.publish()
    key = item_key(theirs)
    assert openings.find_shown(office.office, ["acme-bv"], key) is None
    assert openings.find_shown(office.office, ["zon"], key) is not None
    assert openings.find_shown(office.office, [], key) is None
    assert mine in [
        one.what.item for one in openings.load_shown(office.office, "acme-bv", listed(office.office, "acme-bv").lines)
    ]


def test_a_type_that_is_never_shared_any_more_is_seen_by_nobody(office: PortalOffice) -> None:
    office.configure(settings=f"{SETTINGS}types: {{advice: {{}}}}\n")
    item = office.share({"a.pdf": b"x"}, type="advice")
    office.publish()
    assert shown(office, item)
    office.configure(settings=f"{SETTINGS}types: {{advice: {{share: never}}}}\n")
    assert openings.find_shown(office.office, ["acme-bv"], item_key(item)) is None


def test_items_that_nobody_opened_as_they_are_now_are_found(office: PortalOffice) -> None:
    first, second = tell(office, "Annual accounts"), tell(office, "Tax return")

    def found() -> list[str]:
        return sorted(finding.summary(item)["item"] for item in finding.find_items(finding.Filter(unopened=True), 0))

    assert found() == [first, second]
    openings.record(office.office, office.now, jan(office), shown(office, first))
    assert found() == [second]
    office.amend(first, {"a.pdf": b"another"})
    office.publish()
    assert found() == [first, second]
    office.withdraw(first)
    office.publish()
    assert found() == [second]
