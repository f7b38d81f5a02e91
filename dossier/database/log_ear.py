"""Hears that somebody writes to SQLite's file, of whatever process, without asking now and again.

All that is written goes to the log beside the file (sqlite.org/wal.html), of which inotify(7)
tells. It tells when the log is written, a moment before it counts as committed. So whoever hears
looks now and once more a little later; and now and then without having heard: the log may have been
removed and made anew.

A user has few instances of inotify, and the folders need some. So all ears of a process share one,
and who hears something tells the others.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from pathlib import Path

_IN_MODIFY = 0x2
_libc = ctypes.CDLL(None, use_errno=True)

MOST_BYTES = 64 * 1024
"""So much of what was told is taken at once; the kernel tells the same thing in a row once."""

_lock = threading.Lock()
_logs: dict[str, _Log] = {}
"""By the file's path."""


class _Log:
    """A log that is listened to. OSError where it can't be."""

    def __init__(self, path: str) -> None:
        self.ears: set[LogEar] = set()
        self.descriptor = int(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if self.descriptor < 0:
            raise _error()
        if _libc.inotify_add_watch(self.descriptor, os.fsencode(f"{path}-wal"), _IN_MODIFY) < 0:
            error = _error()
            os.close(self.descriptor)
            raise error


class LogEar:
    """Listens to the log of SQLite's file at `path`, which is open. One thread uses it. OSError
    where it can't."""

    def __init__(self, path: Path) -> None:
        self._path, self._told = str(path), os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            with _lock:
                self._log = _logs.get(self._path) or _Log(self._path)
                _logs[self._path] = self._log
                self._log.ears.add(self)
        except OSError:
            os.close(self._told)
            raise

    def filenos(self) -> tuple[int, ...]:
        """One of these can be read (poll(2)) when something was written since `forget`."""
        return self._told, self._log.descriptor

    def forget(self) -> None:
        """What was heard until now is known; the others are told of it."""
        with _lock, contextlib.suppress(BlockingIOError):
            while os.read(self._log.descriptor, MOST_BYTES):
                for ear in self._log.ears - {self}:
                    os.eventfd_write(ear._told, 1)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._told)

    def close(self) -> None:
        with _lock:
            self._log.ears.discard(self)
            os.close(self._told)
            if not self._log.ears:
                _logs.pop(self._path, None)
                os.close(self._log.descriptor)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
