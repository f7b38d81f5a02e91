"""`make power`: every scene on every kind of file system, the power cut at many moments; the table in docs/reliability.md is written anew.

all.py [--states N] [--scenes SCENE…] [--kinds KIND…] [--dry]    N states of each scene, kind and way; exit code 1 if anything was wrong
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from disks import KINDS, build, lacks
from scenes import SCENES

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- power table: begin (written by make power) -->", "<!-- power table: end -->"


def play(scene: str, kind: str, busy: bool, states: int) -> list[dict[str, Any]]:
    words = [sys.executable, str(HERE / "cuts.py"), scene, kind, "--states", str(states), *(["--busy"] if busy else [])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    bad = [state for state in found if state["faults"]]
    print(f"{scene:>12} {kind:<18} {'busy' if busy else '':<5} {len(found):>4} states, {len(bad)} bad", flush=True)
    for state in bad[:3]:
        print(json.dumps(state)[:3000], flush=True)
    if done.returncode not in (0, 1) or (done.returncode == 1 and not bad):
        print(done.stderr[-3000:], flush=True)
        found.append({"scene": scene, "kind": kind, "busy": busy, "faults": ["the harness failed"]})
    return found


def page_of(found: Sequence[dict[str, Any]], minutes: float) -> str:
    """The table: states and faults, by scene and kind."""
    faults = sum(bool(state["faults"]) for state in found)
    head = (
        f"Last played on {time.strftime('%Y-%m-%d')}, Linux {platform.release().split('-')[0]}, in {minutes:.0f} minutes:"
        f" {len(found)} states, {sum(state['busy'] for state in found)} of them with another program that syncs all the time."
        f" Faults: {faults}."
    )
    lines = [BEGIN, head, "", f"| what was being done | {' | '.join(KINDS)} | faults |", "|---|" + "---|" * (len(KINDS) + 1)]
    for scene in SCENES:
        here = [state for state in found if state["scene"] == scene.name]
        counts = [str(sum(state["kind"] == kind for state in here)) for kind in KINDS]
        bad = sum(bool(state["faults"]) for state in here)
        if here:
            lines.append(f"| {scene.title} | {' | '.join(counts)} | {f'**{bad}**' if bad else '0'} |")
    return "\n".join([*lines, END])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--states", type=int, default=40, metavar="N")
    parser.add_argument("--scenes", nargs="*", default=[scene.name for scene in SCENES])
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--dry", action="store_true", help="leave the page as it is")
    arguments = parser.parse_args()
    if reason := lacks():
        print(f"Not played: {reason}", file=sys.stderr)
        return 2
    build()
    started = time.monotonic()
    tasks = [*product(arguments.scenes, arguments.kinds, (False, True))]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = [state for some in pool.map(lambda task: play(*task, arguments.states), tasks) for state in some]
    if not arguments.dry:
        text = PAGE.read_text()
        before, after = text[: text.index(BEGIN)], text[text.index(END) + len(END) :]
        PAGE.write_text(before + page_of(found, (time.monotonic() - started) / 60) + after)
    return int(any(state["faults"] for state in found))


if __name__ == "__main__":
    sys.exit(main())
