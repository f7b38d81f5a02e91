"""The desk in Debian's Firefox (make try-firefox; once for each version that is given away): every page, and the way of an item.

Chromium is where everything is tried at each change; here it is seen that nothing leans on that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from kit import desk_pages
from kit.desk import DeskRig
from kit.firefox import Firefox, firefox
from kit.support import PDF, wait_for

pytestmark = pytest.mark.skipif(not os.environ.get("FIREFOX"), reason="once for each version: make try-firefox")

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
ASK_AXE = """
const done = arguments[arguments.length - 1];
axe.run({runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})
  .then((found) => done(found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 200)).join(" | "))))
  .catch((error) => done([String(error)]));
"""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with desk_pages.office(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("firefox") / "profile") as made:
        yield made


def here(rig: DeskRig, path: str) -> str:
    return f"http://127.0.0.1:{rig.port}{path}"


@pytest.mark.parametrize(("who", "width"), [("e.admin", 500), ("d.admin", 1280)])
def test_every_page_is_usable_for_everybody(rig: DeskRig, browser: Firefox, who: str, width: int) -> None:
    named = desk_pages.names(rig)
    browser.size(width, 900)
    browser.go(here(rig, "/_login"))
    browser.give(rig.browser(who).cookies)
    wrong = []
    for path in [path.format(**named) for paths in desk_pages.PAGES.values() for path in paths]:
        browser.go(here(rig, path))
        browser.run(AXE)
        wrong += [f"{path}: {fault}" for fault in browser.run(ASK_AXE, is_later=True)]
        if browser.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{path}: it scrolls sideways")
    print(f"Firefox {browser.version}")
    assert wrong == []


def test_somebody_logs_in_makes_an_item_with_a_file_and_approves_another(rig: DeskRig, browser: Firefox, tmp_path: Path) -> None:
    file = tmp_path / "Bijlage é.pdf"
    file.write_bytes(PDF + b"firefox")
    browser.ask("WebDriver:DeleteAllCookies")
    browser.go(here(rig, "/clients/zon/new"))
    before = len(rig.mailbox.mails)
    browser.type("#address", "m.devries@office.example")
    browser.click("button.main")
    browser.go(here(rig, rig.mailbox.link_to("m.devries@office.example", before)))
    browser.click("button.main")
    wait_for(lambda: browser.run("return location.pathname") == "/clients/zon/new", "she is where she wanted to go")
    browser.type("#pick", str(file))
    wait_for(lambda: "geheel ontvangen" in browser.text("#files"), "the file came in")
    browser.type("#description", "Gemaakt met Firefox")
    browser.click("#save")
    wait_for(lambda: re.match(r"/items/D-", browser.run("return location.pathname")), "it is an item")
    assert "Gemaakt met Firefox" in browser.text("h1")
    concept = rig.office.told("b")["item"]
    browser.go(here(rig, f"/queue/{concept}"))
    browser.click("button[value=approve]")
    wait_for(lambda: rig.office.json("show", concept)["public"], "it is on the portal")
