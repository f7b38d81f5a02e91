"""The daemon's reading of files to find items by: one thread, a few files at a time, while
nothing else is to be done."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import structlog

from dossier.database.database import close_database
from dossier.database.trouble import told
from dossier.files import files
from dossier.office.office import Office
from dossier.vault.folder import Vault
from workflow.guard.screening import Screen
from workflow.search.reading_files import read_some

log = structlog.get_logger("search")

TROUBLE_SECONDS = 30.0
"""How long nothing is tried after an unexpected error."""

A_FEW, MANY = 20, 500
"""Items at a time: while drops may come, which wait for as long as these are written down; and
where nothing else is to be done."""


class TextWork:
    """Reads from `start` to `end`; `once` reads all that is due, without a thread. `screen` has
    what the guard has read."""

    def __init__(self, office: Office, vault: Vault, screen: Screen) -> None:
        self.office = office
        self._vault, self._screen = vault, screen
        self._may, self._over, self._is_due = threading.Event(), threading.Event(), True
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> threading.Thread:
        """Have it end, and what is being read be read another time; returns what ends."""
        self._over.set()
        self._may.set()
        self._screen.close()
        return self._thread

    def note(self) -> None:
        """Something was written: there may be files to be read."""
        self._is_due = True

    def rest(self) -> None:
        """The daemon has nothing else to do: a few files are read, if any are due."""
        if self._is_due:
            self._may.set()

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

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        while not (files.stopping.is_set() or self._over.is_set()):
            self._may.wait()
            self._may.clear()
            if self._over.is_set() or files.stopping.is_set():
                break
            try:
                self._is_due = False
                self._is_due = self._read(A_FEW) or self._is_due
            except files.Interrupted:
                break
            except Exception as error:  # noqa: BLE001 - whatever went wrong, it is tried again
                log.warning(
                    "files can't be read to be found by what they say; tried again",
                    error=told(error),
                    error_type=type(error).__name__,
                )
                self._is_due = True
                self._over.wait(TROUBLE_SECONDS)
            finally:
                close_database()
