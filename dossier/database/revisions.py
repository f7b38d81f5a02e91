"""Whether what was counted once still holds: revisions that triggers of the database give (0051). Reads only.

Ask for the revision before counting: what is changed between the two has another one at the next look.
"""

from __future__ import annotations

from dossier.database.tables import Revision, tuples

WAITING = "waiting"
"""All that waits for a decision."""


def of_client(code: str) -> str:
    """A client's items as their page counts them, and who opened them."""
    return f"client {code}"


def number(about: str) -> int:
    """Another one after each change; 0 if there was none."""
    [(found,)] = tuples(Revision.select(Revision.number).where(Revision.about == about)) or [(0,)]
    return int(found)
