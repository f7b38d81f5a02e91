"""Who owns a file, and an office that a daemon without root's rights works in.

The accounts are bare numbers, so nothing has to be made for them: `os_user: "30001"` in staff.yaml is the account 30001.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import folders

PETRA, STRANGER, DAEMON = range(30001, 30004)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another account")

STAFF = f"""\
staff:
  p.bakker: {{name: Petra Bakker, email: p.bakker@office.example, os_user: "{PETRA}", rights: [create, share]}}
"""


def give(uid: int, *paths: Path) -> None:
    """Make these files and folders, and all that is in them, this account's."""
    for path in paths:
        for one in (path, *path.rglob("*")):
            os.chown(one, uid, uid, follow_symlinks=False)


def open_folder() -> Iterator[Path]:
    """A folder that every account may come through; for a fixture."""
    path = folders.new_folder("accounts")
    path.chmod(0o755)
    yield path
    folders.remove(path)
