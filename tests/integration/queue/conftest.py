"""An office with a queue, and a concept that waits in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.queues import QueueOffice


@pytest.fixture
def office(tmp_path: Path) -> Iterator[QueueOffice]:
    made = QueueOffice(tmp_path / "office")
    yield made
    made.close()


@pytest.fixture
def item(office: QueueOffice) -> str:
    """A concept whose file lies with m.devries."""
    name = office.concept()
    office.round()
    return name
