"""Several threads that write at the same moment share a transaction, and each knows what became of what it wrote."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kit.records import Records
from kit.support import wait_for
from peewee import IntegrityError, OperationalError

from dossier.database import grouped
from dossier.database.database import close_database, transaction
from dossier.database.grouped import Grouped
from dossier.database.tables import Note


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "office")
    yield records
    records.close()


def written_at_once(writes: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch) -> tuple[list[BaseException | None], int]:
    """What became of each of these, of which the first is begun before the others gather behind it; and the transactions."""
    threads, begun, gathered = Grouped(), threading.Event(), threading.Event()
    count = 0

    def counted() -> object:
        nonlocal count
        count += 1
        return transaction()

    def first() -> None:
        begun.set()
        assert gathered.wait(10)
        writes[0]()

    def ask(write: Callable[[], None]) -> BaseException | None:
        try:
            threads.write(write)
        except Exception as error:  # noqa: BLE001 - whatever became of it
            return error
        finally:
            close_database()
        return None

    monkeypatch.setattr(grouped, "transaction", counted)
    with ThreadPoolExecutor(len(writes)) as pool:
        asked = [pool.submit(ask, first)]
        assert begun.wait(10)
        asked += [pool.submit(ask, write) for write in writes[1:]]
        wait_for(lambda: len(threads._waiting) == len(writes) - 1, "the others wait behind it")
        gathered.set()
        return [one.result() for one in asked], count


def test_what_gathers_behind_a_writer_is_committed_together(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = [lambda number=number: Note.put(f"note:{number}", "there") for number in range(6)]
    assert written_at_once(writes, monkeypatch) == ([None] * 6, 2)
    assert [Note.read(f"note:{number}") for number in range(6)] == ["there"] * 6


def test_what_fails_is_told_to_whoever_wrote_it_and_the_others_are_written(
    office: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        Note.put("note:failed", "there")
        raise LookupError("no such item")

    writes = [lambda: Note.put("note:0", "there"), lambda: Note.put("note:1", "there"), fail, lambda: Note.put("note:3", "there")]
    became, _ = written_at_once(writes, monkeypatch)
    assert [type(one) for one in became] == [type(None), type(None), LookupError, type(None)]
    assert [Note.read(f"note:{which}") for which in ("0", "1", "failed", "3")] == ["there", "there", None, "there"]


def test_so_is_what_the_database_does_not_take(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise IntegrityError("constraint failed")

    became, _ = written_at_once([lambda: Note.put("note:0", "there"), fail, lambda: Note.put("note:2", "there")], monkeypatch)
    assert [type(one) for one in became] == [type(None), IntegrityError, type(None)]
    assert [Note.read(f"note:{which}") for which in ("0", "2")] == ["there", "there"]


def test_where_the_database_fails_nobody_is_told_that_it_is_written(office: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("database is locked")

    writes = [lambda: Note.put("note:0", "there"), lambda: Note.put("note:1", "there"), fail]
    became, count = written_at_once(writes, monkeypatch)
    assert [type(one) for one in became] == [type(None), OperationalError, OperationalError]
    assert [Note.read(f"note:{which}") for which in ("0", "1")] == ["there", None]
    assert count == 2, "nobody waits for it once more"
