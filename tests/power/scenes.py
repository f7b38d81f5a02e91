"""What an office is doing when the power goes: each scene is a daemon at work, and somebody who drops, decides, withdraws.

Whoever acts notes in the disks' log what is certain from then on, as `facts`; judging.py holds an office after a cut to the
facts that were noted before it. Files are dropped as a careful program does: synced, file and folder, before they count.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from disks import Disks
from kit.documents import pdf
from kit.mail_server import Server
from kit.support import Root, new_office, wait_for

SETTINGS = """\
office: {name: "Office", language: en}
identity: {trust_sidecar: true}
watch: {settle_seconds: 0, folder_settle_seconds: 0}
sharing: {guard: off, choose_attachments: all}
"""
CLIENTS = """\
clients:
  acme-bv:
    name: Acme B.V.
    default_approver: m.devries
    contacts: [{id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example}]
"""
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
  j.admin: {name: Joost Admiraal, email: j.admin@office.example, rights: [admin]}
"""
CONTACT = "j.jansen@acme.example"

NOTES = {"notes.csv": b"a;b\n1;2\n"}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Play:
    """An office on disks, and who works with it."""

    disks: Disks
    root: Root
    inbox: Path
    server: Server
    _daemon: subprocess.Popen[bytes] | None = None
    _log: Path = field(init=False)

    def __post_init__(self) -> None:
        self._log = self.disks.folder / "daemon.log"

    def fact(self, **facts: Any) -> None:
        self.disks.mark(**facts)

    # The daemon

    def start(self) -> None:
        seen = self._log.stat().st_size if self._log.exists() else 0
        self._daemon = self.root.popen("run", log=self._log)
        self.until(lambda: b'"event": "running"' in self._log.read_bytes()[seen:], "the daemon runs")

    def stop(self) -> None:
        """All that was begun is done first."""
        self.until(lambda: not self.rows("SELECT 1 FROM 'drop' WHERE NOT cleared"), "all drops are cleared")
        assert self._daemon is not None
        self._daemon.terminate()
        assert self._daemon.wait(30) == 0, self._log.read_text()[-3000:]

    def end(self) -> None:
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.kill()
            self._daemon.wait()

    def until(self, what: Callable[[], Any], why: str) -> Any:
        """`wait_for`, unless the daemon ends."""

        def ask() -> Any:
            assert self._daemon is None or self._daemon.poll() is None, self._log.read_text()[-3000:]
            return what()

        return wait_for(ask, lambda: f"{why}\n{self._log.read_text()[-3000:]}", seconds=60)

    # Who works with it

    def drop(self, stem: str, files: Mapping[str, bytes], folder: str | None = None, **keys: Any) -> None:
        """Put a drop into the inbox; it counts once all of it is on the disk."""
        client = self.inbox / "acme-bv"
        place = client / folder if folder else client
        place.mkdir(parents=True, exist_ok=True)
        card = yaml.safe_dump({"created_by": "m.devries", **keys}, sort_keys=False).encode()
        whole = {**files, ("item.yaml" if folder else f"{stem}.yaml"): card}
        for name, data in whole.items():
            write_synced(place / f".{name}.part", data)
        for name in whole:
            (place / f".{name}.part").rename(place / name)
        for path in (place, client, self.inbox, self.inbox.parent):
            sync(path)
        self.fact(dropped={name: sha(data) for name, data in whole.items()}, stem=stem)

    def until_taken(self, stem: str) -> str:
        """The number of the item that a drop became."""
        path = self.inbox / "acme-bv" / "_done" / f"{stem}.receipt.yaml"
        receipt = yaml.safe_load(self.until(lambda: path.exists() and path.read_bytes(), f"a receipt of {stem}"))
        self.fact(numbers={one["sha256"]: receipt["item"] for one in receipt["attachments"]})
        return str(receipt["item"])

    def until_refused(self, stem: str) -> None:
        rejected = self.inbox / "acme-bv" / "_rejected"
        self.until(lambda: [*rejected.glob(f"*-{stem}/*.yaml")], f"{stem} is refused")

    def until_public(self, item: str, name: str, data: bytes) -> None:
        """Until items.json says so, and the picture of a PDF is there."""
        home = self.root.path / "var" / "portal" / "acme-bv"

        def is_shown() -> bool:
            if not (home / "items.json").exists():
                return False
            listed = json.loads((home / "items.json").read_text())["items"]
            return any(
                one["item"] == item and {"name": name, "sha256": sha(data)}.items() <= a.items()
                for one in listed
                for a in one["attachments"]
            )

        self.until(is_shown, f"{item} is public")
        if name.endswith(".pdf"):
            self.until(lambda: not self.rows("SELECT 1 FROM page_due"), f"the pictures of {item} are made")

    def until_mailed(self) -> None:
        self.until(lambda: not self.rows("SELECT 1 FROM item WHERE notify"), "the contact has been told")

    def sheet(self, item: str) -> Path:
        """The queue file of an item, once it is there."""
        path = self.root.path / "var" / "queue" / "m.devries" / f"{item}.yaml"
        self.until(path.exists, f"a queue file of {item}")
        return path

    def shown(self) -> dict[str, str]:
        """`ITEM/NAME` → SHA-256 of each file of an item on the portal."""
        home = self.root.path / "var" / "portal" / "acme-bv"
        return {str(path.relative_to(home)): sha(path.read_bytes()) for path in home.glob("D-*/*") if path.is_file()}

    def item_of(self, data: bytes) -> str:
        """The number of the item that shows this file on the portal."""
        return next(name.split("/")[0] for name, digest in self.shown().items() if digest == sha(data))

    def command(self, *words: str, user: str = "m.devries") -> None:
        self.root.run(*words, user=user)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return rows(self.root.path / "var" / "dossier.db", query)


# The scenes. What is in `before` was done, and its disks unmounted, before the power could go.


def _share(play: Play, stem: str, description: str, data: bytes, **keys: Any) -> str:
    """Shared outright, until it is on the portal."""
    play.fact(allowed=[sha(data)])
    play.drop(stem, {f"{stem}.pdf": data}, description=description, share=True, share_status="approved", **keys)
    item = play.until_taken(stem)
    play.fact(public=[sha(data)])
    play.until_public(item, f"{stem}.pdf", data)
    return item


ACCOUNTS, OTHER, CORRECTED = pdf("Annual accounts"), pdf("Something else"), pdf("Annual accounts, corrected")


def _shared(play: Play) -> None:
    _share(play, "accounts", "Annual accounts 2025", ACCOUNTS)
    _share(play, "other", "Something else for the client", OTHER)


def _outright(play: Play) -> None:
    _share(play, "accounts", "Annual accounts 2025", ACCOUNTS, notify=True, contact="j.jansen")
    play.until_mailed()
    play.drop("second", NOTES, description="Notes that stay in the office", attachments=list(NOTES))
    play.until_taken("second")


def _concept(play: Play, stem: str, data: bytes) -> str:
    play.drop(
        stem, {f"{stem}.pdf": data}, description=f"A concept of {stem}", share=True, share_status="concept", created_by="p.bakker"
    )
    return play.until_taken(stem)


def _by_file(play: Play) -> None:
    item = _concept(play, "accounts", ACCOUNTS)
    _concept(play, "other", OTHER)
    path = play.sheet(item)
    play.fact(allowed=[sha(ACCOUNTS)])
    write_synced(path, path.read_bytes().replace(b"\ndecision:", b"\ndecision: approve", 1))
    sync(path.parent)
    play.fact(public=[sha(ACCOUNTS)])
    play.until_public(item, "accounts.pdf", ACCOUNTS)


def _by_command(play: Play) -> None:
    item, other = _concept(play, "accounts", ACCOUNTS), _concept(play, "other", OTHER)
    play.sheet(other)
    play.command("reject", other, "--comment", "The wrong year")
    play.fact(allowed=[sha(ACCOUNTS)])
    play.command("approve", item)
    play.fact(public=[sha(ACCOUNTS)])
    play.until_public(item, "accounts.pdf", ACCOUNTS)


def _refused(play: Play) -> None:
    play.drop("odd", {"odd.csv": b"3;4\n"}, description="Something odd here", status="upside down", attachments=["odd.csv"])
    play.until_refused("odd")
    play.drop("vat-2026", {"vat.csv": b"1;2\n"}, folder="vat-2026", description="VAT return of 2026", expires="never")
    rejected = play.inbox / "acme-bv" / "_rejected"
    play.until(lambda: [*rejected.glob("*-vat-2026/item.yaml")], "the folder drop is refused")


def _amended(play: Play) -> None:
    name = play.item_of(ACCOUNTS)
    play.fact(allowed=[sha(CORRECTED)], leaving=[sha(ACCOUNTS)])
    play.drop(
        "correction",
        {"accounts.pdf": CORRECTED},
        item=name,
        description="Annual accounts 2025, corrected",
        attachments=["accounts.pdf"],
    )
    play.until_taken("correction")
    play.fact(public=[sha(CORRECTED)], gone=[sha(ACCOUNTS)])
    play.until_public(name, "accounts.pdf", CORRECTED)


def _withdrawn(play: Play) -> None:
    name = play.item_of(ACCOUNTS)
    play.fact(leaving=[sha(ACCOUNTS)])
    play.command("withdraw", name, "--reason", "sent to the wrong client")
    play.fact(gone=[sha(ACCOUNTS)])
    play.until(lambda: sha(ACCOUNTS) not in play.shown().values(), "it is off the portal")


def _noted(play: Play, stem: str = "notes") -> None:
    play.drop(stem, NOTES, description="Notes of a talk", attachments=list(NOTES))
    play.until_taken(stem)


def _duplicate(play: Play) -> None:
    _noted(play, "again")


def _folder(play: Play) -> None:
    files = {"vat.pdf": pdf("VAT"), **NOTES}
    play.drop("vat-2026", files, folder="vat-2026", description="VAT return of 2026")
    play.until_taken("vat-2026")


def _backup(play: Play) -> None:
    target = play.disks.places[-1] / "backups"
    play.command("backup", str(target))
    play.fact(backup=str(target))


def _elsewhere(play: Play) -> None:
    _outright(play)
    _refused(play)


def _nothing(play: Play) -> None:
    """Before a scene that begins with an office in which nothing has happened yet."""


@dataclass(frozen=True)
class Scene:
    name: str
    title: str
    then: Callable[[Play], None]
    before: Callable[[Play], None] | None = _nothing
    """None: the daemon has never run in this office."""
    disks: int = 1
    inbox_elsewhere: bool = False

    def office(self, disks: Disks, server: Server) -> Play:
        """The office, which is there already unless its disks are empty."""
        path = disks.places[0] / "office"
        inbox = disks.places[1] / "inbox" if self.inbox_elsewhere else path / "inbox"
        if (path / "config").exists():
            root = Root(path)
        else:
            paths = f"paths: {{inbox: {json.dumps(str(inbox))}}}\n" if self.inbox_elsewhere else ""
            root = new_office(path, SETTINGS + paths, CLIENTS, STAFF)
            (inbox / "acme-bv").mkdir(parents=True)
        root.environ |= {"DOSSIER_MAIL__HOST": "127.0.0.1", "DOSSIER_MAIL__PORT": str(server.port)}
        return Play(disks, root, inbox, server)


SCENES = [
    Scene("outright", "Shared outright, with a mail", _outright),
    Scene("by-file", "A concept, decided in its queue file", _by_file),
    Scene("by-command", "Concepts, decided by command", _by_command),
    Scene("refused", "A drop of files and a folder drop refused", _refused),
    Scene("amended", "An amendment replaces an attachment on the portal", _amended, _shared),
    Scene("withdrawn", "An item withdrawn", _withdrawn, _shared),
    Scene("duplicate", "The same drop once more", _duplicate, _noted),
    Scene("folder", "A folder drop taken", _folder),
    Scene("backup", "A backup onto another disk", _backup, _shared, disks=2),
    Scene("first", "The first start of an office", _outright, None),
    Scene("elsewhere", "An inbox on another disk", _elsewhere, disks=2, inbox_elsewhere=True),
]

BY_NAME = {scene.name: scene for scene in SCENES}


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """What a database says; nothing while it isn't one yet."""
    if not database.exists():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            return []
        raise
    finally:
        connection.close()


def write_synced(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
