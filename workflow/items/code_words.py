"""What share states, steps and usual statuses are called. Programs get the codes."""

from __future__ import annotations

from dossier.text.sentences import Sentence, plain

_STATUSES = ("new", "in_progress", "done", "closed")
"""The statuses of an office that did not choose its own words (items.statuses)."""


def state(code: str) -> Sentence:
    """A share state: `published` is `gepubliceerd` in Dutch."""
    return Sentence(f"states.{code}", {})


def step(action: str) -> Sentence:
    """What a step makes of an item (items.STEPS): `approve` is `approved`, or `goedgekeurd`."""
    return Sentence(f"states.step_{action}", {})


def status(code: str) -> Sentence:
    """A status of items.statuses; an office's own word is told as it is."""
    return Sentence(f"states.status_{code}", {}) if code in _STATUSES else plain(code)
