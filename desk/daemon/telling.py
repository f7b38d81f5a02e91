"""What the daemon tells systemd (sd_notify(3)): that it is ready, that it still works, that it stops. Without systemd, nothing.

Only the working thread says that it works: if that hangs, systemd starts the daemon anew after WatchdogSec. One drop of large files
takes its time, so that is to be minutes.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

WATCHDOG_SECONDS = 5.0
"""How often it is said; far more often than any WatchdogSec that makes sense."""


class Teller:
    """Tells `NOTIFY_SOCKET` of this process's environment. `beat` is for one thread, the rest for any."""

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
