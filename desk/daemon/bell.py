"""What a thread of the daemon waits at, until another thread rings or somebody writes to the
database."""

from __future__ import annotations

import math
import os
import select
import time
import weakref

from dossier.database.database import hearing

FIRST_SECONDS, LAST_SECONDS = 0.02, 0.4
"""What is written is heard a moment before it is committed. So a wait ends soon after another one
that was ended, and then each time twice as late, up to LAST_SECONDS."""

ASK_SECONDS = 0.25
"""How soon what others write is seen where it can't be heard."""


class Bell:
    """Any thread rings; one waits."""

    def __init__(self) -> None:
        self._rung = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        weakref.finalize(self, os.close, self._rung)
        self._again, self._heard_at = math.inf, -math.inf

    def ring(self) -> None:
        """End a wait, this one or the next."""
        os.eventfd_write(self._rung, 1)

    def wait(self, seconds: float, hears: bool = False, deaf_seconds: float = 0.0) -> None:
        """Return when it was rung, or after so many seconds at the latest.

        If it `hears`, also when somebody wrote to the database that this thread has open, and a few
        times more a little later; but not within `deaf_seconds` after the last time.
        """
        if not hears:
            self._ended_by(seconds)
            return
        deaf = min(seconds, self._heard_at + deaf_seconds - time.monotonic())
        if deaf > 0 and self._ended_by(deaf):
            return
        self._hear(seconds - max(0.0, deaf))

    def _hear(self, seconds: float) -> None:
        ear = hearing()
        if ear is None:
            self._ended_by(min(seconds, ASK_SECONDS))
            return
        ended_by = self._ended_by(min(seconds, self._again), ear.fileno())
        if ear.fileno() in ended_by:
            ear.forget()
            self._again, self._heard_at = FIRST_SECONDS, time.monotonic()
        elif not ended_by and self._again <= seconds:
            self._again = 2 * self._again if self._again < LAST_SECONDS else math.inf

    def _ended_by(self, seconds: float, *ears: int) -> set[int]:
        """Wait until it is rung, or something can be heard by these: by which."""
        poll = select.poll()
        for descriptor in (self._rung, *ears):
            poll.register(descriptor, select.POLLIN)
        ended_by = {descriptor for descriptor, _ in poll.poll(max(0.0, 1000 * seconds) if seconds < 1e6 else None)}
        if self._rung in ended_by:
            os.eventfd_read(self._rung)
        return ended_by
