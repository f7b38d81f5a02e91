"""Moments as people say them: 10:41 for today, yesterday 17:20, 3 days, then the date; Saturday
09:12 of those to come. Pure."""

from __future__ import annotations

from datetime import date as calendar_date
from datetime import datetime
from functools import lru_cache

from babel.dates import format_date, format_timedelta

from dossier.text.sentences import sentence, told

DAYS_KEPT = 4096
"""Days of which it is remembered how they are told: a list tells fifty, and Babel takes longer for
each than all else there is to a line."""


def moment(iso: str, now: datetime, language: str) -> str:
    """When `iso` was, seen from `now`: the time of today and yesterday, the days of this fortnight,
    else the date."""
    then = datetime.fromisoformat(iso).astimezone()
    day, today = then.date(), now.astimezone().date()
    if day == today:
        return f"{then:%H:%M}"
    if (today - day).days == 1:
        return told(sentence("desk.yesterday", time=f"{then:%H:%M}"), language)
    return _day(day, today, language)


@lru_cache(DAYS_KEPT)
def _day(day: calendar_date, today: calendar_date, language: str) -> str:
    since = today - day
    if 0 < since.days < 14:
        return str(format_timedelta(since, granularity="day", threshold=100, locale=language))
    return _date(day, "d MMM" if day.year == today.year else "d MMM y", language)


def ahead(iso: str, now: datetime, language: str) -> str:
    """When `iso` will be: `16:12` of today, `zaterdag 09:12`, else with the date. Nothing of what
    is over."""
    then, today = datetime.fromisoformat(iso).astimezone(), now.astimezone().date()
    if then <= now:
        return ""
    days = (then.date() - today).days
    return " ".join([*([_date(then.date(), "EEEE" if days < 7 else "d MMM y", language)] if days else []), f"{then:%H:%M}"])


@lru_cache(DAYS_KEPT)
def _date(day: calendar_date, how: str, language: str) -> str:
    return str(format_date(day, how, locale=language))


def date(iso: str, language: str) -> str:
    """`1 mrt 2027`; what is no date as it is."""
    try:
        day = datetime.fromisoformat(iso).date()
    except ValueError:
        return iso
    return _date(day, "d MMM y", language)


def to_the_minute(text: str, language: str) -> str:
    """`28 november 2026, 13:28`, of a moment as sentences tell it: `2026-11-28 13:28`."""
    return f"{_date(datetime.fromisoformat(text).date(), 'd MMMM y', language)}, {text[-5:]}"


def weekday(iso: str, language: str) -> str:
    """`vrijdag 27 november`, with a capital."""
    text = _date(datetime.fromisoformat(iso).date(), "EEEE d MMMM", language)
    return text[:1].upper() + text[1:]
