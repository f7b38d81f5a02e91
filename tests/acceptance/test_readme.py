"""The tour of the README on a fresh copy of the checkout with the demo office running: in the browser, then word for word.

With SCREENSHOTS=FOLDER in the environment the pictures of the README are kept there (make screenshots).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from kit.browsing import chromium
from kit.support import wait_for
from playwright.sync_api import Browser, Page, expect

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Path]:
    """A copy of the checkout in which `make run` runs."""
    copy = tmp_path / "dossier"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if name.startswith(("config/", "demo/", "inbox/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(CHECKOUT / name, copy / name)
    (copy / ".venv").symlink_to(Path(sys.executable).parents[1])
    with open(tmp_path / "demo.log", "wb") as log:
        process = subprocess.Popen([sys.executable, "demo/run.py"], cwd=copy, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_for(
                lambda: "Ctrl-C stops it" in (tmp_path / "demo.log").read_text(), "the demo tells what to look at", 3 * PATIENCE
            )
            yield copy
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
            assert "The demo office is stopped." in (tmp_path / "demo.log").read_text()


def steps() -> list[tuple[str, list[str]]]:
    """(command, the lines it prints) of each `$ command` in the README."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def bare(text: str) -> str:
    """Without what differs from one run to the next: times, the year in a number, and who runs it."""
    text = re.sub(r"\d{8}-\d{6}", "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d\+\d\d:\d\d)?", "TIME", text)
    text = re.sub(r"/\S*/var/breaches/", "/HERE/var/breaches/", text)
    text = re.sub(r"Looked at by [^.]*\.", "Looked at by SOMEBODY.", text)
    text = re.sub(r"\b20\d\d-\d\d-\d\d\b", "DAY", text)
    text = re.sub(r"(D-|\b)20\d\d-0", r"\g<1>YEAR-0", text)
    return " ".join(text.split())  # columns are as wide as what is in them


def link(demo: Path, who: str) -> str:
    """The link that the demo printed for somebody."""
    found = re.search(rf"as {who}.*(http://\S+/_login/\S+)", (demo.parent / "demo.log").read_text())
    assert found
    return found[1]


def logged_in(browser: Browser, demo: Path, who: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(link(demo, who))
    page.locator("main form button").click()
    return page


def keep(page: Page, name: str) -> None:
    """This page as pictures for the README, if they are wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        for size, width, height, scheme in (("desktop", 1280, 800, "light"), ("phone", 390, 844, "dark")):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.wait_for_load_state("networkidle")
            page.screenshot(path=f"{folder}/{name}-{size}.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})


def play_in_the_browser(browser: Browser, demo: Path) -> None:
    """What Marieke, Karel and Fatma do."""
    marieke, karel, fatma = (logged_in(browser, demo, who) for who in ("Marieke", "Karel", "Fatma"))
    marieke.get_by_role("link", name="New item", exact=False).first.click()
    marieke.get_by_role("link", name="Bakkerij De Zon", exact=False).first.click()
    marieke.set_input_files("#pick", str(demo / "demo/samples/northwind-ltd/engagement-letter.pdf"))
    marieke.fill("#description", "Engagement letter 2026")
    marieke.get_by_label("Share with the client", exact=True).check()
    marieke.locator("#files label", has_text=re.compile("^Share$")).click()
    marieke.locator("#share_status label", has_text="Approved").click()
    keep(marieke, "new")
    marieke.get_by_role("button", name="Save").click()
    expect(marieke.locator("h1")).to_have_text("Engagement letter 2026", timeout=PATIENCE * 1000)

    karel.reload()
    keep(karel, "start")
    karel.get_by_role("link", name="Begin deciding").click()
    expect(karel.locator("h1")).to_have_text("Loonstaat oktober 2026")
    karel.get_by_role("button", name="Approve").click()
    expect(karel.locator("h1")).to_have_text("Btw-aangifte derde kwartaal 2026")
    karel.get_by_role("link", name="Next").click()
    expect(karel.locator("h1")).to_have_text("Engagement letter 2026")
    expect(karel.locator("#attention")).to_contain_text("Northwind")
    keep(karel, "guard")
    karel.get_by_label("Comment").fill("This is Northwind's")
    karel.get_by_role("button", name="Return").click()
    expect(karel.get_by_role("status")).to_contain_text("went back to its maker")

    def shown() -> bool:
        fatma.reload()
        return fatma.get_by_text("Loonstaat oktober 2026").count() > 0 and fatma.locator("main img").count() > 0

    wait_for(shown, "Fatma sees the wages, with a picture of the first page", PATIENCE)
    assert fatma.get_by_text("Engagement letter").count() == 0
    keep(fatma, "portal")


@pytest.mark.slow
def test_the_tour_works_in_the_browser_and_then_word_for_word(demo: Path) -> None:
    with chromium() as browser:
        play_in_the_browser(browser, demo)
    for written, expected in steps():
        command = re.sub(r"2026-0", f"{date.today().year}-0", written)  # the number has the year that the item is made in
        wanted = [bare(line) for line in expected]

        def printed(command: str = command) -> list[str]:
            done = subprocess.run(command, shell=True, cwd=demo, capture_output=True, text=True, timeout=60)
            return [bare(line) for line in (done.stdout + done.stderr).splitlines()]

        if command.startswith(("sed", "echo", "printf")) or " withdraw " in command:
            assert printed() == wanted, command
        else:  # what only looks is asked again until the daemon has done its work
            wait_for(lambda: all(line in printed() for line in wanted), f"{command}\nprints\n" + "\n".join(wanted), PATIENCE)  # noqa: B023
    wait_for(lambda: not list((demo / "var/portal/northwind-ltd").glob("D-*-000007")), "the letter is off the portal")
    for number in (2, 3):
        assert list((demo / "var/portal/bakkerij-zon").glob(f"D-*-00000{number}/*.pdf"))
