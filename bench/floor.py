"""The floor: the least work that takes a backlog of drops durably, in one file and without
features.

    floor.py make ROOT N CLIENTS
        write N drops (a sidecar and one file each) into ROOT/inbox/<client>/
    floor.py run ROOT              take them all; prints drops, seconds and drops per second as JSON

It is a yardstick, so it keeps what can't be left out: each sidecar is parsed (libyaml) and
validated (pydantic), each file hashed (SHA-256), synced and renamed into a vault by its hash;
item, attachment and hash-chained events go to SQLite (WAL, synchronous=FULL, a transaction for
each batch); the file is copied to the portal under a temporary name, synced and renamed; a
receipt is written and the sidecar removed. It leaves out watching, settling, pairing, rights,
approval, recovery after a crash, pages and mail.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import yaml
from pydantic import BaseModel

BATCH = 200
"""Drops in one transaction."""

SMALL_BYTES, LARGE_BYTES, LARGE_EVERY = 40_000, 2_000_000, 50
"""A backlog is mostly letters and sheets; one in fifty is a scan."""

SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = full;
create table item (id integer primary key, client, description, status, location, labels, explanation, share_state,
                   created_by, created_at);
create table attachment (id integer primary key, item, name, sha256, size, share);
create table event (id integer primary key, at, actor, action, subject, detail, hash);
create index item_of_client on item (client, id);
create index attachment_of_item on attachment (item);
"""


class Sidecar(BaseModel, extra="forbid"):
    description: str
    status: str
    location: str
    labels: list[str]
    explanation: str
    attachments: list[str]
    share: bool
    share_status: str | None = None
    approver: str | None = None
    notify: bool = False
    contact: str | None = None
    created_by: str


@dataclass
class Stored:
    """A file that is in the vault."""

    name: str
    sha256: str
    size: int
    path: str


@dataclass
class Taken:
    """A drop whose files are in the vault, before its rows are written."""

    path: Path
    sidecar: Sidecar
    stored: list[Stored]


def make(root: Path, drops: int, clients: int) -> None:
    """Write the backlog. The same numbers make the same bytes, so that two programs get the same
    work."""
    source = random.Random(20261124)
    small, large = source.randbytes(SMALL_BYTES), source.randbytes(LARGE_BYTES)
    for number in range(drops):
        folder = root / "inbox" / f"client-{number % clients:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        body = large if number % LARGE_EVERY == LARGE_EVERY - 1 else small
        name = f"report-{number:06d}"
        (folder / f"{name}.pdf").write_bytes(b"%%PDF-1.7\n%012d\n" % number + body + b"\n%%EOF\n")
        (folder / f"{name}.yaml").write_text(
            f"description: Annual report number {number}\n"
            "status: done\n"
            "location: 2025/Annual accounts\n"
            f"labels: [annual, '2025', n{number % 97}]\n"
            f"explanation: |\n  Signed version, as discussed.\n  Number {number}.\n"
            f"attachments: [{name}.pdf]\n"
            "share: true\nshare_status: approved\nnotify: false\ncreated_by: m.devries\n"
        )


def run(root: Path) -> None:
    """Take every drop under ROOT/inbox and print how long it took."""
    started, taken, head = time.perf_counter(), 0, "0" * 64
    database = sqlite3.connect(root / "floor.db", isolation_level=None)
    database.executescript(SCHEMA)
    sidecars = find_sidecars(root / "inbox")
    while batch := list(islice(sidecars, BATCH)):
        head = take(root, database, batch, head)
        taken += len(batch)
    seconds = time.perf_counter() - started
    print(json.dumps({"drops": taken, "seconds": round(seconds, 3), "per_second": round(taken / seconds, 1)}))


def find_sidecars(inbox: Path) -> Iterator[Path]:
    for client in os.scandir(inbox):
        # Listed whole: the folder is changed while its drops are taken.
        for entry in list(os.scandir(client.path)):
            if entry.name.endswith(".yaml"):
                yield Path(entry.path)


def take(root: Path, database: sqlite3.Connection, batch: list[Path], head: str) -> str:
    """One batch: files to the vault, rows and portal in one transaction, then the sidecars away.
    The new chain head."""
    drops = [store(root, sidecar) for sidecar in batch]
    for shelf in {os.path.dirname(stored.path) for drop in drops for stored in drop.stored}:
        sync(shelf)
    database.execute("begin immediate")
    for drop in drops:
        item, head = record(database, drop, head)
        publish(root, drop, item)
        write_receipt(drop, item)
    database.execute("commit")
    for drop in drops:
        os.unlink(drop.path)
    return head


def store(root: Path, path: Path) -> Taken:
    """Read the sidecar and move its files into the vault."""
    with open(path, "rb") as stream:
        sidecar = Sidecar.model_validate(yaml.load(stream, Loader=yaml.CSafeLoader))
    stored = []
    for name in sidecar.attachments:
        source = path.parent / name
        with open(source, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            os.fsync(stream.fileno())
            size = os.fstat(stream.fileno()).st_size
        shelf = f"{root}/vault/{digest[:2]}"
        os.makedirs(shelf, exist_ok=True)
        os.rename(source, f"{shelf}/{digest}")
        stored.append(Stored(name, digest, size, f"{shelf}/{digest}"))
    return Taken(path, sidecar, stored)


def record(database: sqlite3.Connection, drop: Taken, head: str) -> tuple[int, str]:
    """The rows of one drop: its item's number and the new chain head."""
    card, now = drop.sidecar, time.time()
    item = database.execute(
        "insert into item values (null, ?, ?, ?, ?, ?, ?, 'published', ?, ?)",
        (drop.path.parent.name, card.description, card.status, card.location, json.dumps(card.labels), card.explanation,
         card.created_by, now),
    ).lastrowid  # fmt: skip
    assert item is not None
    for stored in drop.stored:
        database.execute("insert into attachment values (null, ?, ?, ?, ?, 1)", (item, stored.name, stored.sha256, stored.size))
    detail = json.dumps({"sidecar": drop.path.name})
    for action in ("created", "published"):
        head = hashlib.sha256(f"{head}{now}{card.created_by}{action}{item}{detail}".encode()).hexdigest()
        database.execute("insert into event values (null, ?, ?, ?, ?, ?, ?)", (now, card.created_by, action, item, detail, head))
    return item, head


def publish(root: Path, drop: Taken, item: int) -> None:
    """Copy the files to the portal under a temporary name, then give the folder its own."""
    folder = f"{root}/portal/{drop.path.parent.name}/D-{item:06d}"
    os.makedirs(f"{folder}.new")
    for stored in drop.stored:
        copy = f"{folder}.new/{stored.name}"
        shutil.copyfile(stored.path, copy)
        sync(copy)
    os.rename(f"{folder}.new", folder)


def write_receipt(drop: Taken, item: int) -> None:
    done = drop.path.parent / "_done"
    os.makedirs(done, exist_ok=True)
    with open(done / f"{drop.path.stem}.receipt.yaml", "w") as stream:
        stream.write(f"item: D-{item:06d}\n")


def sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", root, drops, clients]:
            make(Path(root), int(drops), int(clients))
        case ["run", root]:
            run(Path(root))
        case _:
            sys.exit(__doc__)
