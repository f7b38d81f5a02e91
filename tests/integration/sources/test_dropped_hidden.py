"""What a killed command left hidden in a client's inbox folder is removed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.support import PDF, Root, once_here, own_office

from ingest.sources import dropping


@pytest.fixture
def office(tmp_path: Path) -> Root:
    return own_office(tmp_path / "office")


def test_what_a_killed_command_left_hidden_goes_after_a_day_and_nothing_else(
    office: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = ".new-0123456789abcdef"
    office.place(
        "acme-bv",
        {f"{left}/a.pdf": PDF, ".new-mine/a.pdf": PDF, ".hidden/a.pdf": PDF, ".drop-0123456789abcdef01234567/a.pdf": PDF},
    )
    once_here(office)
    assert (office.inbox() / left / "a.pdf").exists()  # somebody may be filling it
    monkeypatch.setattr(dropping, "FORGOTTEN_HOURS", -1)
    once_here(office)
    assert sorted(one.name for one in office.inbox().iterdir() if one.name.startswith(".")) == [
        ".drop-0123456789abcdef01234567",
        ".hidden",
        ".new-mine",
    ]
