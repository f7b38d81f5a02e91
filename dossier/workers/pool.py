"""Other processes that copy, hash and remove files while this one reads, judges and writes down.

Python computes on one core a process, so a backlog is worked off by two. What is given away is a
plain function of plain values that touches files only and may be done again: where a process of
ours dies, it is done here. They are started when there is much to do and ended when there is none,
and end with this one, whatever ends it (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from dossier.files import files

A = TypeVar("A")
R = TypeVar("R")

WORKERS = 2
"""Processes. A third would only wait for the same disk."""

MANY = 100
"""For fewer things of a kind it isn't worth the third of a second that it takes to start them."""

SLICE = 16
"""Things of one kind that are given away together."""

GLANCE_SECONDS = 0.25
"""How soon it is seen that the process is to end."""

GARBAGE_AT = 50_000
"""By default Python looks for rings among 700 new objects. A batch of drops has a hundred thousand
and no rings, and that takes a tenth of all time."""

_PR_SET_PDEATHSIG = 1


class WorkerPool:
    """The processes, none as long as nothing is given to them. One thread uses it."""

    def __init__(self) -> None:
        self._team: _Team | None = None

    def begin(self, function: Callable[[A], R], given: A) -> Callable[[], R]:
        """Do this in another process. What is returned waits for the answer, or its error."""
        try:
            team = self._team = self._team or _Team()
            future = team.begin(function, given)
        except OSError as error:
            _warn("no process can be started that helps with many files; they are moved here", error)
            return partial(function, given)

        def answer() -> R:
            try:
                if future is not None:
                    return team.wait(future)
            except BrokenExecutor as error:
                _warn("a process that moves files has ended; its work is done again", error)
            if self._team is team:
                self._team = None
            team.end()
            return function(given)

        return answer

    def begin_spare(self, function: Callable[[A], R], given: A) -> Callable[[], R | None]:
        """Do this in another process if it comes to it. What is returned waits for nothing: None
        means that it was not done by then, and is given up, or failed."""
        try:
            future = self._team.begin(function, given) if self._team is not None else None
        except OSError:
            future = None

        def answer() -> R | None:
            if future is None or not future.done():
                if future is not None:
                    future.cancel()
                return None
            return future.result() if future.exception() is None else None

        return answer

    @property
    def is_at_work(self) -> bool:
        """True while there are processes."""
        return self._team is not None

    def prepare(self, function: Callable[[A], R], given: A) -> None:
        """Start the processes, and have each load what `function` needs: there will be much to do
        soon."""
        for _ in range(WORKERS):
            self.begin(function, given)

    def map(self, function: Callable[[Sequence[A]], R], given: Sequence[A], size: int = SLICE) -> Iterator[R]:
        """Have all of it done, in slices of this size; what each slice gave, in order."""
        for answer in [self.begin(function, some) for some in slices(given, size)]:
            yield answer()

    def rest(self) -> None:
        """End the processes. All that was begun must have been waited for."""
        if self._team is not None:
            self._team.end()
        self._team = None


def _warn(what: str, error: Exception) -> None:
    import structlog  # a third of what these processes would load

    structlog.get_logger("workers").warning(what, error=str(error))


class _Team:
    """Processes that work together. When one of them dies, all are ended.

    Each has an executor of its own: one that starts a second process while the first dies overlooks
    that, waits for ever, or fails at starting it (all of Python 3.11).
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._theirs, self._ours = context.Pipe(duplex=False)
        self._begun: dict[ProcessPoolExecutor, list[Future[Any]]] = {
            ProcessPoolExecutor(1, mp_context=context, initializer=_settle_in, initargs=(self._theirs, os.getpid())): []
            for _ in range(WORKERS)
        }

    def begin(self, function: Callable[[A], R], given: A) -> Future[R] | None:
        """Give it to the one that has least to do. None: that one is dead."""
        for begun in self._begun.values():
            begun[:] = [future for future in begun if not future.done()]
        executor, begun = min(self._begun.items(), key=lambda one: len(one[1]))
        try:
            with _nothing_run_again():
                future = executor.submit(function, given)
        except BrokenExecutor:
            return None
        begun.append(future)
        return future

    def wait(self, future: Future[R]) -> R:
        """Raises BrokenExecutor, and what was raised there."""
        while True:
            try:
                return future.result(GLANCE_SECONDS)
            except TimeoutError:
                if future.done():
                    raise
                if files.stopping.is_set():
                    self._hang_up()

    def end(self) -> None:
        """Returns when none of them lives any more."""
        self._hang_up()
        for executor in self._begun:
            executor.shutdown(cancel_futures=True)
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


def _settle_in(wire: Connection, parent: int) -> None:
    """Runs first in each process: end with the parent, leave Ctrl-C to it, and hear of a stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(GARBAGE_AT, 20, 100)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError):
            wire.recv_bytes()
        files.stopping.set()

    threading.Thread(target=listen, daemon=True).start()
