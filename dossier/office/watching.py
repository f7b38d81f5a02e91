"""Changes of config/ while a daemon, the portal or the desk runs: what is right holds at once, what is wrong changes nothing.

This is the one answer to "has config/ changed?" (state.py says how that is seen). What can't change
without a new start, the paths, the store and the database, stays as it was; all else holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from dossier.office import fingerprint
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.words import ConfigurationError
from dossier.text.sentences import Sentence, sentence

log = structlog.get_logger("config")

TRIES = 3
"""So often config/ is read again that somebody changes while it is being read, before what was read holds."""


class ConfigWatch:
    """Knows config/ as it was at the last `changed`. `alarm` raises, or with None ends, an alarm: about `config` or `paths`."""

    def __init__(self, office: Office, environ: Mapping[str, str], alarm: Callable[[str, Sentence | None], None]) -> None:
        self._office, self._environ, self._alarm = office, environ, alarm
        # `office` was read a while ago, so the first look reads config/ again.
        self._state: fingerprint.Fingerprint | None = None

    def changed(self) -> Office | None:
        """The office as config/ has it now; None if it was not changed, or with faults. Paths, store and database stay as they were."""
        if fingerprint.of(self._office.root) == self._state:
            return None
        old = self._office
        try:
            new = self._read()
        except ConfigurationError as error:
            self._alarm("config", sentence("config.wrong_now", fault=error.faults[0].told(old.settings.office.language)))
            for fault in error.faults:
                log.error("configuration", fault=str(fault))
            return None
        self._alarm("config", None)
        fixed = ("paths", "store", "database")
        moved = any(getattr(new.settings, name) != getattr(old.settings, name) for name in fixed)
        self._alarm("paths", sentence("config.restart_for_paths") if moved else None)
        settings = new.settings.model_copy(update={name: getattr(old.settings, name) for name in fixed})
        new = replace(new, settings=settings)
        if new == old:
            return None
        self._office = new
        return new

    def _read(self) -> Office:
        """Read config/, again if somebody changes it meanwhile. Raises ConfigurationError."""
        root, left = self._office.root, TRIES
        while True:
            left -= 1
            self._state = fingerprint.of(root)
            try:
                read = load_office(root, self._environ)
            except ConfigurationError:
                if left and fingerprint.of(root) != self._state:
                    continue
                raise
            if not left or fingerprint.of(root) == self._state:
                return read
