"""CONTRACT section 9: an office does not begin anew in silence, whatever became of its database."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from kit.mail_server import Server
from kit.ownership import needs_root
from kit.servers import new_database
from kit.support import PDF, Root, free_port, new_office, wait_for

pytestmark = pytest.mark.sqlite

SHARED = (
    "description: Annual accounts {name}\nshare: yes\nshare_status: approved\nshare_attachments: all\ncreated_by: m.devries\n"
)


def _drop(root: Root, name: str) -> None:
    root.drop(name, SHARED.format(name=name), **{f"{name}_pdf": PDF + name.encode()})


def _numbers(root: Root) -> list[str]:
    return sorted(item["item"][-6:] for item in root.json("items"))


def _lay(path: Path, data: bytes | None) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    if data is not None:
        path.write_bytes(data)


@pytest.fixture(scope="module")
def one_office(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """With an older copy of its database beside it: of when there was one item."""
    root = new_office(tmp_path_factory.mktemp("identity") / "office")
    _drop(root, "one")
    root.once()
    with sqlite3.connect(root.path / "var/dossier.db") as now, sqlite3.connect(root.path / "older.db") as copy:
        now.backup(copy)
    _drop(root, "two")
    root.once()
    return root


@pytest.fixture
def lived_in(one_office: Root, tmp_path: Path) -> Root:
    """A copy of it."""
    shutil.copytree(one_office.path, tmp_path / "office")
    return Root(tmp_path / "office")


def _other(root: Root) -> bytes:
    other = Root(root.path.with_name("other"))
    shutil.copytree(root.path / "config", other.path / "config")
    for client in ("acme-bv", "northwind-ltd"):
        (other.path / "inbox" / client).mkdir(parents=True)
    for name in ("one", "two", "three"):
        _drop(other, name)
    other.once()
    with sqlite3.connect(other.path / "var/dossier.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (other.path / "var/dossier.db").read_bytes()


def _without_its_wal(root: Root) -> bytes:
    """What is left if SQLite's log is removed after a kill: what was written last is in the log alone."""
    path = root.path / "var/dossier.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM item").fetchall()  # as long as somebody reads, it is not written back
        root.drop("three", "description: The third of them\ncreated_by: p.bakker\nattachments: []\n")
        root.once()
        return path.read_bytes()


LOSSES: dict[str, Callable[[Root], bytes | None]] = {
    "missing": lambda root: None,
    "emptied": lambda root: b"",
    "older": lambda root: (root.path / "older.db").read_bytes(),
    "without its -wal": _without_its_wal,
    "another": _other,
}

READABLE = ("older", "without its -wal")


@pytest.mark.parametrize("loss", LOSSES)
def test_on_a_database_that_is_not_the_offices_nothing_is_taken_numbered_or_published(lived_in: Root, loss: str) -> None:
    data = LOSSES[loss](lived_in)
    _lay(lived_in.path / "var/dossier.db", data)
    _drop(lived_in, "later")
    before = sorted(str(path) for path in (lived_in.path / "var/portal").rglob("*"))
    refused = [
        ("run", "--once"),
        ("backup", str(lived_in.path.with_name("backups"))),
        ("withdraw", "1", "--reason", "wrong year"),
    ]
    for words in refused if loss in READABLE else [*refused, ("items",), ("status",), ("verify",), ("audit", "verify")]:
        assert "dossier adopt" in lived_in.run(*words, user="j.admin", code=4).stderr, words
    assert (lived_in.inbox() / "later.yaml").exists()
    assert sorted(str(path) for path in (lived_in.path / "var/portal").rglob("*")) == before
    assert (lived_in.path / "var/dossier.db").exists() == (data is not None)
    (wrong,) = [one for one in json.loads(lived_in.run("doctor", "--json", code=1).stdout) if one["check"] == "database"]
    assert wrong["level"] == "wrong"
    assert "dossier adopt" in wrong["message"]


def test_what_is_left_of_an_older_database_can_be_read_and_verified_and_it_is_told(lived_in: Root) -> None:
    _lay(lived_in.path / "var/dossier.db", (lived_in.path / "older.db").read_bytes())
    for words in (("items", "--json"), ("status",), ("show", "1"), ("audit", "log")):
        done = lived_in.run(*words)
        assert "dossier adopt" in done.stderr, words
        assert done.stdout, words
    for words in (("audit", "verify"), ("verify",)):
        assert lived_in.run(*words, code=1).stderr, words
    assert "dossier adopt" in lived_in.run("run", "--once", code=4).stderr, "reading changed nothing"


@pytest.mark.parametrize("loss", ["missing", "older"])
def test_an_admin_says_that_it_holds_and_numbers_that_were_used_stay_used(lived_in: Root, loss: str) -> None:
    _lay(lived_in.path / "var/dossier.db", LOSSES[loss](lived_in))
    lived_in.run("adopt", "--reason", "the disk failed", user="p.bakker", code=1)
    lived_in.run("adopt", "--reason", "the disk failed", user="j.admin")
    _drop(lived_in, "later")
    assert "taken 1" in lived_in.once()
    assert _numbers(lived_in) == (["000001", "000003"] if loss == "older" else ["000003"])
    (adopted,) = [
        one for one in map(json.loads, lived_in.run("audit", "export").stdout.splitlines()) if one["action"] == "adopted"
    ]
    assert (adopted["actor"], adopted["detail"]["reason"]) == ("j.admin", "the disk failed")
    lived_in.run("audit", "verify")


@needs_root
def test_whoever_can_not_write_the_marks_is_told_as_whom_to_say_that_it_holds(lived_in: Root) -> None:
    _lay(lived_in.path / "var/dossier.db", LOSSES["older"](lived_in))
    os.chown(lived_in.path / "var", 65534, -1)
    assert "sudo -u nobody dossier" in lived_in.run("adopt", "--reason", "the disk failed", user="j.admin", code=1).stderr
    os.chown(lived_in.path / "var", 0, -1)
    assert "adopted" not in lived_in.run("audit", "export", code=4).stdout
    lived_in.run("adopt", "--reason", "the disk failed", user="j.admin")
    lived_in.once()


def test_marks_that_can_not_be_read_are_written_anew(lived_in: Root) -> None:
    marks = [lived_in.path / name for name in ("var/anchors/office.json", "var/vault/.office.json")]
    marks[0].write_bytes(b"")
    marks[1].write_bytes(b'{"office": 1}')
    _drop(lived_in, "later")
    lived_in.once()
    assert len({json.loads(mark.read_bytes())["length"] for mark in marks}) == 1


def test_a_mark_never_goes_up_on_a_database_that_does_not_hold_the_one_before(lived_in: Root) -> None:
    """A program of an earlier version works on with an older copy: it knows no marks."""
    _lay(lived_in.path / "var/dossier.db", (lived_in.path / "older.db").read_bytes())
    with sqlite3.connect(lived_in.path / "var/dossier.db") as database:
        for _ in range(9):
            database.execute(
                "INSERT INTO event (seq, at, actor, action, digest, hash) SELECT max(seq) + 1, '2026-01-01T00:00:00.000000Z', 'x', 'x',"
                " 'x', 'x' FROM event"
            )
    assert "dossier adopt" in lived_in.run("run", "--once", code=4).stderr


def test_marks_that_are_gone_do_not_make_an_empty_database_the_offices(lived_in: Root) -> None:
    for mark in ("var/anchors/office.json", "var/vault/.office.json"):
        (lived_in.path / mark).unlink()
    lived_in.run("items")
    for mark in ("var/anchors/office.json", "var/vault/.office.json"):
        assert (lived_in.path / mark).exists(), "made anew, in silence, as an upgrade does"
        (lived_in.path / mark).unlink()
    _lay(lived_in.path / "var/dossier.db", None)
    assert "there is no database, but an office" in lived_in.run("run", "--once", code=4).stderr


@pytest.mark.slow
@pytest.mark.parametrize("swap", ["removed", "replaced"])
def test_a_database_that_is_swapped_under_daemon_desk_and_portal_ends_them_and_the_admins_get_mail(
    lived_in: Root, server: Server, tmp_path: Path, swap: str
) -> None:
    lived_in.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(server.port)}
    path, log = lived_in.path / "var/dossier.db", tmp_path / "log"
    with lived_in.daemon() as daemon:
        pages = [lived_in.popen(site, "--port", str(free_port()), log=log) for site in ("desk", "portal")]
        wait_for(lambda: log.exists() and log.read_text().count("serving the") == 2, "they serve")
        if swap == "replaced":
            shutil.copy(path, tmp_path / "copy.db")
            os.replace(tmp_path / "copy.db", path)
        else:
            path.unlink()
        _drop(lived_in, "later")
        wait_for(lambda: daemon.poll() is not None, "it has ended")
        assert daemon.returncode == 4
        for process in pages:
            assert process.wait(30) == 4, log.read_text()
    assert (lived_in.inbox() / "later.yaml").exists()
    (mail,) = [mail for mail in server.mails if "database" in mail["Subject"]]
    assert "j.admin@office.example" in mail["To"]
    lived_in.run("run", "--once", code=4 if swap == "removed" else 0)


def test_a_refusal_at_the_start_is_mailed_once_a_day(lived_in: Root, server: Server) -> None:
    lived_in.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(server.port)}
    _lay(lived_in.path / "var/dossier.db", None)
    for _ in range(2):
        lived_in.run("run", "--once", code=4)
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    "swap",
    [
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
        "TRUNCATE event, event_detail, note CASCADE",
        "UPDATE note SET value = 'another' WHERE key = 'office:id'",
    ],
    ids=["begun anew", "emptied", "another office's"],
)
@pytest.mark.slow
def test_a_postgresql_database_that_is_swapped_under_daemon_desk_and_portal_is_refused_by_all(
    root: Root, tmp_path: Path, swap: str
) -> None:
    root.environ |= {"DOSSIER_DATABASE__URL": new_database()}
    _drop(root, "one")
    root.once()
    log = tmp_path / "log"
    with root.daemon() as daemon:
        pages = [root.popen(site, "--port", str(free_port()), log=log) for site in ("desk", "portal")]
        wait_for(lambda: log.exists() and log.read_text().count("serving the") == 2, "they serve")
        with psycopg.connect(root.environ["DOSSIER_DATABASE__URL"], autocommit=True) as connection:
            connection.execute(swap)
        wait_for(lambda: daemon.poll() is not None, "it has ended")
        assert daemon.returncode == 4, daemon.log()
        for process in pages:
            assert process.wait(30) == 4, log.read_text()
    _drop(root, "later")
    assert "dossier adopt" in root.run("run", "--once", code=4).stderr
    assert (root.inbox() / "later.yaml").exists()


def test_a_database_that_only_the_daemon_was_told_of_is_known_to_every_command(root: Root, tmp_path: Path) -> None:
    daemon = Root(root.path, {**root.environ, "DOSSIER_DATABASE__URL": f"sqlite:///{tmp_path}/elsewhere.db"})
    _drop(daemon, "one")
    daemon.once()
    for words in (("status",), ("backup", str(tmp_path / "backups"))):
        assert f"{tmp_path}/elsewhere.db" in root.run(*words, code=4).stderr
    assert not (root.path / "var/dossier.db").exists()
    daemon.run("status")


def test_where_all_of_var_is_away_receipts_tell_that_it_is_not_the_first_day(lived_in: Root) -> None:
    var, away = lived_in.path / "var", lived_in.path / "away"
    var.rename(away)
    _drop(lived_in, "three")
    for words in (("run", "--once"), ("items",)):
        assert "inbox/acme-bv/_done" in lived_in.run(*words, code=4).stderr, words
    assert (lived_in.path / "inbox/acme-bv/three.yaml").exists()
    shutil.rmtree(var, ignore_errors=True)
    away.rename(var)
    lived_in.once()
    assert _numbers(lived_in) == ["000001", "000002", "000003"]


@needs_root
def test_an_admin_goes_on_though_all_of_var_is_lost(lived_in: Root) -> None:
    inbox = lived_in.path / "inbox/acme-bv"
    os.chown(next((inbox / "_done").glob("one*")), 65534, 65534)  # somebody may write what they like there
    (forged := inbox / "_done/forged.receipt.yaml").write_text("item: D-2026-000999\n")
    os.chown(forged, 65534, 65534)
    (inbox / "_done/odd.receipt.yaml").write_text(f"item: D-2026-{10**20}\n")
    shutil.rmtree(lived_in.path / "var")
    lived_in.run("adopt", "--reason", "the disk is lost, and there is no backup", user="j.admin")
    _drop(lived_in, "three")
    lived_in.once()
    assert _numbers(lived_in) == ["000003"], "the receipts tell which numbers were given"


def test_what_was_hidden_when_the_office_was_lost_has_its_name_again(lived_in: Root) -> None:
    inbox = lived_in.path / "inbox/acme-bv"
    (lived_in.path / "config/settings.yaml").open("a").write("presets: {loon: {folder: loon, description: Loonstrook}}\n")
    known = {inbox / "deed": "", inbox: "", inbox / "paper": "paper", inbox / "loon": "loon/"}
    for folder, names in (
        (inbox / "deed", ("Item.yaml", "deed.pdf")), (inbox, ("new.yaml", "new.pdf")),
        (inbox / "paper", ("a.pdf", "b.pdf")), (inbox / "loon", ("slip.pdf",)),
    ):  # fmt: skip
        folder.mkdir(exist_ok=True)
        word = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        if known[folder]:
            word += "." + hashlib.sha256(known[folder].encode()).hexdigest()[:8]
        for number, name in enumerate(names):
            text = "description: Taken when all was lost\ncreated_by: p.bakker\n" if name.endswith("yaml") else folder.name
            (inbox / f".taken-{word}-{number}-{name}").write_text(text)
    (inbox / "deed").rmdir()
    (inbox / "paper/item.yaml").write_text("description: Two that were\ncreated_by: p.bakker\n")
    (inbox / "new.pdf").write_text("a newer one")
    _lay(lived_in.path / "var/dossier.db", (lived_in.path / "older.db").read_bytes())
    told = lived_in.run("adopt", "--reason", "the disk failed", user="j.admin").stdout
    assert told.count("In the inbox again") == 7
    assert sorted(path.name for path in (inbox / "paper").iterdir()) == ["a.pdf", "b.pdf", "item.yaml"]
    assert (inbox / "loon/slip.pdf").read_text() == "loon"
    assert sorted(path.read_text() for path in inbox.glob("new*.pdf")) == ["a newer one", "acme-bv"]
    (inbox / "new (2).pdf").unlink()
    lived_in.once()
    assert not list(inbox.glob(".taken-*"))
    assert {item["description"] for item in lived_in.json("items")} >= {"Taken when all was lost"}
    assert len([item for item in lived_in.json("items") if item["description"] == "Taken when all was lost"]) == 2
