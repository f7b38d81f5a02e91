"""Whoever exchanges folders of the queue with links to others, at any instant, leads no file there and decides nothing from there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from kit.queues import QueueOffice
from kit.support import wait_for
from kit.swapping import SECONDS, everything, swapped

from dossier.files import files
from dossier.files.beneath import Folder, open_folder
from workflow.queue import approver_folder, queue


def approve(home: Folder, name: str) -> None:
    """As an editor that saves in place; nothing if the file isn't there."""
    if (look := files.look(home / name)) is not None:
        data = files.read_plain(home / name, look.size)[0]
        files.write_whole(home / name, data.replace(b"\ndecision:\n", b"\ndecision: approve\n"))


def test_nothing_is_written_or_decided_through_a_link_in_the_place_of_a_swapped_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (queue, approver_folder):
        monkeypatch.setattr(room, "RETRY_SECONDS", 0.01)
    office = QueueOffice(tmp_path / "office")
    first = office.concept()
    office.round()
    home, foreign, outside = office.queue / "m.devries", office.root / "var" / "portal" / "zon", tmp_path / "outside"
    for folder in (foreign, outside):
        (folder / first).mkdir(parents=True)
        (folder / first / "accounts.pdf").write_bytes(b"another client's")
        (folder / f".{'0' * 16}.tmp").write_bytes(b"is here already")
        # A decision of somebody who may write nothing in the real folder.
        (folder / f"{first}.yaml").write_text(
            office.text(first).replace("\ndecision:\ncomment:", "\ndecision: reject\ncomment: no")
        )
    before, items = (everything(foreign), everything(outside)), [first]
    with open_folder(home) as real:
        files.make_folder(real / "_decided")
        with swapped({home: outside, home / first: foreign / first, home / "_decided": foreign}):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end or not any(office.state(item) == "approved" for item in items):
                items.append(office.concept(files={"accounts.pdf": b"accounts %d" % len(items)}))
                office.folder.hint(None)
                office.folder.round(office.now)
                for item in items[1:][-5:-2]:
                    approve(real, f"{item}.yaml")
    assert (everything(foreign), everything(outside)) == before
    assert office.state(first) == "concept"
    office.restart()

    def all_are_there() -> bool:  # what was gone for a moment is written anew, two seconds later
        office.round()
        return all(office.path(item).exists() for item in items if office.state(item) == "concept")

    wait_for(all_are_there, "a file of each that waits")
    with open_folder(home) as real:
        for item in items:
            approve(real, f"{item}.yaml")
    office.round()
    assert {office.state(item) for item in items} == {"approved"}
    decided = {path.name for path in home.rglob("*.yaml") if path.parent != home}
    assert {f"{item}.yaml" for item in items} <= decided
    assert not [path for path in home.glob("D-*") if not path.name.endswith(".swap")]
    assert (everything(foreign), everything(outside)) == before
    office.close()
