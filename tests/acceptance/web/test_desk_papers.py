"""Pages of files as pictures on the desk: what was looked at is what is decided on, marked where the guard found something."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Iterator

import pytest
from fpdf import FPDF
from kit.browsing import DESKTOP, PHONE, accessibility_faults, chromium
from kit.desk import DeskRig
from kit.support import wait_for
from kit.web import Browser
from PIL import Image

KEYS = "share: yes\nshare_status: approved\nshare_attachments: all\n"


def a_pdf(*pages: str) -> bytes:
    pdf = FPDF()
    pdf.set_font("helvetica", size=20)
    for text in pages:
        pdf.add_page()
        pdf.multi_cell(0, 12, text)
    return bytes(pdf.output())


FIRST, SECOND = a_pdf("Balans van Acme B.V.", "Toelichting"), a_pdf("Balans van Acme B.V., verbeterd", "Toelichting", "Bijlage")
WRONG = a_pdf("Voorblad", "Loonstaat van Bakkerij Zon, KvK 87654321")
HOSTILE = b"%PDF-1.7\n" + b"<<" * 5000 + b"\n%%EOF\n"
CLIENTS = """\
clients:
  acme-bv: {name: Acme B.V., default_approver: m.devries, identifiers: ["KvK 12345678"], contacts: []}
  zon: {name: Bakkerij Zon, identifiers: ["KvK 87654321"], contacts: []}
"""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), clients=CLIENTS) as made:
        yield made


def make(rig: DeskRig, stem: str, data: bytes, keys: str = KEYS, by: str = "m.devries", more: str = "") -> str:
    text = f"created_by: {by}\n{more or f'description: Stuk {stem} van het jaar'}\nattachments: [{{file: {stem}.pdf, name: stuk.pdf}}]\n{keys}"
    rig.office.place("acme-bv", {f"{stem}.pdf": data, f"{stem}.yaml": text})
    rig.office.until_taken("acme-bv", stem)
    return str(rig.office.told(stem, "acme-bv")["item"])


def pictures(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'<img[^>]* src="([^"]+)"', page)]


def image(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def yellow(data: bytes) -> int:
    """Pixels of the pen that marks what was found."""
    return sum(1 for red, green, blue in image(data).get_flattened_data() if red > 240 and 210 < green < 240 and blue < 170)


def test_a_decision_shows_each_page_and_marks_what_the_guard_found(rig: DeskRig, marieke: Browser) -> None:
    text = "created_by: m.devries\ndescription: Stuk dat van een ander is\nattachments: [{file: wrong.pdf, name: stuk.pdf}, slecht.pdf]\n"
    rig.office.place("acme-bv", {"wrong.pdf": WRONG, "slecht.pdf": HOSTILE, "wrong.yaml": text + KEYS})
    rig.office.until_taken("acme-bv", "wrong")
    item = str(rig.office.told("wrong", "acme-bv")["item"])
    joost = rig.browser("j.admin")
    page = joost.get(f"/queue/{item}").text
    assert re.search(r"<code>slecht\.pdf</code>[^<]*searched for other clients", page), "what could not be read is told"
    shown = pictures(page)
    assert len(shown) == 2
    assert "found 2 times" in page
    cover, named = (joost.get(address) for address in shown)
    assert (cover.status, cover.headers["content-type"], yellow(cover.body)) == (200, "image/webp", 0)
    assert yellow(named.body) > 500
    assert joost.get(shown[1], if_none_match=named.headers["etag"]).status == 304
    assert any(one["action"] == "viewed" and "stuk.pdf" in str(one) for one in rig.office.json("show", item)["history"])
    large = joost.get(shown[1] + "&size=large")
    assert image(large.body).width > 1.5 * image(named.body).width


def test_a_picture_is_of_the_content_that_its_address_names_also_after_the_file_was_replaced(
    rig: DeskRig, marieke: Browser
) -> None:
    concept = KEYS.replace("approved", "concept")
    item = make(rig, "first", FIRST, concept, "p.bakker")
    before = pictures(marieke.get(f"/queue/{item}").text)
    old = marieke.get(before[0]).body
    marieke.post(f"/queue/{item}", {"decision": "reject", "comment": "Verbeter de balans", "content": digest(marieke, item)})
    make(rig, "second", SECOND, concept, "p.bakker", f"item: {item}")
    page = marieke.get(f"/queue/{item}").text
    after = pictures(page)
    assert len(after) == 3
    assert marieke.get(after[0]).body != old == marieke.get(before[0]).body
    [beside] = re.findall(r'href="([^"]+beside=[^"]+)"', page)
    page = marieke.get(html.unescape(beside)).text
    assert re.findall(r'<span class="(plus|minus)"', page), "what differs in the text is told"
    both = pictures(page)
    assert [re.findall(r"content=(\w+)", one)[0] for one in both] == [
        hashlib.sha256(data).hexdigest() for data in (FIRST, SECOND)
    ]
    last = marieke.get(html.unescape(beside) + "&page=3").text
    assert len(pictures(last)) == 1
    assert "Die bladzijde is er niet" in last


def digest(browser: Browser, item: str) -> str:
    return re.findall(r'name="content" value="(sha256:[0-9a-f]+)"', browser.get(f"/queue/{item}").text)[0]


def test_pictures_are_for_those_who_may_know_of_the_item_and_hostile_files_have_none(rig: DeskRig, marieke: Browser) -> None:
    item = make(rig, "hostile", HOSTILE, KEYS.replace("approved", "concept"), "p.bakker")
    page = marieke.get(f"/queue/{item}")
    assert page.status == 200
    assert pictures(page.text) == []
    assert "heeft geen afbeelding" in page.text
    good = make(rig, "good", FIRST, KEYS.replace("approved", "concept"), "p.bakker")
    address = pictures(marieke.get(f"/queue/{good}").text)[0]
    karel = rig.browser("k.smit")  # works for zon alone
    assert karel.get(address).status == 404
    assert karel.get(address.replace("/pictures/", "/pages/")).status == 404
    for wrong in (address.replace("content=", "content=0"), address.replace("page=1", "page=9"), address.replace(good, item)):
        assert marieke.get(wrong).status == 404, wrong
    assert marieke.get(address.replace("page=1", "page=x")).status == 200


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.slow
def test_a_page_is_made_large_with_a_finger_and_goes_back_to_the_decision(rig: DeskRig, marieke: Browser, script: bool) -> None:
    item = make(rig, f"zoom{script}", SECOND, KEYS.replace("approved", "concept"), "p.bakker")
    with chromium() as browser:
        for size, scheme in ((PHONE, "dark"), (DESKTOP, "light")):
            context = browser.new_context(viewport=size, color_scheme=scheme, java_script_enabled=script)  # type: ignore[arg-type]
            context.add_cookies(
                [{"name": name, "value": value, "url": f"http://127.0.0.1:{rig.port}"} for name, value in marieke.cookies.items()]
            )
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{rig.port}/queue/{item}")
            page.locator(".page a").nth(1).click()
            page.get_by_role("link", name="Volgende").click()
            shown = page.locator(".large img")
            wait_for(lambda: shown.evaluate("one => one.complete && one.naturalWidth"), "the page is drawn")  # noqa: B023
            assert shown.evaluate("one => one.naturalWidth") > 1000
            assert page.locator("[aria-current=page]").last.inner_text().endswith("3")
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            if script:
                assert accessibility_faults(page) == []
            page.get_by_role("link", name="Terug naar het besluit").click()
            assert page.url.endswith(f"/queue/{item}")
            context.close()
