"""Whether a drop takes longer the more of them there are: in the backlog, and in the office
already.

    growth.py [--drops N...] [--filled M...] [--into N]
        for `make bench`: 1,000 to 50,000 drops; 2,000 into up to 1,000,000 items

First a backlog of each size into a new office, beside floor.py on the same drops, as backlog.py
does it. Then the same backlog of `--into` drops into an office that holds so many items already
(fill.py). Time counts from start to end of the process, so what a start costs is in it. Exit
code 1 if a drop takes more than GROWTH times as long in the largest backlog as in the smallest,
or FILLED times as long in the fullest office as in an empty one, or if dossier needs more than
200 MB.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import backlog
import common

GROWTH, FILLED = 1.1, 1.1
"""Targets: how many times as long a drop may take."""


def run_once(root: Path) -> list[str]:
    return [common.DOSSIER, "--root", str(root), "run", "--once"]


def measure_backlog(drops: int) -> common.Result:
    """floor.py and dossier on alike backlogs."""
    with common.workplace() as folder:
        roots = {name: folder / name for name in ("floor", "dossier")}
        for root in roots.values():
            backlog.prepare(root, drops)
        time.sleep(common.SETTLE_SECONDS)
        floor = common.timed([sys.executable, str(common.FLOOR), "run", str(roots["floor"])])
        ran = common.timed(run_once(roots["dossier"]))
        backlog.check_all_done(roots["dossier"], drops)
    beside = {"floor_ms_per_drop": round(1000 * floor.seconds / drops, 2), "of_floor": round(floor.seconds / ran.seconds, 2)}
    return {**_costs(ran, drops), **beside}


def _costs(ran: common.Ran, drops: int) -> common.Result:
    return {
        "drops": drops, "seconds": round(ran.seconds, 2), "ms_per_drop": round(1000 * ran.seconds / drops, 2),
        "cpu_ms_per_drop": round(1000 * ran.cpu_seconds / drops, 2), "memory_mb": round(ran.memory_mb),
    }  # fmt: skip


def measure_filled(items: int, drops: int, repeat: int) -> common.Result:
    """dossier on a backlog of so many `drops` in an office of so many `items`, all of them
    published; the best of `repeat`."""
    best: common.Ran | None = None
    with common.workplace() as folder:
        office = folder / "office"
        subprocess.run([sys.executable, common.FILL, office, str(items), "0"], check=True)
        for turn in range(repeat):
            root = folder / f"turn-{turn}"
            shutil.copytree(office, root)
            common.take_portal_as_it_is(root)
            subprocess.run([sys.executable, common.FLOOR, "make", root, str(drops), str(backlog.CLIENTS)], check=True)
            before = _receipts(root)
            time.sleep(common.SETTLE_SECONDS)
            ran = common.timed(run_once(root))
            if _receipts(root) - before != drops:
                raise common.BenchmarkFailed(f"of {drops} drops {_receipts(root) - before} have a receipt")
            best = ran if best is None or ran.seconds < best.seconds else best
            shutil.rmtree(root)
    assert best is not None
    return {"items": items, **_costs(best, drops)}


def _receipts(root: Path) -> int:
    return sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml"))


def missed(by_drops: Sequence[common.Result], by_items: Sequence[common.Result]) -> list[str]:
    told = []
    for results, limit, what in ((by_drops, GROWTH, "drops"), (by_items, FILLED, "items")):
        if len(results) > 1:
            first, last = results[0], results[-1]
            factor = last["ms_per_drop"] / first["ms_per_drop"]
            if factor > limit:
                told.append(
                    f"a drop takes {factor:.2f} times as long with {last[what]:,} {what} as with {first[what]:,} (at most {limit})"
                )
    most = max(one["memory_mb"] for one in (*by_drops, *by_items))
    if most > common.MEMORY_MB:
        told.append(f"{most} MB (at most {common.MEMORY_MB})")
    return told


def table(by_drops: Sequence[common.Result], by_items: Sequence[common.Result]) -> list[str]:
    costs = {"ms a drop": "ms_per_drop", "processor": "cpu_ms_per_drop", "MB": "memory_mb"}
    floor = {"floor ms": "floor_ms_per_drop", "of floor": "of_floor"}
    return [
        "into a new office, by drops:", *common.table(by_drops, "drops", {**costs, **floor}),
        "into a filled one, by items:", *common.table(by_items, "items", costs),
    ]  # fmt: skip


def main() -> int:
    arguments = common.asked(
        "how the time of a drop grows",
        drops=[1000, 5000, 20_000, 50_000], filled=[0, 100_000, 1_000_000], into=2000, repeat=2,
    )  # fmt: skip
    by_drops = [measure_backlog(drops) for drops in sorted(arguments.drops)]
    by_items = [measure_filled(items, arguments.into, arguments.repeat) for items in sorted(arguments.filled)]
    result = {"clients": backlog.CLIENTS, "by_drops": by_drops, "by_items": by_items}
    return common.finish("growth", result, table(by_drops, by_items), missed(by_drops, by_items))


if __name__ == "__main__":
    common.run(main)
