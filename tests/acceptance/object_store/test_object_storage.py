"""Vault and portal in an object store, by the installed command: the main line, kills at every request, a store that goes and comes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.mail_server import Server
from kit.stores import KEYS, Shop, moved_in, named, shop, watch_the_portal
from kit.support import CLIENTS, PDF, SETTINGS, STAFF, Root, new_office, once_here, own_office, wait_for
from kit.web import Browser, MailBox, file_links, free_port, links, portal

from desk.actions import maintenance
from dossier.database.database import close_database, open_database
from dossier.office.opening import load_office
from dossier.text.refusals import Refusal
from dossier.trail import auditing
from dossier.vault.opening import open_vault
from workflow.portal import verifying

WHOLE = bool(os.environ.get("STORE_ALL"))
"""Every kill point, and what takes a minute: `make crash-store`."""

APPROVED = """\
description: Annual accounts 2025
share: yes
share_status: approved
share_attachments: all
created_by: m.devries
"""
CONCEPT = """\
description: A concept for Karel
share: yes
share_status: concept
approver: k.smit
share_attachments: all
created_by: p.bakker
"""
BIG = bytes(range(256)) * 80_000
"""20 MB: three parts."""
LARGE = b"large" * 400_000
"""So large that it is sent to the portal before the transaction, and seen when it is finished."""


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs in this process takes them from its environment, too."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def store(root: Root, keys: None) -> Iterator[Shop]:
    with shop() as made:
        moved_in(root, made)
        yield made


@pytest.mark.slow
def test_what_is_approved_reaches_the_portal_in_the_store(root: Root, store: Shop, post: Server) -> None:
    faults: list[str] = []
    watch_the_portal(store, faults)
    with root.daemon():
        root.drop("report", APPROVED + "notify: yes\ncontact: j.jansen\n", report_pdf=PDF, report_bin=BIG)
        root.drop("concept", CONCEPT, concept_txt=b"secret")
        wait_for(lambda: post.mails, "the mail came")
        wait_for(lambda: root.receipt("concept"), "the concept was taken")
        digests = {hashlib.sha256(data).hexdigest(): data for data in (PDF, BIG, b"secret")}
        assert set(store.in_vault()) == set(digests)
        assert all(store.of_vault(digest) == data for digest, data in digests.items())
        item = named(store.read("acme-bv/items.json"), "acme-bv")[0].split("/")[1]
        assert store.read(f"acme-bv/{item}/report.bin") == BIG
        assert (root.path / "var/queue/k.smit").is_dir()
        root.run("withdraw", item, "--reason", "wrong year", user="j.admin")
        wait_for(lambda: not [name for name in store.on_portal() if item in name], "it is off the portal")
    assert named(store.read("acme-bv/items.json"), "acme-bv") == []
    assert (faults, store.uploads()) == ([], [])
    root.run("verify")


@pytest.mark.usefixtures("keys")
@pytest.mark.slow
def test_a_killed_daemon_loses_nothing_and_shows_nothing(tmp_path: Path) -> None:
    """Before a request is handed on to the store, and when the store has done it and nobody hears the answer."""
    with shop() as store:
        once_here(_office(tmp_path / "reference", store))
        count = len(store.gate.asked)
    numbers = range(count) if WHOLE else (count // 3, count - 3)
    for number in numbers:
        for fault in ("break", "lost") if WHOLE else (("break", "lost")[number % 2],):
            with shop() as store:
                _kill_at(_office(tmp_path / f"{number}-{fault}", store), store, number, fault)


def _office(path: Path, store: Shop) -> Root:
    """With two drops that wait: one approved, one not."""
    made = moved_in(new_office(path, SETTINGS, CLIENTS, STAFF), store)
    made.drop("report", APPROVED, report_pdf=PDF, report_bin=LARGE)
    made.drop("concept", CONCEPT, concept_txt=b"secret")
    return made


def _kill_at(root: Root, store: Shop, number: int, fault: str) -> None:
    faults: list[str] = []
    watch_the_portal(store, faults)
    process = root.popen("run", "--once")
    begun = len(store.gate.asked)

    def kill(method: str, path: str) -> str | None:
        if len(store.gate.asked) - begun <= number:
            return None
        process.kill()
        process.wait()
        return fault

    store.gate.fault = kill
    process.wait(60)
    store.gate.fault = lambda method, path: None
    where = f"killed at {number} ({fault}), {store.gate.asked[-1]}"
    _nothing_is_lost(root, store, where)
    once_here(root)
    items = _nothing_is_lost(root, store, where)
    assert sorted(items) == [("A concept for Karel", "concept"), ("Annual accounts 2025", "published")], where
    shown = named(store.read("acme-bv/items.json"), "acme-bv")
    assert [name.rpartition("/")[2] for name in shown] == ["report.bin", "report.pdf"], where
    assert faults == [], where
    _all_is_well(root, where)


def _all_is_well(root: Root, where: str = "") -> None:
    office = load_office(root.path, root.environ)
    open_database(office)
    assert verifying.look(office, open_vault(office)) == [], where
    assert auditing.first_fault() is None, where
    close_database()


def _nothing_is_lost(root: Root, store: Shop, where: str) -> list[tuple[str, str]]:
    """Each file lies in the inbox, or in the vault and an item has it; no item twice. Returns the items."""
    items, hashes = list[tuple[str, str]](), set[str]()
    path = root.path / "var/dossier.db"
    if path.exists():
        with contextlib.closing(sqlite3.connect(path)) as database, contextlib.suppress(sqlite3.OperationalError):
            items = database.execute("SELECT description, share_state FROM item").fetchall()
            hashes = {row[0] for row in database.execute("SELECT sha256 FROM attachment")}
    assert len(set(items)) == len(items), where
    assert hashes <= set(store.in_vault()), where
    for data in (PDF, LARGE, b"secret"):
        in_inbox = any(path.read_bytes() == data for path in root.inbox().iterdir() if path.is_file())
        assert in_inbox or hashlib.sha256(data).hexdigest() in hashes, where
    return items


def _lived_in(root: Root, store: Shop) -> Path:
    """The office took a drop and then another. Its var/ of when there was one item."""
    root.drop("one", APPROVED, one_pdf=PDF)
    once_here(root)
    older = root.path.with_name("older")
    shutil.copytree(root.path / "var", older)
    root.drop("two", APPROVED.replace("2025", "2026"), two_pdf=PDF + b"two")
    once_here(root)
    root.drop("three", APPROVED.replace("2025", "2027"), three_pdf=PDF + b"three")
    return older


@pytest.mark.sqlite
@pytest.mark.parametrize("mark", ["there", "not there yet"])
def test_an_office_whose_var_is_lost_does_not_begin_anew_beside_its_store(root: Root, store: Shop, mark: str) -> None:
    _lived_in(root, store)
    shutil.rmtree(root.path / "var")
    if mark == "not there yet":  # as of an earlier version's office
        store.direct.delete_object(Bucket=store.vault, Key="office/vault/.office.json")
    shown = {name: store.read(name) for name in store.on_portal()}
    for words in (("run", "--once"), ("items",), ("verify",)):
        assert "dossier adopt" in root.run(*words, user="j.admin", code=4).stderr
    assert "dossier adopt" in root.run("doctor", code=1).stdout
    assert {name: store.read(name) for name in store.on_portal()} == shown
    assert (root.inbox() / "three.yaml").exists()
    root.run("adopt", "--reason", "the disk failed", user="j.admin")
    once_here(root)
    assert [item["item"][-6:] for item in root.json("items", user="j.admin")] == ["000003"]


@pytest.mark.sqlite
@pytest.mark.parametrize("answer", ["at the start", "late"])
def test_an_older_var_beside_the_store_is_refused_until_an_admin_says_that_it_holds(root: Root, store: Shop, answer: str) -> None:
    older = _lived_in(root, store)
    shutil.rmtree(root.path / "var")
    older.rename(root.path / "var")
    if answer == "late":
        asked = iter(range(2))  # both tries of the first question
        store.gate.fault = lambda method, path: (
            "break" if path.endswith("office.json") and next(asked, None) is not None else None
        )
    assert "dossier adopt" in root.run("run", "--once", code=4).stderr
    root.run("adopt", "--reason", "the disk failed", user="j.admin")
    once_here(root)
    numbers = sorted(item["item"][-6:] for item in root.json("items", user="j.admin"))
    assert numbers == (["000001", "000003"] if answer == "at the start" else ["000001", "000002"])


@pytest.mark.sqlite
def test_a_new_office_does_not_begin_while_its_store_can_not_be_asked(root: Root, store: Shop) -> None:
    store.gate.stop()
    assert "can't be reached" in root.run("run", "--once", code=4).stderr
    (wrong,) = [one for one in json.loads(root.run("doctor", "--json", code=1).stdout) if one["check"] == "database"]
    assert ("can't be reached" in wrong["message"], "chown" in wrong["todo"]) == (True, False)
    store.gate.start()
    once_here(root)


def test_while_the_store_is_away_drops_wait_in_the_inbox_and_people_are_told(root: Root, store: Shop) -> None:
    once_here(root)
    store.gate.stop()
    dropped = root.drop("report", APPROVED, report_pdf=PDF)
    root.once(code=None)
    assert dropped.exists()
    assert any("can't be reached" in line for line in root.json("status")["alarms"])
    assert "can't be reached" in root.run("why", str(dropped), code=None).stdout
    assert "can't be reached" in root.run("doctor", code=1).stdout
    told = root.run("verify", user="j.admin", code=4).stderr
    assert "can't be reached" in told
    assert "tried again" not in told, "not by a command that has ended"
    store.gate.start()
    once_here(root)
    [item] = root.json("items", user="j.admin")
    assert item["share_state"] == "published"
    assert not dropped.exists()


def test_a_backup_holds_what_the_store_held_and_fills_another(root: Root, store: Shop, tmp_path: Path) -> None:
    root.drop("report", APPROVED, report_pdf=PDF, report_bin=LARGE)
    once_here(root)
    root.run("backup", str(tmp_path / "backup"))
    with pytest.raises(Refusal, match="is not empty"):
        maintenance.restore(tmp_path / "backup", tmp_path / "again", root.environ)
    with shop() as other:
        again = Root(tmp_path / "again", {**root.environ, **other.environ})
        again.run("restore", str(tmp_path / "backup"))
        assert set(other.in_vault()) == set(store.in_vault())
        assert other.read("acme-bv/D-2026-000001/report.pdf") == PDF
        _all_is_well(again)


def test_without_the_library_it_is_said_what_to_install(root: Root, store: Shop, tmp_path: Path) -> None:
    (tmp_path / "boto3.py").write_text("raise ImportError")
    root.environ["PYTHONPATH"] = str(tmp_path)
    told = root.run("run", "--once", code=4).stderr
    assert "pip install boto3" in told
    assert "pip install boto3" in root.run("doctor", code=1).stdout


@pytest.mark.usefixtures("keys")
def test_clients_download_from_the_store_whole_and_in_part(tmp_path: Path) -> None:
    mailbox, port = MailBox(), free_port()
    with shop() as store:
        settings = (
            "sharing: {guard: off}\nwatch: {settle_seconds: 0, folder_settle_seconds: 0}\n" + store.settings
            + f"mail: {{host: 127.0.0.1, port: {mailbox.port}}}\nportal: {{base_url: 'http://127.0.0.1:{port}'}}\n"
        )  # fmt: skip
        office = own_office(tmp_path / "office", settings=settings, clients=CLIENTS)
        office.drop("report", APPROVED.replace("m.devries", "p.bakker"), report_pdf=PDF, report_bin=BIG)
        once_here(office)
        with office.daemon(), portal(office.path, port):
            browser = Browser(port)
            browser.log_in(mailbox, "j.jansen@acme.example")
            [page] = [link for link in links(browser.get("/acme-bv/").text) if link.endswith("D-2026-000001")]
            listed = browser.get(page).text
            [big] = [link for link in file_links(listed) if link.endswith("report.bin")]
            whole = browser.get(big)
            assert (whole.status, whole.body) == (200, BIG)
            assert whole.headers["content-disposition"].startswith("attachment")
            part = browser.get(big, range="bytes=9000000-9000009")
            assert (part.status, part.body) == (206, BIG[9_000_000:9_000_010])
            assert part.headers["content-range"] == f"bytes 9000000-9000009/{len(BIG)}"
            assert browser.get(big, range=f"bytes={len(BIG)}-").status == 416
            assert browser.get(big, "HEAD").headers["content-length"] == str(len(BIG))
            [archive] = [link for link in links(listed) if "/archive/" in link]
            assert browser.get(archive).body.startswith(b"PK")
            store.gate.stop()
            assert browser.get(big).status == 503
    mailbox.stop()


@pytest.mark.skipif(not WHOLE and not os.environ.get("TROUBLE"), reason="it takes a minute; make trouble")
def test_a_store_that_goes_and_comes_while_drops_come_in(root: Root, store: Shop, post: Server) -> None:
    root.set("settings", SETTINGS.replace("settle_seconds: 0.1", "settle_seconds: 0.1, rescan_seconds: 2", 1))
    faults: list[str] = []
    watch_the_portal(store, faults)
    with root.daemon():
        for number in range(60):
            root.drop(
                f"report-{number}", APPROVED.replace("2025", f"of {number}"), **{f"report-{number}_pdf": PDF + b"%d" % number}
            )
            if number % 20 == 10:
                store.gate.stop()
            if number % 20 == 15:
                store.gate.start()
            time.sleep(0.2)
        wait_for(lambda: all(one["public"] for one in root.json("items", "--limit", "0")) and len(root.json("items", "--limit", "0")) == 60,
                 "all are on the portal", 180)  # fmt: skip
        wait_for(lambda: root.json("status")["alarms"] == [], "the alarms are over", 90)
    assert faults == []
    assert len(named(store.read("acme-bv/items.json"), "acme-bv")) == 60
    assert len(json.loads(store.read("acme-bv/items.json"))["items"]) == 60
    root.run("verify")
