"""Backup and restore by the installed command: under load, killed, put back elsewhere; CONTRACT section 9 holds there."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import time
from pathlib import Path

import yaml
from kit.support import PDF, Root, wait_for

SHARED = """\
description: Annual accounts {number}
share: yes
share_status: approved
share_attachments: all
created_by: m.devries
"""


def _pdf(number: int) -> bytes:
    return PDF + f"% {number}\n".encode()


def _drop(root: Root, number: int) -> None:
    root.drop(f"report{number}", SHARED.format(number=number), **{f"report{number}_pdf": _pdf(number)})


def _restored(root: Root, source: Path) -> Root:
    made = Root(root.path.with_name("elsewhere"), dict(root.environ))
    made.run("restore", str(source))
    return made


def _attachments(root: Root) -> list[tuple[str, str, str]]:
    with sqlite3.connect(root.path / "var/dossier.db") as database:
        rows = database.execute("SELECT item, name, sha256 FROM attachment ORDER BY item").fetchall()
    return [(f"D-{key // 10_000_000}-{key % 10_000_000:06d}", name, sha256) for key, name, sha256 in rows]


def test_a_backup_of_clients_with_nothing_public_any_more_comes_back_whole(root: Root, tmp_path: Path) -> None:
    """With more items of another client than fit into the first round of publishing."""
    _drop(root, 0)
    for number in range(1, 25):
        root.drop(f"other{number}", SHARED.format(number=number), client="northwind-ltd", **{f"other{number}_pdf": _pdf(number)})
    root.once()
    (gone,) = [item for item, name, _ in _attachments(root) if name == "report0.pdf"]
    root.run("withdraw", gone, "--reason", "the wrong client", user="m.devries")
    root.once()
    root.run("backup", str(tmp_path / "backups"))
    made = _restored(root, tmp_path / "backups")
    made.run("verify")
    assert (made.path / "var/portal/acme-bv/index.html").exists()
    assert len(list((made.path / "var/portal/northwind-ltd").glob("D-*/*.pdf"))) == 24


def test_what_was_withdrawn_or_revoked_after_the_backup_is_told_of_as_it_stands_again(root: Root, tmp_path: Path) -> None:
    _drop(root, 0)
    root.once()
    for name in ("books", "scanner"):
        root.run("token", "new", name, "--for", "p.bakker", "--scope", "items:read", "--until", "2040-01-01")
    root.run("token", "revoke", "books")
    root.run("backup", str(tmp_path / "backups"))
    root.run("token", "revoke", "scanner")
    (item, _, _) = _attachments(root)[0]
    root.run("withdraw", item, "--reason", "the wrong client", user="m.devries")
    made = Root(root.path.with_name("elsewhere"), dict(root.environ))
    said = made.run("restore", str(tmp_path / "backups")).stdout
    assert "On the portal as it was then: one item; if it was withdrawn since, withdraw it again." in said
    assert "a program's key, scanner; if it was revoked since, revoke it again." in said
    trial = Root(root.path.with_name("trial"), dict(root.environ))
    assert "withdraw again" not in trial.run("restore", str(tmp_path / "backups"), "--trial").stdout


def test_a_backup_becomes_the_same_office_elsewhere(root: Root, tmp_path: Path) -> None:
    for number in range(3):
        _drop(root, number)
    root.drop("waits", "description: Waits for its file\nattachments: [later.pdf]\ncreated_by: p.bakker\n")
    root.drop("wrong", "description: x\n")
    root.once()
    root.run("backup", str(tmp_path / "backups"))
    shutil.rmtree(root.path / "var")
    made = _restored(root, tmp_path / "backups")
    assert [number for number, _, _ in _attachments(made)] == [f"D-{time.localtime().tm_year}-{n:06d}" for n in (1, 2, 3)]
    for item, name, sha256 in _attachments(made):
        assert hashlib.sha256((made.path / "var/portal/acme-bv" / item / name).read_bytes()).hexdigest() == sha256
    assert made.why("wrong")
    assert made.receipt("report0")
    made.run("audit", "verify")
    made.run("verify")
    assert json.loads(made.run("audit", "export").stdout.splitlines()[-1])["action"] == "office_restored"
    (made.inbox() / "later.pdf").write_bytes(PDF)
    _drop(made, 7)
    made.once()
    assert made.receipt("waits")
    assert {item["item"][-6:] for item in made.json("items")} == {f"{n:06d}" for n in range(1, 6)}


def test_who_has_the_digest_that_backup_printed_can_have_it_compared_and_who_has_not_is_told(root: Root, tmp_path: Path) -> None:
    _drop(root, 0)
    root.once()
    (line,) = [line for line in root.run("backup", str(tmp_path / "backups")).stdout.splitlines() if line.startswith("digest: ")]
    digest = line.removeprefix("digest: ")
    assert json.loads(root.run("audit", "export").stdout.splitlines()[-1])["detail"]["digest"] == digest.removeprefix("sha256:")
    for name, options, is_told in (("one", (), True), ("two", ("--digest", digest), False)):
        made = Root(root.path.with_name(name), dict(root.environ))
        said = made.run("restore", str(tmp_path / "backups"), *options).stderr
        assert (digest in said) == is_told
    other = Root(root.path.with_name("three"), dict(root.environ))
    refused = other.run("restore", str(tmp_path / "backups"), "--digest", "sha256:" + "0" * 64, code=1)
    assert "is not the backup that was made" in refused.stderr
    assert not other.path.exists()


def test_a_backup_under_load_of_an_office_that_is_killed_then_loses_nothing(root: Root, tmp_path: Path) -> None:
    dest, before = tmp_path / "backups", 40
    with root.daemon() as daemon:
        for number in range(before):
            _drop(root, number)
        process = root.popen("backup", str(dest), log=tmp_path / "backup.log")
        number = before
        while process.poll() is None:
            if number < 3 * before:
                _drop(root, number)
                number += 1
            time.sleep(0.02)
        assert process.returncode == 0, (tmp_path / "backup.log").read_text()
        daemon.kill()
        daemon.wait()
    made = _restored(root, dest)
    made.once()
    made.run("audit", "verify")
    kept = _attachments(made)
    hashes = {sha256 for _, _, sha256 in kept}
    assert len(hashes) == len(kept), "an item twice"
    for one in range(before):
        assert hashlib.sha256(_pdf(one)).hexdigest() in hashes, f"drop {one} is gone"
        assert yaml.safe_load(made.receipt(f"report{one}") or "")["item"]
    for path in made.inbox().iterdir():  # a drop that was being put there, or left it, while the inbox was copied
        number = int("".join(filter(str.isdigit, path.stem)) or -1)
        assert (
            path.name == "_done"
            or number >= before
            or path.suffix == ".yaml"
            or hashlib.sha256(path.read_bytes()).hexdigest() in hashes
        )
        assert not path.name.startswith(".taken-")
    for item, name, sha256 in kept:
        assert hashlib.sha256((made.path / "var/portal/acme-bv" / item / name).read_bytes()).hexdigest() == sha256


def test_a_killed_backup_leaves_the_earlier_one_and_is_swept(root: Root, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    for number in range(5):
        _drop(root, number)
    root.once()
    root.run("backup", str(dest))
    for number in range(5, 60):
        _drop(root, number)
    process = root.popen("backup", str(dest))
    wait_for(lambda: list((dest / "snapshots").glob(".new-*")) or process.poll() is not None, "it has begun")
    process.kill()
    process.wait()
    assert len(_attachments(_restored(root, dest))) == 5
    root.run("backup", str(dest))
    assert not list((dest / "snapshots").glob(".new-*"))


def test_the_exit_code_says_whose_fault_it_is(root: Root, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = root.run("backup", str(root.inbox()), code=1)
    assert "lies within the office" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert root.run("backup", str(tmp_path / "file"), code=4).stderr.count("\n") == 1
    assert "is no backup" in Root(tmp_path / "new").run("restore", str(tmp_path), code=1).stderr
    root.run("backup", code=2)
