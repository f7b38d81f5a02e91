"""Options that several commands have, each written once, with its help.

A command that takes many of them has one parameter for all, and `spread` makes the options of it.
What an item is to be is asked by `new` (NEW), `assign` (ASSIGN) and `edit` (EDIT) in nearly the
same words; `keys_of` makes of it what a sidecar would say.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import typer

from desk.cli import completing
from desk.cli.translation import _

Json = Annotated[bool, typer.Option("--json", help="For programs.")]

Given = Mapping[str, Any]
"""Name of an option → what was typed. None: it was not given."""


def spread(parameter: str, table: Mapping[str, object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command all options of `table`, in the place of one parameter that gets them as Given.

    `table`: name of an option → its type and help, as typer reads them.
    """

    def with_options(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(**given: object) -> None:
            function(**{parameter: {name: given.pop(name) for name in table}}, **given)

        places = []  # of the options, in the order in which the help tells them
        for place in inspect.signature(function, eval_str=True).parameters.values():
            options = table.items() if place.name == parameter else ((place.name, place.annotation),)
            default = None if place.name == parameter else place.default
            places += [inspect.Parameter(name, place.KEYWORD_ONLY, default=default, annotation=kind) for name, kind in options]
        command.__signature__ = inspect.Signature(places)  # type: ignore[attr-defined]
        return command

    return with_options


def text(*names: str, **about: Any) -> object:
    """An option with a text."""
    return Annotated[str | None, typer.Option(*names, **about)]


def texts(*names: str, **about: Any) -> object:
    """One that may be given several times."""
    return Annotated[list[str] | None, typer.Option(*names, **about)]


def switch(names: str, help_text: str) -> object:
    """One without a value; `--on/--off`: it can be said either way."""
    return Annotated[bool | None, typer.Option(names, help=help_text)]


# What an item is to be

_FIELD = texts(metavar="KEY=VALUE", help="A key of the item's type.")

NEW = {
    "description": text("--description", "-d", help="One line; the client sees it."),
    "status": text(),
    "type": text(),
    "location": text(),
    "labels": texts("--label"),
    "explanation": text(),
    "share": switch("--share", "For the client's portal."),
    "share_status": Annotated[Literal["concept", "approved"] | None, typer.Option()],
    "share_all": switch("--share-all", "All files are shared."),
    "share_none": switch("--share-none", "No file is shared."),
    "share_file": texts("--share-file", metavar="NAME", help="Only these files are shared."),
    "share_explanation": switch("--share-explanation", "The client sees the explanation too."),
    "approver": texts(metavar="STAFF"),
    "approvals": text(help="With several approvers: all, any, or a number."),
    "notify": switch("--notify", "A mail to the contact once it is on the portal."),
    "contact": text(metavar="ID"),
    "due": text(metavar="DATE", help="The day on which something must be done with it, as 2027-03-01."),
    "owner": text(metavar="STAFF", help="Who sees to it; without it who makes it.", autocompletion=completing.staff),
    "field": _FIELD,
}

ASSIGN = {name: kind for name, kind in NEW.items() if name != "share_file"} | {
    "share_all": switch("--share-all", "The file is shared."),
    "share_none": switch("--share-none", "The file is not shared."),
}

EDIT = {name: kind for name, kind in NEW.items() if name not in ("due", "owner")} | {
    "location": text(help='The place in the dossier; "" for none.'),
    "labels": texts("--label", help='Each label it shall have; "" for none. +LABEL and -LABEL: one more, one less.'),
    "explanation": text(help='Free text; "" for none.'),
    "share": switch("--share/--no-share", "On the client's portal, or off it."),
    "share_all": switch("--share-all", "All attachments are shared."),
    "share_none": switch("--share-none", "No attachment is shared."),
    "share_file": texts("--share-file", metavar="NAME", help="Only these attachments are shared."),
    "share_explanation": switch("--share-explanation/--no-share-explanation", "The client sees the explanation too."),
    "notify": switch("--notify/--no-notify", "A mail to the contact once it is on the portal."),
    "due": text(metavar="DATE", help='When something must be done with it; "" for never.'),
    "owner": text(metavar="STAFF", help='Who sees to it; "" for who made it.', autocompletion=completing.staff),
    "reason": text("--reason", help="With --no-share: why it is taken off the portal; goes into the history."),
}


def keys_of(wish: Given) -> dict[str, Any]:
    """What NEW, ASSIGN or EDIT ask, by the keys of a sidecar. None: not given.

    Raises BadParameter for a field without a value.
    """
    keys: dict[str, Any] = {}
    for name, value in wish.items():
        if name == "share_all":
            keys["share_attachments"] = "all" if value else "none" if wish["share_none"] else None
        elif isinstance(value, bool):
            keys[name] = "yes" if value else "no"
        elif name not in ("share_none", "share_file", "field"):
            keys[name] = value
    return keys | dict(map(_field, wish["field"] or ()))


def _field(given: str) -> tuple[str, str]:
    name, is_said, value = given.partition("=")
    if not is_said:
        raise typer.BadParameter(_("--field %(given)s: give KEY=VALUE") % {"given": given})
    return name, value
