"""`make crash`: every scenario, every point; writes what was found between the markers of docs/killed.md.

all.py [--sample N] [--go-on] [SCENARIO…]: without names all of them. Exit code 1 if anything was not as it should be. `--sample N`: only
N points of each scenario and way, spread over the run; the page says so.

What was played is kept in build/crash/ and on the page at once, so nothing of it is lost by whoever stops this. `--go-on` plays what
is missing there; otherwise all begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import groupby
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scenarios import SCENARIOS

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "killed.md"
KEPT = HERE.parent.parent / "build" / "crash"
BEGIN, END = "<!-- crash table: begin (written by make crash) -->", "<!-- crash table: end -->"

WAYS = {"kill": [], "kill again": ["--again"], "error": ["--errors", "--apart"]}
"""Killed at every call; at every call of the run after a kill; failed at every call that is not like the one before."""

CALLS_SHOWN = 14

Point = dict[str, Any]

Results = dict[tuple[str, str], list[Point]]
"""What was found, by scenario and way."""


def play(scenario: str, way: str, sample: int | None) -> list[Point]:
    some = ["--sample", str(sample if way == "kill" else max(1, sample // 5))] if sample else []
    done = subprocess.run(
        [sys.executable, HERE / "harness.py", scenario, *WAYS[way], *some], capture_output=True, text=True, check=False, cwd=HERE
    )
    points = [{**json.loads(line), "sampled": sample is not None} for line in done.stdout.splitlines()]
    bad = [point for point in points if point["faults"]]
    print(f"{scenario:>20} {way:<10} {len(points):>5} points, {len(bad)} bad", flush=True)
    for point in bad[:3]:
        print(json.dumps(point)[:3000], flush=True)
    if done.returncode not in (0, 1) or (done.returncode == 1 and not bad):
        print(done.stderr[-3000:], flush=True)
        points.append(
            {
                "scenario": scenario,
                "number": 0,
                "kind": way,
                "call": "",
                "found": "",
                "exit_code": None,
                "faults": ["the harness failed"],
            }
        )
    return points


def rows_of(points: Iterable[Point]) -> list[str]:
    """A row for each stretch of calls before which the same was found."""
    rows = []
    for (found, faults), stretch in groupby(points, key=lambda point: (point["found"], tuple(point["faults"]))):
        here = list(stretch)
        calls = Counter(_kind(point["call"]) for point in here)
        named = [f"`{call}`" + (f" ×{count}" if count > 1 else "") for call, count in calls.items()]
        if len(named) > CALLS_SHOWN:
            named = [*named[: CALLS_SHOWN - 1], f"and {len(named) - CALLS_SHOWN + 1} more"]
        numbers = f"{here[0]['number']} to {here[-1]['number']}" if len(here) > 1 else str(here[0]["number"])
        rows.append(
            f"| {numbers} | {len(here)} | {', '.join(named)} | {found} | {'**' + '; '.join(faults)[:200] + '**' if faults else 'as without'} |"
        )
    return rows


def _kind(call: str) -> str:
    call = re.sub(r"\.portal-staging/[0-9a-f]{24}(/\S+)?", ".portal-staging/…", call)
    return re.sub(r"\.portal-staging/\S+", ".portal-staging/…", call).replace("|", "¦")


def page_of(results: Results, seconds: float) -> str:
    points = [point for found in results.values() for point in found]
    lines = [
        BEGIN,
        f"Last played on {time.strftime('%Y-%m-%d')}, Linux {platform.release().split('-')[0]},"
        f" Python {platform.python_version()}, in {seconds / 60:.0f} minutes: killed {_how_many(results, 'kill')},"
        f" killed a second time {_how_many(results, 'kill again')}, failed {_how_many(results, 'error')}."
        f" Not as it should be: {sum(bool(point['faults']) for point in points)}.",
    ]
    for scenario in SCENARIOS:
        kills = results.get((scenario.name, "kill"))
        if not kills:
            continue
        lines += [
            "",
            f"## {scenario.title}",
            "",
            "| killed before call | points | calls | found right after | after the next start |",
            "|---|---|---|---|---|",
        ]
        lines += rows_of(kills)
        if again := results.get((scenario.name, "kill again")):
            bad = sum(bool(point["faults"]) for point in again)
            lines += [
                "",
                f"Killed while files were claimed or the inbox was cleared, and again at {len(again)} calls of the next run: {_well(bad)}.",
            ]
        if failures := results.get((scenario.name, "error")):
            lines += [
                "",
                "| call fails with | points | the daemon ended with 0 | with 4 and the reason | after the next start |",
                "|---|---|---|---|---|",
            ]
            for kind in dict.fromkeys(point["kind"] for point in failures):
                here = [point for point in failures if point["kind"] == kind]
                codes = Counter(point["exit_code"] for point in here)
                bad = sum(bool(point["faults"]) for point in here)
                name = kind.replace("…", " from there on") if "…" in kind else f"{kind} once"
                lines.append(f"| {name} | {len(here)} | {codes[0]} | {codes[4]} | {_well(bad)} |")
    return "\n".join([*lines, END])


def _how_many(results: Results, way: str) -> str:
    played = [points for (_, how), points in results.items() if how == way]
    is_whole = len(played) == len(SCENARIOS) and not any(point.get("sampled") for points in played for point in points)
    return f"at {sum(map(len, played))} points ({'all' if is_whole else 'a sample'})"


def _well(bad: int) -> str:
    return f"**{bad} differ**" if bad else "as without"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    parser.add_argument("--sample", type=int, metavar="N", help="only N points of each scenario")
    parser.add_argument("--go-on", action="store_true", help="only what an earlier call that was stopped has not played")
    arguments = parser.parse_args()
    if not arguments.go_on:
        shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    wanted = [scenario.name for scenario in SCENARIOS if not arguments.scenarios or scenario.name in arguments.scenarios]
    results, seconds = kept()
    tasks = [(name, way) for way in WAYS for name in wanted if (name, way) not in results]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        playing = {pool.submit(play, *task, arguments.sample): task for task in tasks}
        began = time.monotonic()
        for done in as_completed(playing):
            task, results[task] = playing[done], done.result()
            seconds += time.monotonic() - began
            began = time.monotonic()
            (KEPT / f"{'--'.join(task)}.json").write_text(json.dumps({"seconds": seconds, "points": results[task]}))
            write_page(page_of(results, seconds))
    return int(any(point["faults"] for found in results.values() for point in found))


def kept() -> tuple[Results, float]:
    """What was played already, and in how many seconds."""
    files = {path: json.loads(path.read_text()) for path in KEPT.glob("*.json")}
    results = {(scenario, way): file["points"] for path, file in files.items() for scenario, way in [path.stem.split("--")]}
    return results, max((file["seconds"] for file in files.values()), default=0.0)


def write_page(table: str) -> None:
    text = PAGE.read_text()
    PAGE.write_text(text[: text.index(BEGIN)] + table + text[text.index(END) + len(END) :])


if __name__ == "__main__":
    sys.exit(main())
