"""What one of the staff gives in by a command, on a share whose files the daemon reads as one of the staff's group."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from kit import forking
from kit.ownership import DAEMON, PETRA, STAFF, give, needs_root, open_folder
from kit.support import DOSSIER, Root, new_office

pytestmark = needs_root
folder = pytest.fixture(open_folder)


@pytest.fixture
def office(folder: Path) -> Root:
    root = new_office(folder / "office", clients="clients:\n  acme-bv: {name: Acme B.V.}\n", staff=STAFF)
    root.uid = DAEMON  # its group is that of the staff here
    give(DAEMON, root.path)
    home = root.inbox()
    home.mkdir(exist_ok=True)
    for place in (home.parent, home):
        place.chmod(0o2770)
        subprocess.run(["chown", f"{DAEMON}:{DAEMON}", place], check=True)
    return root


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077], ids=oct)
def test_the_daemon_takes_it_whatever_the_umask_was(office: Root, folder: Path, umask: int) -> None:
    (folder / "letter.txt").write_text("Dear client")
    words = ["new", "acme-bv", folder / "letter.txt", "--description", "A first letter"]
    petra = forking.Account(PETRA, DAEMON, ("dac_read_search",))
    command = petra.whose([str(word) for word in (DOSSIER, "--root", office.path, *words)])
    subprocess.run(command, env=office.whole_environ(), check=True, timeout=120, umask=umask)
    files = list(office.inbox().glob("*/*"))  # the accounts here may read more than those of a server
    assert len(files) == 2
    assert all(file.stat().st_mode & 0o070 == 0o040 for file in files)
    office.once()
    item = office.json("show", "1")
    assert item["created_by"] == "p.bakker"
    assert [one["name"] for one in item["attachments"]] == ["letter.txt"]
