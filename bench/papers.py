"""How long papers take that say something: `dossier` beside the floor's work, on the same papers,
in the same run.

    papers.py [--papers N] [--daemon M] [--repeat R]
    papers.py --floor ROOT          what is measured beside; prints its parts as JSON

backlog.py drops random bytes, in which the guard finds no text. These are papers as an office has
them: of ten, six PDFs of 1 to 20 pages, a letter in Word, a sheet of Excel, a mail and a scan
without text, each of its own words. The floor is floor.py's work and the text of every paper
taken out by two processes side by side; it searches nothing in the text, draws no pictures and
sets hostile files no limits. `dossier run --once` takes N papers, guard and pictures on; and a
daemon that runs takes M papers that come at once, beyond settling, told beside the floor's pace
with the N. The best of R counts. Exit code 1 if not every paper was taken and published, or if a
target is missed.
"""

from __future__ import annotations

import email
import io
import json
import multiprocessing
import random
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import backlog
import common
import docx
import floor
import openpyxl
import pypdfium2
from fpdf import FPDF

sys.path.insert(0, str(common.BENCH.parent / "tests"))

from kit import papers as of_all_kinds

FLOOR_LIMIT = 0.85
"""Target: of the floor's papers per second, at least."""

CLIENTS = 40
PAGES = (1, 1, 2, 2, 3, 4, 4, 6, 8, 12, 20)
PAGE_LINES, LETTER_LINES, MAIL_LINES, SHEET_ROWS = 55, 120, 60, 300
SCAN_BYTES = 80_000
READERS = 2
"""Processes of the floor that take text out."""

PATIENCE_SECONDS = 120
"""A daemon that has not taken the papers by then never will."""

STEMS = ("balans", "activa", "omzet", "winst", "kosten", "middelen", "schuld", "vermogen", "voorraad", "btw", "loon", "verslag")
WORDS = [stem + ending for stem in STEMS for ending in ("", "en", "post", "saldo")]
CARD = """\
description: Annual paper number {number}
status: done
location: 2025/Annual accounts
labels: [annual, '2025']
explanation: As discussed.
attachments: [{name}]
share: true
share_status: approved
notify: false
created_by: m.devries
"""


def lines(dice: random.Random, count: int) -> list[str]:
    return [" ".join(dice.choices(WORDS, k=11)) + f" {dice.randint(1, 1_000_000)}" for _ in range(count)]


def pdf(dice: random.Random, pages: int) -> bytes:
    document = FPDF()
    document.set_auto_page_break(False)
    document.set_font("Helvetica", size=9)
    for _ in range(pages):
        document.add_page()
        for number, line in enumerate(lines(dice, PAGE_LINES)):
            document.text(15, 15 + 4.8 * number, line)
    return bytes(document.output())


def scan(dice: random.Random) -> bytes:
    """A page without text, and as many bytes as a scan has."""
    document = FPDF()
    document.add_page()
    document.line(1, 1, 50, 50)
    return bytes(document.output()) + b"\n% " + dice.randbytes(SCAN_BYTES // 2).hex().encode() + b"\n%%EOF\n"


def letter(dice: random.Random) -> bytes:
    document, made = docx.Document(), io.BytesIO()
    for line in lines(dice, LETTER_LINES):
        document.add_paragraph(line)
    document.save(made)
    return made.getvalue()


def sheet(dice: random.Random) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    for line in lines(dice, SHEET_ROWS):
        book.active.append([line, dice.randint(1, 1_000_000)])
    book.save(made)
    return made.getvalue()


def papers(count: int) -> Iterator[tuple[str, bytes]]:
    """(ending, contents) of each; the same count gives the same words."""
    dice = random.Random(20261129)
    for number in range(count):
        match number % 10:
            case 6:
                yield "docx", letter(dice)
            case 7:
                yield "xlsx", sheet(dice)
            case 8:
                yield "eml", of_all_kinds.mail("\n".join(lines(dice, MAIL_LINES)))
            case 9:
                yield "pdf", scan(dice)
            case _:
                yield "pdf", pdf(dice, dice.choice(PAGES))


def prepare(root: Path, made: Path) -> None:
    """An office, with a copy of these papers in its inbox."""
    backlog.prepare_office(root, CLIENTS)
    shutil.copytree(made, root / "inbox", dirs_exist_ok=True)


def make(inbox: Path, count: int) -> None:
    for number, (ending, data) in enumerate(papers(count)):
        home = inbox / f"client-{number % CLIENTS:04d}"
        home.mkdir(parents=True, exist_ok=True)
        name = f"paper-{number:06d}.{ending}"
        (home / name).write_bytes(data)
        (home / name).with_suffix(".yaml").write_text(CARD.format(number=number, name=name))


def characters(path: Path) -> int:
    """How many a paper says, taken out with nothing around it."""
    match path.suffix:
        case ".pdf":
            with pypdfium2.PdfDocument(path) as document:
                return sum(len(page.get_textpage().get_text_range()) for page in document)
        case ".eml":
            parts = email.message_from_bytes(path.read_bytes()).walk()
            return sum(len(bytes(part.get_payload(decode=True) or b"")) for part in parts if not part.is_multipart())
        case _:
            with zipfile.ZipFile(path) as archive:
                xml = [archive.read(name) for name in archive.namelist() if name.endswith(".xml")]
            return sum(len(re.sub(rb"<[^>]*>", b" ", one)) for one in xml)


def run_floor(root: Path) -> None:
    """Take all papers of an inbox as the floor does, and their text; prints how long it took."""
    found = sorted(path for path in root.glob("inbox/*/*") if path.suffix != ".yaml")
    started = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(READERS) as pool:
        said = sum(pool.imap_unordered(characters, found, chunksize=16))
    reading = time.perf_counter() - started
    floor.run(root)
    told = {"papers": len(found), "seconds": time.perf_counter() - started, "reading_seconds": reading, "characters": said}
    print(json.dumps({name: round(value, 3) for name, value in told.items()}))


def check_all_done(root: Path, count: int) -> None:
    receipts = sum(1 for _ in root.glob("inbox/*/_done/*.receipt.yaml"))
    public = sum(len(json.loads(index.read_text())["items"]) for index in root.glob("var/portal/*/items.json"))
    if not receipts == public == count:
        raise common.BenchmarkFailed(f"of {count} papers {receipts} have a receipt, {public} are in items.json")


def measure_once(made: Path, count: int, turn: int) -> dict[str, common.Ran]:
    """`dossier run --once` and the floor, each with an office of its own; by turns the one or the
    other is first."""
    with common.workplace() as folder:
        for name in ("floor", "dossier"):
            prepare(folder / name, made)
        time.sleep(common.SETTLE_SECONDS)
        commands = {
            "floor": [sys.executable, __file__, "--floor", str(folder / "floor")],
            "dossier": [common.DOSSIER, "--root", str(folder / "dossier"), "run", "--once"],
        }
        ran = {name: common.timed(commands[name]) for name in sorted(commands, reverse=turn % 2 == 0)}
        check_all_done(folder / "dossier", count)
        return ran


def measure_daemon(made: Path, count: int) -> tuple[float, float]:
    """(seconds until each has its receipt and all are on the portal, beyond settling; most MB) of
    papers that come at once while a daemon runs."""
    with common.workplace() as folder:
        root = folder / "office"
        backlog.prepare_office(root, CLIENTS)
        shutil.copytree(made, folder / "papers")
        for home in (folder / "papers").iterdir():
            (root / "inbox" / home.name).mkdir(parents=True)
        time.sleep(common.SETTLE_SECONDS)
        daemon = common.Daemon(root, log=root / "daemon.log")
        try:
            began = time.perf_counter()
            for path in sorted((folder / "papers").glob("*/*"), key=lambda path: path.suffix == ".yaml"):
                path.rename(root / "inbox" / path.parent.name / path.name)
            while (
                sum(1 for _ in root.glob("var/portal/*/D-*")) < count or sum(1 for _ in root.glob("inbox/*/_done/*.yaml")) < count
            ):
                if time.perf_counter() - began > PATIENCE_SECONDS:
                    raise common.BenchmarkFailed(f"not all {count} papers were taken in {PATIENCE_SECONDS} s")
                time.sleep(0.05)  # to look costs the processor, too
            seconds = time.perf_counter() - began
        finally:
            memory = daemon.stop()
        check_all_done(root, count)
    return seconds - common.SETTLE_SECONDS, memory


def main() -> int:
    if sys.argv[1:2] == ["--floor"]:
        run_floor(Path(sys.argv[2]))
        return 0
    asked = common.asked("papers that say something, beside the floor", papers=1000, daemon=500, repeat=3)
    with common.workplace() as folder:
        make(folder / "all", asked.papers)
        make(folder / "some", asked.daemon)
        once = [measure_once(folder / "all", asked.papers, turn) for turn in range(asked.repeat)]
        daemon = [measure_daemon(folder / "some", asked.daemon) for _ in range(asked.repeat)]
    best = {name: min(ran[name].seconds for ran in once) for name in ("floor", "dossier")}
    floor_pace = asked.papers / best["floor"]
    results = [
        {"what": "run --once", "papers": asked.papers, "seconds": round(best["dossier"], 1), "per_second": round(asked.papers / best["dossier"]),
         "ratio": round(best["floor"] / best["dossier"], 2), "memory_mb": round(max(ran["dossier"].memory_mb for ran in once))},
        {"what": "a daemon", "papers": asked.daemon, "seconds": round(min(daemon)[0], 1), "per_second": round(asked.daemon / min(daemon)[0]),
         "ratio": round(asked.daemon / min(daemon)[0] / floor_pace, 2), "memory_mb": round(max(memory for _, memory in daemon))},
    ]  # fmt: skip
    columns = {"papers": "papers", "seconds": "seconds", "papers/s": "per_second", "of the floor": "ratio", "MB": "memory_mb"}
    told = [f"the floor: {floor_pace:.0f} papers/s", *common.table(results, "what", columns)]
    missed = [
        f"{one['what']}: {one['ratio']} of the floor (at least {FLOOR_LIMIT})" for one in results if one["ratio"] < FLOOR_LIMIT
    ]
    missed += [
        f"{one['what']}: {one['memory_mb']} MB (at most {common.MEMORY_MB})"
        for one in results
        if one["memory_mb"] > common.MEMORY_MB
    ]
    return common.finish("papers", {"floor_per_second": round(floor_pace), "results": results}, told, missed)


if __name__ == "__main__":
    common.run(main)
