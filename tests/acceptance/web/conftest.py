"""An office with its desk, and who is logged in there. A module with another office makes its own `rig`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit.desk import DeskRig
from kit.web import Browser


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    with DeskRig.running(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture(scope="module")
def marieke(rig: DeskRig) -> Browser:
    return rig.browser("m.devries")


@pytest.fixture(scope="module")
def joost(rig: DeskRig) -> Browser:
    return rig.browser("j.admin")


@pytest.fixture(scope="module")
def petra(rig: DeskRig) -> Browser:
    return rig.browser("p.bakker")
