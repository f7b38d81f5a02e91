"""A job of the schedule. What runs them is loaded only by a daemon that stays (schedule.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """`seconds`: how often."""

    name: str
    seconds: float
    function: Callable[[], None]
    is_long: bool = False
    """It may take minutes, and the others don't wait for it."""
    is_punctual: bool = False
    """It runs at once for the first time, waits for no other, and keeps its connection to the
    database."""
