"""What the log's library may load, and when."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
import structlog

from desk.cli import session

PROGRAM = """
import sys
sys.modules["psycopg"] = None  # as with SQLite
from desk.cli import logs
from desk.daemon import schedule
assert "asyncio" not in sys.modules and "rich" not in sys.modules, "nobody needs them to log, nor to keep a schedule"
import asyncio
async def answer(): return 42
assert asyncio.run(answer()) == 42
logs.configure("json")
logs.structlog.get_logger("daemon").info("running", root="/office")
"""


def test_the_log_loads_neither_what_draws_tables_nor_what_waits_for_many_things() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60, capture_output=True, text=True)
    assert '"event": "running"' in done.stderr


def test_a_command_logs_where_stderr_is_at_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    was = structlog.get_config() if structlog.is_configured() else None
    structlog.reset_defaults()
    try:
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        session.log_apart()
        sys.stderr.close()
        monkeypatch.setattr(sys, "stderr", later := io.StringIO())
        structlog.get_logger("any").error("heard")
        assert "heard" in later.getvalue()
    finally:
        structlog.reset_defaults()
        if was is not None:
            structlog.configure(**was)
