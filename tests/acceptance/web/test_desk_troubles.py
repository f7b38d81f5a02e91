"""What the desk says when something is not as usual: no daemon, a database that can't be written, an item the client has opened."""

from __future__ import annotations

import contextlib
import errno
import html
import json
import os
import re
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kit.desk import DeskRig
from kit.support import PDF, wait_for
from kit.web import send_form

from dossier.text import system
from dossier.text.sentences import told

PUBLIC = "created_by: m.devries\nshare: yes\nshare_status: approved\nshare_attachments: all\n"

NO_ROOM = told(system.advised(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) or "", "nl")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office"), "sharing: {guard: off}\n") as made:
        yield made


def make(rig: DeskRig, stem: str, keys: str = PUBLIC) -> str:
    rig.office.place(
        "acme-bv", {f"{stem}.pdf": PDF + stem.encode(), f"{stem}.yaml": f"description: Stuk {stem} van het jaar\n{keys}"}
    )
    rig.office.until_taken("acme-bv", stem)
    return str(rig.office.told(stem, "acme-bv")["item"])


def database(rig: DeskRig) -> sqlite3.Connection:
    return sqlite3.connect(rig.office.path / "var/dossier.db", isolation_level=None, timeout=30)


def kept(page: str) -> dict[str, str]:
    """The fields that a page keeps to be sent once more."""
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    }


def test_before_something_is_taken_off_it_is_said_who_opened_it_and_when(rig: DeskRig) -> None:
    item, unopened = make(rig, "opened"), make(rig, "unopened")
    with closing(database(rig)) as written:
        [(key, edition)] = written.execute("SELECT id, public FROM item WHERE public IS NOT NULL ORDER BY id LIMIT 1").fetchall()
        values = (edition, "j.jansen", "opened.pdf", "0" * 64, key, "2026-11-20T10:00:00Z", "2026-11-21T11:30:00Z", 3)
        written.execute(
            "INSERT INTO opening (edition, contact, name, sha256, item, first_at, last_at, times) VALUES (?,?,?,?,?,?,?,?)",
            values,
        )
    marieke = rig.browser("m.devries")
    form = re.findall(r'<form[^>]*/withdraw">.*?</form>', marieke.get(f"/items/{item}").text, re.DOTALL)[0]
    assert "Het is al geopend" in form
    assert re.search(r"<li>Jan Jansen, .*3×.*opened\.pdf</li>", form, re.DOTALL)
    form = re.findall(r'<form[^>]*/withdraw">.*?</form>', marieke.get(f"/items/{unopened}").text, re.DOTALL)[0]
    assert "Jan Jansen" not in form
    assert "Niemand" in form


def test_what_was_typed_is_kept_where_it_could_not_be_written_and_is_sent_once_more(rig: DeskRig) -> None:
    item = make(rig, "typed")
    marieke = rig.browser("m.devries")
    version = re.findall(r'name="version" value="(\d+)"', marieke.get(f"/items/{item}").text)[0]
    typed = {"version": version, "explanation": "Regel één\nen <twee> & drie"}
    with closing(database(rig)) as other:
        other.execute("CREATE TRIGGER broken BEFORE UPDATE ON item BEGIN SELECT RAISE(FAIL, 'disk I/O error'); END")
        answer = marieke.post(f"/items/{item}/edit", typed)
        other.execute("DROP TRIGGER broken")
    assert answer.status in (500, 503)
    assert kept(answer.text) == typed
    assert marieke.post(f"/items/{item}/edit", kept(answer.text)).goes_to == f"/items/{item}?done=changed"
    assert rig.office.json("show", item)["explanation"] == typed["explanation"]


def test_of_two_browsers_that_change_a_field_the_second_loses_nothing_and_is_shown_what_is_there_now(rig: DeskRig) -> None:
    item = make(rig, "both", "created_by: m.devries\n")
    marieke, petra = rig.browser("m.devries"), rig.browser("p.bakker")
    versions = [re.findall(r'name="version" value="(\d+)"', one.get(f"/items/{item}").text)[0] for one in (marieke, petra)]
    assert versions[0] == versions[1]
    first, second = "Eerst getypt door Marieke", "Daarna getypt door Petra"
    assert marieke.post(f"/items/{item}/edit", {"version": versions[0], "description": first}).status == 303
    answer = petra.post(f"/items/{item}/edit", {"version": versions[1], "description": second})
    assert answer.status == 409
    assert first in answer.text
    assert f'value="{second}"' in answer.text
    assert "Marieke" in answer.text
    newer = re.findall(r'name="version" value="(\d+)"', answer.text)[0]
    assert petra.post(f"/items/{item}/edit", {"version": newer, "description": second}).status == 303
    assert rig.office.json("show", item)["description"] == second


def test_what_was_typed_for_an_item_that_is_closed_or_gone_by_then_is_shown_again(rig: DeskRig) -> None:
    item = make(rig, "late", "created_by: m.devries\n")
    marieke, petra = rig.browser("m.devries"), rig.browser("p.bakker")
    version = re.findall(r'name="version" value="(\d+)"', petra.get(f"/items/{item}").text)[0]
    typed = {"version": version, "explanation": "Een <lang> verhaal"}
    assert marieke.post(f"/items/{item}/edit", {"version": version, "status": "closed"}).status == 303
    refused = petra.post(f"/items/{item}/edit", typed)
    assert (refused.status in (403, 409), "Een &lt;lang&gt; verhaal" in refused.text) == (True, True)
    gone = petra.post("/items/D-2019-000001/edit", typed)
    assert (gone.status, "Een &lt;lang&gt; verhaal" in gone.text) == (404, True)


@pytest.fixture
def small_inbox(rig: DeskRig) -> Iterator[Path]:
    """A disk of 4 MB at a client's inbox."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a small disk is mounted")
    folder = rig.office.path / "inbox/zon"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing may be mounted on this machine: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_in_an_upload_is_told_at_the_files_and_all_that_was_typed_stays(
    rig: DeskRig, small_inbox: Path
) -> None:
    petra, large = rig.browser("p.bakker"), PDF + b"x" * (6 << 20)
    drop = json.loads(petra.post("/clients/zon/drops").text)["drop"]
    answer = petra._ask("PUT", f"/drops/{drop}/files/large.pdf", large, {})  # type: ignore[arg-type]
    assert (answer.status, [one["message"] for one in json.loads(answer.text)["faults"]]) == (503, [NO_ROOM])
    typed = {"drop": drop, "description": "Alles wat al was getypt", "explanation": "Regel één"}
    answer = send_form(petra, "/clients/zon/new", {**typed, "add": "1"}, [("large.pdf", large)])
    assert (answer.status, html.escape(NO_ROOM, quote=False) in html.unescape(answer.text)) == (422, True)
    assert all(value in answer.text for value in typed.values())
    assert [one.name for one in small_inbox.rglob("*large*")] == [], "nothing of it takes up room"
    assert petra._ask("PUT", f"/drops/{drop}/files/small.pdf", PDF, {}).status == 200  # type: ignore[arg-type]
    filler = small_inbox / ".filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    answer = petra.post("/clients/zon/new", {**typed, "save": "1"})
    assert (answer.status, typed["description"] in answer.text) == (503, True)
    filler.unlink()
    assert petra.post("/clients/zon/new", {**typed, "save": "1"}).goes_to == f"/drops/{drop}"


def test_a_connection_that_is_lost_in_an_upload_leaves_nothing_of_the_file_and_it_can_be_sent_again(rig: DeskRig) -> None:
    petra = rig.browser("p.bakker")
    drop = json.loads(petra.post("/clients/acme-bv/drops").text)["drop"]
    [hidden] = [one for one in (rig.office.path / "inbox/acme-bv").iterdir() if one.name.startswith(".")]
    cookie = "; ".join(f"{name}={value}" for name, value in petra.cookies.items())
    head = f"PUT /drops/{drop}/files/scan.pdf HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Length: 9000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", rig.port)) as connection:
        connection.sendall(head.encode() + PDF + b"x" * 200_000)
        wait_for(lambda: list(hidden.iterdir()), "it comes in")
    wait_for(lambda: not list(hidden.iterdir()), "nothing of it is left")
    assert "scan.pdf" not in petra.post("/clients/acme-bv/new", {"drop": drop, "add": "1"}).text
    assert petra._ask("PUT", f"/drops/{drop}/files/scan.pdf", PDF + b"lost", {}).status == 200  # type: ignore[arg-type]
    saved = petra.post("/clients/acme-bv/new", {"drop": drop, "description": "Na een verbroken verbinding", "save": "1"})
    assert saved.goes_to == f"/drops/{drop}"


def test_a_session_that_ended_while_one_typed_keeps_the_words_and_names_the_files_to_be_chosen_again(rig: DeskRig) -> None:
    petra = rig.browser("p.bakker")
    typed = {"description": "Getypt voor de <sessie> eindigde", "explanation": "Regel één\nen twee", "share": ""}
    ended = dict(petra.cookies)
    petra.cookies.clear()
    answer = send_form(
        petra, "/clients/acme-bv/new", {**typed, "save": "1"}, [("eerste.pdf", PDF + b"1"), ("tweede.pdf", PDF + b"2")]
    )
    assert (answer.status, "eerste.pdf" in answer.text, "tweede.pdf" in answer.text) == (401, True, True)
    assert 'enctype="multipart/form-data"' in answer.text
    assert kept(answer.text) == {**typed, "save": "1"}
    petra.cookies.update(ended)  # logged in again, in another tab
    again = send_form(petra, "/clients/acme-bv/new", kept(answer.text), [("eerste.pdf", PDF + b"1"), ("tweede.pdf", PDF + b"2")])
    wait_for(lambda: petra.get(again.goes_to).status == 303, "it is taken")
    item = rig.office.json("show", re.findall(r"D-\d{4}-\d{6}", petra.get(again.goes_to).goes_to)[0])
    assert (item["description"], item["explanation"], len(item["attachments"])) == (typed["description"], typed["explanation"], 2)


def test_each_page_says_on_top_that_no_daemon_runs_until_one_does(rig: DeskRig, tmp_path: Path) -> None:
    item = make(rig, "quiet")
    marieke = rig.browser("m.devries")
    pages = (
        "/",
        "/clients",
        "/clients/acme-bv",
        "/clients/acme-bv/new",
        f"/items/{item}",
        "/queue",
        "/inbox",
        "/keys",
        "/?q=stuk",
    )
    assert not any("De daemon draait niet" in marieke.get(page).text for page in pages)
    assert rig.daemon.stop() == 0
    for page in pages:
        assert "De daemon draait niet" in marieke.get(page).text, page
    with rig.office.daemon():
        assert "De daemon draait niet" not in marieke.get("/").text
