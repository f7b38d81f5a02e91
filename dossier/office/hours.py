"""The office's clock: which day it is there, and whether somebody may be mailed now. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING

from dossier.office.office import Office
from dossier.office.terms import DAYS

if TYPE_CHECKING:
    from dossier.office.keys import OfficeHours


def zone(hours: OfficeHours) -> tzinfo | None:
    """The office's time zone; None for that of this machine."""
    if not hours.time_zone:
        return None
    from zoneinfo import ZoneInfo

    return ZoneInfo(hours.time_zone)


def today(office: Office, now: datetime) -> date:
    """The day it is at the office: what `away` in staff.yaml goes by."""
    return now.astimezone(zone(office.settings.office_hours)).date()


def are_open(office: Office, now: datetime) -> bool:
    """True if it is a working day at the office and within its hours."""
    hours = office.settings.office_hours
    there = now.astimezone(zone(hours))
    if DAYS[there.weekday()] not in hours.days or is_holiday(hours, there.date()):
        return False
    return hours.from_ <= there.strftime("%H:%M") < hours.until


def next_open(office: Office, now: datetime) -> datetime:
    """`now`, or the moment at which the office opens again."""
    settings = office.settings.office_hours
    if are_open(office, now):
        return now
    there = now.astimezone(zone(settings))
    hour, minute = map(int, settings.from_.split(":"))
    for days in range(366):
        day = there.date() + timedelta(days=days)
        moment = datetime.combine(day, time(hour % 24, minute), zone(settings)).astimezone(now.tzinfo)
        if moment > now and are_open(office, moment):
            return moment
    return now + timedelta(days=1)


def next_daily(office: Office, now: datetime) -> datetime:
    """The next moment, after `now`, of the mails once a day: office.daily_at of a working day."""
    settings = office.settings.office_hours
    there = now.astimezone(zone(settings))
    hour, minute = map(int, office.settings.office.daily_at.split(":"))
    for days in range(366):
        day = there.date() + timedelta(days=days)
        # The zone is asked again: on this day the clock may have been changed.
        moment = datetime.combine(day, time(hour % 24, minute), zone(settings)).astimezone(now.tzinfo)
        if moment > now and DAYS[day.weekday()] in settings.days and not is_holiday(settings, day):
            return moment
    return now + timedelta(days=1)


def is_holiday(hours: OfficeHours, day: date) -> bool:
    """True on a public holiday of the office's country, and on a day that the office named."""
    return day in hours.holidays or (hours.country is not None and day in _public_holidays(hours.country, day.year))


@cache
def _public_holidays(country: str, year: int) -> Collection[date]:
    import holidays  # takes long to import, and most commands never ask

    return frozenset(holidays.country_holidays(country, years=year))
