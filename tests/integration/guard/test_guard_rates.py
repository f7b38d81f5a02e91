"""How well the wrong-client guard sees, on made papers (docs/guard.md has the rates of all)."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_wrong_clients_are_found_and_own_ones_raise_no_alarm() -> None:
    spec = importlib.util.spec_from_file_location("bench_guard", Path(__file__).parents[3] / "bench" / "guard.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    rows, remarks = bench.measure(4, every=7)
    total = rows[-1]
    assert total["unread"] == 0
    assert total["false"] <= total["papers"] * 0.03, remarks
    assert total["hits"] >= total["wrong"] * 0.96, remarks
