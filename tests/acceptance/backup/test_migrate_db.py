"""`dossier migrate-db`: an office moves from SQLite to a real PostgreSQL, and goes on there."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from kit.servers import new_database
from kit.support import PDF, Root, free_port, new_office, wait_for

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


def test_it_is_moved_to_another_address_where_the_first_one_was_lost(used: Root) -> None:
    used.run("migrate-db", new_database())
    used.run("migrate-db", url := new_database())
    used.environ["DOSSIER_DATABASE__URL"] = url
    assert len(used.json("items")) == 2
    assert "taken 0" in used.once()


def test_a_desk_that_goes_on_writes_nothing_into_the_old_database_and_ends(used: Root, tmp_path: Path) -> None:
    key = used.run(
        "token", "new", "books", "--for", "m.devries", "--scope", "items:write", "--until", "2099-01-01", user="j.admin"
    )
    item, port, log = used.json("items")[0]["item"], free_port(), tmp_path / "log"
    desk = used.popen("desk", "--port", str(port), log=log)
    try:
        wait_for(lambda: log.exists() and "serving the desk" in log.read_text(), "it serves")
        os.kill(desk.pid, signal.SIGSTOP)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as line:
            headers = {"authorization": f"Bearer {key.stdout.strip()}", "if-match": "*"}
            line.request("PATCH", f"/api/v1/items/{item}", '{"status": "done"}', headers)
            used.run("migrate-db", url := new_database())
            os.kill(desk.pid, signal.SIGCONT)
            assert line.getresponse().status == 503
        assert desk.wait(30) == 4
        assert "this office moved to postgresql://" in log.read_text()
    finally:
        desk.kill()
        desk.wait()
    used.environ["DOSSIER_DATABASE__URL"] = url
    assert used.json("show", item)["status"] == "new"


def test_killed_behind_the_commit_of_the_new_one_it_is_done_again_and_the_old_one_is_refused(used: Root) -> None:
    url = new_database()
    code = (
        "import os, sys, dossier.database.identity as there\nfrom desk.cli.main import main\n"
        "there.note_moved = lambda *a: os.kill(os.getpid(), 9)\n"
        f"sys.argv = ['dossier', '--root', {str(used.path)!r}, 'migrate-db', {url!r}]\nsys.exit(main())\n"
    )
    assert subprocess.run([sys.executable, "-c", code], env=used.whole_environ(), capture_output=True).returncode == -9
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (2,)
    before = used.json("items")
    assert "the trail verifies there" in used.run("migrate-db", url).stdout
    assert "this office moved to" in used.run("items", code=4).stderr
    used.environ["DOSSIER_DATABASE__URL"] = url
    assert used.json("items") == before


def test_a_disk_that_fails_when_the_old_one_is_marked_is_told_of_and_the_same_command_goes_on(used: Root) -> None:
    url = new_database()
    code = (
        "import sys, dossier.database.identity as there\nfrom desk.cli.main import main\nfrom dossier.database.tables import PROXY\n"
        "from peewee import OperationalError\n"
        "def fails(*a):\n    PROXY.execute_sql('ROLLBACK')  # as SQLite does by itself\n    raise OperationalError('disk I/O error')\n"
        f"there.note_moved = fails\nsys.argv = ['dossier', '--root', {str(used.path)!r}, 'migrate-db', {url!r}]\nsys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=used.whole_environ(), capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n"), "disk I/O error" in done.stderr) == (4, 1, True)
    assert "rollback" not in done.stderr
    assert "the trail verifies there" in used.run("migrate-db", url).stdout
    used.environ["DOSSIER_DATABASE__URL"] = url
    assert len(used.json("items")) == 2


def test_what_was_done_since_a_move_that_was_broken_off_is_not_left_behind(used: Root) -> None:
    url = new_database()
    shutil.copytree(used.path, used.path.with_name("copy"))
    Root(used.path.with_name("copy")).run("migrate-db", url)
    used.run("edit", used.json("items")[0]["item"], "--status", "done", user="m.devries")
    assert "not empty" in used.run("migrate-db", url, code=1).stderr
    assert used.json("items")[0]["status"] == "done"


def test_while_a_daemon_works_on_the_new_database_nothing_begins_on_the_old_one(used: Root) -> None:
    old = dict(used.environ)
    used.run("migrate-db", url := new_database())
    used.environ["DOSSIER_DATABASE__URL"] = url
    with used.daemon() as daemon:
        used.environ.clear()
        used.environ.update(old)
        told = used.run("adopt", "--reason", "the old one is the office's", user="j.admin", code=1).stderr
        assert f"(process {daemon.pid})" in told
        assert "this office moved to" in used.run("run", "--once", code=4).stderr
    used.run("adopt", "--reason", "the old one is the office's", user="j.admin")


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
