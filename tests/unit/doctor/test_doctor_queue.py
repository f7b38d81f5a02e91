"""Who may do what in an approver's folder, as doctor works it out: by mode, by group and by access list, as the kernel does."""

from __future__ import annotations

import os
import pwd
import struct
from pathlib import Path

import pytest
from kit.support import new_office

from desk.doctor.queue import ENTER, GROUP_OBJ, MASK, OTHER, READ, USER, USER_OBJ, WRITE, queue, rights_of
from dossier.office.opening import load_office

ALL = READ | WRITE | ENTER
NOBODY = 2**32 - 1


def _user(uid: int, gid: int) -> pwd.struct_passwd:
    return pwd.struct_passwd(("nobody-of-this-name", "x", uid, gid, "", "/", "/bin/false"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "m.devries"
    made.mkdir()
    return made


def test_the_mode_counts_for_owner_group_and_others(folder: Path) -> None:
    me, mine = os.getuid(), folder.stat().st_gid
    os.chmod(folder, 0o750)
    assert rights_of(folder, _user(me, mine)) == ALL
    assert rights_of(folder, _user(me + 1, mine)) == READ | ENTER
    assert rights_of(folder, _user(me + 1, mine + 1)) == 0
    os.chmod(folder, 0o707)
    assert rights_of(folder, _user(me + 1, mine)) == 0, "who is in the group has no more than the group"
    assert rights_of(folder, _user(me + 1, mine + 1)) == ALL


def test_an_access_list_counts_before_the_mode(folder: Path) -> None:
    me, mine = os.getuid(), folder.stat().st_gid
    entries = [(USER_OBJ, 7, NOBODY), (USER, 7, me + 1), (GROUP_OBJ, 0, NOBODY), (MASK, 7, NOBODY), (OTHER, 0, NOBODY)]

    def give(listed: list[tuple[int, int, int]]) -> None:
        data = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in listed)
        try:
            os.setxattr(folder, "system.posix_acl_access", data)
        except OSError as error:
            pytest.skip(f"this file system has no access lists: {error}")

    give(entries)
    assert folder.stat().st_mode & 0o070 == 0o070, "the group's bits of the mode show the mask"
    assert rights_of(folder, _user(me + 1, mine + 1)) == ALL
    assert rights_of(folder, _user(me + 2, mine)) == 0
    give([entry if entry[0] != MASK else (MASK, READ | ENTER, NOBODY) for entry in entries])
    assert rights_of(folder, _user(me + 1, mine + 1)) == READ | ENTER


def test_queue_files_that_an_approver_cannot_save_and_empty_papers_are_told_of(tmp_path: Path) -> None:
    staff = "staff:\n  m.devries: {name: Marieke, email: m@office.example, os_user: nobody, rights: [approve, admin]}\n"
    office = load_office(new_office(tmp_path / "office", staff=staff, clients="clients: {}\n").path, {})
    folder = office.queue / "m.devries"
    (folder / "D-2026-000001").mkdir(parents=True)
    paper, preview = folder / "D-2026-000001.yaml", folder / "D-2026-000001/preview.html"
    paper.write_text("decision:\n")
    preview.write_text("<!doctype html>")
    folder.chmod(0o777)
    paper.chmod(0o666)

    def told() -> list[str]:
        return [str(one.message) for one in queue(office) if "m.devries" in str(one.message) and one.level == "note"]

    assert told() == []
    paper.chmod(0o600)
    assert [line for line in told() if f"can't save a decision in {paper}" in line]
    paper.chmod(0o666)
    preview.write_bytes(b"")
    assert told() == [f"{preview} is empty"]


def test_approvers_whose_folders_are_one_for_windows_are_told_of(tmp_path: Path) -> None:
    line = "  {code}: {{name: Marieke, email: {code}@office.example, rights: [{right}]}}\n"
    staff = [("Marieke", "approve"), ("marieke", "approve"), ("MARIEKE", "create")]
    listed = "staff:\n" + "".join(line.format(code=code, right=right) for code, right in staff)
    office = load_office(new_office(tmp_path / "office", staff=listed, clients="clients: {}\n").path, {})
    office.queue.mkdir(parents=True, exist_ok=True)
    told = [str(one.message) for one in queue(office) if "differ in capitals" in str(one.message)]
    [line] = told
    assert "`marieke` and `Marieke`" in line


@pytest.mark.parametrize("kind", ["link", "file"])
def test_an_approvers_folder_that_is_none_is_told(tmp_path: Path, kind: str) -> None:
    root = new_office(tmp_path / "office")
    office = load_office(root.path, {})
    office.queue.mkdir(parents=True, exist_ok=True)
    place = office.queue / "m.devries"
    place.symlink_to(tmp_path) if kind == "link" else place.write_text("")
    assert [one for one in queue(office) if "m.devries is no folder" in str(one.message)]
