"""Moments as the desk's pages say them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from desk.web.staff import moments

NOW = datetime(2026, 11, 24, 15, 30).astimezone()


@pytest.mark.parametrize(
    ("back", "english", "dutch"),
    [
        (timedelta(minutes=5), "15:25", "15:25"),
        (timedelta(hours=16), "yesterday 23:30", "gisteren 23:30"),
        (timedelta(days=1), "yesterday 15:30", "gisteren 15:30"),
        (timedelta(days=2), "2 days", "2 dagen"),
        (timedelta(days=13), "13 days", "13 dagen"),
        (timedelta(days=14), "10 Nov", "10 nov"),
        (timedelta(days=400), "20 Oct 2025", "20 okt 2025"),
        (-timedelta(days=2), "26 Nov", "26 nov"),
    ],
)
def test_a_moment_is_a_time_today_then_days_then_a_date(back: timedelta, english: str, dutch: str) -> None:
    told = [moments.moment((NOW - back).isoformat(), NOW, language).replace(".", "") for language in ("en", "nl")]
    assert told == [english, dutch]


def test_dates_and_weekdays_are_told_in_the_readers_language() -> None:
    assert moments.weekday("2026-11-27", "nl") == "Vrijdag 27 november"
    assert "2027" in moments.date("2027-03-01", "nl")
    assert moments.to_the_minute("2026-11-28 13:28", "nl") == "28 november 2026, 13:28"
    assert moments.to_the_minute("2026-11-28 13:28", "en") == "28 November 2026, 13:28"


@pytest.mark.parametrize(
    ("ahead", "english", "dutch"),
    [
        (timedelta(minutes=5), "15:35", "15:35"),
        (timedelta(hours=9), "Wednesday 00:30", "woensdag 00:30"),
        (timedelta(days=6), "Monday 15:30", "maandag 15:30"),
        (timedelta(days=7), "1 Dec 2026 15:30", "1 dec 2026 15:30"),
        (timedelta(0), "", ""),
        (-timedelta(days=1), "", ""),
    ],
)
def test_a_moment_to_come_is_a_time_today_then_a_weekday_then_a_date(ahead: timedelta, english: str, dutch: str) -> None:
    told = [moments.ahead((NOW + ahead).isoformat(), NOW, language).replace(".", "") for language in ("en", "nl")]
    assert told == [english, dutch]
