"""Whole or not: with clocks that the test turns, and real files."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from dossier.files import endings, files, settling
from dossier.files.settling import OPEN_RETRY_MOST, Settling

SETTLE = 1.0


class Clocks:
    """Wall and monotonic time; both move on with `pass_`, `jump` sets the wall clock only."""

    def __init__(self) -> None:
        self.wall, self.monotonic = time.time(), 1000.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def jump(self, seconds: float) -> None:
        self.wall += seconds


class Watched:
    """One file, and how long it is until it is whole."""

    def __init__(self, path: Path) -> None:
        self.path, self.clocks, self.settling = path, Clocks(), Settling(SETTLE)

    def left(self, quiet_for: float | None = None) -> float:
        look = files.look(self.path)
        assert look is not None
        return self.settling.seconds_left(
            self.path.parent, self.path.name, look, self.clocks.wall, self.clocks.monotonic, quiet_for
        )


@pytest.fixture
def file(tmp_path: Path) -> Watched:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF-1.7 page 1")
    return Watched(path)


@pytest.fixture
def no_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system, or a file's owner, that gives no leases."""
    monkeypatch.setattr(settling, "has_writer", lambda descriptor: None)


def test_a_closed_file_is_whole_after_settle_seconds(file: Watched) -> None:
    assert 0 < file.left() <= SETTLE
    file.clocks.pass_(SETTLE)
    assert file.left() == 0


def test_a_file_that_lay_there_before_the_daemon_started_need_not_be_waited_for(file: Watched) -> None:
    file.clocks.pass_(5)
    assert file.left() == 0


def test_a_file_still_open_for_writing_is_left_alone_for_hours(file: Watched) -> None:
    with open(file.path, "ab"):
        for _ in range(20):
            file.clocks.pass_(3600)
            assert 0 < file.left() <= OPEN_RETRY_MOST
    assert file.left() == 0


def _hold(path: Path, opened: multiprocessing.synchronize.Event, close: multiprocessing.synchronize.Event) -> None:
    with open(path, "r+b"):
        opened.set()
        close.wait(20)


def test_a_writer_in_another_process_counts(file: Watched) -> None:
    spawn = multiprocessing.get_context("fork")
    opened, close = spawn.Event(), spawn.Event()
    writer = spawn.Process(target=_hold, args=(file.path, opened, close))
    writer.start()
    try:
        assert opened.wait(20)
        file.clocks.pass_(60)
        assert file.left() > 0
    finally:
        close.set()
        writer.join()
    assert file.left() == 0


def test_a_writer_by_another_name_or_through_memory_counts(file: Watched) -> None:
    other = file.path.with_name("other.pdf")
    os.link(file.path, other)
    file.clocks.pass_(60)
    with open(other, "r+b"):
        assert file.left() > 0
    with open(file.path, "r+b") as opened:
        mapped = mmap.mmap(opened.fileno(), 0)
    assert file.left() > 0
    mapped.close()
    file.clocks.pass_(60)
    assert file.left() == 0


def test_a_reader_does_not_count(file: Watched) -> None:
    file.clocks.pass_(60)
    with open(file.path, "rb"):
        assert file.left() == 0


@pytest.fixture(params=["leases", "no leases"])
def either(request: pytest.FixtureRequest, file: Watched) -> Watched:
    if request.param == "no leases":
        request.getfixturevalue("no_leases")
    file.left()
    return file


def test_a_file_that_grows_again_after_a_pause_starts_its_clock_again(either: Watched) -> None:
    for _ in range(50):
        either.clocks.pass_(0.9 * SETTLE)
        with open(either.path, "ab") as more:
            more.write(b"page")
        os.utime(either.path, (either.clocks.wall, either.clocks.wall))
        assert either.left() > 0.05 * SETTLE
    either.clocks.pass_(SETTLE)
    assert either.left() == 0


def test_a_file_that_is_replaced_by_rename_starts_its_clock_again(either: Watched) -> None:
    either.clocks.pass_(0.9 * SETTLE)
    new = either.path.with_name("~new")
    new.write_bytes(b"%PDF-1.7 page 1")
    os.utime(new, (either.clocks.wall, either.clocks.wall))
    new.rename(either.path)
    assert either.left() > 0.5 * SETTLE


def test_a_file_that_is_touched_late_starts_its_clock_again(either: Watched) -> None:
    either.clocks.pass_(0.9 * SETTLE)
    os.utime(either.path, (either.clocks.wall, either.clocks.wall))
    assert either.left() > 0.5 * SETTLE


@pytest.mark.usefixtures("no_leases")
def test_without_leases_only_our_own_watching_counts(file: Watched) -> None:
    file.clocks.pass_(3600)
    assert file.left() == SETTLE
    file.clocks.pass_(0.5 * SETTLE)
    assert file.left() == 0.5 * SETTLE
    file.clocks.pass_(0.5 * SETTLE)
    assert file.left() == 0


@pytest.mark.usefixtures("no_leases")
@pytest.mark.parametrize("skew", [-7200, 7200, -400_000_000])
def test_a_server_whose_clock_is_wrong_makes_no_difference_without_leases(file: Watched, skew: float) -> None:
    os.utime(file.path, (file.clocks.wall + skew, file.clocks.wall + skew))
    assert file.left() == pytest.approx(SETTLE, abs=0.1)
    file.clocks.pass_(SETTLE)
    assert file.left() == 0


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_jumps_makes_nothing_wait_for_ever(file: Watched, jump: float) -> None:
    file.left()
    file.clocks.jump(jump)
    file.clocks.pass_(SETTLE)
    assert file.left() == 0


def test_a_file_from_the_future_is_whole_once_it_was_quiet_before_our_eyes(file: Watched) -> None:
    os.utime(file.path, (file.clocks.wall + 1e8, file.clocks.wall + 1e8))
    assert file.left() == SETTLE
    file.clocks.pass_(SETTLE)
    assert file.left() == 0


def test_a_file_found_whole_is_asked_again_when_there_is_doubt(file: Watched) -> None:
    file.clocks.pass_(60)
    assert file.left() == 0
    with open(file.path, "ab"):
        assert file.left() == 0  # nothing of it changed, and a look for each file at each look costs
        file.settling.doubt(file.path.parent)
        assert file.left() > 0
    assert file.left() == 0


def test_what_is_gone_is_forgotten(file: Watched) -> None:
    file.left()
    file.settling.forget(file.path.parent)
    assert not file.settling._seen


@pytest.mark.parametrize(
    ("name", "data", "whole"),
    [
        ("report.yaml", b"share: yes", b"share: yes"),
        ("report.yaml", b"x" * endings.HEAD, None),
        ("report.txt", b"share: yes", None),
    ],
)
def test_a_small_sidecar_need_not_be_read_again_and_of_other_files_nothing_is_kept_in_memory(
    tmp_path: Path, name: str, data: bytes, whole: bytes | None
) -> None:
    file = Watched(tmp_path / name)
    file.path.write_bytes(data)
    file.left()
    file.clocks.pass_(SETTLE)
    assert file.left() == 0
    assert file.settling.take_whole(tmp_path, name) == whole
    assert file.settling.take_whole(tmp_path, name) is None, "it is not kept"


def test_what_is_told_by_its_sha256_is_asked_at_once_whenever_nobody_writes_to_it(file: Watched) -> None:
    assert file.left(quiet_for=0) == 0
    with open(file.path, "ab") as writing:
        writing.write(b"page 2")
        writing.flush()
        assert file.left(quiet_for=0) > 0
    assert file.left(quiet_for=0) == 0


@pytest.mark.parametrize("why", ["no_leases", "large"])
def test_but_not_each_time_it_grows_if_it_is_large_or_nobody_can_tell_who_writes(
    file: Watched, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "no_leases":
        request.getfixturevalue("no_leases")
    else:
        monkeypatch.setattr(files, "LARGE", 1)
    assert file.left(quiet_for=0) == 0, "it may lie there whole"
    with open(file.path, "ab") as writing:
        writing.write(b"page 2")
    assert file.left(quiet_for=0) > 0
    file.clocks.pass_(SETTLE)
    assert file.left(quiet_for=0) == 0
