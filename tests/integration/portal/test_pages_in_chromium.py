"""The portal's pages opened from disk in a real Chromium: search, keyboard, phone, dark, print, WCAG, and nothing from elsewhere.

With SCREENSHOTS=FOLDER in the environment the pages are kept as pictures there.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import fpdf
import pytest
from kit.browsing import DESKTOP, PHONE, accessibility_faults
from kit.portals import SETTINGS, PortalOffice
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from workflow.portal import lists, pages
from workflow.portal.pages import ShownFile, ShownItem

CLIENTS = """\
clients:
  acme-bv: {name: Acme B.V., language: nl}
  northwind-ltd: {name: Northwind Ltd, language: en}
  hostile: {name: Northwind Ltd, language: en}
  leeg: {name: Nieuwe Klant, language: nl}
"""
NOW = "2026-11-25T10:00:00+01:00"
HOSTILE = "<img src=x onerror=alert(1)><script>document.title='owned'</script>"


def paper(title: str, colour: tuple[int, int, int] = (11, 95, 85)) -> bytes:
    """A sheet with a title and a table, as offices send them."""
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_fill_color(*colour)
    pdf.rect(0, 0, 210, 24, "F")
    pdf.set_y(38)
    pdf.set_font("helvetica", "B", 20)
    pdf.multi_cell(0, 10, title)
    pdf.set_font("helvetica", size=11)
    for number in range(1, 16):
        pdf.ln(9)
        pdf.cell(120, 8, f"Post {number}", border="B")
        pdf.cell(50, 8, f"{number * 1234}", border="B", align="R")
    return bytes(pdf.output())


def photo() -> bytes:
    image = Image.new("RGB", (600, 400), (130, 160, 190))
    draw = ImageDraw.Draw(image)
    draw.rectangle([90, 170, 290, 380], fill=(150, 90, 60))
    draw.polygon([(70, 170), (190, 80), (310, 170)], fill=(90, 50, 40))
    draw.rectangle([340, 200, 560, 380], fill=(210, 205, 195))
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


SHEET = b"PK\x03\x04" + bytes(98_000)
ITEMS = [
    ("acme-bv", "2024-03-11", "Aangifte inkomstenbelasting 2022", {"aangifte-ib-2022.pdf": paper("Aangifte", (60, 60, 120))}, None),
    ("acme-bv", "2025-01-20", "Loonstaten 2024", {"loonstaat-2024.pdf": paper("Loonstaat"), "loonstaat-2024.xlsx": SHEET}, None),
    ("acme-bv", "2026-05-19", "Taxatie bedrijfspand Dorpsstraat 12",
     {"foto-pand.jpg": photo(), "taxatierapport.pdf": paper("Taxatierapport", (40, 40, 40)), "notitie.txt": b"x" * 380},
     "Het rapport is opgesteld na de bezichtiging van 12 mei.\nDe foto is voor uw eigen archief."),
    ("acme-bv", "2026-11-20", "Jaarrekening 2025 met werkbalans",
     {"jaarrekening-2025.pdf": paper("Jaarrekening 2025"), "werkbalans-2025.xlsx": SHEET},
     "De jaarrekening is vastgesteld. Teken het laatste blad en stuur het ons terug."),
    ("acme-bv", "2026-11-23", "Specificatie rekening-courant",
     {"Specificatie rekening-courant directeur-grootaandeelhouder 2025 (definitief).pdf": paper("Rekening-courant")}, None),
    ("northwind-ltd", "2025-05-02", "VAT return, first quarter 2025", {"vat-return-q1-2025.pdf": paper("VAT return", (120, 60, 20))}, None),
    ("hostile", "2025-05-02", f"VAT return {HOSTILE}", {"page.html": b"<script>document.title='owned'</script>"}, HOSTILE),
    ("northwind-ltd", "2026-11-22", "Engagement letter 2027", {"engagement-letter.pdf": paper("Engagement letter")}, None),
]  # fmt: skip


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal's folder with what an office publishes in some years."""
    office = PortalOffice(
        tmp_path_factory.mktemp("portal") / "office", clients=CLIENTS, settings=SETTINGS + "portal: {title: Kantoor De Vries}\n"
    )
    for client, day, description, files, explanation in ITEMS:
        office.now = datetime.fromisoformat(f"{day}T10:12:00+01:00")
        office.share(files, client, description, explanation=explanation, share_explanation=explanation is not None)
        office.publish()
    empty = office.share({"x.txt": b"x"}, "leeg")
    office.publish()
    office.withdraw(empty)
    office.dress()
    path = office.office.portal
    office.close()
    return path


@contextmanager
def opened(browser: Browser, path: Path, **options: object) -> Iterator[Page]:
    """The page, opened from disk as if it were NOW. What it asks for that isn't in its folder fails the test."""
    context = browser.new_context(**{"viewport": DESKTOP, **options})  # type: ignore[arg-type]
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: faults.append(f"not there: {request.url}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"file://{path}")
    assert not [url for url in asked if not url.startswith(f"file://{path.parent}/")]
    assert not faults
    yield page
    context.close()


def keep(page: Page, name: str) -> None:
    """A picture of the page for the documentation, if one is asked for."""
    folder = os.environ.get("SCREENSHOTS")
    if folder and name == "portal-desktop":
        page.wait_for_load_state("networkidle")
        page.screenshot(path=Path(folder) / f"{name}.png")


LOOKS = [
    ("portal-desktop", "acme-bv", {}),
    ("portal-phone", "acme-bv", {"viewport": PHONE}),
    ("portal-dark", "acme-bv", {"color_scheme": "dark"}),
    ("portal-phone-dark-english", "northwind-ltd", {"viewport": PHONE, "color_scheme": "dark"}),
    ("portal-empty", "leeg", {}),
]


@pytest.mark.parametrize(("name", "client", "options"), LOOKS, ids=[look[0] for look in LOOKS])
def test_a_page_meets_wcag_and_fits_its_screen(
    browser: Browser, portal: Path, name: str, client: str, options: dict[str, object]
) -> None:
    with opened(browser, portal / client / "index.html", **options) as page:
        assert accessibility_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        keep(page, name)


def test_it_is_styled_marked_and_has_its_pictures(browser: Browser, portal: Path) -> None:
    with opened(browser, portal / "acme-bv/index.html") as page:
        assert page.evaluate("getComputedStyle(document.querySelector('article')).borderRadius") == "16px"
        assert page.locator("h3").all_inner_texts()[:2] == ["Specificatie rekening-courant", "Jaarrekening 2025 met werkbalans"]
        assert page.locator("article:has(strong) h3").all_inner_texts() == page.locator("h3").all_inner_texts()[:2]
        page.locator("article img").first.scroll_into_view_if_needed()
        assert page.locator("article img").first.evaluate("image => image.naturalWidth") > 100
        assert page.locator("article img").count() == 6


def test_search_finds_by_any_words_without_accents_and_tells_how_many(browser: Browser, portal: Path) -> None:
    with opened(browser, portal / "acme-bv/index.html") as page:
        words = page.get_by_label("Zoek in omschrijvingen en bestandsnamen")
        words.fill("TAXATIE pand")
        expect(page.locator("article:visible h3")).to_have_text(["Taxatie bedrijfspand Dorpsstraat 12"])
        expect(page.get_by_role("status")).to_have_text("Eén stuk gevonden")
        expect(page.locator("section:visible")).to_have_count(1)
        words.fill("xlsx")
        expect(page.get_by_role("status")).to_have_text("2 stukken gevonden")
        words.fill("nergens")
        expect(page.get_by_role("status")).to_have_text("Niets gevonden. Probeer minder of andere woorden.")
        words.fill("")
        expect(page.locator("article:visible")).to_have_count(5)


def test_of_a_long_list_older_items_are_found_and_reached(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "WHOLE", 5)
    monkeypatch.setattr(lists, "PART", 4)
    office = PortalOffice(tmp_path / "office")
    office.share_all([({f"loonstaat-{number}.txt": b"1"}, "acme-bv", f"Payslips {number}") for number in range(14)])
    office.publish()
    home = office.office.portal / "acme-bv"
    office.close()
    with opened(browser, home / "index.html") as page:
        assert page.locator("article").count() == 4
        assert page.locator("#older a").count() == 3
        page.get_by_label("Search in descriptions and file names").fill("loonstaat-2.txt")
        expect(page.get_by_role("status")).to_have_text("One item found")
        page.get_by_role("link", name="Payslips 2").click()
        page.wait_for_url("**/older-*.html#D-2026-000003")
        expect(page.locator("#D-2026-000003 li a")).to_have_attribute("href", "../D-2026-000003/loonstaat-2.txt")
        page.get_by_role("link", name="To the newest").click()
        page.wait_for_url("**/acme-bv/index.html")
        page.goto(f"file://{home}/index.html?item=D-2026-000001#D-2026-000001")  # as a mail leads to it
        page.wait_for_url("**/older-*.html#D-2026-000001")
        assert accessibility_faults(page) == []
    with opened(browser, home / "index.html", java_script_enabled=False) as page:
        page.locator("#older a").last.click()
        assert page.locator("article").count() == 2


def test_of_many_files_the_most_are_folded_and_a_search_shows_those_that_fit(browser: Browser, tmp_path: Path) -> None:
    office = PortalOffice(tmp_path / "office", clients=CLIENTS)
    office.share({f"Factuur {number:02d}.txt": b"x" for number in range(30)}, "acme-bv", "Facturen van maart")
    office.share({f"Brief {number}.txt": b"x" for number in range(8)}, "acme-bv", "Brieven")
    office.publish()
    office.close()
    with opened(browser, office.office.portal / "acme-bv/index.html") as page:
        bills, letters = page.locator("article", has_text="Facturen"), page.locator("article", has_text="Brieven")
        expect(letters.locator("li:visible")).to_have_count(8)
        expect(bills.locator("li:visible")).to_have_count(6)
        assert accessibility_faults(page) == []
        words = page.get_by_label("Zoek in omschrijvingen en bestandsnamen")
        words.fill("factuur 23")
        expect(bills.locator("li:visible bdi")).to_have_text("Factuur 23.txt")
        words.fill("maart")
        expect(bills.locator("li:visible")).to_have_count(6)
        words.fill("brieven 3")
        expect(page.locator(".hit bdi")).to_have_text("Brief 3.txt")
        words.fill("")
        expect(page.locator(".hit")).to_have_count(0)
        page.get_by_text("Nog 24 bestanden").click()
        expect(bills.locator("li:visible")).to_have_count(30)
        if folder := os.environ.get("SCREENSHOTS"):
            words.fill("23")
            page.screenshot(path=Path(folder) / "portal-many.png")


def test_the_keyboard_reaches_everything_and_sees_where_it_is(browser: Browser, portal: Path) -> None:
    with opened(browser, portal / "acme-bv/index.html") as page:
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        seen = []
        for _ in range(9):
            page.keyboard.press("Tab")
            seen.append(page.evaluate("[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"))
        assert [tag for tag, _ in seen] == ["INPUT", "SELECT", "A", "A", "A", "A", "A", "A", "A"]
        assert {style for _, style in seen} == {"solid"}


def test_without_scripts_it_is_a_plain_list(browser: Browser, portal: Path) -> None:
    with opened(browser, portal / "acme-bv/index.html", java_script_enabled=False) as page:
        assert page.locator("article:visible").count() == 5
        assert not page.locator("#search").is_visible()


def test_a_link_to_an_item_shows_it_even_when_the_search_hid_it(browser: Browser, portal: Path) -> None:
    with opened(browser, portal / "acme-bv/index.html") as page:
        page.locator("#words").fill("nergens")
        first = page.locator("article").last.get_attribute("id")
        page.evaluate(f"location.hash = '#{first}'")
        expect(page.locator(f"#{first}")).to_be_in_viewport()


def test_printed_it_is_the_list_alone(browser: Browser, portal: Path) -> None:
    with opened(browser, portal / "acme-bv/index.html") as page:
        page.emulate_media(media="print")
        assert not page.locator("#search").is_visible()
        assert not page.locator("nav").is_visible()
        assert page.locator("article h3").last.is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_hostile_text_and_files_can_do_nothing(browser: Browser, portal: Path) -> None:
    with opened(browser, portal / "hostile/index.html") as page:
        assert HOSTILE in page.locator("article").last.inner_text()
        assert page.title() == "Northwind Ltd – Kantoor De Vries"
        link = page.locator("a[href$='page.html']")
        assert link.get_attribute("download") == ""
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {textContent: 'document.title = 1'}))"
        )
        assert page.title() == "Northwind Ltd – Kantoor De Vries"


def test_ten_thousand_items_open(browser: Browser, tmp_path: Path) -> None:
    files = (ShownFile("annual accounts.pdf", 40_311, "9f" * 32, "application/pdf"),)
    items = [
        ShownItem(f"D-2026-{number:06}", f"Document number {number}", None, "2026-11-24T10:00:00+01:00", files)
        for number in range(10_000, 0, -1)
    ]
    (tmp_path / "_pages").mkdir()
    for name, data in pages.static_files().items():
        (tmp_path / "_pages" / name).write_bytes(data)
    (tmp_path / "index.html").write_text(pages.index_html(pages.House("Portal"), "Acme", "nl", items))
    page = browser.new_page()
    page.goto(f"file://{tmp_path}/index.html")
    assert page.locator("article").count() == len(items)
    page.close()
