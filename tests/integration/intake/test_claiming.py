"""Out before in: nothing is made of a drop before the inbox has let all of its files go, and a file belongs to one client alone."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.ownership import DAEMON, PETRA, STAFF, STRANGER, give, needs_root, open_folder
from kit.support import PDF, Root, need, own_office, wait_for
from structlog.testing import capture_logs

from dossier.database.database import close_database, open_database, transaction
from dossier.database.tables import Drop, Event, Item
from dossier.files import settling
from dossier.files.beneath import At, LastOpened
from dossier.office.opening import load_office
from dossier.text import clock
from dossier.vault.folder import Vault
from ingest.inbox.found import Found
from ingest.inbox.looking import Looker
from ingest.intake import intake, leaving
from ingest.intake.intake import Intake
from ingest.intake.outcome import Outcome

GOOD = "description: A good description\n"
OUTRIGHT = GOOD + "share: yes\nshare_status: approved\nshare_attachments: all\n"
SETTINGS = "watch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off}\nmail: {host: 127.0.0.1, port: 9}\n"


class Inbox:
    """An office whose intake takes when it is told."""

    def __init__(self, root: Path) -> None:
        self.files = own_office(root, settings=SETTINGS)
        self.office = load_office(root, {})
        open_database(self.office)
        self.start()
        self.home = self.files.inbox()

    def start(self) -> None:
        """As a daemon that starts, after one that was killed."""
        self.intake = Intake(self.office, Vault(self.office.vault))
        self.intake.recover()

    def look(self, client: str = "acme-bv") -> list[Found]:
        return Looker(self.office).look(client, *settling.now()).ready

    def take(self, found: list[Found] | None = None) -> Outcome:
        return self.intake.take(clock.utc_now(), self.look() if found is None else found)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    made = Inbox(tmp_path / "office")
    yield made
    made.intake.close()
    close_database()


@pytest.fixture
def fixed() -> Iterator[list[Path]]:
    """Files put in here are immutable, until the test is over."""
    marked: list[Path] = []

    class Marking(list[Path]):
        def append(self, path: Path) -> None:
            if subprocess.run([need("chattr"), "+i", path], check=False, capture_output=True).returncode:
                pytest.skip("this file system has no immutable files")
            marked.append(path)

    yield Marking()
    for path in marked:
        subprocess.run([need("chattr"), "-i", path], check=False)


@pytest.fixture
def open_path() -> Iterator[Path]:
    yield from open_folder()


def nothing_came_of_it(root: Root) -> None:
    assert root.json("items") == []
    assert not list((root.path / "var" / "portal").glob("*/D-*"))
    assert root.json("outbox") == []


@pytest.mark.slow
@needs_root
def test_of_a_file_that_can_not_be_removed_nothing_is_made_however_often_it_is_edited(tmp_path: Path, fixed: list[Path]) -> None:
    root = own_office(tmp_path / "office", settings=SETTINGS)
    card = OUTRIGHT + "notify: yes\ncontact: j.jansen\n"
    root.place("acme-bv", {"a.pdf": PDF, "a.yaml": card, "map/item.yaml": OUTRIGHT, "map/b.pdf": PDF})
    fixed.append(root.inbox() / "a.pdf")
    fixed.append(root.inbox() / "map" / "b.pdf")
    with root.daemon() as daemon:
        for edit in range(2):
            root.place("acme-bv", {"a.yaml": card + f"# edited {edit}\n"})
            root.place("acme-bv", {f"other{edit}.pdf": PDF, f"other{edit}.yaml": GOOD.replace("A good", f"Another {edit}")})
            root.until_taken("acme-bv", f"other{edit}")  # nothing else is held up
        wait_for(lambda: daemon.said('"event": "alarm"'), "an alarm")
        told = root.json("status")
        reasons = {one["path"]: one["reason"] for one in told["waits"]}
        assert set(reasons) == {"acme-bv/a", "acme-bv/map"}
        assert "`a.pdf` can't be taken out of the inbox, as it or its folder is marked as immutable" in reasons["acme-bv/a"]
        first = [f"acme-bv/{card}: `{file}` can't be taken" for card, file in (("a.yaml", "a.pdf"), ("map/item.yaml", "b.pdf"))]
        assert any(one in told["alarms"][0] for one in first), "whichever was looked at first"
        for path in ("a.pdf", "map"):
            assert "marked as immutable" in root.run("why", str(root.inbox() / path)).stdout
        assert {one["description"] for one in root.json("items")} == {"Another 0 description", "Another 1 description"}
    assert root.tree("acme-bv") == [
        "_done", "_done/other0.receipt.yaml", "_done/other1.receipt.yaml", "a.pdf", "a.yaml", "map", "map/b.pdf", "map/item.yaml",
    ]  # fmt: skip
    assert "can't be taken out of the inbox" in root.run("run", "--once", code=4).stderr
    subprocess.run(["chattr", "-i", root.inbox() / "a.pdf", root.inbox() / "map" / "b.pdf"], check=True)
    root.once()
    assert len(root.json("items")) == 4
    assert len(root.json("outbox")) == 1
    assert not [alarm for alarm in root.json("status")["alarms"] if "a.pdf" in alarm]


@pytest.mark.slow
@needs_root
@pytest.mark.parametrize(
    ("sticky", "reason"),
    [
        (True, f"`{{}}` belongs to {PETRA}, in a folder from which only owners remove files (sticky)"),
        (False, f"`{{}}` can't be taken out of its folder, so nothing was made of its drop; give the user {DAEMON} the right"),
    ],
)
def test_what_the_daemons_account_may_not_remove_is_not_taken(open_path: Path, sticky: bool, reason: str) -> None:
    root = own_office(open_path / "office", settings=SETTINGS, staff=STAFF)
    name = "a.pdf" if sticky else "b.pdf"
    if sticky:
        root.place("acme-bv", {"a.pdf": PDF, "a.yaml": OUTRIGHT})
    else:
        root.place("acme-bv", {"map/item.yaml": OUTRIGHT, "map/b.pdf": PDF})
    give(DAEMON, root.path, root.path / "config", root.path / "inbox", root.inbox())
    give(PETRA, *root.inbox().iterdir())
    if sticky:
        root.inbox().chmod(0o1777)
        os.chown(root.inbox(), STRANGER, STRANGER)
    root.uid = DAEMON
    before = root.tree("acme-bv")
    assert "so nothing was made of its drop" in root.run("run", "--once", code=4).stderr
    assert root.tree("acme-bv") == before
    nothing_came_of_it(root)
    told = root.json("status")
    assert reason.format(name) in told["waits"][0]["reason"]
    assert reason.format(name) in told["alarms"][0]
    assert reason.format(name) in root.run("why", str(root.inbox() / before[0])).stdout


def test_a_file_that_is_renamed_to_another_client_after_it_was_looked_at_is_that_clients(inbox: Inbox) -> None:
    inbox.files.place("acme-bv", {"a.pdf": PDF, "a.yaml": GOOD, "map/item.yaml": GOOD, "map/b.pdf": b"b"})
    found = inbox.look()
    zon = inbox.files.inbox("zon")
    (inbox.home / "a.yaml").rename(zon / "a.yaml")
    (inbox.home / "map").rename(zon / "map")
    assert inbox.take(found).postponed == 2
    assert inbox.files.tree("acme-bv") == ["a.pdf"]
    (inbox.home / "a.pdf").rename(zon / "a.pdf")
    assert inbox.take(inbox.look("zon")).taken == 2
    assert {item.client for item in Item.select()} == {"zon"}


def moved(homes: list[Path], name: str) -> bool:
    try:
        (homes[0] / name).rename(homes[1] / name)
    except FileNotFoundError:
        return False
    return True


def test_files_that_are_moved_on_at_any_moment_become_one_item_of_one_client(tmp_path: Path) -> None:
    root = own_office(tmp_path / "office", settings=SETTINGS)
    homes = [root.inbox("acme-bv"), root.inbox("zon")]
    names = [f"drop-{number:02d}" for number in range(40)]
    with root.daemon():
        for number, name in enumerate(names):
            for suffix, data in ((".pdf", name.encode()), (".yaml", f"description: This is the drop {name}\n".encode())):
                (homes[0] / f".{name}").write_bytes(data)
                (homes[0] / f".{name}").rename(homes[0] / f"{name}{suffix}")
            threading.Event().wait(number % 8 * 0.004)  # the moment is what is tried
            if moved(homes, f"{name}.yaml"):  # its file may be claimed just then, and is given back
                wait_for(lambda name=name: moved(homes, f"{name}.pdf"), f"{name}.pdf is moved on")
        wait_for(lambda: not [name for home in homes for name in os.listdir(home) if name.startswith("drop-")], "all is taken")
    descriptions = [one["description"] for one in root.json("items", "--limit", "0")]
    assert sorted(descriptions) == [f"This is the drop {name}" for name in names]


def test_where_one_file_can_not_be_claimed_all_get_their_names_back(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.files.place("acme-bv", {"a.pdf": PDF, "a.csv": "1;2\n", "a.yaml": GOOD})
    is_ours_alone = leaving._is_ours_alone

    def somebody_saves_it_again(path: At, seen: leaving.Look) -> bool:
        if path.name.endswith("a.pdf"):
            (inbox.home / "a.csv").write_text("newer\n")
            return False
        return is_ours_alone(path, seen)

    monkeypatch.setattr(leaving, "_is_ours_alone", somebody_saves_it_again)
    assert inbox.take().postponed == 1
    assert inbox.files.tree("acme-bv") == ["a (2).csv", "a.csv", "a.pdf", "a.yaml"]
    assert (inbox.home / "a.csv").read_text() == "newer\n"
    assert (inbox.home / "a (2).csv").read_text() == "1;2\n"
    assert not Item.select().exists()
    assert not Event.select().where(Event.action.in_(["created", "refused"])).exists()
    inbox.intake.forget()
    assert not Drop.select().exists()


def test_a_daemon_that_starts_gives_the_names_back_that_one_before_had_claimed(inbox: Inbox) -> None:
    inbox.files.place("acme-bv", {"map/item.yaml": GOOD, "map/b.pdf": PDF, "c.pdf": b"c", "c.yaml": GOOD})
    cases = inbox.intake._judge_all(clock.utc_now(), inbox.look(), Outcome())
    inbox.intake._record_claims(clock.utc_now(), cases)
    with LastOpened(inbox.office.inbox) as homes:
        for case in cases:
            leaving.claim(homes, case.row)
    hidden = sorted(os.listdir(inbox.home))
    assert [name for name in hidden if name.startswith(".taken-") and name.endswith("b.pdf")], "a person sees what it is"
    (inbox.home / "map").rename(inbox.home / "moved")  # while no daemon runs
    inbox.start()
    assert inbox.files.tree("acme-bv") == ["c.pdf", "c.yaml", "map", "map/b.pdf", "map/item.yaml", "moved"]
    assert not Drop.select().exists()
    assert inbox.take().taken == 2


@pytest.mark.parametrize("kind", ["claimed", "refused"])
def test_what_was_begun_in_another_inbox_is_left_to_whoever_has_that(inbox: Inbox, kind: str) -> None:
    """A share that is not mounted, and another machine's inbox, have a folder of the same name."""
    inbox.files.place("acme-bv", {"a.pdf": PDF, "a.yaml": GOOD})
    [drop] = inbox.intake._judge_all(clock.utc_now(), inbox.look(), Outcome())
    inbox.intake._record_claims(clock.utc_now(), [drop])
    with LastOpened(inbox.office.inbox) as homes:
        leaving.claim(homes, drop.row)
    if kind == "refused":
        with transaction():
            Drop.update(kind=kind, target="20261124-101500-a", text="a.yaml:1: no").execute()
    away = inbox.office.inbox.rename(inbox.office.inbox.with_name("away"))
    inbox.home.mkdir(parents=True)
    inbox.start()
    assert Drop.select().where(~Drop.cleared).count() == 1
    assert inbox.intake.clearing.has_away, "it is looked for again"
    assert inbox.intake.clearing.trouble == {}
    inbox.home.rmdir()
    inbox.office.inbox.rmdir()
    away.rename(inbox.office.inbox)
    inbox.intake.recover()
    inbox.intake.forget()
    assert not inbox.intake.clearing.has_away
    names = {path.name for path in inbox.home.rglob("*") if path.is_file()}
    assert names == {"a.pdf", "a.yaml"} | ({"WHY.txt"} if kind == "refused" else set())
    assert inbox.take().taken == (kind == "claimed")


def test_the_claim_of_a_drop_whose_commit_fails_is_undone(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.files.place("acme-bv", {"a.pdf": PDF, "a.yaml": GOOD})
    with monkeypatch.context() as patch:
        patch.setattr(Vault, "sync", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device", "/vault")))
        assert "No space left" in str(inbox.take().trouble["acme-bv"])
    assert inbox.files.tree("acme-bv") == ["a.pdf", "a.yaml"]
    assert inbox.take().taken == 1


def test_a_drop_of_version_1_that_was_taken_and_not_cleared_is_cleared(inbox: Inbox) -> None:
    inbox.files.place("acme-bv", {"map/item.yaml": GOOD, "map/b.pdf": PDF})
    found = inbox.look()[0]
    with transaction():
        Drop.insert(
            id=7, client="acme-bv", folder="map", stem="map", kind="taken", at=clock.to_text(clock.utc_now()), text="item: D-1\n",
            files=[[name, *look] for name, look in found.looks.items()], cleared=False,
        ).execute()  # fmt: skip
    (inbox.home / "map" / "b.pdf").rename(inbox.home / "map" / ".taken-7-0.tmp")
    inbox.start()
    assert inbox.files.tree("acme-bv") == ["_done", "_done/map.receipt.yaml"]
    assert json.loads(json.dumps(Drop.get().hidden)) is None


def test_of_what_could_not_be_written_down_the_log_does_not_say_that_it_was_taken(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.files.place("acme-bv", {"report.pdf": PDF, "report.yaml": GOOD})

    def fail(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(intake.items, "create_all", fail)
    with capture_logs() as logged:
        assert inbox.take().postponed == 1
    assert [one["event"] for one in logged if one["log_level"] == "info"] == []
    assert inbox.files.tree("acme-bv") == ["report.pdf", "report.yaml"]


def test_a_file_that_somebody_begins_to_write_to_as_it_is_claimed_gets_its_name_back(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.files.place("acme-bv", {"a.pdf": PDF, "a.yaml": GOOD})
    with monkeypatch.context() as patch:
        patch.setattr(leaving, "has_writer", lambda _: True)
        assert inbox.take().postponed == 1
    assert inbox.files.tree("acme-bv") == ["a.pdf", "a.yaml"]
    assert inbox.take().taken == 1
