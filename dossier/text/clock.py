"""The one clock. Everything that needs the time takes it as a parameter, or asks here.

Machines that share an office on PostgreSQL go by that server's clock, however theirs are set: what
one of them has written is compared with the time of another. File times are the file server's, and
settling.py compares them with nothing that is kept.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

_ahead = timedelta()


def utc_now() -> datetime:
    """The present moment, in UTC, to the microsecond."""
    return datetime.now(UTC) + _ahead


def ahead() -> timedelta:
    """How far the clock that is followed is ahead of this machine's own."""
    return _ahead


def follow(theirs: datetime, asked: datetime, answered: datetime) -> None:
    """Go by the clock that said `theirs` between `asked` and `answered` on this machine's own.

    What is believed already stays as long as it fits: a slow answer, of which nobody knows which
    way was slow, makes no clock jump.
    """
    global _ahead
    least, most = theirs - answered, theirs - asked
    if not least <= _ahead <= most:
        _ahead = least + (most - least) / 2


def follow_own() -> None:
    """Go by this machine's own clock."""
    global _ahead
    _ahead = timedelta()


def to_text(moment: datetime) -> str:
    """As it is kept: `2026-11-24T09:00:00.000000Z`. Of one length, so texts sort as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The reverse of `to_text`; takes any ISO 8601 time with an offset."""
    return datetime.fromisoformat(text)


def local_iso(text: str | None) -> str | None:
    """A kept time as people and programs see it: local, ISO 8601 with offset, to the second."""
    if not text:
        return None
    hour = _local_hour(text[:_HOUR]) if len(text) == _KEPT and text[-1] == "Z" else None
    if hour is None:
        return from_text(text).astimezone().isoformat(timespec="seconds")
    begins, offset = hour
    return f"{begins}{text[_HOUR:_SECOND]}{offset}"


_HOUR, _SECOND, _KEPT = len("2026-11-24T09"), len("2026-11-24T09:00:00"), len("2026-11-24T09:00:00.000000Z")


@lru_cache(maxsize=10_000)
def _local_hour(hour: str) -> tuple[str, str] | None:
    """How times of an hour of UTC (`2026-11-24T09`) begin here, and the offset behind them; None
    where minutes are others here, or the clock is put forward or back within it.

    A list has thousands of times, of few hours, and to ask for each takes as long as to find it.
    """
    first, last = (from_text(f"{hour}:{rest}Z").astimezone() for rest in ("00:00", "59:59"))
    if first.utcoffset() != last.utcoffset() or first.minute or first.second:
        return None
    told = first.isoformat(timespec="seconds")
    return told[:_HOUR], told[_SECOND:]


def to_the_minute(text: str | None) -> str:
    """A stored moment as a sentence tells it, local: `2026-11-28 13:28`; "" for none."""
    return (local_iso(text) or "")[:16].replace("T", " ")


def begin_of(day: date) -> datetime:
    """When this day begins here. Days far off any office's count as the first or the last."""
    first, last = date(1970, 1, 2), date(9999, 12, 30)
    return datetime.combine(min(max(day, first), last), time()).astimezone()
