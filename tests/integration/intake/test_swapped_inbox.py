"""Whoever exchanges folders of the inbox with links to others, at any instant, leads nothing of a drop there, and reads nothing there."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.support import PDF, Root, own_office
from kit.swapping import SECONDS, everything, swapped

from dossier.database.database import close_database, open_database
from dossier.database.tables import Attachment, Drop
from dossier.files import files, moves, settling
from dossier.files.beneath import Folder, open_folder
from dossier.office.opening import load_office
from dossier.text import clock
from dossier.vault.folder import Vault
from ingest.inbox.looking import Looker
from ingest.intake.intake import Intake

SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off}\nmail: {host: 127.0.0.1, port: 9}\n"
SECRET = PDF + b"another client's"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    made = own_office(tmp_path / "office", settings=SETTINGS)
    yield made
    close_database()


def lure(folder: Path) -> None:
    """What would be a drop, if anybody took it from here; and what would be overwritten, if anybody wrote here."""
    folder.mkdir(parents=True)
    (folder / "item.yaml").write_text("description: What nobody may take\n")
    (folder / "secret.pdf").write_bytes(SECRET)
    (folder / "lure.yaml").write_text("description: What nobody may take\nattachments: [secret.pdf]\n")
    for name in ("good1.receipt.yaml", "good1.pdf", f".{'0' * 16}.tmp"):
        (folder / name).write_bytes(b"is here already")


def drop(home: Folder, number: int) -> None:
    """A drop that is taken, one that is refused, and one in a folder, if the one before is gone."""
    text = f"description: Annual accounts {number}\n".encode()
    files.write_whole(home / f"good{number}.pdf", PDF + b"good %d" % number)
    files.write_whole(home / f"good{number}.yaml", text)
    files.write_whole(home / f"bad{number}.pdf", PDF + b"bad %d" % number)
    files.write_whole(home / f"bad{number}.yaml", b"description: Short\n")
    if not files.is_folder(home / "map") and not files.is_folder(home / "map.swap"):
        with files.made_folder(home / ".map") as folder:
            files.write_whole(folder / f"folder{number}.pdf", PDF + b"folder %d" % number)
            files.write_whole(folder / "item.yaml", text)
        moves.move(home / ".map", home / "map")


def test_nothing_of_a_drop_goes_or_is_read_through_a_link_in_the_place_of_a_swapped_folder(root: Root, tmp_path: Path) -> None:
    office, outside = load_office(root.path, root.environ), tmp_path / "outside"
    open_database(office)
    home, foreign = root.inbox(), office.portal / "zon"
    for folder in (foreign, outside, outside / "_done", outside / "_rejected", outside / "map"):
        lure(folder)
    before = everything(foreign), everything(outside)
    intake, looker, number = Intake(office, Vault(office.vault)), Looker(office), 0
    with open_folder(home) as real:
        for name in ("_done", "_rejected"):
            files.make_folder(real / name)
        with swapped({
            home: outside, home / "_done": foreign, home / "_rejected": foreign, home / "map": outside / "map",
        }):  # fmt: skip
            end = time.monotonic() + SECONDS
            while time.monotonic() < end or number < 5:
                number += 1
                drop(real, number)
                intake.take(clock.utc_now(), looker.look("acme-bv", *settling.now()).ready)
    assert (everything(foreign), everything(outside)) == before
    intake.close()
    intake = Intake(office, Vault(office.vault))  # as a daemon that starts when all is as it was
    intake.recover()
    for _ in range(2):
        intake.take(clock.utc_now(), Looker(office).look("acme-bv", *settling.now()).ready)
    intake.forget()
    intake.close()
    assert (everything(foreign), everything(outside)) == before
    assert not Drop.select().where(~Drop.cleared).exists()
    assert sorted(name for name in os.listdir(home) if not name.endswith(".swap")) == ["_done", "_rejected"]
    taken = {row.name: row.sha256 for row in Attachment.select()}
    for one in range(1, number + 1):
        assert taken.pop(f"good{one}.pdf") == hashlib.sha256(PDF + b"good %d" % one).hexdigest()
        assert (home / "_done" / f"good{one}.receipt.yaml").exists()
        assert (refused := root.rejected(f"bad{one}")) is not None
        assert (refused / f"bad{one}.pdf").read_bytes() == PDF + b"bad %d" % one
    assert taken, "folders were taken too"
    for name, sha256 in taken.items():
        assert sha256 == hashlib.sha256(PDF + f"folder {name.removeprefix('folder').removesuffix('.pdf')}".encode()).hexdigest()
    assert not Vault(office.vault).location(hashlib.sha256(SECRET).hexdigest()).exists()
