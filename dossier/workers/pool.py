"""Other processes that look at folders, copy, hash and remove files while this one writes down.

Python computes on one core a process, so a backlog is worked off by three. What is given away is a
plain function of plain values that touches files only and may be done again: where a process of
ours dies, it is done here. They are started when there is much to do and ended when there is none,
and end with this one, whatever ends it (prctl(2), PR_SET_PDEATHSIG).

A process that begins as this one's copy (fork) has loaded what this one has, so it costs nothing to
start; but of the threads it has only its own, and a lock that another one held would never be
given back. So that is done only while there is no other thread: `prepare`. Else each loads anew
what it needs (spawn).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import multiprocessing
import os
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from dossier.files import files

A = TypeVar("A")
R = TypeVar("R")

Asked: TypeAlias = tuple[Callable[[object], object], object]
"""A function, and what it is given."""

WORKERS = 2
"""Processes. A third would only wait for the same disk."""

MANY, MANY_TO_START = 100, 250
"""For fewer things of a kind they don't help; and while there are none, for fewer it isn't worth
the half second of the processor that it takes to start them."""

SLICE = 16
"""Things of one kind that are given away together."""

GLANCE_SECONDS = 0.25
"""How soon it is seen that the process is to end."""

GARBAGE_AT = 50_000
"""By default Python looks for rings among 700 new objects. A batch of drops has a hundred thousand
and no rings, and that takes a tenth of all time."""

NICENESS = 5
"""The process that writes down is what all wait for: it shall not wait for a core. (So are the desk
and the portal, on the same machine.)"""

_PR_SET_PDEATHSIG = 1


class WorkerPool:
    """The processes, none as long as nothing is given to them. One thread uses it."""

    def __init__(self) -> None:
        self._team: _Team | None = None

    @property
    def is_at_work(self) -> bool:
        """True while there are processes."""
        return self._team is not None

    def helps_with(self, count: int) -> bool:
        """True if so many things of a kind are worth giving away, with the start if need be."""
        return count >= (MANY if self.is_at_work else MANY_TO_START)

    def prepare(self, modules: Sequence[str]) -> None:
        """Start the processes, and have each load these: there will be much to do soon."""
        if self._team is None:
            with contextlib.suppress(OSError):  # whoever has something to do is told
                self._team = _Team("fork" if threading.active_count() == 1 else "spawn")
        self.begin_in_each(_load, modules)

    def begin_in_each(self, function: Callable[[A], object], given: A) -> None:
        """Have each of the processes do this, if there are any; nobody asks what came of it."""
        if self._team is not None:
            self._team.begin_in_each(function, given)

    def has_begun_in_each(self, function: Callable[[A], object]) -> bool:
        """True if the processes that are at work now were given this to do, each of them."""
        return self._team is not None and function in self._team.given_to_each

    def begin(self, function: Callable[[A], R], given: A) -> Callable[[], R]:
        """Do this in another process. What is returned waits for the answer, or its error."""
        try:
            team = self._team = self._team or _Team("spawn")
            task = team.begin(function, given)
        except OSError as error:
            _warn("no process can be started that helps with many files; they are moved here", error)
            return partial(function, given)

        def answer() -> R:
            try:
                return team.wait(task)
            except _Died as error:
                _warn("a process that moves files has ended; its work is done again", error)
            if self._team is team:
                self._team = None
            team.end()
            return function(given)

        return answer

    def begin_spare(self, function: Callable[[A], R], given: A) -> Spare[R]:
        """Do this in another process, if there is one: nobody waits for it."""
        return Spare(self, self._team, self._team.begin(function, given) if self._team is not None else None)

    def is_team(self, team: _Team | None) -> bool:
        """True of the processes that are at work now."""
        return team is not None and team is self._team

    def map(self, function: Callable[[Sequence[A]], R], given: Sequence[A], size: int = SLICE) -> Iterator[R]:
        """Have all of it done, in slices of this size; what each slice gave, in order."""
        for answer in [self.begin(function, some) for some in slices(given, size)]:
            yield answer()

    def rest(self) -> None:
        """End the processes. All that was begun must have been waited for."""
        if self._team is not None:
            self._team.end()
        self._team = None


def _load(modules: Sequence[str]) -> None:
    for module in modules:
        importlib.import_module(module)


def _warn(what: str, error: Exception) -> None:
    import structlog  # a third of what these processes would load

    structlog.get_logger("workers").warning(what, error=str(error))


class Spare(Generic[R]):
    """Something that another process does if there is one, and nobody waits for."""

    def __init__(self, pool: WorkerPool, team: _Team | None, task: _Task[R] | None) -> None:
        self._pool, self._team, self._task = pool, team, task

    def is_done(self) -> bool:
        """True if the answer is there, or there will be none."""
        if self._task is None or self._team is None or not self._pool.is_team(self._team):
            return True
        self._team.hear_of(self._task)
        return self._task.is_done

    def answer(self) -> R | None:
        """What was answered; None if it is not done, or failed."""
        task = self._task if self.is_done() else None
        return task.value if task is not None and task.is_done and task.error is None else None


class _Died(Exception):
    """The process that was asked is no more."""


class _Task(Generic[R]):
    """What a worker was asked to do, and what it answered."""

    is_done = False
    error: Exception | None = None
    value: R

    def __init__(self, worker: _Worker) -> None:
        self.worker = worker

    def answer(self) -> R:
        """Of one that is done. Raises what was raised there, and _Died."""
        if self.error is not None:
            raise self.error
        return self.value


class _Worker:
    """A process, and the wire to it. It does one thing after the other, in this order."""

    def __init__(self, way: Literal["fork", "spawn"], hang_up: Connection, ours: Sequence[Connection]) -> None:
        """`hang_up`: when nobody holds the other end any more, it is to end. `ours`: what a copy of
        this process must not hold."""
        context = multiprocessing.get_context("fork") if way == "fork" else multiprocessing.get_context("spawn")
        self.wire, its = context.Pipe()
        self.tasks: deque[_Task[Any]] = deque()
        inherited = [*ours, self.wire] if way == "fork" else []
        self._ear = select.poll()
        self._ear.register(self.wire, select.POLLIN)
        with its, _nothing_run_again():
            self._process = context.Process(target=_serve, args=(its, hang_up, inherited, os.getpid()), daemon=True)
            self._process.start()

    def begin(self, function: Callable[[A], R], given: A) -> _Task[R]:
        task = _Task[R](self)
        self.tasks.append(task)
        try:
            self.wire.send((function, given))
        except (BrokenPipeError, ConnectionResetError):
            self._has_died()
        return task

    def has_said(self, seconds: float = 0.0) -> bool:
        """True if an answer is there or comes in time; also if it has ended. (Connection.poll makes
        a selector at each call, which takes as long as a look at a file.)"""
        return bool(self._ear.poll(1000 * seconds))

    def hear(self, seconds: float = 0.0) -> None:
        """Take over the next answer, if it comes in time."""
        try:
            if not self.has_said(seconds):
                return
            is_value, what = self.wire.recv()
        except Exception:  # noqa: BLE001 - it has ended, or what it says can't be understood
            self._has_died()
            return
        task = self.tasks.popleft()
        task.is_done = True
        if is_value:
            task.value = what
        else:
            task.error = what

    def _has_died(self) -> None:
        while self.tasks:
            task = self.tasks.popleft()
            task.is_done, task.error = True, _Died(f"process {self._process.pid}")

    def end(self) -> None:
        self.wire.close()
        self._process.join()


class _Team:
    """Processes that work together. When one of them dies, all are ended."""

    def __init__(self, way: Literal["fork", "spawn"]) -> None:
        self._theirs, self._ours = multiprocessing.get_context(way).Pipe(duplex=False)
        self._workers: list[_Worker] = []
        self.given_to_each = set[Callable[..., object]]()
        try:
            while len(self._workers) < WORKERS:
                self._workers.append(_Worker(way, self._theirs, [self._ours, *(worker.wire for worker in self._workers)]))
        except OSError:
            self.end()
            raise

    def begin(self, function: Callable[[A], R], given: A) -> _Task[R]:
        """Give it to the one that has least to do."""
        for worker in self._workers:
            while worker.tasks and worker.has_said():
                worker.hear()
        return min(self._workers, key=lambda worker: len(worker.tasks)).begin(function, given)

    def begin_in_each(self, function: Callable[[A], object], given: A) -> None:
        for worker in self._workers:
            worker.begin(function, given)
        self.given_to_each.add(function)

    def wait(self, task: _Task[R]) -> R:
        """Raises _Died, and what was raised there."""
        while not task.is_done:
            task.worker.hear(GLANCE_SECONDS)
            if files.stopping.is_set():
                self._hang_up()
        return task.answer()

    def hear_of(self, task: _Task[Any]) -> None:
        """Take over what was answered by now."""
        while not task.is_done and task.worker.has_said():
            task.worker.hear()

    def end(self) -> None:
        """Returns when none of them lives any more."""
        self._hang_up()
        for worker in self._workers:
            worker.end()
        self._theirs.close()

    def _hang_up(self) -> None:
        """Nobody holds this end of the wire any more: they hear it and give up what they are doing.

        A multiprocessing.Event would wait for ever for one that was killed to wake up.
        """
        self._ours.close()


@contextlib.contextmanager
def _nothing_run_again() -> Iterator[None]:
    """A process that starts meanwhile does not first import the program that runs here.

    multiprocessing would have it do so for functions that stand in the program; none given away
    does.
    """
    program = vars(sys.modules["__main__"])
    path = program.pop("__file__", None)
    try:
        yield
    finally:
        if path is not None:
            program["__file__"] = path


def slices(things: Sequence[A], size: int = SLICE) -> list[Sequence[A]]:
    """All of it, some at a time."""
    return [things[start : start + size] for start in range(0, len(things), size)]


def _serve(wire: Connection, hang_up: Connection, inherited: Sequence[Connection], parent: int) -> None:
    """What each process does: all that comes by the wire, until that is closed."""
    for connection in inherited:
        connection.close()
    _settle_in(hang_up, parent)
    asked, answers = SimpleQueue[Asked | None](), SimpleQueue[tuple[bool, object]]()
    # Nobody who asks waits for what is being done, and nothing that is done for whoever asked.
    threading.Thread(target=_hear, args=(wire, asked), daemon=True).start()
    threading.Thread(target=_tell, args=(wire, answers), daemon=True).start()
    while (one := asked.get()) is not None:
        function, given = one
        try:
            answers.put((True, function(given)))
        except Exception as error:  # noqa: BLE001 - who asked is told
            answers.put((False, error))


def _hear(wire: Connection, asked: SimpleQueue[Asked | None]) -> None:
    try:
        while True:
            asked.put(wire.recv())
    except Exception:  # noqa: BLE001 - hung up, or nothing that can be read: who asked sees that this process ends
        with contextlib.suppress(Empty):
            while True:
                asked.get_nowait()
        asked.put(None)


def _tell(wire: Connection, answers: SimpleQueue[tuple[bool, object]]) -> None:
    while True:
        answer = answers.get()
        try:
            wire.send(answer)
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 - what can't be sent is told in words
            wire.send((False, RuntimeError(f"{type(error).__name__}: {error}")))


def _settle_in(wire: Connection, parent: int) -> None:
    """Runs first in each process: end with the parent, leave Ctrl-C to it, and hear of a stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    gc.freeze()
    gc.set_threshold(GARBAGE_AT, 20, 100)
    gc.enable()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError):
            wire.recv_bytes()
        files.stopping.set()

    threading.Thread(target=listen, daemon=True).start()
