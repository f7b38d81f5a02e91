"""Whether what was counted once still holds: revisions that triggers of the database give (0047,
0051, 0052).

Ask for the revision before counting: what is changed between the two has another one at the next
look.
"""

from __future__ import annotations

from peewee import fn

from dossier.database.database import is_shared, transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import PROXY, Listing, Revision

WAITING = "waiting"
"""All that waits for a decision."""


def of_client(code: str) -> str:
    """A client's items as their page counts them, and who opened them."""
    return f"client {code}"


# PostgreSQL's sum of long numbers comes as a Decimal.
_NUMBER = Prepared(lambda about: Revision.select(fn.COALESCE(fn.SUM(Revision.number), 0)).where(Revision.about == about))
_OF_LISTING = Prepared(lambda client: Listing.select(fn.COALESCE(fn.SUM(Listing.revision), 0)).where(Listing.client == client))


def number(about: str) -> int:
    """Another one after each change; 0 if there was none."""
    return int(_NUMBER.rows(about)[0][0])


def of_listing(client: str) -> int:
    """As `number`, of what the client sees on the portal."""
    return int(_OF_LISTING.rows(client)[0][0])


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
