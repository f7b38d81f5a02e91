"""What the daemon's threads say in its log when the database fails them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from peewee import OperationalError
from structlog.testing import capture_logs

from desk.daemon import schedule
from desk.daemon.side_thread import SideThread

ERROR = OperationalError("database or disk is full")


class Failing(SideThread):
    TROUBLE_SECONDS = 0.0

    def step(self) -> float:
        self._over.set()
        raise ERROR

    def forget(self) -> None: ...


def test_what_went_wrong_is_told_in_words() -> None:
    job: Any = SimpleNamespace(exception=ERROR, job_id="backup")
    with capture_logs() as logged:
        Failing("failing")._run()
        schedule._report(job)
    assert [one["error"] for one in logged] == ["database or disk is full; make room on its disk"] * 2
