"""Taking and clearing, where somebody or something comes in between: files change, rights lack, code fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kit.support import own_office
from structlog.testing import capture_logs

from dossier.database.database import close_database, open_database
from dossier.database.tables import Attachment, Drop, Item
from dossier.files import files, moves, settling
from dossier.office.opening import load_office
from dossier.text import clock
from dossier.vault.folder import Vault
from ingest.inbox.found import Found
from ingest.inbox.looking import Looker
from ingest.intake import intake as intake_module
from ingest.intake.intake import Intake
from ingest.intake.outcome import Outcome

GOOD = "description: A good description\n"


class Inbox:
    """acme-bv's folder, and an intake that takes when it is told."""

    def __init__(self, root: Path) -> None:
        self.files = own_office(root, settings="watch: {settle_seconds: 0, folder_settle_seconds: 0}\nsharing: {guard: off}\n")
        self.office = load_office(root, {})
        open_database(self.office)
        self.intake = Intake(self.office, Vault(self.office.vault))
        self.home = self.office.inbox / "acme-bv"

    def drop(self, **named: bytes | str) -> None:
        self.files.place("acme-bv", {name.replace("__", "/").replace("_", "."): data for name, data in named.items()})

    def look(self) -> list[Found]:
        return Looker(self.office).look("acme-bv", *settling.now()).ready

    def take(self, found: list[Found] | None = None) -> Outcome:
        return self.intake.take(clock.utc_now(), self.look() if found is None else found)

    def left(self) -> list[str]:
        found = (str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file())
        return sorted(name for name in found if not name.startswith("_"))

    def rejected(self) -> list[list[str]]:
        return [sorted(os.listdir(path)) for path in sorted((self.home / "_rejected").iterdir())]


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    made = Inbox(tmp_path / "office")
    yield made
    made.intake.gate.close()
    close_database()


def test_a_drop_that_was_changed_since_it_was_looked_at_waits_for_its_next_look(inbox: Inbox) -> None:
    inbox.drop(a_pdf=b"first", a_yaml=GOOD)
    found = inbox.look()
    inbox.drop(a_yaml=GOOD + "location: elsewhere\n")
    assert inbox.take(found).postponed == 1
    assert Item.select().count() == 0
    assert inbox.take().taken == 1
    assert Item.get().location == "elsewhere"


def test_a_file_that_is_put_in_place_of_one_just_taken_stays(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop(a_pdf=b"first", a_yaml=GOOD)
    clear = inbox.intake.clearing.clear

    def clear_late() -> None:
        (inbox.home / "new").write_bytes(b"second")
        (inbox.home / "new").rename(inbox.home / "a.pdf")
        clear()

    monkeypatch.setattr(inbox.intake.clearing, "clear", clear_late)
    assert inbox.take().taken == 1
    assert inbox.left() == ["a.pdf"]
    assert (inbox.home / "a.pdf").read_bytes() == b"second"


def test_a_file_that_is_replaced_between_the_last_look_and_the_removal_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, aside = tmp_path / "a.pdf", tmp_path / ".aside"
    path.write_bytes(b"first")
    seen = files.look(path)
    assert seen is not None
    (tmp_path / "new").write_bytes(b"second")
    looks = files.look

    def look_then_replace(at: str | Path) -> files.Look | None:
        found = looks(at)
        if at == path and (tmp_path / "new").exists():
            (tmp_path / "new").rename(path)
        return found

    monkeypatch.setattr(files, "look", look_then_replace)
    assert not moves.take_away(path, aside, seen)
    assert path.read_bytes() == b"second"
    assert not aside.exists()


def test_a_removal_that_was_interrupted_is_finished(tmp_path: Path) -> None:
    path, aside = tmp_path / "a.pdf", tmp_path / ".aside"
    path.write_bytes(b"first")
    seen = files.look(path)
    assert seen is not None
    path.rename(aside)
    assert moves.take_away(path, aside, seen)
    assert os.listdir(tmp_path) == []


def test_two_drops_of_one_name_that_are_refused_in_one_second_lie_apart(inbox: Inbox) -> None:
    for content in (b"first", b"second"):
        inbox.drop(a_pdf=content, a_yaml="description: Short\n")
        assert inbox.take().refused == 1
    assert inbox.rejected() == [["WHY.txt", "a.pdf", "a.yaml"]] * 2
    assert {path.read_bytes() for path in inbox.home.glob("_rejected/*/a.pdf")} == {b"first", b"second"}


def test_a_why_txt_of_the_users_own_is_an_attachment(inbox: Inbox) -> None:
    inbox.drop(map__item_yaml=GOOD, map__WHY_txt="This is why we think so.\n")
    assert inbox.take().taken == 1
    assert [row.name for row in Attachment.select()] == ["WHY.txt"]
    inbox.drop(bad__item_yaml="description: Short\n", bad__WHY_txt="This is why not.\n")
    assert inbox.take().refused == 1
    assert inbox.rejected() == [["WHY.txt", "item.yaml", "own-WHY.txt"]]


def test_a_why_txt_that_comes_back_with_the_corrected_files_is_none(inbox: Inbox) -> None:
    inbox.drop(bad__item_yaml="description: Short\n", bad__a_pdf=b"a")
    assert inbox.take().refused == 1
    next((inbox.home / "_rejected").iterdir()).rename(inbox.home / "again")
    inbox.drop(again__item_yaml=GOOD)
    assert inbox.take().taken == 1
    assert [row.name for row in Attachment.select()] == ["a.pdf"]
    assert inbox.left() == []


@pytest.mark.parametrize("step", ["judge", "new_item_of"])
def test_a_drop_that_fails_three_times_is_refused_and_the_others_are_taken(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    right = getattr(intake_module, step)

    def fail(*arguments: Any) -> Any:
        found = next(getattr(one, "found", one) for one in arguments if isinstance(getattr(one, "found", one), Found))
        if found.stem == "bad":
            raise ZeroDivisionError("nobody foresaw this")
        return right(*arguments)

    monkeypatch.setattr(intake_module, step, fail)
    inbox.drop(bad_pdf=b"b", bad_yaml=GOOD, good_pdf=b"g", good_yaml=GOOD + "location: x\n")
    with capture_logs() as logs:
        first = inbox.take()
        assert (first.taken, first.postponed, first.trouble) == (1, 1, {})
        assert inbox.take().postponed == 1
        assert inbox.take().refused == 1
    assert inbox.rejected() == [["WHY.txt", "bad.pdf", "bad.yaml"]]
    why = next(inbox.home.glob("_rejected/*/WHY.txt")).read_text()
    told = [entry for entry in logs if entry.get("error_id", "?") in why]
    assert "could not be taken after 3 tries (ZeroDivisionError)" in why
    assert len(told) == 1
    assert "nobody foresaw this" in told[0]["traceback"]


def test_what_can_not_be_removed_after_the_commit_is_not_taken_a_second_time(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop(a_pdf=b"a", a_yaml=GOOD)

    def fail(path: Path, *_: object) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(moves, "take_away", fail)
        outcome = inbox.take()
        assert (outcome.taken, "Permission denied" in str(outcome.trouble["acme-bv"])) == (1, True)
        again = inbox.take()
        assert (again.taken, again.duplicates, again.postponed) == (0, 0, 0)
        assert inbox.left()[0].startswith(".taken-"), "its files are claimed, and out of sight"
    inbox.intake.clear_up(Outcome())
    inbox.intake.forget()
    assert inbox.left() == []
    assert [(row.kind, row.cleared) for row in Drop.select()] == [("taken", True)]


@pytest.mark.parametrize("name", ["_done", "_rejected"])
def test_nothing_is_taken_through_a_link_in_place_of_our_folders(inbox: Inbox, tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").mkdir()
    inbox.drop(a_pdf=b"a", a_yaml=GOOD)
    (inbox.home / name).symlink_to(tmp_path / "outside")
    outcome = inbox.take()
    assert (outcome.taken, outcome.postponed) == (0, 1)
    assert f"{name}: this is no folder, but a link or a file; remove it" in str(outcome.trouble["acme-bv"])
    assert os.listdir(tmp_path / "outside") == []
    (inbox.home / name).unlink()
    assert inbox.take().taken == 1


def test_the_same_amendment_twice_in_one_batch_amends_once(inbox: Inbox) -> None:
    inbox.drop(a_pdf=b"a", a_yaml=GOOD)
    inbox.take()
    card = "item: " + yaml.safe_load((inbox.home / "_done" / "a.receipt.yaml").read_text())["item"] + "\nattachments: [n.txt]\n"
    inbox.drop(one__item_yaml=card, one__n_txt=b"note", two__item_yaml=card, two__n_txt=b"note")
    outcome = inbox.take()
    assert (outcome.taken, outcome.duplicates) == (1, 1)
    assert [(row.name, row.version) for row in Attachment.select().order_by(Attachment.id)] == [("a.pdf", 1), ("n.txt", 1)]


def test_two_files_that_changed_places_are_another_drop(inbox: Inbox) -> None:
    card = GOOD + "attachments: [a.pdf, b.pdf]\n"
    inbox.drop(x_yaml=card, a_pdf=b"one", b_pdf=b"two")
    assert inbox.take().taken == 1
    inbox.drop(y_yaml=card, a_pdf=b"two", b_pdf=b"one")
    assert inbox.take().taken == 1
    inbox.drop(z_yaml=card, a_pdf=b"two", b_pdf=b"one")
    assert inbox.take().duplicates == 1


def test_a_receipt_whose_sync_failed_is_written_anew(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop(a_pdf=b"first", a_yaml=GOOD)
    inbox.take()
    receipt = inbox.home / "_done" / "a.receipt.yaml"

    def fail(*_: Any) -> None:
        raise OSError(5, "Input/output error", str(receipt))

    with monkeypatch.context() as broken:
        broken.setattr(files, "sync_beneath", fail)
        inbox.intake.forget()
    assert not Drop.get().cleared
    assert not receipt.exists()
    inbox.intake.clearing.clear()
    inbox.intake.forget()
    assert Drop.get().cleared
    assert yaml.safe_load(receipt.read_text())["item"]


def test_the_next_drop_does_not_wait_for_what_was_put_on_the_disk_before(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop(a_pdf=b"first", a_yaml=GOOD)
    inbox.take()
    inbox.intake.put_on_disk()
    receipts, sync = list[Any](), files.sync_beneath

    def note(top: Any, names: Any, *rest: Any) -> set[Any]:
        receipts.extend(names)
        return sync(top, names, *rest)

    monkeypatch.setattr(files, "sync_beneath", note)
    inbox.drop(b_pdf=b"second", b_yaml=GOOD)
    inbox.take()
    assert receipts == []
    assert [drop.cleared for drop in Drop.select().order_by(Drop.id)] == [True, False]


def test_what_was_cleared_is_synced_with_the_next_drop_and_marked_with_the_one_after_it(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, sync_beneath = list[list[str]](), files.sync_beneath

    def noting(top: Path, names: Any, *rest: Any) -> set[files.Names]:
        synced.append([name for *_, name in names])
        return sync_beneath(top, names, *rest)

    monkeypatch.setattr(files, "sync_beneath", noting)
    for name in "abc":
        inbox.drop(**{f"{name}_pdf": name.encode(), f"{name}_yaml": GOOD})
        assert inbox.take().taken == 1
    assert synced == [[], ["a.receipt.yaml"], ["b.receipt.yaml"]]
    assert [row.cleared for row in Drop.select().order_by(Drop.id)] == [True, False, False]
    inbox.intake.forget()
    assert [row.cleared for row in Drop.select().order_by(Drop.id)] == [True, True, True]


def test_an_empty_receipt_that_a_power_cut_left_is_replaced_and_not_kept_aside(inbox: Inbox) -> None:
    inbox.drop(a_pdf=b"first", a_yaml=GOOD)
    inbox.take()
    receipt = inbox.home / "_done" / "a.receipt.yaml"
    receipt.write_bytes(b"")
    again = Intake(inbox.office, Vault(inbox.office.vault))
    again.recover()
    assert os.listdir(receipt.parent) == ["a.receipt.yaml"]
    assert yaml.safe_load(receipt.read_text())["item"]


def test_why_is_on_the_disk_before_a_refused_file_moves(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop(a_pdf=b"a", a_yaml="description: Short\n")
    sync, lies = files.sync, []

    def synced(names: Any, *rest: Any) -> None:
        names = list(names)
        if any(str(name).endswith("/WHY.txt") for name in names):
            lies.append(inbox.rejected())
        sync(names, *rest)

    monkeypatch.setattr(files, "sync", synced)
    assert inbox.take().refused == 1
    assert lies == [[["WHY.txt"]]]
