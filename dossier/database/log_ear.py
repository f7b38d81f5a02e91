"""Hears that somebody writes to SQLite's file, of whatever process, without asking now and again.

All that is written goes to the log beside the file (sqlite.org/wal.html), of which inotify(7)
tells. It tells when the log is written, a moment before it counts as committed. So whoever hears
looks now and once more a little later; and now and then without having heard: the log may have been
removed and made anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

_IN_MODIFY = 0x2
_libc = ctypes.CDLL(None, use_errno=True)

MOST_BYTES = 64 * 1024
"""So much of what was told is taken at once; the kernel tells the same thing in a row once."""


class LogEar:
    """Listens to the log of SQLite's file at `path`, which is open. OSError where it can't."""

    def __init__(self, path: Path) -> None:
        self._descriptor = int(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if self._descriptor < 0:
            raise _error()
        if _libc.inotify_add_watch(self._descriptor, os.fsencode(f"{path}-wal"), _IN_MODIFY) < 0:
            error = _error()
            self.close()
            raise error

    def fileno(self) -> int:
        """It can be read (poll(2)) when something was written since `forget`."""
        return self._descriptor

    def forget(self) -> None:
        """What was heard until now is known."""
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._descriptor, MOST_BYTES)) > MOST_BYTES // 2:
                pass

    def close(self) -> None:
        os.close(self._descriptor)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
