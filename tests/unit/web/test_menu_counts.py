"""What the menu says of the inbox is counted once for all who ask for it at that moment."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from desk.web.staff import start
from desk.web.staff.visit import StaffVisit


def test_of_many_clicks_at_once_the_first_counts_and_the_others_tell_what_it_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = cast(StaffVisit, SimpleNamespace(actor=SimpleNamespace(code="p.bakker"), office=object()))
    asked, goes_on, told, count = threading.Semaphore(0), threading.Event(), list[int](), list[int]()

    def look(*_: Any) -> range:
        count.append(1)
        asked.release()
        assert goes_on.wait(10)
        return range(7)

    monkeypatch.setattr(start.my_work, "in_the_inbox", look)
    monkeypatch.setattr(start, "_counted", {})
    threads = [threading.Thread(target=lambda: told.append(start._count_in_the_inbox(visit))) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert asked.acquire(timeout=10)
    goes_on.set()
    for thread in threads:
        thread.join()
    assert (told, len(count)) == ([7] * 6, 1)
