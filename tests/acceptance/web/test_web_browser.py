"""The web portal in a real Chromium: logging in, downloading, keyboard, phone, dark, and what a hostile file can't do.

With SCREENSHOTS=FOLDER in the environment some pages are kept there as pictures (make screenshots).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.browsing import DESKTOP, PHONE, accessibility_faults
from kit.support import wait_for
from kit.web import Rig
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dossier.database.tables import item_key

SAMPLES = Path(__file__).parents[3] / "demo" / "samples"

CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}
      - {id: s.okafor, name: Sarah Okafor, email: s.okafor@acme.example, language: en}
      - {id: books, name: The Bookkeeper, email: books@keeper.example, language: en}
  bakkerij-zon:
    name: Bakkerij De Zon
    contacts: [{id: books, name: The Bookkeeper, email: books@keeper.example, language: en}]
  leeg:
    name: Nieuwe Klant
    contacts: [{id: n, name: Nina Nieuw, email: nina@leeg.example}]
"""

DOCUMENTED = {"web-list-desktop", "web-list-phone", "web-login-desktop"}

HOSTILE = b"<!doctype html><title>x</title><script>document.title='owned';fetch('/')</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    root = tmp_path_factory.mktemp("office")
    with Rig.running(root, CLIENTS) as made:

        def sample(client: str, name: str) -> dict[str, bytes]:
            return {name: (SAMPLES / client / name).read_bytes()}

        vpb, letter = (
            "Aanslag vennootschapsbelasting 2024",
            "Brief van de Belastingdienst over de aangifte omzetbelasting derde kwartaal",
        )
        old = made.publish("acme-bv", "vpb", sample("acme-bv", "aanslag-vpb-2024.pdf"), description=vpb)
        files = sample("acme-bv", "jaarrekening-2025.pdf") | sample("acme-bv", "werkbalans-2025.xlsx")
        words = "explanation: Graag ondertekenen op bladzijde 12 en terugsturen voor 1 december.\nshare_explanation: yes\n"
        made.publish("acme-bv", "jaar", files, words, "Jaarrekening 2025")
        made.publish("acme-bv", "brief", {"brief.html": HOSTILE, "tekening.svg": SVG}, description=letter)
        made.publish(
            "bakkerij-zon", "loon", sample("bakkerij-zon", "loonstaat-2026-10.pdf"), description="Loonstaat oktober 2026"
        )
        with sqlite3.connect(root / "var/dossier.db", timeout=30) as database:
            database.execute("UPDATE item SET published_at = '2024-06-12T09:00:00.000000Z' WHERE id = ?", [item_key(old)])
            database.commit()  # else the daemon waits for us
            done = "SELECT count(*) = 5 FROM page_file"  # three pictures of first pages, two archives
            wait_for(lambda: database.execute(done).fetchone()[0], "pictures and archives are made", 120)
        yield made


@pytest.fixture
def context(browser: Browser, rig: Rig) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=f"http://127.0.0.1:{rig.port}", viewport=DESKTOP, locale="nl-NL", accept_downloads=True)
    yield made
    made.close()


def log_in(rig: Rig, page: Page, address: str, goal: str = "/") -> None:
    before = len(rig.mailbox.mails)
    page.goto(goal)
    page.locator("#address").fill(address)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Kijk in uw mail")
    page.goto(rig.mailbox.link_to(address, before))
    page.locator("main button").click()


def keep(page: Page, name: str) -> None:
    """The page as a picture, if it is one that the documentation shows."""
    if (folder := os.environ.get("SCREENSHOTS")) and name in DOCUMENTED:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")


def check(page: Page, name: str) -> None:
    """The page is without faults of accessibility, light on a desk and dark on a phone; nothing is cut off."""
    faults = []
    for view, scheme, size in ((DESKTOP, "light", "desktop"), (PHONE, "dark", "phone")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(view)  # type: ignore[arg-type]
        keep(page, f"web-{name}-{size}")
        faults += [f"{size} {scheme}: {fault}" for fault in accessibility_faults(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is wider than a {size}"
    assert not faults, "\n".join(faults)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def test_a_contact_logs_in_and_downloads_with_the_keyboard_alone(rig: Rig, context: BrowserContext) -> None:
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(rig, page, "j.jansen@acme.example", "/acme-bv/")
    expect(page).to_have_url(f"http://127.0.0.1:{rig.port}/acme-bv/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Direct naar de inhoud")
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if "jaarrekening-2025.pdf" in page.locator(":focus").inner_text():
            break
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "jaarrekening-2025.pdf"
    assert Path(download.value.path()).read_bytes() == (SAMPLES / "acme-bv" / "jaarrekening-2025.pdf").read_bytes()
    page.locator("button", has_text="Uitloggen").click()
    expect(page.locator("h1")).to_have_text("U bent uitgelogd")
    page.go_back()
    page.reload()
    expect(page.locator("h1")).to_have_text("Inloggen")
    assert complaints == []


def test_the_session_is_out_of_reach_of_scripts_and_no_page_has_any(rig: Rig, context: BrowserContext) -> None:
    page, elsewhere = context.new_page(), []
    page.on("request", lambda request: elsewhere.append(request.url) if f"127.0.0.1:{rig.port}" not in request.url else None)
    log_in(rig, page, "s.okafor@acme.example")
    assert page.evaluate("document.cookie") == ""
    cookie = context.cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Lax", -1)
    assert page.locator("script").count() == 0
    assert elsewhere == []


def test_a_hostile_file_is_saved_and_never_shown_as_a_page(rig: Rig, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(rig, page, "s.okafor@acme.example", "/acme-bv/")
    for name in ("brief.html", "tekening.svg"):
        link = page.locator("article a", has_text=name)
        address = link.get_attribute("href") or ""
        with page.expect_download() as download:
            link.click()
        assert download.value.suggested_filename == name
        with page.expect_download():  # typed, or from another page: the same
            page.evaluate("address => { location.href = address }", address)
    expect(page).to_have_title("Acme B.V. – Klantportaal Vis")


def test_first_pages_are_seen_in_the_list_and_nobody_else_sees_them(rig: Rig, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(rig, page, "s.okafor@acme.example", "/acme-bv/")
    pictures = page.locator("article img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth > 50", arg=picture.element_handle())
    address = pictures.first.get_attribute("src") or ""
    headers = page.request.get(address).headers
    assert (headers["content-type"], headers["cache-control"]) == ("image/webp", "no-store")
    context.clear_cookies()
    assert page.request.get(address).status == 404


def test_another_site_can_neither_frame_the_portal_nor_post_to_it(rig: Rig, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(rig, page, "j.jansen@acme.example", "/acme-bv/")
    evil = context.new_page()
    evil.route("http://evil.example/**", lambda route: route.fulfill(content_type="text/html", body=(
        f"<iframe src='http://127.0.0.1:{rig.port}/acme-bv/'></iframe>"
        f"<form method=post action='http://127.0.0.1:{rig.port}/_logout'><button>x</button></form>"
    )))  # fmt: skip
    evil.goto("http://evil.example/")
    assert "Acme" not in evil.frames[1].content()
    evil.locator("button").click()
    expect(evil.locator("h1")).to_have_text("Niet gedaan")
    page.reload()
    expect(page.locator("h1")).to_have_text("Acme B.V.")


def test_pages_before_the_login_are_accessible(rig: Rig, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/_login")
    check(page, "login")
    page.locator("#address").fill("nobody")
    page.locator("main button").click()
    expect(page.locator("#address")).to_be_focused()
    check(page, "login-wrong")
    before = len(rig.mailbox.mails)
    page.locator("#address").fill("nina@leeg.example")
    page.locator("main button").click()
    check(page, "login-asked")
    link = rig.mailbox.link_to("nina@leeg.example", before)
    page.goto(link)
    check(page, "link")
    page.locator("main button").click()
    expect(page.locator(".empty")).to_be_visible()
    check(page, "list-empty")
    page.locator(".who button").click()
    check(page, "logged-out")
    page.goto(link)
    check(page, "link-over")


def test_pages_behind_the_login_are_accessible(rig: Rig, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(rig, page, "j.jansen@acme.example")
    check(page, "list")
    page.locator("h3 a", has_text="Jaarrekening 2025").click()
    expect(page.locator("h1")).to_have_text("Jaarrekening 2025")
    check(page, "item")
    page.goto("/acme-bv/?q=jaar")
    expect(page.locator("article")).to_have_count(1)
    check(page, "found")
    page.goto("/acme-bv/D-2020-000001")
    check(page, "gone")


def test_who_has_several_clients_chooses_in_his_own_language(rig: Rig, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(rig, page, "books@keeper.example")
    expect(page.locator("h1")).to_have_text("Whose documents?")
    check(page, "clients")
    page.locator("main a", has_text="Bakkerij De Zon").click()
    expect(page.locator("h1")).to_have_text("Bakkerij De Zon")
    expect(page.locator("article h3")).to_have_text(["Loonstaat oktober 2026"])
    page.locator("a", has_text="Another client").click()
    expect(page.locator("h1")).to_have_text("Whose documents?")


def test_printed_there_is_nothing_to_press(rig: Rig, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(rig, page, "books@keeper.example")
    page.locator("main a", has_text="Bakkerij De Zon").click()
    expect(page.locator("a", has_text="Another client")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("article h3")).to_be_visible()
    for one in page.locator("a.view, .count a, button").all():
        expect(one).not_to_be_visible()
    page.goto(page.locator("article h3 a").get_attribute("href") or "")
    expect(page.locator("article li").first).to_be_visible()
    assert page.locator("a.view").count()
    for one in page.locator("a.view, main > p a").all():
        expect(one).not_to_be_visible()
