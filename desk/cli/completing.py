"""What the shell completes: codes of clients and staff, and the newest items; only what the person
who types may know of.

Whatever goes wrong here is nothing to somebody who presses the Tab key: then there is nothing to
choose from.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable

from desk.cli import session

MOST = 50
"""Items that are offered."""

Choices = list[tuple[str, str]]
"""What is completed, each with what it is."""


def _or_nothing(find: Callable[[str], Iterable[tuple[str, str]]]) -> Callable[[str], Choices]:
    @functools.wraps(find)
    def found(incomplete: str) -> Choices:
        with contextlib.suppress(Exception):
            session.spare_driver()
            return list(find(incomplete))
        return []

    return found


@_or_nothing
def clients(incomplete: str) -> Iterable[tuple[str, str]]:
    """Codes and names of clients whose code begins so, or whose name has it in it."""
    from desk.actions import looking_up

    office = session.remembered_office()
    return [(code, office.clients[code].name) for code in looking_up.find_clients(office, session.reader(), incomplete)]


@_or_nothing
def staff(incomplete: str) -> Iterable[tuple[str, str]]:
    """Codes and names of staff."""
    everybody = session.remembered_office().staff.items()
    return [(code, one.name) for code, one in everybody if one.active and code.startswith(incomplete)]


@_or_nothing
def items(incomplete: str) -> Iterable[tuple[str, str]]:
    """The newest items whose number begins so."""
    from desk.actions import looking_up
    from workflow.reports.finding import Filter

    for one in looking_up.find_items(session.opened_quickly(), session.reader(), Filter(), MOST):
        if any(name.startswith(incomplete.upper()) for name in (one["item"], one["item"].removeprefix("D-"))):
            yield one["item"], one["description"]
