"""What the shell completes: codes of clients and staff, and the newest items; only what the person
who types may know of.

Whatever goes wrong here is nothing to somebody who presses the Tab key: then there is nothing to
choose from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import typer

from desk.cli import session

MOST = 50
"""Items that are offered."""

Choices = list[tuple[str, str]]
"""What is completed, each with what it is."""


def _or_nothing(find: Callable[[str], Iterable[tuple[str, str]]]) -> Callable[[typer.Context, str], Choices]:
    def found(ctx: typer.Context, incomplete: str) -> Choices:
        with contextlib.suppress(Exception):
            said = ctx.find_root().params  # the line is not run, so nobody was told of these options
            session.GIVEN.root = Path(said["root"]).expanduser() if said.get("root") else None
            session.GIVEN.staff = said.get("staff")
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

    office, reader, last = session.opened_quickly(), session.reader(), _last(incomplete)
    return _beginning(incomplete, looking_up.find_items(office, reader, Filter(), MOST, None if last is None else last + 1))


@_or_nothing
def binned(incomplete: str) -> Iterable[tuple[str, str]]:
    """What is in the bin, and has a number that begins so."""
    from desk.actions import undoing

    return _beginning(incomplete, undoing.in_bin(session.opened_as_remembered(), session.reader())[:MOST])


def _beginning(incomplete: str, found: Iterable[Mapping[str, object]]) -> Iterable[tuple[str, str]]:
    """With or without the `D-`, as it was begun: a shell takes nothing that begins otherwise."""
    names = [(str(one["item"]), str(one["description"])) for one in found]
    return [
        (form, what)
        for name, what in names
        for form in (name, name.removeprefix("D-"))
        if form.startswith(incomplete.upper() or "D")
    ]


def _last(incomplete: str) -> int | None:
    """The last key that a number which begins so can have; None if it may be any."""
    from dossier.database.tables import item_key

    year, dash, number = incomplete.upper().removeprefix("D-").partition("-")
    try:
        return item_key(f"{year:9<4}-{number:9<6}") if dash else item_key(f"{year:9<4}-9999999")
    except ValueError:
        return None
