"""What `doctor` says of a program that the daemon's user can't read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from kit.support import new_office

from desk.doctor import machine
from dossier.office.opening import load_office


@pytest.mark.parametrize("umask", [0o022, 0o027])
def test_a_venv_that_root_made_under_a_umask_of_027_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give the office to another account")
    root = new_office(tmp_path / "office")
    (root.path / "var").mkdir(exist_ok=True)
    os.chown(root.path / "var", 65534, 65534)
    venv = tmp_path / "venv"
    venv.mkdir(mode=0o755)
    before = os.umask(umask)
    try:
        (venv / "lib").mkdir()
        (venv / "lib/desk.py").write_text("")
        (venv / "python3").symlink_to("/nowhere")
    finally:
        os.umask(before)
    monkeypatch.setattr(sys, "prefix", str(venv))
    found = list(machine.program(load_office(root.path, {})))
    if umask == 0o022:
        assert found == []
    else:
        assert "nobody" in str(found[0].message)
        assert str(venv / "lib") in str(found[0].message)
        assert f"chmod -R go+rX {venv}" in str(found[0].todo)
