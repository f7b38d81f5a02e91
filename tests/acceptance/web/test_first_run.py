"""An office without an admin gets its first one on the desk, by an address that only the log tells (CONTRACT section 10)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from kit.support import DOSSIER, Root, free_port, wait_for
from kit.web import Browser, MailBox, Served

FIELDS = {
    "office": "Kantoor Noord", "language": "nl", "name": "Anna Beheer", "code": "a.beheer", "email": "anna@noord.example",
    "mail_host": "mail.noord.example", "sender": "post@noord.example",
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Root:
    path = tmp_path / "office"
    done = subprocess.run([DOSSIER, "init", path, "--first-run", "--country", "none"], capture_output=True, text=True, check=True)
    assert "serve" in done.stdout
    return Root(path)


@contextmanager
def desk(root: Root) -> Iterator[tuple[Browser, str | None, Served]]:
    """A browser at the desk, and the path that its log tells."""
    with Served(root.path, free_port(), (), "desk") as served:
        found = re.search(r"/_first/[\w-]+", served.log())
        yield Browser(served.port), found[0] if found else None, served


def test_the_first_admin_says_who_they_are_and_is_in(root: Root) -> None:
    with desk(root) as (browser, path, served):
        assert path is not None
        page = browser.get(path).text
        assert browser.get(path).status == 200  # to look uses nothing up
        assert "<form" in page
        wrong = browser.post(path, {**FIELDS, "code": "../up", "email": "nobody"})
        assert wrong.status == 422
        assert 'value="Kantoor Noord"' in wrong.text  # nothing that was typed is lost
        assert browser.post(path, FIELDS).goes_to == "/"
        assert [line for line in served.log().splitlines() if "unexpected" in line] == []
        start = browser.get("/")
        assert start.status == 200
        assert "Nog te doen voor uw kantoor" in start.text
        assert "reservekopie" in start.text
        for page in ("/office/import/clients", "/office/staff", "/office/text/settings", "/office/presets"):
            assert f'<a href="{page}">' in start.text, "what is left for later is a click away"
            assert browser.get(page).status == 200

        stranger = Browser(browser.port)
        assert stranger.get(path).goes_to == "/_login"
        assert stranger.post(path, {**FIELDS, "code": "x.stranger"}).goes_to == "/_login"
        assert stranger.cookies == {}
    staff = yaml.safe_load((root.path / "config/staff.yaml").read_text())["staff"]
    assert list(staff) == ["a.beheer"]
    assert "admin" in staff["a.beheer"]["rights"]
    settings = yaml.safe_load((root.path / "config/settings.yaml").read_text())
    assert (settings["office"], settings["mail"]["host"]) == ({"name": "Kantoor Noord", "language": "nl"}, "mail.noord.example")
    assert "# " in (root.path / "config/settings.yaml").read_text()  # comments stay
    assert "config_changed" in root.run("audit", "log").stdout


def test_the_address_is_another_at_each_start_and_gone_for_ever_once_there_was_an_admin(root: Root, tmp_path: Path) -> None:
    with desk(root) as (browser, first, _):
        root.run("backup", str(tmp_path / "backup"))  # as a timer makes it, also before anybody has opened the first page
    with desk(root) as (browser, second, _):
        assert first is not None
        assert second not in (None, first)
        assert browser.get(first).goes_to == "/_login"
        assert browser.get("/_first/" + "x" * 43).goes_to == "/_login"
    empty = (root.path / "config/staff.yaml").read_text()
    root.set("staff", "staff:\n  a.beheer: {name: Anna, email: anna@noord.example, rights: [admin]}\n")
    with desk(root) as (browser, path, _):
        assert path is None
        assert second is not None
        assert browser.get(second).goes_to == "/_login"
    root.set("staff", empty)
    with desk(root) as (browser, path, _):
        assert path is None
        assert browser.get(second).goes_to == "/_login"


def test_two_at_once_make_one_admin(root: Root) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with desk(root) as (browser, path, _):
        assert path is not None

        def press(number: int) -> str:
            return Browser(browser.port).post(path, {**FIELDS, "code": f"a{number}"}).goes_to

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(press, range(6))) == ["/", *["/_login"] * 5]
    assert len(yaml.safe_load((root.path / "config/staff.yaml").read_text())["staff"]) == 1


def test_where_a_mail_server_is_said_the_click_on_a_mailed_link_shows_that_mail_arrives(root: Root) -> None:
    mailbox = MailBox()
    settings = root.path / "config/settings.yaml"
    settings.write_text(re.sub(r"(?m)^( +)port: 25\b", rf"\1port: {mailbox.port}", settings.read_text()))
    assert str(mailbox.port) in settings.read_text()
    try:
        with root.daemon() as daemon, desk(root) as (browser, path, _):
            assert path is not None
            browser.post(path, FIELDS | {"mail_host": "127.0.0.1"})
            start = browser.get("/").text
            assert "laat er een naar uzelf mailen" in start
            assert (address := re.search(r'name="address" value="([^"]+)"', start))
            wait_for(lambda: "configuration read again" in daemon.log(), "the daemon knows the admin")
            assert browser.post("/_login", {"address": address[1]}).status == 200
            link = mailbox.link_to("anna@noord.example", 0)
            assert Browser(browser.port).get(link).status == 200, "whoever opens it without the session has not clicked yet"
            assert "laat er een naar uzelf mailen" in browser.get("/").text
            assert browser.get(link).goes_to == "/", "logged in already"
            assert "laat er een naar uzelf mailen" not in browser.get("/").text
    finally:
        mailbox.stop()
