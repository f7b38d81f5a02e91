"""An office without an admin gets its first one on the desk, by an address that only the log tells (CONTRACT section 10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lxml.html
import pytest
import yaml
from kit.support import Root, dossier, free_port, wait_for
from kit.web import Browser, MailBox, Served

FIELDS = {
    "office": "Kantoor Noord", "language": "nl", "name": "Anna Beheer", "code": "a.beheer", "email": "anna@noord.example",
    "mail_host": "mail.noord.example", "sender": "post@noord.example", "desk_name": "", "portal_name": "", "backup_folder": "",
}  # fmt: skip
NAMES = {"desk_name": "desk.noord.example", "portal_name": "portaal.noord.example"}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    path = tmp_path / "office"
    done = dossier("init", path, "--first-run", "--country", "none")
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
        assert "Bewaartermijnen</a>" in browser.get("/office").text, "it isn't called as the button that saves"
        for page in ("/office/import/clients", "/office/staff", "/office/setup", "/office/presets", "/office/setup#backup"):
            assert f'<a href="{page}">' in start.text, "what is left for later is a click away"
            assert browser.get(page.partition("#")[0]).status == 200
        assert "Alles is gedaan" not in start.text, "there is all to do"
        for page in ("/clients", "/clients?for=new"):
            empty = browser.get(page).text
            assert "Er zijn nog geen klanten" in empty
            assert 'href="/office/import/clients"' in empty, "what to do first"

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
    assert {one["action"] for one in root.json("audit", "log")} >= {"config_changed"}


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


def test_an_office_that_was_made_for_a_country_keeps_its_language_whatever_the_browser_speaks(tmp_path: Path) -> None:
    dossier("init", tmp_path / "kantoor", "--first-run", "--country", "nl")
    with desk(Root(tmp_path / "kantoor")) as (browser, path, _):
        page = browser.get(path or "", **{"accept-language": "en"}).text
    assert "A new office" in page
    assert '<option value="nl" selected' in page
    assert '<option value="en" selected' not in page


def test_two_at_once_make_one_admin(root: Root) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with desk(root) as (browser, path, _):
        assert path is not None

        def press(number: int) -> str:
            return Browser(browser.port).post(path, {**FIELDS, "code": f"a{number}"}).goes_to

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(press, range(6))) == ["/", *["/_login"] * 5]
    assert len(yaml.safe_load((root.path / "config/staff.yaml").read_text())["staff"]) == 1


def test_a_mail_server_with_a_port_behind_it_is_not_taken_for_a_name_that_no_mail_gets_to(root: Root) -> None:
    with desk(root) as (browser, path, _):
        assert path is not None
        for odd in ("mail.noord.example:587", "127.0.0.1:25", "no name", "[::1]"):
            answer = browser.post(path, {**FIELDS, "mail_host": odd})
            assert (answer.status, "<code>mail.port</code>" in answer.text) == (422, True), odd
        assert browser.post(path, {**FIELDS, "mail_host": "2001:db8::25"}).goes_to == "/"
    assert yaml.safe_load((root.path / "config/settings.yaml").read_text())["mail"]["host"] == "2001:db8::25"


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


def test_mail_settings_that_do_not_work_are_told_where_the_link_is_asked_for(root: Root) -> None:
    settings = root.path / "config/settings.yaml"
    settings.write_text(re.sub(r"(?m)^( +)port: 25\b", rf"\1port: {free_port()}", settings.read_text()))
    with root.daemon() as daemon, desk(root) as (browser, path, _):
        assert path is not None
        browser.post(path, FIELDS | {"mail_host": "127.0.0.1"})
        assert "De instellingen van mail werken nog niet" not in browser.get("/").text
        wait_for(lambda: "configuration read again" in daemon.log(), "the daemon knows the admin")
        browser.post("/_login", {"address": "anna@noord.example"})
        wait_for(lambda: "De instellingen van mail werken nog niet" in browser.get("/").text, "the start page says why")
        assert "De verbinding is geweigerd" in browser.get("/").text


def test_the_names_of_the_office_are_shown_as_what_the_web_server_needs_and_hold_once_somebody_has_seen_it_answer(
    root: Root,
) -> None:
    settings = root.path / "config/settings.yaml"
    with desk(root) as (browser, path, _):
        assert path is not None
        wrong = browser.post(path, FIELDS | {"desk_name": "desk", "portal_name": "portaal.noord.example"})
        assert wrong.status == 422
        assert 'value="portaal.noord.example"' in wrong.text
        assert browser.post(path, FIELDS | NAMES | {"desk_name": "https://Desk.noord.example/"}).goes_to == "/office/setup"
        page = browser.get("/office/setup").text
        assert [
            block.strip() for block in re.findall(r"(?m)^\S+ \{[^}]+\}$", lxml.html.fromstring(page).xpath("string(//pre)"))
        ] == [
            f'{name} {{\n\theader Strict-Transport-Security "max-age=31536000"\n\treverse_proxy 127.0.0.1:{port}\n}}'
            for name, port in (("desk.noord.example", 8081), ("portaal.noord.example", 8080))
        ]
        assert '<a href="/office/setup">' in browser.get("/").text, "as long as they are not in use, that is still to be done"
        before = settings.read_text()
        unseen = browser.post("/office/setup", {"what": "names", **NAMES})
        assert unseen.status == 422
        assert "open eerst https://desk.noord.example" in unseen.text
        assert settings.read_text() == before, "nobody is sent to a name that nobody saw answer"
        saved = browser.post("/office/setup", {"what": "names", "seen": "1", **NAMES})
        assert saved.status == 200
        assert 'href="https://desk.noord.example/_login"' in saved.text
    told = yaml.safe_load(settings.read_text())
    assert (told["desk"]["base_url"], told["portal"]["base_url"]) == (
        "https://desk.noord.example",
        "https://portaal.noord.example",
    )
    assert (told["desk"]["trusted_proxies"], told["portal"]["trusted_proxies"]) == (["127.0.0.1"], ["127.0.0.1"])


def test_the_folder_for_backups_is_chosen_in_the_browser_and_refused_where_none_can_be(root: Root, tmp_path: Path) -> None:
    inside, full, fine = root.path / "var/portal/backups", tmp_path / "full", tmp_path / "disk/backups"
    full.mkdir()
    (full / "holiday.jpg").write_text("x")
    (tmp_path / "file").write_text("x")
    with desk(root) as (browser, path, _):
        assert path is not None
        refused = browser.post(path, FIELDS | {"backup_folder": str(inside)})
        assert refused.status == 422
        assert "within the office" in refused.text or "binnen het kantoor" in refused.text
        assert browser.post(path, FIELDS | {"backup_folder": str(fine)}).goes_to == "/"
        start = browser.get("/").text
        assert f"komen in {fine}." in start
        assert "laat dan elke nacht <code>dossier backup</code> draaien" in start, "no timer is promised that may not be there"
        for wrong in (root.path / "inbox", root.path / "var/vault/x", full, tmp_path / "file", tmp_path / "file/x", "backups"):
            page = browser.post("/office/setup", {"what": "backup", "backup_folder": str(wrong)})
            assert page.status == 422, wrong
            assert f'value="{wrong}"' in page.text, "what was typed stays"
            assert not re.search("Not a directory|Permission denied", page.text), "all of it is Dutch"
        assert yaml.safe_load((root.path / "config/settings.yaml").read_text())["backup"] == {"folder": str(fine)}
        root.run("backup")
        assert (fine / "dossier-backup.json").exists()
        assert f"komt in {fine}." not in browser.get("/").text
        assert f"De laatste staat in {fine}" in browser.get("/office/setup").text
        other = tmp_path / "other"
        assert (
            browser.post("/office/setup", {"what": "backup", "backup_folder": str(other)}).goes_to
            == "/office/setup?done=backup#backup"
        )
    root.run("backup", "--else", str(tmp_path / "unused"))
    assert (other / "dossier-backup.json").exists()
    assert not (tmp_path / "unused").exists(), "what settings.yaml says goes before --else"


def test_a_backup_goes_where_it_is_told_and_is_refused_where_nobody_says_where(root: Root, tmp_path: Path) -> None:
    nowhere = root.run("backup", code=2)
    assert "backup.folder" in nowhere.stderr
    root.run("backup", "--else", str(tmp_path / "timer"))
    root.set("settings", f"backup: {{folder: {tmp_path / 'said'}}}\n")
    root.run("backup", str(tmp_path / "told"))
    root.run("backup")
    assert all((tmp_path / name / "dossier-backup.json").exists() for name in ("timer", "told", "said"))
    root.set("settings", f"backup: {{folder: {root.path}/inbox}}\n")
    root.run("backup", code=1)
    assert "within the office" in root.run("doctor", code=None).stdout
