"""A sidecar counts where its owner put it, for the files that were its owner's (CONTRACT section 3). With real accounts."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kit.accounts import CLIENTS, SETTINGS, AccountOffice, staff
from kit.folders import DISK
from kit.records import with_inbox
from kit.support import PDF, wait_for

from dossier.files import files
from ingest.inbox.found import Lying
from ingest.intake import sightings
from ingest.intake.sightings import Sightings

CARD = "description: Annual accounts 2025\nattachments: [report.pdf]\nshare: yes\nshare_status: approved\n"
WHOLE_FOLDER = "description: Annual accounts 2025\nshare: yes\nshare_status: approved\n"
MAKER, SHARER = "m.devries", "k.smit"
MOVED = "lay in another client's folder, or in `_unsorted`, before it came here"


@pytest.fixture(scope="module")
def office() -> Iterator[AccountOffice]:
    rights = staff().replace("[create, approve]", "[create, share, approve]")
    made = AccountOffice(SETTINGS, CLIENTS, rights, DISK)  # in memory no file gets the number of one that was removed
    yield made
    made.remove()


@pytest.fixture(autouse=True)
def nothing_lies_there(office: AccountOffice) -> None:
    for client in ("acme-bv", "zon"):
        shutil.rmtree(office.root.inbox(client))  # `inbox` makes it anew


def mark(text: str) -> bytes:
    """A sidecar like no other in this office."""
    return CARD.replace("2025", text).encode()


def newest(office: AccountOffice, client: str) -> str:
    return str(office.json("items", "--client", client, "--limit", "1")[0]["item"])


def warned(office: AccountOffice, client: str, stem: str) -> str:
    """What the receipt warns of."""
    return " ".join(office.root.told(stem, client)["warnings"])


def is_held(office: AccountOffice, client: str, stem: str, reason: str) -> None:
    item = newest(office, client)
    assert office.root.told(stem, client)["item"] == item
    assert office.json("show", item)["share_state"] == "concept"
    assert office.public(item, client) is None
    queue = (office.path / "var" / "queue" / "j.admin" / f"{item}.yaml").read_text()
    assert reason in queue[: queue.index("\ndecision:")].replace("\n# ", " ")
    assert reason in warned(office, client, stem)


def is_public(office: AccountOffice, client: str, stem: str, data: bytes) -> None:
    assert office.public(office.root.told(stem, client)["item"], client) == {"report.pdf": data}


def move(path: Path, client: str, office: AccountOffice) -> Path:
    return path.rename(office.root.inbox(client) / path.name)


def test_a_waiting_sidecar_that_is_moved_to_another_client_is_no_word_for_that_one(office: AccountOffice) -> None:
    card = office.put(MAKER, "moved.yaml", mark("moved"))
    office.once()  # each of these is a start of its own: what was seen is kept
    office.put("daemon", "report.pdf", PDF + b"moved")  # somebody else's, too
    move(card, "zon", office)
    move(office.root.inbox() / "report.pdf", "zon", office)
    office.once()
    is_held(office, "zon", "moved", MOVED)


def test_nor_is_it_with_the_owners_own_files_moved_along_and_nor_is_a_folder(office: AccountOffice) -> None:
    two = CARD.replace("[report.pdf]", "[report.pdf, more.pdf]").replace("2025", "along")
    card, file = office.put(MAKER, "along.yaml", two.encode()), office.put(MAKER, "report.pdf", PDF + b"along")
    office.put(MAKER, "map/item.yaml", CARD.replace("2025", "map").encode())
    office.once()
    move(card, "zon", office)
    move(file, "zon", office)
    move(office.root.inbox() / "map", "zon", office)
    office.put(MAKER, "more.pdf", PDF + b"more", "zon")
    office.put(MAKER, "map/report.pdf", PDF + b"map", "zon")
    office.once()
    for stem in ("along", "map"):
        item = office.root.told(stem, "zon")["item"]
        assert (office.json("show", item)["share_state"], office.public(item, "zon")) == ("concept", None)
        assert MOVED in warned(office, "zon", stem)


def test_the_key_client_settles_it(office: AccountOffice) -> None:
    card = office.put(MAKER, "said.yaml", mark("said") + b"client: zon\n")
    office.once()
    move(card, "zon", office)
    office.put(MAKER, "report.pdf", PDF + b"said", "zon")
    office.once()
    is_public(office, "zon", "said", PDF + b"said")


def test_what_was_edited_or_saved_anew_is_a_new_word_and_so_is_another_file_with_the_same_inode(office: AccountOffice) -> None:
    old = office.put(MAKER, "reused.yaml", mark("reused"))
    inode = os.stat(old).st_ino
    edited = office.put(MAKER, "edited.yaml", mark("edit"))
    office.once()
    old.unlink()
    for number in range(200):  # the file system gives the number away again, to a file in the same folder
        made = office.put(MAKER, f".made{number}", mark("reused"))
        if os.stat(made).st_ino == inode:
            break
    else:
        pytest.skip("this file system doesn't use the number of an inode again at once")
    made.rename(office.root.inbox("zon") / "reused.yaml")
    office.put(MAKER, "report.pdf", PDF + b"reused", "zon")
    office.once()
    is_public(office, "zon", "reused", PDF + b"reused")
    edited = move(edited, "zon", office)
    edited.write_bytes(mark("edited"))
    office.put(MAKER, "report.pdf", PDF + b"edited", "zon")
    office.once()
    is_public(office, "zon", "edited", PDF + b"edited")


def test_one_that_is_moved_while_it_is_still_being_written_is_seen_by_a_daemon_that_runs(office: AccountOffice) -> None:
    with office.root.daemon():
        card = office.put(MAKER, "early.yaml", mark("early"))
        with card.open("ab"):
            file = office.put(MAKER, "report.pdf", PDF + b"early")
            office.drop(MAKER, "other", "description: Another drop\n", {"other.pdf": PDF})
            office.root.until_taken("acme-bv", "other")  # so the daemon has looked at this folder
            move(file, "zon", office)
            move(card, "zon", office)
        office.root.until_taken("zon", "early")
    assert MOVED in warned(office, "zon", "early")


def test_what_a_daemon_saw_before_it_was_whole_is_known_when_that_was_killed(office: AccountOffice) -> None:
    office.put(MAKER, "waiting.yaml", mark("waiting"))
    with office.root.daemon() as daemon:
        file = office.put(MAKER, "other.pdf", PDF + b"killed", client="zon")
        card = office.put(MAKER, "wandering.yaml", mark("wandering").replace(b"report", b"wandered"), client="zon")
        with file.open("ab"), card.open("ab"):
            office.drop(MAKER, "beside", "description: Another drop\n", {"beside.pdf": PDF}, "zon")
            office.root.until_taken("zon", "beside")  # so the daemon has looked at this folder
            daemon.kill()
            daemon.wait()
    file.rename(office.root.inbox() / "report.pdf")
    move(card, "acme-bv", office)
    office.put(MAKER, "wandered.pdf", PDF + b"wandered")
    office.once()
    assert "`report.pdf` lay in another client's folder, or in `_unsorted`" in warned(office, "acme-bv", "waiting")
    assert MOVED in warned(office, "acme-bv", "wandering")
    for stem in ("waiting", "wandering"):
        item = office.root.told(stem)["item"]
        assert (office.json("show", item)["share_state"], office.public(item)) == ("concept", None)


def test_a_refused_sidecar_that_comes_back_is_no_word_for_anybody_elses_file(office: AccountOffice) -> None:
    """Also not for the file of a colleague who may share, which beside a new sidecar would be shared."""
    bad = mark("returned") + b"contact: nobody\nnotify: yes\n"
    for stem in ("returned", "alone"):
        office.drop(MAKER, stem, (bad + f"labels: [{stem}]\n".encode()).decode(), {"report.pdf": PDF + stem.encode()})
        office.once()
        assert office.root.why(stem)
    clients = CLIENTS.replace("j.jansen, name", "nobody, name")
    office.root.set("clients", clients)
    for stem in ("returned", "alone"):
        rejected = office.root.rejected(stem)
        assert rejected is not None
        (rejected / f"{stem}.yaml").rename(office.root.inbox() / f"{stem}.yaml")
        office.put(SHARER if stem == "returned" else MAKER, "report.pdf", PDF + b"another" + stem.encode())
        office.once()
    office.root.set("clients", CLIENTS)
    assert "came back out of _rejected, and `report.pdf` beside it is somebody else's" in warned(office, "acme-bv", "returned")
    item = office.root.told("returned")["item"]
    assert (office.json("show", item)["share_state"], office.public(item)) == ("concept", None)
    is_public(office, "acme-bv", "alone", PDF + b"anotheralone")
    office.drop(MAKER, "new", mark("new").decode(), {})
    office.put(SHARER, "report.pdf", PDF + b"new")
    office.once()
    is_public(office, "acme-bv", "new", PDF + b"new")


def test_a_file_of_theirs_that_others_move_to_where_their_sidecar_waits_for_one_is_no_word_of_theirs(
    office: AccountOffice,
) -> None:
    office.put(MAKER, "waits.yaml", mark("waits"))
    file = office.put(MAKER, "other.pdf", PDF + b"of another", client="zon")
    office.once()
    file.rename(office.root.inbox() / "report.pdf")
    office.once()
    is_held(office, "acme-bv", "waits", "`report.pdf` lay in another client's folder")


def test_nor_is_one_of_theirs_that_was_not_sorted_yet(office: AccountOffice) -> None:
    (office.path / "inbox/_unsorted").mkdir(exist_ok=True)
    office.put(MAKER, "hopes.yaml", mark("hopes"))
    file = office.put(MAKER, "scan-1.pdf", PDF + b"of nobody yet", client="_unsorted")
    office.once()
    file.rename(office.root.inbox() / "report.pdf")
    office.once()
    is_held(office, "acme-bv", "hopes", "or in `_unsorted`, before it came here")


@pytest.mark.sqlite  # the office's database is opened in this process, too
def test_a_daemon_that_runs_sees_what_comes_into_unsorted(office: AccountOffice) -> None:
    (office.path / "inbox/_unsorted").mkdir(exist_ok=True)
    with office.root.daemon(), closing(sqlite3.connect(office.path / "var/dossier.db")) as database:
        file = office.put(MAKER, "scan-2.pdf", PDF + b"while it runs", client="_unsorted")
        seen = "SELECT 1 FROM sighting WHERE inode = ? AND client = '_unsorted'"
        wait_for(lambda: database.execute(seen, [str(file.stat().st_ino)]).fetchone(), "it is seen")


def test_what_assign_gives_to_a_client_is_meant_for_them(office: AccountOffice) -> None:
    (office.path / "inbox/_unsorted").mkdir(exist_ok=True)
    office.root.inbox()
    file = office.put(MAKER, "given.pdf", PDF + b"given", client="_unsorted")
    office.once()
    words = (
        "--client",
        "acme-bv",
        "--description",
        "Given to the client",
        "--share",
        "--share-all",
        "--share-status",
        "approved",
    )
    folder = Path(office.run(MAKER, "assign", file.name, *words).split(" is in the inbox")[0]).name
    office.once()
    assert office.public(office.root.told(folder)["item"]) == {"given.pdf": PDF + b"given"}


def test_nor_is_one_of_theirs_that_was_refused_elsewhere(office: AccountOffice) -> None:
    office.put(MAKER, "wrong.yaml", b"description: Not to be shared\nattachments: [inside.pdf]\ncolour: red\n", "zon")
    office.put(MAKER, "inside.pdf", PDF + b"inside", "zon")
    office.put(MAKER, "wanting.yaml", mark("wanting"))
    office.once()
    [file] = office.root.inbox("zon").glob("_rejected/*-wrong/inside.pdf")
    file.rename(office.root.inbox() / "report.pdf")
    office.once()
    is_held(office, "acme-bv", "wanting", "`report.pdf` lay in another client's folder")


def test_files_that_lay_beside_it_are_moved_with_a_sidecar_that_says_for_whom_it_is(office: AccountOffice) -> None:
    two = CARD.replace("[report.pdf]", "[report.pdf, more.pdf]").replace("2025", "both") + "client: zon\n"
    card, file = office.put(MAKER, "both.yaml", two.encode()), office.put(MAKER, "report.pdf", PDF + b"both")
    office.once()
    move(card, "zon", office)
    move(file, "zon", office)
    office.put(MAKER, "more.pdf", PDF + b"more of both", "zon")
    office.once()
    assert office.public(office.root.told("both", "zon")["item"], "zon") == {
        "report.pdf": PDF + b"both",
        "more.pdf": PDF + b"more of both",
    }


def test_a_file_that_is_moved_to_a_sidecar_that_lists_its_hash_is_what_that_speaks_of(office: AccountOffice) -> None:
    data = PDF + b"by its hash"
    listed = CARD.replace("[report.pdf]", f"[{{file: report.pdf, sha256: {hashlib.sha256(data).hexdigest()}}}]").replace(
        "2025", "hashed"
    )
    office.put(MAKER, "hashed.yaml", listed.encode())
    file = office.put(MAKER, "report.pdf", data, client="zon")
    office.once()
    move(file, "acme-bv", office)
    office.once()
    is_public(office, "acme-bv", "hashed", data)


def test_a_daemon_knows_where_another_one_saw_a_file_however_many_it_saw_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sightings, "UNREAD_MOST", 1)
    with with_inbox(tmp_path / "office") as office:
        home = office.office.inbox / "zon"
        home.mkdir()
        ours, other, lying = Sightings(office.office), Sightings(office.office), list[Lying]()
        for name in ("first.pdf", "second.pdf"):
            (home / name).write_bytes(PDF)
            look = files.look(home / name)
            assert look is not None
            lying.append(Lying(f"zon/{name}", look, "", "zon"))
            assert not ours._may_have_been_seen(look)
        other.note(office.tick(), lying)
        for daemon in (ours, other):
            assert [daemon._may_have_been_seen(one.look) for one in lying] == [True, True]
