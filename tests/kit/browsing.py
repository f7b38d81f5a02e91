"""A real Chromium, without a screen, and the check of its pages against WCAG 2.2 AA."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from kit.support import need

PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Skips the test where there is none."""
    path = need("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds wrong with a page; none is as it should be. It brings its script past the page's policy."""
    options = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"], "reporter": "no-passes"}
    found = Axe().run(page, options=options)
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:200]}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]
