"""What the shell completes: codes of clients and staff, and the newest items; only what the person who types may know of.

Whatever goes wrong here is nothing to somebody who presses the Tab key: then there is nothing to choose from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from desk.cli import session

MOST = 50
"""Items that are offered."""


def clients(incomplete: str) -> list[tuple[str, str]]:
    """Codes and names of clients whose code begins so, or whose name has it in it."""
    found: list[tuple[str, str]] = []
    with contextlib.suppress(Exception):
        from desk.actions import looking_up

        office = session.office()
        codes = looking_up.find_clients(office, session.reader(), incomplete)
        found = [(code, office.clients[code].name) for code in codes]
    return found


def staff(incomplete: str) -> list[tuple[str, str]]:
    """Codes and names of staff."""
    found: list[tuple[str, str]] = []
    with contextlib.suppress(Exception):
        everybody = session.office().staff.items()
        found = [(code, one.name) for code, one in everybody if one.active and code.startswith(incomplete)]
    return found


def items(incomplete: str) -> list[tuple[str, str]]:
    """The newest items whose number begins so."""
    found: list[tuple[str, str]] = []
    with contextlib.suppress(Exception):
        found = list(_items(incomplete.upper()))
    return found


def _items(begin: str) -> Iterator[tuple[str, str]]:
    from desk.actions import looking_up
    from workflow.reports.finding import Filter

    for one in looking_up.find_items(session.opened_quickly(), session.reader(), Filter(), MOST):
        if one["item"].startswith(begin) or one["item"].removeprefix("D-").startswith(begin):
            yield one["item"], one["description"]
