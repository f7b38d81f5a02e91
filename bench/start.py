"""How long `dossier run` takes until it is ready, with 1,000,000 items and with none.

    start.py [--items N] [--repeat R] [--keep DIR]
        for `make bench`: 1,000,000 items, 10,000 of them waiting

Both offices have the same configuration. A daemon is started on the one and the other in turn, R
times, until it says that it is ready, and is ended after it ran for RUN_SECONDS: what it does of
its own accord in the beginning counts for its memory. The best counts. Exit code 1 if the full
office takes SECONDS more, or either daemon more than 200 MB.

`--keep DIR` keeps the full office there and uses it again.
"""

from __future__ import annotations

import time

import common

SECONDS = 2.0
"""Target: so much longer than with no item, at most."""

RUN_SECONDS = 20
"""Long enough for what happens at the start, and the queue's first round."""


def main() -> int:
    arguments = common.asked("the start of the daemon with many items, and with none", items=1_000_000, repeat=3, keep=None)
    with common.workplace() as folder:
        roots = {0: folder / "empty", arguments.items: arguments.keep or folder / "full"}
        for items, root in roots.items():
            common.filled(root, items, items // 100)
        seconds: dict[int, list[float]] = {items: [] for items in roots}
        memory = dict.fromkeys(roots, 0.0)
        for _ in range(arguments.repeat):
            for items, root in roots.items():
                daemon = common.Daemon(root, log=folder / "daemon.log")
                seconds[items].append(daemon.start_seconds)
                time.sleep(RUN_SECONDS)
                memory[items] = max(memory[items], daemon.stop())
    results = [
        {
            "items": items,
            "seconds": round(min(seconds[items]), 2),
            "first_seconds": round(seconds[items][0], 2),
            "memory_mb": round(memory[items]),
        }
        for items in roots
    ]
    columns = {"ready after s": "seconds", "the first time": "first_seconds", "MB": "memory_mb"}
    lines = common.table(results, "items", columns)
    more = round(results[1]["seconds"] - results[0]["seconds"], 2)
    missed = [f"{more} s more with {arguments.items:,} items (less than {SECONDS:g})"] if more >= SECONDS else []
    most = max(one["memory_mb"] for one in results)
    missed += [f"{most} MB (at most {common.MEMORY_MB})"] if most > common.MEMORY_MB else []
    return common.finish("start", {"results": results, "more_seconds": more}, lines, missed)


if __name__ == "__main__":
    common.run(main)
