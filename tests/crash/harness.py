"""Kills and fails the daemon at each call that changes files, one after the other, and sees what became of the drops.

    harness.py SCENARIO… [--errors] [--again] [--sample N] [--apart]     plays scenarios; prints JSON, a line a point

For each point: the scenario's office is made, `dossier run --once` is started and, before its n-th call that changes
something below the office's folders, killed (or this call fails, with ENOSPC, EIO or EACCES; or all calls from there on do,
as when the disk stays full). Then it is looked at, then the daemon runs again undisturbed, and the office must look exactly
as one where nothing ever went wrong. `--again` kills the second run too, at each of its calls in turn.

`--sample N` plays only N of the points, spread over the run. `--apart` leaves out calls that are like the one before (the
same call on the same file, such as the pages of one transaction).
"""

from __future__ import annotations

import argparse
import errno
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kit import folders
from office import daemon_once, faults_now, picture, strays, trail_fault, unnumbered
from scenarios import BY_NAME, Scenario, Work
from tracer import KILL, READING, Call, Run, Wish, nothing, run_plain, run_traced
from warmed import warm_up

DATABASE = "dossier.db"

ERRORS = {
    errno.ENOSPC: {"write", "writev", "pwrite64", "openat to write", "mkdir", "mkdirat", "rename", "renameat2", "link", "linkat",
                   "fsync", "fdatasync", "ftruncate", "sendfile", "copy_file_range"},
    errno.EIO: {"read", "pread64", "write", "pwrite64", "fsync", "fdatasync", "syncfs", "openat to read", "openat to write", "unlink",
                "rename", "renameat2"},
    errno.EACCES: {"openat to read", "openat to write", "mkdir", "rmdir", "rename", "renameat2", "link", "unlink", "unlinkat",
                   "chmod", "chown"},
}  # fmt: skip
"""Which calls fail so in life (the manual pages' lists, less what needs a broken kernel)."""


@dataclass
class Point:
    """One point of a scenario, and what was found there."""

    scenario: str
    number: int
    kind: str
    """`kill`, or the error's name; `…` behind it: it stays so."""
    call: str
    found: str = ""
    """Right after, in a few words."""
    exit_code: int | None = None
    faults: list[str] = field(default_factory=list)


Choose = Callable[[Sequence[Call]], list[int]]
"""Which of the calls: their numbers."""

HALVES = {"claimed": 2, "cleared": 4}
"""Where the first kill of `--again` is: before so many calls that claim files (step 4 of intake.py), or clear the inbox (step 7)."""


def chooser(sample: int | None, apart: bool) -> Choose:
    def choose(calls: Sequence[Call]) -> list[int]:
        alike = [None, *calls[:-1]]
        kept = [
            c
            for c, before in zip(calls, alike, strict=True)
            if not apart or (c.name, c.paths) != (before and (before.name, before.paths))
        ]
        if sample and len(kept) > sample:
            kept = [kept[round((place + 0.5) * len(kept) / sample)] for place in range(sample)]
        return [call.number for call in kept]

    return choose


class Harness:
    """Plays one scenario in temporary folders."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.folder = folders.new_folder(f"crash-{scenario.name}")
        self._made: list[Work] = []
        self._recorded: list[Call] = []
        self.template = self._keep(scenario.begin(self.folder / "template"))
        reference = self._fresh()
        reference.daemon()
        self.wanted = reference.picture()
        assert not strays(reference.root, reference.inbox), strays(reference.root, reference.inbox)
        self._away(reference)

    def close(self) -> None:
        for work in self._made:
            if work.inbox.parent != work.root:
                shutil.rmtree(work.inbox, ignore_errors=True)
        folders.remove(self.folder)

    def _keep(self, work: Work) -> Work:
        self._made.append(work)
        return work

    def _fresh(self) -> Work:
        return self._keep(self.scenario.again(self.template, self.folder / f"work-{len(self._made)}"))

    def _away(self, work: Work) -> None:
        shutil.rmtree(work.root)
        if work.inbox.parent != work.root:
            shutil.rmtree(work.inbox)

    def kills(self, choose: Choose) -> Iterator[Point]:
        """Killed before each call that `choose` chooses, until the run comes to its end by itself."""
        for number in choose([call for call in self._calls() if call.name not in READING]):
            point = self._play("kill", lambda call, n=number: KILL if call.number >= n and call.name not in READING else 0)
            if point is None:
                return
            yield point

    def failures(self, choose: Choose) -> Iterator[Point]:
        """Each call fails that may fail with the error, alone and with all that follow."""
        for code, names in ERRORS.items():
            for stays in (False, True):
                fit = [
                    call for call in self._calls() if call.name in names and not (code == errno.EACCES and _is_ours_to_use(call))
                ]
                for number in choose(fit):
                    point = self._play(errno.errorcode[code] + ("…" if stays else ""), _failing(code, names, number, stays))
                    if point is None:
                        break
                    yield point

    def kills_again(self, choose: Choose) -> Iterator[Point]:
        """Killed while files are being claimed, or the inbox is being cleared, then killed again at each call of the next run."""
        for half in HALVES:
            work, hit = self._half(half)
            if not hit:
                self._away(work)
                continue
            calls = [call for call in self._run(work, nothing).calls if call.name not in READING]
            self._away(work)
            for number in choose(calls):
                work, _ = self._half(half)
                wish: Wish = lambda call, n=number: KILL if call.number >= n and call.name not in READING else 0  # noqa: E731
                point = self._play(f"kill again, half {half}", wish, work)
                if point is None:
                    break
                yield point

    def _half(self, half: str) -> tuple[Work, bool]:
        """An office that was killed with its inbox half claimed or half cleared, if it gets there."""
        work, seen = self._fresh(), 0
        counts = _is_claim if half == "claimed" else _is_clearing

        def wish(call: Call) -> int:
            nonlocal seen
            seen += counts(call)
            return KILL if seen == HALVES[half] else 0

        return work, self._run(work, wish).hit is not None

    def _calls(self) -> list[Call]:
        """What a run does that nobody disturbs."""
        if not self._recorded:
            work = self._fresh()
            self._recorded = self._run(work, nothing).calls
            self._away(work)
        return self._recorded

    def _run(self, work: Work, wish: Wish) -> Run:
        return run_traced(lambda: daemon_once(work.root), [work.root / "var", work.inbox], wish)

    def _play(self, kind: str, wish: Wish, work: Work | None = None) -> Point | None:
        """One point; None if the run ended before it was reached."""
        work = work or self._fresh()
        run = self._run(work, wish)
        if run.hit is None:
            self._away(work)
            return None
        point = Point(self.scenario.name, run.hit.number, kind, _shown(run.hit), exit_code=run.exit_code)
        point.faults += faults_now(work.root, work.inbox, work.dropped)
        point.found = self._found(work)
        if kind.startswith("E"):
            point.faults += _complaints(work, run)
        code = run_plain(lambda: daemon_once(work.root))
        if code != 0:
            point.faults.append(f"the next run ended with {code}: {(work.root / 'out.txt').read_text()[-1500:]}")
        point.faults += self._compare(work, unnumbered if kind.startswith("E") else lambda picture: picture)
        if point.faults:
            point.faults.append(f"left at {work.root}")
        else:
            self._away(work)
        return point

    def _found(self, work: Work) -> str:
        """What lies where right after, counted."""
        now = picture(work.root, work.inbox)
        names = list(now["inbox"])
        inside = [name for name in names if not re.search(r"/_(done|rejected)/", name)]
        words = [f"{len(inside)} in the inbox"]
        rejected = [name for name in names if "/_rejected/" in name and not name.endswith("WHY.txt") and "/." not in name]
        if rejected:
            words.append(f"{len(rejected)} in _rejected")
        drops = [row for row in now["drops"] if not row[4]]
        words.append(f"{len(now['items'])} items" + (f", {len(drops)} drops to be cleared" if drops else ""))
        shown = sum(len(value) for name, value in now["portal"].items() if name.endswith("items.json"))
        if now["portal"]:
            words.append(f"{shown} on the portal")
        return ", ".join(words)

    def _compare(self, work: Work, seen: Callable[[dict[str, Any]], dict[str, Any]]) -> list[str]:
        """How the office, as it is `seen`, differs from one where nothing ever went wrong."""
        faults = [f"left over: {name}" for name in strays(work.root, work.inbox)]
        now = seen(work.picture())
        for key, wanted in seen(self.wanted).items():
            if now[key] != wanted:
                faults.append(f"{key}: {json.dumps(now[key])[:1500]} instead of {json.dumps(wanted)[:1500]}")
        faults += faults_now(work.root, work.inbox, work.dropped)

        def verify() -> int:
            fault = trail_fault(work.root)
            if fault:
                (work.root / "fault.txt").write_text(fault)
            return int(fault is not None)

        if run_plain(verify) != 0:
            path = work.root / "fault.txt"
            faults.append(f"the trail: {path.read_text() if path.exists() else 'could not be verified'}")
        return faults


def _failing(code: int, names: set[str], number: int, stays: bool) -> Wish:
    failed = False

    def wish(call: Call) -> int:
        nonlocal failed
        if (
            call.number < number
            or call.name not in names
            or (failed and not stays)
            or (code == errno.EACCES and _is_ours_to_use(call))
        ):
            return 0
        failed = True
        return code

    return wish


def _is_ours_to_use(call: Call) -> bool:
    """No right is lacking here: what the daemon itself made a moment ago; and dropped files, which are refused if they may not be read."""
    path = Path(call.paths[0])
    if call.name == "openat to read":
        return bool(path.suffix) and path.parts[0] not in ("vault", "portal", "queue", "dossier.db", "dossier.db-wal")
    return call.name in ("rename", "renameat2", "unlink") and path.suffix == ".tmp"


def _is_claim(call: Call) -> bool:
    return call.name == "renameat2" and ".taken-" in call.paths[-1]


def _is_clearing(call: Call) -> bool:
    is_removal = call.name == "unlink" and ".taken-" in call.paths[-1]
    return call.name not in READING and (is_removal or "_done" in call.paths[-1] or "_rejected" in call.paths[-1])


def _complaints(work: Work, run: Run) -> list[str]:
    """The daemon must go on, or end with 4 and a clear word."""
    said = (work.root / "out.txt").read_text()
    faults = []
    if run.exit_code not in (0, 4):
        faults.append(f"ended with {run.exit_code}: {said[-1500:]}")
    if "Traceback" in said or "unexpected error" in said:
        faults.append(f"called it an unexpected error: {said[-2500:]}")
    return faults


def _shown(call: Call) -> str:
    text = " → ".join(re.sub(r"\b([0-9a-f]{4})[0-9a-f]{60}\b", r"\1…", path) for path in call.paths)
    text = re.sub(r"\.?[0-9a-f]{16,24}\.tmp", "*.tmp", text)
    return f"{call.name} {re.sub(r'[0-9]{8}-[0-9]{6}', 'TIME', text)}"


def play(scenario: Scenario, arguments: argparse.Namespace) -> Iterator[Point]:
    """All points of a scenario. Where something was found, the office is left for whoever looks into it."""
    harness, kept = Harness(scenario), False
    choose = chooser(arguments.sample, arguments.apart)
    try:
        points = harness.failures if arguments.errors else harness.kills_again if arguments.again else harness.kills
        for point in points(choose):
            kept = kept or bool(point.faults)
            yield point
    finally:
        if not kept:
            harness.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("scenarios", nargs="+", choices=sorted(BY_NAME), metavar="SCENARIO")
    parser.add_argument("--errors", action="store_true", help="calls fail instead of the process being killed")
    parser.add_argument("--again", action="store_true", help="kill a second time, in the run after")
    parser.add_argument("--sample", type=int, metavar="N", help="only N points, spread over the run")
    parser.add_argument("--apart", action="store_true", help="not the calls that are like the one before")
    arguments = parser.parse_args()

    warm_up()
    bad = 0
    for name in arguments.scenarios:
        for point in play(BY_NAME[name], arguments):
            bad += bool(point.faults)
            print(json.dumps(asdict(point)), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
