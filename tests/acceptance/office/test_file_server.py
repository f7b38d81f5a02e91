"""`dossier samba`: what config/ asks of a Samba server beside the office, and what of it is done by itself (CONTRACT section 5)."""

from __future__ import annotations

import contextlib
import grp
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kit import folders
from kit.ownership import needs_root
from kit.support import Root, need, new_office

pytestmark = [needs_root, pytest.mark.sqlite]


@dataclass
class Server:
    office: Root
    include: Path
    group: str
    petra: str
    left: str
    staff: str

    def told(self, *words: str, code: int = 0) -> str:
        done = self.office.run("samba", "--include", str(self.include), *words, code=code)
        return done.stdout + done.stderr


@pytest.fixture
def server() -> Iterator[Server]:
    need("useradd")
    mark = secrets.token_hex(3)
    group, petra, left = (f"t{mark}{name}" for name in ("office", "petra", "left"))
    folder = folders.new_folder("samba")
    staff = (
        "staff:\n"
        f"  p.bakker: {{name: Petra Bakker, email: p@office.example, os_user: {petra}, rights: [create]}}\n"
        "  d.aemon: {name: Dirk Aemon, email: d@office.example, os_user: daemon, rights: [create]}\n"
        "  o.ption: {name: Olga Ption, email: o@office.example, os_user: '-o', rights: [create]}\n"
        f"  l.eft: {{name: Lia Eft, email: l@office.example, os_user: {left}, rights: [create], active: false}}\n"
    )
    with contextlib.ExitStack() as undo:
        undo.callback(folders.remove, folder)
        for name in (group, petra):
            undo.callback(subprocess.run, ["groupdel", name], capture_output=True)
        for name in (petra, left):
            undo.callback(subprocess.run, ["userdel", name], capture_output=True)
        subprocess.run(["groupadd", "--system", group], check=True)
        subprocess.run(["useradd", "--no-create-home", "--groups", group, left], check=True)
        office = new_office(folder / "office", staff=staff, clients="clients:\n  acme-bv: {name: Acme B.V.}\n")
        shutil.chown(office.path / "inbox", group=group)
        yield Server(office, folder / "samba/dossier.conf", group, petra, left, staff)


def test_it_tells_the_shares_and_each_thing_that_has_drifted_and_changes_nothing(server: Server) -> None:
    told = server.told()
    assert f"path = {server.office.path}/inbox" in told
    assert f"force group = +{server.group}" in told
    for line in (
        f"there is no account {server.petra} (p.bakker)", "daemon (d.aemon) is an account of the system", "-o (o.ption) is not made here",
        f"gpasswd -d {server.left} {server.group}", f"{server.include} is not there", f"include = {server.include}",
    ):  # fmt: skip
        assert line in told
    assert not server.include.exists()
    with pytest.raises(KeyError):
        pwd.getpwnam(server.petra)


def test_applied_it_makes_new_accounts_without_a_login_and_writes_its_own_file_and_touches_nobody_elses(server: Server) -> None:
    before = Path("/etc/passwd").read_text()
    told = server.told("--apply")
    made = pwd.getpwnam(server.petra)
    assert made.pw_shell == "/usr/sbin/nologin"
    assert server.petra in grp.getgrnam(server.group).gr_mem
    assert f"made the account {server.petra}" in told
    added = set(Path("/etc/passwd").read_text().splitlines()) - set(before.splitlines())
    assert [line.partition(":")[0] for line in added] == [server.petra]
    assert "daemon" not in grp.getgrnam(server.group).gr_mem
    assert server.left in grp.getgrnam(server.group).gr_mem  # told of, and left to the administrator
    assert (server.include.stat().st_mode & 0o777, server.include.stat().st_uid) == (0o644, 0)
    testparm = shutil.which("testparm")
    if testparm:
        read = subprocess.run([testparm, "-s", str(server.include)], capture_output=True, text=True)
        assert read.returncode == 0, read.stderr
        assert "[inbox]" in read.stdout
        assert "Unknown parameter" not in read.stderr

    again = server.told("--apply")
    assert "made the account" not in again
    assert "written" not in again
    server.include.write_text("[inbox]\n    guest ok = yes\n")
    assert f"{server.include} is not as it should be" in server.told()
    assert "written" in server.told("--apply")


def test_who_is_not_root_may_look_and_not_apply(server: Server) -> None:
    subprocess.run(["chmod", "-R", "a+rX", server.office.path.parent], check=True)
    somebody = Root(server.office.path, uid=65534)
    words = ("samba", "--include", str(server.include))
    assert f"there is no account {server.petra}" in somebody.run(*words).stdout
    assert "as root" in somebody.run(*words, "--apply", code=1).stderr
    assert not server.include.exists()


def test_a_folder_without_a_group_of_the_staff_or_with_signs_of_sambas_own_is_refused(server: Server) -> None:
    shutil.chown(server.office.path / "inbox", group=0)
    assert "has no group of the staff" in server.told(code=1)
    inbox = server.office.path / "in%Ubox"
    inbox.mkdir()
    shutil.chown(inbox, group=server.group)
    server.office.set("settings", f"paths: {{inbox: '{inbox}'}}\n")
    assert "Samba can't share" in server.told(code=1)
