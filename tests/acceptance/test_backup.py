"""Backup and restore by the installed command: under load, killed, put back elsewhere; CONTRACT section 9 holds there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest
import yaml
from support import PDF, Root, wait_for

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


def _restored(root: Root, source: Path, name: str = "elsewhere") -> Root:
    made = Root(root.path.with_name(name), dict(root.environ))
    made.run("restore", str(source))
    return made


def _snapshots(dest: Path) -> list[Path]:
    return sorted((dest / "snapshots").iterdir())


def test_a_backup_becomes_the_same_office_elsewhere(root: Root, tmp_path: Path) -> None:
    for number in range(3):
        _drop(root, number)
    root.once()
    root.drop("waits", "description: Waits for its file\nattachments: [later.pdf]\ncreated_by: p.bakker\n")
    root.drop("wrong", "description: x\n")
    root.once()
    told = root.run("backup", str(tmp_path / "backups")).stdout
    assert "3 new" not in told
    shutil.rmtree(root.path / "var")
    made = _restored(root, tmp_path / "backups")
    assert [item["item"] for item in made.json("items")] == [f"D-{time.localtime().tm_year}-{n:06d}" for n in (3, 2, 1)]
    for number, item in enumerate(reversed(made.json("items"))):
        shown = made.path / "var/portal/acme-bv" / item["item"] / f"report{number}.pdf"
        assert shown.read_bytes() == _pdf(number)
    assert (made.inbox() / "waits.yaml").exists()
    assert made.why("wrong")
    assert made.receipt("report0")
    made.run("audit", "verify")
    made.run("verify")
    actions = [json.loads(line)["action"] for line in made.run("audit", "export").stdout.splitlines()]
    assert actions[-1] == "office_restored"
    (made.inbox() / "later.pdf").write_bytes(PDF)
    made.once()
    assert made.receipt("waits")
    _drop(made, 7)
    made.once()
    assert made.json("items")[0]["item"].endswith("-000005")


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
    hashes = {attachment["sha256"]: item for item in _items(made) for attachment in item["attachments"]}
    for one in range(before):
        assert hashlib.sha256(_pdf(one)).hexdigest() in hashes, f"drop {one} is gone"
        assert yaml.safe_load(made.receipt(f"report{one}") or "")["item"]
    assert len(hashes) == len(_items(made)), "an item twice"
    assert [path.name for path in made.inbox().iterdir()] == ["_done"]
    for item in _items(made):
        shown = made.path / "var/portal/acme-bv" / item["item"] / item["attachments"][0]["name"]
        assert hashlib.sha256(shown.read_bytes()).hexdigest() == item["attachments"][0]["sha256"]


def _items(root: Root) -> list[dict[str, object]]:
    with sqlite3.connect(root.path / "var/dossier.db") as database:
        rows = database.execute("SELECT item, name, sha256 FROM attachment ORDER BY item").fetchall()
    return [
        {"item": f"D-{key // 10_000_000}-{key % 10_000_000:06d}", "attachments": [{"name": n, "sha256": s}]} for key, n, s in rows
    ]


def test_a_second_backup_copies_only_what_is_new_and_the_oldest_go(root: Root, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    for number in range(20):
        _drop(root, number)
    root.once()
    assert "(40 new" in root.run("backup", str(dest)).stdout  # 20 files, 20 receipts
    started = time.monotonic()
    assert "(0 new" in root.run("backup", str(dest)).stdout
    assert time.monotonic() - started < 5
    for _ in range(3):
        root.run("backup", str(dest), "--keep", "2")
    assert len(_snapshots(dest)) == 2
    assert sum(1 for path in (dest / "vault").rglob("*") if path.is_file()) == 40
    shutil.rmtree(root.inbox() / "_done")
    for _ in range(2):
        root.run("backup", str(dest), "--keep", "2")
    assert sum(1 for path in (dest / "vault").rglob("*") if path.is_file()) == 20
    _restored(root, _snapshots(dest)[0], "first").run("audit", "verify")


def test_a_file_that_is_being_written_is_left_out_and_named(root: Root, tmp_path: Path) -> None:
    with open(root.inbox() / "half.pdf", "wb") as half:
        half.write(b"%PDF-1.4 half")
        half.flush()
        done = root.run("backup", str(tmp_path / "backups"))
    assert "left out, it is being written: inbox/acme-bv/half.pdf" in done.stderr
    assert not (_restored(root, tmp_path / "backups").inbox() / "half.pdf").exists()


def test_what_is_no_folder_for_backups_is_refused(root: Root, tmp_path: Path) -> None:
    other = tmp_path / "documents"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    for dest, words in (
        (other, "is not empty, and holds no backups"),
        (root.path / "var/backups", "lies within the office"),
        (root.inbox(), "lies within the office"),
    ):
        done = root.run("backup", str(dest), code=1)
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    assert [path.name for path in other.iterdir()] == ["letter.txt"]
    (tmp_path / "file").write_text("")
    root.run("backup", str(tmp_path / "file"), code=4)


def test_restore_fills_an_empty_root_only_and_says_what_is_wrong(root: Root, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    _drop(root, 0)
    root.once()
    root.run("backup", str(dest))
    assert "is not empty" in root.run("restore", str(dest), code=1).stderr
    made = Root(tmp_path / "new")
    assert "is no backup" in made.run("restore", str(tmp_path), code=1).stderr
    assert not made.path.exists()
    [snapshot] = _snapshots(dest)
    made.environ["DOSSIER_PATHS__INBOX"] = str(root.path / "inbox")
    assert "inbox is not empty" in made.run("restore", str(dest), code=1).stderr
    made.environ.clear()

    vault = next(path for path in (dest / "vault").rglob("*") if path.is_file() and path.read_bytes() == _pdf(0))
    good = vault.read_bytes()
    vault.write_bytes(good[:-1] + b"x")
    assert f"{vault} is damaged" in made.run("restore", str(dest), code=1).stderr
    vault.write_bytes(good)
    assert "was broken off; remove that folder" in made.run("restore", str(dest), code=1).stderr
    made.run("items", code=3)  # half an office is none
    shutil.rmtree(made.path)

    for name in ("database.sqlite", "config/settings.yaml", "manifest.json", "vault.txt"):
        path = snapshot / name
        kept = path.read_bytes()
        path.write_bytes(kept[: len(kept) // 2])
        assert str(path) in made.run("restore", str(dest), code=1).stderr
        assert not made.path.exists()
        path.write_bytes(kept)
    vault.unlink()
    assert "1 files are gone" in made.run("restore", str(dest), code=1).stderr
    vault.write_bytes(good)
    made.run("restore", str(dest))


def test_a_trail_that_was_cut_is_not_restored_as_if_nothing_were(root: Root, tmp_path: Path) -> None:
    _drop(root, 0)
    root.once()
    with sqlite3.connect(root.path / "var/dossier.db") as database:
        database.execute("DELETE FROM event WHERE seq = 2")
    root.run("backup", str(tmp_path / "backups"))
    made = Root(tmp_path / "new")
    assert "the trail of the backup does not verify" in made.run("restore", str(tmp_path / "backups"), code=1).stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_who_dropped_a_file_is_still_known_after_a_restore(root: Root, tmp_path: Path) -> None:
    root.drop("report", "description: Annual accounts\n", report_pdf=PDF)
    os.chown(root.inbox() / "report.yaml", 1, 1)
    os.utime(root.inbox() / "report.pdf", (1_000_000_000, 1_000_000_000))
    os.chmod(root.inbox(), 0o2770)
    root.run("backup", str(tmp_path / "backups"))
    made = _restored(root, tmp_path / "backups")
    assert (made.inbox() / "report.yaml").stat().st_uid == 1
    assert (made.inbox() / "report.pdf").stat().st_mtime == 1_000_000_000
    assert made.inbox().stat().st_mode & 0o7777 == 0o2770


def test_a_killed_backup_leaves_the_earlier_one_and_is_swept(root: Root, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    for number in range(10):
        _drop(root, number)
    root.once()
    root.run("backup", str(dest))
    for number in range(10, 60):
        _drop(root, number)
    process = root.popen("backup", str(dest))
    wait_for(lambda: list((dest / "snapshots").glob(".new-*")) or process.poll() is not None, "it has begun")
    process.kill()
    process.wait()
    assert len(_restored(root, dest).json("items")) == 10
    root.run("backup", str(dest))
    assert not list((dest / "snapshots").glob(".new-*"))


def test_a_full_disk_ends_a_backup_with_a_clear_word_and_code_4(root: Root, tmp_path: Path) -> None:
    _drop(root, 0)
    root.once()
    done = root.run("backup", "/dev/full/backups", code=4)
    assert done.stderr.count("\n") == 1
