"""A large office, made straight with SQL: through the program it would take hours.

    fill.py DIR ITEMS PENDING
        for the benchmarks; 1,000,000 items take two or three minutes and 3 GB

It has what an office has after ten years: for each item its labels, attachment, edition, the
drop it came from with its receipt, three events of a real chain, and the words it is found by,
which are as frequent as words are. There are 2,000 clients; the last has a tenth of all items.
PENDING of the items wait for a decision, with their files in the vault; the others are
published, those of the first ACTIVE clients with vault and portal, of the others only the
database knows. At the end a `dossier run --once` asks the approvers, so that nothing is due.
"""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from common import DOSSIER, take_portal_as_it_is

from dossier.database.database import close_database, open_database
from dossier.database.tables import (
    GENESIS,
    Attachment,
    Drop,
    Edition,
    Event,
    FileShown,
    Item,
    Shown,
    first_edition,
    first_key,
    item_name,
)
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.trail.trail import chained, detail_digest, link_of
from workflow.items.items import content_digest
from workflow.portal.showing import look_of

CLIENTS, ACTIVE = 2000, 40
SHARE_OF_LARGEST = 10
"""Every tenth item is the last client's."""

YEARS, FIRST_YEAR = 10, 2015
AT = "{year}-06-01T09:00:00.000000Z"
CHUNK = 20_000

RUNS = 1 + CLIENTS // 500
"""So often `run --once` has to be called until each client has a folder with what explains it, and
pages: after that nothing is left over from the making of the office."""

SETTINGS = "identity: {trust_sidecar: true}\nsharing: {choose_attachments: all}\n"
STAFF = """\
staff:
  p.bakker: {name: Petra Bakker, email: p.bakker@office.example, rights: [create]}
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
  k.smit: {name: Karel Smit, email: k.smit@office.example, rights: [create, approve]}
  j.admin: {name: Joost Admiraal, email: j.admiraal@office.example, rights: [admin]}
"""
KINDS = (
    "Annual accounts", "VAT return", "Payslips", "Income tax assessment", "Engagement letter", "Trial balance", "Corporate tax return",
    "Bank statement", "Invoice", "Minutes of the meeting", "Management letter", "Lease contract", "Pension statement", "Audit report",
)  # fmt: skip
MONTHS = ("January", "March", "June", "September", "December", "first quarter", "third quarter", "year")
ROOT_WORDS = (
    "bak", "kerk", "molen", "water", "zon", "steen", "hout", "brug", "markt", "veld", "berg", "dijk", "haven", "linde", "kapel",
)  # fmt: skip


class Made(NamedTuple):
    """One item of the office."""

    number: int
    key: int
    at: str
    client: int
    description: str
    label: str
    file: str
    content: bytes
    """Of its attachment."""
    waits: bool

    @property
    def code(self) -> str:
        return f"client-{self.client:04d}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def shown(self) -> Shown:
        """What the client sees of it."""
        file: FileShown = {"name": self.file, "size": len(self.content), "sha256": self.sha256, "media_type": "application/pdf"}
        return {"description": self.description, "explanation": None, "attachments": [file]}

    @property
    def edition_content(self) -> str:
        return content_digest(self.key, self.code, self.shown)

    @property
    def is_on_disk(self) -> bool:
        return self.client < ACTIVE or self.waits


def items(count: int, pending: int) -> Iterator[Made]:
    dice = random.Random(1)
    every, per_year = max(1, count // max(1, pending)), -(-count // YEARS)
    for number in range(1, count + 1):
        year = FIRST_YEAR + (number - 1) // per_year
        client = CLIENTS - 1 if number % SHARE_OF_LARGEST == 0 else number % (CLIENTS - 1)
        kind = KINDS[min(int(dice.expovariate(0.35)), len(KINDS) - 1)]
        name = "".join(dice.sample(ROOT_WORDS, 2)).capitalize()
        yield Made(
            number, first_key(year) + (number - 1) % per_year + 1, AT.format(year=year), client,
            f"{kind} {year} {name} {dice.choice(MONTHS)}", kind.lower(), f"{kind.lower().replace(' ', '-')}-{number}.pdf",
            b"%%PDF-1.7\n%d\n" % number, number % every == every - 1 and number // every < pending,
        )  # fmt: skip


def make_office(root: Path, count: int, pending: int) -> None:
    """config/, var/dossier.db, and what lies on the disk of ACTIVE clients."""
    config = root / "config"
    config.mkdir(parents=True)
    (root / "inbox").mkdir()
    (config / "settings.yaml").write_text(SETTINGS)
    (config / "staff.yaml").write_text(STAFF)
    clients = "".join(
        f"  client-{number:04d}: {{name: Client number {number}, default_approver: k.smit}}\n" for number in range(CLIENTS)
    )
    (config / "clients.yaml").write_text(f"clients:\n{clients}")
    office = load_office(root, {})
    open_database(office)
    close_database()
    with sqlite3.connect(root / "var" / "dossier.db", isolation_level=None) as database:
        for pragma in ("journal_mode = memory", "synchronous = off", "cache_size = -1000000", "foreign_keys = 0"):
            database.execute(f"PRAGMA {pragma}")
        indexes = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _ in indexes:
            database.execute(f'DROP INDEX "{name}"')
        database.execute("BEGIN")
        if count:
            fill(office, database, count, pending)
        database.execute("COMMIT")
        for _, statement in indexes:
            database.execute(statement)
        database.execute("PRAGMA journal_mode = wal")
    take_portal_as_it_is(root)
    for _ in range(RUNS):
        subprocess.run([DOSSIER, "--root", root, "run", "--once"], check=True, stdout=subprocess.DEVNULL)


TABLES = {
    "item": 25, "label": 2, "attachment": 12, "edition": 9, "event": 10, "event_detail": 3, "item_text": 6, "drop": 12,
}  # fmt: skip
LATER = ("makers", "hidden", "approval", "due", "owner", "of_type", "told")
"""Columns that came later, and are what they are for an item of then."""

COLUMNS = {"item_text": "(rowid, description, explanation, labels, names, client)"} | {
    table._meta.table_name: "("
    + ", ".join(f'"{one.column_name}"' for one in table._meta.sorted_fields if one.name not in LATER)
    + ")"
    for table in (Event, Attachment, Item, Edition, Drop)
}


class Rows:
    """Rows by table, written in large portions. The events hang together."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._count, self._head = 0, GENESIS

    def add(self, table: str, *row: Any) -> None:
        self._rows.setdefault(table, []).append(row)

    def tell(self, at: str, actor: str, way: str, action: str, item: int, detail: dict[str, Any]) -> None:
        """An event, as trail.record_all would write it."""
        self._count += 1
        text, salt = json.dumps(detail, separators=(",", ":")), f"{self._count:032x}"
        event = (self._count, at, actor, None, way, action, item, None, detail_digest(salt, text))
        self._head = chained(self._head, link_of(event))
        self.add("event", *event, self._head)
        self.add("event_detail", self._count, salt, text)

    def write(self) -> None:
        for table, rows in self._rows.items():
            places = ",".join("?" * TABLES[table])
            self._database.executemany(f'INSERT INTO "{table}" {COLUMNS.get(table, "")} VALUES ({places})', rows)
        self._rows.clear()


def fill(office: Office, database: sqlite3.Connection, count: int, pending: int) -> None:
    rows, last = Rows(database), dict[int, int]()
    for one in items(count, pending):
        _add_item(rows, one)
        _tell_of(rows, one)
        if one.is_on_disk:
            _put_on_disk(office, one)
        year, number = divmod(one.key, first_key(1))
        last[year] = number
        if one.number % CHUNK == 0:
            rows.write()
    rows.write()
    database.executemany("INSERT INTO counter VALUES (?, ?)", last.items())
    # Those of whom something lies on the disk get pages in the first run, as after an upgrade.
    pages = [(code, "" if number < ACTIVE else look_of(office, code), "{}") for number, code in enumerate(office.clients)]
    database.executemany("INSERT INTO page (client, look, made) VALUES (?, ?, ?)", pages)
    database.execute("INSERT INTO item_text (item_text) VALUES ('optimize')")


def _add_item(rows: Rows, one: Made) -> None:
    key, at, edition = one.key, one.at, first_edition(one.key) + 1
    shown = json.dumps(one.shown, separators=(",", ":"))
    state, standing = ("concept", None) if one.waits else ("published", edition)
    rows.add(
        "item", key, one.code, one.description, "new", None, f"{at[:4]}/Dossier", json.dumps([one.label]), "As discussed.", "{}",
        True, False, state, '["k.smit"]' if one.waits else "[]", "all", False, None, "p.bakker" if one.waits else "m.devries", at,
        None if one.waits else at, None, 1, edition if one.waits else None, standing, standing, False,
    )  # fmt: skip
    rows.add("label", key, one.label)
    rows.add("attachment", one.number, key, 0, one.file, True, None, 1, one.sha256, len(one.content), "application/pdf", at, True)
    by = (None, None) if one.waits else ("m.devries", at)
    maker = "p.bakker" if one.waits else "m.devries"
    rows.add("edition", edition, key, one.edition_content, shown, "pending" if one.waits else "standing", maker, at, *by)
    rows.add("item_text", key, one.description, "As discussed.", one.label, one.file, one.code)
    stem = one.file.removesuffix(".pdf")
    receipt = f"item: {item_name(key)}\ntaken_at: {at}\nattachments:\n  - name: {one.file}\n    sha256: {one.sha256}\n"
    files = [[name, 65024, 1_000_000 + one.number, 40_000, 10**18, 10**18, 1000] for name in (one.file, f"{stem}.yaml")]
    fingerprint = hashlib.sha256(one.sha256.encode()).hexdigest()
    rows.add(
        "drop", one.number, one.code, None, stem, fingerprint, "taken", key, at, json.dumps(files, separators=(",", ":")), None,
        receipt, True,
    )  # fmt: skip


def _tell_of(rows: Rows, one: Made) -> None:
    maker, state = ("p.bakker", "concept") if one.waits else ("m.devries", "approved")
    made = {
        "client": one.code, "source": one.file.replace(".pdf", ".yaml"), "share_state": state, "rights": ["create", "share"],
        "attachments": [{"name": one.file, "sha256": one.sha256, "share": True}],
    }  # fmt: skip
    content = {"content": one.edition_content, "shared": [one.file], "not_shared": []}
    rows.tell(one.at, maker, "drop", "created", one.key, made)
    if one.waits:
        rows.tell(one.at, maker, "drop", "offered", one.key, {**content, "approvers": ["k.smit"], "approvals": "all"})
    else:
        rows.tell(one.at, maker, "drop", "approved", one.key, {"outright": True, **content, "rights": ["create", "share"]})
        told = {"content": one.edition_content, "attachments": [one.file]}
        rows.tell(one.at, "dossier", "daemon", "published", one.key, told)


def _put_on_disk(office: Office, one: Made) -> None:
    """Its file in the vault, and on the portal if it is there."""
    kept = office.vault / one.sha256[:2] / one.sha256
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(one.content)
    if not one.waits:
        shown = office.portal / one.code / item_name(one.key) / one.file
        shown.parent.mkdir(parents=True)
        shown.write_bytes(one.content)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder, count, pending]:
            make_office(Path(folder), int(count), int(pending))
        case _:
            sys.exit(__doc__)
