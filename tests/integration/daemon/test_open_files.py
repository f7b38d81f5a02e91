"""A batch of drops may have more files than a process is allowed to hold open by default."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.guard_corpus import pdf
from kit.support import OWN_SETTINGS, own_office

from desk.daemon.daemon import Daemon
from dossier.office.opening import load_office

FILES, AT_A_TIME = 30, 150
"""Of a drop; and besides what the tests hold open themselves."""

CARD = """\
description: Annual accounts {number}
attachments: [{names}]
share: true
share_status: approved
share_attachments: all
"""


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + AT_A_TIME, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_drops_with_more_files_than_may_be_open_by_default_are_taken(tmp_path: Path) -> None:
    settings = OWN_SETTINGS.replace("settle_seconds: 0.2", "settle_seconds: 0", 1).replace("guard: off", "guard: hold")
    office = own_office(tmp_path / "office", settings=settings)
    paper = pdf("Grootboek en balans " * 100)
    for number in range(6):
        names = [f"{number:02d}-{part:02d}.pdf" for part in range(FILES)]
        text = CARD.format(number=number, names=", ".join(names))
        office.place("acme-bv", {**{name: paper + f"\n%{name}\n".encode() for name in names}, f"{number:02d}.yaml": text})
    summary = Daemon(load_office(office.path, office.environ), office.environ, once=True).run()
    assert (summary.taken, summary.trouble) == (6, [])
