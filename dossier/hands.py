"""Other processes that copy, hash and remove files while this one reads, judges and writes down.

Python computes on one core at a time in a process; a backlog is worked off by two. What is given away is a plain function of plain
values that touches files only, and may be done again: where a process of ours dies, it is done here instead.

They are started when there is much to do and ended when there is none: an office at rest has one process. They end with this
one, whatever ends it (prctl(2), PR_SET_PDEATHSIG), so that none goes on beside the next daemon's.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from multiprocessing.synchronize import Event
from typing import TypeVar

import structlog

from dossier import files

log = structlog.get_logger("hands")

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

_PR_SET_PDEATHSIG = 1


class Hands:
    """The processes, none as long as nothing is given to them. One thread uses it."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._pool: ProcessPoolExecutor | None = None
        self._stop: Event | None = None

    def begin(self, function: Callable[[A], R], given: A) -> Callable[[], R]:
        """Do this in another process meanwhile; returns what waits for the answer. That raises Interrupted, and what `function` does."""
        future = self._submit(function, given)

        def answer() -> R:
            try:
                return function(given) if future is None else self._wait(future)
            except BrokenExecutor as error:
                log.warning("a process that moves files has ended; its work is done again", error=str(error))
                self.rest()
                return function(given)

        return answer

    def map(self, function: Callable[[Sequence[A]], R], given: Sequence[A]) -> Iterator[R]:
        """Have all of it done, in slices; what each slice gave, in order."""
        for answer in [self.begin(function, some) for some in slices(given)]:
            yield answer()

    def rest(self) -> None:
        """There is nothing to do for now: end the processes."""
        if self._pool is not None and self._stop is not None:
            self._stop.set()
            self._pool.shutdown(cancel_futures=True)
        self._pool = self._stop = None

    def _submit(self, function: Callable[[A], R], given: A) -> Future[R] | None:
        if self._pool is None or self._stop is None:
            self._stop = self._context.Event()
            self._pool = ProcessPoolExecutor(
                WORKERS, mp_context=self._context, initializer=_settle_in, initargs=(self._stop, os.getpid())
            )
        try:
            return self._pool.submit(function, given)
        except BrokenExecutor:
            return None

    def _wait(self, future: Future[R]) -> R:
        while True:
            try:
                return future.result(GLANCE_SECONDS)
            except TimeoutError:
                if future.done():
                    raise
                if files.stopping.is_set() and self._stop is not None:
                    self._stop.set()


def slices(things: Sequence[A]) -> list[Sequence[A]]:
    """All of it, SLICE at a time."""
    return [things[start : start + SLICE] for start in range(0, len(things), SLICE)]


def _settle_in(stop: Event, parent: int) -> None:
    """Runs first in each process: end with the parent, leave Ctrl-C to it, and hear of a stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before

    def listen() -> None:
        stop.wait()
        files.stopping.set()

    threading.Thread(target=listen, daemon=True).start()
