"""Whether a noisy office keeps a quiet one waiting: `dossier run --root QUIET --root NOISY`.

    fairness.py [--drops N] [--backlog M]        for `make bench`: 200 drops, a backlog of 5,000

Somebody drops a file every 100 ms into the quiet office, as latency.py does it: first while the
other office has nothing to do, then while that one takes a backlog, whose end is not waited for
longer than the drops take. Both times the same two daemons serve both. Exit code 1 if the quiet
office's median goes beyond P50_MS, or its slowest hundredth beyond P99_MS.
"""

from __future__ import annotations

import time
from pathlib import Path

import backlog
import common
import latency

P50_MS, P99_MS = 250, 1000
"""Targets beside a backlog: what it costs a person who waits must not be felt."""


def measure(quiet: Path, noisy: Path, drops: int, every: float, first: int) -> common.Result:
    """Time drops in the quiet office, with what the noisy one took meanwhile."""
    homes = [quiet / "inbox" / f"client-{number:03d}" for number in range(latency.ACTIVE)]
    began, before = time.perf_counter(), receipts(noisy)
    took = [1000 * seconds for seconds in latency.drop_and_time(homes, drops, every, first)]
    seconds = time.perf_counter() - began
    rate = round((receipts(noisy) - before) / seconds, 1)
    return {**common.spread(took), "seconds": round(seconds, 1), "noisy_per_second": rate}


def receipts(root: Path) -> int:
    return sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml"))


def main() -> int:
    arguments = common.asked("single drops in one office while another takes a backlog", drops=200, backlog=5000, every=0.1)
    with common.workplace() as folder:
        quiet, noisy, store = folder / "quiet", folder / "noisy", folder / "store"
        quiet.mkdir()
        latency.prepare(quiet, settle=0.0)
        backlog.prepare(noisy, arguments.backlog)
        (noisy / "inbox").rename(store)
        for home in store.iterdir():
            (noisy / "inbox" / home.name).mkdir(parents=True)
        time.sleep(common.SETTLE_SECONDS)
        daemons = common.Daemon(quiet, noisy, log=folder / "daemons.log")
        try:
            time.sleep(1)
            alone = measure(quiet, noisy, arguments.drops, arguments.every, 0)
            for home in store.iterdir():
                for path in sorted(home.iterdir()):
                    path.rename(noisy / "inbox" / home.name / path.name)
            beside = measure(quiet, noisy, arguments.drops, arguments.every, arguments.drops)
        finally:
            daemons.stop()
    rows = [{"the quiet office": "alone", **alone}, {"the quiet office": "beside a backlog", **beside}]
    columns = {"p50 ms": "p50_ms", "p99 ms": "p99_ms", "most ms": "most_ms", "the other takes /s": "noisy_per_second"}
    lines = common.table(rows, "the quiet office", columns)
    missed = [
        f"beside a backlog {name} is {beside[key]} ms (at most {limit})"
        for name, key, limit in (("p50", "p50_ms", P50_MS), ("p99", "p99_ms", P99_MS))
        if beside[key] > limit
    ]
    told = {"drops": arguments.drops, "backlog": arguments.backlog, "alone": alone, "beside": beside}
    return common.finish("fairness", told, lines, missed)


if __name__ == "__main__":
    common.run(main)
