"""Drops that fail as nobody foresaw: tried again, then refused, so that they block no others.

The log has each error with its traceback, under an id that the refused drop's WHY.txt names. What
was counted is lost with the process; then it is counted anew.
"""

from __future__ import annotations

import secrets
import traceback
from datetime import datetime

import structlog

from dossier.text import system
from dossier.text.sentences import Sentence, plain, sentence

log = structlog.get_logger("intake")

POISONED = 3
"""So many times the same drop may fail for an unknown reason before it is refused."""


class Strikes:
    """Counts the unexpected errors of each drop. One thread uses it."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[object, int]] = {}

    def count(self, now: datetime, client: str, drop: str, as_seen: object, error: Exception) -> Sentence | None:
        """Log the error; what to tell the user if this was once too often, else None.

        `as_seen`: a drop that looks otherwise than at its last failure was changed, and begins
        anew.
        """
        error_id = f"E-{now.astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        seen, times = self._counts.get((client, drop), (None, 0))
        times = times + 1 if seen == as_seen else 1
        log.error(
            "an unexpected error with a drop", client=client, drop=drop, times=times, error_id=error_id,
            error=f"{type(error).__name__}: {error}", traceback="".join(traceback.format_exception(error)),
        )  # fmt: skip
        if times < POISONED:
            self._counts[client, drop] = (as_seen, times)
            return None
        self._counts.pop((client, drop), None)
        is_known = isinstance(error, OSError) and error.strerror
        what = system.why(error) if isinstance(error, OSError) and is_known else plain(type(error).__name__)
        return sentence("intake.poisoned", tries=POISONED, what=what, error_id=error_id)
