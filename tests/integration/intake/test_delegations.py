"""What is placed for somebody is bound to exactly that drop, and holds once (CONTRACT section 3). With real accounts."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kit.accounts import CLIENTS, SETTINGS, AccountOffice, staff
from kit.support import PDF

OTHER = PDF + b"% what somebody else wrote\n"
WORDS = ("--description", "Annual accounts 2025", "--share", "--share-all", "--share-status", "approved")
HELD_IN_SIGHT = "`created_by` is m.devries, but the file is j.admin's"


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    made = AccountOffice(SETTINGS, CLIENTS, staff())
    yield made
    made.remove()


def placed(office: AccountOffice, data: bytes, client: str = "acme-bv") -> Path:
    """The folder of a drop that the admin has just placed for m.devries, who may share."""
    source = office.folder / "report.pdf"
    source.write_bytes(data)
    before = set(office.root.inbox(client).iterdir())
    office.run("j.admin", "new", client, str(source), *WORDS, acts_for="m.devries")
    [folder] = set(office.root.inbox(client).iterdir()) - before
    return folder


def copied(folder: Path, to: Path) -> Path:
    """A replay with everything that can be copied: bytes, names, owners, times."""
    shutil.copytree(folder, to)
    for path in [to, *to.iterdir()]:
        there = os.stat(folder if path == to else folder / path.name)
        os.chown(path, there.st_uid, there.st_gid)
    return to


def public(office: AccountOffice) -> list[bytes]:
    """All that any client finds."""
    return [path.read_bytes() for path in office.path.glob("var/portal/*/D-*/*")]


def is_refused(office: AccountOffice, client: str, stem: str) -> str:
    before = public(office)
    office.once()
    assert public(office) == before
    why = office.root.why(stem, client)
    assert why is not None
    return why


@pytest.mark.sqlite
def test_a_drop_placed_for_somebody_is_theirs_and_whoever_placed_it_stands_behind_it(office: AccountOffice) -> None:
    data = PDF + b"% theirs\n"
    placed(office, data)
    office.once()
    assert data in public(office)
    shown = office.json("show", office.json("items", "--limit", "1")[0]["item"])
    assert shown["created_by"] == "m.devries"
    with closing(sqlite3.connect(office.path / "var" / "dossier.db")) as database:
        query = "SELECT actor, behind FROM event WHERE action = 'created' ORDER BY seq DESC LIMIT 1"
        assert database.execute(query).fetchone() == ("m.devries", "j.admin")


def test_it_holds_once_also_after_it_was_taken_and_under_the_same_name(office: AccountOffice) -> None:
    folder = placed(office, PDF + b"% once\n")
    kept = copied(folder, office.folder / "kept")
    office.once()
    assert not folder.exists()
    copied(kept, folder)
    assert HELD_IN_SIGHT in is_refused(office, "acme-bv", folder.name)
    shutil.rmtree(kept)


def _other_contents(folder: Path) -> None:
    (folder / "report.pdf").write_bytes(OTHER)


def _another_file(folder: Path) -> None:
    there = os.stat(folder / "report.pdf")
    (folder / "report.pdf").unlink()
    (folder / "report.pdf").write_bytes(OTHER)
    os.chown(folder / "report.pdf", there.st_uid, there.st_gid)


def _of_somebody_else(folder: Path) -> None:
    data = (folder / "report.pdf").read_bytes()
    (folder / "report.pdf").unlink()
    (folder / "report.pdf").write_bytes(data)


def _another_word(folder: Path) -> None:
    text = (folder / "item.yaml").read_text()
    (folder / "item.yaml").write_text(text.replace("Annual accounts", "Monthly accounts"))


def _one_file_more(folder: Path) -> None:
    text = (folder / "item.yaml").read_text()
    (folder / "item.yaml").write_text(text.replace("attachments:\n", "attachments:\n  - file: more.pdf\n"))
    (folder / "more.pdf").write_bytes(OTHER)


@pytest.mark.parametrize("change", [_of_somebody_else, _another_word, _one_file_more])
def test_with_anything_changed_before_it_is_taken_it_is_nobodys_word(
    office: AccountOffice, change: Callable[[Path], None]
) -> None:
    folder = placed(office, PDF + change.__name__.encode())
    change(folder)
    assert HELD_IN_SIGHT in is_refused(office, "acme-bv", folder.name)


@pytest.mark.parametrize("change", [_other_contents, _another_file])
def test_with_other_bytes_it_waits_for_its_own_and_not_even_without_their_digest_is_it_somebodys_word(
    office: AccountOffice, change: Callable[[Path], None]
) -> None:
    folder = placed(office, PDF + change.__name__.encode())
    change(folder)
    before = public(office)
    office.once()
    assert (public(office), office.root.why(folder.name), folder.exists()) == (before, None, True)
    assert "sha256" in str(office.json("status"))
    text = (folder / "item.yaml").read_text()
    (folder / "item.yaml").write_text(re.sub(r"(?m)^ *sha256:.*\n", "", text))
    assert HELD_IN_SIGHT in is_refused(office, "acme-bv", folder.name)


def test_it_is_no_word_for_another_clients_folder_nor_under_another_name(office: AccountOffice) -> None:
    folder = placed(office, PDF + b"% elsewhere\n")
    text = (folder / "item.yaml").read_text()
    assert "client: acme-bv" in text  # a command always says for whom it is
    moved = folder.rename(office.root.inbox("zon") / folder.name)
    assert "it says client `acme-bv`" in is_refused(office, "zon", moved.name)
    folder = placed(office, PDF + b"% renamed\n")
    renamed = folder.rename(folder.with_name("renamed"))
    assert HELD_IN_SIGHT in is_refused(office, "acme-bv", renamed.name)


def test_a_refused_one_that_is_moved_back_is_nobodys_word(office: AccountOffice) -> None:
    folder = placed(office, PDF + b"% refused\n")
    office.root.set("staff", staff(m_devries="active: false"))
    assert "m.devries is not active any more" in is_refused(office, "acme-bv", folder.name)
    office.root.set("staff", staff())
    rejected = office.root.rejected(folder.name)
    assert rejected is not None
    (rejected / "WHY.txt").unlink()
    rejected.rename(folder)
    assert HELD_IN_SIGHT in is_refused(office, "acme-bv", folder.name)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["Intake._claim", "Intake._commit", "Intake.clear_up"])
def test_killed_while_it_is_taken_it_still_holds_and_still_only_once(office: AccountOffice, place: str) -> None:
    data = PDF + place.encode()
    folder = placed(office, data)
    kept = copied(folder, office.folder / "kept")
    office.root.killed_at(f"ingest.intake.intake:{place}")
    office.once()
    assert public(office).count(data) == 1
    copied(kept, folder)
    is_refused(office, "acme-bv", folder.name)
    shutil.rmtree(kept)
