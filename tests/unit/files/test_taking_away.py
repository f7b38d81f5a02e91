"""A large file that leaves the inbox: whoever comes next doesn't wait until its room is free."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dossier.files import files, moves


def test_the_last_who_lets_go_of_a_large_file_is_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large, aside = tmp_path / "large.pdf", tmp_path / ".taken"
    large.write_bytes(b"1")
    seen = files.look(large)
    assert seen is not None
    monkeypatch.setattr(files, "LARGE", 1)
    closed, is_free, close = list[bool](), threading.Event(), os.close

    def watched(descriptor: int) -> None:
        is_ours = os.fstat(descriptor).st_ino == seen.inode
        close(descriptor)
        if is_ours:
            closed.append(threading.current_thread() is threading.main_thread())
            if not closed[-1]:
                is_free.set()

    monkeypatch.setattr(os, "close", watched)
    assert moves.take_away(large, aside, seen)
    assert is_free.wait(30)
    assert closed == [True, False]
    assert list(tmp_path.iterdir()) == []
