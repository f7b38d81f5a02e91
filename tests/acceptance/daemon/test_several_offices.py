"""`dossier run --root A --root B`: several offices in one installation."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from kit.support import DOSSIER, PDF, Root, new_office, wait_for

PRIVATE = "description: Something private\ncreated_by: p.bakker\n"


def offices(folder: Path) -> list[Root]:
    return [new_office(folder / name) for name in ("first", "second")]


def start(roots: list[Root], *more: str) -> subprocess.Popen[bytes]:
    words = [word for root in roots for word in ("--root", str(root.path))]
    return subprocess.Popen(
        [DOSSIER, "run", *words, *more], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_each_office_is_served_and_one_that_ends_is_started_again(tmp_path: Path) -> None:
    roots = offices(tmp_path)
    process = start(roots)
    try:
        for root in roots:
            wait_for(root.is_running, "its daemon runs")
            root.drop("a", PRIVATE, a_pdf=PDF)
            wait_for(lambda root=root: root.receipt("a"), "the drop is taken")
        pid = roots[0].json("status")["daemon"]["pid"]
        os.kill(pid, signal.SIGKILL)
        roots[0].drop("b", PRIVATE + "labels: [second]\n", b_pdf=PDF)
        wait_for(lambda: roots[0].receipt("b"), "a new daemon took the next drop")
    finally:
        process.terminate()
        assert process.wait(10) == 0
    assert [root.json("status")["daemon"] for root in roots] == [None, None]


@pytest.mark.slow
def test_a_noisy_office_does_not_keep_another_waiting(tmp_path: Path) -> None:
    noisy, quiet = offices(tmp_path)
    over = threading.Event()

    def make_noise() -> None:
        for number in range(5000):
            if over.is_set():
                return
            noisy.drop(f"n{number}", f"description: Number {number} of many\ncreated_by: p.bakker\n", **{f"n{number}_pdf": PDF})

    noise = threading.Thread(target=make_noise)
    process = start([noisy, quiet])
    try:
        for root in (noisy, quiet):
            wait_for(root.is_running, "its daemon runs")
        noise.start()
        wait_for(lambda: list((noisy.inbox() / "_done").glob("*.yaml")), "the noisy one has begun")
        quiet.drop("a", PRIVATE, a_pdf=PDF)
        wait_for(lambda: quiet.receipt("a"), "the quiet one is served")
        assert noise.is_alive() or list(noisy.inbox().glob("n*.yaml")), "while the noisy one was still at it"
    finally:
        over.set()
        noise.join()
        process.terminate()
        process.wait(10)


def test_a_fault_in_one_configuration_starts_none(tmp_path: Path) -> None:
    roots = offices(tmp_path)
    roots[1].set("settings", "watch: {mode: sometimes}\n")
    words = [word for root in roots for word in ("--root", str(root.path))]
    done = subprocess.run([DOSSIER, "run", *words], capture_output=True, text=True)
    assert done.returncode == 3
    assert f"{roots[1].path}/config/settings.yaml:1: watch.mode" in done.stderr


def test_once_does_all_of_them(tmp_path: Path) -> None:
    roots = offices(tmp_path)
    for root in roots:
        root.drop("a", PRIVATE, a_pdf=PDF)
    assert start(roots, "--once").wait(60) == 0
    assert all(root.receipt("a") for root in roots)
