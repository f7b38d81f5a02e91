"""How often the daemon looks for what it does by the clock."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from desk.daemon import periodic
from desk.daemon.periodic import BREACH_REST_SECONDS, BREACH_SECONDS, Periodic


def test_drafts_are_looked_for_often_after_something_was_written_and_else_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    given: Any = SimpleNamespace()
    clock, looked = SimpleNamespace(now=1000.0), list[float]()
    jobs = Periodic(given, given, given, given, lambda: None, lambda: 1000.0)
    monkeypatch.setattr(periodic.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(periodic.drafts, "write_what_was_left", lambda *_: looked.append(clock.now - 1000))
    for _ in range(30):
        clock.now += BREACH_SECONDS
        jobs._write_drafts()
    often, seldom = [at for at in looked if at <= BREACH_REST_SECONDS], [at for at in looked if at > BREACH_REST_SECONDS]
    assert often == [BREACH_SECONDS * number for number in range(1, BREACH_REST_SECONDS // BREACH_SECONDS + 1)]
    assert seldom == [BREACH_REST_SECONDS * number for number in range(2, 30 * BREACH_SECONDS // BREACH_REST_SECONDS + 1)]
