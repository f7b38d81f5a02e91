"""How long from the last byte of a drop to its receipt, as somebody who waits in front of the
folder sees it.

    latency.py [--drops N] [--every SECONDS] [--backlog M] [--gigabytes G]


A daemon runs on an office with IDLE idle client folders. Every 100 ms somebody drops a PDF and
its sidecar into the folder of one of ACTIVE others; the clock runs from the sidecar's close to
the receipt's appearance. With settle_seconds 0, where the number is the daemon's own, and with
the default, each with nothing else to do; then, with settle_seconds 0, beside M drops that others
have put into 40 of the idle folders, and beside one file of G gigabytes in one of them, as long as
those are being taken. Exit code 1 if p50 or p99 is over its target, or it needs more than 200 MB.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import backlog
import common

IDLE, ACTIVE = 200, 20
TARGETS = {"alone": {"p50_ms": 5, "p99_ms": 10}, "a backlog": {"p99_ms": 1000}, "a large file": {"p99_ms": 100}}
"""Beyond settle_seconds: beside nothing, and beside these."""

MOST_DROPS = 10_000
"""While something else is taken, drops are made as long as that takes."""

PDF = b"%%PDF-1.7\n%% paper %d\n" + os.urandom(40_000).replace(b"%", b"-") + b"\n%%%%EOF\n"
"""Each drop has another number in it: the office gets no paper twice."""

GLANCE_SECONDS = 0.0002
"""How often it is looked whether the receipt is there."""

SETTINGS = """\
identity: {{trust_sidecar: true}}
sharing: {{choose_attachments: all}}
intake: {{max_file_mb: 100000}}
watch: {{settle_seconds: {settle}}}
"""
STAFF = "staff:\n  m.devries: {name: Marieke de Vries, email: m@office.example, rights: [create, share, approve]}\n"
CARD = "description: Annual accounts 2025, number {number}\ncreated_by: m.devries\n"


def prepare(root: Path, settle: float) -> list[Path]:
    """An office; returns the inbox folders that drops go to."""
    clients = [f"client-{number:03d}" for number in range(IDLE + ACTIVE)]
    (root / "config").mkdir()
    (root / "config/settings.yaml").write_text(SETTINGS.format(settle=settle))
    (root / "config/clients.yaml").write_text("clients:\n" + "".join(f"  {code}: {{name: {code}}}\n" for code in clients))
    (root / "config/staff.yaml").write_text(STAFF)
    for code in clients:
        (root / "inbox" / code).mkdir(parents=True)
    return [root / "inbox" / code for code in clients[:ACTIVE]]


def drop_and_time(
    homes: list[Path], drops: int, every: float, first: int = 0, is_over: Callable[[], bool] = lambda: False
) -> list[float]:
    """Make the drops, one every so often, numbered from `first`, no more once `is_over`; returns
    the seconds each took."""
    waiting: dict[Path, float] = {}
    took: list[float] = []
    start = time.perf_counter()
    made = 0
    while len(took) < drops:
        if made < drops and time.perf_counter() >= start + made * every:
            if is_over():
                drops = made
                continue
            home = homes[made % len(homes)]
            name = f"drop-{first + made}"
            (home / f"{name}.pdf").write_bytes(PDF % (first + made))
            (home / f"{name}.yaml").write_text(CARD.format(number=first + made))
            waiting[home / "_done" / f"{name}.receipt.yaml"] = time.perf_counter()
            made += 1
        for receipt in [path for path in waiting if os.path.exists(path)]:
            took += [time.perf_counter() - waiting.pop(receipt)]
        if waiting and time.perf_counter() - min(waiting.values()) > 60:
            raise TimeoutError(f"no receipt after 60 s: {min(waiting, key=waiting.__getitem__)}")
        time.sleep(GLANCE_SECONDS)
    return took


def measure(settle: float, drops: int, every: float) -> common.Result:
    """With nothing else to do."""
    with common.workplace() as root:
        homes = prepare(root, settle)
        daemon = common.Daemon(root, log=root / "daemon.log")
        try:
            time.sleep(1)
            took = [1000 * (seconds - settle) for seconds in drop_and_time(homes, drops, every)]
        finally:
            memory = daemon.stop()
    return {"case": f"settle_seconds {settle:g}", "beside": "alone", **common.spread(took), "memory_mb": round(memory)}


def beside(what: str, put: Callable[[Path, list[Path]], Callable[[], Callable[[], bool]]], every: float) -> common.Result:
    """While something else is taken. `put` makes it, and returns what puts it into the idle
    clients' folders; what that returns says whether all of it was taken."""
    with common.workplace() as root:
        homes = prepare(root, 0.0)
        idle = [root / "inbox" / f"client-{number:03d}" for number in range(ACTIVE, ACTIVE + IDLE)]
        begin = put(root / "store", idle)
        time.sleep(common.SETTLE_SECONDS)
        daemon = common.Daemon(root, log=root / "daemon.log")
        try:
            time.sleep(1)
            is_over = begin()
            began = time.perf_counter()
            took = [1000 * seconds for seconds in drop_and_time(homes, MOST_DROPS, every, is_over=is_over)]
            seconds = time.perf_counter() - began
        finally:
            memory = daemon.stop()
    told = {"drops": len(took), "seconds": round(seconds, 1), "memory_mb": round(memory)}
    return {"case": f"beside {what}", "beside": what, **common.spread(took), **told}


def put_backlog(store: Path, idle: list[Path], drops: int) -> Callable[[], Callable[[], bool]]:
    backlog.prepare(store, drops)
    made = sorted((store / "inbox").iterdir())

    def begin() -> Callable[[], bool]:
        for home, target in zip(made, idle, strict=False):
            for path in sorted(home.iterdir()):
                path.rename(target / path.name)
        homes = idle[: len(made)]
        return lambda: not any(name.endswith(".yaml") for home in homes for name in os.listdir(home))

    return begin


def put_large(store: Path, idle: list[Path], gigabytes: float) -> Callable[[], Callable[[], bool]]:
    store.mkdir()
    piece = os.urandom(1 << 20)
    with open(store / "large.pdf", "wb") as stream:
        stream.write(b"%PDF-1.7\n")
        for _ in range(int(gigabytes * 1024)):
            stream.write(piece)
        stream.write(b"\n%%EOF\n")
        stream.flush()
        os.fsync(stream.fileno())

    def begin() -> Callable[[], bool]:
        (store / "large.pdf").rename(idle[0] / "large.pdf")
        (idle[0] / "large.yaml").write_text(CARD.format(number="of a large file"))
        return (idle[0] / "_done/large.receipt.yaml").exists

    return begin


def main() -> int:
    arguments = common.asked("from the last byte closed to the receipt", drops=200, every=0.1, backlog=5000, gigabytes=2.0)
    results = [measure(settle, arguments.drops, arguments.every) for settle in (0.0, 1.0)]
    results.append(beside("a backlog", partial(put_backlog, drops=arguments.backlog), arguments.every))
    results.append(beside("a large file", partial(put_large, gigabytes=arguments.gigabytes), arguments.every))
    columns = {"p50 ms": "p50_ms", "p99 ms": "p99_ms", "most ms": "most_ms", "MB": "memory_mb"}
    lines = [f"beyond settle_seconds; {IDLE} idle client folders", *common.table(results, "case", columns)]
    missed = [
        f"{one['case']}: {key} is {one[key]} (at most {limit})"
        for one in results
        for key, limit in {**TARGETS[one["beside"]], "memory_mb": common.MEMORY_MB}.items()
        if one[key] > limit
    ]
    told = {"drops": arguments.drops, "idle_folders": IDLE, "backlog": arguments.backlog, "gigabytes": arguments.gigabytes}
    return common.finish("latency", {**told, "results": results}, lines, missed)


if __name__ == "__main__":
    common.run(main)
