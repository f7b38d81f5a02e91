"""The command that gives files out again: get."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import completing, session
from desk.cli.many import Where, Yes, each_of
from desk.cli.numbers import key_of
from desk.cli.translation import _, add
from dossier.text import clock
from dossier.text.refusals import Conflict

if TYPE_CHECKING:
    from dossier.office.office import Office
    from dossier.office.people import Actor

_NUMBER = re.compile(r"((D-)?\d{4}-)?\d{1,7}", re.IGNORECASE)
"""What behind an item is another item, and no attachment's name, unless a version of it is asked
for."""


def register(app: typer.Typer) -> None:
    add(app, get, "dossier get 2026-000012 accounts.pdf --to - > accounts.pdf")


def get(
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ITEM]... [NAME] [-]",
            help="Numbers; behind a single one, one of its attachments; - at the end as --to -.",
            autocompletion=completing.items,
        ),
    ] = None,
    version: Annotated[int | None, typer.Option(min=1, metavar="N", help="An earlier version of it.")] = None,
    to: Annotated[
        str,
        typer.Option("--to", metavar="DIR", help="Where; default: here. Of several items, a folder each. -: to standard output."),
    ] = ".",
    where: Where = None,
    yes: Yes = False,
) -> None:
    """Get attachments of an item, or an earlier version of one; or those of several. It is in the
    trail who got them."""
    from desk.actions import getting
    from dossier.database.tables import item_name
    from dossier.vault.opening import open_vault

    numbers, name = list(items or ()), None
    if len(numbers) > 1 and numbers[-1] == "-":
        to = numbers.pop()
    if len(numbers) > 1 and not (_NUMBER.fullmatch(numbers[-1]) and version is None):
        name = numbers.pop()
    if (name is not None and len(numbers) > 1) or (where and (name is not None or version is not None)):
        raise typer.BadParameter(_("an attachment is named for one item alone"))
    if version is not None and name is None:
        raise typer.BadParameter(_("name the attachment whose version you want"))
    office, reader = session.opened_despite_faults(), session.reader()
    is_one = len(numbers) == 1 and not where
    if to == "-":
        if not is_one:
            raise typer.BadParameter(_("only one attachment fits on standard output"))
        _pour(office, reader, item_name(key_of(numbers[0])), name, version)
        return
    vault = open_vault(office, to_read=True)

    def act(key: int, _: int | None) -> list[str]:
        folder = Path(to) if is_one else Path(to) / item_name(key)
        return list(map(str, getting.fetch(office, reader, clock.utc_now(), vault, item_name(key), name, version, folder)))

    each_of(numbers, where, yes, reader, act, "\n")


def _pour(office: Office, reader: Actor, item: str, name: str | None, version: int | None) -> None:
    """One attachment to standard output."""
    from desk.actions import getting
    from dossier.vault.opening import open_vault

    wanted = getting.wanted(office, reader, item, name, version)
    if len(wanted) > 1:
        raise Conflict("getting.several", item=item)
    vault = open_vault(office, to_read=True)
    getting.note(office, reader, clock.utc_now(), item, wanted)
    for piece in getting.pieces(vault, wanted[0]):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
