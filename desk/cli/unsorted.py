"""Commands about what has no client yet: assign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk.cli import completing, options, printing, session, wishes
from desk.cli.new import Timeout, Wait, told_of_drop
from desk.cli.translation import _, add
from dossier.text import clock
from dossier.text.refusals import Invalid


def register(app: typer.Typer) -> None:
    add(app, assign, 'dossier assign scan-0012.pdf --client acme-bv --description "Letter from the bank"')


@options.spread("wish", wishes.ASSIGN)
def assign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="In inbox/_unsorted: its name, or its path.")],
    client: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Whose it is. Without it you are told whom the file names.", autocompletion=completing.clients
        ),
    ] = None,
    *,
    wish: options.Given,
    wait: Wait = False,
    timeout: Timeout = 60.0,
) -> None:
    """Give a file of inbox/_unsorted to a client: it becomes a drop. Without a description the
    file's name makes one."""
    office, actor = session.opened(), session.actor()
    from desk.actions import unsorted

    if wish["share_all"] and wish["share_none"]:
        raise typer.BadParameter(_("give --share-all, or --share-none"))
    if client is None:
        told = printing.text(unsorted.suggested(unsorted.suggestions(office, actor, file)))
        raise typer.BadParameter(_("whose is it? give --client CODE; %(told)s") % {"told": told})
    keys = wishes.keys_of(wish)
    shared = {"all": True, "none": False, None: None}[keys.pop("share_attachments")]
    try:
        place = unsorted.assign(office, clock.utc_now(), actor, file, client, keys, shared)
    except Invalid as refusal:
        raise Invalid(wishes.asked_by(refusal.problems, "--share-all", "--share-none")) from refusal
    told_of_drop(office, client, place, timeout if wait else None)
