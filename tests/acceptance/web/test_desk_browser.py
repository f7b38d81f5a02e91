"""The desk in a real Chromium: usable for everybody (WCAG 2.2 AA), on a phone and in the dark, with and without a script.

With SCREENSHOTS=FOLDER in the environment some pages are kept there as pictures (make screenshots).
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest
from kit import desk_pages
from kit.browsing import DESKTOP, PHONE, accessibility_faults
from kit.desk import DeskRig
from kit.support import PDF, dossier, free_port, wait_for
from kit.web import Browser as WebBrowser
from kit.web import Served, send_form
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from desk.web.staff.app import DeskWeb
from dossier.office.opening import load_office


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with desk_pages.office(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture(scope="module")
def cookies(rig: DeskRig) -> dict[str, dict[str, str]]:
    """Of Marieke, whose pages are Dutch, and of two admins, whose are English and Dutch."""
    return {who: rig.browser(who).cookies for who in ("m.devries", "e.admin", "d.admin")}


@pytest.fixture(scope="module")
def named(rig: DeskRig) -> dict[str, str]:
    return desk_pages.names(rig)


def context(rig: DeskRig, browser: Browser, cookies: dict[str, str], **options: object) -> BrowserContext:
    made = browser.new_context(**options)  # type: ignore[arg-type]
    made.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{rig.port}"} for name, value in cookies.items()])
    return made


LOOKS = (
    ("e.admin", PHONE, "dark"),
    ("e.admin", DESKTOP, "light"),
    ("d.admin", PHONE, "light"),
    ("d.admin", DESKTOP, "dark"),
)


def test_every_address_of_the_desk_is_in_the_list_of_what_is_looked_at(rig: DeskRig) -> None:
    app = DeskWeb(load_office(rig.office.path, {}), {}).app.routes
    assert desk_pages.routes(app, "GET") == set(desk_pages.PAGES) | desk_pages.NO_PAGES | desk_pages.LED_ON | desk_pages.ALONE
    assert desk_pages.routes(app, "POST") == set(desk_pages.FORMS) | desk_pages.ONWARD


@pytest.mark.slow
@pytest.mark.parametrize(("who", "size", "scheme"), LOOKS)
def test_every_page_is_usable_for_everybody(
    rig: DeskRig,
    browser: Browser,
    cookies: dict[str, dict[str, str]],
    named: dict[str, str],
    who: str,
    size: dict[str, int],
    scheme: str,
) -> None:
    made = context(rig, browser, cookies[who], viewport=size, color_scheme=scheme)
    page = made.new_page()
    wrong: list[str] = []
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if f"127.0.0.1:{rig.port}" not in request.url else None)
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    for path in [path.format(**named) for paths in desk_pages.PAGES.values() for path in paths]:
        page.goto(f"http://127.0.0.1:{rig.port}{path}")
        wrong += [f"{path}: {fault}" for fault in faults(page)]
    made.close()
    assert wrong == [], "\n".join(wrong)
    assert foreign == []


@pytest.mark.slow
@pytest.mark.parametrize(("who", "size", "scheme"), LOOKS)
def test_every_form_that_comes_back_is_usable_for_everybody(
    rig: DeskRig,
    browser: Browser,
    cookies: dict[str, dict[str, str]],
    named: dict[str, str],
    who: str,
    size: dict[str, int],
    scheme: str,
) -> None:
    made = context(rig, browser, cookies[who], viewport=size, color_scheme=scheme)
    page = made.new_page()
    wrong: list[str] = []
    for path, fields in [one for forms in desk_pages.FORMS.values() for one in forms]:
        page.goto(f"http://127.0.0.1:{rig.port}/keys")
        filled = {
            key: re.sub(r"\{(\w+)\}", lambda found: named[found[1]], value) for key, value in fields.items() if "{a" not in value
        }
        with page.expect_navigation():
            page.evaluate(SEND, [path.format(**named), {**fields, **filled}])
        assert page.url.endswith(path.format(**named)), (path, page.url)
        wrong += [f"{path} {fields}: {fault}" for fault in faults(page)]
    made.close()
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(("who", "size", "scheme"), LOOKS)
def test_what_is_on_its_way_and_what_a_session_ended_on_are_usable_for_everybody(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], who: str, size: dict[str, int], scheme: str
) -> None:
    made = context(rig, browser, cookies[who], viewport=size, color_scheme=scheme)
    page, asking = made.new_page(), WebBrowser(rig.port)
    page.route("**/desk.js*", lambda route: route.abort())  # it would look again each second
    asking.cookies |= cookies[who]
    rig.daemon.send_signal(signal.SIGSTOP)
    try:
        file = (f"{who}{scheme}{size['width']}.txt", f"{who}{scheme}{size}".encode())
        goal = send_form(asking, "/clients/zon/new", {"description": "Nog onderweg naar het dossier"}, [file]).goes_to
        page.goto(f"http://127.0.0.1:{rig.port}{goal}")
        wrong = [f"{goal}: {fault}" for fault in faults(page)]
        assert page.url.endswith(goal)
    finally:
        rig.daemon.send_signal(signal.SIGCONT)
    page.goto(f"http://127.0.0.1:{rig.port}/keys")
    made.clear_cookies()
    with page.expect_navigation():
        page.evaluate(SEND, ["/queue/D-2026-000001", {"comment": "Getypt"}])
    expect(page.locator("textarea[name=comment]")).to_have_value("Getypt")
    wrong += [f"after the session: {fault}" for fault in faults(page)]
    made.close()
    assert wrong == [], "\n".join(wrong)


SEND = """([path, fields]) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: path });
    for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement("textarea"), { name, value }));
    document.body.append(form);
    form.submit();
}"""


def faults(page: Page) -> list[str]:
    found = accessibility_faults(page)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("it scrolls sideways")
    found += [f"a link to what is not there: {one}" for one in page.evaluate(LEADS_NOWHERE)]
    return found + [f"two of one id: {one}" for one in page.evaluate(TWICE)]


TWICE = """[...document.querySelectorAll("[id]")].map((one) => one.id).filter((id, place, all) => all.indexOf(id) !== place)"""
LEADS_NOWHERE = """[...document.querySelectorAll("a[href^='#']")]
    .filter((link) => !document.getElementById(decodeURIComponent(link.hash.slice(1)))).map((link) => link.outerHTML)"""


@pytest.mark.slow
@pytest.mark.parametrize(("path", "size"), [("/", DESKTOP), ("/clients/acme-bv/new", DESKTOP), ("/queue/{concept}", PHONE)])
def test_the_pictures_of_the_documentation_can_be_made(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], named: dict[str, str], path: str, size: dict[str, int]
) -> None:
    made = context(rig, browser, cookies["m.devries"], viewport=size, color_scheme="dark" if size == PHONE else "light")
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}{path.format(**named)}")
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1
    if folder := os.environ.get("SCREENSHOTS"):
        name = {"/": "start", "/clients/acme-bv/new": "new"}.get(path, "decide")
        page.screenshot(path=f"{folder}/nl-{name}-{'phone' if size == PHONE else 'desktop'}.png")
    made.close()


def test_the_preview_and_the_proof_are_usable_for_everybody(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    """They run no script, not even that of the check: so each is looked at by itself."""
    made = context(rig, browser, cookies["m.devries"], viewport=PHONE, color_scheme="dark")
    page = made.new_page()
    for path in ("/queue/{}/preview/", "/items/{}/proof", "/items/{}/portal/next/", "/clients/acme-bv/portal"):
        address = f"http://127.0.0.1:{rig.port}{path.format(rig.office.told('a')['item'])}"
        page.set_content(made.request.get(address).text())
        assert accessibility_faults(page) == [], path
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
    before = len(rig.mailbox.mails)
    page.fill("#address", "l.visser@office.example")  # who has left: the page says the same to everybody
    page.click("button.main")
    assert accessibility_faults(page) == []
    rig.browser().post("/_login", {"address": "k.smit@office.example"})
    for link in (rig.mailbox.link_to("k.smit@office.example", before), "/_login/no-such-link"):
        page.goto(f"http://127.0.0.1:{rig.port}{link}")
        assert accessibility_faults(page) == [], link
    made.close()


def test_the_first_page_of_a_new_office_is_usable_for_everybody(browser: Browser, tmp_path: Path) -> None:
    assert dossier("init", tmp_path / "office", "--first-run", "--country", "none").returncode == 0
    made = browser.new_context(viewport=PHONE, color_scheme="dark")
    page = made.new_page()
    with Served(tmp_path / "office", free_port(), (), "desk") as served:
        path = re.findall(r"/_first/[\w-]+", served.log())[0]
        page.goto(f"http://127.0.0.1:{served.port}{path}")
        assert faults(page) == []
        page.evaluate(SEND, [path, {"name": "", "code": "../up", "email": "nobody"}])
        expect(page.locator("[aria-invalid]").first).to_be_visible()
        assert faults(page) == []

        # What the web server needs has the office's own names in it, and is copied with one click.
        for name, typed in {
            "office": "Kantoor Noord", "name": "Anna Beheer", "code": "a.beheer", "email": "anna@noord.example",
            "desk_name": "desk.noord.example", "portal_name": "portaal.noord.example", "backup_folder": str(tmp_path / "backups"),
        }.items():  # fmt: skip
            page.fill(f"#{name}", typed)
        page.select_option("#language", "nl")
        page.click("button.main")
        expect(page).to_have_url(re.compile("/office/setup$"))
        made.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Kopieer dit").click()
        expect(page.get_by_role("button", name="Gekopieerd")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("pre").text_content()
        assert copied.startswith("desk.noord.example {\n")
        assert page.input_value("#backup_folder") == str(tmp_path / "backups")
        assert faults(page) == []
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
    expect(page.locator("#files button")).to_be_focused()  # what did not come in is not left out unawares
    page.keyboard.press("Enter")
    page.click("#save")
    expect(page.locator("h1")).to_have_text("Your session had ended")  # nobody knows any more whose language it is
    made.close()


def dragged(page: Page, *paths: Path) -> None:
    """Drag these from the desktop onto the form, folders too, as the operating system would."""
    box = page.locator(".drop").bounding_box()
    assert box is not None
    files = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    at, devtools = {"x": box["x"] + 20, "y": box["y"] + 20}, page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": files})


PASTE = """() => {
    const data = new DataTransfer();
    data.items.add(new File(["picture"], "image.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
}"""


@pytest.mark.slow
def test_files_are_dragged_with_their_folders_pasted_cancelled_and_given_another_name(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    for name in ("Map/brief.txt", "Map/oud/brief.txt", "Map/oud/2024/bijlage.txt", "los.txt", "groot.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    made = context(rig, browser, cookies["m.devries"], viewport=DESKTOP)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    whole = page.locator("#files li", has_text="geheel ontvangen")
    dragged(page, tmp_path / "Map", tmp_path / "los.txt")
    expect(whole).to_have_count(4)
    shown = sorted(page.locator("#files h3").all_inner_texts())
    assert set(shown) - {"oud - brief.txt", "Map - brief.txt"} == {"bijlage.txt", "brief.txt", "los.txt"}
    assert len(shown) == 4  # which of the two has its name to itself is for the file system to say, in what order it lists them
    for _ in range(2):
        page.evaluate(PASTE)
    expect(whole).to_have_count(6)
    assert page.locator("#files h3").all_inner_texts()[4:] == ["image.png", "image 2.png"]
    held: list[Route] = []
    page.route("**/files/groot.txt", lambda route: held.append(route))  # noqa: PLW0108 – Playwright takes no built-in
    page.set_input_files("#pick", str(tmp_path / "groot.txt"))
    row = page.locator("#files li", has_text="groot.txt")
    expect(row.get_by_role("progressbar", name="groot.txt")).to_be_visible()
    row.get_by_role("button", name="Annuleren").click()
    expect(row).to_have_count(0)
    page.set_input_files("#pick", str(tmp_path / "groot.txt"))
    expect(row.get_by_role("progressbar")).to_be_visible()
    held[-1].abort()
    expect(row).to_contain_text("niet aangekomen")
    row.get_by_role("button", name="Haal weg").click()
    page.locator("#files li", has_text="los.txt").get_by_text("Andere naam").first.click()
    page.locator("[name='name:los.txt']").fill("vast.txt")
    page.locator("#files li", has_text="image 2.png").get_by_role("button", name="Haal weg").click()
    page.fill("#description", "Gesleept, geplakt en hernoemd")
    page.check("input[name=share]")
    page.get_by_role("button", name="Deel alle").click()
    page.locator("label", has=page.locator("input[name=share_status][value=approved]")).click()
    page.fill("#labels", "post")
    page.click("#save")
    expect(page.locator("h1")).to_contain_text("Gesleept")
    found = rig.office.json("show", page.url.partition("/items/")[2][:13])
    names = sorted({*shown, "image.png", "vast.txt"} - {"los.txt"})
    assert sorted((one["name"], one["share"]) for one in found["attachments"]) == [(name, True) for name in names]
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    page.get_by_role("button", name="post").click()
    expect(page.locator("#labels")).to_have_value("post")
    made.close()


@pytest.mark.slow
def test_a_key_that_is_held_and_a_button_that_is_pressed_twice_decide_on_one_item(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    stems = ("pressed", "held", "next")
    for stem in stems:
        keys = "share: yes\nshare_status: concept\nshare_attachments: all\napprover: k.smit\n"
        text = f"created_by: p.bakker\ndescription: To decide with a key, {stem}\n{keys}"
        rig.office.place("zon", {f"{stem}.pdf": PDF + stem.encode(), f"{stem}.yaml": text})
    rig.office.until_taken("zon", *stems)
    made = context(rig, browser, rig.browser("k.smit").cookies, viewport=DESKTOP)
    page, posts = made.new_page(), list[str]()
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto(f"http://127.0.0.1:{rig.port}/queue/{rig.office.told('pressed', 'zon')['item']}")
    page.get_by_role("button", name="Approve").dblclick(delay=20)
    expect(page.locator("[role=status]")).to_contain_text("is approved")
    page.evaluate("document.querySelector('button[value=approve]').click()")  # a click that came late
    expect(page.locator("[role=status]")).to_contain_text("is approved")
    assert len(posts) == 1
    wait_for(lambda: page.evaluate("performance.now()") > 1500, "the first moment is over")
    for _ in range(10):
        page.keyboard.down("a")
    page.keyboard.up("a")
    wait_for(lambda: page.title() and len(posts) > 1, "the second is decided on")
    [left] = {rig.office.told(stem, "zon")["item"] for stem in stems} - {address.rpartition("/")[2] for address in posts}
    expect(page.locator(".sub a")).to_have_text(left)
    assert len(posts) == 2
    page.goto(f"http://127.0.0.1:{rig.port}/items/{left}")
    page.locator("summary", has_text="Location").click()
    page.fill("#e-location", "2025/Post")
    page.locator("details[open] button.main").dblclick(delay=20)
    expect(page.locator("[role=status]")).to_have_text("Saved.")
    assert len(posts) == 3
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False])
def test_enter_in_a_field_saves_and_takes_no_file_out(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], tmp_path: Path, script: bool
) -> None:
    made = context(rig, browser, cookies["m.devries"], viewport=DESKTOP, java_script_enabled=script)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    (tmp_path / "bijlage.txt").write_text(f"Bijlage {script}")
    page.set_input_files("#pick", str(tmp_path / "bijlage.txt"))
    if script:
        expect(page.locator("#files")).to_contain_text("geheel ontvangen")
    page.fill("#description", "kort")
    page.click("#save")
    expect(page.locator("#faults")).to_be_visible()
    page.fill("#description", f"Bewaard met Enter, {'met' if script else 'zonder'} een script")
    page.press("#description", "Enter")
    expect(page).to_have_url(re.compile("/(drops|items)/"))
    wait_for(lambda: page.reload() and "/items/" in page.url, "it is taken")
    expect(page.locator("main")).to_contain_text("bijlage.txt")
    made.close()


def test_a_new_item_says_what_the_client_will_see_of_it_and_is_saved_by_keys(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    for name in ("brief.txt", "notitie.txt"):
        (tmp_path / name).write_text(name)
    made = context(rig, browser, cookies["m.devries"], viewport=DESKTOP)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    expect(page.locator("#sees")).to_be_hidden()
    page.set_input_files("#pick", [str(tmp_path / "brief.txt"), str(tmp_path / "notitie.txt")])
    expect(page.locator("#files li", has_text="geheel ontvangen")).to_have_count(2)
    page.get_by_role("button", name="2025/Vpb").click()
    expect(page.locator("#location")).to_have_value("2025/Vpb")
    page.fill("#description", "Brief aan de klant")
    page.fill("#explanation", "Voor het kantoor")
    page.check("input[name=share]")
    for name, value in (("brief.txt", "yes"), ("notitie.txt", "no")):
        page.locator("label", has=page.locator(f"input[name='share:{name}'][value={value}]")).click()
    expect(page.locator("#sees")).to_have_text(
        "De klant ziet: de omschrijving, brief.txt. Niet: status, locatie, labels, de toelichting, notitie.txt."
    )
    page.check("input[name=share_explanation]")
    expect(page.locator("#sees")).to_contain_text("De klant ziet: de omschrijving, de toelichting, brief.txt.")
    page.locator("label", has=page.locator("input[name=share_status][value=approved]")).click()
    page.locator("#description").press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("Brief aan de klant")
    found = rig.office.json("show", page.url.partition("/items/")[2][:13])
    assert {one["name"]: one["share"] for one in found["attachments"]} == {"brief.txt": True, "notitie.txt": False}
    made.close()


def test_a_fault_is_tied_to_its_field_while_one_types_goes_once_it_is_mended_and_reads_as_one_sentence(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    for name in ("brief.txt", "notitie.txt"):
        (tmp_path / name).write_text(name)
    made = context(rig, browser, cookies["m.devries"], viewport=PHONE)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    page.set_input_files("#pick", [str(tmp_path / "brief.txt"), str(tmp_path / "notitie.txt")])
    expect(page.locator("#files li", has_text="geheel ontvangen")).to_have_count(2)
    page.check("input[name=share]")
    page.click("#save")
    of_files = page.locator("#attachments .fault:visible")
    expect(of_files).to_contain_text("brief.txt")
    as_text = """said => {
      const plain = document.createElement('p');
      plain.style.cssText = 'font-weight: 600; padding-left: 1.5rem; line-height: 1.4; font-size: var(--t2)';
      plain.innerHTML = said.innerHTML;
      said.after(plain);
      const tall = plain.offsetHeight;
      plain.remove();
      return said.offsetHeight <= tall + 4;
    }"""
    assert of_files.evaluate(as_text), "the names stand in the sentence, and not beside it"
    field, told = page.locator("#description"), page.locator("[data-said=description]")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(told).to_be_visible()
    field.fill("kort")
    field.blur()
    expect(field).to_have_accessible_description(re.compile("heeft 4 tekens"))
    expect(told).to_have_count(0)
    field.fill("Brieven aan de klant")
    field.blur()
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-fault=description]")).to_be_hidden()
    assert not accessibility_faults(page)
    made.close()


def test_the_smallest_phone_holds_a_long_label_and_every_word_of_the_menu(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    keys = "created_by: p.bakker\ndescription: Overzicht van de premies\nlabels: [arbeidsongeschiktheidsverzekeringspremie]\n"
    rig.office.place("zon", {"long.pdf": PDF + b"long", "long.yaml": keys})
    rig.office.until_taken("zon", "long")
    made = context(rig, browser, cookies["d.admin"], viewport={"width": 320, "height": 700})
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/zon/new")
    expect(page.get_by_role("button", name="arbeidsongeschiktheidsverzekeringspremie")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.goto(f"http://127.0.0.1:{rig.port}/queue")
    heights = page.evaluate("[...document.querySelectorAll('.menu a')].map((one) => one.getBoundingClientRect().height)")
    assert len(set(map(round, heights))) == 1
    assert max(heights) < 60, "a word of it is broken"
    made.close()


def test_a_dossier_is_printed_as_a_table_in_which_nothing_lies_over_another_word(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    made = context(rig, browser, cookies["d.admin"], viewport={"width": 794, "height": 1123})
    page = made.new_page()
    page.emulate_media(media="print")
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv")
    cells = "[...document.querySelectorAll('main tbody tr')].map((row) => [...row.cells].filter((cell) => cell.offsetWidth)"
    rows = page.evaluate(f"{cells}.map((cell) => [cell.getBoundingClientRect().left, cell.getBoundingClientRect().right]))")
    assert rows
    for row in rows:
        assert len(row) >= 3
        assert all(one[1] <= following[0] + 1 for one, following in pairwise(row))
    made.close()


def test_a_list_longer_than_a_sheet_begins_on_the_first_one(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    made = context(rig, browser, cookies["e.admin"], viewport=DESKTOP)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/office/trail")
    newest = page.locator("ul.below li .soft").first.inner_text()
    sheets = pypdfium2.PdfDocument(page.pdf(format="A6"))
    assert len(sheets) > 2
    assert newest in sheets[0].get_textpage().get_text_range(), "the newest line of the trail"
    made.close()


def test_whoever_types_a_client_for_a_file_means_that_one(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    made = context(rig, browser, cookies["m.devries"], viewport=PHONE)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/inbox/unsorted/scan.txt")
    expect(page.locator("[name=chosen][value=zon]")).to_be_checked()
    page.locator("#client").press_sequentially("Acme")
    expect(page.locator("[name=chosen][value='']")).to_be_checked()
    made.close()


def test_files_that_are_chosen_while_the_first_request_is_under_way_all_come_into_the_one_item(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    for name in ("eerst.txt", "daarna.txt"):
        (tmp_path / name).write_text(name)
    made = context(rig, browser, cookies["m.devries"], viewport=DESKTOP)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv/new")
    held: list[Route] = []
    page.route("**/clients/acme-bv/drops", lambda route: held.append(route))  # noqa: PLW0108 – Playwright takes no built-in
    for name in ("eerst.txt", "daarna.txt"):
        page.set_input_files("#pick", str(tmp_path / name))
    page.fill("#description", "Twee keer gekozen, snel na elkaar")
    wait_for(lambda: page.title() and held, "a place for the files is asked for")
    for route in held:
        route.continue_()
    expect(page.locator("#files li", has_text="geheel ontvangen")).to_have_count(2)
    page.click("#save")
    expect(page.locator("h1")).to_contain_text("Twee keer gekozen")
    found = rig.office.json("show", page.url.partition("/items/")[2][:13])
    assert sorted(one["name"] for one in found["attachments"]) == ["daarna.txt", "eerst.txt"]
    made.close()


def test_whoever_ticked_something_goes_on_by_keys_and_whoever_types_does_not(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    made = context(rig, browser, cookies["d.admin"])
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients/acme-bv")
    page.focus("main input[name=q]")
    page.keyboard.press("n")
    expect(page.locator("main input[name=q]")).to_have_value("n")
    page.focus("main input[type=checkbox]")
    page.keyboard.press("Space")
    page.keyboard.press("n")
    page.wait_for_url("**/clients/acme-bv/new")
    made.close()


def test_a_list_tells_when_something_on_it_changed_and_leaves_what_was_ticked(
    rig: DeskRig, browser: Browser, cookies: dict[str, dict[str, str]]
) -> None:
    keys = "created_by: p.bakker\nshare: yes\nshare_status: concept\nshare_attachments: all\napprover: k.smit\n"
    rig.office.place("zon", {"live.pdf": PDF + b"live", "live.yaml": f"description: It waits while one looks\n{keys}"})
    rig.office.until_taken("zon", "live")
    made = context(rig, browser, rig.browser("k.smit").cookies, viewport=PHONE)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/queue/{rig.office.told('live', 'zon')['item']}")
    page.goto(f"http://127.0.0.1:{rig.port}/queue")
    page.locator("input[name=chosen]").first.check()
    look = "document.dispatchEvent(new Event('visibilitychange'))"  # as who comes back to the tab
    with page.expect_response(lambda answer: "again=1" in answer.url) as asked:
        page.evaluate(look)
    assert asked.value.status == 304
    rig.office.place("zon", {"newer.pdf": PDF + b"newer", "newer.yaml": f"description: It came while one looked\n{keys}"})
    rig.office.until_taken("zon", "newer")
    page.evaluate(look)
    expect(page.locator("[data-live] .note")).to_contain_text("Something on this page has changed since.")
    expect(page.locator("input[name=chosen]").first).to_be_checked()
    expect(page).to_have_title(re.compile("^● "))
    assert faults(page) == []
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("main")).to_contain_text("It came while one looked")
    expect(page.locator("[data-live] .note")).to_have_count(0)
    made.close()
