"""The other processes that copy and hash: whatever becomes of them, who gave them work has their answer."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kit.support import PATIENCE

from dossier.workers.pool import MANY, MANY_TO_START, WORKERS, WorkerPool


def _who(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def _in_time(function: Callable[[], object]) -> object:
    """What it gives; fails if it hangs."""
    given: list[object] = []
    thread = threading.Thread(target=lambda: given.append(function()), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert given, "it hangs"
    return given[0]


@pytest.mark.slow
def test_work_of_processes_that_were_killed_is_done_here_and_nobody_waits_for_them() -> None:
    pool = WorkerPool()
    helpers = {answer() for answer in [pool.begin(_who, number) for number in range(4 * WORKERS)]}
    assert os.getpid() not in helpers
    for pid in helpers:
        os.kill(pid, signal.SIGKILL)
    answers = [pool.begin(_who, number) for number in range(4)]
    assert {_in_time(answer) for answer in answers} == {os.getpid()}
    again = pool.begin(_who, 1)
    assert _in_time(again) not in {os.getpid(), *helpers}
    pool.rest()


def test_they_load_what_they_need_for_files_and_not_the_program_that_gives_them_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text("import wave\n")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(program), raising=False)
    rooms = "ingest.intake.receiving", "ingest.intake.leaving", "workflow.portal.staging"
    pool = WorkerPool()
    load: Callable[[str], set[str]] = eval
    modules = pool.begin(load, f"[*map(__import__, {rooms}), {{*__import__('sys').modules}}][-1]")()
    pool.rest()
    assert {*rooms, "hashlib"} <= modules
    assert modules.isdisjoint({"wave", "desk", "typer", "pydantic", "peewee", "structlog", "jinja2"})


def test_processes_that_were_killed_at_rest_hold_up_no_end() -> None:
    pool = WorkerPool()
    helpers = {answer() for answer in [pool.begin(_who, number) for number in range(4 * WORKERS)]}
    for pid in helpers:
        os.kill(pid, signal.SIGKILL)
    _in_time(lambda: pool.rest() or True)


def test_where_no_process_can_be_started_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("dossier.workers.pool._Worker", refuse)
    pool = WorkerPool()
    assert {answer() for answer in [pool.begin(_who, number) for number in range(4)]} == {os.getpid()}
    pool.rest()


@pytest.mark.slow
def test_one_that_dies_while_another_is_being_started_holds_up_nobody() -> None:
    for wait in range(10):
        pool = WorkerPool()
        answers = [pool.begin(_who, 0)]
        first, *_ = multiprocessing.active_children()
        threading.Timer(wait * 0.001, first.kill).start()
        answers += [pool.begin(_who, number) for number in range(1, 4)]
        for answer in answers:
            _in_time(answer)
        _in_time(lambda pool=pool: pool.rest() or True)


def test_processes_that_were_started_beforehand_are_those_that_work() -> None:
    pool = WorkerPool()
    pool.prepare(["wave"])
    helpers = {child.pid for child in multiprocessing.active_children()}
    assert len(helpers) == WORKERS
    assert {answer() for answer in [pool.begin(_who, number) for number in range(4 * WORKERS)]} == helpers
    pool.rest()


BEFOREHAND = """
import os, sys, threading, wave
from dossier.workers.pool import WorkerPool
if sys.argv[1:]:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
pool = WorkerPool()
pool.prepare(["colorsys"])
print(pool.begin(eval, "__import__('sys').modules.keys() & {'wave', 'colorsys'}")() == {"wave", "colorsys"})
pool.rest()
"""


def test_those_that_begin_with_the_program_have_loaded_what_it_has_unless_it_has_threads_already() -> None:
    for words, is_copy in (([], "True"), (["thread"], "False")):
        command = [sys.executable, "-W", "ignore", "-c", BEFOREHAND, *words]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
        assert told.stdout.strip() == is_copy, told.stderr


def test_an_answer_that_cannot_be_sent_or_read_is_told_and_holds_up_nobody() -> None:
    pool = WorkerPool()
    answer = pool.begin(eval, "lambda: 1")
    with pytest.raises(RuntimeError, match="pickle"):
        answer()
    assert pool.begin(eval, "1 + 1")() == 2
    pool.rest()


def test_more_may_be_given_and_answered_than_the_wire_holds() -> None:
    pool = WorkerPool()
    answers = [pool.begin(len, "x" * 1_000_000) for _ in range(8)] + [pool.begin(str.upper, "x" * 1_000_000) for _ in range(8)]
    assert _in_time(lambda: [answer() for answer in answers]) == [1_000_000] * 8 + ["X" * 1_000_000] * 8
    pool.rest()


def _remember(what: str) -> None:
    os.environ["REMEMBERED"] = what


def _remembered(_: int) -> tuple[int, str | None]:
    time.sleep(0.02)
    return os.getpid(), os.environ.get("REMEMBERED")


def test_what_each_process_is_given_each_has_done_before_whatever_comes_next() -> None:
    pool = WorkerPool()
    pool.begin_in_each(_remember, "nothing")  # there is none
    assert not pool.has_begun_in_each(_remember)
    pool.prepare([])
    pool.begin_in_each(_remember, "this")
    assert pool.has_begun_in_each(_remember)
    told = {answer() for answer in [pool.begin(_remembered, number) for number in range(4 * WORKERS)]}
    assert (len(told), {what for _, what in told}) == (WORKERS, {"this"})
    pool.rest()
    assert not pool.has_begun_in_each(_remember)


def test_what_is_spare_is_not_waited_for() -> None:
    pool = WorkerPool()
    assert pool.begin_spare(len, "x").answer() is None
    pool.prepare([])
    slow, spare = pool.begin(_who, 0), [pool.begin_spare(_who, number) for number in range(2 * WORKERS)]
    assert (spare[-1].is_done(), spare[-1].answer()) == (False, None)
    slow()
    pool.rest()
    assert (spare[-1].is_done(), spare[-1].answer()) == (True, None)


def test_they_are_started_for_more_than_they_help_with_once_they_are_there() -> None:
    pool = WorkerPool()
    assert (pool.helps_with(MANY), pool.helps_with(MANY_TO_START - 1), pool.helps_with(MANY_TO_START)) == (False, False, True)
    pool.begin(_who, 1)()
    assert (pool.helps_with(MANY - 1), pool.helps_with(MANY)) == (False, True)
    pool.rest()
    assert not pool.helps_with(MANY)
