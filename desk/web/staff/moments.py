"""Moments as people say them: 10:41 for today, yesterday, 3 days, then the date. Pure."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_date, format_timedelta


def moment(iso: str, now: datetime, language: str) -> str:
    """When `iso` was, seen from `now`: the time of today, the days of this fortnight, else the date."""
    then, here = datetime.fromisoformat(iso).astimezone(), now.astimezone()
    days = (here.date() - then.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if 0 < days < 14:
        return str(format_timedelta(here.date() - then.date(), granularity="day", threshold=100, locale=language))
    year = "" if then.year == here.year else " y"
    return str(format_date(then.date(), f"d MMM{year}", locale=language))


def date(iso: str, language: str) -> str:
    """`1 mrt 2027`."""
    return str(format_date(datetime.fromisoformat(iso).date(), "d MMM y", locale=language))


def weekday(iso: str, language: str) -> str:
    """`vrijdag 27 november`, with a capital."""
    text = str(format_date(datetime.fromisoformat(iso).date(), "EEEE d MMMM", locale=language))
    return text[:1].upper() + text[1:]
