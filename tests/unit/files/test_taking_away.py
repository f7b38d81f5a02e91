"""A file that leaves the inbox: whoever comes next doesn't wait until its room is free."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from dossier.files import files, moves
from dossier.files.beneath import Place


def test_the_last_who_lets_go_of_a_file_is_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, aside = tmp_path / "report.pdf", tmp_path / ".taken"
    file.write_bytes(b"1")
    seen = files.look(file)
    assert seen is not None
    closed, is_free, close = list[bool](), threading.Event(), os.close

    def watched(descriptor: int) -> None:
        is_ours = os.fstat(descriptor).st_ino == seen.inode
        close(descriptor)
        if is_ours:
            closed.append(threading.current_thread() is threading.main_thread())
            if not closed[-1]:
                is_free.set()

    monkeypatch.setattr(os, "close", watched)
    assert moves.take_away(file, aside, seen)
    assert is_free.wait(30)
    assert closed == [False]
    assert list(tmp_path.iterdir()) == []


def left_open(folder: Path) -> int:
    """How many files are open, besides those that were, when one has been taken away."""
    (folder / "report.pdf").write_bytes(b"1")
    before = len(os.listdir("/proc/self/fd"))
    seen = files.look(folder / "report.pdf")
    assert seen is not None
    assert moves.take_away(folder / "report.pdf", folder / ".taken", seen)
    return len(os.listdir("/proc/self/fd")) - before


def test_whoever_comes_while_many_wait_to_be_let_go_of_waits_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FREED_LATER", 0)
    assert left_open(tmp_path) == 0


def test_where_the_system_gives_no_thread_it_is_let_go_of_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(files, "_freeing", files._Freeing())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert left_open(tmp_path) == 0


def test_a_copy_of_this_process_lets_go_of_its_files_by_itself(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"1")
    files.free_beside(os.open(tmp_path / "report.pdf", os.O_RDONLY))
    child = os.fork()
    if child == 0:
        descriptor = os.open(tmp_path / "report.pdf", os.O_RDONLY)
        files.free_beside(descriptor)
        until = time.monotonic() + 30
        while os.path.exists(f"/proc/self/fd/{descriptor}") and time.monotonic() < until:
            time.sleep(0.01)
        os._exit(1 if os.path.exists(f"/proc/self/fd/{descriptor}") else 0)
    assert os.waitpid(child, 0)[1] == 0


def test_across_file_systems_all_goes_that_can_and_of_what_stays_there_is_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "folder", tmp_path / "away/folder"
    (source / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt", "stuck.txt"):
        (source / name).write_text(name)
    os.mkfifo(source / "pipe")
    move_to_free, remove = moves._move_to_free, files.remove

    def far(source: Place, target: Path) -> None:
        if str(source).startswith(str(tmp_path / "folder")):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        move_to_free(source, target)

    def stuck(path: Place) -> None:
        if str(path) == str(source / "stuck.txt"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        remove(path)

    monkeypatch.setattr(moves, "_move_to_free", far)
    monkeypatch.setattr(files, "remove", stuck)
    for _ in range(2):
        with pytest.raises(OSError, match=r"Permission denied|not a plain file"):
            moves.move_away(source, moves.free_name(target))
    assert sorted(path.name for path in source.iterdir()) == ["pipe", "stuck.txt"]
    assert sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "away").rglob("*") if path.is_file()) == [
        "away/folder/a.txt",
        "away/folder/sub/b.txt",
    ]
    with pytest.raises(files.NotPlain):
        moves.move_away(source / "pipe", tmp_path / "never/pipe")
    assert not (tmp_path / "never").exists(), "asked again and again it fills no folder"
