"""The daemon without its database: it waits, says so now and then, and goes on by itself when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from dossier.database import trouble
from dossier.database.database import UNAVAILABLE, DatabaseUnavailable, close_database, open_database
from dossier.files import files
from dossier.office.office import Office

log = structlog.get_logger("daemon")

TRY_SECONDS = 2.0
"""How often the database is tried."""

SAY_SECONDS = 60.0
"""How often the same is said again in the log."""


def wait(office: Office, error: Exception, beat: Callable[[], None]) -> None:
    """Return when the database takes changes again, or the daemon is to stop. `beat` is called all the while."""
    said, said_at = trouble.told(error), time.monotonic()
    log.error("the database can't be used; waiting for it", error=said)
    while not files.stopping.wait(TRY_SECONDS):
        beat()
        try:
            close_database()
            open_database(office)
            trouble.probe()
        except (DatabaseUnavailable, *UNAVAILABLE) as still:
            if trouble.told(still) != said or time.monotonic() - said_at > SAY_SECONDS:
                said, said_at = trouble.told(still), time.monotonic()
                log.warning("the database still can't be used", error=said)
        else:
            log.info("the database is back")
            return
