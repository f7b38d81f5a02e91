"""Publishing on real folders and a real database: what is on the portal, when, and what a crash or a full disk leaves of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.portals import CLIENTS, MARIEKE, SETTINGS, PortalOffice
from kit.support import wait_for

from dossier.database.tables import Mail, Page, item_key
from dossier.files import files, moves
from dossier.trail import trail
from workflow.portal import pages, placing, publishing, verifying
from workflow.portal.folder_site import FolderSite, PortalUnusable


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PortalOffice]:
    made = PortalOffice(tmp_path / "office")
    yield made
    made.close()


@pytest.fixture(params=["swapping", "without links and exchange"])
def either(request: pytest.FixtureRequest, office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> PortalOffice:
    """An office on a file system that can swap folders, and one on a file system that can't."""
    if request.param != "swapping":
        monkeypatch.setattr(moves, "can_swap", lambda folder: False)
        monkeypatch.setattr(moves, "exchange", lambda one, other: False)
        office.start()
    return office


class Killed(BaseException):
    """The process ends here."""


def full(*_: object) -> None:
    raise OSError(28, "No space left on device", "somewhere")


# The plain way


def test_an_item_that_is_shared_is_on_the_portal_byte_for_byte(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"%PDF a", "b.txt": b""})
    assert office.publish() == 2  # the other client's page, with nothing on it, is one of its own
    assert office.tree() == {f"{item}/a.pdf": b"%PDF a", f"{item}/b.txt": b""}
    assert office.row(item).share_state == "published"
    office.check()


def test_what_is_new_is_in_the_index_before_items_json_names_it(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    office.share({"a.pdf": b"%PDF a"})
    office.publish()
    moved, move = list[str](), moves.move
    monkeypatch.setattr(moves, "move", lambda source, target: (moved.append(Path(source).name), move(source, target)))
    office.share({"b.pdf": b"%PDF b"})
    office.publish()
    assert [name for name in moved if name in placing.PAGE_NAMES] == ["index.html", "items.json", "feed.xml"]


def test_replacing_renaming_adding_and_removing_leave_exactly_the_new_state(either: PortalOffice) -> None:
    item, other = either.share({"a.pdf": b"1", "b.pdf": b"2", "c.pdf": b"3"}), either.share({"x.pdf": b"x"})
    either.publish()
    either.amend(item, {"a.pdf": b"new", "d.pdf": b"4"}, remove=["b.pdf"], rename={"c.pdf": "e.pdf"})
    either.publish()
    assert either.tree() == {
        f"{item}/a.pdf": b"new",
        f"{item}/d.pdf": b"4",
        f"{item}/e.pdf": b"3",
        f"{other}/x.pdf": b"x",
    }
    either.check()


def test_a_withdrawn_item_leaves_nothing_and_comes_back_when_it_is_published_again(either: PortalOffice) -> None:
    item = either.share({"a.pdf": b"1"})
    either.publish()
    either.withdraw(item)
    either.publish()
    assert either.tree() == {}
    either.check()
    either.restore(item)
    either.publish()
    assert either.tree() == {f"{item}/a.pdf": b"1"}
    either.check()


def test_a_file_name_used_again_is_another_path(office: PortalOffice) -> None:
    first = office.share({"accounts.pdf": b"first"})
    office.publish()
    office.withdraw(first)
    second = office.share({"accounts.pdf": b"second"})
    office.publish()
    assert list(office.tree()) == [f"{second}/accounts.pdf"]
    assert first != second


def test_another_description_needs_no_copying(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    path = office.office.portal / "acme-bv" / item / "a.pdf"
    inode = path.stat().st_ino
    office.amend(item, description="Annual accounts, corrected")
    office.publish()
    assert path.stat().st_ino == inode
    assert "corrected" in (office.office.portal / "acme-bv/index.html").read_text()
    office.check()


@pytest.mark.parametrize("is_left", [False, True])
def test_hundreds_of_items_for_a_client_write_the_index_a_few_times(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch, is_left: bool
) -> None:
    """Where a start finds them waiting, it may be that whoever was killed could not do so many: there are few in the first round."""
    written = []
    index_html = pages.index_html
    monkeypatch.setattr(pages, "index_html", lambda *args, **named: written.append(1) or index_html(*args, **named))
    office.share_all([({"a.txt": b"1"}, "acme-bv", f"Item number {number}") for number in range(300)])
    if is_left:
        office.start()
    assert office.publish() == len(written) == 2 + is_left  # the other client's empty one, too
    office.check()


def test_what_was_withdrawn_goes_in_a_round_of_its_own_before_whatever_else_waits(office: PortalOffice) -> None:
    items = [office.share({"a.txt": b"1"}, description=f"Item number {number}") for number in range(3)]
    office.publish()
    office.share_all([({"b.txt": b"2"}, "acme-bv", f"Another, number {number}") for number in range(50)])
    office.withdraw(items[-1])
    office.portal.round(office.now)
    assert set(office.listed()) == {f"{item}/a.txt" for item in items[:-1]}
    office.publish()
    office.check()


def test_what_is_replaced_is_on_the_disk_before_it_counts_as_published(
    either: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = either.share({"a.txt": b"1"})
    either.publish()
    either.amend(item, {"a.txt": b"2"})
    synced: set[int] = set()
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    either.publish()
    home = either.office.portal / "acme-bv"
    written = [home, home / item, home / item / "a.txt", home / "items.json", home / "index.html"]
    assert [path.name for path in written if path.stat().st_ino not in synced] == []


def test_a_portal_that_was_deleted_meanwhile_is_made_anew(office: PortalOffice) -> None:
    office.share({"a.txt": b"1"})
    office.share({"z.txt": b"2"}, client="zon")
    office.publish()
    before = office.tree(), office.tree("zon")
    shutil.rmtree(office.office.portal)
    assert office.publish() == 1
    assert (office.tree(), office.tree("zon")) == before
    office.check()


# Clients


def test_a_client_that_becomes_inactive_or_loses_the_portal_is_taken_off_whole_and_comes_back(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    withdrawn = office.share({"b.pdf": b"1"}, "zon")
    office.publish()
    office.withdraw(withdrawn)
    office.publish()
    for change in ("active: false, name", "portal: false, name"):
        office.configure(
            clients=CLIENTS.replace("name: Acme", f"{change}: Acme").replace("name: Bakkerij", f"{change}: Bakkerij")
        )
        office.reload()
        office.publish()
        assert list(office.office.portal.iterdir()) == []
        assert office.row(item).share_state == "approved"
        office.configure(clients=CLIENTS)
        office.reload()
        office.publish()
        assert list(office.tree()) == [f"{item}/a.pdf"]
        office.check()


def test_a_client_with_nothing_shared_has_a_page_as_long_as_they_may_have_one(either: PortalOffice) -> None:
    either.publish()
    assert json.loads(read_page(either, "zon", "items.json")) == {"schema_version": 1, "client": "zon", "items": []}
    assert "Er staat hier nog niets" in read_page(either, "zon", "index.html")
    assert verifying.look(either.office, either.vault) == []
    listed = "zon: {name: Bakkerij Zon}"
    for off in ("zon: {name: Bakkerij Zon, active: false}", "zon: {name: Bakkerij Zon, portal: false}", ""):
        either.configure(clients=CLIENTS.replace(listed, off))
        either.reload()
        either.publish()
        assert "zon" not in either.portal.site.homes()
        assert verifying.look(either.office, either.vault) == []
        either.configure(clients=CLIENTS)
        either.reload()
        either.publish()
        assert "Er staat hier nog niets" in read_page(either, "zon", "index.html")


def test_a_page_that_was_placed_and_not_recorded_is_made_again(either: PortalOffice) -> None:
    either.publish()
    # As a power cut leaves it that the rename survived, and the commit did not.
    Page.delete().where(Page.client == "zon").execute()
    assert [one.kind for one in verifying.look(either.office, either.vault)] == ["stranger"]
    either.reload()
    either.publish()
    assert "Er staat hier nog niets" in read_page(either, "zon", "index.html")
    assert verifying.look(either.office, either.vault) == []


def read_page(office: PortalOffice, client: str, name: str) -> str:
    size = office.portal.site.size(f"{client}/{name}")
    assert size is not None
    return b"".join(office.portal.site.pieces(f"{client}/{name}", 0, size)).decode()


def test_nobody_waits_for_an_empty_page(office: PortalOffice) -> None:
    office.share({"a.pdf": b"1"})
    assert office.portal.has_work(office.now)
    office.portal.round(office.now)
    assert office.portal.site.homes() == {"acme-bv"}
    office.publish()
    assert office.portal.site.homes() == {"acme-bv", "zon"}
    office.check()


def test_pages_for_which_nobody_waits_are_left_for_later_when_something_comes(office: PortalOffice) -> None:
    assert office.portal.has_work(office.now)
    assert not office.portal.is_awaited(office.now)
    office.portal.round(office.now, lambda: True)
    assert office.portal.site.homes() == {"acme-bv"}
    office.share({"a.pdf": b"1"}, client="zon")
    office.configure(clients=CLIENTS.replace("Acme B.V.", "Acme Holding"))
    office.reload()
    office.portal.round(office.now, lambda: True)
    assert "a.pdf" in read_page(office, "zon", "index.html")
    assert "Acme Holding" not in read_page(office, "acme-bv", "index.html")
    assert not office.portal.is_awaited(office.now)
    office.portal.round(office.now, lambda: True)
    assert "Acme Holding" in read_page(office, "acme-bv", "index.html")
    assert not office.portal.has_work(office.now)
    office.check()


def test_a_client_that_is_in_the_configuration_no_more_is_taken_off(office: PortalOffice) -> None:
    office.share({"a.pdf": b"1"})
    office.publish()
    office.configure(clients="clients: {zon: {name: Zon}}\n")
    office.start()
    office.publish()
    assert [path.name for path in office.office.portal.iterdir()] == ["zon"]


def test_a_changed_name_or_title_is_on_the_pages(office: PortalOffice) -> None:
    office.share({"a.pdf": b"1"})
    office.publish()
    office.configure(clients=CLIENTS.replace("Acme B.V.", "Acme Holding"), settings="portal: {title: Accounts desk}\n")
    office.reload()
    office.publish()
    page = (office.office.portal / "acme-bv/index.html").read_text()
    assert "Acme Holding" in page
    assert "Accounts desk" in page
    office.start()
    assert not office.portal.has_work(office.now)


def test_items_of_a_type_that_is_never_shared_leave_the_portal_when_the_type_says_so(office: PortalOffice) -> None:
    office.configure(settings=SETTINGS + "types: {advice: {}}\n")
    item = office.share({"a.pdf": b"1"}, type="advice")
    office.publish()
    office.configure(settings=SETTINGS + "types: {advice: {share: never}}\n")
    office.reload()
    office.publish()
    assert office.tree() == {}
    assert office.row(item).public is None


# Interruptions


STEPS = ["stage", "apply", "sync", "record", "clear"]


def killed_at(step: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The process ends when it comes to this step of a round."""
    context = pytest.MonkeyPatch()

    def die(*args: object) -> None:
        raise Killed

    if step in ("apply", "clear"):
        context.setattr(placing.Change, step, die)
    elif step == "record":
        context.setattr(publishing, "record", die)
    else:
        calls: list[object] = []
        sync = files.sync

        def die_at(*args: object) -> None:
            calls.append(args)
            if len(calls) == (1 if step == "stage" else 2):
                raise Killed
            sync(*args)  # type: ignore[arg-type]

        context.setattr(files, "sync", die_at)
    return context


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_next_start_ends_where_it_should(
    either: PortalOffice, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, changed, gone = (either.share({"a.pdf": name.encode(), "b.pdf": b"2"}) for name in ("kept", "changed", "gone"))
    either.publish()
    new = either.share({"a.pdf": b"new"})
    either.amend(changed, {"a.pdf": b"other"}, remove=["b.pdf"])
    either.withdraw(gone)
    context = killed_at(step, monkeypatch)
    with pytest.raises(Killed):
        either.portal.round(either.now)
    context.undo()
    listed = either.listed()
    assert set(listed) <= set(either.tree())
    either.start()
    either.publish()
    assert set(either.tree()) == {f"{kept}/a.pdf", f"{kept}/b.pdf", f"{changed}/a.pdf", f"{new}/a.pdf"}
    either.check()


@pytest.mark.parametrize("step", STEPS)
def test_what_was_withdrawn_after_a_crash_does_not_stay(either: PortalOffice, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, item = either.share({"x.pdf": b"x"}), either.share({"a.pdf": b"1"})
    context = killed_at(step, monkeypatch)
    with pytest.raises(Killed):
        either.portal.round(either.now)
    context.undo()
    either.withdraw(item)
    either.start()
    either.publish()
    assert set(either.tree()) == {f"{first}/x.pdf"}
    either.check()


@pytest.mark.parametrize("step", ["apply", "sync"])
def test_a_full_disk_leaves_the_portal_as_it_was_and_is_tried_again(
    either: PortalOffice, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, gone = either.share({"a.pdf": b"1"}), either.share({"g.pdf": b"g"})
    either.publish()
    either.amend(item, {"a.pdf": b"2", "b.pdf": b"3"})
    either.withdraw(gone)

    with monkeypatch.context() as broken:
        if step == "apply":
            broken.setattr(placing.Change, "apply", full)
        else:
            broken.setattr(files, "sync", full)
        either.portal.round(either.now)
    assert either.listed() == {f"{item}/a.pdf": either.keep(b"1").sha256, f"{gone}/g.pdf": either.keep(b"g").sha256}
    assert either.portal.pauses.trouble
    assert not either.portal.has_work(either.now)
    either.now = either.now.replace(hour=12)
    either.publish()
    assert either.portal.pauses.trouble is None
    assert set(either.tree()) == {f"{item}/a.pdf", f"{item}/b.pdf"}
    either.check()


def test_what_was_withdrawn_goes_from_a_full_disk_and_no_page_names_it(
    either: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, gone = either.share({"a.pdf": b"1"}), either.share({"g.pdf": b"g"})
    either.publish()
    either.withdraw(gone)
    with monkeypatch.context() as broken:
        broken.setattr(files, "write_whole", full)
        either.portal.take_off(either.now)
        assert set(either.tree()) == {f"{stays}/a.pdf"}
        home = either.portal.site.path / "acme-bv"
        assert not [name for name in placing.PAGE_NAMES if (home / name).exists()]
        assert either.portal.pauses.trouble
    either.now = either.now.replace(hour=12)
    either.publish()
    assert either.listed() == {f"{stays}/a.pdf": either.keep(b"1").sha256}
    assert either.portal.pauses.trouble is None
    either.check()


def test_room_that_the_pages_and_what_was_withdrawn_leave_is_enough_for_the_pages(
    either: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, gone = either.share({"a.pdf": b"1"}), either.share({"g.pdf": b"g"})
    either.publish()
    either.withdraw(gone)
    home, write = either.portal.site.path / "acme-bv", files.write_whole

    def nearly_full(*args: Any, **options: Any) -> None:
        if (home / gone).exists():
            full()
        write(*args, **options)

    monkeypatch.setattr(files, "write_whole", nearly_full)
    either.portal.take_off(either.now)
    assert either.listed() == {f"{stays}/a.pdf": either.keep(b"1").sha256}
    assert either.row(gone).share_state == "withdrawn"
    assert either.portal.pauses.trouble is None
    either.check()


@pytest.mark.parametrize("step", ["apply", "begin"])
def test_what_could_not_be_published_a_moment_ago_keeps_nothing_on_the_portal_that_is_withdrawn(
    office: PortalOffice, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = office.share({"g.pdf": b"g"})
    office.publish()
    waits = office.share({"w.pdf": b"w"})
    with monkeypatch.context() as broken:
        broken.setattr(*((placing.Change, "apply") if step == "apply" else (FolderSite, "begin")), full)
        office.portal.round(office.now)
    assert office.portal.pauses.is_any
    office.withdraw(gone)
    office.portal.take_off(office.now)
    assert not [name for name in office.tree() if name.startswith(gone)]
    office.publish()
    assert set(office.tree()) == {f"{waits}/w.pdf"}


@pytest.mark.parametrize("step", ["apply", "begin"])
def test_a_clock_that_is_set_back_keeps_nothing_off_the_portal(
    office: PortalOffice, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed is tried again after a while, whatever o'clock it is then."""
    gone = office.share({"g.pdf": b"g"})
    office.publish()
    office.withdraw(gone)

    with monkeypatch.context() as broken:
        broken.setattr(*((placing.Change, "apply") if step == "apply" else (FolderSite, "begin")), full)
        office.portal.round(office.now)
    assert not office.portal.has_work(office.now)
    office.now = office.now.replace(hour=1)
    office.publish()
    assert office.tree() == {}
    office.check()


def test_a_staging_folder_that_somebody_tidied_up_is_made_anew(office: PortalOffice) -> None:
    gone = office.share({"g.pdf": b"g"})
    office.publish()
    shutil.rmtree(office.root / "var/.portal-staging")
    office.withdraw(gone)
    new = office.share({"n.pdf": b"n"})
    office.publish()
    assert list(office.tree()) == [f"{new}/n.pdf"]
    office.check()


def test_a_damaged_vault_file_is_not_published_and_holds_up_nobody(office: PortalOffice) -> None:
    bad, good = office.share({"a.pdf": b"1"}), office.share({"b.pdf": b"2"})
    office.vault.location(office.keep(b"1").sha256).write_bytes(b"X")
    office.publish()
    assert list(office.tree()) == [f"{good}/b.pdf"]
    assert "damaged" in str(office.portal.pauses.trouble or "")
    office.vault.location(office.keep(b"1").sha256).write_bytes(b"1")
    office.now = office.now.replace(hour=12)
    office.publish()
    assert set(office.tree()) == {f"{bad}/a.pdf", f"{good}/b.pdf"}


def test_a_withdrawal_in_the_middle_of_a_round_wins(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    item, other = office.share({"a.pdf": b"1"}), office.share({"b.pdf": b"1"}, "zon")
    stage = placing.Change.stage

    def stage_and_withdraw(self: placing.Change, *args: object) -> list[Path]:
        if self.code == "acme-bv":
            office.withdraw(item)
        return stage(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(placing.Change, "stage", stage_and_withdraw)
    office.portal.round(office.now)
    monkeypatch.undo()
    assert not (office.office.portal / "acme-bv").exists()
    assert list(office.tree("zon")) == [f"{other}/b.pdf"]
    office.publish()
    assert not [event for event in trail.history(item_key(item)) if event["action"] == "published"]


def test_a_large_folder_that_was_swapped_out_is_deleted_beside_the_work(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "LARGE", 2)
    item, *_ = (office.share({"a.txt": bytes([number])}) for number in range(5))
    office.publish()
    office.withdraw(item)
    office.publish()
    staging = office.root / "var/.portal-staging"
    wait_for(lambda: not list(staging.glob("*/clients/*")), "the old folder is gone")
    office.check()


# Strangers


def test_what_is_not_ours_is_moved_out_of_the_way_and_never_deleted(office: PortalOffice) -> None:
    item, gone = office.share({"a.pdf": b"1"}), office.share({"g.pdf": b"g"})
    office.publish()
    home = office.office.portal / "acme-bv"
    (home / item / "mine.txt").write_text("mine")
    (home / gone / "mine.txt").write_text("mine too")
    os.symlink("/etc/passwd", home / gone / "link")
    office.amend(item, {"a.pdf": b"2"})
    office.withdraw(gone)
    office.publish()
    assert set(office.tree()) == {f"{item}/a.pdf"}
    moved = sorted(path.name for path in (office.root / "var/quarantine").rglob("*") if not path.is_dir() or path.is_symlink())
    assert [name.removesuffix("-2") for name in moved] == ["link", "mine.txt", "mine.txt"]


def test_what_is_not_ours_survives_when_a_client_is_taken_off(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    home = office.office.portal / "acme-bv"
    for name in ("notes.txt", f"{item}/mine.txt", "_pages/mine.html"):
        (home / name).write_text("mine")
    office.configure(clients=CLIENTS.replace("name: Acme", "active: false, name: Acme"))
    office.reload()
    office.publish()
    assert not home.exists()
    moved = sorted(path.name for path in (office.root / "var/quarantine").rglob("*.*"))
    assert moved == ["mine.html", "mine.txt", "notes.txt"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_file_or_link_in_the_place_of_a_clients_folder_is_moved_away(office: PortalOffice, kind: str, tmp_path: Path) -> None:
    home = office.office.portal / "acme-bv"
    if kind == "file":
        home.write_text("mine")
    else:
        os.symlink(tmp_path, home)
    item = office.share({"a.pdf": b"1"})
    office.publish()
    assert list(office.tree()) == [f"{item}/a.pdf"]
    assert not (tmp_path / item).exists()
    office.check()


def test_a_clients_folder_that_was_deleted_comes_back_whole(office: PortalOffice) -> None:
    old = office.share({"a.pdf": b"1"})
    office.publish()
    published_at = office.row(old).published_at
    files.remove_tree(office.office.portal / "acme-bv")
    new = office.share({"b.pdf": b"1"})
    office.publish()
    assert set(office.tree()) == {f"{old}/a.pdf", f"{new}/b.pdf"}
    assert office.row(old).published_at == published_at
    office.check()


def test_the_staging_folder_is_never_under_the_portal(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "can_move", lambda *args: False)
    with pytest.raises(PortalUnusable, match=r"set paths\.portal to a folder within it"):
        office.start()


# Mail


def test_a_mail_is_asked_for_once_when_the_item_is_on_the_portal(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"}, notify=True, contact="j.jansen")
    assert Mail.select().count() == 0
    office.publish()
    office.amend(item, {"a.pdf": b"2"})
    office.publish()
    assert [mail.kind for mail in Mail.select()] == ["ready"]


def test_items_json_says_when_it_was_published(office: PortalOffice) -> None:
    office.share({"a.pdf": b"1"})
    office.publish()
    told = json.loads((office.office.portal / "acme-bv/items.json").read_text())["items"][0]
    assert told["published_at"].startswith("2026-11-24T")


def test_everybody_is_named_in_the_trail(office: PortalOffice) -> None:
    item = office.share({"a.pdf": b"1"})
    office.publish()
    office.withdraw(item)
    office.publish()
    assert [event["action"] for event in trail.history(item_key(item))] == [
        "created",
        "approved",
        "published",
        "withdrawn",
        "taken_off",
    ]
    assert MARIEKE.code == trail.history(item_key(item))[0]["actor"]
