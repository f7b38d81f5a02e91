"""The daemon's jobs by the clock, also where the machine's clock is put right under it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, tzinfo

import apscheduler.schedulers.base
import pytest
from kit.support import wait_for

from desk.daemon import schedule
from desk.daemon.scheduled_job import ScheduledJob

HOURS = [-400 * 24, -24, -1, 24]


class Clock(datetime):
    """The machine's clock, put forward or back by `by`."""

    by = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + Clock.by


@pytest.mark.parametrize("hours", HOURS)
def test_a_clock_that_is_put_forward_or_back_stops_no_job(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    monkeypatch.setattr(Clock, "by", timedelta())
    for module in (apscheduler.schedulers.base, schedule):
        monkeypatch.setattr(module, "datetime", Clock)
    count = threading.Semaphore(0)
    scheduler = schedule.start([ScheduledJob("often", 0.05, count.release), ScheduledJob("rarely", 3600, lambda: None)])
    try:
        assert count.acquire(timeout=10)
        Clock.by = timedelta(hours=hours)
        for _ in range(5):
            assert count.acquire(timeout=10)
        if hours < 0:
            wait_for(
                lambda: scheduler.get_job("rarely").next_run_time <= Clock.now(schedule.UTC) + timedelta(hours=1),
                "it is due again",
            )
    finally:
        scheduler.shutdown(wait=False)
