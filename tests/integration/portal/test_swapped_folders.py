"""Whoever could exchange folders of the portal with links to others leads nothing of a client to another."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from kit.portals import PortalOffice, raised
from kit.swapping import SECONDS, everything, swapped

from dossier.files import moves
from workflow.portal import mending


@pytest.mark.parametrize("can_swap", [True, False])
def test_nothing_is_published_through_a_link_in_the_place_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_swap: bool
) -> None:
    if not can_swap:
        monkeypatch.setattr(moves, "can_swap", lambda folder: False)
        monkeypatch.setattr(moves, "exchange", lambda one, other: False)
    office = PortalOffice(tmp_path / "office")
    other = office.share({"theirs.pdf": b"theirs"}, "zon")
    item = office.share({"mine.pdf": b"mine"})
    office.publish()
    home, foreign = office.office.portal / "acme-bv", office.office.portal / "zon"
    before = everything(foreign)
    rounds = 0
    with swapped({home: foreign, home / item: foreign / other, home / "_pages": foreign / "_pages"}):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end or rounds < 5:
            rounds += 1
            office.amend(item, {"mine.pdf": b"mine %d" % rounds})
            office.share({f"mine {rounds}.pdf": b"mine"})
            office.now += timedelta(minutes=1)
            office.portal.round(office.now)
    assert everything(foreign) == before
    for path in home.parent.rglob("*.swap"):
        shutil.rmtree(path)
    office.start()
    office.publish()
    mending.mend(office.portal, office.now, ["mend:acme-bv"], raised)  # what lay in a folder that was moved away at that instant
    office.publish()
    assert everything(foreign) == before
    assert (home / item / "mine.pdf").read_bytes() == b"mine %d" % rounds
    office.close()


def test_no_page_is_written_through_a_link_in_the_place_of_the_pages_folder(tmp_path: Path) -> None:
    office = PortalOffice(tmp_path / "office")
    office.share({"theirs.pdf": b"theirs"}, "zon")
    item = office.share({"mine.pdf": b"mine"})
    office.publish()
    mine, theirs = office.office.portal / "acme-bv/_pages", office.office.portal / "zon/_pages"
    before = {path.name: path.stat().st_ino for path in theirs.iterdir()}
    shutil.rmtree(mine)
    mine.symlink_to(theirs)
    office.amend(item, {"mine.pdf": b"mine, replaced"})
    office.publish()
    assert {path.name: path.stat().st_ino for path in theirs.iterdir()} == before
    assert not mine.is_symlink()
    office.check()
    office.close()
