"""Options that several commands have, each written once, with its help.

A command that takes many of them has one parameter for all, and `spread` makes the options of it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

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
