"""How long a person waits for a command in a large office: each beside `dossier --version`, in
the same run.

    commands.py [--items N] [--pending P] [--repeat R] [--keep DIR]
        for `make bench`: 1,000,000 items, 10,000 pending

In an office as fill.py makes it each command is run R times, as a user would, and the best
counts, less the best of `dossier --root . --version`, which is parsed like every command. Exit
code 1 if a command took more than LIMIT_MS longer, a list of all that waits or a look into each
folder of the inbox more than LONG_MS, or `dossier --version` alone more than VERSION_MS longer
than Python itself.

`--keep DIR` keeps the office there and uses it again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import common

LIMIT_MS, LONG_MS, VERSION_MS = 50, 200, 60

RARE_STATUS = "closed"
"""Given to as many items as there are turns: a status that no item has is refused."""

LONG = ("queue --json", "queue --limit 0", "status")
"""Lists of all that waits, and a look into every folder of the inbox."""

PYTHON, ALONE = "python -c pass", "--version alone"

ITEM = "2024-000042"


def commands(waiting: list[str]) -> dict[str, list[list[str]]]:
    """What is measured, by the name it has in the table: for each turn how it is called.
    `waiting`: an item for each turn."""
    large = f"client-{1999:04d}"
    same = {
        "items --client": ["items", "--client", "client-0042"],
        "items --client (the largest)": ["items", "--client", large],
        "two words, many hits": ["items", "annual", "accounts"],
        "two words, few hits": ["items", "lindekapel", "minutes"],
        "two words of a client": ["items", "--client", "client-0042", "annual", "accounts"],
        "two words of the largest client": ["items", "--client", large, "annual", "accounts"],
        "two words with a label": ["items", "--label", "invoice", "invoice", "2020"],
        "items --status (few have it)": ["items", "--status", RARE_STATUS],
        "items --client --share-state": ["items", "--client", "client-0042", "--share-state", "returned"],
        "two words, rare location": ["items", "--location", "2015/Dossier", "annual", "accounts"],
        "queue": ["queue"],
        "queue --approver": ["queue", "--approver", "k.smit"],
        "show": ["show", ITEM],
        "recent": ["recent"],
        "audit log": ["audit", "log", "--item", ITEM],
        "audit log (the largest client)": ["audit", "log", "--client", large],
        "why": ["why", ITEM],
        "retention list --due": ["retention", "list", "--due"],
        "status": ["status"],
        "queue --json": ["queue", "--json"],
        "queue --limit 0": ["queue", "--limit", "0"],
    }
    return {
        **{name: [words] * len(waiting) for name, words in same.items()},
        "edit": [["edit", ITEM, "--status", ("done", "in_progress")[turn % 2]] for turn, _ in enumerate(waiting)],
        "approve": [["approve", item] for item in waiting],
    }


def measure(root: Path, repeat: int) -> list[common.Result]:
    """The best of each, and what is resident at most."""
    here = [common.DOSSIER, "--root", str(root), "--as", "k.smit"]
    listed = subprocess.run([*here, "queue", "--json", "--limit", str(repeat)], capture_output=True, check=True)
    waiting = [one["item"] for one in json.loads(listed.stdout)]
    for item in waiting:
        subprocess.run([*here, "edit", item, "--status", RARE_STATUS], stdout=subprocess.DEVNULL, check=True)
    return best_of({name: [[*here, *words] for words in turns] for name, turns in commands(waiting).items()}, len(waiting))


def best_of(calls: Mapping[str, Sequence[Sequence[str]]], turns: int) -> list[common.Result]:
    """Run each call so often, in turn: the best of each, beside `dossier --version`, and what is
    resident at most."""
    # With an option before it the command line is parsed, as for every command; alone the version
    # is told without that.
    whole = {
        "--version": [[common.DOSSIER, "--root", ".", "--version"]] * turns,
        PYTHON: [[sys.executable, "-c", "pass"]] * turns,
        ALONE: [[common.DOSSIER, "--version"]] * turns,
        **calls,
    }
    ran: dict[str, list[common.Ran]] = {name: [] for name in whole}
    for turn in range(turns):
        for name, commands_ in whole.items():
            ran[name].append(common.timed(commands_[turn]))
    best = {name: 1000 * min(one.seconds for one in runs) for name, runs in ran.items()}
    least = {name: 1000 * min(one.cpu_seconds for one in runs) for name, runs in ran.items()}
    return [
        {
            "command": name,
            "ms": round(took),
            "more_ms": round(took - best["--version"]),
            "cpu_ms": round(least[name]),
            "more_cpu_ms": round(least[name] - least["--version"]),
            "memory_mb": round(max(one.memory_mb for one in ran[name])),
        }
        for name, took in best.items()
    ]


def missed(results: list[common.Result]) -> list[str]:
    took = {one["command"]: one["ms"] for one in results}
    told, more = list[str](), took[ALONE] - took[PYTHON]
    if more > VERSION_MS:
        told.append(f"--version takes {more} ms more than Python (at most {VERSION_MS})")
    for one in results:
        limit = LONG_MS if one["command"] in LONG else LIMIT_MS
        if one["more_ms"] > limit:
            told.append(f"{one['command']} takes {one['more_ms']} ms more (at most {limit})")
        if one["memory_mb"] > common.MEMORY_MB:
            told.append(f"{one['command']} needs {one['memory_mb']} MB (at most {common.MEMORY_MB})")
    return told


def main() -> int:
    arguments = common.asked(
        "commands in a large office, beside dossier --version", items=1_000_000, pending=10_000, repeat=5, keep=None
    )
    with common.workplace() as folder:
        root = common.filled(arguments.keep or folder / "office", arguments.items, arguments.pending)
        results = measure(root, arguments.repeat)
    lines = common.table(
        results, "command", {"ms": "ms", "more than --version": "more_ms", "of a processor": "cpu_ms", "MB": "memory_mb"}
    )
    told = {"items": arguments.items, "pending": arguments.pending, "results": results}
    return common.finish("commands", told, lines, missed(results))


if __name__ == "__main__":
    common.run(main)
