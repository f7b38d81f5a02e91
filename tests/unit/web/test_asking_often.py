"""How often a program may ask."""

from __future__ import annotations

from desk.web.api.app import Meter


def test_a_keys_minute_begins_with_its_first_request_wherever_the_clock_stands() -> None:
    meter = Meter(3)
    assert [meter.wait("scanner", second) for second in (119, 119, 120, 121, 150, 178)] == [0, 0, 0, 58, 29, 1]
    assert meter.wait("books", 150) == 0
    assert [meter.wait("scanner", second) for second in (179, 180, 238, 238, 239)] == [0, 0, 0, 1, 0]
