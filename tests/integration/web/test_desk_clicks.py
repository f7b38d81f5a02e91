"""What counts as a click on the desk, and that what is done from a page holds for what stood on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.calling import Caller, Told
from kit.records import LISA, STAFF, Records, with_inbox

from desk.web.staff.app import DeskWeb
from dossier.database.tables import Edition, item_name
from dossier.database.web_tables import DeskSession
from dossier.office.people import Actor
from dossier.text import clock
from ingest.sources import staging
from workflow.items import items
from workflow.portal_access import staff_access


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        yield made


class Person:
    """Somebody whose last click was half an hour ago."""

    def __init__(self, office: Records, who: str = "l.visser") -> None:
        self.began = clock.utc_now() - timedelta(minutes=30)
        self.cookie = f"dossier-desk={staff_access.begin(office.office, self.began, who, 'link', '192.0.2.7')}"
        self.caller = Caller(DeskWeb(office.office, {}).app)

    def get(self, path: str) -> Told:
        return self.caller.ask("GET", path, cookie=self.cookie)

    def post(self, path: str, **fields: str) -> Told:
        return self.caller.post(path, list(fields.items()), cookie=self.cookie)

    def is_seen_since(self) -> bool:
        return bool(DeskSession.get().seen_at > clock.to_text(self.began))


def test_a_page_that_asks_again_by_itself_keeps_nobody_logged_in(office: Records) -> None:
    lisa, desk = Person(office), Actor("l.visser", "desk")
    row = staging.begin(office.office, clock.utc_now(), desk, "acme-bv")
    staging.commit(office.office, clock.utc_now(), desk, row, {"description": "On its way"}, {})
    assert lisa.get(f"/drops/{row.id}?again=1").status == 200
    assert not lisa.is_seen_since()
    assert b"data-again" in lisa.get(f"/drops/{row.id}").body
    assert lisa.is_seen_since()


def test_the_page_of_a_link_is_not_for_whoever_left_since_it_was_mailed(office: Records) -> None:
    secret = staff_access.new_link(office.office, clock.utc_now(), "l.visser", "/").rpartition("/")[2]
    assert b"Lisa Visser" in Caller(DeskWeb(office.office, {}).app).ask("GET", f"/_login/{secret}").body
    office.configure(staff=STAFF.replace("nl, rights: [create, share]", "nl, active: no, rights: [create, share]"))
    told = Caller(DeskWeb(office.office, {}).app).ask("GET", f"/_login/{secret}")
    assert (told.status, b"Lisa Visser" in told.body) == (410, False)


def test_both_words_at_once_are_no_decision(office: Records) -> None:
    files = [office.file("accounts.pdf", "accounts", share=True)]
    item = office.make(files=files, share=True, share_status="concept", approvers=("m.devries",))
    marieke = Person(office, "m.devries")
    content = Edition.get_by_id(items.get(item).pending).content
    fields = [("decision", "reject"), ("decision", "approve"), ("comment", "look"), ("content", content)]
    path = f"/queue/{item_name(item)}"
    assert marieke.caller.post(path, fields, cookie=marieke.cookie).status == 422
    assert office.state(item) == "concept"
    assert marieke.caller.post(path, fields[1:], cookie=marieke.cookie).status == 303
    assert office.state(item) == "published"


def test_what_was_changed_since_the_page_was_made_is_not_put_back(office: Records) -> None:
    item = office.published()
    office.withdraw(item)
    lisa, version = Person(office), items.get(item).version
    assert f'name="version" value="{version}"'.encode() in lisa.get(f"/items/{item_name(item)}").body.partition(b"/publish")[2]
    office.amend(item, LISA, location="2026")
    assert lisa.post(f"/items/{item_name(item)}/publish", version=str(version)).status == 409
    assert office.state(item) == "withdrawn"
    assert lisa.post(f"/items/{item_name(item)}/publish", version=str(version + 1)).status == 303
    assert office.state(item) == "published"
