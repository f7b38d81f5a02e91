"""What a backup holds and leaves out, where it may be made, and that no damaged one becomes an office."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pwd
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.records import JOOST, LISA, STAFF, Records
from kit.servers import DATABASE_URL, POSTGRESQL, another_database

from desk.actions import maintenance, new_office
from desk.doctor import office as doctor
from dossier.backup import backup
from dossier.backup.backup import BackupReport
from dossier.backup.restore import Restored
from dossier.database.database import close_database
from dossier.database.tables import Attachment, Event, EventDetail, Item, item_name
from dossier.files import files
from dossier.files.beneath import Place
from dossier.office.opening import find_root
from dossier.office.terms import RESTORING, ConfigurationError
from dossier.text import clock
from dossier.text.refusals import Refusal
from dossier.trail import trail
from workflow.outbox.alarms import StandingAlarms, check, text_of
from workflow.portal import verifying
from workflow.portal.publishing import Publisher

DATABASE = "database.pgdump" if POSTGRESQL else "database.sqlite"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "office")
    (made.root / "inbox/acme-bv").mkdir(parents=True)
    made.published()
    yield made
    close_database()


def test_what_was_hidden_when_the_inbox_was_copied_and_decided_on_since_is_seen_again(office: Records, tmp_path: Path) -> None:
    hidden = office.root / "inbox/acme-bv" / f".taken-{'0123456789abcdef'}-0-a.pdf"
    hidden.write_bytes(b"%PDF-1.4")
    _back_up(office, tmp_path / "backups")
    there = _restore(tmp_path / "backups").office.inbox / "acme-bv"
    assert [path.name for path in there.iterdir()] == ["a.pdf"]


def _back_up(office: Records, dest: Path, keep: int = 30) -> BackupReport:
    return maintenance.back_up(office.office, office.tick(), JOOST, dest, keep)


def _restore(dest: Path, name: str = "elsewhere", environ: dict[str, str] | None = None) -> Restored:
    close_database()
    return maintenance.restore(dest, dest.with_name(name), {**another_database(), **(environ or {})})


def _snapshots(dest: Path) -> list[Path]:
    return sorted((dest / "snapshots").iterdir())


def _kept(dest: Path) -> list[Path]:
    return [path for path in (dest / "vault").rglob("*") if path.is_file()]


def test_a_second_backup_copies_only_what_is_new_and_the_oldest_go(office: Records, tmp_path: Path) -> None:
    dest, inbox = tmp_path / "backups", office.root / "inbox/acme-bv"
    for number in range(5):
        (inbox / f"{number}.txt").write_text(str(number))
    assert _back_up(office, dest).new_files == 2 + 5
    assert _back_up(office, dest).new_files == 0
    (inbox / "0.txt").unlink()
    (inbox / "new.txt").write_text("new")
    assert _back_up(office, dest, keep=2).new_files == 1
    assert len(_snapshots(dest)) == 2
    assert len(_kept(dest)) == 2 + 6
    _back_up(office, dest, keep=2)
    assert len(_kept(dest)) == 2 + 5, "what no backup needs any more is gone"
    assert _restore(_snapshots(dest)[0]).files == 2 + 5


def test_the_last_backup_is_the_one_that_was_made_last_however_the_clock_was_set(office: Records, tmp_path: Path) -> None:
    dest, right = tmp_path / "backups", office.now
    for years in (0, 10, 0, -25, 0):
        office.now = right + timedelta(days=365 * years, minutes=1)
        right += timedelta(hours=1)
        report = _back_up(office, dest, keep=3)
        assert report.snapshot.exists(), "it is not thinned out as the oldest"
        assert backup.snapshots(dest)[-1] == report.snapshot
        made_at = clock.to_text(office.now)
    assert [path.name.partition("Z")[2] for path in backup.snapshots(dest)] == ["-2", "-3", "-3"]
    assert _restore(dest).made_at == made_at


def test_what_others_put_into_a_folder_of_backups_is_left_alone(
    office: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest, file = tmp_path / "backups", office.root / "inbox/acme-bv/some.txt"
    file.write_text("some")
    old = _back_up(office, dest).snapshot
    there = [folder / "@eaDir" for folder in (dest, dest / "snapshots", dest / "vault", *(dest / "vault").iterdir())]
    for folder in [*there, old / "@eaDir"]:
        folder.mkdir()
        (folder / "mine").write_text("mine")
    file.unlink()
    remove_tree = files.remove_tree

    def stuck(path: Place) -> None:
        if "@eaDir" in os.listdir(str(path)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        remove_tree(path)

    monkeypatch.setattr(files, "remove_tree", stuck)
    last = [_back_up(office, dest, keep=1).snapshot for _ in range(2)][-1]
    assert backup.snapshots(dest) == [last]
    assert all((folder / "mine").exists() for folder in there)
    assert "some" not in [path.read_text(errors="replace") for path in _kept(dest)]
    monkeypatch.undo()
    _back_up(office, dest, keep=1)
    assert not list(dest.glob(f"snapshots/*{old.name}"))


def test_a_backup_of_a_day_to_come_is_late(office: Records, tmp_path: Path) -> None:
    _back_up(office, tmp_path / "backups")
    assert "every 36 hours" in str(backup.trouble(office.office, office.now - timedelta(days=365)))


def test_a_file_that_is_being_written_is_left_out_and_named(office: Records, tmp_path: Path) -> None:
    with open(office.root / "inbox/acme-bv/half.pdf", "wb") as half:
        half.write(b"%PDF-1.4 half")
        half.flush()
        assert _back_up(office, tmp_path / "backups").being_written == ["inbox/acme-bv/half.pdf"]
    assert not (_restore(tmp_path / "backups").office.inbox / "acme-bv/half.pdf").exists()


def test_what_cannot_be_read_is_named_and_keeps_nothing_else_out(
    office: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = office.root / "inbox/acme-bv"
    for name in ("mine.pdf", "other.pdf", "barred/inside.pdf"):
        (inbox / name).parent.mkdir(exist_ok=True)
        (inbox / name).write_text(name)
    open_seen, scandir = files.open_seen, os.scandir

    def refuse(path: object, ends: str) -> None:
        if str(path).endswith(ends):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    def opened(path: Place) -> Any:
        refuse(path, "/mine.pdf")
        return open_seen(path)

    def scanned(path: Any) -> Any:
        refuse(path, "/barred")
        return scandir(path)

    monkeypatch.setattr(files, "open_seen", opened)
    monkeypatch.setattr(os, "scandir", scanned)
    dest = tmp_path / "backups"
    unreadable = ["inbox/acme-bv/mine.pdf: Permission denied", "inbox/acme-bv/barred: Permission denied"]
    assert [str(one) for one in _back_up(office, dest).unreadable] == unreadable
    assert "lacks 2 files or folders that can't be read, such as inbox/acme-bv/mine.pdf" in _told(office)[0]
    monkeypatch.undo()
    restored = _restore(dest).office.inbox / "acme-bv"
    assert sorted(path.name for path in restored.iterdir()) == ["barred", "other.pdf"]


def test_names_of_all_kinds_and_what_is_no_plain_file(office: Records, tmp_path: Path) -> None:
    inbox = office.root / "inbox/acme-bv"
    (inbox / "folder drop/deep").mkdir(parents=True)
    for name in (b"caf\xe9.pdf", "jaarrekening é 2025.pdf".encode(), b"folder drop/deep/item.yaml", b"a\nb"):
        with open(os.path.join(os.fsencode(inbox), name), "wb") as file:
            file.write(name)
    (inbox / "link").symlink_to("/etc/passwd")
    os.mkfifo(inbox / "pipe")
    _back_up(office, tmp_path / "backups")
    found = os.fsencode(_restore(tmp_path / "backups").office.inbox / "acme-bv")
    assert sorted(os.listdir(found)) == sorted([b"caf\xe9.pdf", "jaarrekening é 2025.pdf".encode(), b"folder drop", b"a\nb"])
    assert os.path.exists(os.path.join(found, b"folder drop/deep/item.yaml"))


def test_a_damaged_vault_file_is_told_and_the_rest_is_backed_up(office: Records, tmp_path: Path) -> None:
    victim, gone = (path for path in office.office.vault.rglob("*") if len(path.name) == 64)
    os.chmod(victim, 0o640)
    victim.write_bytes(b"something else")
    gone.unlink()
    report = _back_up(office, tmp_path / "backups")
    assert len(report.damaged) == 2
    assert str(victim) in " ".join(map(str, report.damaged))
    assert report.snapshot.exists()


def _told(office: Records) -> tuple[str, str]:
    """What the alarm says, and doctor's level."""
    now, alarms = office.tick(), StandingAlarms(office.office)
    check(alarms, now)
    [found] = doctor.backups(office.office)
    return str(text_of("backup") or ""), found.level


def test_a_backup_that_fails_or_lacks_something_or_is_late_raises_an_alarm_until_there_is_a_good_one(
    office: Records, tmp_path: Path
) -> None:
    dest = tmp_path / "backups"
    assert _told(office) == ("", "note"), "there never was one"
    dest.touch()
    with pytest.raises(NotADirectoryError):
        _back_up(office, dest)
    assert ("failed" in _told(office)[0], _told(office)[1]) == (True, "wrong"), "the first one failed"
    dest.unlink()
    _back_up(office, dest)
    assert backup.trouble(office.office, office.now + timedelta(hours=35)) is None
    assert "every 36 hours" in str(backup.trouble(office.office, office.now + timedelta(hours=37)))
    (dest / ".lock").unlink()
    (dest / ".lock").mkdir()
    with pytest.raises(IsADirectoryError):
        _back_up(office, dest)
    assert "failed" in _told(office)[0]
    (dest / ".lock").rmdir()
    _back_up(office, dest)
    assert _told(office)[0] == ""
    manifest = _snapshots(dest)[-1] / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "events": 99}))
    _back_up(office, dest)
    assert "the one before had 99" in _told(office)[0]
    assert _told(office)[1] == "wrong"
    next(path for path in office.office.vault.rglob("*") if len(path.name) == 64).unlink()
    _back_up(office, tmp_path / "others")
    assert "lacks 1 file" in _told(office)[0]


def test_after_a_restore_the_next_backup_is_not_late_at_once(office: Records, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    _back_up(office, dest)
    office.now += timedelta(days=9)
    restored = _restore(dest).office
    assert backup.trouble(restored, clock.utc_now()) is None
    assert "every 36 hours" in str(backup.trouble(restored, clock.utc_now() + timedelta(hours=37)))


@pytest.mark.parametrize("where", ["inbox", "var/backups", "."])
def test_a_backup_within_the_office_is_refused(office: Records, where: str) -> None:
    with pytest.raises(Refusal, match="lies within the office"):
        _back_up(office, office.root / where)


def test_a_folder_with_other_things_and_another_offices_backups_are_refused(office: Records, tmp_path: Path) -> None:
    other = tmp_path / "documents"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    with pytest.raises(Refusal, match="is not empty, and holds no backups"):
        _back_up(office, other)
    assert [path.name for path in other.iterdir()] == ["letter.txt"]
    _back_up(office, tmp_path / "backups")
    close_database()
    second = Records(tmp_path / "second")
    with pytest.raises(Refusal, match="give each office a folder of its own"):
        _back_up(second, tmp_path / "backups")


def test_where_the_first_backup_was_killed_at_its_very_beginning_the_next_one_is_made(office: Records, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    dest.mkdir()
    (dest / ".0123456789abcdef.tmp").write_bytes(b"{")  # what a killed `write_whole` leaves of the mark
    assert _back_up(office, dest).files
    assert not list(dest.glob("*.tmp"))


def test_restore_fills_empty_folders_only(office: Records, tmp_path: Path) -> None:
    dest = tmp_path / "backups"
    _back_up(office, dest)
    with pytest.raises(Refusal, match="office is not empty"):
        _restore(dest, "office")
    with pytest.raises(Refusal, match="portal is not empty"):
        _restore(dest, environ={"DOSSIER_PATHS__PORTAL": str(office.office.portal)})
    with pytest.raises(Refusal, match="there is a database already"):
        _restore(dest, environ={DATABASE_URL: os.environ.get(DATABASE_URL, f"sqlite:///{office.root}/var/dossier.db")})
    assert not (tmp_path / "elsewhere").exists()
    (tmp_path / "elsewhere").mkdir()
    assert _restore(dest).office.root == tmp_path / "elsewhere"


def test_what_a_new_disk_holds_of_itself_is_nothing(office: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mkfs.ext4 makes lost+found, which is root's, where the disk is mounted."""
    disks = tmp_path / "disk of backups", tmp_path / "disk of the office", office.office.vault
    for disk in disks:
        (disk / "lost+found").mkdir(parents=True)
    with pytest.raises(Refusal, match="is not empty, and holds no backups"):
        _back_up(office, disks[0])  # nothing is mounted there
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) in disks)
    _back_up(office, disks[0])
    assert verifying.look_at_vault(office.vault, lambda _: True) == []
    _restore(disks[0], "disk of the office")
    (disks[2] / "lost+found/#12").write_bytes(b"of fsck")
    assert [one.path for one in verifying.look_at_vault(office.vault, lambda _: True)] == ["lost+found"]


def test_a_damaged_file_is_found_while_restoring_and_half_an_office_is_none(office: Records, tmp_path: Path) -> None:
    dest, made = tmp_path / "backups", tmp_path / "elsewhere"
    _back_up(office, dest)
    victim = _kept(dest)[0]
    good = victim.read_bytes()
    victim.write_bytes(good[:-1] + b"x")
    with pytest.raises(Refusal, match=f"{victim} is damaged"):
        _restore(dest)
    with pytest.raises(ConfigurationError, match="a restore was broken off here"):
        find_root(made, made, {})
    with pytest.raises(Refusal, match=r"a restore to .* was broken off"):
        new_office.found(made)
    victim.write_bytes(good)
    with pytest.raises(Refusal, match="was broken off; remove that folder"):
        _restore(dest)
    shutil.rmtree(made)
    victim.unlink()
    with pytest.raises(Refusal, match="1 file is gone"):
        _restore(dest)
    assert not made.exists()
    victim.write_bytes(good)
    _restore(dest)


@pytest.mark.parametrize("loss", ["rotten", "gone", "cut off"])
def test_where_nobody_has_a_file_any_more_all_others_are_restored_without_it(office: Records, tmp_path: Path, loss: str) -> None:
    dest = tmp_path / "backups"
    (office.root / "inbox/acme-bv/waits.pdf").write_bytes(b"it waits")
    files_ = [office.file("own.pdf", "of no other", share=True)]
    lost = office.make(LISA, client="zon", files=files_, share=True, share_status="approved")
    office.publish()
    _back_up(office, dest)
    row = Attachment.get(Attachment.item == lost)
    for data in (b"it waits", None):
        sha256 = hashlib.sha256(data).hexdigest() if data else row.sha256
        victim = dest / "vault" / sha256[:2] / sha256
        good = victim.read_bytes()
        victim.write_bytes(good[:-1] + b"x" if loss == "rotten" else good[:-1])
        if loss == "gone":
            victim.unlink()
    with pytest.raises(Refusal, match="--incomplete"):
        _restore(dest, "refused")
    close_database()
    made = maintenance.restore(dest, tmp_path / "elsewhere", another_database(), may_lack=True)
    assert maintenance.lost_files(made) == [f"{item_name(lost)} {row.name}", "inbox/acme-bv/waits.pdf"]
    [told] = [event.detail for event in trail.events(newest=5) if event.action == "office_restored"]
    assert row.sha256 in told
    assert list(made.office.portal.glob("acme-bv/D-*/*"))
    assert not list(made.office.portal.glob("zon/D-*"))


@pytest.mark.parametrize("name", [DATABASE, "config/settings.yaml", "manifest.json", "vault.txt"])
def test_a_snapshot_that_is_cut_off_is_seen_before_anything_is_written(office: Records, tmp_path: Path, name: str) -> None:
    dest = tmp_path / "backups"
    _back_up(office, dest)
    path = _snapshots(dest)[0] / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Refusal, match=str(path)):
        _restore(dest)
    assert not (tmp_path / "elsewhere").exists()


def test_a_trail_that_was_cut_is_not_restored_as_if_nothing_were(office: Records, tmp_path: Path) -> None:
    EventDetail.delete().where(EventDetail.seq == 2).execute()
    Event.delete().where(Event.seq == 2).execute()
    _back_up(office, tmp_path / "backups")
    with pytest.raises(Refusal, match="the trail of the backup does not verify"):
        _restore(tmp_path / "backups")


@pytest.mark.parametrize("step", ["portal", "told"])
def test_a_restore_that_is_killed_is_no_office_or_its_trail_tells_of_it(
    office: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    _back_up(office, tmp_path / "backups")
    close_database()
    monkeypatch.setattr(*((Publisher, "prepare") if step == "portal" else (trail, "record")), killed)
    with pytest.raises(KeyboardInterrupt):
        _restore(tmp_path / "backups")
    is_office = not (tmp_path / "elsewhere" / RESTORING).exists()
    told = [event for event in trail.events(newest=5) if event.action == "office_restored"]
    assert (is_office, len(told)) == ((True, 1) if step == "portal" else (False, 0))


def test_what_happened_after_a_backup_is_not_in_it(office: Records, tmp_path: Path) -> None:
    _back_up(office, tmp_path / "backups")
    length = trail.head()[0]
    office.published(description="Made afterwards")
    _restore(tmp_path / "backups")
    assert Item.select().count() == 1
    assert trail.head()[0] == length  # `backed_up` is not in it, `office_restored` is


def test_what_only_lies_in_var_is_in_it_and_stays_its_owners(office: Records, tmp_path: Path) -> None:
    for name in ("erasures/erased-1.html", "breaches/D-2026-000001.md", "quarantine/x/y.pdf"):
        path = office.office.var / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
        path.chmod(0o600)
    _back_up(office, tmp_path / "backups")
    _restore(tmp_path / "backups")
    for name in ("erasures/erased-1.html", "breaches/D-2026-000001.md", "quarantine/x/y.pdf"):
        path = tmp_path / "elsewhere/var" / name
        assert (path.read_text(), path.stat().st_mode & 0o777) == (name, 0o600)


def test_the_portal_is_made_anew(office: Records, tmp_path: Path) -> None:
    _back_up(office, tmp_path / "backups")
    portal = _restore(tmp_path / "backups").office.portal
    assert [path.name for path in portal.glob("acme-bv/D-*/*")] == ["accounts.pdf"]
    assert (portal / "acme-bv/index.html").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_who_dropped_a_file_is_still_known_after_a_restore(office: Records, tmp_path: Path) -> None:
    office.configure(staff=STAFF.replace("p.bakker: {", f"p.bakker: {{os_user: {pwd.getpwuid(1).pw_name}, "))
    inbox = office.root / "inbox/acme-bv"
    (inbox / "report.yaml").write_text("description: Annual accounts\n")
    os.chown(inbox / "report.yaml", 1, 1)
    os.utime(inbox / "report.yaml", (1_000_000_000, 1_000_000_000))
    os.chmod(inbox, 0o2770)
    _back_up(office, tmp_path / "backups")
    restored = _restore(tmp_path / "backups")
    found = (restored.office.inbox / "acme-bv/report.yaml").stat()
    assert (found.st_uid, found.st_mtime) == (1, 1_000_000_000)
    assert (restored.office.inbox / "acme-bv").stat().st_mode & 0o7777 == 0o2770
    assert restored.strange_owners == []
