"""What dossier wrote itself is nobody's word, though it is the daemon's user's, and that user is one of the staff. With real accounts."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.accounts import ACCOUNTS, CLIENTS, SETTINGS, AccountOffice, staff
from kit.support import PDF, wait_until_quiet

CARD = "description: Annual accounts 2025\nattachments: [report.pdf]\nshare: yes\nshare_status: approved\n"
CONCEPT = CARD.replace("approved", "concept\napprover: l.visser")
WROTE_IT = "dossier wrote this file itself, so that it is `root`'s says nothing of who dropped it"
OURS = staff().replace("os_user: mail, rights: [", "os_user: root, rights: [share, ")


@pytest.fixture
def office() -> Iterator[AccountOffice]:
    made = AccountOffice(SETTINGS, CLIENTS, OURS)
    yield made
    made.remove()


@pytest.fixture
def queued(office: AccountOffice) -> Path:
    """The queue file of a concept."""
    office.drop("m.devries", "first", CONCEPT, {"report.pdf": PDF})
    office.once()
    [path] = (office.path / "var/queue/l.visser").glob("D-*.yaml")
    return path


def written(path: Path, text: str) -> Path:
    """The same file with this in it: whoever may write to it need not own it."""
    path.write_text(text)
    return path


def said(office: AccountOffice, stem: str) -> str:
    office.once()
    why = office.root.why(stem)
    assert why is not None, office.root.tree()
    assert office.json("items", "--share-state", "published") == []
    return why


def brought(path: Path, target: Path) -> None:
    os.rename(path, target)


@pytest.mark.parametrize("bring", [brought, os.link])
@pytest.mark.parametrize("kind", ["open", "decided", "kept", "noted"])
def test_a_queue_file_that_comes_into_an_inbox_is_nobodys_word(
    office: AccountOffice, queued: Path, kind: str, bring: object
) -> None:
    here = queued
    if kind == "decided":
        written(queued, queued.read_text().replace("decision:", "decision: reject").replace("comment:", "comment: no"))
        office.once()
        here = queued.parent / "_decided" / queued.name
    elif kind == "kept":
        written(queued, queued.read_text().replace("decision:", "decision: approve"))
        os.chown(queued, pwd.getpwnam(ACCOUNTS["p.bakker"]).pw_uid, -1)
        office.once()
        [here] = (queued.parent / "_refused").glob("*")
    elif kind == "noted":
        stray = queued.with_name(f"{queued.stem} (1).yaml")
        shutil.copyfile(queued, stray)
        os.chown(stray, 12345, -1)
        office.once()
        assert stray.stat().st_uid == 0, "the note on top of it is dossier's"
        here = stray
    office.put("m.devries", "report.pdf", PDF)
    assert callable(bring)
    bring(written(here, CARD), office.root.inbox() / "evil.yaml")
    assert WROTE_IT in said(office, "evil")


def test_a_file_that_was_placed_for_somebody_says_nothing_once_its_drop_was_refused(office: AccountOffice) -> None:
    for name, text in (("evil.yaml", CARD.encode()), ("report.pdf", PDF)):
        (office.folder / name).write_bytes(text)
    clients = office.path / "config/clients.yaml"
    office.root.run(
        "--as", "m.devries", "new", "acme-bv", *(str(office.folder / name) for name in ("evil.yaml", "report.pdf")),
        "--description", "So innocent it is",
    )  # fmt: skip
    clients.write_text(CLIENTS.replace("{name: Acme B.V.,", "{name: Acme B.V., active: false,"))
    office.once()
    clients.write_text(CLIENTS)
    [lies] = (office.root.inbox() / "_rejected").iterdir()
    assert lies.joinpath("evil.yaml").stat().st_uid == 0
    for name in ("evil.yaml", "report.pdf"):
        os.rename(lies / name, office.root.inbox() / name)
    assert WROTE_IT in said(office, "evil")


def test_a_file_of_the_queue_beside_somebodys_sidecar_is_not_shared_on_its_word(office: AccountOffice, queued: Path) -> None:
    written(queued, PDF.decode() + "% of somebody who may not share\n").rename(office.root.inbox() / "report.pdf")
    office.put("m.devries", "second.yaml", CARD.encode())
    office.once()
    item = office.json("items", "--limit", "1")[0]["item"]
    shown = office.json("show", item)
    assert (shown["share_state"], office.public(item)) == ("concept", None)
    assert shown["history"][0]["detail"]["attachments"][0]["owner"] == "os:root"


def test_a_file_of_the_queue_is_not_assigned_from_what_is_not_sorted(office: AccountOffice, queued: Path) -> None:
    unsorted = office.path / "inbox/_unsorted"
    unsorted.mkdir(exist_ok=True)
    written(queued, PDF.decode()).rename(unsorted / "scan.pdf")
    words = ("assign", "scan.pdf", "--client", "acme-bv", "--description", "From the scanner")
    refused = office.root.run(*words, code=1).stderr
    assert "dossier wrote scan.pdf itself" in refused
    shutil.copyfile(unsorted / "scan.pdf", unsorted / "copy.pdf")
    wait_until_quiet(unsorted / "copy.pdf")
    office.root.run(*("copy.pdf" if word == "scan.pdf" else word for word in words))


def test_what_the_daemons_user_drops_and_places_is_that_persons(office: AccountOffice) -> None:
    """As in a small office with one account."""
    inbox = office.root.inbox()
    (inbox / "report.pdf").write_bytes(PDF)
    written(inbox / "own.yaml", CARD)
    os.chmod(inbox / "own.yaml", 0o664)
    office.once()
    [item] = office.json("items")
    assert (item["created_by"], item["share_state"]) == ("j.admin", "published")
    source = office.folder / "letter.pdf"
    source.write_bytes(PDF + b"% another\n")
    words = ("--description", "Another letter", "--share", "--share-all", "--share-status", "approved")
    office.root.run("new", "acme-bv", str(source), *words)
    [folder] = [path for path in inbox.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))]
    clients = office.path / "config/clients.yaml"
    clients.write_text(CLIENTS.replace("{name: Acme B.V.,", "{name: Acme B.V., active: false,"))
    office.once()
    clients.write_text(CLIENTS)
    office.once()
    [lies] = (inbox / "_rejected").iterdir()
    (lies / "WHY.txt").unlink()
    lies.rename(inbox / folder.name)
    office.once()
    newest = office.json("items", "--limit", "1")[0]
    assert (newest["description"], newest["share_state"]) == ("Another letter", "published")


def test_what_an_earlier_version_wrote_into_the_queue_is_nobodys_word_either(office: AccountOffice, queued: Path) -> None:
    decided = queued.parent / "_decided" / "D-2025-000001.yaml"
    decided.parent.mkdir(exist_ok=True)
    decided.write_text("decision: approve\n")
    theirs = queued.parent / "theirs.yaml"
    theirs.write_text("of the approver\n")
    os.chown(theirs, 12345, -1)
    os.chmod(queued, 0o664)
    from dossier.database.database import close_database, open_database, transaction
    from dossier.database.tables import Note
    from dossier.office.opening import load_office

    open_database(load_office(office.path, office.root.whole_environ()))
    with transaction():
        assert Note.delete().where(Note.key == "queue_unsigned").execute() == 1
    close_database()
    office.once()
    assert {path.name: bool(path.stat().st_mode & stat.S_ISVTX) for path in (queued, decided, theirs)} == {
        queued.name: True, decided.name: True, theirs.name: False,
    }  # fmt: skip
