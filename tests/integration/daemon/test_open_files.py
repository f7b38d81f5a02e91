"""A batch of drops may have more files than a process is allowed to hold open by default."""

from __future__ import annotations

import itertools
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.guard_corpus import pdf
from kit.support import OWN_SETTINGS, own_office

from desk.daemon.daemon import Daemon
from dossier.office.opening import load_office

DROPS, FILES, AT_A_TIME = 20, 30, 150
"""All are held open at once to be read; so many more than are open already is what a process may by default."""

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
    held = set(map(int, os.listdir("/proc/self/fd")))
    free = (
        number for number in itertools.count() if number not in held
    )  # there are gaps, and the limit is a number, not a count
    resource.setrlimit(resource.RLIMIT_NOFILE, (next(itertools.islice(free, AT_A_TIME, None)), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.slow
def test_drops_with_more_files_than_may_be_open_by_default_are_taken(tmp_path: Path) -> None:
    settings = OWN_SETTINGS.replace("settle_seconds: 0.2", "settle_seconds: 0", 1).replace("guard: off", "guard: hold")
    office = own_office(tmp_path / "office", settings=settings)
    paper = pdf("Grootboek en balans " * 100)
    for number in range(DROPS):
        names = [f"{number:02d}-{part:02d}.pdf" for part in range(FILES)]
        text = CARD.format(number=number, names=", ".join(names))
        office.place("acme-bv", {**{name: paper + f"\n%{name}\n".encode() for name in names}, f"{number:02d}.yaml": text})
    summary = Daemon(load_office(office.path, office.environ), office.environ, once=True).run()
    assert (summary.taken, summary.trouble) == (DROPS, [])
