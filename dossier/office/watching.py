"""Changes of config/ while a process runs: what is right holds at once, what is wrong does not.

This is the one answer to "has config/ changed?" (fingerprint.py says how that is seen). What can't
change without a new start, the paths, the store and the database, stays as it was; all else holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle  # for what a process of the same server wrote into memory that nobody else can reach  # nosec B403
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import structlog

from dossier.office import fingerprint
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.terms import ConfigurationError
from dossier.text.sentences import Sentence, sentence

log = structlog.get_logger("config")

TRIES = 3
"""So often config/ is read again that somebody changes while it is being read."""


class Common:
    """What config/ last said right, for all processes of a server. Make it before they are forked.

    Each of them looks at config/ for itself, at its own next request. Without this, one that had no
    request between a change and a fault would go on with what was there before the change: with a
    contact who was taken out, for example.
    """

    def __init__(self) -> None:
        self._memory = os.memfd_create("config")

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """One process at a time reads config/: what was read last is what was kept last."""
        fcntl.lockf(self._memory, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._memory, fcntl.LOCK_UN)

    def keep(self, office: Office) -> None:
        whole = pickle.dumps(office)
        os.ftruncate(self._memory, len(whole))
        os.pwrite(self._memory, whole, 0)

    def last(self) -> Office | None:
        """None before anybody read it."""
        whole = os.pread(self._memory, os.fstat(self._memory).st_size, 0)
        return pickle.loads(whole) if whole else None  # noqa: S301 - see the import  # nosec B301


class ConfigWatch:
    """Knows config/ as it was at the last `changed`. `alarm` raises, or with None ends, one."""

    def __init__(
        self,
        office: Office,
        environ: Mapping[str, str],
        alarm: Callable[[str, Sentence | None], None],
        common: Common | None = None,
        state: fingerprint.Fingerprint | None = None,
    ) -> None:
        """`common`: where other processes look as well; `state`: what config/ was like before
        `office` was read. Where that is not known, the first look reads it again."""
        self._office, self._environ, self._alarm, self._common, self._state = office, environ, alarm, common, state

    def changed(self, is_certain: bool = False) -> Office | None:
        """The office as config/ has it now; None if unchanged or faulty. Paths and database stay.

        With faults it is what `common` has, where that is newer. Where it has to be `is_certain`,
        the files are read: of a share a machine may for a while see how they looked before.
        """
        if not is_certain and fingerprint.of(self._office.root) == self._state:
            return None
        with self._common.turn() if self._common else contextlib.nullcontext():
            return self._look()

    def _look(self) -> Office | None:
        old = self._office
        try:
            new = self._read()
        except ConfigurationError as error:
            self._alarm("config", sentence("config.wrong_now", fault=error.faults[0].told(old.settings.office.language)))
            for fault in error.faults:
                log.error("configuration", fault=str(fault))
            return self._taken(self._common.last() if self._common else None)
        self._alarm("config", None)
        fixed = ("paths", "store", "database")
        moved = any(getattr(new.settings, name) != getattr(old.settings, name) for name in fixed)
        self._alarm("paths", sentence("config.restart_for_paths") if moved else None)
        settings = new.settings.model_copy(update={name: getattr(old.settings, name) for name in fixed})
        new = replace(new, settings=settings)
        if self._common:
            self._common.keep(new)
        return self._taken(new)

    def _taken(self, new: Office | None) -> Office | None:
        """`new`, which holds from now on; None if it is nothing new."""
        if new is None or new == self._office:
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
