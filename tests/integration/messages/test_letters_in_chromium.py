"""Mails as a program shows them: on a desk and a phone, by day and in the dark, with and without a logo.

With SCREENSHOTS=FOLDER in the environment they are kept as pictures there.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from kit.browsing import DESKTOP, PHONE, accessibility_faults
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser

from dossier.office.keys import Client, Settings, Staff
from dossier.office.office import Office
from workflow.messages import letters

ROW = {"client": "Acme B.V.", "since": "2026-11-23T09:00:00+01:00", "link": "https://portal.office.example/acme-bv/index.html"}
ITEMS = [
    {**ROW, "item": "D-2026-000012", "description": "Jaarrekening 2025", "asked": ["Marieke de Vries (020 123 45 67)"]},
    {**ROW, "item": "D-2026-000017", "description": "Aangifte omzetbelasting derde kwartaal 2026", "asked": ["Karel Smit"]},
]
ITEM = "https://portal.office.example/acme-bv/index.html?item=D-2026-000012#D-2026-000012"
LOOKS: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    ("mail-ready", "ready", "nl", {"description": "Jaarrekening 2025 met werkbalans", "link": ITEM}, {"viewport": DESKTOP}),
    (
        "mail-ready-phone-dark", "ready", "nl", {"description": "Jaarrekening 2025 met werkbalans", "link": ITEM},
        {"viewport": PHONE, "color_scheme": "dark"},
    ),
    ("mail-digest-phone", "bundle", "en", {"items": ITEMS}, {"viewport": PHONE}),
    ("mail-escalation", "escalation", "nl", {"items": ITEMS, "more": 3}, {"viewport": DESKTOP}),
    (
        "mail-returned-dark", "returned", "en",
        {"description": "Jaarrekening 2025", "approver": "Marieke de Vries", "phone": "020 123 45 67",
         "comment": "Page 3 is the old one.\nPlease replace it, and look at the totals on page 5: they don't add up."},
        {"viewport": DESKTOP, "color_scheme": "dark"},
    ),
]  # fmt: skip


def logo() -> bytes:
    image = Image.new("RGBA", (560, 120), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle([0, 10, 100, 110], 20, fill=(11, 95, 85, 255))
    draw.polygon([(25, 85), (50, 30), (75, 85)], fill=(255, 255, 255, 255))
    draw.text((125, 30), "De Vries & Co", fill=(23, 33, 31, 255), font=ImageFont.load_default(58))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    root = tmp_path_factory.mktemp("office")
    (root / "config").mkdir()
    (root / "config/logo.png").write_bytes(logo())
    settings = Settings.model_validate({"office": {"name": "Kantoor De Vries & Co"}})
    staff = {"m.devries": Staff(name="Marieke de Vries", email="m.devries@office.example", phone="020 123 45 67")}
    return Office(root, settings, {"acme-bv": Client(name="Acme B.V.", default_approver="m.devries")}, staff)


@pytest.mark.parametrize(("name", "kind", "language", "payload", "options"), LOOKS, ids=[look[0] for look in LOOKS])
def test_a_mail_is_readable_and_fits_its_screen(
    browser: Browser, office: Office, name: str, kind: str, language: str, payload: dict[str, Any], options: dict[str, Any]
) -> None:
    letter, _ = letters.letter_of(office, kind, language, "Jan Jansen", "acme-bv", "D-2026-000012", payload)
    page = browser.new_page(**options, java_script_enabled=True)
    page.set_content(letter.standalone)
    assert page.locator("img").evaluate("image => image.naturalWidth") == 560
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # A mail is no page of a site: it needs no heading and no landmarks.
    assert [
        fault
        for fault in accessibility_faults(page)
        if fault.split(":")[0] not in ("page-has-heading-one", "region", "landmark-one-main")
    ] == []
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    page.close()


def test_without_its_style_it_is_the_same_in_tables(browser: Browser, office: Office) -> None:
    """Outlook knows no style sheets' media, no padding but that of cells, and breaks no line for white-space."""
    payload = {"description": "Jaarrekening", "approver": "Marieke", "comment": "Eén\nTwee", "phone": ""}
    html = letters.letter_of(office, "returned", "nl", "Jan", "acme-bv", "D-2026-000012", payload)[0].html
    for drawn_wrongly in ("pre-line", "<div", "<blockquote", "<ul", "flex", "grid"):
        assert drawn_wrongly not in html
    page = browser.new_page(viewport=DESKTOP)
    page.set_content(html)
    link_paddings = page.eval_on_selector_all("a", "all => all.map(one => getComputedStyle(one).padding)")
    assert set(link_paddings) <= {"0px"}
    assert "Eén\nTwee" in page.inner_text("body")
    page.close()
