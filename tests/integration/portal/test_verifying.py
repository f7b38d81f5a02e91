"""verify, on real folders: what lacks, was changed or doesn't belong is found by hash, mended from the vault, and never deleted."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kit.portals import CLIENTS, PortalOffice, raised

from desk.daemon.portal_work import PortalWork
from dossier.database.tables import Event, Item, item_key
from dossier.files import files, moves
from dossier.files.beneath import Place
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.trail import auditing, trail
from workflow.portal import mending, verifying
from workflow.portal.folder_site import FolderSite
from workflow.portal.verifying import Difference


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalOffice]:
    """Two clients with items on the portal; looks are taken in quick succession, as nobody else publishes here."""
    monkeypatch.setattr(verifying, "PAUSE_SECONDS", 0.0)
    made = PortalOffice(tmp_path / "office")
    made.share({"a.pdf": b"first", "b.txt": b"second"})
    made.share({"a.pdf": b"third"})
    made.share({"z.txt": b"zon"}, "zon")
    made.publish()
    yield made
    made.close()


def look(office: PortalOffice, part: int | None = None) -> list[str]:
    return [str(one) for one in verifying.look(office.office, office.vault, part)]


def mend(office: PortalOffice) -> None:
    mending.ask(office.now, trail.DAEMON, verifying.look(office.office, office.vault))
    wanted = mending.asked()
    mending.mend(office.portal, office.now, wanted, raised)
    office.publish()
    mending.forget(wanted)


def quarantined(office: PortalOffice) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (office.root / "var/quarantine").rglob("*") if path.is_file()}


def test_nothing_differs_in_an_office_that_nobody_touched(office: PortalOffice) -> None:
    assert look(office) == []


Damage = Callable[[Path], object]
HOME = "acme-bv"
DAMAGES: list[tuple[str, str, Damage]] = [
    ("D-2026-000001/a.pdf", "is missing", Path.unlink),
    ("D-2026-000001/a.pdf", "was changed", lambda path: path.write_bytes(b"frist")),
    ("D-2026-000001/a.pdf", "was changed", lambda path: path.write_bytes(b"much longer")),
    ("D-2026-000001/c.pdf", "does not belong here", lambda path: path.write_bytes(b"mine")),
    ("D-2026-000001/folder", "does not belong here", lambda path: (path.mkdir(), (path / "x").write_bytes(b"mine"))),
    ("D-2026-000001/link", "does not belong here", lambda path: path.symlink_to("/etc/passwd")),
    ("D-2026-000099", "does not belong here", lambda path: (path.mkdir(), (path / "x").write_bytes(b"mine"))),
    ("notes.txt", "does not belong here", lambda path: path.write_bytes(b"mine")),
    (".hidden", "does not belong here", lambda path: path.write_bytes(b"mine")),
    ("_pages/evil.js", "does not belong here", lambda path: path.write_bytes(b"mine")),
    ("index.html", "was changed", lambda path: path.write_bytes(b"<h1>hacked</h1>")),
    ("index.html", "is missing", Path.unlink),
    ("items.json", "was changed", lambda path: path.write_bytes(b"{}")),
    ("feed.xml", "is missing", Path.unlink),
    ("_pages/style.css", "was changed", lambda path: path.write_bytes(b"body{}")),
    ("_pages/search.js", "is missing", Path.unlink),
]


@pytest.mark.parametrize(("name", "words", "damage"), DAMAGES, ids=[f"{name} {words}" for name, words, _ in DAMAGES])
def test_what_differs_on_the_portal_is_found_and_mended(office: PortalOffice, name: str, words: str, damage: Damage) -> None:
    path = office.office.portal / HOME / name
    before = path.read_bytes() if path.is_file() else None
    published_at = [item.published_at for item in Item.select().order_by(Item.id)]
    damage(path)
    changed = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    assert look(office) == [f"portal: {HOME}/{name}: {words}"]
    mend(office)
    assert look(office) == []
    office.check()
    if before is not None:
        assert path.read_bytes() == before
    if changed is not None:
        assert changed in quarantined(office).values()
    assert [item.published_at for item in Item.select().order_by(Item.id)] == published_at


def test_a_link_in_the_place_of_an_attachment_or_an_item_is_found_and_never_followed(office: PortalOffice) -> None:
    home = office.office.portal / HOME
    secret = office.root / "secret"
    secret.mkdir()
    (secret / "a.pdf").write_bytes(b"third")
    files.remove_tree(home / "D-2026-000002")
    (home / "D-2026-000002").symlink_to(secret)
    (home / "D-2026-000001/a.pdf").unlink()
    (home / "D-2026-000001/a.pdf").symlink_to(secret / "a.pdf")
    assert sorted(look(office)) == [
        f"portal: {HOME}/D-2026-000001/a.pdf: does not belong here",
        f"portal: {HOME}/D-2026-000001/a.pdf: is missing",
        f"portal: {HOME}/D-2026-000002/a.pdf: is missing",
        f"portal: {HOME}/D-2026-000002: does not belong here",
    ]
    mend(office)
    assert look(office) == []
    office.check()
    assert (secret / "a.pdf").read_bytes() == b"third"


def test_folders_that_are_nobodys_and_of_clients_without_a_portal_are_found_and_moved(office: PortalOffice) -> None:
    (office.office.portal / "nobody").mkdir()
    (office.office.portal / "nobody/x").write_bytes(b"mine")
    (office.office.portal / "robots.txt").write_bytes(b"mine too")
    assert look(office) == ["portal: nobody: does not belong here", "portal: robots.txt: does not belong here"]
    mend(office)
    assert look(office) == []
    assert set(quarantined(office)) == {"x", "robots.txt"}
    office.configure(clients=CLIENTS.replace("name: Bakkerij", "active: false, name: Bakkerij"))
    assert look(office) == ["portal: zon: does not belong here"]
    office.portal.office = office.office
    mend(office)
    assert look(office) == []
    assert not (office.office.portal / "zon").exists()


def test_what_has_a_name_that_is_no_text_is_found_and_moved(office: PortalOffice) -> None:
    name = os.fsdecode(b"caf\xe9\n%2e.txt")
    for folder in (office.office.portal, office.office.portal / HOME, office.vault.path):
        (folder / name).write_bytes(b"mine")
    office.start()
    told = r"caf\udce9\n%2e.txt: does not belong here"
    assert look(office) == [f"portal: {HOME}/{told}", f"portal: {told}", f"vault: {told}"]
    mend(office)
    assert look(office) == []
    assert len(quarantined(office)) == 3
    assert auditing.first_fault() is None


def test_what_was_never_shown_is_moved_before_an_item_is_published_anew_whatever_its_name(office: PortalOffice) -> None:
    (office.office.portal / HOME / "D-2026-000001" / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"mine")
    office.amend("D-2026-000001", {"b.txt": b"other"})
    office.publish()
    assert look(office) == []
    assert list(quarantined(office).values()) == [b"mine"]


def stick(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Nothing of this name can be moved alone, as somebody else's folder can't."""
    move_away = moves.move_away

    def stuck(source: Place, target: Path) -> None:
        if str(source).endswith(f"/{name}"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source))
        move_away(source, target)

    monkeypatch.setattr(moves, "move_away", stuck)


def test_what_cannot_be_moved_away_holds_up_no_mending(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    portal, troubles = office.office.portal, list[OSError]()
    for path in ("acme-bv/D-2026-000001/a.pdf", "zon/D-2026-000003/z.txt"):
        (portal / path).write_bytes(b"changed")
    for path in ("acme-bv/mine", "acme-bv/zz", "nobody"):
        (portal / path).write_bytes(b"mine")
    stick(monkeypatch, "mine")
    mending.ask(office.now, trail.DAEMON, verifying.look(office.office, office.vault))
    mending.forget(mending.mend(office.portal, office.now, mending.asked(), troubles.append))
    office.publish()
    assert look(office) == ["portal: acme-bv/mine: does not belong here"]
    assert (len(troubles), mending.asked()) == (1, ["mend:acme-bv"]), "it is still asked for"
    monkeypatch.undo()
    mend(office)
    assert look(office) == []
    assert len(quarantined(office)) == 5


def test_a_changed_file_that_cannot_be_read_is_moved_away_and_replaced(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = office.office.portal / HOME / "D-2026-000001/a.pdf"
    place.write_bytes(b"longer than it was")
    open_seen = files.open_seen

    def opened(path: Place) -> tuple[int, os.stat_result]:
        if str(path) == str(place) and place.stat().st_size > 10:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return open_seen(path)

    monkeypatch.setattr(files, "open_seen", opened)
    mend(office)
    assert place.read_bytes() == b"first"
    assert list(quarantined(office).values()) == [b"longer than it was"]


def test_what_cannot_be_moved_away_keeps_nothing_on_the_portal(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    home = office.office.portal / HOME
    for folder in (home, home / "D-2026-000001", home / "D-2026-000002"):
        (folder / "@eaDir").mkdir()
    stick(monkeypatch, "@eaDir")
    office.withdraw("D-2026-000001")
    office.amend("D-2026-000002", {"a.pdf": b"other"})
    office.publish()
    assert not (home / "D-2026-000001").exists()
    assert {path.name: path.read_bytes() for path in (home / "D-2026-000002").iterdir()} == {"a.pdf": b"other"}
    assert look(office) == [f"portal: {HOME}/@eaDir: does not belong here"]
    office.configure(clients=CLIENTS.replace("name: Acme", "portal: false, name: Acme"))
    office.portal.office = office.office
    office.portal.reconsider_clients()
    office.publish()
    assert not home.exists()


def test_what_goes_by_itself_before_it_can_be_moved_away_leaves_the_rest_where_it_is(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, move_away = office.office.portal / HOME, moves.move_away

    def too_late(source: Place, target: Path) -> None:
        if str(source).endswith("/saving.tmp"):
            (home / "D-2026-000002/saving.tmp").unlink()
        move_away(source, target)

    (home / "D-2026-000002/saving.tmp").write_bytes(b"mine")
    (home / "D-2026-000002/zz").write_bytes(b"mine")
    monkeypatch.setattr(moves, "move_away", too_late)
    office.amend("D-2026-000002", {"a.pdf": b"other"})
    office.publish()
    assert {path.name: path.read_bytes() for path in (home / "D-2026-000002").iterdir()} == {"a.pdf": b"other"}
    assert quarantined(office) == {"zz": b"mine"}, "and not all of the item"
    assert look(office) == []


def test_a_clients_folder_that_is_gone_comes_back_with_its_dates(office: PortalOffice) -> None:
    published_at = office.row("D-2026-000001").published_at
    files.remove_tree(office.office.portal / HOME)
    assert len(look(office)) == 8
    mend(office)
    assert look(office) == []
    office.check()
    assert office.row("D-2026-000001").published_at == published_at


def test_what_is_just_being_published_is_no_difference(office: PortalOffice) -> None:
    item = office.share({"new.pdf": b"new"})
    office.amend("D-2026-000001", {"a.pdf": b"other"})
    assert look(office) == []
    (office.office.portal / HOME / item).mkdir()
    (office.office.portal / HOME / item / "new.pdf").write_bytes(b"new")
    (office.office.portal / HOME / "mine.txt").write_bytes(b"mine")
    (office.office.portal / HOME / "D-2026-000002/mine.txt").write_bytes(b"mine")
    strangers = [f"portal: {HOME}/D-2026-000002/mine.txt: does not belong here", f"portal: {HOME}/mine.txt: does not belong here"]
    assert sorted(look(office)) == strangers, "but what nobody publishes is"
    office.publish()
    assert sorted(look(office)) == strangers
    mend(office)
    assert look(office) == []
    office.check()


def test_what_was_published_while_it_was_looked_is_no_difference(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = verifying._expected

    def expected_before(code: str) -> object:
        files_ = expected(code)
        if code == HOME:
            office.share({"new.pdf": b"new"})
            office.publish()
        return files_

    (office.office.portal / HOME / "mine.txt").write_bytes(b"mine")
    monkeypatch.setattr(verifying, "_expected", expected_before)
    assert look(office) == [f"portal: {HOME}/mine.txt: does not belong here"]


def vault_path(office: PortalOffice, data: bytes) -> Path:
    return office.vault.location(office.keep(data).sha256)


def test_a_vault_file_that_is_gone_or_damaged_is_found_and_taken_back_from_the_portal(office: PortalOffice) -> None:
    gone, damaged = vault_path(office, b"first"), vault_path(office, b"third")
    gone.unlink()
    damaged.write_bytes(b"thirX")
    assert len(look(office)) == 2
    mend(office)
    assert look(office) == []
    assert (gone.read_bytes(), damaged.read_bytes()) == (b"first", b"third")
    assert quarantined(office) == {damaged.name: b"thirX"}
    assert [event["action"] for event in trail.history(item_key("D-2026-000001"))][-1] == "vault_mended"


def test_an_item_of_which_no_good_copy_is_left_is_taken_off_until_there_is_one(office: PortalOffice) -> None:
    path = vault_path(office, b"first")
    path.write_bytes(b"frist")
    (office.office.portal / HOME / "D-2026-000001/a.pdf").write_bytes(b"frist")
    mend(office)
    assert [line.split()[0] for line in look(office)] == ["vault:"]
    assert office.row("D-2026-000001").share_state == "approved"
    assert list(office.tree()) == ["D-2026-000002/a.pdf"]
    path.write_bytes(b"first")
    office.now = office.now.replace(hour=20)
    office.publish()
    assert look(office) == []
    office.check()


def test_a_vault_file_that_no_attachment_names_is_moved_when_it_is_old_and_nobody_receives(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = vault_path(office, b"left over by a crash")
    (office.vault.path / "strange").write_bytes(b"mine")
    assert look(office) == ["vault: strange: does not belong here"]
    monkeypatch.setattr(verifying, "SETTLED_SECONDS", -1)
    mend(office)
    assert path.exists()
    office.start()
    mend(office)
    assert look(office) == []
    assert quarantined(office) == {path.name: b"left over by a crash", "strange": b"mine"}


def test_in_a_month_of_daily_looks_all_contents_are_read(office: PortalOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verifying.PARTS <= 28
    monkeypatch.setattr(verifying, "PARTS", 5)
    damaged = {f"portal: {HOME}/D-2026-000001/a.pdf", "portal: zon/D-2026-000003/z.txt"}
    (office.office.portal / HOME / "D-2026-000001/a.pdf").write_bytes(b"frist")
    (office.office.portal / "zon/D-2026-000003/z.txt").write_bytes(b"noz")
    vault_path(office, b"third").write_bytes(b"thirX")
    found: list[Difference] = []
    for day in range(1, verifying.PARTS + 1):
        today = f"2026-11-{day:02}"
        part = verifying.next_part(today)
        assert part == day - 1
        found += verifying.look(office.office, office.vault, part)
        verifying.note_part(today, part)
        assert verifying.next_part(today) is None
    assert {str(one).rpartition(":")[0] for one in found if one.where == "portal"} == damaged
    assert [one.kind for one in found if one.where == "vault"] == ["changed"]
    assert verifying.next_part("2026-12-01") == 0


def test_a_missing_or_longer_file_is_seen_every_day(office: PortalOffice) -> None:
    (office.office.portal / HOME / "D-2026-000001/a.pdf").unlink()
    (office.office.portal / "zon/D-2026-000003/z.txt").write_bytes(b"much longer")
    assert all(len(look(office, part)) == 2 for part in (0, 9))


def test_damage_in_the_vault_is_remembered_until_it_is_mended(office: PortalOffice) -> None:
    path = vault_path(office, b"third")
    path.write_bytes(b"thirX")
    found = verifying.look_at_vault(office.vault, lambda _: True)
    assert [one.kind for one in verifying.still_damaged(office.vault, found)] == ["changed"]
    assert [one.kind for one in verifying.still_damaged(office.vault, [])] == ["changed"]
    path.write_bytes(b"third")
    assert verifying.still_damaged(office.vault, []) == []


def test_mending_is_in_the_trail(office: PortalOffice) -> None:
    (office.office.portal / HOME / "D-2026-000001/a.pdf").unlink()
    (office.office.portal / HOME / "D-2026-000001/mine.txt").write_bytes(b"mine")
    mend(office)
    actions = [event.action for event in Event.select().order_by(Event.seq)][-3:]
    assert actions == ["mending_asked", "quarantined", "mended"]
    assert auditing.first_fault() is None


def test_what_the_daemon_finds_again_before_it_is_mended_is_told_once(office: PortalOffice) -> None:
    """As where it was killed between the two."""
    (office.office.portal / HOME / "D-2026-000001/a.pdf").unlink()
    for actor in (trail.DAEMON, trail.DAEMON, Actor("j.admin", "command")):
        mending.ask(office.now, actor, verifying.look(office.office, office.vault))
    asked = Event.select().where(Event.action == "mending_asked").order_by(Event.seq)
    assert [event.actor for event in asked] == [trail.DAEMON.code, "j.admin"]


def test_a_daily_look_that_cannot_be_had_and_what_cannot_be_mended_raise_an_alarm(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = dict[str, str | None]()
    work = PortalWork(office.office, office.vault, lambda: None, lambda cause, what: told.update({cause: what and str(what)}))
    path = vault_path(office, b"first")
    trouble = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    def look(*_: object) -> list[Difference]:
        raise trouble

    with monkeypatch.context() as patched:
        patched.setattr(verifying, "look", look)
        work.verify_daily()
    assert str(told["portal vault"]).startswith(
        f"portal and vault can't be compared with the database: {path}: Permission denied"
    )
    monkeypatch.setattr(PortalWork, "_wait_until_mended", lambda self: self._note_unmended(trouble))
    files.remove(office.office.portal / HOME / "D-2026-000001/a.pdf")
    work.verify_daily()
    assert "can't be mended" in str(told["portal vault"])


def test_what_cannot_be_mended_is_not_looked_at_before_each_publishing(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, looks = [1000.0], list[str]()
    work = PortalWork(office.office, office.vault, lambda: None, lambda cause, what: None)
    work.prepare(office.office)
    work.step()  # it sees which folder the portal's is
    look_at_client = verifying.look_at_client

    def looked(of: Office, code: str, is_read: bool) -> list[Difference]:
        looks.append(code)
        return look_at_client(of, code, is_read)

    (office.office.portal / HOME / "mine").write_bytes(b"mine")
    (office.office.portal / "zon/mine.txt").write_bytes(b"mine")
    mending.ask(office.now, trail.DAEMON, verifying.look(office.office, office.vault))
    monkeypatch.setattr(mending, "look_at_client", looked)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with monkeypatch.context() as patched:
        stick(patched, "mine")
        for _ in range(3):
            work.step()
            now[0] += 1
        assert (looks, mending.asked()) == ([HOME, "zon"], [f"mend:{HOME}"])
        assert work._unmended is not None, "and the daily look can tell of it"
        assert now[0] < work.mends_at() <= 1030
    now[0] += 30
    work.step()
    assert (looks, mending.asked(), work._unmended) == ([HOME, "zon", HOME], [], None)
    assert work.mends_at() == float("inf")
    assert quarantined(office) == {"mine": b"mine", "mine.txt": b"mine"}


def test_a_look_ends_when_the_process_is_to_end(office: PortalOffice) -> None:
    files.stopping.set()
    try:
        with pytest.raises(files.Interrupted):
            look(office)
    finally:
        files.stopping.clear()


def test_a_file_of_another_user_is_no_hindrance(office: PortalOffice) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs to be root to make a file of another user")
    path = office.office.portal / HOME / "D-2026-000001/theirs.txt"
    path.write_bytes(b"theirs")
    os.chown(path, 1234, 1234)
    office.amend("D-2026-000001", {"a.pdf": b"new"})
    office.publish()
    office.check()
    assert look(office) == []


def test_a_clients_folder_that_can_not_be_listed_keeps_nobody_from_looking_at_the_others(
    office: PortalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office.office.portal / "zon/D-2026-000099").mkdir(parents=True)
    listed = FolderSite.names

    def barred(site: FolderSite, name: str) -> list[str]:
        if name == HOME:
            raise PermissionError(13, "Permission denied")
        return listed(site, name)

    monkeypatch.setattr(FolderSite, "names", barred)
    assert [one.path for one in verifying.look_at_names(office.office, [HOME, "zon"])] == ["zon/D-2026-000099"]
