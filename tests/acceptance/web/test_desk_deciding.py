"""Deciding on the desk: nothing is approved that was not before the approver's eyes, alone or several at once."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from kit.browsing import PHONE
from kit.browsing import accessibility_faults as faults
from kit.desk import DeskRig
from kit.support import PDF, wait_for
from kit.web import Browser
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def joost(rig: DeskRig) -> Browser:
    """Decides where Marieke may not, being the maker."""
    return rig.browser("j.admin")


def concept(rig: DeskRig, stem: str, text: str = "") -> str:
    """A concept for Marieke; its number. With `text` in its file: Marieke's own, held by the guard, so that it is Joost's to decide."""
    maker, status = ("m.devries", "approved") if text else ("p.bakker", "concept")
    keys = f"created_by: {maker}\nshare: yes\nshare_status: {status}\nshare_attachments: all\n"
    name, data = (f"{stem}.txt", text.encode()) if text else (f"{stem}.pdf", PDF + stem.encode())
    rig.office.place("acme-bv", {name: data, f"{stem}.yaml": f"description: Paper {stem} of the year\n{keys}"})
    rig.office.until_taken("acme-bv", stem)
    return str(rig.office.told(stem, "acme-bv")["item"])


def content(rig: DeskRig, item: str) -> str:
    return str(next(one["content"] for one in rig.office.json("queue") if one["item"] == item))


def test_what_asks_for_attention_is_not_approved_before_it_was_on_the_approvers_page(rig: DeskRig, joost: Browser) -> None:
    item = concept(rig, "guarded", "Yearly report of Bakkerij Zon")
    decision = {"decision": "approve", "comment": "", "content": content(rig, item)}
    unseen = joost.post(f"/queue/{item}", decision)
    assert (unseen.status, rig.state(item)) == (409, "concept")
    assert "Bakkerij Zon" in unseen.text, "now it is before the approver's eyes"
    page = joost.get(f"/queue/{item}").text
    assert 'name="asked"' in page
    unticked = joost.post(f"/queue/{item}", {**decision, "asked": "1"})
    assert (unticked.status, rig.state(item)) == (422, "concept")
    assert joost.post(f"/queue/{item}", {**decision, "asked": "1", "seen": "yes"}).status == 303
    assert rig.state(item) in ("approved", "published")


def test_several_are_approved_at_once_only_where_each_was_opened_as_it_is_now(
    rig: DeskRig, marieke: Browser, joost: Browser
) -> None:
    opened, unopened, changed = (concept(rig, f"batch{number}") for number in range(3))
    guarded = concept(rig, "batched", "Letter of Bakkerij Zon")
    for item in (opened, changed):
        marieke.get(f"/queue/{item}")
    joost.get(f"/queue/{guarded}")
    rig.office.run("edit", changed, "--description", "Something else by now", user="p.bakker")
    offered = re.findall(r'name="chosen" value="(D-\S+) ', marieke.get("/queue").text)
    assert offered == [opened]
    assert 'name="chosen"' not in joost.get("/queue").text, "it asks for attention"
    chosen = [("chosen", f"{item} {content(rig, item)}") for item in (opened, unopened, changed, guarded)]
    for browser in (marieke, joost):
        answer = browser._ask("POST", "/queue", urlencode(chosen), {"content-type": "application/x-www-form-urlencoded"})
        assert answer.status == 200
        assert all(item in answer.text for item in (opened, unopened, changed, guarded))
        became = dict(re.findall(r'<li class="row"><div><h3><a href="/\w+/(D-\S+)">.*?class="state (\w+)"', answer.text))
        assert [became[item] for item in (opened, unopened, changed)] == [
            "ok" if browser is marieke else "refused",
            "refused",
            "refused",
        ]
    assert rig.state(opened) in ("approved", "published")
    late = urlencode([("chosen", chosen[0][1])])
    told = [
        who._ask("POST", "/queue", late, {"content-type": "application/x-www-form-urlencoded"}).text for who in (joost, marieke)
    ]
    assert "was approved by Marieke de Vries on" in told[0], "that it was not opened would be no reason"
    assert "goedgekeurd door Marieke" not in told[1], "who pressed twice is told what the first press was told"
    assert [rig.state(item) for item in (unopened, changed, guarded)] == ["concept"] * 3


def test_what_the_guard_could_not_read_is_no_reason_why_the_client_does_not_see_it(rig: DeskRig, marieke: Browser) -> None:
    keys = "created_by: m.devries\ndescription: On the portal\nshare: yes\nshare_status: approved\nshare_attachments: all\n"
    rig.office.place("acme-bv", {"odd.pdf": PDF, "odd.yaml": keys})
    rig.office.until_taken("acme-bv", "odd")
    item = str(rig.office.told("odd", "acme-bv")["item"])
    wait_for(lambda: rig.office.json("show", item)["public"], "it is on the portal")
    page = marieke.get(f"/items/{item}").text
    assert "<code>odd.pdf</code>" in page
    assert "Waarom de klant" not in page
    assert re.search(r"Het staat op het portaal sinds \d+ \w+ \d{4}, \d\d:\d\d", page), "as people write it"


def test_the_preview_is_the_portal_as_it_would_be_and_leads_to_the_items_own_files(rig: DeskRig, marieke: Browser) -> None:
    item = concept(rig, "preview")
    assert f"/queue/{item}/preview/" in marieke.get(f"/queue/{item}").text
    answer = marieke.get(f"/queue/{item}/preview/")
    assert "Paper preview of the year" in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script" not in answer.headers["content-security-policy"]
    assert marieke.get(f"/queue/{item}/preview/preview.pdf").goes_to == f"/items/{item}/attachments/preview.pdf"
    assert rig.browser("k.smit").get(f"/queue/{item}/preview/").status == 404


def test_on_a_phone_the_first_open_thing_stands_above_the_answers_and_the_way_to_the_others_on_top(
    rig: DeskRig, joost: Browser, browser: Chromium
) -> None:
    item = concept(rig, "phoned", "Yearly report of Bakkerij Zon")
    made = browser.new_context(viewport=PHONE)
    made.add_cookies(
        [{"name": name, "value": value, "url": f"http://127.0.0.1:{rig.port}"} for name, value in joost.cookies.items()]
    )
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/queue/{item}")
    look, fetch = page.get_by_role("link", name="Still open"), page.locator(".decide .do").get_by_role("link", name="phoned.txt")
    for where in (0, 10_000):
        page.evaluate("(where) => scrollTo(0, where)", where)
        for seen in (look, page.get_by_role("button", name="Approve"), page.get_by_role("link", name="The list")):
            expect(seen).to_be_in_viewport(ratio=1)
    expect(fetch).to_be_hidden()
    assert not faults(page)
    look.click()
    expect(page.locator("#attention")).to_be_in_viewport(ratio=1)
    top = page.locator(".leads").bounding_box()
    found = page.locator("#attention").bounding_box()
    assert top
    assert found
    assert found["y"] >= top["y"] + top["height"], "it hides behind nothing"
    page.check("#seen")
    expect(look).to_be_hidden()
    expect(fetch).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="The list").click()
    expect(page.locator(f"a[href$='/queue/{item}']").first).to_be_visible()
    made.close()


def test_what_was_decided_meanwhile_shows_no_files_that_are_none(rig: DeskRig, marieke: Browser) -> None:
    item = concept(rig, "over")
    marieke.get(f"/queue/{item}")
    rig.office.run("reject", item, "--comment", "Not yet", user="m.devries")
    page = marieke.get(f"/queue/{item}").text
    assert "Er valt niets te beslissen" in page
    assert "0 bestanden" not in page
