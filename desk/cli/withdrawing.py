"""The command that takes items off the portal: withdraw."""

from __future__ import annotations

from typing import Annotated

import typer

from desk.cli import session
from desk.cli.many import ManyItems, Where, Yes, each_of
from desk.cli.translation import add
from dossier.text import clock


def register(app: typer.Typer) -> None:
    add(app, withdraw, 'dossier withdraw 2026-000012 --reason "Wrong year"')


def withdraw(
    items: ManyItems = None,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the item's history.")],
    where: Where = None,
    yes: Yes = False,
) -> None:
    """Take items off the portal, or concepts from their approvers."""
    from desk.actions import withdrawing

    office, actor = session.opened(), session.actor()
    each_of(items, where, yes, actor, lambda key, _: withdrawing.withdraw(office, clock.utc_now(), actor, key, reason), "\n")
