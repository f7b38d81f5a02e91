"""How long a backlog takes: `dossier run --once` beside floor.py and naive.py, on the same
drops, in the same run.

    backlog.py [--repeat R] N...        for `make bench`: backlog.py --repeat 3 1000 5000

For each N an inbox of N drops is made for each program, alike but for random bytes. All are
timed as a user would: from start to end of the process; floor.py does the least possible work
with the same durability, naive.py is what a hobbyist writes. The best of R counts, and who goes
first changes from one to the next. `ratio` and `naive_ratio` are dossier's drops per second to
theirs; `turns` are the same within each turn, the least first. Exit code 1 if dossier did not
take and publish every drop, or if a target is missed.

The office is as `dossier init` makes it but for what the drops need: `created_by` is believed
and a share covers all attachments. The wrong-client guard looks at each file, and finds no text
in random bytes. Settling stays at its default: a backlog has lain there for longer than that,
and here, too, the clock starts only when it has.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import common
from common import BenchmarkFailed

CLIENTS = 40
"""The same for every N, so that twice the drops are twice the drops of each client."""

GROWTH_LIMIT, DAY_LIMIT, FLOOR_LIMIT, NAIVE_LIMIT = 2.2, 1.0, 1.25, 3.5
"""Targets: how many times as long twice the drops may take; of the drops per second of floor.py
at least, on an office's day and above it; of those of naive.py."""

DAY = 1000
"""So many drops at most are an office's day: of them the start of the program is a large part."""

SETTINGS = """\
identity: {trust_sidecar: true}
sharing: {choose_attachments: all}
"""
STAFF = """\
staff:
  m.devries: {name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}
"""


def prepare_office(root: Path, clients: int = CLIENTS) -> None:
    config = root / "config"
    config.mkdir(parents=True)
    known = "".join(f"  client-{number:04d}: {{name: Client number {number}, language: en}}\n" for number in range(clients))
    (config / "settings.yaml").write_text(SETTINGS)
    (config / "staff.yaml").write_text(STAFF)
    (config / "clients.yaml").write_text("clients:\n" + known)


def prepare(root: Path, drops: int) -> None:
    """An office for either program, its inbox filled and on the disk."""
    prepare_office(root)
    subprocess.run([sys.executable, common.FLOOR, "make", root, str(drops), str(CLIENTS)], check=True)


def check_all_done(root: Path, drops: int) -> None:
    """Raises BenchmarkFailed unless every drop has its receipt and is on the portal: speed
    without the work is no speed."""
    receipts = sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml"))
    shared = sum(len(json.loads(index.read_text())["items"]) for index in root.glob("var/portal/*/items.json"))
    files = sum(1 for _ in root.glob("var/portal/*/D-*/*.pdf"))
    if not receipts == shared == files == drops:
        raise BenchmarkFailed(f"of {drops} drops {receipts} have a receipt, {shared} are in items.json, {files} on the portal")


def measure(drops: int, repeat: int) -> common.Result:
    """The best of `repeat` runs of both programs on a backlog of `drops`."""
    ran: dict[str, list[common.Ran]] = {"floor": [], "dossier": [], "naive": []}
    for turn in range(repeat):
        with common.workplace() as folder:
            roots = {name: folder / name for name in ran}
            for root in roots.values():
                prepare(root, drops)
            commands = {
                "floor": [sys.executable, str(common.FLOOR), "run", str(roots["floor"])],
                "naive": [sys.executable, str(common.NAIVE), "run", str(roots["naive"])],
                "dossier": [common.DOSSIER, "--root", str(roots["dossier"]), "run", "--once"],
            }
            time.sleep(common.SETTLE_SECONDS)
            for name in sorted(ran, reverse=turn % 2 == 0):
                ran[name].append(common.timed(commands[name]))
            check_all_done(roots["dossier"], drops)
    best = {name: min(one.seconds for one in runs) for name, runs in ran.items()}
    return {
        "drops": drops,
        **{f"{name}_seconds": round(value, 3) for name, value in best.items()},
        **{f"{name}_per_second": round(drops / value, 1) for name, value in best.items()},
        "ratio": round(best["floor"] / best["dossier"], 2),
        "turns": sorted(round(floor.seconds / own.seconds, 2) for floor, own in zip(ran["floor"], ran["dossier"], strict=True)),
        "naive_ratio": round(best["naive"] / best["dossier"], 2),
        "memory_mb": round(max(one.memory_mb for one in ran["dossier"])),
    }


def growth_of(results: Sequence[common.Result]) -> list[common.Result]:
    """For each two results of which one has twice the drops of the other: how many times as long
    it took."""
    by_drops = {result["drops"]: result for result in results}
    return [
        {"from": drops, "to": 2 * drops, "factor": round(by_drops[2 * drops]["dossier_seconds"] / one["dossier_seconds"], 2)}
        for drops, one in sorted(by_drops.items())
        if 2 * drops in by_drops
    ]


def table(results: Sequence[common.Result], growth: Sequence[common.Result]) -> list[str]:
    columns = {
        "floor/s": "floor_per_second", "naive/s": "naive_per_second", "dossier/s": "dossier_per_second", "of floor": "ratio",
        "of naive": "naive_ratio", "MB": "memory_mb",
    }  # fmt: skip
    lines = common.table(results, "drops", columns)
    return lines + [f"{g['to']} drops take {g['factor']} times as long as {g['from']}" for g in growth]


def missed(results: Sequence[common.Result], growth: Sequence[common.Result]) -> list[str]:
    told = []
    for one in results:
        floor_limit = DAY_LIMIT if one["drops"] <= DAY else FLOOR_LIMIT
        for key, limit, beside in (("ratio", floor_limit, "the floor"), ("naive_ratio", NAIVE_LIMIT, "the naive script")):
            if one[key] < limit:
                told.append(f"{one['drops']} drops: {one[key]} of {beside} (at least {limit})")
    told += [
        f"twice the drops take {g['factor']} times as long (at most {GROWTH_LIMIT})" for g in growth if g["factor"] > GROWTH_LIMIT
    ]
    most = max(one["memory_mb"] for one in results)
    return told + ([f"{most} MB (at most {common.MEMORY_MB})"] if most > common.MEMORY_MB else [])


def main() -> int:
    parser = argparse.ArgumentParser(description="dossier run --once beside the floor, on the same backlog")
    parser.add_argument("drops", type=int, nargs="+", metavar="N", help="how many drops, for example: 1000 5000")
    parser.add_argument("--repeat", type=int, default=1, metavar="R", help="measure so often and keep the best (default 1)")
    arguments = parser.parse_args()
    if min(*arguments.drops, arguments.repeat) < 1:
        parser.error("numbers must be 1 or more")
    results = [measure(drops, arguments.repeat) for drops in arguments.drops]
    growth = growth_of(results)
    told = {"clients": CLIENTS, "results": results, "growth": growth}
    return common.finish("backlog", told, table(results, growth), missed(results, growth))


if __name__ == "__main__":
    common.run(main)
