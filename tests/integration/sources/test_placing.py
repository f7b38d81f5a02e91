"""What several threads place at the same time goes with one transaction, and each hears of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from kit.records import Records, with_inbox
from kit.support import PDF, wait_for
from peewee import OperationalError

from desk.actions import tokens
from dossier.database.database import close_database, transaction
from dossier.database.tables import change_row
from dossier.database.web_tables import ApiAnswer, StagedDrop
from dossier.files import files
from dossier.office.people import Actor
from dossier.text.refusals import Conflict
from ingest.inbox.temporaries import CLAIMED
from ingest.intake import delegation
from ingest.sources import dropping, placing, staging

API = Actor("p.bakker", "api:scan")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    with with_inbox(tmp_path / "office") as made:
        yield made


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of each transaction of placing, for how many it was."""
    counted = list[int]()

    def counting(along: Any) -> AbstractContextManager[None]:
        counted.append(len(along))
        return transaction(along=along)

    monkeypatch.setattr(placing, "transaction", counting)
    return counted


def begun(office: Records, name: str) -> StagedDrop:
    row = staging.begin(office.office, office.tick(), API, "acme-bv")
    staging.put(office.office, row, name, [PDF])
    return row


def committing(office: Records, row: StagedDrop) -> Callable[[], str]:
    """What a program's commit of it does, which brought a key."""
    now = office.tick()

    def commit() -> str:
        with tokens.once(now, f"key of {row.id}", "asked"):
            return staging.commit(office.office, now, API, row, {"description": f"Accounts of {row.id}"}, {})

    return commit


def all_at_once(works: list[Callable[[], object]]) -> list[object]:
    """What each gave, or raised, where all of them wait for their turn at the same time."""
    found: list[object] = [None] * len(works)

    def run(number: int) -> None:
        try:
            found[number] = works[number]()
        except Exception as error:  # noqa: BLE001 - it is looked at
            found[number] = error
        finally:
            close_database()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    with placing._turn:
        for thread in threads:
            thread.start()
        wait_for(lambda: len(placing._waiting) == len(works), "all of them wait")
    for thread in threads:
        thread.join(20)
    return found


def test_drops_that_are_committed_together_are_placed_with_one_transaction(office: Records, transactions: list[int]) -> None:
    rows = [begun(office, f"accounts-{number}.pdf") for number in range(3)]
    found = all_at_once([committing(office, row) for row in rows])
    assert transactions == [3]
    assert sorted(path.name for path in (office.root / "inbox/acme-bv").iterdir()) == sorted(map(str, found))
    assert [StagedDrop.get_by_id(row.id).folder for row in rows] == found
    assert {answer.key for answer in ApiAnswer.select()} == {f"key of {row.id}" for row in rows}


def test_what_the_daemon_claims_is_left_alone_by_whoever_names_the_folder_too_late(office: Records) -> None:
    row = begun(office, "accounts.pdf")
    hidden = office.root / f"inbox/acme-bv/.drop-{row.id}"
    for name in (f"{CLAIMED}0-0-accounts.pdf", f".{'0' * 16}.part", ".card-another.yaml"):
        (hidden / name).write_bytes(PDF)
    folder = staging.commit(office.office, office.tick(), API, row, {"description": "Annual accounts"}, {})
    left = sorted(path.name for path in (office.root / "inbox/acme-bv" / folder).iterdir())
    assert left == sorted([f"{CLAIMED}0-0-accounts.pdf", "accounts.pdf", "item.yaml"])


def test_of_thousands_of_drops_of_one_name_in_one_second_each_has_a_folder_of_its_own(office: Records) -> None:
    now = office.tick()
    assert len({dropping.folder_name("Scan", now) for _ in range(5000)}) == 5000


def test_committed_with_other_words_at_once_those_of_the_one_that_is_told_so_lie_there(office: Records) -> None:
    row = begun(office, "accounts.pdf")
    now = office.tick()

    def saying(words: str) -> Callable[[], str]:
        return lambda: staging.commit(office.office, now, API, row, {"description": words}, {})

    words = [f"Annual accounts {number}" for number in range(3)]
    found = all_at_once([saying(one) for one in words])
    (placed,) = (one for one in zip(words, found, strict=True) if isinstance(one[1], str))
    assert [type(one) for one in found if one != placed[1]] == [Conflict, Conflict]
    drop = office.root / "inbox/acme-bv" / placed[1]
    assert sorted(path.name for path in drop.iterdir()) == ["accounts.pdf", "item.yaml"]
    assert placed[0] in (drop / "item.yaml").read_text()
    assert staging.commit(office.office, now, API, row, {"description": placed[0]}, {}) == placed[1]


def test_of_a_drop_that_is_taken_while_somebody_commits_it_again_no_folder_is_left(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, now, place = begun(office, "accounts.pdf"), office.tick(), placing.place
    words = {"description": "Annual accounts 2025"}

    def too_late(*given: Any) -> bool:
        """Another commits, and the daemon takes all that is in a drop."""
        monkeypatch.setattr(placing, "place", place)
        drop = office.root / "inbox/acme-bv" / staging.commit(office.office, now, API, row, words, {})
        for name in ("accounts.pdf", "item.yaml"):
            (drop / name).unlink()
        (drop / given[3][0].card).write_bytes(b"its own sidecar")
        return place(*given)

    monkeypatch.setattr(placing, "place", too_late)
    staging.commit(office.office, now, API, row, words, {})
    assert list((office.root / "inbox/acme-bv").iterdir()) == []


def test_killed_before_it_had_its_name_the_words_that_were_recorded_lie_there_once_it_has(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = begun(office, "accounts.pdf")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    def saying(words: str) -> str:
        return staging.commit(office.office, office.tick(), API, row, {"description": words}, {})

    for room, name, words in ((placing, "_record_all", "Never recorded"), (placing, "_name", "Annual accounts 2025")):
        with monkeypatch.context() as patched:
            patched.setattr(room, name, killed)
            with pytest.raises(KeyboardInterrupt):
                saying(words)
    staging.finish(office.office)
    (drop,) = (office.root / "inbox/acme-bv").iterdir()
    assert sorted(path.name for path in drop.iterdir()) == ["accounts.pdf", "item.yaml"]
    assert "Annual accounts 2025" in (drop / "item.yaml").read_text()


def test_one_that_fails_is_told_so_and_the_others_are_placed(office: Records, transactions: list[int]) -> None:
    good, bad = begun(office, "accounts.pdf"), begun(office, "letter.pdf")
    real, changed = staging._commit, threading.Event()

    def then_changed(*given: Any, **more: Any) -> str:
        """Another file comes at the last moment."""
        row = given[3]
        if row.id == bad.id and not changed.is_set():
            changed.set()
            with transaction(along=()):  # by somebody else
                change_row(StagedDrop.id, bad.id, files={})
        return real(*given, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(staging, "_commit", then_changed)
        found = all_at_once([committing(office, good), committing(office, bad)])
    assert isinstance(found[1], Conflict)
    assert transactions == [2, 1, 1]
    assert {answer.key for answer in ApiAnswer.select()} == {f"key of {good.id}"}
    assert sorted(path.name for path in (office.root / "inbox/acme-bv").iterdir()) == [f".drop-{bad.id}", found[0]]


def test_where_the_database_fails_all_are_told_at_once_and_may_try_again(
    office: Records, transactions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [begun(office, f"accounts-{number}.pdf") for number in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(placing.delegation, "record", _locked)
        found = all_at_once([committing(office, row) for row in rows])
    assert [type(one) for one in found] == [OperationalError] * 3
    assert transactions == [3], "nobody waits for it once more"
    assert list(ApiAnswer.select()) == []
    found = all_at_once([committing(office, row) for row in rows])
    assert sorted(path.name for path in (office.root / "inbox/acme-bv").iterdir()) == sorted(map(str, found))


def _locked(*_: object) -> None:
    raise OperationalError("database is locked")


def test_a_drop_is_on_the_disk_before_it_is_recorded_and_its_name_before_anybody_is_told(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, row = list[str](), begun(office, "accounts.pdf")
    monkeypatch.setattr(dropping, "folder_name", lambda *_: "accounts")
    monkeypatch.setattr(files, "_fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    home, record = office.root / "inbox/acme-bv", delegation.record

    def recording(*given: Any) -> None:
        hidden = home / f".drop-{row.id}"
        assert {str(hidden), str(hidden / "accounts.pdf"), str(hidden / ".card-accounts.yaml")} <= set(synced)
        synced.clear()
        record(*given)

    monkeypatch.setattr(delegation, "record", recording)
    committing(office, row)()
    assert synced == [str(home / f".drop-{row.id}"), str(home)]
