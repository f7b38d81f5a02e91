"""The daemon's reading of files to find items by: one thread, a few files at a time, while
nothing else is to be done."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from desk.daemon.side_thread import SideThread
from dossier.database.database import close_database
from dossier.files import files
from dossier.office.office import Office
from dossier.vault.folder import Vault
from workflow.guard.screening import Screen
from workflow.search.reading_files import read_some

A_FEW, MANY = 20, 500
"""Items at a time: while drops may come, which wait for as long as these are written down; and
where nothing else is to be done."""


class TextWork(SideThread):
    """Reads from `start` to `end`; `once` reads all that is due, without a thread. `screen` has
    what the guard has read."""

    TROUBLE_SECONDS = 30.0

    def __init__(self, office: Office, vault: Vault, screen: Screen) -> None:
        super().__init__("search")
        self.office = office
        self._vault, self._screen = vault, screen
        self._may, self._is_due, self._again_at = False, True, 0.0

    def end(self) -> list[threading.Thread]:
        """Have it end, and what is being read be read another time; returns what ends."""
        ending = super().end()
        self._screen.close()
        return ending

    def note(self) -> None:
        """Something was written: there may be files to be read."""
        self._is_due = True

    def rest(self) -> None:
        """The daemon has nothing else to do: a few files are read, if any are due."""
        if self._is_due and time.monotonic() >= self._again_at:
            self._may = True
            self._bell.ring()

    def once(self) -> None:
        while not files.stopping.is_set() and self._read(MANY):
            pass

    def keep_known(self) -> None:
        """Between two batches of a backlog, without the thread: what the guard has read is kept,
        before it must forget some of it."""
        self._read(MANY, self._screen.has_text)

    def _read(self, most: int, may_read: Callable[[str], bool] = lambda _: True) -> bool:
        with_ocr = self.office.settings.sharing.guard_ocr == "tesseract"
        return read_some(self._vault, self._screen.texts, self._screen.take_text, with_ocr, most, may_read)

    def step(self) -> float:
        if self._may:
            self._may = self._is_due = False
            self._is_due = self._read(A_FEW) or self._is_due
            close_database()
        return threading.TIMEOUT_MAX

    def forget(self) -> None:
        self._is_due, self._again_at = True, time.monotonic() + self.TROUBLE_SECONDS

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        super()._run()
