"""How many pages, searches and downloads the web portal gives in a second to a contact whose
client has much on it.

    portal.py [--items N …] [--seconds S] [--callers C]
        for `make bench`: 1,500 and 20,000 items of one client

For each number of items an office as fill.py makes it, with all of its items one client's. Told
are, for each kind of page, the answers a second that C callers get at once, each with a login of
their own, the p95, and the processor time of one answer in all processes of the server together,
which other work on the machine hardly changes. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import common
import fill
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
    from dossier.text import clock
    from workflow.portal_access import access

    with common.opened(root) as office:
        return [access.new_link(office, clock.utc_now(), ADDRESS.format(number=number), "/", "en") for number in range(count)]


def measure(root: Path, items: int, seconds: float, callers: int) -> list[common.Result]:
    port = common.free_port()
    with common.serving([common.DOSSIER, "--root", root, "portal", "--port", str(port)], port) as server:
        contacts = [Browser(port, link) for link in links(root, callers)]
        page = contacts[0].ask(f"/{CLIENT}/")[1].decode()
        item = re.findall(rf'href="(/{CLIENT}/D-[0-9-]+)"', page)[0]
        file = re.findall(r'href="([^"]+\.pdf)"', page)[0]
        goals = {"list": f"/{CLIENT}/", "search": f"/{CLIENT}/{WORDS}", "item": item, "download": file}
        found = []
        for name, goal in goals.items():
            for one in contacts:
                one.ask(goal)
            before = common.processor_ms(server)
            took = _crowd(contacts, goal, seconds)
            cpu = round((common.processor_ms(server) - before) / len(took), 1)
            rate = round(len(took) / seconds, 1)
            found.append({"items": items, "page": name, "per_second": rate, "p95_ms": common.percentile(took), "cpu_ms": cpu})
        return found


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


def missed(results: Sequence[common.Result]) -> list[str]:
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
    arguments = common.asked("the web portal under load", items=[1_500, 20_000], seconds=10.0, callers=50)
    results = []
    with common.workplace() as folder:
        for items in arguments.items:
            root = folder / str(items)
            make_office(root, items, arguments.callers)
            results += measure(root, items, arguments.seconds, arguments.callers)
    lines = common.table(results, "page", {"items": "items", "a second": "per_second", "p95 ms": "p95_ms", "cpu ms": "cpu_ms"})
    return common.finish("portal", {"callers": arguments.callers, "results": results}, lines, missed(results))


if __name__ == "__main__":
    common.run(main)
