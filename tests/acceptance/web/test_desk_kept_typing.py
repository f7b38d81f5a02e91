"""What was typed on "New item", in a real Chromium: it stays through a reload, for whoever typed it, until it is saved or they log out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import desk_pages
from kit.browsing import DESKTOP
from kit.desk import DeskRig
from kit.support import PDF
from playwright.sync_api import Browser, Page, Route, expect

PRESETS = "sharing: {guard: off}\npresets: {letters: {folder: Letters, location: 2026/Brieven, description: Brief van de klant, maker: m.devries}}\n"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), PRESETS, staff=desk_pages.STAFF) as made:
        yield made


@pytest.fixture(scope="module")
def cookies(rig: DeskRig) -> dict[str, dict[str, str]]:
    return {who: rig.browser(who).cookies for who in ("p.bakker", "m.devries")}


@pytest.fixture
def page(rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]) -> Iterator[Page]:
    made = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    page = made.new_page()
    log_in(page, rig, cookies["p.bakker"])
    page.goto(address(rig))
    yield page
    made.close()


def log_in(page: Page, rig: DeskRig, cookies: dict[str, str]) -> None:
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": name, "value": value, "url": f"http://127.0.0.1:{rig.port}"} for name, value in cookies.items()]
    )


def address(rig: DeskRig, client: str = "acme-bv") -> str:
    return f"http://127.0.0.1:{rig.port}/clients/{client}/new"


@pytest.mark.slow
def test_what_was_typed_and_what_came_in_is_there_after_a_reload_and_gone_once_it_is_saved(
    rig: DeskRig, page: Page, tmp_path: Path
) -> None:
    (tmp_path / "Bijlage é.pdf").write_bytes(PDF)
    page.fill("#description", "Blijft staan")
    page.fill("#explanation", "Regel één\nRegel twee")
    page.check("input[name=share]")
    page.set_input_files("#pick", str(tmp_path / "Bijlage é.pdf"))
    expect(page.locator("#files")).to_contain_text("geheel ontvangen")
    page.locator("label", has=page.locator("input[name^='share:'][value=no]")).click()
    page.get_by_text("Meer dan één goedkeurder").click()
    page.fill("#approver", "Marieke de Vries (m.devries)")
    page.fill("#approver1", "Karel")
    for _ in range(2):
        page.reload()
        expect(page.locator("#kept")).to_contain_text("Wat u eerder typte staat hier weer")
        expect(page.locator("#kept .again")).to_be_hidden()
        expect(page.locator("#description")).to_have_value("Blijft staan")
        expect(page.locator("#explanation")).to_have_value("Regel één\nRegel twee")
        expect(page.locator("input[name=share]")).to_be_checked()
        expect(page.locator("#files li")).to_have_count(1)
        expect(page.locator("input[name='share:Bijlage é.pdf'][value=no]")).to_be_checked()
        expect(page.locator("#approver1")).to_have_value("Karel")
        expect(page.locator("#approver1")).to_be_visible()
    page.uncheck("input[name=share]")
    page.goto(address(rig, "zon"))
    expect(page.locator("#kept")).to_be_hidden()
    page.goto(address(rig))
    expect(page.locator("input[name=share]")).not_to_be_checked()
    page.reload()
    page.click("#save")
    expect(page.locator("h1")).to_have_text("Blijft staan")
    assert len(rig.office.json("show", page.url.partition("/items/")[2][:13])["attachments"]) == 1, "its file came along"
    page.goto(address(rig))
    expect(page.locator("#description")).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0


def test_a_tab_that_keeps_what_was_saved_in_another_one_has_a_new_item_when_it_is_asked_for(
    rig: DeskRig, page: Page, tmp_path: Path
) -> None:
    (tmp_path / "twee.pdf").write_bytes(PDF)
    page.fill("#description", "In twee tabbladen")
    page.set_input_files("#pick", str(tmp_path / "twee.pdf"))
    expect(page.locator("#files")).to_contain_text("geheel ontvangen")
    with page.context.expect_page() as opened:
        page.evaluate("window.open(location.href)")  # as a tab that is duplicated, it has all that is kept
    other = opened.value
    expect(other.locator("#description")).to_have_value("In twee tabbladen")
    page.click("#save")
    expect(page.locator("h1")).to_have_text("In twee tabbladen")
    other.reload()
    expect(other.locator("h1")).to_have_text("In twee tabbladen")
    other.goto(address(rig))
    expect(other.locator("#kept")).to_be_hidden()
    expect(other.locator("#files li")).to_have_count(0)
    other.fill("#description", "Een volgend stuk")
    other.reload()
    expect(other.locator("#description")).to_have_value("Een volgend stuk")


def test_what_was_not_saved_for_a_fault_is_still_kept(rig: DeskRig, page: Page) -> None:
    page.fill("#description", "kort")
    page.click("#save")
    expect(page.locator("#faults")).to_be_visible()
    page.goto(f"http://127.0.0.1:{rig.port}/")
    page.goto(address(rig))
    expect(page.locator("#description")).to_have_value("kort")


def test_a_file_that_was_still_coming_in_is_named_as_not_kept(rig: DeskRig, page: Page, tmp_path: Path) -> None:
    (tmp_path / "half.pdf").write_bytes(PDF)
    held: list[Route] = []
    page.route("**/files/half.pdf", lambda route: held.append(route))  # noqa: PLW0108 – Playwright takes no built-in
    page.fill("#description", "Met een half bestand")
    page.set_input_files("#pick", str(tmp_path / "half.pdf"))
    expect(page.locator("#files")).to_contain_text("half.pdf")
    page.reload()
    expect(page.locator("#kept .again")).to_be_visible()
    expect(page.locator("#files .fault")).to_contain_text("kies het opnieuw")
    expect(page.locator("#description")).to_have_value("Met een half bestand")


def test_a_file_that_was_taken_out_does_not_come_back(rig: DeskRig, page: Page, tmp_path: Path) -> None:
    (tmp_path / "weg.pdf").write_bytes(PDF)
    page.fill("#description", "Zonder bestand")
    page.set_input_files("#pick", str(tmp_path / "weg.pdf"))
    expect(page.locator("#files")).to_contain_text("geheel ontvangen")
    page.locator("#files button").click()
    expect(page.locator("#files li")).to_have_count(0)
    page.reload()
    expect(page.locator("#description")).to_have_value("Zonder bestand")
    expect(page.locator("#files li")).to_have_count(0)


def test_whoever_begins_anew_has_an_empty_form(rig: DeskRig, page: Page) -> None:
    page.fill("#description", "Toch niet")
    page.reload()
    page.get_by_role("button", name="Begin opnieuw").click()
    expect(page.locator("#kept")).to_be_hidden()
    expect(page.locator("#description")).to_have_value("")
    page.reload()
    expect(page.locator("#description")).to_have_value("")


def test_nobody_else_finds_it_and_after_logging_out_neither_does_who_typed_it(
    rig: DeskRig, page: Page, cookies: dict[str, dict[str, str]]
) -> None:
    page.fill("#description", "Alleen voor Petra")
    page.context.clear_cookies()
    page.reload()
    assert "/_login" in page.url
    log_in(page, rig, cookies["p.bakker"])
    page.goto(address(rig))
    expect(page.locator("#description")).to_have_value("Alleen voor Petra")  # her session had ended, no more
    log_in(page, rig, cookies["m.devries"])
    page.goto(f"http://127.0.0.1:{rig.port}/")
    assert page.evaluate("sessionStorage.length") == 0
    page.goto(address(rig))
    expect(page.locator("#description")).to_have_value("")

    page.fill("#description", "Alleen voor Marieke")
    other = page.context.new_page()
    other.goto(f"http://127.0.0.1:{rig.port}/")
    fresh = rig.browser("m.devries").cookies
    log_in(other, rig, fresh)
    other.reload()
    other.locator(".me summary").click()
    other.get_by_role("button", name="Uitloggen", exact=True).click()
    expect(other).to_have_url(f"http://127.0.0.1:{rig.port}/_login?bye=1")
    assert page.evaluate("sessionStorage.length") == 0, "in each tab of this browser"


def test_a_preset_that_is_chosen_afterwards_fills_in_and_leaves_what_it_does_not_say(rig: DeskRig, page: Page) -> None:
    page.fill("#description", "Eerst getypt")
    page.fill("#labels", "post")
    page.select_option("#preset", "letters")
    page.get_by_role("button", name="Invullen").click()
    expect(page.locator("#description")).to_have_value("Brief van de klant")
    expect(page.locator("#location")).to_have_value("2026/Brieven")
    expect(page.locator("#labels")).to_have_value("post")
    page.fill("#description", "Brief van de notaris")
    page.reload()
    expect(page.locator("#description")).to_have_value("Brief van de notaris")
    expect(page.locator("#location")).to_have_value("2026/Brieven")


def test_an_address_with_somebody_elses_drop_is_a_form_of_ones_own(
    rig: DeskRig, page: Page, cookies: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "geheim.pdf").write_bytes(PDF)
    page.set_input_files("#pick", str(tmp_path / "geheim.pdf"))
    expect(page.locator("#files")).to_contain_text("geheel ontvangen")
    assert "?drop=" in page.url
    log_in(page, rig, cookies["m.devries"])
    page.goto(page.url)
    expect(page.locator("#files li")).to_have_count(0)
    log_in(page, rig, cookies["p.bakker"])
    page.goto(page.url.replace("acme-bv", "zon"))
    expect(page.locator("#files li")).to_have_count(0)
