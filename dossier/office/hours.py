"""The office's clock: which day it is there, and whether somebody may be mailed now. Pure."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dossier.office.office import DAYS, Office

if TYPE_CHECKING:
    from dossier.office.office import OfficeHours


def zone(hours: OfficeHours) -> tzinfo | None:
    """The office's time zone; None for that of this machine."""
    return ZoneInfo(hours.time_zone) if hours.time_zone else None


def today(office: Office, now: datetime) -> date:
    """The day it is at the office: what `away` in staff.yaml goes by."""
    return now.astimezone(zone(office.settings.office_hours)).date()


def are_open(office: Office, now: datetime) -> bool:
    """True if it is a working day at the office and within its hours."""
    hours = office.settings.office_hours
    there = now.astimezone(zone(hours))
    if DAYS[there.weekday()] not in hours.days or there.date() in hours.holidays:
        return False
    return hours.from_ <= there.strftime("%H:%M") < hours.until
