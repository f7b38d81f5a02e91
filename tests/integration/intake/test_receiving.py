"""Files are received by any process: what goes wrong is part of the answer, and can be told to another process."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import yaml
from kit.papers import documents, programs
from kit.support import PDF, SETTINGS, Root, once_here

from dossier.database.database import close_database
from dossier.files import files
from dossier.files.beneath import Place
from dossier.vault.folder import Vault
from dossier.workers.pool import WorkerPool
from ingest.intake import kinds
from ingest.intake.receiving import Order, Receiver, WantedFile


class Strange(Exception):
    """As libraries have them: it can't be put together again from its words."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def _order(folder: Path, name: str, data: bytes = b"text", sha256: str | None = None) -> Order:
    (folder / name).write_bytes(data)
    look = files.look(folder / name)
    assert look is not None
    return Order(folder.parent, (folder.name,), [WantedFile(name, name, look, sha256, False)], 1)


def test_an_error_of_a_library_is_told_in_words_where_it_cannot_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, seen: object) -> kinds.Kind:
        raise Strange(1, 2)

    monkeypatch.setattr(kinds, "kind_of", fail)
    vault = Vault(tmp_path / "vault")
    (received,) = Receiver(vault, (), "warn", None).receive_each([_order(tmp_path, "a.txt")])
    assert str(pickle.loads(pickle.dumps(received)).error) == "Strange: 1 and 2"
    assert list((tmp_path / "vault/.incoming").glob("*.tmp")) == []


def test_a_small_file_is_read_once_and_a_large_one_again_from_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, opened, open_seen = Vault(tmp_path / "vault"), list[str](), files.open_seen

    def watched(path: Place) -> tuple[int, os.stat_result]:
        opened.append(str(path))
        return open_seen(path)

    monkeypatch.setattr(files, "open_seen", watched)
    small, large = _order(tmp_path, "a.pdf", PDF), _order(tmp_path, "b.pdf", PDF + bytes(files.CHUNK))
    orders = [order._replace(files=[order.files[0]._replace(is_searched=True)]) for order in (small, large)]
    received = Receiver(vault, (), "warn", None).receive_each(orders)
    assert [one.kinds for one in received] == [["application/pdf"]] * 2
    assert [sum(str(tmp_path / "vault") in name for name in opened)] == [1]
    assert [one.files[0][1].sha256 for one in received] == [files.hash_file(tmp_path / name) for name in ("a.pdf", "b.pdf")]


def test_other_processes_receive_as_this_one_does(tmp_path: Path) -> None:
    vault, pool = Vault(tmp_path / "vault"), WorkerPool()
    orders = [_order(tmp_path, f"{number}.txt", str(number).encode()) for number in range(40)]
    orders += [_order(tmp_path, "program.txt", programs()["windows-64.exe"]), _order(tmp_path, "other.txt", b"x", "0" * 64)]
    (tmp_path / "7.txt").unlink()
    try:
        receiver = Receiver(vault.lend(), ("exe",), "warn", None)
        received = [one for some in pool.map(receiver.receive_each, orders) for one in some]
    finally:
        pool.rest()
    assert [bool(one.places) for one in received] == [number != 7 for number in range(40)] + [False, False]
    assert isinstance(received[7].error, files.Changed)
    assert [len(one.faults) for one in received[40:]] == [1, 1]
    for one in received:
        for (_, copy), place in zip(one.files, one.places, strict=True):
            assert place == str(vault.location(copy.sha256))
            assert files.hash_file(Path(place)) == copy.sha256


def test_macros_are_told_of_in_the_receipt_and_refused_where_the_office_wants(root: Root) -> None:
    sidecar = "description: Cijfers 2025\nshare: yes\nshare_status: concept\nshare_attachments: all\ncreated_by: p.bakker\n"
    (root.inbox() / "a.xlsm").write_bytes(documents()["macros.xlsm"])
    root.drop("a", sidecar)
    once_here(root)
    assert "`a.xlsm` has macros" in yaml.safe_load(root.receipt("a") or "")["warnings"][0]
    root.set("settings", SETTINGS + "intake: {macros: refuse}\n")
    (root.inbox() / "b.xlsm").write_bytes(documents()["macros.xlsm"])
    root.drop("b", sidecar)
    once_here(root)
    [why] = (root.inbox() / "_rejected").glob("*-b/WHY.txt")
    assert "it has macros (programs) in it; such files are not taken" in why.read_text()
    close_database()
