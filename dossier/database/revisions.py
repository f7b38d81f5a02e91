"""Whether what was counted once still holds: revisions that triggers of the database give (0047,
0051, 0052).

Ask for the revision before counting: what is changed between the two has another one at the next
look.
"""

from __future__ import annotations

from typing import Any

from peewee import fn

from dossier.database.database import is_shared, transaction
from dossier.database.tables import PROXY, Listing, Revision, tuples

WAITING = "waiting"
"""All that waits for a decision."""


def of_client(code: str) -> str:
    """A client's items as their page counts them, and who opened them."""
    return f"client {code}"


def number(about: str) -> int:
    """Another one after each change; 0 if there was none."""
    return _sum(Revision.number, Revision.about == about)


def of_listing(client: str) -> int:
    """As `number`, of what the client sees on the portal."""
    return _sum(Listing.revision, Listing.client == client)


def _sum(numbers: Any, whose: Any) -> int:
    # PostgreSQL's sum of long numbers comes as a Decimal.
    [(found,)] = tuples(numbers.model.select(fn.COALESCE(fn.SUM(numbers), 0)).where(whose))
    return int(found)


def sweep() -> None:
    """On PostgreSQL each transaction leaves rows (0052): of what is about the same, the newest is
    enough."""
    if is_shared():
        with transaction():
            for table, about, number_of in (("listing", "client", "revision"), ("revision", "about", "number")):
                newest = f"SELECT {about} AS one, MAX({number_of}) AS newest FROM {table} GROUP BY {about}"  # noqa: S608 - names of ours  # nosec B608
                PROXY.execute_sql(
                    f"DELETE FROM {table} USING ({newest}) AS kept WHERE {about} = kept.one AND {number_of} < kept.newest"  # noqa: S608  # nosec B608
                )
