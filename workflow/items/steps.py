"""The share states of an item, and every legal step between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from dossier.text.refusals import Conflict
from dossier.text.sentences import sentence

STEPS: Mapping[str, Mapping[str, str]] = {
    # from:      action → to
    "private": {"offer": "concept", "share": "approved"},
    "concept": {
        "offer": "concept", "share": "approved", "approve": "approved", "reject": "returned", "withdraw": "withdrawn",
        "revert": "approved",
    },
    "approved": {"offer": "concept", "share": "approved", "publish": "published", "withdraw": "withdrawn"},
    "published": {"offer": "concept", "share": "approved", "publish": "published", "withdraw": "withdrawn"},
    "returned": {"offer": "concept", "share": "approved", "withdraw": "withdrawn", "revert": "approved"},
    "withdrawn": {"offer": "concept", "share": "approved", "restore": "approved"},
}  # fmt: skip
"""Every legal step; `unshare` leads to private besides. `share` is outright, `offer` as a concept;
`revert` takes a change back to what stands approved."""


def step(state: str, action: str) -> str:
    """The state that `action` leads to. Raises Conflict where there is no such step."""
    after = "private" if action == "unshare" else STEPS[state].get(action)
    if after is None:
        raise Conflict("items.no_such_step", state=sentence(f"states.{state}"), step=sentence(f"states.step_{action}"))
    return after
