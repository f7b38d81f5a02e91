"""Where a login may lead to."""

from __future__ import annotations

import re

_GOAL = re.compile(r"/(?!/|\\|_login|_logout|_oidc)[^\x00-\x20\\]{0,500}")
"""A path of the desk, and no other site."""


def goal_of(text: str) -> str:
    """A path of the desk that a login may lead to; the start for anything else."""
    return text if _GOAL.fullmatch(text) else "/"
