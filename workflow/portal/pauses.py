"""What can't be published now is left alone for a while, and told: the disk is full, say, or a file
of the vault is gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from dossier.database.tables import item_name
from dossier.text import system
from dossier.text.sentences import Sentence, plain, sentence

log = structlog.get_logger("portal")

RETRY_SECONDS = 30
"""How long what can't be published is left alone."""


class Pauses:
    """Which items (their keys) and clients (their codes) are left alone, or all of the portal."""

    def __init__(self) -> None:
        self.trouble: Sentence | None = None
        """What keeps something from being published now, if anything."""
        self._until: dict[int | str, datetime] = {}
        self._all_until: datetime | None = None

    def __contains__(self, what: int | str) -> bool:
        return what in self._until

    def __len__(self) -> int:
        return len(self._until)

    @property
    def is_all(self) -> bool:
        """True while nothing can be published."""
        return self._all_until is not None

    @property
    def is_any(self) -> bool:
        """True while anything is left alone."""
        return self.is_all or bool(self._until)

    def items(self) -> list[int]:
        """The items that are left alone."""
        return [what for what in self._until if isinstance(what, int)]

    def leave(self, now: datetime, what: int | str, error: Exception) -> None:
        """Leave an item or a client alone."""
        self._until[what] = now + timedelta(seconds=RETRY_SECONDS)
        name = item_name(what) if isinstance(what, int) else what
        self._tell(sentence("publishing.not_now", what=name), error)

    def leave_all(self, now: datetime, error: OSError) -> None:
        """Leave all of the portal alone."""
        self._all_until = now + timedelta(seconds=RETRY_SECONDS)
        self._tell(sentence("publishing.nothing_now"), error)

    def forget(self, now: datetime) -> None:
        """Forget those that are over. A clock that was set back makes none longer."""
        last = now + timedelta(seconds=RETRY_SECONDS)
        self._until = {what: until for what, until in self._until.items() if now < until <= last}
        if self._all_until is not None and not now < self._all_until <= last:
            self._all_until = None

    def end(self, some: Iterable[int | str]) -> None:
        """Try these again at once."""
        self._all_until = None
        for what in some:
            self._until.pop(what, None)

    def clear(self) -> None:
        """Try all of it again at once."""
        self._until.clear()
        self._all_until = None

    def note_round(self) -> None:
        """A round was done: without anything that is left alone, there is no trouble any more."""
        if not self._until:
            self.trouble = None

    def _tell(self, what: Sentence, error: Exception) -> None:
        why = system.whole(error) if isinstance(error, OSError) else plain(str(error))
        self.trouble = sentence("publishing.trouble", what=what, why=why)
        log.error(str(what), error=str(error))
