"""Words in the files of a large office, made straight with SQL: reading as many files would take
hours.

    texts.py DIR        after fill.py; 1,000,000 items take half an hour and 8 GB

Every item of the office gets what a file of 2 kB says: WORDS words, as frequent as words are
(Zipf), out of VOCABULARY made-up ones. Prints by how many bytes an item the database grew.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

VOCABULARY, WORDS = 60_000, 290
CHUNK = 20_000
HASH_BYTES = 64 * 1024 * 1024
"""So much of the index is kept in memory before it is written; SQLite's own 1 MB takes several
times as long."""


def vocabulary() -> list[str]:
    """The words, the commonest first; the same each time."""
    dice = random.Random(1)
    return ["".join(dice.choice("bcdfghklmnprstvwz") + dice.choice("aeiou") for _ in range(dice.randint(2, 4)))
            + dice.choice(["", "n", "t", "ing"]) for _ in range(VOCABULARY)]  # fmt: skip


def texts() -> Iterator[str]:
    dice, known = random.Random(2), vocabulary()
    weights = list(accumulate(1 / (place + 10) for place in range(VOCABULARY)))
    while True:
        yield " ".join(dice.choices(known, cum_weights=weights, k=WORDS))


def fill(path: Path) -> None:
    """Put a text beside each item of this database that has none, as
    dossier/database/file_texts.py would."""
    with sqlite3.connect(path, isolation_level=None, timeout=600) as database:
        for pragma in ("journal_mode = wal", "synchronous = off", "cache_size = -400000"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("INSERT INTO item_text_files (item_text_files, rank) VALUES ('hashsize', ?)", (HASH_BYTES,))
        [[last]] = database.execute("SELECT max(rowid) FROM item_text_files")
        rows = database.execute(
            "SELECT rowid, description, explanation, labels, names, client FROM item_text WHERE rowid > ? ORDER BY rowid",
            (last or 0,),
        )
        keys, made, started = rows.fetchall(), texts(), time.monotonic()
        for start in range(0, len(keys), CHUNK):
            database.execute("BEGIN")
            for key, *rest, client in keys[start : start + CHUNK]:
                text = next(made)
                row = (key, " ".join(rest), text, client, json.dumps([[f"{key:064x}", len(text), True]]))
                database.execute("INSERT INTO item_text_files (rowid, rest, text, client, files) VALUES (?, ?, ?, ?, ?)", row)
            database.execute("COMMIT")
            print(f"\r{min(start + CHUNK, len(keys)):,} of {len(keys):,}", end="", file=sys.stderr, flush=True)
        database.execute("INSERT INTO item_text_files (item_text_files, rank) VALUES ('hashsize', 1048576)")
        print(f"\n{time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder]:
            database = Path(folder) / "var" / "dossier.db"
            before = database.stat().st_size
            fill(database)
            with sqlite3.connect(database) as closing:
                closing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                [[count]] = closing.execute("SELECT count(*) FROM item")
            print((database.stat().st_size - before) / max(1, count))
        case _:
            sys.exit(__doc__)
