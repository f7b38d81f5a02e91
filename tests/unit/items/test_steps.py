"""The share states and every step between them. Pure."""

from __future__ import annotations

import itertools

import pytest

from dossier.text.refusals import Conflict
from dossier.text.sentences import told
from workflow.items import code_words, items

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
        assert items.step(state, action) == LEGAL[state][action]
    else:
        with pytest.raises(Conflict, match=f"the item is {state}: it can't be"):
            items.step(state, action)


def test_from_each_state_an_item_can_be_made_private() -> None:
    assert {items.step(state, "unshare") for state in STATES} == {"private"}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_states_steps_and_the_usual_statuses_have_names_in_each_language(language: str) -> None:
    named = [
        *map(code_words.state, STATES), *map(code_words.step, [*ACTIONS, "unshare"]), *map(code_words.status, ("new", "in_progress", "done", "closed")),
    ]  # fmt: skip
    assert not [one for one in named if one.code in told(one, language)]
    assert told(code_words.status("aangeboden"), language) == "aangeboden"
    assert told(code_words.state("published"), "nl") == "gepubliceerd"
