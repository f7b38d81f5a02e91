"""The share states and every step between them. Pure."""

from __future__ import annotations

import itertools

import pytest

from dossier.text.refusals import Conflict
from dossier.text.sentences import sentence, told
from workflow.items import steps

STATES = ("private", "concept", "approved", "published", "returned", "withdrawn")
LEGAL = {
    "private": {"offer": "concept", "share": "approved"},
    "concept": {"offer": "concept", "share": "approved", "approve": "approved", "reject": "returned", "withdraw": "withdrawn",
                "revert": "approved"},
    "approved": {"offer": "concept", "share": "approved", "publish": "published", "withdraw": "withdrawn"},
    "published": {"offer": "concept", "share": "approved", "publish": "published", "withdraw": "withdrawn"},
    "returned": {"offer": "concept", "share": "approved", "withdraw": "withdrawn", "revert": "approved"},
    "withdrawn": {"offer": "concept", "share": "approved", "restore": "approved"},
}  # fmt: skip
ACTIONS = sorted({action for steps in LEGAL.values() for action in steps})


@pytest.mark.parametrize(("state", "action"), list(itertools.product(STATES, ACTIONS)))
def test_each_step_leads_where_it_should_and_no_other_is_taken(state: str, action: str) -> None:
    if action in LEGAL[state]:
        assert steps.step(state, action) == LEGAL[state][action]
    else:
        with pytest.raises(Conflict, match=f"the item is {state}: it can't be"):
            steps.step(state, action)


def test_from_each_state_an_item_can_be_made_private() -> None:
    assert {steps.step(state, "unshare") for state in STATES} == {"private"}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_states_and_steps_have_names_in_each_language(language: str) -> None:
    codes = [*(f"states.{state}" for state in STATES), *(f"states.step_{action}" for action in [*ACTIONS, "unshare"])]
    assert not [code for code in codes if code in told(sentence(code), language)]
    assert told(sentence("states.published"), "nl") == "gepubliceerd"
