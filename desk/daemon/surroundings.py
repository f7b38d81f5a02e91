"""What must be there before the daemon begins, and while it works: its folders, the right to use
them, its database.

Without its database the daemon waits, says so now and then, and goes on by itself when it is back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import structlog

from dossier.database import database, trouble
from dossier.database.database import close_database, open_database
from dossier.database.identity import NotThisOffice
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.files import files
from dossier.office.office import Office
from dossier.text import system
from dossier.text.refusals import Unavailable

log = structlog.get_logger("daemon")


class InboxMissing(Unavailable):
    """The environment fails from the start (exit code 4): a folder can't be made, read or
    written."""


def check_folders(office: Office) -> None:
    """Make those that are ours. Raises InboxMissing."""
    if office.vault_store or office.portal_store:
        from dossier.object_store import client

        client.require()
    for path in (office.inbox, office.queue, office.portal, office.vault):
        try:
            if path != office.inbox:
                files.make_folder(path, 0o750 if path == office.vault else 0o755)
        except OSError as error:
            raise InboxMissing("daemon.may_not_write", path=str(error.filename), why=system.why(error)) from error
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise InboxMissing("daemon.may_not_use" if path.exists() else "daemon.no_folder", path=str(path))


TRY_SECONDS = 2.0
"""How often the database is tried."""


SAY_SECONDS = 60.0
"""How often the same is said again in the log."""


def wait(office: Office, error: Exception, beat: Callable[[], None]) -> None:
    """Return when the database takes changes again, or the daemon is to stop. `beat` is called
    all the while."""
    said, said_at = str(trouble.told(error)), time.monotonic()
    log.error("the database can't be used; waiting for it", error=said)
    while not files.stopping.wait(TRY_SECONDS):
        beat()
        try:
            close_database()
            open_database(office)
            database.probe()
        except NotThisOffice:
            raise  # it does not come right by waiting
        except (DatabaseUnavailable, *UNAVAILABLE) as still:
            if str(trouble.told(still)) != said or time.monotonic() - said_at > SAY_SECONDS:
                said, said_at = str(trouble.told(still)), time.monotonic()
                log.warning("the database still can't be used", error=said)
        else:
            log.info("the database is back")
            return
