"""Files are received by any process: what goes wrong is part of the answer, and can be told to another process."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dossier.files import files
from dossier.vault.folder import Vault
from dossier.workers.pool import Hands
from ingest.intake import kinds
from ingest.intake.receiving import Order, Receiver, Wanted


class Strange(Exception):
    """As libraries have them: it can't be put together again from its words."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def _order(folder: Path, name: str, data: bytes = b"text", sha256: str | None = None) -> Order:
    (folder / name).write_bytes(data)
    look = files.look(folder / name)
    assert look is not None
    return Order(str(folder), [Wanted(name, name, look, sha256, False)], 1)


def test_an_error_of_a_library_is_told_in_words_where_it_cannot_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, path: str) -> kinds.Kind:
        raise Strange(1, 2)

    monkeypatch.setattr(kinds, "examine", fail)
    vault = Vault(tmp_path / "vault")
    (received,) = Receiver(vault, (), None).receive_each([_order(tmp_path, "a.txt")])
    assert str(pickle.loads(pickle.dumps(received)).error) == "Strange: 1 and 2"
    assert list((tmp_path / "vault/.incoming").glob("*.tmp")) == []


def test_other_processes_receive_as_this_one_does(tmp_path: Path) -> None:
    vault, hands = Vault(tmp_path / "vault"), Hands()
    orders = [_order(tmp_path, f"{number}.txt", str(number).encode()) for number in range(40)]
    orders += [_order(tmp_path, "program.txt", b"MZ" + bytes(100)), _order(tmp_path, "other.txt", b"x", "0" * 64)]
    (tmp_path / "7.txt").unlink()
    try:
        receiver = Receiver(vault.lend(), ("exe",), None)
        received = [one for some in hands.map(receiver.receive_each, orders) for one in some]
    finally:
        hands.rest()
    assert [bool(one.places) for one in received] == [number != 7 for number in range(40)] + [False, False]
    assert isinstance(received[7].error, files.Changed)
    assert [len(one.faults) for one in received[40:]] == [1, 1]
    for one in received:
        for (_, copy), place in zip(one.files, one.places, strict=True):
            assert place == str(vault.location(copy.sha256))
            assert files.hash_file(Path(place)) == copy.sha256
