"""A drop that fails for an unknown reason is tried again, and refused when that was once too often."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime

from dossier.text.sentences import told
from ingest.intake.strikes import POISONED, Strikes

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_the_third_failure_of_the_same_drop_is_told_with_an_id_and_then_it_begins_anew() -> None:
    strikes = Strikes()
    answers = [strikes.count(NOW, "acme-bv", "report", "as it is", KeyError("x")) for _ in range(2 * POISONED)]
    assert [answer is not None for answer in answers] == [False, False, True] * 2
    assert answers[2] is not None
    assert "KeyError" in told(answers[2])
    assert str(answers[2].values["error_id"]).startswith("E-2026")


def test_a_drop_that_was_changed_and_another_one_are_counted_by_themselves() -> None:
    strikes = Strikes()
    for number in range(2 * POISONED):
        assert strikes.count(NOW, "acme-bv", "report", number, ValueError()) is None
    for client, drop in (("acme-bv", "one"), ("acme-bv", "two"), ("zon", "one")):
        assert [strikes.count(NOW, client, drop, 0, ValueError()) for _ in range(POISONED - 1)] == [None] * (POISONED - 1)


def test_an_error_of_the_system_is_told_in_its_words() -> None:
    strikes = Strikes()
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    [*_, last] = [strikes.count(NOW, "acme-bv", "report", 0, error) for _ in range(POISONED)]
    assert last is not None
    assert told(last, "nl") != told(last, "en")
    assert last.values["what"].code == "system.enospc"
