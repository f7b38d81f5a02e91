"""Logging in to the desk: by a mailed link, once, by the address in staff.yaml, and what nobody gets in by."""

from __future__ import annotations

import hashlib
import re
import sqlite3

import pytest
from kit.desk import STAFF, DeskRig
from kit.support import wait_for
from kit.web import Browser


@pytest.fixture(autouse=True)
def _no_one_has_tried_too_often(rig: DeskRig) -> None:
    with sqlite3.connect(rig.office.path / "var/dossier.db", timeout=30) as database:
        database.execute("DELETE FROM login_rate")


def test_whoever_is_not_logged_in_is_sent_to_the_login_and_comes_back_to_where_they_wanted(rig: DeskRig) -> None:
    browser = rig.browser()
    assert browser.get("/queue?q=a%20b").goes_to == "/_login?next=%2Fqueue%3Fq%3Da%2520b"
    goes_on = "Then you go on at the page that you asked for."
    assert goes_on in browser.get("/_login?next=%2Fqueue%3Fq%3Da%2520b").text
    assert goes_on not in browser.get("/_login").text
    assert browser.log_in(rig.mailbox, "M.deVries@office.example", "/queue?q=a%20b") == "/queue?q=a%20b"
    page = browser.get("/").text
    assert "Marieke de Vries" in page
    assert "Mijn werk" in page
    assert browser.get("/_login").goes_to == "/"


def test_a_link_lets_in_once_and_opening_it_uses_nothing_up(rig: DeskRig) -> None:
    before = len(rig.mailbox.mails)
    rig.browser().post("/_login", {"address": "p.bakker@office.example"})
    link = rig.mailbox.link_to("p.bakker@office.example", before)
    for _ in range(3):
        assert "Petra Bakker" in rig.browser().get(link).text
    first, second = rig.browser(), rig.browser()
    assert first.post(link).status == 303
    assert second.post(link).status == 410
    assert not second.cookies


@pytest.mark.parametrize("address", ["l.visser@office.example", "j.jansen@acme.example", "nobody@office.example"])
def test_an_address_that_is_no_active_staff_members_gets_the_same_answer_and_no_mail(rig: DeskRig, address: str) -> None:
    known = rig.browser().post("/_login", {"address": "k.smit@office.example"}).text
    before = len(rig.mailbox.mails)
    assert rig.browser().post("/_login", {"address": address}).text == known.replace("k.smit@office.example", address)
    rig.browser().post("/_login", {"address": "j.admin@office.example"})
    rig.mailbox.link_to("j.admin@office.example", before)
    assert rig.mailbox.to(address, before) == []


def test_whoever_is_not_active_any_more_is_out_at_the_next_click(rig: DeskRig) -> None:
    browser = rig.browser("k.smit")
    assert browser.get("/").status == 200
    rig.office.set("staff", STAFF.replace("clients: [zon]", "clients: [zon], active: false"))
    try:
        wait_for(lambda: browser.get("/").status == 303, "the session is over")
    finally:
        rig.office.set("staff", STAFF)
    assert browser.get("/").status == 303


def test_logging_out_everywhere_ends_every_session(rig: DeskRig) -> None:
    one, two = rig.browser("p.bakker"), rig.browser("p.bakker")
    assert one.post("/_logout", {"everywhere": "1"}).goes_to == "/_login?bye=1"
    assert two.get("/").status == 303


def marks(page: str, staff: str) -> list[str]:
    """Which sessions of a person a page offers to end."""
    return re.findall(rf'name="staff" value="{re.escape(staff)}"><button[^>]* name="session" value="(\w+)"', page)


def test_everybody_sees_their_own_sessions_and_ends_one(rig: DeskRig) -> None:
    one, two, joost = rig.browser("p.bakker"), rig.browser("p.bakker"), rig.browser("j.admin")
    page = one.get("/sessions").text
    mine = marks(page, "p.bakker")
    assert "Deze browser" in page
    assert "Joost" not in page
    his = marks(joost.get("/sessions").text, "j.admin")
    assert one.post("/sessions", {"staff": "j.admin", "session": his[0]}).status == 409
    assert one.post("/sessions", {"staff": "p.bakker", "session": ""}).status == 409
    [other] = [mark for mark in mine if mark in marks(two.get("/sessions").text, "p.bakker") and _is_this(two, mark)]
    assert one.post("/sessions", {"session": other}).goes_to == "/sessions?done=1"
    assert (one.get("/").status, two.get("/").status, joost.get("/").status) == (200, 303, 200)


def _is_this(browser: Browser, mark: str) -> bool:
    cookie = browser.cookies["dossier-desk"]
    return hashlib.sha256(cookie.encode()).hexdigest().startswith(mark)


def test_an_admin_sees_who_is_logged_in_and_ends_one_session_or_all_of_a_person(rig: DeskRig) -> None:
    one, two, joost = rig.browser("p.bakker"), rig.browser("p.bakker"), rig.browser("j.admin")
    assert one.get("/office/sessions").status == 403
    his = marks(joost.get("/office/sessions").text, "j.admin")
    assert one.post("/office/sessions", {"staff": "j.admin", "session": his[0]}).status == 403
    assert one.post("/office/sessions", {"staff": "j.admin", "all": "1"}).status == 403
    page = joost.get("/office/sessions").text
    assert "Petra Bakker" in page
    [mark] = [mark for mark in marks(page, "p.bakker") if _is_this(one, mark)]
    assert joost.post("/office/sessions", {"staff": "p.bakker", "session": mark}).status == 303
    assert (one.get("/").status, two.get("/").status) == (303, 200)
    assert joost.post("/office/sessions", {"staff": "p.bakker", "session": mark}).status == 303, "it was pressed twice"
    assert joost.post("/office/sessions", {"staff": "p.bakker", "session": "0123456789abcdef"}).status == 409
    assert joost.post("/office/sessions", {"staff": "p.bakker", "all": "1"}).goes_to == "/office/sessions?done=1"
    assert (two.get("/").status, joost.get("/").status) == (303, 200)
    ended = [event for event in rig.office.json("audit", "log") if event["action"] == "logged_out"]
    assert (ended[-1]["actor"], ended[-1]["detail"]) == ("j.admin", {"staff": "p.bakker", "everywhere": True, "way": "desk"})


def test_what_was_typed_before_a_session_ended_is_shown_again(rig: DeskRig) -> None:
    answer = rig.browser().post("/queue/D-2026-000001", {"comment": "Page <3> is\nmissing", "decision": "reject"})
    assert answer.status == 401
    assert "Page &lt;3&gt; is\nmissing" in answer.text


def test_another_site_changes_nothing(rig: DeskRig) -> None:
    browser = rig.browser("p.bakker")
    assert browser.post("/_logout", {}, sec_fetch_site="cross-site").status == 403
    assert browser.post("/_logout", {}, origin="https://evil.example").status == 403
    assert browser.get("/").status == 200


@pytest.mark.parametrize(
    "goal", ["//evil.example/", "https://evil.example", "/\\evil.example", "/_logout", "javascript:alert(1)", "/ x"]
)
def test_a_login_leads_to_no_other_site(rig: DeskRig, goal: str) -> None:
    browser = Browser(rig.port)
    assert browser.log_in(rig.mailbox, "p.bakker@office.example", goal) == "/"


def test_nothing_of_the_portal_is_the_desks_and_no_answer_is_kept_or_framed(rig: DeskRig) -> None:
    browser = rig.browser("p.bakker")
    answer = browser.get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert list(browser.cookies) == ["dossier-desk"]
    assert browser.get("/nowhere/at/all").status == 404
    assert browser.get("/_login", method="DELETE").status == 405


def test_somebody_who_asks_in_anothers_name_does_not_lock_them_out(rig: DeskRig) -> None:
    before = len(rig.mailbox.mails)
    browser = rig.browser()
    browser.post("/_login", {"address": "p.bakker@office.example"})
    link = rig.mailbox.link_to("p.bakker@office.example", before)
    while rig.browser().post("/_login", {"address": "p.bakker@office.example"}).status != 429:
        pass
    assert browser.post(link).status == 303
    assert browser.get("/").status == 200


def test_an_address_that_is_pasted_with_signs_that_nobody_sees_is_the_same(rig: DeskRig) -> None:
    browser, before = rig.browser(), len(rig.mailbox.mails)
    assert browser.post("/_login", {"address": "\u200bp.bakker@office.example\u202c "}).status == 200
    assert browser.post(rig.mailbox.link_to("p.bakker@office.example", before)).goes_to == "/"
