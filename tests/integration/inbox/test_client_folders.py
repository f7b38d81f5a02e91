"""intake.make_folders: a client's folder of the inbox is there as soon as the client is, and is like the inbox."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.support import CLIENTS, PDF, Daemon, Root, new_office, wait_for

DE_WILG = """\
  de-wilg: {name: De Wilg}
  link-bv: {name: Link B.V.}
  file-bv: {name: File B.V.}
  gone-bv: {name: Gone B.V., active: false}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Root, Daemon]]:
    root = _office(tmp_path_factory.mktemp("folders") / "office")
    inbox = _inbox(root)
    if os.geteuid() == 0:
        os.chown(inbox, pwd.getpwnam("nobody").pw_uid, 6)
    inbox.chmod(0o2770)
    with root.daemon() as daemon:
        yield root, daemon


def _office(path: Path, **config: str) -> Root:
    """One that does as an office does by default; those of the other tests make no folders."""
    root = new_office(path, **config)
    del root.environ["DOSSIER_INTAKE__MAKE_FOLDERS"]
    return root


def _inbox(root: Root, client: str = "") -> Path:
    """The inbox, or a client's folder in it, which may lack."""
    return root.path / "inbox" / client


def _whose(path: Path) -> tuple[int, int, str]:
    """Owner, group and rights."""
    status = path.stat()
    return status.st_uid, status.st_gid, oct(status.st_mode)


def test_the_daemon_makes_folders_that_lack_like_the_inbox_and_those_of_new_clients_as_they_come(
    running: tuple[Root, Daemon], tmp_path: Path
) -> None:
    root, _ = running
    inbox = _inbox(root)
    wait_for(_inbox(root, "northwind-ltd").is_dir, "the folder of a client who has none is made")
    assert _whose(_inbox(root, "northwind-ltd")) == _whose(_inbox(root))
    (inbox / "link-bv").symlink_to(tmp_path)
    (inbox / "file-bv").write_text("no folder")
    (root.path / "config/clients.yaml").write_text(CLIENTS + DE_WILG)
    wait_for(_inbox(root, "de-wilg").is_dir, "the folder of the new client is made")
    assert _whose(_inbox(root, "de-wilg")) == _whose(_inbox(root))
    root.drop("letter", "description: A letter to De Wilg\ncreated_by: p.bakker\n", client="de-wilg", letter_pdf=PDF)
    root.until_taken("de-wilg", "letter")
    assert (inbox / "link-bv").is_symlink()
    assert (inbox / "file-bv").read_text() == "no folder"
    assert not list(tmp_path.iterdir()), "nothing was made where the link leads"
    assert not (inbox / "gone-bv").exists()
    assert not list(inbox.glob(".new-*"))


def test_an_inbox_that_has_lost_all_its_folders_gets_none(tmp_path: Path) -> None:
    root = _office(tmp_path / "office")
    root.once()
    for path in _inbox(root).iterdir():
        shutil.rmtree(path)
    root.once(code=None)
    assert not list(_inbox(root).iterdir()), "the share is away; made here, the folders would hide under its mount"


def test_where_the_office_makes_them_itself_doctor_names_who_has_none(tmp_path: Path) -> None:
    root = _office(tmp_path / "office", settings="intake: {make_folders: no}\n")
    root.once()
    assert not _inbox(root, "northwind-ltd").exists()
    told = root.run("doctor", code=None).stdout
    assert "have no folder" in told
    assert "start the daemon, which makes them" not in told


def test_a_folder_that_a_killed_daemon_began_is_finished(tmp_path: Path) -> None:
    root = _office(tmp_path / "office")
    (_inbox(root) / ".new-northwind-ltd").mkdir(mode=0o700, parents=True)
    root.once()
    assert _whose(_inbox(root, "northwind-ltd")) == _whose(_inbox(root))
    assert not list(_inbox(root).glob(".new-*"))
