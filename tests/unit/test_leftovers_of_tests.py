"""What a run of the tests that was killed left in /tmp goes with the next; that of a run beside it stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kit import folders

CODE = """
import sys, time
from kit import folders
print(folders.new_folder("unswept"), flush=True)
time.sleep(60)
"""


def test_a_folder_goes_once_its_maker_is_gone_and_never_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "NEW_SECONDS", -1)
    monkeypatch.setattr(folders, "PREFIX", f"{folders.PREFIX}unswept-")  # no other run's
    environ = {"PYTHONPATH": str(Path(folders.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True, env=environ) as maker:
        assert maker.stdout
        made = Path(maker.stdout.readline().strip())
        folders.sweep()
        assert made.is_dir()
        maker.kill()
    folders.sweep()
    assert not made.exists()
