"""`dossier migrate-db`: an office moves from SQLite to a real PostgreSQL, and goes on there."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from kit.servers import new_database
from kit.support import PDF, Root, new_office

SHARED = "description: Jaarrekening van {name}\nlabels: [cliënt]\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"


pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """An office on SQLite with something on the portal, something withdrawn, something refused."""
    root = new_office(tmp_path_factory.mktemp("migrate") / "office")
    for name in ("one", "two"):
        root.drop(name, SHARED.format(name=name), **{f"{name}_pdf": PDF + name.encode()})
    root.drop("bad", "description: short\n", bad_pdf=PDF)
    root.once()
    root.run("withdraw", root.json("items")[0]["item"], "--reason", "wrong year", user="m.devries")
    root.once()
    return root


@pytest.fixture
def used(lived_in: Root, tmp_path: Path) -> Root:
    """A copy of it."""
    shutil.copytree(lived_in.path, tmp_path / "office")
    return Root(tmp_path / "office")


@pytest.mark.slow
def test_everything_arrives_and_the_office_goes_on(used: Root) -> None:
    before, shown = used.json("items"), [used.json("show", row["item"]) for row in used.json("items")]
    url = new_database()
    done = used.run("migrate-db", url)
    assert "the trail verifies there" in done.stdout
    used.environ["DOSSIER_DATABASE__URL"] = url
    assert used.json("items") == before
    for old in shown:
        new = used.json("show", old["item"])
        assert new["history"][: len(old["history"])] == old["history"]
        assert {key: new[key] for key in new if key != "history"} == {key: old[key] for key in old if key != "history"}
    assert [row["item"] for row in used.json("items", "clien", "jaarrek")] != []
    used.run("audit", "verify")
    assert "taken 0" in used.once()
    used.drop("three", SHARED.format(name="three"), three_pdf=PDF + b"3")
    assert "taken 1" in used.once()
    assert used.json("items")[0]["item"].endswith("-000003")
    used.run("verify")


def test_an_address_with_something_in_it_is_refused_and_stays_as_it_was(used: Root) -> None:
    url = new_database()
    used.run("migrate-db", url)
    with psycopg.connect(url) as connection:
        count = connection.execute("SELECT count(*) FROM event").fetchone()
    assert "not empty" in used.run("migrate-db", url, code=1).stderr
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == count


def test_an_address_of_sqlite_is_told_as_the_way_back_that_there_is_not(used: Root) -> None:
    assert "moves to PostgreSQL only" in used.run("migrate-db", "sqlite:///var/other.db", code=2).stderr


def test_the_old_database_is_refused_from_then_on(used: Root) -> None:
    used.run("migrate-db", url := new_database())
    for words in (("items",), ("run", "--once"), ("backup", str(used.path.with_name("backups")))):
        assert "this office moved to postgresql://" in used.run(*words, code=4).stderr
    used.environ["DOSSIER_DATABASE__URL"] = url
    used.run("items")


def test_it_waits_for_no_daemon(used: Root) -> None:
    with used.daemon():
        assert "stop it first" in used.run("migrate-db", new_database(), code=1).stderr


def test_a_server_that_does_not_answer_is_exit_4_without_the_password(used: Root) -> None:
    done = used.run("migrate-db", "postgresql://office:secret@127.0.0.1:9/office", code=4)
    assert "127.0.0.1:9/office" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.slow
def test_broken_off_anywhere_it_is_begun_anew_and_the_office_stays_where_it_is(used: Root) -> None:
    for number in range(60):
        used.drop(f"m{number}", SHARED.format(name=f"nummer {number}"), **{f"m{number}_pdf": PDF + bytes([number])})
    used.once()
    before, url, began = used.json("items", "--limit", "0"), new_database(), time.monotonic()
    shutil.copytree(used.path, used.path.with_name("timed"))
    Root(used.path.with_name("timed")).run("migrate-db", new_database())
    took = time.monotonic() - began
    for part in (0.5, 0.8, 0.9, 0.95):
        process = used.popen("migrate-db", url)
        try:
            process.wait(took * part)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        else:
            break  # it was through
        with psycopg.connect(url) as connection:
            tables = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'item'").fetchone()
            arrived = connection.execute("SELECT count(*) FROM item").fetchone() if tables == (1,) else (0,)
        assert arrived in ((0,), (len(before),)), "all of it or nothing"
        if arrived != (0,):
            break  # it was killed on its way out
        assert used.json("items", "--limit", "0") == before, "the office is where it was"
    else:
        used.run("migrate-db", url)
    used.environ["DOSSIER_DATABASE__URL"] = url
    assert used.json("items", "--limit", "0") == before
    used.run("audit", "verify")
    used.run("verify")
