"""The tour of the README, word for word, on a fresh copy of the checkout with the demo office running."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from kit.support import wait_for

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Path]:
    """A copy of the checkout in which `make run` runs."""
    copy = tmp_path / "dossier"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if name.startswith(("config/", "demo/", "inbox/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(CHECKOUT / name, copy / name)
    (copy / ".venv").symlink_to(Path(sys.executable).parents[1])
    with open(tmp_path / "demo.log", "wb") as log:
        process = subprocess.Popen([sys.executable, "demo/run.py"], cwd=copy, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_for(
                lambda: "item=D-2026-000005" in re.sub(r"D-\d{4}", "D-2026", (tmp_path / "demo.log").read_text()),
                "the samples are taken",
            )
            yield copy
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
            assert "The demo office is stopped." in (tmp_path / "demo.log").read_text()


def steps() -> list[tuple[str, list[str]]]:
    """(command, the lines it prints) of each `$ command` in the README."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def bare(text: str) -> str:
    """Without what differs from one run to the next: times, the year in a number, and who runs it."""
    text = re.sub(r"\d{8}-\d{6}", "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d\+\d\d:\d\d)?", "TIME", text)
    text = re.sub(r"/\S*/var/breaches/", "/HERE/var/breaches/", text)
    text = re.sub(r"\bos:\S+", "os:SOMEBODY", text)
    text = re.sub(r"(D-|\b)20\d\d-0", r"\g<1>YEAR-0", text)
    return " ".join(text.split())  # columns are as wide as what is in them


def test_the_tour_works_word_for_word(demo: Path) -> None:
    for written, expected in steps():
        command = re.sub(r"2026-0", f"{date.today().year}-0", written)  # the number has the year that the item is made in
        wanted = [bare(line) for line in expected]

        def printed(command: str = command) -> list[str]:
            done = subprocess.run(command, shell=True, cwd=demo, capture_output=True, text=True, timeout=60)
            return [bare(line) for line in (done.stdout + done.stderr).splitlines()]

        if command.startswith(("sed", "echo", "printf")) or " reject " in command or " withdraw " in command:
            assert printed() == wanted, command
        else:  # what only looks is asked again until the daemon has done its work
            wait_for(lambda: all(line in printed() for line in wanted), f"{command}\nprints\n" + "\n".join(wanted), PATIENCE)  # noqa: B023
    wait_for(lambda: not list((demo / "var/portal/northwind-ltd").glob("D-*-000006")), "the letter is off the portal")
    assert list((demo / "var/portal/bakkerij-zon").glob("D-*-000002/*.pdf"))
