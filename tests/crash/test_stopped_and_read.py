"""The installed command, killed under strace, stopped at random moments, and read from while it publishes and is killed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kit.support import DOSSIER, Daemon, Root, need, own_office

sys.path.insert(0, str(Path(__file__).parent))
from office import faults_now, sidecar, strays

SETTINGS = """\
identity: {trust_sidecar: true}
watch: {settle_seconds: 0, folder_settle_seconds: 0}
sharing: {guard: off, choose_attachments: all}
mail: {host: 127.0.0.1, port: 9}
"""
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
"""

CLIENT = "acme-bv"

TURNS, ITEMS = (25, 20) if os.environ.get("CRASH_ALL") else (3, 8)
"""`make crash` publishes 500 items in 25 turns, the daemon killed in each."""


@pytest.fixture
def office(tmp_path: Path) -> Root:
    return own_office(tmp_path / "office", settings=SETTINGS, staff=STAFF)


def shared(what: str, **keys: object) -> str:
    return sidecar(f"Something shared: {what}", share=True, share_status="approved", created_by="m.devries", **keys)


# Calls of the main thread; strace counts each thread apart. What a worker does is killed in test_crash.py.
@pytest.mark.slow
@pytest.mark.parametrize(("call", "which"), [("fdatasync", 5), ("rename", 2), ("unlink", 2)])
def test_the_installed_command_killed_by_strace_at_a_call_goes_on_at_its_next_start(office: Root, call: str, which: int) -> None:
    strace = need("strace")
    office.once()
    files = {"a.pdf": b"%PDF-1.4 a\n%%EOF\n", "b.csv": b"1;2\n", "a.yaml": shared("a", attachments=["a.pdf", "b.csv"])}
    office.place(CLIENT, files)
    how = ["-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={which}"]
    command = [strace, *how, str(DOSSIER), "--root", str(office.path)]
    killed = subprocess.run([*command, "run", "--once"], capture_output=True, check=False, timeout=60)
    assert killed.returncode in (137, -9), killed.stderr[-2000:]
    contents = [data if isinstance(data, bytes) else data.encode() for data in files.values()]
    assert faults_now(office.path, office.path / "inbox", contents) == []
    office.once()
    assert office.receipt("a")
    assert [name for name in office.tree(CLIENT) if not name.startswith("_")] == []
    index = json.loads((office.path / "var" / "portal" / CLIENT / "items.json").read_text())
    assert [[one["name"] for one in item["attachments"]] for item in index["items"]] == [["a.pdf", "b.csv"]]
    assert faults_now(office.path, office.path / "inbox", contents) + strays(office.path, office.path / "inbox") == []
    office.run("audit", "verify")


@pytest.mark.slow
def test_stopped_at_random_moments_it_ends_within_five_seconds_with_nothing_half_done(office: Root) -> None:
    chance = random.Random(20261125)
    contents: list[bytes] = []
    for turn in range(3):
        for number in range(20):
            data = f"turn {turn}, file {number}\n".encode() * 20_000
            card = shared(f"{turn} {number}")
            office.place(CLIENT, {f"d{turn}-{number}.txt": data, f"d{turn}-{number}.yaml": card})
            contents += [data, card.encode()]
        daemon = Daemon(office)
        try:
            daemon.until_running()
            time.sleep(chance.random() * 0.6)
            assert daemon.stop() == 0, daemon.log()[-2000:]  # which waits for five seconds and no longer
        finally:
            daemon.end()
        assert faults_now(office.path, office.path / "inbox", contents) == []
    office.once()
    receipts = [name for name in office.tree(CLIENT) if name.startswith("_done/") and "duplicate" not in name]
    assert len(receipts) == 60
    assert [name for name in office.tree(CLIENT) if not name.startswith("_")] == []
    assert strays(office.path, office.path / "inbox") == []


@pytest.mark.slow
def test_a_reader_who_looks_all_the_time_finds_the_portal_whole_while_the_daemon_publishes_and_is_killed(
    office: Root,
) -> None:
    chance, over, seen = random.Random(4), threading.Event(), Reader(office.path / "var" / "portal" / CLIENT)
    reader = threading.Thread(target=seen.read_until, args=(over.is_set,))
    reader.start()
    try:
        numbers: list[str] = []
        for turn in range(TURNS):
            for number in range(ITEMS):
                stem = f"t{turn}-{number}"
                office.place(CLIENT, {f"{stem}.txt": f"new {stem}\n".encode(), f"{stem}.yaml": shared(stem)})
            for place, item in enumerate(numbers[-ITEMS:]):  # half of the last turn's are replaced, some withdrawn
                if place % 2:
                    card = shared(f"again {item}", item=item, attachments=[f"t{turn - 1}-{place}.txt"])
                    office.place(CLIENT, {f"t{turn - 1}-{place}.txt": f"replaced {item}\n".encode(), f"r-{item}.yaml": card})
                elif place % 8 == 0:
                    office.run("withdraw", item, "--reason", "a test", user="m.devries")
            daemon = Daemon(office)
            try:
                daemon.until_running()
                time.sleep(0.1 + chance.random() * 0.5)
            finally:
                daemon.end()
            office.once()
            stems = [f"t{turn}-{number}" for number in range(ITEMS)]
            numbers += [str(office.told(stem)["item"]) for stem in stems if office.receipt(stem)]
            assert len(numbers) == ITEMS * (turn + 1)
    finally:
        over.set()
        reader.join()
    assert seen.faults == []
    assert seen.looks > TURNS
    assert faults_now(office.path, office.path / "inbox", []) == []


class Reader:
    """Reads items.json and what it names, over and over. What changes while it reads is read again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.looks = 0
        self.faults: list[str] = []

    def read_until(self, is_over: Callable[[], bool]) -> None:
        while not is_over():
            self.read()
            time.sleep(0.002)  # or nobody else gets to the processor

    def read(self) -> None:
        index = self.home / "items.json"
        try:
            before = index.stat()
            named = json.loads(index.read_text())["items"]
            page = (self.home / "index.html").read_text()
        except FileNotFoundError:
            return
        wrong = [f"index.html lacks {item['item']}" for item in named if item["item"] not in page]
        for item in named:
            for one in item["attachments"]:
                try:
                    data = (self.home / item["item"] / one["name"]).read_bytes()
                except FileNotFoundError:
                    wrong.append(f"{item['item']}/{one['name']} is not there")
                else:
                    if hashlib.sha256(data).hexdigest() != one["sha256"]:
                        wrong.append(f"{item['item']}/{one['name']} is another")
        after = index.stat()
        if (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns):  # nothing changed while we read
            self.looks += 1
            self.faults += wrong
