"""How long until what did not go is tried again. Pure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workflow.outbox.pauses import FIRST_SECONDS, LONGEST_SECONDS, pause_after


def test_eight_tries_of_a_mail_take_about_ten_hours() -> None:
    pauses = [pause_after(tries) for tries in range(1, 8)]
    assert pauses == [5, 25, 125, 625, 3125, LONGEST_SECONDS, LONGEST_SECONDS]
    assert 8.5 < sum(pauses) / 3600 < 10.5


@given(st.integers(min_value=0, max_value=10**9))
def test_a_pause_is_never_shorter_than_the_one_before_nor_longer_than_the_longest(tries: int) -> None:
    assert 0 < pause_after(tries) <= pause_after(tries + 1) <= LONGEST_SECONDS
    assert pause_after(max(1, tries)) >= FIRST_SECONDS


def test_a_server_that_is_gone_is_looked_for_by_pauses_of_its_own() -> None:
    assert [pause_after(looks, 5, 2, 60) for looks in range(1, 7)] == [5, 10, 20, 40, 60, 60]
