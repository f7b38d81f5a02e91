"""The documentation as a site (`make docs`), opened from the disk: what people look for is found, without a server or a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kit.browsing import chromium

CHECKOUT = Path(__file__).resolve().parents[3]
WORDS = (
    "antivirus",
    "uninstall",
    "LDAP",
    "restore",
    "ransomware",
    "AVG",
    "MFA",
    "Docker",
    "wachtwoord",
    "terugzetten",
    "netwerkschijf",
    "Prometheus",
)


@pytest.mark.slow
def test_the_words_that_people_look_for_lead_somewhere_from_the_disk(tmp_path: Path) -> None:
    site = tmp_path / "site"
    words = [Path(sys.executable).with_name("mkdocs"), "build", "--quiet", "--site-dir", site]
    done = subprocess.run(words, cwd=CHECKOUT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        box = page.locator("input.md-search__input")
        while not box.is_visible():  # the key is heard from the moment that the page's script runs
            page.keyboard.press("/")
        for word in WORDS:
            box.fill("")
            box.press_sequentially(word)
            found = page.locator(".md-search-result__link", has_text=word).first
            found.wait_for(state="attached")
            target = str(found.get_attribute("href")).partition("?")[0].partition("#")[0]
            assert (site / Path(target).name).exists() or (site / "nl" / Path(target).name).exists(), f"{word}: {target}"
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
