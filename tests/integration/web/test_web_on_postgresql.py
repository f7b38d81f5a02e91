"""Logging in, seeing, opening and being reminded, with the records on PostgreSQL: the same rooms, the same answers."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from kit.portals import SETTINGS, PortalOffice
from kit.servers import new_database
from kit.support import free_port
from kit.web import Browser, file_links, portal

from dossier.database.database import close_database
from dossier.database.tables import Item, Mail, item_key
from dossier.text import clock
from dossier.trail import auditing
from workflow.portal_access import access, logins, opened
from workflow.portal_access.access import SeatDirectory
from workflow.reminders import unopened
from workflow.reports import finding


@pytest.mark.sqlite  # it has a PostgreSQL of its own
def test_the_web_portal_keeps_its_word_on_postgresql(tmp_path: Path) -> None:
    office = PortalOffice(tmp_path / "office", settings=f"{SETTINGS}database: {{url: '{new_database()}'}}\n")
    item = office.share({"a.pdf": b"content"}, contact="j.jansen")
    office.publish()
    now, directory = clock.utc_now(), SeatDirectory(office.office)
    Item.update(notified_at=clock.to_text(now)).execute()

    waits = [access.ask(now, "j.jansen@acme.example", "192.0.2.7", f"/acme-bv/{item}") for _ in range(11)]
    assert waits == [0] * 10 + [90]
    assert logins.answer(office.office, now) == 10

    unopened.note_portal(now)
    unopened.note_portal(now + timedelta(days=8))
    assert unopened.remind(office.office, now + timedelta(days=8)) == 1
    assert unopened.remind(office.office, now + timedelta(days=8)) == 0
    assert Mail.select().where(Mail.kind == "unopened").count() == 1

    def found() -> list[int]:
        return [one.id for one in finding.find_items(finding.Filter(unopened=True), 0)]

    assert found() == [item_key(item)]
    link = access.new_link(office.office, now, "j.jansen@acme.example", f"/acme-bv/{item}", "nl").rpartition("/")[2]
    begun = []

    def press() -> None:
        begun.append(access.log_in(directory, now, link, "192.0.2.7"))
        close_database()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in begun if one]) == 1

    with portal(office.root, free_port()) as served:
        browser = Browser(served.port)
        link = access.new_link(office.office, clock.utc_now(), "j.jansen@acme.example", f"/acme-bv/{item}", "nl")
        assert browser.post("/_login/" + link.rpartition("/")[2]).goes_to == f"/acme-bv/{item}"
        assert item in browser.get("/acme-bv/?q=annual").text
        assert browser.get(file_links(browser.get(f"/acme-bv/{item}").text)[0]).body == b"content"
        browser.post("/_logout")
        assert browser.get("/acme-bv/").goes_to == "/_login?next=/acme-bv/"
    assert [(one["contact"], one["file"]) for one in opened.openings_of(office.row(item))] == [
        ("j.jansen", None),
        ("j.jansen", "a.pdf"),
    ]
    assert found() == []
    access.sweep(now + timedelta(days=3))
    assert auditing.first_fault() is None
    office.close()
