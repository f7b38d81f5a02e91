"""How well the wrong-client guard sees, on made papers (docs/guard.md has the rates of all)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_guard", Path(__file__).parents[3] / "bench" / "guard.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    return bench


@pytest.mark.slow
def test_wrong_clients_are_found_and_own_ones_raise_no_alarm(bench: Any) -> None:
    rows, remarks = bench.measure(4, every=7)
    total = rows[-1]
    assert total["unread"] == 0
    assert total["false"] <= total["papers"] * 0.03, remarks
    assert total["hits"] >= total["wrong"] * 0.96, remarks


@pytest.mark.slow
def test_papers_of_strangers_raise_no_alarm_and_every_format_is_read(bench: Any) -> None:
    rows, remarks = bench.measure_formats(5, letters=8, strangers=7)
    for row in rows:
        assert row["unread"] == 0, row
        assert row["false"] == 0, remarks
        assert row["hits"] >= row["wrong"] * 0.85, row
    total = rows[-1]
    assert total["strangers"] > 100
    assert total["alarms"] <= total["strangers"] * 0.01, remarks
