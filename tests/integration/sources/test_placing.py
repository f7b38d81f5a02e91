"""What several threads place at the same time goes with one transaction, and each hears of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from kit.records import Records
from kit.support import PDF

from desk.actions import tokens
from dossier.database.database import close_database, transaction
from dossier.database.tables import ApiAnswer, StagedDrop, change_row
from dossier.office.people import Actor
from dossier.text.refusals import Conflict
from ingest.sources import placing, staging

API = Actor("p.bakker", "api:scan")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "office")
    (made.root / "inbox/acme-bv").mkdir(parents=True)
    yield made
    close_database()


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
        until = time.monotonic() + 20
        while len(placing._waiting) < len(works) and time.monotonic() < until:
            time.sleep(0.01)
    for thread in threads:
        thread.join(20)
    return found


def test_drops_that_are_committed_together_are_placed_with_one_transaction(office: Records, transactions: list[int]) -> None:
    rows, now = [begun(office, f"accounts-{number}.pdf") for number in range(3)], office.tick()

    def commit(row: StagedDrop) -> Callable[[], str]:
        def work() -> str:
            with tokens.once(now, f"key of {row.id}", "asked"):
                return staging.commit(office.office, now, API, row, {"description": f"Accounts of {row.id}"}, {})

        return work

    found = all_at_once([commit(row) for row in rows])
    assert transactions == [3]
    assert sorted(path.name for path in (office.root / "inbox/acme-bv").iterdir()) == sorted(map(str, found))
    assert [StagedDrop.get_by_id(row.id).folder for row in rows] == found
    assert {answer.key for answer in ApiAnswer.select()} == {f"key of {row.id}" for row in rows}


def test_one_that_fails_is_told_so_and_the_others_are_placed(office: Records, transactions: list[int]) -> None:
    good, bad = begun(office, "accounts.pdf"), begun(office, "letter.pdf")
    now = office.tick()
    real, changed = staging._commit, threading.Event()

    def commit(row: StagedDrop) -> str:
        return staging.commit(office.office, now, API, row, {"description": "Annual accounts 2025"}, {})

    def then_changed(*given: Any) -> str:
        """Another file comes at the last moment."""
        row = given[3]
        if row.id == bad.id and not changed.is_set():
            changed.set()
            with transaction():
                change_row(StagedDrop.id, bad.id, files={})
        return real(*given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(staging, "_commit", then_changed)
        found = all_at_once([lambda: commit(good), lambda: commit(bad)])
    assert isinstance(found[1], Conflict)
    assert transactions == [2, 1, 1]
    assert sorted(path.name for path in (office.root / "inbox/acme-bv").iterdir()) == [f".drop-{bad.id}", found[0]]
