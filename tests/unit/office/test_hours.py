"""The office's clock: when the mails of the day go next. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office import hours
from dossier.office.keys import Settings
from dossier.office.office import Office
from dossier.office.terms import DAYS

AMSTERDAM = {"time_zone": "Europe/Amsterdam", "country": "NL", "days": ["mon", "tue", "wed", "thu", "fri"]}


def office(daily_at: str = "08:00", **hours_: Any) -> Office:
    return Office(Path("/nowhere"), Settings(office={"daily_at": daily_at}, office_hours=hours_), {}, {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-11-24T06:59:59+00:00", "2026-11-24T07:00:00+00:00"),
        ("2026-11-24T07:00:00+00:00", "2026-11-25T07:00:00+00:00"),  # that moment is over
        ("2026-11-27T12:00:00+00:00", "2026-11-30T07:00:00+00:00"),  # a weekend
        ("2026-12-24T12:00:00+00:00", "2026-12-28T07:00:00+00:00"),  # Christmas, and a weekend behind it
        ("2026-10-23T12:00:00+00:00", "2026-10-26T07:00:00+00:00"),  # the clocks went back meanwhile
        ("2026-03-27T12:00:00+00:00", "2026-03-30T06:00:00+00:00"),  # and forward
    ],
)
def test_the_next_mails_of_the_day_go_on_the_next_working_day(now: str, following: str) -> None:
    assert hours.next_daily(office(**AMSTERDAM), datetime.fromisoformat(now)) == datetime.fromisoformat(following)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.times().map(lambda time: f"{time:%H:%M}"),
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
)
def test_they_go_within_eight_days_on_a_working_day_at_their_time(now: datetime, daily_at: str, days: list[str]) -> None:
    following = hours.next_daily(office(daily_at, days=days, time_zone="UTC"), now)
    assert now < following <= now + timedelta(days=8)
    assert (DAYS[following.weekday()] in days, f"{following:%H:%M}") == (True, daily_at)


def test_an_office_without_working_days_is_mailed_tomorrow() -> None:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert hours.next_daily(office(days=[]), now) == now + timedelta(days=1)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_an_office_that_says_nothing_is_always_open(now: datetime) -> None:
    assert hours.are_open(office(), now)
