"""How an item is named in a command: by its number, or, where only one fits, a part of it."""

from __future__ import annotations

from typing import Annotated

import typer

from desk.cli import completing, session
from desk.cli.translation import _

Items = Annotated[
    list[str],
    typer.Argument(metavar="ITEM...", help="Numbers: D-2026-000012, 2026-000012, or 12.", autocompletion=completing.items),
]
OneItem = Annotated[
    str, typer.Argument(metavar="ITEM", help="A number: D-2026-000012, 2026-000012, or 12.", autocompletion=completing.items)
]


def key_of(name: str, in_bin: bool = False) -> int:
    """The key of the item that was typed: a number, or, where only one fits, the part of it without
    the year; `in_bin`: of those in the bin, if it fits any. Raises BadParameter."""
    from dossier.database.tables import item_key, item_name

    if name.isascii() and name.isdecimal() and len(name) <= 7:  # as many digits as a number has at most
        from desk.actions import looking_up

        fitting = looking_up.key_of_number(int(name), session.opened_quickly(), session.reader(), in_bin)
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            values = {"name": name, "items": ", ".join(map(item_name, fitting))}
            raise typer.BadParameter(_("`%(name)s` may be %(items)s: say which") % values)
        if int(name):  # a number as any other, of which there is no item
            from dossier.text.refusals import NotFound

            raise NotFound("items.no_such_item", item=name)
    try:
        return item_key(name)
    except ValueError:
        told = _("`%(name)s` is no item's number; give one such as D-2026-000012") % {"name": name}
        raise typer.BadParameter(told) from None
