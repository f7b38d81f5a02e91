"""Changes of config/ while the daemon runs: what is right holds at once, what is wrong is told and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from dossier.files import files
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.words import CLIENTS, SETTINGS, STAFF, ConfigurationError

log = structlog.get_logger("config")


class ConfigWatch:
    """Knows config/ as it was when this was made, or at the last `changed`. `alarm` raises (with a text) or ends (None) an alarm."""

    def __init__(self, office: Office, environ: Mapping[str, str], alarm: Callable[[str, str | None], None]) -> None:
        self._office, self._environ, self._alarm = office, environ, alarm
        self._state = self._stat()

    def changed(self) -> Office | None:
        """The office as config/ has it now; None if it was not changed, or with faults. Paths, store and database stay as they were."""
        state = self._stat()
        if state == self._state:
            return None
        self._state = state
        try:
            office = load_office(self._office.root, self._environ)
        except ConfigurationError as error:
            self._alarm("config", f"config/ was changed, but is wrong; the old one holds: {error.faults[0]}")
            for fault in error.faults:
                log.error("configuration", fault=fault)
            return None
        self._alarm("config", None)
        old = self._office.settings
        new = office.settings
        moved = (new.paths, new.store, new.database) != (old.paths, old.store, old.database)
        self._alarm("paths", "paths, store or database were changed in config/: restart the daemon for that" if moved else None)
        settings = new.model_copy(update={"paths": old.paths, "store": old.store, "database": old.database})
        self._office = replace(office, settings=settings)
        return self._office

    def _stat(self) -> list[tuple[int, int] | None]:
        found: list[tuple[int, int] | None] = []
        for name in (SETTINGS, CLIENTS, STAFF):
            look = files.look(self._office.root / name)
            found.append((look.inode, look.mtime_ns) if look else None)
        return found
