"""What `doctor` says of staff whose account on this machine can't do what they are told to."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from kit.ownership import needs_root
from kit.support import new_office

from desk.doctor import accounts
from dossier.office.opening import load_office

STAFF = "staff:\n  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, os_user: nobody, rights: [create, admin]}\n"


@pytest.mark.parametrize("is_open", [True, False])
def test_staff_who_cannot_read_config_or_drop_anything_are_told_of(tmp_path: Path, is_open: bool) -> None:
    root = new_office(tmp_path / "office", staff=STAFF, clients="clients:\n  acme-bv: {name: Acme B.V.}\n")
    root.inbox("acme-bv").chmod(0o777 if is_open else 0o750)
    for path, mode in ((root.path, 0o755), (root.path / "config", 0o755), (root.path / "config/settings.yaml", 0o644)):
        path.chmod(mode)
    if not is_open:
        (root.path / "config").chmod(0o750)
    found = [str(one.message) for one in accounts.accounts(load_office(root.path, {}))]
    assert any("p.bakker (nobody) can't read" in told for told in found) is not is_open
    assert any("nobody of the staff with an account here can put anything there" in told for told in found) is not is_open
    assert len(found) == (0 if is_open else 2)


@pytest.mark.parametrize("mode", [0o666, 0o640])
def test_staff_who_can_read_config_but_not_use_the_database_are_told_of(tmp_path: Path, mode: int) -> None:
    root = new_office(tmp_path / "office", staff=STAFF, clients="clients: {}\n")
    (root.path / "var").mkdir()
    (root.path / "var/dossier.db").touch()
    for path, rights in (
        ("", 0o755),
        ("config", 0o755),
        ("config/settings.yaml", 0o644),
        ("var", 0o777),
        ("var/dossier.db", mode),
    ):
        (root.path / path).chmod(rights)
    found = [str(one.message) for one in accounts.accounts(load_office(root.path, {}))]
    assert [one for one in found if "can't use the database" in one] == ([] if mode == 0o666 else found)
    assert len(found) == (mode != 0o666)


@needs_root
@pytest.mark.parametrize(("mode", "is_open"), [(0o660, True), (0o666, True), (0o640, False), (0o644, False)])
def test_files_in_the_inbox_that_colleagues_can_write_to_are_told_of(tmp_path: Path, mode: int, is_open: bool) -> None:
    marieke = "  m.devries: {name: Marieke de Vries, email: m@office.example, os_user: daemon, rights: [create, share]}\n"
    root = new_office(tmp_path / "office", staff=STAFF + marieke, clients="clients:\n  acme-bv: {name: Acme B.V.}\n")
    (root.inbox("acme-bv") / "_rejected/one").mkdir(parents=True)
    for name in ("letter.yaml", "_rejected/one/letter.yaml"):
        file = root.inbox("acme-bv") / name
        file.touch()
        os.chown(file, pwd.getpwnam("daemon").pw_uid, pwd.getpwnam("nobody").pw_gid)
        file.chmod(mode)
    found = [str(one.message) for one in accounts.accounts(load_office(root.path, {}))]
    [told] = [one for one in found if "colleagues" in one] or [None]
    assert (told is not None) is is_open
    assert told is None or told.startswith("staff can write in 2 files of colleagues in the inbox")
