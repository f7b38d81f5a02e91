"""What the daemon has of the system: signals, open files, and whoever supervises it.

SIGTERM and SIGINT are heard on a thread of their own. A handler of Python's runs between any two
steps of the main thread: maybe in the middle of `Event.set`, holding the very lock that the
handler's own `set` then waits for, for ever. So the handler does nothing, and the byte that the
interpreter writes for each signal (signal.set_wakeup_fd) is read by a thread, which may take locks
as any other.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def call_on_stop(stop: Callable[[], None]) -> None:
    """From now on, call `stop` at SIGTERM or SIGINT, on another thread. Only from the main
    thread, and only the last one counts."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    threading.Thread(target=_listen, args=(reading, stop), name="signals", daemon=True).start()
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in SIGNALS:
        signal.signal(number, _noted)


def allow_many_open() -> None:
    """As many files at once as the system lets this process have, where by default it is 1,024:
    each that waits to be read for the guard is held open, and a batch of drops may have
    thousands."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # not everywhere is what may be had really given
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _noted(*_: object) -> None:
    """The thread does the rest."""


def _listen(reading: int, stop: Callable[[], None]) -> None:
    while number := os.read(reading, 1):
        if number[0] in SIGNALS:
            stop()


WATCHDOG_SECONDS = 5.0
"""How often it is said; far more often than any WatchdogSec that makes sense."""


class Teller:
    """Tells `NOTIFY_SOCKET` of this process's environment. `beat` is for one thread, the rest
    for any."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self.worked_at = time.monotonic()
        """When the working thread last said that it works, in monotonic seconds."""
        self._due = 0.0

    def ready(self) -> None:
        self._tell("READY=1")

    def beat(self) -> None:
        self.worked_at = time.monotonic()
        if self.worked_at >= self._due:
            self._due = self.worked_at + WATCHDOG_SECONDS
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        # systemd that doesn't listen must never stop the work.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            out.sendto(state.encode(), address)
