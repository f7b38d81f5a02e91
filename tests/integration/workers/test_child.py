"""The processes that read and draw files: one that is killed is replaced, and the fresh one tries again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from kit.guard_corpus import pdf

from dossier.files import files
from dossier.workers.child import Child, Failed

pytestmark = pytest.mark.usefixtures("real_children")

READER, DRAWER = "workflow.guard.texts_child", "workflow.portal.pictures_child"


def asked_while_killing(module: str, path: Path, goes_on: Callable[[int], bool]) -> bytes:
    """What the process answers about a PDF while each process is killed as soon as it is there, as long as `goes_on`."""
    child, killed, over = Child(module, 30, 1024 * 1024), list[int](), threading.Event()

    def kill() -> None:
        while goes_on(len(killed)) and not over.is_set():
            process = child.process
            if process is not None and process.pid not in killed:
                process.kill()
                killed.append(process.pid)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        with path.open("rb") as file:
            return child.ask(b"P", file.fileno())
    finally:
        over.set()
        killer.join()
        child.close()
        assert killed


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("Jaarrekening van Acme B.V."))
    return path


@pytest.mark.parametrize(("module", "answer"), [(READER, b"Acme"), (DRAWER, b"WEBP")])
def test_a_process_that_is_killed_while_it_works_is_replaced_and_the_fresh_one_tries_again(
    module: str, answer: bytes, paper: Path
) -> None:
    assert answer in asked_while_killing(module, paper, lambda killed: killed < 1)


@pytest.mark.parametrize("module", [READER, DRAWER])
def test_where_the_fresh_one_is_killed_too_the_asker_is_told_that_it_failed(module: str, paper: Path) -> None:
    with pytest.raises(Failed) as failed:
        asked_while_killing(module, paper, lambda killed: True)
    assert failed.value.how == "ended"


def test_once_it_is_over_no_answer_is_waited_for_and_none_is_taken_for_another_files(paper: Path) -> None:
    is_over = [True]
    child = Child(DRAWER, 30, 1024 * 1024, lambda: is_over[0])
    try:
        with paper.open("rb") as file:
            with pytest.raises(files.Interrupted):
                child.ask(b"P", file.fileno())
            assert child.process is None
            is_over[0] = False
            assert b"WEBP" in child.ask(b"P", file.fileno())
    finally:
        child.close()


def test_an_answer_that_takes_too_long_is_none(paper: Path) -> None:
    child = Child(READER, 0.001, 1024 * 1024)
    try:
        with paper.open("rb") as file, pytest.raises(Failed) as failed:
            child.ask(b"P", file.fileno())
        assert failed.value.how == "slow"
    finally:
        child.close()
