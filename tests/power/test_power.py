"""The power goes at any moment: after the next start nothing is lost, nothing is empty, nothing is shown that was not approved.

A few states on each file system; `make sample` plays two minutes of it, `make power` an hour, and writes the table in
docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kit.support import need

sys.path.insert(0, str(Path(__file__).parent))
from disks import PROGRAMS, build, cannot, headers_are_there

CUTS = Path(__file__).with_name("cuts.py")

WHOLE = bool(os.environ.get("SAMPLE"))
STATES = 6 if WHOLE else 2

PLAYED = [
    ("outright", "ext4", True), ("by-file", "btrfs", True), ("amended", "xfs", True), ("refused", "ext4 fast_commit", True),
    ("by-command", "xfs", True), ("withdrawn", "btrfs", False), ("backup", "xfs", True), ("first", "ext4 fast_commit", False),
    ("elsewhere", "ext4", True), ("duplicate", "xfs", False), ("folder", "btrfs", True), ("amended", "ext4", False),
]  # fmt: skip
"""(scene, kind, busy); the first four without SAMPLE."""


@pytest.fixture(scope="module", autouse=True)
def machine() -> None:
    if reason := cannot():
        pytest.skip(reason)
    for program in PROGRAMS:
        need(program)
    assert headers_are_there(), "the headers of libfuse 3 are not on this machine (on Debian: apt-get install libfuse3-dev)"
    build()


@pytest.mark.slow
@pytest.mark.parametrize(("scene", "kind", "busy"), PLAYED if WHOLE else PLAYED[:2])
def test_after_a_power_cut_the_next_start_leaves_the_office_whole(scene: str, kind: str, busy: bool) -> None:
    words = [sys.executable, CUTS, scene, kind, "--states", str(STATES), *(["--busy"] if busy else [])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    states = [json.loads(line) for line in done.stdout.splitlines()]
    bad = [state for state in states if state["faults"]]
    assert not bad, json.dumps(bad[:2], indent=1)[:4000]
    assert len(states) == STATES, done.stderr[-3000:]
