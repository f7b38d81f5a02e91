"""Everything at once for a while: drops, decisions, edits, withdrawals and amendments at random, and the daemon killed every 20 seconds.

    soak.py [--minutes M] [--seed N] [--write]      exit code 1 if anything was wrong; --write: the figures go into docs/reliability.md

All the time a reader looks at the portal: nothing is there that was not approved, the pages name what is there, and what was
withdrawn is gone within 5 seconds of the command or of the next start. In the last third the daemon is left alone, and its memory
and descriptors are measured. In the end every file that was dropped is in exactly one place. What was approved is known
from what this program itself did, and not from the office's database.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import yaml
from kit import forking
from kit.documents import pdf
from kit.mail_server import Server, serving
from kit.support import Root, new_office

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- soak figures: begin (written by make soak) -->", "<!-- soak figures: end -->"

LIFE_SECONDS = 20
WITHDRAWN_SECONDS = 5.0
DROPS_A_SECOND, COMMANDS_A_SECOND = 5.0, 1.5

GROWTH = 1.15
"""So much may the daemon's memory be in the end of what it was in the beginning of the part in which it is left alone."""

KINDS = {"shared outright": 8, "concept": 6, "private": 3, "faulty": 2, "a folder": 2, "twice": 1, "amending": 3}
"""Kinds of drops, and how many of each there are among 25."""

CLIENTS = ("acme-bv", "zon", "northwind")
SETTINGS = """\
office: {name: "Office", language: en}
identity: {trust_sidecar: true}
watch: {settle_seconds: 0.2, folder_settle_seconds: 0.2}
sharing: {choose_attachments: all}
"""
CLIENTS_YAML = "clients:\n" + "".join(
    f"  {code}: {{name: {code.title()}, default_approver: m.devries, contacts: [{{id: c.{code}, name: Contact, email: c@{code}.example}}]}}\n"
    for code in CLIENTS
)
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
  j.admin: {name: Joost Admiraal, email: j.admin@office.example, rights: [admin]}
"""


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Soak:
    """An office, who works with it, and what they know."""

    root: Root
    server: Server
    chance: random.Random
    minutes: float
    dropped: dict[str, str] = field(default_factory=dict)
    """SHA-256 → the file's name: all that was ever dropped, but sidecars."""
    stems: list[tuple[str, str]] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)
    """What may be on the portal, as somebody approved it or was about to."""
    gone: dict[str, float] = field(default_factory=dict)
    """What was withdrawn → when the command had ended, in monotonic seconds."""
    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    looks: int = 0
    slowest: float = 0.0
    """Seconds that something withdrawn was still seen, since the command or the next start."""
    memory: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    daemon: subprocess.Popen[bytes] | None = None
    since: float = float("inf")
    """When the daemon was started; infinity while none runs."""
    over: threading.Event = field(default_factory=threading.Event)
    quiet: threading.Event = field(default_factory=threading.Event)
    """Nobody drops or decides any more."""

    @property
    def portal(self) -> Path:
        return self.root.path / "var" / "portal"

    def fault(self, what: str) -> None:
        if len(self.faults) < 50:
            self.faults.append(what)

    def command(self, *words: str, user: str) -> bool:
        """True if it did what it was told. That it is refused is no fault: others were quicker."""
        ended = forking.run(
            ["dossier", "--root", str(self.root.path), "--as", user, *words], self.root.path, self.root.whole_environ()
        )
        if ended.returncode not in (0, 1) or "Traceback" in ended.stderr:
            self.fault(f"{words[0]} ended with {ended.returncode}: {ended.stderr[-500:]}")
        return ended.returncode == 0

    # Who drops

    def drop(self) -> None:
        number = len(self.stems)
        client, stem = self.chance.choice(CLIENTS), f"d{number:05d}"
        data = (
            pdf(f"Paper {number}") if self.chance.random() < 0.3 else f"paper {number}\n".encode() * self.chance.randint(1, 5000)
        )
        name = f"{stem}.{'pdf' if data.startswith(b'%PDF') else 'txt'}"
        keys: dict[str, Any] = {"description": f"Paper number {number}", "created_by": "m.devries"}
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "shared outright":
            keys |= {"share": True, "share_status": "approved", "notify": True, "contact": f"c.{client}"}
        elif kind == "concept":
            keys |= {"share": True, "share_status": "concept", "created_by": "p.bakker"}
        elif kind == "faulty":
            keys |= {"colour": "blue"}
        elif kind == "amending":
            shown = self.shown(client)
            if not shown:
                return
            item, names = self.chance.choice(sorted(shown.items()))
            name = self.chance.choice(sorted(names))
            keys |= {"item": item, "attachments": [name]}
        if kind in ("shared outright", "amending"):
            self.allowed.add(sha(data))
        self.dropped[sha(data)] = name
        for twin in ("", "twin") if kind == "twice" else ("",):
            in_folder = kind in ("a folder", "twice", "amending")
            self._place(client, f"{stem}{twin}", name, data, {"attachments": [name], **keys}, in_folder)
        self.done[f"dropped {kind}"] += 1

    def _place(self, client: str, stem: str, name: str, data: bytes, keys: dict[str, Any], in_folder: bool) -> None:
        """Files first; a folder drop is put together beside the inbox, and moved in whole."""
        home, card = self.root.inbox(client), yaml.safe_dump(keys, sort_keys=False).encode()
        if in_folder:
            made = self.root.path / "made" / stem
            made.mkdir(parents=True)
            (made / name).write_bytes(data)
            (made / "item.yaml").write_bytes(card)
            made.rename(home / stem)
        else:
            (home / name).write_bytes(data)
            (home / f".{stem}.yaml").write_bytes(card)
            (home / f".{stem}.yaml").rename(home / f"{stem}.yaml")
        self.stems.append((client, stem))

    # Who decides and changes

    def shown(self, client: str) -> dict[str, dict[str, str]]:
        """Item → name → SHA-256 of what items.json tells of a client."""
        try:
            told = json.loads((self.portal / client / "items.json").read_text())
        except FileNotFoundError:
            return {}
        return {item["item"]: {one["name"]: one["sha256"] for one in item["attachments"]} for item in told["items"]}

    def act(self) -> None:
        """One thing that a person does."""
        what = self.chance.choices((self.decide, self.withdraw, self.edit), (5, 2, 2))[0]
        what()

    def decide(self) -> None:
        sheets = sorted((self.root.path / "var" / "queue" / "m.devries").glob("D-*.yaml"))
        if not sheets:
            return
        sheet = self.chance.choice(sheets)
        try:
            text = sheet.read_text()
        except FileNotFoundError:
            return
        shas = [one["sha256"] for one in (yaml.safe_load(text) or {}).get("attachments") or ()]
        approve = self.chance.random() < 0.75
        if approve:
            self.allowed.update(shas)
        if self.chance.random() < 0.5:
            words = ["approve", sheet.stem] if approve else ["reject", sheet.stem, "--comment", "Not this one"]
            self.command(*words, user="m.devries")
            self.done["decided by command"] += 1
        else:
            text = text.replace("\ndecision:", f"\ndecision: {'approve' if approve else 'reject'}", 1)
            with contextlib.suppress(FileNotFoundError), open(sheet, "r+") as file:
                file.write(text.replace("\ncomment:", "\ncomment: Not this one", 1))
            self.done["decided by file"] += 1

    def withdraw(self) -> None:
        shown = self.shown(self.chance.choice(CLIENTS))
        if not shown:
            return
        item, names = self.chance.choice(sorted(shown.items()))
        if self.command("withdraw", item, "--reason", "it was not theirs", user="j.admin"):
            now = time.monotonic()
            self.gone |= dict.fromkeys(names.values(), now)
            self.done["withdrawn"] += 1

    def edit(self) -> None:
        shown = self.shown(self.chance.choice(CLIENTS))
        if shown and self.command(
            "edit", self.chance.choice(sorted(shown)), "--description", f"Edited at {time.time():.0f}", user="m.devries"
        ):
            self.done["edited"] += 1

    # Who looks

    def look(self) -> None:
        """All of the portal, as a reader who comes now finds it."""
        for client in CLIENTS:
            with contextlib.suppress(FileNotFoundError):
                self._look_at(client)
        self.looks += 1

    def _look_at(self, client: str) -> None:
        home = self.portal / client
        folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            named = self._named(folder)
            began, since = time.monotonic(), self.since
            there, inode = dict(_hashes(folder)), os.fstat(folder).st_ino
        finally:
            os.close(folder)
        for name, digest in there.items():
            if digest not in self.allowed:
                self.fault(f"{client}/{name} is on the portal and was never approved")
            if digest in self.gone and home.joinpath(name).exists():
                late = began - max(self.gone[digest], since)
                self.slowest = max(self.slowest, late)
                if late > WITHDRAWN_SECONDS:
                    self.fault(
                        f"{client}/{name} is on the portal {late:.1f} seconds after it was withdrawn, or after the next start"
                    )
        lacking = [name for name, digest in named.items() if there.get(name) != digest]
        if lacking and home.stat().st_ino == inode and self.shown(client) == _by_item(named):
            self.fault(f"{client}/items.json names {lacking[0]}, which is not there so")

    def _named(self, folder: int) -> dict[str, str]:
        descriptor = os.open("items.json", os.O_RDONLY, dir_fd=folder)
        with open(descriptor, "rb") as file:
            told = json.load(file)
        return {f"{item['item']}/{one['name']}": one["sha256"] for item in told["items"] for one in item["attachments"]}

    # The daemon

    def start(self) -> None:
        self.daemon = self.root.popen("run", log=self.root.path.with_name("daemon.log"))
        self.since = time.monotonic()

    def kill(self) -> None:
        assert self.daemon is not None
        if self.daemon.poll() is not None:
            self.fault(f"the daemon ended by itself with {self.daemon.returncode}")
        self.since = float("inf")
        self.daemon.kill()
        self.daemon.wait()
        self.done["kills"] += 1

    def measure(self) -> None:
        assert self.daemon is not None
        status = Path(f"/proc/{self.daemon.pid}/status").read_text()
        self.memory.append(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")))
        self.descriptors.append(len(os.listdir(f"/proc/{self.daemon.pid}/fd")))

    def play(self) -> None:
        """All of it; then wait until there is nothing to be done."""
        seconds = self.minutes * 60
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._repeat, args=(self.drop, 1 / DROPS_A_SECOND, self.quiet)),
            threading.Thread(target=self._repeat, args=(self.act, 1 / COMMANDS_A_SECOND, self.quiet)),
            threading.Thread(target=self._repeat, args=(self.look, 0.05, self.over)),
        ]
        self.start()
        for thread in threads:
            thread.start()
        while time.monotonic() - began < seconds * 2 / 3:
            time.sleep(LIFE_SECONDS)
            self.kill()
            self.start()
        while time.monotonic() - began < seconds:
            time.sleep(1)
            self.measure()
        self.quiet.set()
        for thread in threads[:2]:
            thread.join()
        self._come_to_rest()
        self.over.set()
        threads[2].join()
        self.daemon.terminate()
        if (code := self.daemon.wait(30)) != 0:
            self.fault(f"the daemon ended with {code}")
        self.root.once()

    def _repeat(self, what: Callable[[], None], seconds: float, until: threading.Event) -> None:
        while not until.wait(seconds):
            try:
                what()
            except Exception as error:  # noqa: BLE001 - told as a fault, and it goes on
                self.fault(f"{what.__name__}: {type(error).__name__}: {error}")

    def _come_to_rest(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            status = self.root.json("status")
            if not status["waiting"] and not self.rows("SELECT 1 FROM item WHERE unsettled OR notify LIMIT 1"):
                return
            time.sleep(1)
        self.fault("two minutes after the last drop it has not come to rest")

    # In the end

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.root.path / "var" / "dossier.db", timeout=30)) as database:
            return database.execute(query).fetchall()

    def judge(self) -> None:
        """Every file is in exactly one place; memory and descriptors are as they were; nothing else is wrong."""
        for words in (["verify"], ["audit", "verify"]):
            ended = self.root.run(*words, code=None)
            if ended.returncode != 0:
                self.fault(f"{' '.join(words)} ended with {ended.returncode}: {(ended.stdout + ended.stderr)[-1000:]}")
        kept = {digest for (digest,) in self.rows("SELECT DISTINCT sha256 FROM attachment")}
        vault = self.root.path / "var" / "vault"
        inbox = self.root.path / "inbox"
        lying = [path for path in inbox.rglob("*") if path.is_file() and path.parent.name != "_done" and path.name != "WHY.txt"]
        here = Counter(sha(path.read_bytes()) for path in lying)
        for digest, name in self.dropped.items():
            path = vault / digest[:2] / digest
            places = here[digest] + (digest in kept and path.exists() and sha(path.read_bytes()) == digest)
            if places != 1:
                self.fault(f"{name} is in {places} places")
        for client, stem in self.stems:
            receipt = inbox / client / "_done" / f"{stem}.receipt.yaml"
            if not receipt.exists() and not list((inbox / client / "_rejected").glob(f"*-{stem}/WHY.txt")):
                self.fault(f"nobody was told what became of {stem}")
        sent = {
            message
            for (message,) in self.rows("SELECT message_id FROM mail WHERE state = 'sent' AND kind = 'ready' AND within IS NULL")
        }
        arrived = Counter(str(mail["Message-ID"]) for mail in self.server.mails)
        self.done["mails"] = sum(arrived.values())
        self.done["mails that came twice"] = sum(count > 1 for count in arrived.values())
        if lost := [one for one in sent if one not in arrived and f"<{one}>" not in arrived]:
            self.fault(f"{len(lost)} mails were noted as sent and never came: {lost[0]}")
        for what, values, more in (("memory", self.memory, 8192), ("descriptors", self.descriptors, 8)):
            third = len(values) // 3
            first, last = statistics.median(values[third : 2 * third]), statistics.median(values[-third:])
            if last > first * GROWTH + more:
                self.fault(f"{what} grew from {first:.0f} to {last:.0f}")

    def figures(self) -> str:
        third = len(self.memory) // 3
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.done.items()))
        return (
            f"Last played on {time.strftime('%Y-%m-%d')} for {self.minutes:g} minutes: {counts}. The portal was looked at {self.looks} times."
            f" What was withdrawn was last seen {self.slowest:.1f} seconds after the command or the next start."
            f" Left alone for {len(self.memory)} seconds under the same load, the daemon had {self.memory[third] / 1024:.0f} MB and"
            f" {self.descriptors[third]} descriptors after a third of them, {self.memory[-1] / 1024:.0f} MB and {self.descriptors[-1]} in the end."
            f" Faults: {len(self.faults)}."
        )


def _by_item(named: dict[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, digest in named.items():
        item, _, file = name.partition("/")
        found.setdefault(item, {})[file] = digest
    return found


_known: dict[tuple[int, int], str] = {}
"""(inode, time of its last change) → SHA-256."""


def _hashes(folder: int) -> Iterator[tuple[str, str]]:
    """`ITEM/NAME` and SHA-256 of all files of items in a client's folder that is held open, whatever takes its name meanwhile."""
    for item in os.listdir(folder):
        if not item.startswith("D-"):
            continue
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            inner = os.open(item, os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
            try:
                for name in os.listdir(inner):
                    status = os.stat(name, dir_fd=inner)
                    key = (status.st_ino, status.st_mtime_ns)
                    if key not in _known:
                        with open(os.open(name, os.O_RDONLY, dir_fd=inner), "rb") as file:
                            _known[key] = sha(file.read())
                    yield f"{item}/{name}", _known[key]
            finally:
                os.close(inner)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dossier-soak-") as folder, serving() as server:
        root = new_office(Path(folder) / "office", SETTINGS, CLIENTS_YAML, STAFF)
        root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(server.port)}
        soak = Soak(root, server, random.Random(arguments.seed), arguments.minutes)
        try:
            soak.play()
            soak.judge()
        finally:
            if soak.daemon is not None and soak.daemon.poll() is None:
                soak.daemon.kill()
    print(soak.figures())
    print("\n".join(soak.faults))
    if arguments.write:
        text = PAGE.read_text()
        before, after = text[: text.index(BEGIN)], text[text.index(END) + len(END) :]
        PAGE.write_text(f"{before}{BEGIN}\n{soak.figures()}\n{END}{after}")
    return int(bool(soak.faults))


if __name__ == "__main__":
    sys.exit(main())
