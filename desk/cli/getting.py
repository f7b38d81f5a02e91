"""The command that gives files out again: get."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from desk.cli import session
from desk.cli.approval import OneItem, key_of
from desk.cli.words import _, add


def register(app: typer.Typer) -> None:
    add(app, get, "dossier get 2026-000012 accounts.pdf --to - > accounts.pdf")


def get(
    item: OneItem,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One attachment; default: all.")] = None,
    version: Annotated[int | None, typer.Option(min=1, metavar="N", help="An earlier version of it.")] = None,
    to: Annotated[str, typer.Option("--to", metavar="DIR", help="Where; default: here. -: to standard output.")] = ".",
) -> None:
    """Get attachments of an item, or an earlier version of one. It is in the trail who got them."""
    from desk.actions import getting
    from desk.cli import printing
    from dossier.database.tables import item_name
    from dossier.text import clock
    from dossier.text.refusals import Conflict
    from dossier.vault.opening import open_vault

    if version is not None and name in (None, "-"):
        raise typer.BadParameter(_("name the attachment whose version you want"))
    is_pipe = to == "-" or name == "-"
    key, office, reader = item_name(key_of(item)), session.opened(), session.reader()
    wanted = getting.wanted(office, reader, key, None if name == "-" else name, version)
    if is_pipe and len(wanted) > 1:
        raise Conflict("getting.several", item=key)
    vault = open_vault(office, to_read=True)
    getting.note(office, reader, clock.utc_now(), key, wanted)
    if is_pipe:
        for piece in getting.pieces(vault, wanted[0]):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    for one in wanted:
        print(printing.text(getting.save(vault, one, Path(to))))
