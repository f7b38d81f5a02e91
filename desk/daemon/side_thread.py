"""A thread of the daemon's that does one duty again and again: mail, mails to log in with,
webhooks, reading files to find items by.

Trouble with the duty, of whatever kind, stays in its thread: it is told, and tried again. Of
several daemons on one office one has the duty, as its claim says (dossier/cluster/claims.py).
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import structlog

from desk.daemon.bell import Bell
from dossier.cluster.claims import Claims
from dossier.database.database import close_database
from dossier.database.trouble import told
from dossier.files import files

LEAD_SECONDS = 1.0
"""How soon another daemon takes over what one that ended had claimed as a whole."""


class SideThread(ABC):
    """Works from `start` to `end`; `bell` ends a pause early."""

    TROUBLE_SECONDS = 5.0
    """How long nothing is tried after an unexpected error."""

    hears = False
    """True if what is written to the database ends a pause too."""

    LAG_SECONDS = 0.0
    """But so much later: whoever is writing is not disturbed, and it may be written to all the
    time."""

    def __init__(self, name: str, bell: Bell | None = None) -> None:
        self._claims = Claims()
        self._log = structlog.get_logger(name)
        self._over, self._bell = threading.Event(), bell or Bell()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> list[threading.Thread]:
        """Have it end; returns what ends."""
        self._over.set()
        self._bell.ring()
        return [self._thread]

    @abstractmethod
    def step(self) -> float:
        """Do what is due; returns the seconds until there may be more."""

    @abstractmethod
    def forget(self) -> None:
        """Begin anew at the next step, as after a start: something went wrong."""

    def _run(self) -> None:
        while not (files.stopping.is_set() or self._over.is_set()):
            try:
                seconds = self.step()
            except files.Interrupted:
                break
            except Exception as error:  # noqa: BLE001 - whatever went wrong, it is tried again
                self._log.error("this work failed; tried again", error=str(told(error)), error_type=type(error).__name__)
                close_database()
                self.forget()
                seconds = self.TROUBLE_SECONDS
            self._bell.wait(seconds, self.hears, self.LAG_SECONDS)
        close_database()
