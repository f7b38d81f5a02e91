"""Choosing one of two hundred approvers or clients: typed, with the keyboard alone, on a phone, with a script and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit.browsing import PHONE
from kit.desk import CLIENTS, STAFF, DeskRig
from kit.support import PDF, wait_for
from playwright.sync_api import Browser, Page, expect

MANY_CLIENTS = CLIENTS + "".join(f"  c{number:04d}: {{name: Klant {number:04d} B.V.}}\n" for number in range(200))
MANY_STAFF = STAFF + "".join(
    f"  s{number:03d}: {{name: Medewerker {number:03d}, email: s{number}@office.example, rights: [approve]}}\n"
    for number in range(200)
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), clients=MANY_CLIENTS, staff=MANY_STAFF) as made:
        yield made


@pytest.fixture(scope="module")
def cookies(rig: DeskRig) -> dict[str, str]:
    return rig.browser("p.bakker").cookies


def until_an_item(page: Page, script: bool) -> str:
    for _ in range(120):
        if "/items/" in page.url:
            return page.url.partition("/items/")[2][:13]
        page.wait_for_timeout(250)
        if not script:
            page.reload()
    raise AssertionError(page.url)


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False])
def test_an_approver_and_a_client_are_chosen_by_typing_a_part_of_their_names(
    rig: DeskRig, browser: Browser, cookies: dict[str, str], script: bool
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=script)  # type: ignore[arg-type]
    context.add_cookies(
        [{"name": name, "value": value, "url": f"http://127.0.0.1:{rig.port}"} for name, value in cookies.items()]
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/clients?for=new")
    page.fill("#cw", "klant 0123")
    page.press("#cw", "Enter")
    page.get_by_role("link", name="Klant 0123 B.V.").click()
    page.fill("#description", f"Gekozen {'met' if script else 'zonder'} een script")
    page.check("input[name=share]")
    page.locator("label", has=page.locator("input[name=share_status][value=concept]")).click()
    approver = page.get_by_label("Goedkeurder").first
    assert len(page.content().encode()) < 60_000
    approver.fill("medewerker 1")  # a hundred are called so
    page.click("#save")
    expect(page.locator("[role=alert]").first).to_contain_text("medewerker 1")
    approver = page.get_by_label("Goedkeurder").first
    expect(approver).to_have_value("medewerker 1")
    approver.focus()
    page.keyboard.press("End")
    page.keyboard.type("50")
    page.keyboard.press("Tab")
    page.click("#save")
    item = until_an_item(page, script)
    assert rig.office.json("show", item)["approver"] == "s150"
    page.get_by_text("Het hoort bij een andere klant").click()
    page.fill("input[name=client]", "klant 0042")
    if script:
        offered = page.locator("input[name=client]").evaluate_handle("one => one.list")
        wait_for(
            lambda: offered.evaluate("one => [...one.options].map((each) => each.value)") == ["Klant 0042 B.V. (c0042)"],
            "offered",
        )
    page.press("input[name=client]", "Enter")
    expect(page.locator("[role=status]").first).to_contain_text("Klant 0042 B.V.")
    context.close()


def test_while_a_sidecar_is_mended_the_keys_and_values_that_fit_the_line_are_offered(
    rig: DeskRig, browser: Browser, cookies: dict[str, str]
) -> None:
    rig.office.place("acme-bv", {"wrong.pdf": PDF, "wrong.yaml": "description: short\nstat: new\n"})
    wait_for(lambda: rig.office.rejected("wrong"), "it is refused")
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    context.add_cookies(
        [{"name": name, "value": value, "url": f"http://127.0.0.1:{rig.port}"} for name, value in cookies.items()]
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{rig.port}/inbox")
    page.locator("a[href*='/inbox/refused/acme-bv/']").first.click()
    page.get_by_text("Alle sleutels, en wat ze kunnen zijn").click()
    expect(page.locator("#keys")).to_contain_text("share_attachments")
    sidecar = page.get_by_label("Hier verbeteren")
    sidecar.fill("")
    sidecar.press_sequentially("description: Jaarrekening 2025\nsha")
    page.get_by_role("button", name="share:", exact=True).click()
    sidecar.press_sequentially("n")
    page.get_by_role("button", name="no", exact=True).click()
    expect(sidecar).to_have_value("description: Jaarrekening 2025\nshare: no")
    expect(page.locator("#completes")).to_be_hidden()  # nothing is left to be said of it
    page.get_by_role("button", name="Opnieuw aanbieden").click()
    until_an_item(page, script=True)
    context.close()
