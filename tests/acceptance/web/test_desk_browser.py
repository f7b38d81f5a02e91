"""The desk in a real Chromium: usable for everybody (WCAG 2.2 AA), on a phone and in the dark, with and without a script.

With SCREENSHOTS=FOLDER in the environment some pages are kept there as pictures (make screenshots).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.browsing import DESKTOP, PHONE, accessibility_faults, chromium
from kit.desk import DeskRig
from kit.support import PDF, wait_for
from playwright.sync_api import Browser, BrowserContext, expect

DOCUMENTED = {"nl-start-desktop", "nl-new-desktop", "nl-decide-phone"}
PAPER = (Path(__file__).parents[3] / "demo/samples/acme-bv/jaarrekening-2025.pdf").read_bytes()
LONG = (
    "Concept-jaarrekening 2025 met toelichting op de waarderingsgrondslagen, verloop van de voorzieningen, de rekening-courant"
    " met de directeur-grootaandeelhouder en de fiscale aansluiting"
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), "sharing: {guard: off}\n") as made:
        (made.office.path / "inbox/_unsorted").mkdir(exist_ok=True)
        (made.office.path / "inbox/_unsorted/scan.txt").write_text("Brief aan Bakkerij Zon")
        concept = "share: yes\nshare_status: concept\nshare_attachments: all\n"
        for stem, keys in {"a": f"description: Jaarrekening 2025\nlocation: 2025/Vpb\nexplanation: Zie het telverslag.\n{concept}",
                           "b": f"description: {LONG}\n{concept}", "c": "description: kort\n"}.items():  # fmt: skip
            made.office.place(
                "acme-bv",
                {f"{stem}.pdf": PAPER if stem == "a" else PDF + stem.encode(), f"{stem}.yaml": f"created_by: p.bakker\n{keys}"},
            )
        wait_for(lambda: len(made.office.json("items")) == 2 and made.office.json("rejected"), "two items and a refusal")
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def cookies(rig: DeskRig) -> dict[str, dict[str, str]]:
    """Of Marieke, whose pages are Dutch, and of the admin, whose are English."""
    return {who: rig.browser(who).cookies for who in ("m.devries", "j.admin")}


def context(rig: DeskRig, browser: Browser, cookies: dict[str, str], **options: object) -> BrowserContext:
    made = browser.new_context(**options)  # type: ignore[arg-type]
    made.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{rig.port}"} for name, value in cookies.items()])
    return made


def paths(rig: DeskRig, who: str) -> list[str]:
    first = rig.office.json("items")[-1]["item"]
    refused = rig.office.json("rejected")[0]["path"].rpartition("/")[2]
    mine = (
        [
            "/office",
            "/office/clients",
            "/office/clients/acme-bv",
            "/office/new/clients",
            "/office/staff",
            "/office/staff/k.smit",
            "/office/presets",
            "/office/new/presets",
            "/office/new/types",
            "/office/text/clients",
            "/office/trail",
            "/office/doctor",
            "/office/retention",
            "/inbox/unsorted/scan.txt",
        ]
        if who == "j.admin"
        else []
    )
    return [
        "/", "/clients", "/clients?for=new", "/clients/acme-bv", "/clients/zon", "/clients/acme-bv/new", f"/items/{first}", "/queue",
        f"/queue/{first}",
        "/inbox", f"/inbox/refused/acme-bv/{refused}", "/bin", "/?q=jaar", "/?q=nothingfits", "/keys", "/nowhere", *mine,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "size", "scheme"),
    [
        ("j.admin", PHONE, "dark"),
        pytest.param("j.admin", DESKTOP, "light", marks=pytest.mark.slow),
        pytest.param("m.devries", PHONE, "dark", marks=pytest.mark.slow),
        pytest.param("m.devries", DESKTOP, "light", marks=pytest.mark.slow),
    ],
)
def test_every_page_is_usable_for_everybody(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], who: str, size: dict[str, int], scheme: str
) -> None:
    made = context(rig, browser, cookies[who], viewport=size, color_scheme=scheme)
    page = made.new_page()
    wrong: list[str] = []
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if f"127.0.0.1:{rig.port}" not in request.url else None)
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    for path in paths(rig, who):
        page.goto(f"http://127.0.0.1:{rig.port}{path}")
        wrong += [f"{path}: {fault}" for fault in accessibility_faults(page)]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{path}: it scrolls sideways")
        name = {"/": "start", "/clients/acme-bv/new": "new"}.get(path, "decide" if path.startswith("/queue/") else "")
        name = f"nl-{name}-{'phone' if size == PHONE else 'desktop'}"
        page.wait_for_load_state("networkidle")
        if (folder := os.environ.get("SCREENSHOTS")) and name in DOCUMENTED and who == "m.devries":
            page.screenshot(path=f"{folder}/{name}.png")
    made.close()
    assert wrong == []
    assert foreign == []


def test_the_preview_is_usable_for_everybody(rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]) -> None:
    """It runs no script, not even that of the check: so its page is looked at by itself."""
    made = context(rig, browser, cookies["m.devries"], viewport=PHONE, color_scheme="dark")
    html = made.request.get(f"http://127.0.0.1:{rig.port}/queue/{rig.office.json('items')[-1]['item']}/preview/").text()
    page = made.new_page()
    page.set_content(html)
    assert accessibility_faults(page) == []
    made.close()


def test_login_pages_are_usable_for_everybody(rig: DeskRig, browser: Browser) -> None:
    made = browser.new_context(viewport=PHONE)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/queue")
    assert accessibility_faults(page) == []
    page.fill("#address", "not an address")
    page.click("button.main")
    expect(page.locator("[aria-invalid]")).to_be_focused()
    assert accessibility_faults(page) == []
    made.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_new_item_is_made_and_decided_on_with_and_without_a_script(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], tmp_path: Path, script: bool
) -> None:
    file = tmp_path / "Bijlage é.pdf"
    file.write_bytes(PDF + str(script).encode())
    made = context(rig, browser, rig.browser("p.bakker").cookies, viewport=PHONE, java_script_enabled=script)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    page.set_input_files("#pick", str(file))
    if not script:
        page.get_by_role("button", name="Voeg deze bestanden toe").click()
    expect(page.locator("#files")).to_contain_text("Bijlage é.pdf")
    expect(page.locator("#files")).to_contain_text("geheel ontvangen")
    expect(page.locator("#h-b .n")).to_have_text("1")
    page.fill("#description", f"Gemaakt {'met' if script else 'zonder'} een script")
    page.check("input[name=share]")
    page.locator("label", has=page.locator("input[name^='share:'][value=yes]")).first.click()
    page.locator("label", has=page.locator("input[name=share_status][value=concept]")).click()
    page.click("#save")
    for _ in range(60):
        if "/items/" in page.url:
            break
        page.wait_for_timeout(250)
        if not script:
            page.reload()
    expect(page.locator("h1")).to_contain_text("Gemaakt")
    item = page.url.partition("/items/")[2][:13]
    made.close()
    made = context(rig, browser, cookies["m.devries"], viewport=PHONE, java_script_enabled=script)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/queue/{item}")
    expect(page.get_by_role("button", name="Goedkeuren")).to_be_in_viewport()  # under the thumb, wherever one is
    page.get_by_role("button", name="Goedkeuren").click()
    expect(page.locator("[role=status]").first).to_contain_text(item)
    wait_for(lambda: rig.office.json("show", item)["public"], "it is on the portal")
    made.close()


def test_a_file_that_is_chosen_after_the_session_ended_is_named_as_not_kept(
    rig: DeskRig, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "Bijlage.pdf").write_bytes(PDF)
    made = context(rig, browser, rig.browser("p.bakker").cookies, viewport=PHONE)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    page.fill("#description", "Getypt voor de sessie eindigde")
    made.clear_cookies()
    page.set_input_files("#pick", str(tmp_path / "Bijlage.pdf"))
    expect(page.locator("#files")).to_contain_text("Bijlage.pdf")
    expect(page.locator("#files")).to_contain_text("Uw sessie was verlopen")
    expect(page.locator("#h-b .n")).to_have_text("0")
    expect(page.locator("#description")).to_have_value("Getypt voor de sessie eindigde")
    page.click("#save")
    expect(page.locator("h1")).to_have_text("Your session had ended")  # nobody knows any more whose language it is
    made.close()
