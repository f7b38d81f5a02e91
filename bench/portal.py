"""How many pages, searches and downloads the web portal gives in a second to a contact whose client has much on it.

    portal.py [--items N …] [--seconds S] [--callers C]      for `make bench`: 1,500 and 20,000 items of one client

For each number of items an office as fill.py makes it, with all of its items one client's. Told are, for each kind of page, the
answers a second that C callers get at once, each with a login of their own, the p95, and the processor time of one answer in all processes of the server
together, which other work on the machine hardly changes. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import common
import fill
from api import free_port
from browsing import Browser

PER_SECOND, P95_MS = 200, 200
SEARCHES_PER_SECOND, SEARCH_P95_MS = 100, 300
CLIENT = "client-0000"
ADDRESS = "contact{number}@client.example"
WORDS = "?q=annual+accounts"


def make_office(root: Path, items: int, contacts: int) -> None:
    """As fill.py makes it, but one client has all items, and there are so many contacts."""
    fill.CLIENTS, fill.ACTIVE, fill.SHARE_OF_LARGEST = 2, 2, items + 1
    fill.make_office(root, items, 0)
    people = "".join(
        f"      - {{id: c{number}, name: Contact {number}, email: {ADDRESS.format(number=number)}}}\n"
        for number in range(contacts)
    )
    text = (root / "config" / "clients.yaml").read_text()
    line = next(line for line in text.splitlines() if CLIENT in line)
    whole = f"  {CLIENT}:\n    name: Client number 0\n    contacts:\n{people}"
    (root / "config" / "clients.yaml").write_text(text.replace(f"{line}\n", "").rstrip() + "\n" + whole)


def links(root: Path, count: int) -> list[str]:
    from dossier.database.database import close_database, open_database
    from dossier.office.opening import load_office
    from dossier.text import clock
    from workflow.portal_access import access

    office = load_office(root, os.environ)
    open_database(office)
    made = [access.new_link(office, clock.utc_now(), ADDRESS.format(number=number), "/", "en") for number in range(count)]
    close_database()
    return made


def measure(root: Path, items: int, seconds: float, callers: int) -> list[dict[str, Any]]:
    port, log = free_port(), root / "portal.log"
    with log.open("w") as out:
        process = subprocess.Popen([common.DOSSIER, "--root", root, "portal", "--port", str(port)], stdout=out, stderr=out)
    try:
        while "serving the portal" not in log.read_text():
            if process.poll() is not None:
                raise common.BenchmarkFailed(log.read_text()[-2000:])
            time.sleep(0.05)
        contacts = [Browser(port, link) for link in links(root, callers)]
        page = contacts[0].ask(f"/{CLIENT}/")[1].decode()
        item = re.findall(rf'href="(/{CLIENT}/D-[0-9-]+)"', page)[0]
        file = re.findall(r'href="([^"]+\.pdf)"', page)[0]
        goals = {"list": f"/{CLIENT}/", "search": f"/{CLIENT}/{WORDS}", "item": item, "download": file}
        found = []
        for name, goal in goals.items():
            for one in contacts:
                one.ask(goal)
            before = _cpu_seconds(process.pid)
            took = _crowd(contacts, goal, seconds)
            cpu = 1000 * (_cpu_seconds(process.pid) - before) / len(took)
            p95 = round(sorted(took)[int(0.95 * len(took))], 1)
            found.append(
                {
                    "items": items,
                    "page": name,
                    "per_second": round(len(took) / seconds, 1),
                    "p95_ms": p95,
                    "cpu_ms": round(cpu, 1),
                }
            )
        return found
    finally:
        process.terminate()
        process.wait()


def _crowd(contacts: Sequence[Browser], goal: str, seconds: float) -> list[float]:
    """Milliseconds of each answer, while all ask without a pause."""
    over = threading.Event()

    def click(one: Browser) -> list[float]:
        took = []
        while not over.is_set():
            took.append(one.timed(goal)[0])
        return took

    with ThreadPoolExecutor(len(contacts)) as threads:
        running = [threads.submit(click, one) for one in contacts]
        time.sleep(seconds)
        over.set()
        return [ms for one in running for ms in one.result()]


def _cpu_seconds(pid: int) -> float:
    return sum(map(common.cpu_seconds, common.family(pid)))


def missed(results: Sequence[dict[str, Any]]) -> list[str]:
    found = []
    for one in results:
        rate, p95 = (SEARCHES_PER_SECOND, SEARCH_P95_MS) if one["page"] == "search" else (PER_SECOND, P95_MS)
        where = f"{one['page']} with {one['items']:,} items"
        if one["per_second"] < rate:
            found.append(f"{where}: {one['per_second']} a second (at least {rate})")
        if one["p95_ms"] > p95:
            found.append(f"{where}: {one['p95_ms']} ms at p95 (at most {p95})")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="the web portal under load")
    parser.add_argument("--items", type=int, nargs="+", default=[1_500, 20_000], metavar="N")
    parser.add_argument("--seconds", type=float, default=10, metavar="S")
    parser.add_argument("--callers", type=int, default=50, metavar="C")
    arguments = parser.parse_args()
    results = []
    with common.workplace() as folder:
        for items in arguments.items:
            root = folder / str(items)
            make_office(root, items, arguments.callers)
            try:
                results += measure(root, items, arguments.seconds, arguments.callers)
            except common.BenchmarkFailed as failure:
                print(failure, file=sys.stderr)
                return 1
    lines = [f"{'':<28}{'a second':>10}{'p95 ms':>10}{'cpu ms':>8}"]
    lines += [
        f"{one['items']:>8,} {one['page']:<19}{one['per_second']:>10}{one['p95_ms']:>10}{one['cpu_ms']:>8}" for one in results
    ]
    return common.finish("portal", {"callers": arguments.callers, "results": results}, lines, missed(results))


if __name__ == "__main__":
    sys.exit(main())
