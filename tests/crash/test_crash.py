"""Whatever is killed or fails, at whichever call: nothing is lost, nothing doubled, nothing shown that was not approved.

A sample; `make crash` plays all points and writes the tables in docs/killed.md. What is checked at each: office.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kit.support import LONG

sys.path.insert(0, str(Path(__file__).parent))
from kit.folders import OTHER_FILE_SYSTEM, PLACE
from tracer import SUPPORTED

if not SUPPORTED:
    if os.environ.get("CI") == "true":
        pytest.fail("the tracer needs Linux on x86-64")
    pytest.skip("the tracer needs Linux on x86-64", allow_module_level=True)

HARNESS = Path(__file__).with_name("harness.py")


def play(*arguments: str) -> list[dict[str, object]]:
    done = subprocess.run([sys.executable, HARNESS, *arguments], capture_output=True, text=True, check=False)
    points = [json.loads(line) for line in done.stdout.splitlines()]
    bad = [point for point in points if point["faults"]]
    assert not bad, json.dumps(bad[:2], indent=1)[:4000]
    assert done.returncode == 0, done.stderr[-3000:]
    return points


POINTS = 4 if LONG else 2
"""At which each scenario is killed, of a hundred or so; `make crash` plays all."""


@pytest.mark.sampled
@pytest.mark.parametrize(
    "scenarios",
    [("taken", "folder", "duplicate", "loose"), ("refused", "folder-refused", "folder-again"), ("amended", "batch"),
     ("approved", "withdrawn", "publishing")],
    ids=lambda scenarios: scenarios[0],
)  # fmt: skip
def test_killed_anywhere_the_next_start_leaves_the_office_as_if_nothing_had_happened(scenarios: tuple[str, ...]) -> None:
    assert len(play(*scenarios, "--sample", str(POINTS), "--apart")) == POINTS * len(scenarios)


@pytest.mark.slow
def test_killed_again_in_the_run_that_mends_it_nothing_is_lost() -> None:
    assert len(play("taken", "folder-refused", "--again", "--sample", "2", "--apart")) == 8


@pytest.mark.parametrize(
    "scenario",
    [pytest.param("shared", marks=pytest.mark.slow), "folder-refused", pytest.param("publishing", marks=pytest.mark.slow)],
)
def test_a_full_or_failing_disk_or_a_missing_right_at_any_call_is_told_and_mended_later(scenario: str) -> None:
    assert len(play(scenario, "--errors", "--sample", "1", "--apart")) == 6


@pytest.mark.sampled
def test_an_inbox_on_another_file_system_loses_nothing_either() -> None:
    if not OTHER_FILE_SYSTEM.is_dir() or os.stat(OTHER_FILE_SYSTEM).st_dev == os.stat(PLACE).st_dev:
        pytest.skip(f"{OTHER_FILE_SYSTEM} is no other file system")
    assert len(play("elsewhere", "elsewhere-refused", "--sample", str(POINTS), "--apart")) == 2 * POINTS
