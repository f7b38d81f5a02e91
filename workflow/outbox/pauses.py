"""How long until what did not go is tried again: longer each time, up to a limit. Pure."""

from __future__ import annotations

FIRST_SECONDS, FACTOR, LONGEST_SECONDS = 5, 5, 4 * 3600
"""5 s, 25 s, 2 min, 10 min, 52 min, 4 h, 4 h: ten hours for the eight tries of a mail."""


def pause_after(tries: int, first: int = FIRST_SECONDS, factor: int = FACTOR, longest: int = LONGEST_SECONDS) -> float:
    """Seconds between the last of so many tries and the next."""
    return float(min(first * factor ** min(tries - 1, 20), longest))
