"""Two minutes of everything at once; `make soak` plays a quarter of an hour and writes its figures into docs/reliability.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MINUTES = 2


@pytest.mark.skipif(not os.environ.get("SAMPLE"), reason="takes two minutes; make sample")
def test_after_two_minutes_of_everything_nothing_is_lost_and_nothing_was_shown_that_was_not_approved() -> None:
    words = [sys.executable, Path(__file__).with_name("soak.py"), "--minutes", str(MINUTES)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
