"""One item more for a client who has many, and a lost portal that is put up anew.

    publishing.py --items 2000 10000 --lost 20000

Written bytes are those that the process gave to the kernel for files (proc(5), io: wchar), the
database's included. What is measured is one round in one process, with nothing else to do;
memory is that of a process that begins with an office whose portal is gone, until all of it is
there again.
"""

from __future__ import annotations

import argparse
import logging
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from common import finish
from fill import STAFF

from dossier.database.database import open_database, transaction
from dossier.office.opening import load_office
from dossier.office.people import Actor
from dossier.vault.folder import Vault
from workflow.items import items
from workflow.items.items import File, NewItem
from workflow.items.rules import Draft
from workflow.portal.publishing import Publisher

BYTES, MS, MB = 5_000_000, 100, 150
"""The targets, for a client with 10,000 items, and for a lost portal."""

SETTINGS = "sharing: {guard: off, choose_attachments: all}\nidentity: {trust_sidecar: true}\n"
AT, ROUNDS = datetime(2026, 6, 1, 9, tzinfo=UTC), 5


class Work:
    """An office with one client, whose portal is written by this process."""

    def __init__(self, root: Path) -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        self.office = load_office(root, {})
        open_database(self.office)
        self.vault, self.now = Vault(self.office.vault), AT
        self.portal = Publisher(self.office, self.vault)
        self.portal.prepare()
        self._count = 0

    def share(self, count: int) -> None:
        new = []
        for _ in range(count):
            self._count += 1
            source = self.office.var / "source"
            source.write_bytes(b"%%PDF-1.7\n%d\n%f\n" % (self._count, time.time()))
            copy = self.vault.receive(source)
            self.vault.keep(copy)
            file = File(f"annual-accounts-{self._count}.pdf", copy.sha256, source.stat().st_size, "application/pdf", share=True)
            draft = Draft(
                client="acme-bv", description=f"Annual accounts {self._count}", status="new", share=True, share_status="approved"
            )
            new.append(NewItem(draft, (file,), Actor("m.devries", "command"), "bench.yaml"))
        with transaction():
            items.create_all(self.office, self.now, new)

    def publish(self) -> None:
        while self.portal.has_work(self.now):
            self.now += timedelta(seconds=1)
            self.portal.round(self.now)


def make_office(root: Path, count: int) -> Work:
    config = root / "config"
    config.mkdir(parents=True)
    (config / "settings.yaml").write_text(SETTINGS)
    (config / "staff.yaml").write_text(STAFF)
    (config / "clients.yaml").write_text("clients:\n  acme-bv: {name: Acme B.V.}\n")
    work = Work(root)
    for start in range(0, count, 1000):
        work.share(min(1000, count - start))
        work.publish()
    return work


def written() -> int:
    [line] = [line for line in Path("/proc/self/io").read_text().splitlines() if line.startswith("wchar")]
    return int(line.split()[1])


def one_more(root: Path, count: int) -> None:
    """For the child: prints the bytes and the milliseconds of processor of some rounds."""
    work = make_office(root, count)
    for _ in range(ROUNDS):
        work.share(1)
        before, started = written(), time.process_time()
        work.publish()
        print(written() - before, 1000 * (time.process_time() - started))


def put_up(root: Path) -> None:
    """For the child: prints the MB that were resident at most, and the seconds of processor."""
    work = Work(root)
    started = time.process_time()
    shutil.rmtree(work.office.portal)
    work.publish()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time() - started)


def child(*args: object) -> list[list[float]]:
    out = subprocess.run([sys.executable, __file__, *map(str, args)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [[float(word) for word in line.split()] for line in out.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, nargs="+", default=[2000, 10_000])
    parser.add_argument("--lost", type=int, default=20_000)
    given = parser.parse_args()
    missed, rows, lines = [], [], ["| items of the client | written, MB | processor time, ms |", "| --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        for count in given.items:
            rounds = child("one-more", Path(folder) / f"{count}", count)
            size, ms = (statistics.median(one) for one in zip(*rounds, strict=True))
            rows.append({"items": count, "bytes": size, "ms": ms})
            lines.append(f"| {count:,} | {size / 1e6:.1f} | {ms:.0f} |")
            missed += [f"{count} items: more than 5 MB or 100 ms"] if size > BYTES or ms > MS else []
        root = Path(folder) / "lost"
        child("make", root, given.lost)
        [(memory, seconds)] = child("put-up", root)
    lines.append(f"\na lost portal of {given.lost:,} items of one client: {memory:.0f} MB, {seconds:.1f} s of the processor")
    missed += [f"a lost portal: more than {MB} MB"] if memory > MB else []
    return finish("publishing", {"rounds": rows, "lost": given.lost, "memory_mb": memory, "seconds": seconds}, lines, missed)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["one-more", root, count]:
            one_more(Path(root), int(count))
        case ["make", root, count]:
            make_office(Path(root), int(count))
        case ["put-up", root]:
            put_up(Path(root))
        case _:
            sys.exit(main())
