"""Commands that put right what went wrong: move, delete, bin, undelete, revert."""

from __future__ import annotations

from typing import Annotated

import typer

from desk.cli import completing, printing, session
from desk.cli.items import columns
from desk.cli.many import ManyItems, Where, Yes, each_of
from desk.cli.numbers import OneItem, key_of
from desk.cli.options import Json
from desk.cli.translation import _, add
from dossier.text import clock


def register(app: typer.Typer) -> None:
    add(app, move, "dossier move 2026-000012 --client northwind-ltd")
    add(app, delete, "dossier delete 2026-000012", 'dossier delete --where "client=acme-bv label=mistake"')
    add(app, bin_, "dossier bin", name="bin")
    add(app, undelete, "dossier undelete 2026-000012")
    add(app, revert, "dossier revert 2026-000012 accounts.pdf --version 1")


def move(
    item: OneItem,
    client: Annotated[
        str, typer.Option("--client", metavar="CODE", help="The client who gets it.", autocompletion=completing.clients)
    ],
) -> None:
    """Give an item that no client ever saw to another client. What was asked or approved before is
    over."""
    from desk.actions import undoing

    printing.outcome(undoing.move, key_of(item), client)


def revert(
    item: OneItem,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    version: Annotated[int | None, typer.Option("--version", min=1, metavar="N", help="The version to put back.")] = None,
    status: Annotated[bool, typer.Option("--status", help="The status that it had before.")] = False,
    labels: Annotated[bool, typer.Option("--labels", help="The labels that it had before.")] = False,
) -> None:
    """Put an earlier version of an attachment back, in the place of one that no client ever saw, or
    where one was taken out; or the status or labels of before."""
    from desk.actions import changing

    if [name is not None and version is not None, status, labels].count(True) != 1 or (name is None) != (version is None):
        raise typer.BadParameter(_("what is to be put back? NAME --version N, or --status, or --labels"))
    if name is not None and version is not None:
        printing.outcome(changing.revert, key_of(item), name, version)
    else:
        printing.outcome(changing.change_back, key_of(item), "status" if status else "labels")


def delete(items: ManyItems = None, where: Where = None, yes: Yes = False) -> None:
    """Put items that no client ever saw into the bin. They can be taken out again."""
    from desk.actions import undoing

    office, actor = session.opened_as_remembered(), session.actor()
    each_of(items, where, yes, actor, lambda key, _: [undoing.delete(office, clock.utc_now(), actor, key)])


def bin_(json: Json = False) -> None:
    """What is in the bin, the latest first."""
    from desk.actions import undoing

    found = undoing.in_bin(session.opened_despite_faults(), session.reader())
    shown = [
        *columns("item", "client", "description"),
        (_("deleted by"), "deleted_by"),
        (_("on"), lambda one: one["deleted_at"][:10]),
    ]
    printing.listing(found, json, shown, _("Nothing is in the bin."))


def undelete(
    item: Annotated[
        str, typer.Argument(metavar="ITEM", help="A number: D-2026-000012, 2026-000012, or 12.", autocompletion=completing.binned)
    ],
) -> None:
    """Take an item out of the bin."""
    from desk.actions import undoing

    printing.outcome(undoing.undelete, key_of(item, in_bin=True))
