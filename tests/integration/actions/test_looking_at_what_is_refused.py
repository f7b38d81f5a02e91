"""Whoever looks at what is refused is told of it also where it can't be written down that they looked."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.records import MARIEKE, Records

from desk.actions import overview
from dossier.database.trouble import DatabaseUnavailable
from dossier.office.people import Actor
from workflow.outbox import alarms


def test_that_somebody_looked_need_not_be_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Records(tmp_path / "office")

    def fail(*_: object) -> None:
        raise DatabaseUnavailable("database.unusable", where="here", why="it is full")

    monkeypatch.setattr(alarms, "look_at_rejected", fail)
    seen = [{"at": office.now.isoformat()}]
    overview.look_at_rejected(office.office, office.now, Actor(MARIEKE.code, "command"), seen)
    assert not alarms.has_looked_at_rejected(MARIEKE.code, office.now)
    office.close()
