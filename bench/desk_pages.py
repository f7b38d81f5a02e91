"""How fast the desk's pages come in a large office, how long they are, and what the desk needs of memory.

    desk_pages.py [--items N] [--pending P] [--repeat R] [--people C] [--keep DIR]     for `make bench`: 1,000,000 items, 10,000 pending

In an office as fill.py makes it each page is asked for R times by one approver, and R times in all by C people at once, mixed,
of which a tenth are changes of an item; each of them clicks PAUSE_SECONDS after an answer, faster than anybody reads. Meanwhile a
daemon takes a backlog on the same processors, of which there is always more than it can take. What the people themselves cost,
who are threads of this program, is told as a part of one processor: it is taken from the desk. Exit code 1 if a page
takes more than PAGE_MS at p95, all of them together
more than CROWD_MS, if a page is longer than PAGE_KB, or the desk needs more than MEMORY_MB.

`--keep DIR` keeps the office there and uses it again.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import common
from api import free_port
from browsing import Browser

PAGE_MS, CROWD_MS, PAGE_KB, MEMORY_MB = 150, 300, 60, 250
PAUSE_SECONDS = 1.0
BACKLOG, CLIENTS_OF_BACKLOG = 12_000, 400
"""Drops: more than are taken in the time; and for so many clients."""

WHO, ADMIN = "k.smit", "j.admin"
ITEM = "D-2024-000042"
PAGES = {
    "my work": "/",
    "a search": "/?q=annual+accounts",
    "clients": "/clients",
    "a client": "/clients/client-0042",
    "the largest client": "/clients/client-1999",
    "of it, two words": "/clients/client-1999?q=annual+accounts",
    "a new item": "/clients/client-0042/new",
    "an item": f"/items/{ITEM}",
    "to decide": "/queue",
    "one to decide": "/queue/{waits}",
    "inbox": "/inbox",
    "bin": "/bin",
}
OFFICE = {"office": "/office", "trail": "/office/trail"}
"""For an admin."""


class Person(Browser):
    """Somebody of the staff."""

    def __init__(self, root: Path, port: int, who: str) -> None:
        super().__init__(port, _link(root, who))


@cache
def _office(root: Path) -> Any:
    from dossier.office.opening import load_office

    return load_office(root, os.environ)


def _link(root: Path, who: str) -> str:
    from dossier.database.database import close_database, open_database
    from dossier.text import clock
    from workflow.portal_access import staff_access

    office = _office(root)
    open_database(office)
    link = staff_access.new_link(office, clock.utc_now(), who, "/")
    close_database()
    return link


def _p95(took: Sequence[float]) -> float:
    return round(sorted(took)[int(0.95 * len(took))], 1)


def measure(root: Path, repeat: int, people: int) -> dict[str, Any]:
    port = free_port()
    log = root / "desk.log"
    with log.open("w") as out:
        process = subprocess.Popen([common.DOSSIER, "--root", root, "desk", "--port", str(port)], stdout=out, stderr=out)
    try:
        while "serving the desk" not in log.read_text():
            if process.poll() is not None:
                raise common.BenchmarkFailed(log.read_text()[-2000:])
            time.sleep(0.05)
        one = Person(root, port, WHO)
        waits = re.findall(r'href="/queue/(D-[0-9-]+)"', one.ask("/queue")[1].decode())[0]
        results = []
        for name, path in [*PAGES.items(), *OFFICE.items()]:
            asks, goal = Person(root, port, ADMIN) if name in OFFICE else one, path.format(waits=waits)
            asks.timed(goal)
            before = _cpu_seconds(process.pid)
            took = [asks.timed(goal) for _ in range(repeat)]
            cpu = 1000 * (_cpu_seconds(process.pid) - before) / repeat
            results.append(
                {
                    "page": name, "p95_ms": _p95([ms for ms, _ in took]), "cpu_ms": round(cpu, 1),
                    "kb": round(max(size for _, size in took) / 1000, 1),
                }
            )  # fmt: skip
        crowd = _beside_a_backlog(root, lambda: _crowd(root, port, people, repeat * len(PAGES), waits), process.pid)
        memory = _memory_mb(process.pid)
    finally:
        process.terminate()
        process.wait()
    return {"results": results, **crowd, "memory_mb": memory}


def _beside_a_backlog(root: Path, click: Callable[[], dict[str, Any]], desk: int) -> dict[str, Any]:
    """What `click` tells, while a daemon takes drops, and who used how much of a processor meanwhile."""
    inbox, staged, left = root / "inbox", root / "backlog", []
    staged.mkdir(exist_ok=True)
    for number in range(BACKLOG):
        stem = f"backlog-{time.time_ns()}"
        (staged / f"{stem}.pdf").write_bytes(b"%%PDF-1.7\n%d\n%%%%EOF\n" % time.time_ns())
        (staged / f"{stem}.yaml").write_text(f"created_by: p.bakker\ndescription: Backlog number {number}\n")
        left += [inbox / f"client-{number % CLIENTS_OF_BACKLOG:04d}" / f"{stem}.{ending}" for ending in ("pdf", "yaml")]
    daemon = common.Daemon(root, log=root / "daemon.log")
    try:
        for path in left:
            (staged / path.name).rename(path)
        began, clients, own = time.perf_counter(), _cpu_seconds(desk), time.process_time()
        daemons, waited = daemon.cpu_seconds(), sum(path.exists() for path in left)
        told = click()
        seconds = time.perf_counter() - began
        still = sum(path.exists() for path in left)
        used = {
            "desk": _cpu_seconds(desk) - clients,
            "people": time.process_time() - own,
            "daemon": daemon.cpu_seconds() - daemons,
        }
    finally:
        daemon.stop()
        for path in left:
            path.unlink(missing_ok=True)
    if not still:
        raise common.BenchmarkFailed(f"the backlog of {BACKLOG} drops was taken before the people had done")
    share = {name: round(100 * value / seconds) for name, value in used.items()}
    return {**told, "processor_percent": share, "drops_a_second": round((waited - still) / 2 / seconds)}


def _crowd(root: Path, port: int, people: int, count: int, waits: str) -> dict[str, Any]:
    """p50 and p95 of all pages for `people` at once, in ms; every tenth request changes an item."""
    persons = [Person(root, port, WHO) for _ in range(people)]
    each = max(10, count // people)

    def click(number: int) -> list[tuple[float, bool]]:
        person, paths = persons[number], cycle(list(PAGES.values()))
        for _ in range(number):
            next(paths)  # not all of them the same page at once
        took = []
        time.sleep(PAUSE_SECONDS * number / people)
        for turn in range(each):
            time.sleep(PAUSE_SECONDS)
            if turn % 10 == 9:
                form = {"location": f"2024/{number}-{turn}"}
                took.append((person.timed(f"/items/{ITEM}/edit", form)[0], True))
            else:
                took.append((person.timed(next(paths).format(waits=waits))[0], False))
        return took

    with ThreadPoolExecutor(people) as threads:
        took = [one for some in threads.map(click, range(people)) for one in some]
    every, changes = sorted(ms for ms, _ in took), [ms for ms, is_change in took if is_change]
    return {"crowd_p50_ms": round(every[len(every) // 2], 1), "crowd_p95_ms": _p95(every), "changes_p95_ms": _p95(changes)}


def _cpu_seconds(pid: int) -> float:
    """Of all processes of the server."""
    return sum(map(common.cpu_seconds, common.family(pid)))


def _memory_mb(pid: int) -> int:
    """Of all processes of the server together; what they have in common counts once."""
    return round(sum(common.share_mb(one) for one in common.family(pid)))


def missed(told: dict[str, Any]) -> list[str]:
    found = [
        f"{one['page']} takes {one['p95_ms']} ms at p95 (at most {PAGE_MS})" for one in told["results"] if one["p95_ms"] > PAGE_MS
    ]
    found += [f"{one['page']} is {one['kb']} kB long (at most {PAGE_KB})" for one in told["results"] if one["kb"] > PAGE_KB]
    if told["crowd_p95_ms"] > CROWD_MS:
        found.append(f"with many people at once p95 is {told['crowd_p95_ms']} ms (at most {CROWD_MS})")
    if told["memory_mb"] > MEMORY_MB:
        found.append(f"the desk needs {told['memory_mb']} MB (at most {MEMORY_MB})")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="the desk's pages in a large office")
    parser.add_argument("--items", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--pending", type=int, default=10_000, metavar="P")
    parser.add_argument("--repeat", type=int, default=40, metavar="R")
    parser.add_argument("--people", type=int, default=50, metavar="C")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="an office to make, or to use again")
    arguments = parser.parse_args()
    with common.workplace() as folder:
        root = arguments.keep or folder / "office"
        if not (root / "var" / "dossier.db").exists():
            subprocess.run([sys.executable, common.FILL, root, str(arguments.items), str(arguments.pending)], check=True)
        try:
            told = measure(root, arguments.repeat, arguments.people)
        except common.BenchmarkFailed as failure:
            print(failure, file=sys.stderr)
            return 1
    lines = [f"{'':<28}{'p95 ms':>8}{'cpu ms':>8}{'kB':>8}"]
    lines += [f"{one['page']:<28}{one['p95_ms']:>8}{one['cpu_ms']:>8}{one['kb']:>8}" for one in told["results"]]
    lines += [
        f"{arguments.people} people at once: p50 {told['crowd_p50_ms']} ms, p95 {told['crowd_p95_ms']} ms; changes p95 {told['changes_p95_ms']} ms",
        f"of a processor: {told['processor_percent']} %; {told['drops_a_second']} drops a second taken beside; {told['memory_mb']} MB",
    ]
    return common.finish("desk", {"items": arguments.items, "pending": arguments.pending, **told}, lines, missed(told))


if __name__ == "__main__":
    sys.exit(main())
