"""The one clock. Everything that needs the time takes it as a parameter, or asks here."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, in UTC, to the microsecond."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """As it is kept: `2026-11-24T09:00:00.000000Z`. All of one length, so that texts sort as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The reverse of `to_text`; takes any ISO 8601 time with an offset."""
    return datetime.fromisoformat(text)


def shown(text: str | None) -> str | None:
    """A kept time as people and programs see it: local, ISO 8601 with offset, to the second."""
    return from_text(text).astimezone().isoformat(timespec="seconds") if text else None
