"""What the configuration is made of, in words: rights, languages, days, and the files they stand in."""

from __future__ import annotations

from typing import Literal

Language = Literal["nl", "en"]


Right = Literal["create", "share", "approve", "admin"]


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


RESTORING = ".restoring"
"""The mark of a folder that a restore has begun to fill and that is no office yet (restore.py)."""


SETTINGS, CLIENTS, STAFF = "config/settings.yaml", "config/clients.yaml", "config/staff.yaml"


class ConfigurationError(Exception):
    """The configuration is wrong; `faults` are lines `file:line: key: message` (exit code 3)."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class RootNotFound(ConfigurationError):
    """There is no office here: no config/settings.yaml in this folder or any above it."""
