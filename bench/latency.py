"""How long from the last byte of a drop to its receipt, as somebody who waits in front of the
folder sees it.

    latency.py [--drops N] [--every SECONDS]        for `make bench`: latency.py

A daemon runs on an office with IDLE idle client folders. Every 100 ms somebody drops a PDF and
its sidecar into the folder of one of ACTIVE others; the clock runs from the sidecar's close to
the receipt's appearance. Once with settle_seconds 0, where the number is the daemon's own, and
once with the default. Exit code 1 if p50 or p99 is over its target, or it needs more than 200
MB.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import common

IDLE, ACTIVE = 200, 20
P50_MS, P99_MS = 100, 300
"""Targets, beyond settle_seconds."""

PDF = b"%PDF-1.7\n" + os.urandom(40_000) + b"\n%%EOF\n"
STAFF = "staff:\n  m.devries: {name: Marieke de Vries, email: m@office.example, rights: [create, share, approve]}\n"
CARD = "description: Annual accounts 2025, number {number}\ncreated_by: m.devries\n"


def prepare(root: Path, settle: float) -> list[Path]:
    """An office; returns the inbox folders that drops go to."""
    clients = [f"client-{number:03d}" for number in range(IDLE + ACTIVE)]
    (root / "config").mkdir()
    (root / "config/settings.yaml").write_text(f"identity: {{trust_sidecar: true}}\nwatch: {{settle_seconds: {settle}}}\n")
    (root / "config/clients.yaml").write_text("clients:\n" + "".join(f"  {code}: {{name: {code}}}\n" for code in clients))
    (root / "config/staff.yaml").write_text(STAFF)
    for code in clients:
        (root / "inbox" / code).mkdir(parents=True)
    return [root / "inbox" / code for code in clients[:ACTIVE]]


def drop_and_time(homes: list[Path], drops: int, every: float, first: int = 0) -> list[float]:
    """Make the drops, one every so often, numbered from `first`; returns the seconds each took."""
    waiting: dict[Path, float] = {}
    took: list[float] = []
    start = time.perf_counter()
    made = 0
    while len(took) < drops:
        if made < drops and time.perf_counter() >= start + made * every:
            home = homes[made % len(homes)]
            name = f"drop-{first + made}"
            (home / f"{name}.pdf").write_bytes(PDF)
            (home / f"{name}.yaml").write_text(CARD.format(number=first + made))
            waiting[home / "_done" / f"{name}.receipt.yaml"] = time.perf_counter()
            made += 1
        for receipt in [path for path in waiting if os.path.exists(path)]:
            took += [time.perf_counter() - waiting.pop(receipt)]
        if waiting and time.perf_counter() - min(waiting.values()) > 60:
            raise TimeoutError(f"no receipt after 60 s: {min(waiting, key=waiting.__getitem__)}")
        time.sleep(0.001)
    return took


def measure(settle: float, drops: int, every: float) -> common.Result:
    with common.workplace() as root:
        homes = prepare(root, settle)
        daemon = common.Daemon(root, log=root / "daemon.log")
        try:
            time.sleep(1)
            took = [1000 * (seconds - settle) for seconds in drop_and_time(homes, drops, every)]
        finally:
            memory = daemon.stop()
    return {"settle_seconds": settle, **common.spread(took), "memory_mb": round(memory)}


def main() -> int:
    arguments = common.asked("from the last byte closed to the receipt", drops=200, every=0.1)
    results = [measure(settle, arguments.drops, arguments.every) for settle in (0.0, 1.0)]
    columns = {"p50 ms": "p50_ms", "p99 ms": "p99_ms", "most ms": "most_ms", "MB": "memory_mb"}
    lines = [f"beyond settle_seconds; {IDLE} idle client folders", *common.table(results, "settle_seconds", columns)]
    missed = [
        f"with settle_seconds {one['settle_seconds']:g}: {key} is {one[key]} (at most {limit})"
        for one in results
        for key, limit in (("p50_ms", P50_MS), ("p99_ms", P99_MS), ("memory_mb", common.MEMORY_MB))
        if one[key] > limit
    ]
    return common.finish("latency", {"drops": arguments.drops, "idle_folders": IDLE, "results": results}, lines, missed)


if __name__ == "__main__":
    common.run(main)
