"""dossier beside Paperless-ngx on the same papers: how soon they are seen, and what that takes.

    paperless.py --paperless DIR [--papers N] [--singles S]        not part of `make bench`

DIR holds a Paperless-ngx of version 3 that runs: its `src`, and in `.venv` what it needs;
ImageMagick may read PDF there, as in its container. It is only read; its database, its folders and
a Redis of its own lie beside our office, in a folder that goes afterwards, and all of it listens on
this machine alone. What else it has to be told (PAPERLESS_CONVERT_BINARY, say) is taken from the
environment.

N letters of two pages with text and a picture, some 35 kB each, are moved into the inbox of one
program, then of the other, each with nothing else running. The clock stops when all of them are
published or, with Paperless-ngx, in its list of documents. Then S more come one by one. Both wait
SETTLE_SECONDS before they believe that a file is whole. Processor time and memory (Pss) are of
all processes of a program: of ours the daemon with guard and pictures, the desk and the portal;
of Paperless-ngx its watcher, workers, scheduler, web server and Redis, and what they start. Ours
makes the pictures of first pages after a paper is published, so that is told as well.

bench/paperless.md has what was found, and what is not alike. There are no targets.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import random
import secrets
import sqlite3
import statistics
import subprocess
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import common
from common import BenchmarkFailed

NAMES = [f"{name} {trade}" for name in ("Abel", "Boers", "Dros", "Evers", "Faber") for trade in ("Bouw", "Groen", "Hout", "Vis")]
"""Of our clients. Each letter has that of its own, which the guard looks for."""

SETTLE_SECONDS = 1.0
"""Ours as it is by default; Paperless-ngx waits five by default."""

WORKERS = 2
"""Of Paperless-ngx, whose container starts one."""

MOST_SECONDS = 1800
SAMPLE_SECONDS = 1.0
"""How often memory is looked at, which takes a few ms of the processor."""

STOP_SECONDS = 30

SETTINGS = """\
identity: {trust_sidecar: true}
sharing: {choose_attachments: all}
"""
STAFF = "staff:\n  m.devries: {name: Marieke de Vries, email: m@office.example, rights: [create, share, approve]}\n"
CARD = """\
description: Letter number {number} about the annual accounts
status: done
location: 2025/Annual accounts
labels: [annual, '2025']
attachments: [{name}.pdf]
share: true
share_status: approved
created_by: m.devries
"""
WORDS = "balance assets turnover profit costs claims cash debt equity stock tax return wages pension report notes"


@dataclass(frozen=True, slots=True)
class Program:
    """One of the two, as it runs."""

    name: str
    parts: Mapping[str, int]
    """What it consists of, each with its process: those are the ones that were started, and they
    start more."""

    give: Callable[[int], None]
    """Puts the paper of this number into the inbox."""

    seen: Callable[[], int]
    """How many papers can be seen by now."""

    pictured: Callable[[], int]
    """How many have a picture of their first page."""

    check: Callable[[int], None]
    """Raises BenchmarkFailed unless a person sees so many, too."""


def paper(number: int) -> bytes:
    """A letter to a client: two pages of text, and a picture over it."""
    dice = random.Random(number)
    picture = zlib.compress(dice.randbytes(100 * 100 * 3))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 2/Kids[6 0 R 8 0 R]>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        _stream(picture, "/Type/XObject/Subtype/Image/Width 100/Height 100/ColorSpace/DeviceRGB/BitsPerComponent 8"),
    ]
    for page in range(2):
        lines = [" ".join(dice.choices(WORDS.split(), k=11)) + f" {dice.randint(1, 10**6)}" for _ in range(50)]
        address = [f"To {NAMES[number % len(NAMES)]}", f"Letter {number}, page {page + 1}"]
        shown = "BT /F 10 Tf 50 700 Td 12 TL " + " ".join(f"({line}) Tj T*" for line in address + lines) + " ET"
        logo = "q 90 0 0 90 450 730 cm /Logo Do Q " if page == 0 else ""
        objects.append(_stream(zlib.compress((logo + shown).encode())))
        used = f"<</Font<</F 3 0 R>>/XObject<</Logo 4 0 R>>>>/Contents {len(objects)} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources{used}>>".encode())
    body, places = b"%PDF-1.7\n", []
    for at, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (at, one)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % at for at in places)
    return body + table + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))


def _stream(packed: bytes, more: str = "") -> bytes:
    return f"<</Length {len(packed)}/Filter/FlateDecode{more}>>stream\n".encode() + packed + b"\nendstream"


def make_papers(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        (folder / f"letter-{number:04d}.pdf").write_bytes(paper(number))


@contextlib.contextmanager
def our_office(root: Path, papers: int) -> Iterator[Program]:
    """dossier with all its servers, and papers and sidecars ready beside its inbox."""
    (root / "config").mkdir(parents=True)
    (root / "config/settings.yaml").write_text(SETTINGS)
    (root / "config/staff.yaml").write_text(STAFF)
    clients = (f'  client-{at:02d}: {{name: {name}, identifiers: ["KvK {10_000_000 + at}"]}}\n' for at, name in enumerate(NAMES))
    (root / "config/clients.yaml").write_text("clients:\n" + "".join(clients))
    for at in range(len(NAMES)):
        (root / f"inbox/client-{at:02d}").mkdir(parents=True)
    staged = root / "staged"
    make_papers(staged, papers)
    for number in range(papers):
        name = f"letter-{number:04d}"
        (staged / f"{name}.yaml").write_text(CARD.format(number=number, name=name))
    desk, portal = common.free_port(), common.free_port()

    def give(number: int) -> None:
        home, name = root / f"inbox/client-{number % len(NAMES):02d}", f"letter-{number:04d}"
        for ending in ("pdf", "yaml"):
            (staged / f"{name}.{ending}").rename(home / f"{name}.{ending}")

    def pictured() -> int:
        return sum(1 for _ in root.glob("var/portal/*/_pages/*.webp"))

    def check(count: int) -> None:
        shown = sum(len(json.loads(index.read_text())["items"]) for index in root.glob("var/portal/*/items.json"))
        files = sum(1 for _ in root.glob("var/portal/*/D-*/*.pdf"))
        receipts = sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml"))
        if not shown == files == receipts == count:
            raise BenchmarkFailed(f"of {count} papers {receipts} have a receipt, {shown} are listed, {files} on the portal")

    daemon = common.Daemon(root, log=root / "daemon.log")
    try:
        with (
            common.serving([common.DOSSIER, "--root", root, "desk", "--port", str(desk)], desk) as desk_pid,
            common.serving([common.DOSSIER, "--root", root, "portal", "--port", str(portal)], portal) as portal_pid,
            _counting(root / "var/dossier.db", "select count(*) from item where share_state = 'published'") as seen,
        ):
            parts = {"run": daemon.pid, "desk": desk_pid, "portal": portal_pid}
            yield Program("dossier", parts, give, seen, pictured, check)
    finally:
        daemon.stop()


@contextlib.contextmanager
def paperless(program: Path, root: Path, papers: int) -> Iterator[Program]:
    """Paperless-ngx with all that its container starts, and papers ready beside its folder."""
    for name in ("consume", "data/index", "media", "scratch"):
        (root / name).mkdir(parents=True)
    staged, consume = root / "staged", root / "consume"
    make_papers(staged, papers)
    redis, port, password = common.free_port(), common.free_port(), secrets.token_hex()
    around = {
        **os.environ,
        "PATH": f"{program / '.venv/bin'}:{os.environ['PATH']}",
        "PAPERLESS_REDIS": f"redis://127.0.0.1:{redis}",
        "PAPERLESS_DBENGINE": "sqlite",
        "PAPERLESS_CONSUMPTION_DIR": str(consume),
        "PAPERLESS_DATA_DIR": str(root / "data"),
        "PAPERLESS_MEDIA_ROOT": str(root / "media"),
        "PAPERLESS_SCRATCH_DIR": str(root / "scratch"),
        "PAPERLESS_SECRET_KEY": secrets.token_hex(),
        "PAPERLESS_ADMIN_PASSWORD": password,
        "PAPERLESS_OCR_MODE": "auto",
        "PAPERLESS_TASK_WORKERS": str(WORKERS),
        "PAPERLESS_CONSUMER_STABILITY_DELAY": str(SETTLE_SECONDS),
        "PAPERLESS_ENABLE_UPDATE_CHECK": "false",
        "GRANIAN_HOST": "127.0.0.1",
        "GRANIAN_PORT": str(port),
    }
    base = f"http://127.0.0.1:{port}/api/documents/?page_size=1"
    request = urllib.request.Request(base, headers={"authorization": _basic("admin", password)})

    def give(number: int) -> None:
        name = f"letter-{number:04d}.pdf"
        (staged / name).rename(consume / name)

    def listed() -> int:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(json.load(answer)["count"])

    def pictured() -> int:
        return sum(1 for _ in root.glob("media/documents/thumbnails/*.webp"))

    def check(count: int) -> None:
        files = sum(1 for _ in root.glob("media/documents/originals/*.pdf"))
        if not listed() == files == count:
            raise BenchmarkFailed(f"of {count} papers {listed()} are listed, {files} are there")
        if any("falling back to ghostscript" in log.read_text() for log in root.glob("data/log/paperless.log*")):
            raise BenchmarkFailed("ImageMagick may not read PDF here")

    source = program / "src"
    celery = ["celery", "--app", "paperless"]
    started = {
        "redis": ["redis-server", "--bind", "127.0.0.1", "--port", str(redis), "--save", "", "--dir", str(root)],
        "web": ["granian", "--interface", "asginl", "--ws", "--loop", "uvloop", "paperless.asgi:application"],
        "workers": [*celery, "worker", "--loglevel", "INFO", "--without-mingle", "--without-gossip"],
        "scheduler": [*celery, "beat", "--loglevel", "INFO"],
        "watcher": ["python3", "manage.py", "document_consumer"],
    }
    with contextlib.ExitStack() as running:
        parts: dict[str, int] = {}
        for name, command in started.items():
            parts[name] = running.enter_context(_running(command, source, around, root / f"{name}.log"))
            if name == "redis":
                for words in ("migrate --skip-checks --no-input", "document_index reindex --if-needed", "manage_superuser"):
                    _manage(words.split(), source, around)
        _wait_until(lambda: _answers(listed), f"its web server answers: {root / 'web.log'}")
        seen = running.enter_context(
            _counting(root / "data/db.sqlite3", "select count(*) from documents_document where deleted_at is null")
        )
        yield Program("Paperless-ngx", parts, give, seen, pictured, check)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _answers(ask: Callable[[], int]) -> bool:
    try:
        ask()
    except (OSError, urllib.error.URLError):
        return False
    return True


def _manage(words: Sequence[str], source: Path, around: Mapping[str, str]) -> None:
    ran = subprocess.run(["python3", "manage.py", *words], cwd=source, env=around, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BenchmarkFailed(f"manage.py {words[0]} ended with {ran.returncode}: {ran.stderr[-2000:]}")


@contextlib.contextmanager
def _running(command: Sequence[str], folder: Path, around: Mapping[str, str], log: Path) -> Iterator[int]:
    """A process, until it is told to end; its id."""
    with open(log, "w") as said:
        process = subprocess.Popen(command, cwd=folder, env=around, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            yield process.pid
        finally:
            left = tree(process.pid)
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, 9)
                process.wait()


@contextlib.contextmanager
def _counting(database: Path, statement: str) -> Iterator[Callable[[], int]]:
    """Counts by the program's database, which costs next to nothing, as pages or the API would
    not."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        yield lambda: int(connection.execute(statement).fetchone()[0])


def _wait_until(holds: Callable[[], bool], what: str, every: float = 0.2, seconds: float = common.START_SECONDS) -> None:
    until = time.perf_counter() + seconds
    while not holds():
        if time.perf_counter() > until:
            raise BenchmarkFailed(f"waited {seconds:g} s until {what}")
        time.sleep(every)


def tree(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for one in found:  # grows meanwhile
        for listing in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, listing.read_text().split())
    return found


def memory_of(program: Program) -> dict[str, float]:
    """MB of each part now, with what comes from it."""
    return {name: sum(map(_share_mb, tree(pid))) for name, pid in program.parts.items()}


def _share_mb(pid: int) -> float:
    try:
        return common.share_mb(pid)
    except (OSError, ValueError):  # it ended meanwhile
        return 0.0


def cpu_seconds(program: Program) -> float:
    """Processor time of all parts so far, of processes that have ended too."""
    used = 0
    for one in program.parts.values():
        for pid in tree(one):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                used += sum(map(int, fields[11:15]))
    return used / common.TICKS


def measure(program: Program, papers: int, singles: int) -> common.Result:
    """The first paper shows that all is running, and isn't counted; then `papers` at once, then
    `singles` one by one."""
    program.give(0)
    _wait_until(lambda: program.seen() == 1, f"{program.name} shows its first paper")
    time.sleep(5)
    rest, cpu = memory_of(program), cpu_seconds(program)
    os.sync()
    began = time.perf_counter()
    for number in range(1, papers + 1):
        program.give(number)
    used, looked = [rest], began

    def all_of(count: Callable[[], int]) -> bool:
        nonlocal looked
        if time.perf_counter() > looked + SAMPLE_SECONDS:
            looked = time.perf_counter()
            used.append(memory_of(program))
        return count() == papers + 1

    _wait_until(lambda: all_of(program.seen), f"{program.name} shows {papers} papers", 0.05, MOST_SECONDS)
    seconds = time.perf_counter() - began
    _wait_until(lambda: all_of(program.pictured), f"{program.name} has {papers} pictures", 0.05, MOST_SECONDS)
    pictured = time.perf_counter() - began
    most = max(used, key=lambda each: sum(each.values()))
    time.sleep(5)  # what is left to be tidied up
    cpu = cpu_seconds(program) - cpu
    took = [_one_more(program, number) for number in range(papers + 1, papers + 1 + singles)]
    program.check(papers + 1 + singles)
    return {
        "program": program.name,
        "seconds": round(seconds, 1),
        "a_minute": round(60 * papers / seconds),
        "pictured_seconds": round(pictured, 1),
        "single_seconds": round(statistics.median(took), 2),
        "cpu_ms": round(1000 * cpu / papers),
        "rest_mb": round(sum(rest.values())),
        "most_mb": round(sum(most.values())),
        "parts_mb": {name: round(value) for name, value in most.items()},
    }


def _one_more(program: Program, number: int) -> float:
    """Seconds until a single paper is seen."""
    time.sleep(1)
    program.give(number)
    began = time.perf_counter()
    _wait_until(lambda: program.seen() > number, f"{program.name} shows one paper more", 0.002)
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description="dossier beside Paperless-ngx on the same papers")
    parser.add_argument("--paperless", type=Path, required=True, metavar="DIR", help="a Paperless-ngx that runs")
    parser.add_argument("--papers", type=int, default=500, metavar="N", help="how many at once (default 500)")
    parser.add_argument("--singles", type=int, default=5, metavar="S", help="how many one by one (default 5)")
    arguments = parser.parse_args()
    papers, singles = arguments.papers, arguments.singles
    with common.workplace() as folder:
        with our_office(folder / "dossier", papers + singles + 1) as program:
            ours = measure(program, papers, singles)
        with paperless(arguments.paperless.resolve(), folder / "paperless", papers + singles + 1) as program:
            theirs = measure(program, papers, singles)
    columns = {
        "s": "seconds", "with pictures, s": "pictured_seconds", "a minute": "a_minute", "one, s": "single_seconds",
        "cpu ms each": "cpu_ms", "MB at rest": "rest_mb", "MB at most": "most_mb",
    }  # fmt: skip
    ratios = {name: round(theirs[key] / ours[key], 1) for name, key in columns.items() if key != "a_minute"}
    lines = common.table([ours, theirs], "program", columns)
    lines.append("as many times as ours: " + ", ".join(f"{name} {ratio}" for name, ratio in ratios.items()))
    lines += [f"{one['program']}, MB: {one['parts_mb']}" for one in (ours, theirs)]
    told = {"papers": papers, "singles": singles, "results": [ours, theirs], "ratios": ratios}
    return common.finish("paperless", told, lines, [])


if __name__ == "__main__":
    common.run(main)
