"""Moments as they are kept and told, and the clock that is followed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.text import clock

MOMENTS = st.datetimes(
    datetime(1971, 1, 1), datetime(9998, 12, 1), timezones=st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)  # fmt: skip
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_clock() -> Iterator[None]:
    yield
    clock.follow_own()


@given(MOMENTS, MOMENTS)
def test_kept_moments_come_back_and_sort_as_they_were(one: datetime, other: datetime) -> None:
    assert clock.from_text(clock.to_text(one)) == one
    assert (clock.to_text(one) < clock.to_text(other)) == (one < other)


@given(MOMENTS)
def test_a_moment_is_told_by_the_local_minute_in_which_it_was(moment: datetime) -> None:
    kept = clock.to_text(moment)
    assert clock.to_the_minute(kept) == f"{moment.astimezone():%Y-%m-%d %H:%M}".rjust(16, "0")
    assert datetime.fromisoformat(clock.local_iso(kept) or "") == moment.replace(microsecond=0)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        clock._local_hour.cache_clear()
        yield request.param
    time.tzset()
    clock._local_hour.cache_clear()


@pytest.mark.parametrize(
    "zone", ["Europe/Amsterdam", "Asia/Kolkata", "Asia/Gaza", "Australia/Lord_Howe", "America/St_Johns"], indirect=True
)
def test_each_quarter_of_a_year_is_told_as_the_system_does_in_every_zone(zone: str) -> None:
    """In Gaza the clock was put forward and back at a minute past the hour."""
    begin = datetime(2011, 1, 1, tzinfo=UTC)
    for quarter in range(366 * 96):
        moment = begin + timedelta(minutes=15 * quarter, seconds=59, microseconds=999_999)
        assert clock.local_iso(clock.to_text(moment)) == moment.astimezone().isoformat(timespec="seconds"), zone


def test_no_moment_is_told_as_nothing() -> None:
    assert (clock.local_iso(None), clock.to_the_minute(None), clock.to_the_minute("")) == (None, "", "")


@given(st.dates())
def test_every_day_has_a_beginning_that_can_be_kept(day: date) -> None:
    begun = clock.begin_of(day)
    assert clock.from_text(clock.to_text(begun)) == begun
    assert date(1970, 1, 2) <= begun.date() <= date(9999, 12, 30)


def test_a_clock_that_is_ahead_is_followed_and_a_slow_answer_makes_none_jump() -> None:
    clock.follow(NOON + timedelta(minutes=5), NOON, NOON)
    assert clock.ahead() == timedelta(minutes=5)
    clock.follow(NOON + timedelta(minutes=5), NOON - timedelta(seconds=9), NOON + timedelta(seconds=9))
    assert clock.ahead() == timedelta(minutes=5), "it still fits"
    clock.follow(NOON, NOON, NOON)
    assert clock.ahead() == timedelta()


@given(st.timedeltas(timedelta(-9), timedelta(9)), st.timedeltas(timedelta(), timedelta(seconds=60)))
def test_what_is_believed_of_another_clock_is_possible_by_its_answer(offset: timedelta, slow: timedelta) -> None:
    clock.follow(NOON + offset, NOON, NOON + slow)
    assert offset - slow <= clock.ahead() <= offset
