"""What several threads write at the same moment is committed with one transaction and one sync.

    GROUPED.write(lambda: trail.record(…))

For what many requests of a server each write a little of, and must have on the disk before they
answer. One of those that wait writes for all of them, in the order in which they came; meanwhile
the next ones gather. So nobody waits for more than two commits, however many there are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from peewee import OperationalError

from dossier.database.database import transaction
from dossier.database.trouble import is_of_the_database


@dataclass(slots=True, eq=False)
class _Wish:
    """What a thread wants written."""

    write: Callable[[], None]
    is_written: bool = False
    error: Exception | None = None


class Grouped:
    """The threads of this process that write at the same moment."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        """Whoever has it writes for all that wait."""
        self._gathering = threading.Lock()
        self._waiting: list[_Wish] = []

    def write(self, write: Callable[[], None]) -> None:
        """Return when what `write` writes is committed; it may be called in another thread, and a
        second time where the first was rolled back.

        Raises what it raises, and what the database does; then nothing of it is written.
        """
        wish = _Wish(write)
        with self._gathering:
            self._waiting.append(wish)
        with self._turn:
            if not (wish.is_written or wish.error):
                self._write_all()
        if not wish.is_written:
            raise wish.error or OperationalError  # the thread that wrote for this one was ended

    def _write_all(self) -> None:
        with self._gathering:
            wishes, self._waiting = self._waiting, []
        _write(wishes)


def _write(wishes: list[_Wish]) -> None:
    try:
        with transaction():
            for wish in wishes:
                wish.write()
        for wish in wishes:
            wish.is_written = True
    except Exception as error:  # noqa: BLE001 - whoever asked for it gets it
        for wish in wishes:
            if is_of_the_database(error) or len(wishes) == 1:
                wish.error = error
            else:  # one of them has it; the others are written without
                _write([wish])


GROUPED = Grouped()
