"""What the benchmarks share: where they work, how a program is run and measured, how results are
told and kept.

Every result is printed as a table for people, and written to build/bench/NAME.json, from which
plots.py makes docs/performance.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Else each program that is measured would compile all of itself once more.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))  # the program's `desk` before the benchmark of that name
FLOOR, NAIVE, FILL, TEXTS = BENCH / "floor.py", BENCH / "naive.py", BENCH / "fill.py", BENCH / "texts.py"
DOSSIER = str(Path(sys.executable).with_name("dossier"))
RESULTS = BENCH.parent / "build" / "bench"
WORK = BENCH.parent / "var"
"""In the checkout, not in the system's temporary folder: that is often memory, where a sync
costs nothing."""

MEMORY_MB = 200
"""Target: no program of ours has more resident at any time."""

SETTLE_SECONDS = 1.0
"""watch.settle_seconds as it is by default: nothing younger is taken, so the clock starts when
all is older."""

TICKS = os.sysconf("SC_CLK_TCK")
"""In so many parts of a second the kernel counts processor time (proc(5))."""

START_SECONDS = 120
"""A daemon that isn't ready by then never will be."""


Result = dict[str, Any]
"""What was measured of one thing, by name: a line of the table, and of the JSON."""


class BenchmarkFailed(Exception):
    """A program ended with an error, or left work undone; the message says which."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How long a program took, by the clock and of the processors; the most that was resident at
    once, of it or of the largest program it ran."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder on a real disk, removed afterwards."""
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, prefix="bench-") as folder:
        yield Path(folder)


def filled(root: Path, items: int, pending: int) -> Path:
    """The office in this folder, as fill.py makes it: of so many items, of which some wait; what
    is there is used again."""
    if not (root / "var" / "dossier.db").exists():
        subprocess.run([sys.executable, FILL, root, str(items), str(pending)], check=True)
    take_portal_as_it_is(root)
    return root


def take_portal_as_it_is(root: Path) -> None:
    """Most of what a filled office has published is not there. A daemon that finds another folder
    than the last one worked on would put all of it up."""
    from desk.daemon.portal_work import FOLDER
    from dossier.database.database import transaction
    from dossier.database.tables import Note

    with opened(root) as office:
        office.portal.mkdir(parents=True, exist_ok=True)
        found = os.stat(office.portal)
        with transaction():
            Note.put(FOLDER, f"{found.st_dev}-{found.st_ino}")


@contextlib.contextmanager
def opened(root: Path) -> Iterator[Any]:
    """The office of this folder, with its database open."""
    from dossier.database.database import close_database, open_database
    from dossier.office.opening import load_office

    office = load_office(root, os.environ)
    open_database(office)
    try:
        yield office
    finally:
        close_database()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def serving(command: Sequence[str | Path], port: int) -> Iterator[int]:
    """A server that listens on `port`; its process id. It is ended afterwards."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            while not _listens(port):
                if process.poll() is not None:
                    said.seek(0)
                    raise BenchmarkFailed(f"{words[0]} ended: {said.read()[-2000:]}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def timed(command: Sequence[str]) -> Ran:
    """Run `command` to its end. What earlier work left to be written is written first.

    The kernel counts the memory of the process that starts another as the other's, so this one
    must stay small.
    """
    os.sync()
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        code, usage = _ended(process)
        seconds = time.perf_counter() - started
        if code:
            said.seek(0)
            raise BenchmarkFailed(f"{Path(command[0]).name} ended with {code}: {said.read()[-2000:]}")
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """(exit code, what it used) of a process, when it has ended."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


class Daemon:
    """`dossier run`, until `stop`. It says itself when it is ready, as it does to systemd
    (sd_notify(3))."""

    def __init__(
        self, *roots: Path, log: Path, program: Sequence[str] = (DOSSIER,), environ: Mapping[str, str] | None = None
    ) -> None:
        """`program`: what is run in the place of `dossier`; `environ`: what it finds in its
        environment besides."""
        options = [word for root in roots for word in ("--root", str(root))]
        self._log = log
        with contextlib.ExitStack() as kept, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            folder = kept.enter_context(tempfile.TemporaryDirectory())  # the path of a socket must be short
            ear.bind(f"{folder}/notify")
            ear.settimeout(START_SECONDS)
            out = kept.enter_context(open(log, "w"))
            started = time.perf_counter()
            command = [*program, *options, "run"] if len(roots) == 1 else [*program, "run", *options]
            around = {**os.environ, **(environ or {}), "NOTIFY_SOCKET": f"{folder}/notify"}
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=around)
            waits_for = len(roots)
            try:
                while waits_for:
                    waits_for -= b"READY=1" in ear.recv(4096)
            except TimeoutError:
                self._process.kill()
                raise BenchmarkFailed(f"no daemon: {log.read_text()[-2000:]}") from None
            self.start_seconds = time.perf_counter() - started
            # It goes on telling that it lives, to nobody.

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Processor time that it had, as the kernel counts it."""
        return cpu_seconds(self.pid)

    def memory_mb(self) -> float:
        """What is resident now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise BenchmarkFailed(f"the daemon is gone: {self._log.read_text()[-2000:]}")

    def stop(self) -> float:
        """End it; returns the MB that were resident at most."""
        self._process.terminate()
        code, usage = _ended(self._process)
        if code:
            raise BenchmarkFailed(f"the daemon ended with {code}: {self._log.read_text()[-2000:]}")
        return usage.ru_maxrss / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time that a process had, as the kernel counts it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def family(pid: int) -> list[int]:
    """A process and those it started."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def share_mb(pid: int) -> float:
    """What is resident of a process now; what it shares with others is counted in parts
    (proc(5), Pss)."""
    [line] = [line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) / 1024


def processor_ms(server: int) -> float:
    """What a server and the processes that it started have had of the processor."""
    return 1000 * sum(map(cpu_seconds, family(server)))


def processor_ms_with_ended(server: int) -> float:
    """The same, with those of its processes that have ended."""
    fields = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[13]) + int(fields[14])) / TICKS + processor_ms(server)


def percentile(took: Sequence[float], part: float = 0.95) -> float:
    """So large a part of all took at most as long."""
    return round(sorted(took)[min(len(took) - 1, int(part * len(took)))], 1)


def spread(took: Sequence[float]) -> Result:
    """Of milliseconds: what half of them, and 99 of 100, took at most, and the longest."""
    return {"p50_ms": round(statistics.median(took), 1), "p99_ms": percentile(took, 0.99), "most_ms": round(max(took), 1)}


def machine() -> str:
    """What it was measured on, in a line."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}"


def finish(name: str, result: Result, lines: Sequence[str], missed: Sequence[str]) -> int:
    """Print the table, and which targets were missed; keep the result as JSON. Returns the exit
    code."""
    print("\n".join(lines))
    for target in missed:
        print(f"missed: {target}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept = {"benchmark": name, "at": time.strftime("%Y-%m-%d"), "machine": machine(), **result, "missed": list(missed)}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    return 1 if missed else 0


def table(rows: Sequence[Result], first: str, columns: Mapping[str, str]) -> list[str]:
    """A heading, and a line for each row: what it is (its key is `first`), and the columns,
    heading → key."""
    cells = [
        ["", *columns],
        *(
            [f"{row[key]:,}" if isinstance(row[key], int) else str(row[key]) for key in (first, *columns.values())]
            for row in rows
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            [
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
        )
        for line in cells
    ]


def asked(description: str, **defaults: Any) -> argparse.Namespace:
    """The options with what they are by default: numbers, or several of them; `keep` is a
    folder."""
    parser = argparse.ArgumentParser(description=description)
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    for name, default in defaults.items():
        if name == "keep":
            parser.add_argument("--keep", type=Path, metavar="DIR", help="an office to make, or to use again")
        elif isinstance(default, list):
            parser.add_argument(f"--{name}", type=int, nargs="*", default=default, metavar="N", help="numbers")
        else:
            parser.add_argument(f"--{name}", type=type(default), default=default, metavar="N", help="a number")
    return parser.parse_args()


def run(main: Callable[[], int]) -> None:
    """End the process as `main` says; with a word and exit code 1 if a program failed."""
    try:
        sys.exit(main())
    except BenchmarkFailed as failure:
        sys.exit(str(failure))
