"""What the log's library may load, and when."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from desk.cli import logs
assert "asyncio" not in sys.modules and "rich" not in sys.modules, "nobody needs them to log"
import asyncio
async def answer(): return 42
assert asyncio.run(answer()) == 42
logs.configure("json")
logs.structlog.get_logger("daemon").info("running", root="/office")
"""


def test_the_log_loads_neither_what_draws_tables_nor_what_waits_for_many_things() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60, capture_output=True, text=True)
    assert '"event": "running"' in done.stderr
