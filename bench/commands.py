"""How long a person waits for a command in a large office: each beside `dossier --version`, in the same run.

    commands.py [--items N] [--pending P] [--repeat R] [--keep DIR]       for `make bench`: 1,000,000 items, 10,000 pending

Makes an office's database straight with SQL (through the program it would take an hour), items as an office has them: 2,000
clients, one of them with a tenth of all; words as frequent as words are. Then each command is run R times, as a user
would, and the best counts, less the best of `dossier --version`. Prints a table, then the same as JSON. Exit code 1 if
a command took more than LIMIT_MS longer, or `--version` itself more than VERSION_MS.

`--keep DIR` keeps the office there and uses it again.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORK = Path(__file__).resolve().parent.parent / "var"

LIMIT_MS, VERSION_MS = 150, 250

CLIENTS = 2000
SHARE_OF_LARGEST = 10
"""Every tenth item is the first client's."""

SETTINGS = "identity: {trust_sidecar: true}\nsharing: {guard: off}\n"
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
    "bak",
    "kerk",
    "molen",
    "water",
    "zon",
    "steen",
    "hout",
    "brug",
    "markt",
    "veld",
    "berg",
    "dijk",
    "haven",
    "linde",
    "kapel",
)


def rows(items: int, pending: int) -> Iterator[tuple[int, int, str, str, str, str, bool]]:
    """(key, number, client, description, label, file name, whether it waits for a decision)."""
    dice = random.Random(1)
    every = max(1, items // max(1, pending))
    for number in range(1, items + 1):
        client = 0 if number % SHARE_OF_LARGEST == 0 else number % CLIENTS
        kind = KINDS[min(int(dice.expovariate(0.35)), len(KINDS) - 1)]
        name = "".join(dice.sample(ROOT_WORDS, 2)).capitalize()
        description = f"{kind} {2015 + number % 11} {name} {dice.choice(MONTHS)}"
        file = f"{kind.lower().replace(' ', '-')}-{number}.pdf"
        waits = number % every == 0 and number // every <= pending
        yield 2025 * 10_000_000 + number, number, f"client-{client:04d}", description, kind.lower(), file, waits


def make_office(root: Path, items: int, pending: int) -> None:
    """config/ and var/dossier.db. The trail is a real chain, so that `audit verify` holds."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from dossier.database import close_database, open_database
    from dossier.settings import load_office

    config = root / "config"
    config.mkdir(parents=True)
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
        for pragma in ("journal_mode = memory", "synchronous = off", "cache_size = -400000", "foreign_keys = 0"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        fill(database, items, pending)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = wal")


def fill(database: sqlite3.Connection, items: int, pending: int) -> None:
    from dossier.trail import GENESIS, chained, detail_digest, link_of

    at, previous, content, salt = "2025-06-01T09:00:00.000000Z", GENESIS, "sha256:" + "0" * 64, "0" * 32
    shown = json.dumps({"description": "…", "explanation": None, "attachments": []})
    chunk: dict[str, list[tuple[Any, ...]]] = {}
    tables = {
        "item": 25, "label": 2, "attachment": 12, "edition": 9, "event": 10, "event_detail": 3, "item_text": 5,
    }  # fmt: skip
    columns = {
        "item_text": "(rowid, description, explanation, labels, names)",
        "event": "(seq, at, actor, behind, way, action, item, subject, digest, hash)",
    }

    def flush() -> None:
        for table, found in chunk.items():
            places = ",".join("?" * tables[table])
            database.executemany(f"INSERT INTO {table} {columns.get(table, '')} VALUES ({places})", found)
        chunk.clear()

    for key, number, client, description, label, file, waits in rows(items, pending):
        edition = key * 10_000 + 1
        chunk.setdefault("item", []).append((
            key, client, description, "new", None, f"{2015 + number % 11}/Dossier", json.dumps([label]), None, "{}", True, False,
            "concept" if waits else "published", '["k.smit"]', "all", False, None, "p.bakker", at, None if waits else at, None, 1,
            edition if waits else None, None if waits else edition, None if waits else edition, False,
        ))  # fmt: skip
        chunk.setdefault("label", []).append((key, label))
        chunk.setdefault("attachment", []).append(
            (number, key, 0, file, True, None, 1, "0" * 64, 40_000, "application/pdf", at, True)
        )
        by = (None, None) if waits else ("k.smit", at)
        chunk.setdefault("edition", []).append(
            (edition, key, content, shown, "pending" if waits else "standing", "p.bakker", at, *by)
        )
        chunk.setdefault("item_text", []).append((key, description, "", label, file))
        detail = json.dumps({"client": client}, separators=(",", ":"))
        for seq, action in ((2 * number - 1, "created"), (2 * number, "offered" if waits else "published")):
            event = (seq, at, "p.bakker", None, "drop", action, key, None, detail_digest(salt, detail))
            previous = chained(previous, link_of(event))
            chunk.setdefault("event", []).append((*event, previous))
            chunk.setdefault("event_detail", []).append((seq, salt, detail))
        if number % 20_000 == 0:
            flush()
    flush()
    database.execute("INSERT INTO counter VALUES (2025, ?)", (items,))
    database.execute("INSERT INTO item_text (item_text) VALUES ('optimize')")
    database.execute("ANALYZE")


def commands(root: Path) -> dict[str, list[str]]:
    """What is measured, by the name it has in the table."""
    with sqlite3.connect(root / "var" / "dossier.db") as database:
        waits = [row[0] for row in database.execute("SELECT id FROM item WHERE pending IS NOT NULL ORDER BY id LIMIT 100")]
    del waits
    return {
        "items --client": ["items", "--client", "client-0042"],
        "items --client (the largest)": ["items", "--client", "client-0000"],
        "two words, many hits": ["items", "annual", "accounts"],
        "two words, few hits": ["items", "lindekapel", "minutes"],
        "two words of a client": ["items", "--client", "client-0042", "annual", "accounts"],
        "two words of the largest client": ["items", "--client", "client-0000", "annual", "accounts"],
        "two words with a label": ["items", "--label", "invoice", "invoice", "2020"],
        "two words, rare location": ["items", "--location", "2015/Dossier", "annual", "accounts"],
        "queue": ["queue"],
        "queue --approver": ["queue", "--approver", "k.smit"],
        "show": ["show", "2025-000042"],
        "recent": ["recent"],
        "audit log": ["audit", "log", "--item", "2025-000042"],
    }


def timed(command: list[str]) -> float:
    """Milliseconds from start to end of a process."""
    started = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    took = (time.perf_counter() - started) * 1000
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return took


def measure(root: Path, repeat: int) -> list[dict[str, Any]]:
    dossier = [str(Path(sys.executable).with_name("dossier"))]
    wanted = {
        "--version": ["--version"],
        **{name: ["--root", str(root), "--as", "k.smit", *words] for name, words in commands(root).items()},
    }
    best = dict.fromkeys(wanted, float("inf"))
    for _ in range(repeat):
        for name, words in wanted.items():
            best[name] = min(best[name], timed(dossier + words))
    return [{"command": name, "ms": round(took), "more_ms": round(took - best["--version"])} for name, took in best.items()]


def main() -> int:
    parser = argparse.ArgumentParser(description="commands in a large office, beside dossier --version")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--pending", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="an office to make, or to use again")
    arguments = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, prefix="bench-") as folder:
        root = arguments.keep or Path(folder) / "office"
        if not (root / "var" / "dossier.db").exists():
            started = time.perf_counter()
            make_office(root, arguments.items, arguments.pending)
            print(f"an office of {arguments.items:,} items made in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        results = measure(root, arguments.repeat)
    print(f"{'':<34}{'ms':>6}{'more than --version':>22}")
    for one in results:
        print(f"{one['command']:<34}{one['ms']:>6}{one['more_ms']:>22}")
    print(json.dumps({"benchmark": "commands", "items": arguments.items, "pending": arguments.pending, "results": results}))
    slow = [
        one["command"]
        for one in results
        if one["more_ms"] > LIMIT_MS or (one["command"] == "--version" and one["ms"] > VERSION_MS)
    ]
    if slow:
        print(f"too slow (more than {LIMIT_MS} ms): {', '.join(slow)}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
