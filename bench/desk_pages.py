"""How fast the desk's pages come in a large office, how long they are, and what the desk needs
of memory.

    desk_pages.py [--items N] [--pending P] [--repeat R] [--people C] [--keep DIR]
        for `make bench`: 1,000,000 items, 10,000 pending

In an office as fill.py makes it each page is asked for R times by one approver, and R times in
all by C people at once, mixed, of which a tenth are changes of an item; each of them clicks
PAUSE_SECONDS after an answer, faster than anybody reads. Meanwhile a daemon takes a backlog on
the same processors, of which there is always more than it can take. What the people themselves
cost, who are threads of this program, is told as a part of one processor: it is taken from the
desk. Exit code 1 if a page takes more than PAGE_MS at p95, all of them together more than
CROWD_MS, if a page is longer than PAGE_KB, or the desk needs more than MEMORY_MB.

`--keep DIR` keeps the office there and uses it again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import common
from browsing import Browser

PAGE_MS, CROWD_MS, PAGE_KB, MEMORY_MB = 150, 300, 60, 250
PAUSE_SECONDS = 1.0
BACKLOG, CLIENTS_OF_BACKLOG = 25_000, 400
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


def _link(root: Path, who: str) -> str:
    from dossier.text import clock
    from workflow.portal_access import staff_access

    with common.opened(root) as office:
        return staff_access.new_link(office, clock.utc_now(), who, office.staff[who].email, "/")


def measure(root: Path, repeat: int, people: int) -> common.Result:
    port = common.free_port()
    with common.serving([common.DOSSIER, "--root", root, "desk", "--port", str(port)], port) as server:
        one = Person(root, port, WHO)
        waits = re.findall(r'href="/queue/(D-[0-9-]+)"', one.ask("/queue")[1].decode())[0]
        results = []
        for name, path in [*PAGES.items(), *OFFICE.items()]:
            asks, goal = Person(root, port, ADMIN) if name in OFFICE else one, path.format(waits=waits)
            asks.timed(goal)
            before = common.processor_ms(server)
            took = [asks.timed(goal) for _ in range(repeat)]
            cpu = round((common.processor_ms(server) - before) / repeat, 1)
            size = round(max(size for _, size in took) / 1000, 1)
            results.append({"page": name, "p95_ms": common.percentile([ms for ms, _ in took]), "cpu_ms": cpu, "kb": size})
        crowd = _beside_a_backlog(root, lambda: _crowd(root, port, people, repeat * len(PAGES), waits), server)
        memory = round(sum(common.share_mb(process) for process in common.family(server)))
    return {"results": results, **crowd, "memory_mb": memory}


def _beside_a_backlog(root: Path, click: Callable[[], common.Result], desk: int) -> common.Result:
    """What `click` tells, while a daemon takes drops, and who used how much of a processor
    meanwhile."""
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
        began, clients, own = time.perf_counter(), common.processor_ms(desk), time.process_time()
        daemons, waited = daemon.cpu_seconds(), sum(path.exists() for path in left)
        told = click()
        seconds = time.perf_counter() - began
        still = sum(path.exists() for path in left)
        used = {
            "desk": (common.processor_ms(desk) - clients) / 1000,
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


def _crowd(root: Path, port: int, people: int, count: int, waits: str) -> common.Result:
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
    every, changes = [ms for ms, _ in took], [ms for ms, is_change in took if is_change]
    found = {"crowd_p50_ms": common.percentile(every, 0.5), "crowd_p95_ms": common.percentile(every)}
    return {**found, "changes_p95_ms": common.percentile(changes)}


def missed(told: common.Result) -> list[str]:
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
    arguments = common.asked(
        "the desk's pages in a large office", items=1_000_000, pending=10_000, repeat=40, people=50, keep=None
    )
    with common.workplace() as folder:
        root = common.filled(arguments.keep or folder / "office", arguments.items, arguments.pending)
        told = measure(root, arguments.repeat, arguments.people)
    lines = common.table(told["results"], "page", {"p95 ms": "p95_ms", "cpu ms": "cpu_ms", "kB": "kb"})
    lines += [
        f"{arguments.people} people at once: p50 {told['crowd_p50_ms']} ms, p95 {told['crowd_p95_ms']} ms; changes p95 {told['changes_p95_ms']} ms",
        f"of a processor: {told['processor_percent']} %; {told['drops_a_second']} drops a second taken beside; {told['memory_mb']} MB",
    ]
    return common.finish("desk", {"items": arguments.items, "pending": arguments.pending, **told}, lines, missed(told))


if __name__ == "__main__":
    common.run(main)
