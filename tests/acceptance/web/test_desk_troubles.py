"""What the desk says when something is not as usual: no daemon, a database that can't be written, an item the client has opened."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kit.desk import DeskRig
from kit.support import PDF

PUBLIC = "created_by: m.devries\nshare: yes\nshare_status: approved\nshare_attachments: all\n"


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
