"""Whatever umask it is started with: nobody else on the machine can change what the program makes, or read what is confidential."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.support import PDF, Root, wait_for

SHARED = "description: Annual accounts\nshare: yes\nshare_attachments: all\n"
CONFIDENTIAL = ("dossier.db", "vault/", "anchors/", "breaches/", "backups/", "errors.log", "config.", ".portal-staging/")


@pytest.fixture
def anything() -> Iterator[None]:
    """Started by somebody whose umask takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def _modes(top: Path) -> dict[str, int]:
    return {str(path.relative_to(top)): path.lstat().st_mode for path in sorted(top.rglob("*")) if not path.is_symlink()}


@pytest.mark.sqlite
@pytest.mark.usefixtures("anything")
def test_nobody_else_on_the_machine_can_change_what_it_makes_or_read_what_is_confidential(root: Root, tmp_path: Path) -> None:
    root.drop("one", f"{SHARED}share_status: approved\ncreated_by: m.devries\n", one_pdf=PDF)
    root.drop("two", f"{SHARED}share_status: concept\napprover: k.smit\ncreated_by: p.bakker\n", two_pdf=PDF)
    with root.daemon():
        wait_for(lambda: root.receipt("one") and root.receipt("two"), "both are taken")
        [shared] = wait_for(lambda: [one["item"] for one in root.json("items", "--share-state", "published")], "one is published")
        root.run("withdraw", shared, "--reason", "wrong year", user="m.devries")
        root.run("backup", str(tmp_path / "backups"))
        modes = _modes(root.path / "var")
    assert "dossier.db-wal" in modes, "while it runs, what was just written is there"
    for name, mode in modes.items():
        assert not mode & stat.S_IWOTH, name
        inside = any(name.startswith(f"{folder}") for folder in CONFIDENTIAL)
        above = any(not modes[str(one)] & stat.S_IXOTH for one in Path(name).parents if str(one) in modes)
        assert not inside or above or not mode & stat.S_IROTH, name
    assert not any(mode & 0o077 for mode in _modes(tmp_path / "backups").values() if stat.S_ISDIR(mode))
