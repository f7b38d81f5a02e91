"""`make audit` says yes only where everything was looked up."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("audit", Path(__file__).parents[2] / ".ci/audit.py")
assert _spec is not None
audit = importlib.util.module_from_spec(_spec)
assert _spec.loader is not None
_spec.loader.exec_module(audit)

GOOD = {"name": "good", "version": "1.0", "vulns": []}
BAD = {"name": "bad", "version": "2.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.1"]}]}
SKIPPED = {"name": "unknown", "skip_reason": "Dependency not found on PyPI and could not be audited: unknown (1.0)"}


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ([{"dependencies": [GOOD]}, {"dependencies": [GOOD]}], 0, "nothing is known against any of 2 libraries"),
        ([{"dependencies": [GOOD, BAD]}], 1, "bad 2.0: PYSEC-2026-1; mended in 2.1"),
        ([{"dependencies": [SKIPPED, BAD]}, None], 1, "PYSEC-2026-1"),
        ([{"dependencies": [GOOD, SKIPPED]}], 3, "NOT CHECKED: 1 libraries could not be looked up"),
        ([None], 3, "NOT CHECKED: the libraries could not be looked up"),
        ([{"dependencies": [GOOD]}, None], 3, "NOT CHECKED"),
    ],
)
def test_only_what_was_looked_up_counts_as_a_yes(answers: list[dict[str, Any] | None], code: int, words: str) -> None:
    found, lines = audit.verdict(answers)
    assert (found, words in lines[0]) == (code, True)


def test_without_pip_audit_it_says_that_it_did_not_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main([str(Path(__file__))]) == 3
    assert "NOT CHECKED" in capsys.readouterr().out
