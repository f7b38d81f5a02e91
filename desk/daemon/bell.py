"""What a thread of the daemon waits at, until another thread rings or somebody writes to the
database."""

from __future__ import annotations

import math
import os
import select
import weakref

from dossier.database.database import hearing

FIRST_SECONDS, LAST_SECONDS = 0.02, 0.4
"""What is written is heard a moment before it is committed. So a wait ends soon after another one
that was ended, and then each time twice as late, until one lasts LAST_SECONDS or more."""

ASK_SECONDS = 0.25
"""How soon what others write is seen where it can't be heard."""


class Bell:
    """Any thread rings; one waits."""

    def __init__(self) -> None:
        self._rung = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        weakref.finalize(self, os.close, self._rung)
        self._again = math.inf

    def ring(self) -> None:
        """End a wait, this one or the next."""
        os.eventfd_write(self._rung, 1)

    def wait(self, seconds: float, hears: bool = False, lag_seconds: float = 0.0) -> None:
        """Return when it was rung, or after so many seconds at the latest.

        If it `hears`, also when somebody wrote to the database that this thread has open, so much
        later, and a few times more after that. What is written meanwhile is heard as one.
        """
        if not hears:
            self._ended_by(seconds)
            return
        ear = hearing()
        if ear is None:
            self._ended_by(min(seconds, ASK_SECONDS))
            return
        ended_by = self._ended_by(min(seconds, self._again), *ear.filenos())
        if not ended_by.isdisjoint(ear.filenos()):
            if lag_seconds and self._rung not in ended_by:
                self._ended_by(lag_seconds)
            ear.forget()
            self._again = max(FIRST_SECONDS, lag_seconds)
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
