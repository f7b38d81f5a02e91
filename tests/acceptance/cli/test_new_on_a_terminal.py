"""`dossier new` as a person meets it: on a terminal (a real pseudo-terminal), question by question."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.support import DOSSIER, PATIENCE, PDF, SETTINGS, STAFF, Root


class Terminal:
    """A process on a terminal of its own: what it printed, and a keyboard."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.printed = ""
        self.read = 0

    def read_until(self, text: str) -> None:
        """Wait until `text` is printed behind what was read before."""
        until = time.monotonic() + PATIENCE
        os.set_blocking(self.descriptor, False)
        while (found := self.printed.find(text, self.read)) < 0:
            assert time.monotonic() < until, f"never printed: {text}\n{self.printed}"
            with contextlib.suppress(BlockingIOError, OSError):
                self.printed += os.read(self.descriptor, 4096).decode()
            time.sleep(0.005)
        self.read = found + len(text)

    def answer(self, question: str, typed: str) -> None:
        self.read_until(question)
        os.write(self.descriptor, f"{typed}\n".encode())


@contextlib.contextmanager
def on_terminal(root: Root, *words: str) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen([DOSSIER, "--root", root.path, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    try:
        yield Terminal(ours), process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)


def test_it_asks_step_by_step_and_drops_what_was_answered(root: Root, tmp_path: Path) -> None:
    for name in ("jaarrekening.pdf", "intern.pdf"):
        (tmp_path / name).write_bytes(PDF + name.encode())
    with on_terminal(root, "--as", "p.bakker", "new") as (terminal, process):
        terminal.answer("Client (number, code, or words", "nobody at all")
        terminal.answer("No client fits", "acme")
        terminal.answer("Acme B.V.?", "y")
        terminal.answer("File", str(tmp_path / "no-such.pdf"))
        terminal.answer("there is no such file", f"{tmp_path}/jaarrekening.pdf '{tmp_path}/intern.pdf'")
        terminal.answer("2 files", "")
        terminal.answer("Description", "short")
        terminal.answer("give 8 to 200 characters", "Jaarrekening 2025")
        terminal.answer("Status", "done")
        terminal.answer("Location", "2025/Jaarrekening")
        terminal.answer("Labels", "jaar, 2025")
        terminal.answer("Explanation", "Zie pagina 3")
        terminal.answer("Share it with the client?", "y")
        terminal.answer("jaarrekening.pdf?", "y")
        terminal.answer("intern.pdf?", "n")
        terminal.answer("explanation?", "n")
        terminal.answer("Approver", "k.smit")
        terminal.answer("Mail a contact", "y")
        terminal.answer("Contact", "j.jansen")
        terminal.read_until("is in the inbox")
        assert process.wait(PATIENCE) == 0
    root.once()
    [row] = root.json("items")
    found = root.json("show", row["item"])
    assert (found["description"], found["status"], found["location"]) == ("Jaarrekening 2025", "done", "2025/Jaarrekening")
    assert (found["labels"], found["explanation"]) == (["jaar", "2025"], "Zie pagina 3")
    assert (found["share_state"], found["approver"], found["notify"], found["contact"]) == ("concept", "k.smit", True, "j.jansen")
    assert {a["name"]: a["share"] for a in found["attachments"]} == {"jaarrekening.pdf": True, "intern.pdf": False}


def test_the_clients_looked_at_last_are_offered_by_number(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    root.run("new", "northwind-ltd", str(tmp_path / "a.pdf"), "-d", "Something for Northwind", user="p.bakker")
    root.once()
    root.run("show", root.json("items")[0]["item"], user="p.bakker")
    with on_terminal(root, "--as", "p.bakker", "new") as (terminal, _):
        terminal.read_until("1  northwind-ltd  Northwind Ltd")
        terminal.answer("Client", "1")
        terminal.read_until("1. Files for northwind-ltd")


def test_it_offers_and_tells_nothing_that_somebody_may_not_know_of(root: Root) -> None:
    root.set("settings", SETTINGS + "types: {memo: {}, wwft: {staff: [k.smit]}}\n")
    root.set("staff", STAFF.replace("rights: [create]", "rights: [create], clients: [acme-bv]"))
    with on_terminal(root, "--as", "p.bakker", "new", "acme-bv", __file__) as (terminal, _):
        terminal.answer("Description", "A letter of the client")
        terminal.answer("Status", "")
        terminal.read_until("Type: memo (")
    for code in ("northwind-ltd", "nobody-bv"):
        with on_terminal(root, "--as", "p.bakker", "new", code) as (terminal, process):
            terminal.read_until(f"there is no client `{code}`")
            assert process.wait(PATIENCE) == 1


def test_without_a_terminal_it_asks_nothing(root: Root) -> None:
    assert "--description" in root.run("new", "acme-bv", user="p.bakker", code=2).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(root: Root, shell: str) -> None:
    environ = {"bash": {"COMP_WORDS": "dossier wit", "COMP_CWORD": "1"}, "zsh": {"_TYPER_COMPLETE_ARGS": "dossier wit"},
               "fish": {"_TYPER_COMPLETE_ARGS": "dossier wit", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}}[shell]  # fmt: skip
    done = subprocess.run(
        [DOSSIER], env={**os.environ, **environ, "_DOSSIER_COMPLETE": f"complete_{shell}"}, capture_output=True, text=True
    )
    assert "withdraw" in done.stdout, done.stderr


def test_tables_have_colours_only_on_a_terminal(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    root.run("new", "acme-bv", str(tmp_path / "a.pdf"), "-d", "Something for Acme", user="p.bakker")
    root.once()
    assert "\x1b[" not in root.run("items").stdout
    with on_terminal(root, "items") as (terminal, _):
        terminal.read_until("Something for Acme")
        assert "\x1b[1m" in terminal.printed
