"""SIGTERM and SIGINT, heard on a thread of their own.

A handler of Python's runs between any two steps of the main thread: maybe in the middle of `Event.set`, holding the very lock
that the handler's own `set` then waits for, for ever. So the handler does nothing, and the byte that the interpreter writes for
each signal (signal.set_wakeup_fd) is read by a thread, which may take locks as any other.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def call_on_stop(stop: Callable[[], None]) -> None:
    """From now on, call `stop` at SIGTERM or SIGINT, on another thread. Only from the main thread, and only the last one counts."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    threading.Thread(target=_listen, args=(reading, stop), name="signals", daemon=True).start()
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in SIGNALS:
        signal.signal(number, _noted)


def _noted(*_: object) -> None:
    """The thread does the rest."""


def _listen(reading: int, stop: Callable[[], None]) -> None:
    while number := os.read(reading, 1):
        if number[0] in SIGNALS:
            stop()
