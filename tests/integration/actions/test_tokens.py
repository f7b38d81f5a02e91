"""A key is made for what its person may, and is over at the end of its last day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from kit.records import JOOST, STAFF, Records

from desk.actions import tokens
from dossier.text.refusals import Invalid

WINTER = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path, staff=STAFF.replace("[create, share]", "[create, share], clients: [acme-bv]"))
    yield made
    made.close()


def test_a_key_of_clients_whom_its_person_does_not_work_for_is_refused_as_it_would_open_nothing(office: Records) -> None:
    def make(name: str, staff: str, *clients: str) -> str:
        return tokens.new(office.office, WINTER, JOOST, name, staff, ["items:read"], date(2099, 12, 31), clients)

    with pytest.raises(Invalid, match=r"l\.visser does not work for client zon"):
        make("lisas", "l.visser", "acme-bv", "zon")
    assert make("lisas", "l.visser", "acme-bv")
    assert make("petras", "p.bakker", "zon")


@pytest.mark.parametrize("settings", ["", "office_hours: {time_zone: Europe/Amsterdam}\n"])
def test_a_key_made_in_winter_is_over_at_midnight_of_its_last_day_in_summer(
    office: Records, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC" if settings else "Europe/Amsterdam")
    time.tzset()
    try:
        office.configure(settings=f"sharing: {{guard: off}}\n{settings}")
        key = tokens.new(office.office, WINTER, JOOST, "program", "p.bakker", ["items:read"], date(2027, 6, 30))
        assert tokens.bearer(office.office, datetime(2027, 6, 30, 21, 59, tzinfo=UTC), key) is not None
        assert tokens.bearer(office.office, datetime(2027, 6, 30, 22, 0, tzinfo=UTC), key) is None
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_key_may_be_for_today_alone_and_never_for_a_day_that_is_over(office: Records) -> None:
    key = tokens.new(office.office, WINTER, JOOST, "today", "p.bakker", ["items:read"], WINTER.date())
    assert tokens.bearer(office.office, WINTER, key) is not None
    [told] = tokens.listing(office.office, WINTER)
    assert (told["last_day"], told["state"]) == ("2026-11-24", "good")
    with pytest.raises(Invalid, match="2026-11-23 is over"):
        tokens.new(office.office, WINTER, JOOST, "yesterday", "p.bakker", ["items:read"], date(2026, 11, 23))
