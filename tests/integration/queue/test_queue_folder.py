"""The queue folder against whoever deletes, copies, puts back, links and floods in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from kit.queues import QueueOffice, top

from desk.actions import deciding
from dossier.database.tables import item_key
from dossier.office.people import Actor
from dossier.trail import trail
from workflow.queue import approver_folder

# Files that should not be there


def test_a_deleted_file_comes_back_with_a_note(office: QueueOffice, item: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approver_folder, "DELETED_SECONDS", 0.0)
    office.path(item).unlink()
    office.round()
    assert "this file was deleted before anything was decided" in top(office.text(item))[0]
    office.type(item, "approve")
    office.round()
    assert office.state(item) == "approved"


def test_a_file_deleted_while_no_daemon_ran_comes_back_with_a_note(
    office: QueueOffice, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approver_folder, "DELETED_SECONDS", 0.0)
    office.path(item).unlink()
    office.restart()
    office.round()
    assert "this file was deleted" in top(office.text(item))[0]


def test_what_a_power_cut_left_empty_is_made_anew_at_the_start(office: QueueOffice, item: str) -> None:
    before = office.text(item)
    folder = office.queue / "m.devries" / item
    files = [office.path(item), folder / "accounts.pdf", folder / "preview.html"]
    for path in files:
        seen = path.stat()
        os.truncate(path, 0)
        os.utime(path, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
    office.restart()
    office.round()
    assert office.text(item) == before
    assert all(path.stat().st_size for path in files)


def test_a_file_of_zeros_is_made_anew_and_decides_nothing(office: QueueOffice, item: str) -> None:
    office.path(item).write_bytes(bytes(office.path(item).stat().st_size))
    office.round()
    assert "this file was empty" in top(office.text(item))[0]
    office.type(item, "approve")
    office.round()
    assert office.state(item) == "approved"


def test_a_queue_file_and_its_copies_are_on_the_disk_before_they_have_their_names(
    office: QueueOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    real_sync = os.fsync

    def fsync(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        real_sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    item = office.concept()
    office.round()
    folder = office.queue / "m.devries" / item
    written = [office.path(item), folder / "accounts.pdf", folder / "preview.html", folder, folder.parent]
    assert [path.name for path in written if path.stat().st_ino not in synced] == []


def test_a_deleted_folder_comes_back_whole(office: QueueOffice, item: str) -> None:
    shutil.rmtree(office.queue / "m.devries")
    office.round()
    assert office.values(item)["item"] == item
    assert (office.queue / "m.devries" / item / "accounts.pdf").exists()


def test_deleted_copies_come_back(office: QueueOffice, item: str) -> None:
    shutil.rmtree(office.queue / "m.devries" / item)
    office.round()
    assert (office.queue / "m.devries" / item / "accounts.pdf").exists()


def test_a_copy_in_another_folder_is_refused(office: QueueOffice, item: str) -> None:
    office.type(item, "approve")
    copy = office.path(item, "k.smit")
    office.path(item).rename(copy)
    office.round()
    assert office.state(item) == "concept"
    assert f"{item} does not wait for k.smit" in top(copy.read_text())[0]
    assert "decision: approve" in copy.read_text()


def test_a_copy_under_another_name_is_told_that_it_does_not_count(office: QueueOffice, item: str) -> None:
    copy = office.path(item).with_name(f"{item} - kopie.yaml")
    copy.write_text(office.text(item).replace("\ndecision:", "\ndecision: approve", 1))
    other = copy.with_name("shopping.yaml")
    other.write_text("milk: 2\n")
    office.round()
    assert office.state(item) == "concept"
    assert f"this is a copy: only {item}.yaml counts" in top(copy.read_text())[0]
    assert other.read_text() == "milk: 2\n"


LEFT = (
    "{}.yaml.txt", "{}.txt", "{}.yml", "{} (1).yaml", "{} - kopie.yaml", "Kopie van {}.yaml", "{}.yaml.bak", "{}.yaml~", "#{}.yaml#",
    "{}.sync-conflict-20261124-101500-ABCDEFG.yaml", "{} (conflicted copy 2026-11-24 101500).yaml", "{}.yaml.orig",
    "{}.YAML", "{} goedgekeurd.yaml", "{} ok.yml", "approve_{}.yaml", "{}-k.smit.yaml",
)  # fmt: skip


def test_copies_of_a_queue_file_are_told_of_in_the_file_and_in_queue_and_decide_nothing(office: QueueOffice, item: str) -> None:
    approved = office.text(item).replace("\ndecision:", "\ndecision: approve", 1)
    copies = [office.path(item).with_name(name.format(item)) for name in LEFT]
    for copy in copies:
        copy.write_text(approved)
    others = dict.fromkeys(("notes.txt", f"about {item}.md", f"{item}.pdf"), f"{item} in a note to myself\n")
    for name, text in others.items():
        office.path(item).with_name(name).write_text(text)
    spoilt = office.path(item).with_name(f"{item} (2).yaml.txt")
    spoilt.write_bytes(b"\x00\xff\xfebinary")
    office.round()
    assert office.state(item) == "concept"
    for copy in copies:
        assert top(copy.read_text())[0].startswith(f"this is a copy: only {item}.yaml counts"), copy.name
        assert "decision: approve" in copy.read_text()
    assert {name: office.path(item).with_name(name).read_text() for name in others} == others
    assert spoilt.read_bytes() == b"\x00\xff\xfebinary"
    (waits,) = deciding.queue(office.office, office.now, Actor("m.devries", "desk")).items
    told = [str(line) for line in waits["attention"]]
    assert len(told) == len(copies) + 1
    assert f"m.devries/{item}.yaml.txt looks like a decision and is none: only {item}.yaml counts" in "; ".join(told)
    seen = [copy.read_text() for copy in copies]
    office.round()
    assert [copy.read_text() for copy in copies] == seen, "told once"
    office.type(item, "approve")
    office.round()
    assert office.state(item) == "approved"


def test_an_old_version_that_is_put_back_after_the_decision_is_refused(office: QueueOffice, item: str) -> None:
    office.type(item, "approve")
    old = office.text(item)
    office.round()
    office.path(item).write_text(old.replace("approve", "reject", 1))
    office.round()
    assert office.state(item) == "approved"
    kept = (office.queue / "m.devries" / "_decided" / f"{item}-2.yaml").read_text()
    assert "was approved by m.devries" in top(kept)[0]


def test_an_old_version_of_changed_content_is_refused_and_the_file_written_anew(office: QueueOffice, item: str) -> None:
    office.type(item, "approve", "fine")
    old = office.text(item)
    office.amend(item, description="Annual accounts 2025, final")
    office.round()
    fresh = office.values(item)
    assert fresh["decision"] is None
    assert fresh["description"] == "Annual accounts 2025, final"
    office.path(item).write_text(old)
    office.round()
    assert office.state(item) == "concept"
    assert "the item was changed since" in top(office.text(item))[0]
    assert any("you had typed: decision: approve" in reason for reason in top(office.text(item)))
    assert office.values(item)["content"] == fresh["content"]
    kept = sorted((office.queue / "m.devries" / "_refused").iterdir())
    assert old.encode() in [path.read_bytes() for path in kept]


def test_what_was_typed_when_the_item_is_changed_is_kept(office: QueueOffice, item: str) -> None:
    office.type(item, "", "page 3: is that right?")
    office.path(item).write_text(office.text(item).replace("comment: page", "comment: 'page").replace("right?", "right?'"))
    office.round()
    office.amend(item, description="Annual accounts 2025, final")
    office.round()
    assert "you had typed: comment: page 3: is that right?" in top(office.text(item))


# Hostile files


def test_a_file_of_another_staff_member_is_refused_and_stays_refused(office: QueueOffice, item: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    staff = (office.root / "config" / "staff.yaml").read_text()
    office.configure(staff=staff.replace("rights: [create, approve]}", "rights: [create, approve], os_user: nobody}", 1))
    office.type(item, "approve")
    os.chown(office.path(item), 65534, 65534)
    office.round()
    assert "this file was saved by k.smit, but it lies in the folder of m.devries" in top(office.text(item))[0]
    assert office.values(item)["decision"] is None
    office.restart()
    office.round()
    assert office.state(item) == "concept"


def test_the_file_of_a_staff_member_who_left_is_refused_too(office: QueueOffice, item: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    staff = (office.root / "config" / "staff.yaml").read_text()
    office.configure(staff=staff.replace("rights: [create, approve]}", "rights: [create], os_user: nobody, active: no}", 1))
    office.type(item, "approve")
    os.chown(office.path(item), 65534, 65534)
    office.round()
    assert office.state(item) == "concept"


def test_a_file_of_who_is_no_staff_member_counts_for_its_folder_and_the_trail_names_its_owner(
    office: QueueOffice, item: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    office.type(item, "approve")
    os.chown(office.path(item), 65534, 65534)
    office.round()
    assert office.state(item) == "approved"
    [approved] = [event for event in trail.events(item=item_key(item)) if event.action == "approved"]
    assert (approved.actor, approved.behind) == ("m.devries", "os:nobody")


@pytest.mark.parametrize("typed", ["", "approve"])
def test_a_file_about_the_same_asked_of_others_is_told_of_as_that(office: QueueOffice, item: str, typed: str) -> None:
    seen = office.text(item)
    office.later(minutes=5)
    office.amend(item, approvers=("m.devries", "k.smit"))
    office.path(item).write_text(seen.replace("\ndecision:", f"\ndecision: {typed}".rstrip(), 1))
    office.restart()
    office.round()
    reasons = top(office.text(item))
    assert not any("only decision and comment may be changed" in one for one in reasons), reasons
    assert ("you had typed: decision: approve" in reasons) == bool(typed)
    assert "m.devries, k.smit" in office.text(item)
    office.type(item, "approve")
    office.round()
    assert [one["action"] for one in office.whole(item)["history"]].count("approved") == 1
    assert office.state(item) == "concept"


def test_why_a_file_was_written_anew_stands_on_it_until_it_is_saved_again(office: QueueOffice, item: str) -> None:
    seen = office.text(item)
    office.amend(item, description="Annual accounts 2025, final")
    office.path(item).write_text(seen.replace("\ndecision:", "\ndecision: approve", 1))
    office.round()
    told = top(office.text(item))
    assert "you had typed: decision: approve" in told
    for _ in range(2):
        office.restart()
        office.round()
        assert top(office.text(item)) == told, "the approver need not have looked before the daemon's next start"
    office.path(item).write_text(office.text(item).replace("\ndecision:", "\ndecision: aprove", 1))
    office.round()
    assert top(office.text(item))[0] == "`aprove` is not a decision"
    office.path(item).write_text(office.text(item).replace("\ndecision: aprove", "\ndecision:", 1))
    office.round()
    assert top(office.text(item)) == []
    office.type(item, "approve")
    office.round()
    assert office.state(item) == "approved"


def test_a_huge_file_is_moved_aside_unchanged(office: QueueOffice, item: str) -> None:
    office.type(item, "approve", "x" * 200_000)
    huge = office.path(item).read_bytes()
    office.round()
    assert office.state(item) == "concept"
    assert "was larger than" in top(office.text(item))[0]
    assert (office.queue / "m.devries" / "_refused" / f"{item}.yaml").read_bytes() == huge


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_plain_file_is_moved_aside(office: QueueOffice, item: str, kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("decision: approve\n")
    path = office.path(item)
    path.unlink()
    {"link": lambda: path.symlink_to(secret), "folder": path.mkdir, "pipe": lambda: os.mkfifo(path)}[kind]()
    office.round()
    office.round()
    assert office.state(item) == "concept"
    assert "what lay here was no plain file" in top(office.text(item))[0]
    assert secret.read_text() == "decision: approve\n"


def test_links_in_place_of_our_folders_are_not_followed(office: QueueOffice, item: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "accounts.pdf").write_text("not to be touched")
    home = office.queue / "m.devries"
    shutil.rmtree(home / item)
    (home / item).symlink_to(outside)
    (home / "_decided").symlink_to(outside)
    office.type(item, "approve")
    office.round()
    assert office.state(item) == "approved"
    assert [path.name for path in outside.iterdir()] == ["accounts.pdf"]
    assert (home / "_decided" / f"{item}.yaml").exists()


def test_a_link_in_place_of_an_approvers_folder_gets_nothing(office: QueueOffice, tmp_path: Path) -> None:
    office.round()
    outside = tmp_path / "outside"
    outside.mkdir()
    (office.queue / "m.devries").rmdir()
    (office.queue / "m.devries").symlink_to(outside)
    name = office.concept()
    other = office.concept(approvers=["k.smit"])
    office.round()
    assert list(outside.iterdir()) == []
    assert office.path(other, "k.smit").exists()
    assert not office.path(name).exists()


def test_what_the_approver_put_beside_the_copies_is_kept(office: QueueOffice, item: str) -> None:
    folder = office.queue / "m.devries" / item
    (folder / "my notes.txt").write_text("hm")
    (folder / "accounts.pdf").write_bytes(b"annotated")
    office.type(item, "approve")
    office.round()
    kept = office.queue / "m.devries" / "_decided" / item
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"my notes.txt": b"hm", "accounts.pdf": b"annotated"}
