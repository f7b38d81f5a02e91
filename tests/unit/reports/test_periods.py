"""From when to when a client could see what, as the trail tells it. Pure."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dossier.database.tables import Shown
from dossier.trail.trail import RecordedEvent
from workflow.reports.proof import periods

CONTENTS: dict[str, Shown] = {name: {"description": name, "explanation": None, "attachments": []} for name in ("one", "two")}


def event(seq: int, action: str, **detail: Any) -> RecordedEvent:
    return RecordedEvent(seq, f"at {seq:03}", "k.smit", None, "command", action, 1, None, "", "", "", json.dumps(detail))


def test_each_published_content_is_to_be_seen_until_the_next_or_until_it_is_taken_off() -> None:
    events = [
        event(1, "approved", content="one", outright=True),
        event(2, "published", content="one"),
        event(3, "approved", content="two"),
        event(4, "published", content="two"),
        event(5, "taken_off"),
        event(6, "published", content="two"),
    ]
    found = periods(events, CONTENTS)
    assert [(one["from"], one["until"], one["content"]) for one in found] == [
        ("at 002", "at 004", "one"), ("at 004", "at 005", "two"), ("at 006", None, "two"),
    ]  # fmt: skip
    assert [one["what"] for one in found] == [CONTENTS["one"], CONTENTS["two"], CONTENTS["two"]]
    assert [[by["outright"] for by in one["approved_by"]] for one in found] == [[True], [False], [False]]


def test_what_was_erased_of_an_event_leaves_the_times() -> None:
    erased = event(1, "published", content="one")._replace(salt=None, detail=None)
    [one] = periods([erased], CONTENTS)
    assert (one["from"], one["content"], one["what"]) == ("at 001", "", None)


@given(st.lists(st.sampled_from(["published", "taken_off", "viewed", "approved"]), max_size=30))
def test_periods_follow_each_other_and_only_the_last_may_be_open(actions: list[str]) -> None:
    found = periods([event(seq, action, content="one") for seq, action in enumerate(actions)], CONTENTS)
    assert len(found) == actions.count("published")
    assert all(one["until"] is not None and one["until"] <= other["from"] for one, other in pairwise(found))
    seen = [action for action in actions if action in ("published", "taken_off")]
    assert bool(found and found[-1]["until"] is None) == (seen[-1:] == ["published"])
