"""Several processes that answer on one socket, kept running by the one that opened it.

The first process opens the socket, makes the application and forks the workers, so that what they
have in common is in memory once. It has no threads, for a process with threads can't be forked
safely, and answers nothing: it starts a worker anew that ended, does at each tick what is to be
done beside (server.py), and stops all of them at SIGTERM or SIGINT. Whichever worker is idle takes
the next connection. If the first process is killed, the kernel stops its workers (prctl(2),
PR_SET_PDEATHSIG).

Each worker has bounds of its own: connections at once, and requests of a session at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import time
from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger("web")

STOPS = (signal.SIGTERM, signal.SIGINT)

TICK_SECONDS = 1.0

REST_SECONDS = 1.0
"""A worker that ended sooner than this after its start is not started anew at once."""

KILL_SECONDS = 4.7
"""So long a worker may take to stop; the whole server promises five seconds."""

GARBAGE_AT = 10_000
"""By default Python looks for rings among 700 new objects, several times for one answer, in which
there are hardly any."""

_PDEATHSIG = 1
"""PR_SET_PDEATHSIG of linux/prctl.h."""


_ARENA_MAX, ARENAS = -8, 2
"""M_ARENA_MAX of malloc.h; glibc gives up to eight heaps a processor to threads, and takes little
of them back."""


def keep_memory_together() -> None:
    """Threads share few heaps. Call before there are any. Where the C library has no such word, it
    has no such heaps."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, ARENAS)


def keep_running(count: int, answer: Callable[[int], None], tick: Callable[[], bool]) -> None:
    """Keep `count` workers running, each in `answer` with a number of its own, from 0, until
    SIGTERM or SIGINT, or until `tick` is True."""
    awaited = {*STOPS, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    gc.collect()
    gc.set_threshold(GARBAGE_AT, 10, 10)
    gc.freeze()  # what was made up to here stays as it is, in pages that all processes share
    running: dict[int, tuple[int, float]] = {}
    resting = ticked = 0.0
    try:
        while True:
            now = time.monotonic()
            while len(running) < count and now >= resting:
                free = min(set(range(count)) - {number for number, _ in running.values()})
                running[_begin(answer, free)] = free, now
            found = signal.sigtimedwait(awaited, TICK_SECONDS)
            if found is not None and found.si_signo in STOPS:
                return
            now = time.monotonic()
            for pid, code in _ended(running):
                log.error("a process of the server ended; it is started again", pid=pid, code=code)
                if now - running.pop(pid)[1] < REST_SECONDS:
                    resting = now + REST_SECONDS
            if now - ticked >= TICK_SECONDS:
                ticked = now
                if tick():
                    return
    finally:
        _stop(running)


def _begin(answer: Callable[[int], None], number: int) -> int:
    """Start the worker with this number; its process id. Signals that stop it wait until it knows
    how."""
    first, pid = os.getpid(), os.fork()
    if pid:
        return pid
    code = 1
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == first:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            answer(number)
        code = 0
    except Exception:
        log.exception("a process of the server failed")
    finally:
        os._exit(code)  # what belongs to the first process is not this one's to close


def _ended(running: Iterable[int]) -> list[tuple[int, int]]:
    """(process id, exit code) of those that ended."""
    found = []
    for one in running:
        pid, status = os.waitpid(one, os.WNOHANG)
        if pid:
            found.append((pid, os.waitstatus_to_exitcode(status)))
    return found


def _stop(running: dict[int, tuple[int, float]]) -> None:
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + KILL_SECONDS
    while running and (left := until - time.monotonic()) > 0:
        signal.sigtimedwait({signal.SIGCHLD}, min(left, TICK_SECONDS))
        for pid, _ in _ended(running):
            del running[pid]
    for pid in running:
        log.error("a process of the server did not stop in time and was killed", pid=pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
