"""What the command line says, in the reader's language: English is the source, its Dutch stands in
locale/.

A command is put on the list by `add`, and its help is translated when somebody asks for it. typer
says some things by itself (of wrong usage, and around the help) and has no Dutch; these few forms
are put into Dutch here. What the rooms below say comes as sentences (dossier/text/sentences.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from desk.cli import session
from workflow.messages.language import Translator, read_catalogue

_EXAMPLE = "Example: "

_OR = ", or: "


def _(text: str) -> str:
    """The text in the reader's language."""
    return text if session.language() == "en" else _dutch().gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The text for so many, in the reader's language."""
    return (one if count == 1 else many) if session.language() == "en" else _dutch().ngettext(one, many, count)


@cache
def _dutch() -> Translator:
    return read_catalogue(Path(__file__).parent / "locale", "cli", "nl")


class Command(TyperCommand):
    """A command whose help is in the reader's language."""

    def get_help(self, ctx: Any) -> str:
        translate(self, ctx)
        return of_typer(super().get_help(ctx))


class Unread(OSError):
    """A BrokenPipeError on its way through typer, which would make of it exit code 1 without a
    word."""


class Group(TyperGroup):
    """As Command, for several commands under one name."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise Unread(error.strerror) from error

    def get_help(self, ctx: Any) -> str:
        for one in (self, *self.commands.values()):
            translate(one, ctx)
        return of_typer(super().get_help(ctx))


def add(
    app: typer.Typer,
    function: Callable[..., None],
    *examples: str,
    name: str | None = None,
    cls: type[Command] = Command,
    hidden: bool = False,
) -> None:
    """Make a command of a function; its docstring is the help."""
    help_text = " ".join((function.__doc__ or "").split())
    app.command(name, cls=cls, help=help_text, epilog=_EXAMPLE + _OR.join(examples), hidden=hidden)(function)


def group(help_text: str, example: str, cls: type[Group] = Group, needs_command: bool = True) -> typer.Typer:
    """Several commands under one name."""
    return typer.Typer(cls=cls, help=help_text, epilog=_EXAMPLE + example, no_args_is_help=needs_command)


def translate(command: Any, ctx: Any) -> None:
    """Put what `command` says of itself into the reader's language.

    Twice is once: what is Dutch has no other Dutch.
    """
    command.help = _(command.help) if command.help else None
    if command.epilog:
        command.epilog = command.epilog.replace(_EXAMPLE, _("Example: ")).replace(_OR, _(", or: "))
    for param in (*command.params, command.get_help_option(ctx)):
        if getattr(param, "help", None):
            param.help = _(param.help)
        if param.metavar and session.language() == "nl":
            param.metavar = re.sub("[A-Z]+", lambda word: _PLACES.get(word[0], word[0]), param.metavar)
        elif session.language() == "nl" and param.param_type_name == "option":
            param.metavar = _VALUES.get(param.make_metavar(ctx))


# What typer says

_HELP = (
    (r"^Usage: ", "Gebruik: "),
    (r"^Options:$", "Opties:"),
    (r"^Arguments:$", "Argumenten:"),
    (r"^Commands:$", "Opdrachten:"),
    (r"\[OPTIONS\]", "[OPTIES]"),
    (r"COMMAND \[ARGS\]\.\.\.", "OPDRACHT [ARGUMENTEN]..."),
    (r"\[default:(?= |\n)", "[standaard:"),
    (r"(?<=\[|\s)required\]", "verplicht]"),
)

_PLACES = {
    "ARGS": "ARGUMENTEN", "CLIENT": "KLANT", "COMMAND": "OPDRACHT", "DATE": "DATUM", "DEST": "DOEL", "DIR": "MAP", "FILE": "BESTAND",
    "FILES": "BESTANDEN", "FOLDER": "MAP", "HEADING": "KOP", "ITEM": "STUK", "KEY": "SLEUTEL", "NAME": "NAAM", "NEW": "NIEUW", "OLD": "OUD",
    "PATH": "PAD", "SEARCH": "ZOEKTEKST", "SRC": "BRON", "STAFF": "MEDEWERKER", "TEXT": "TEKST", "VALUE": "WAARDE", "WHO": "WIE",
    "WORDS": "WOORDEN",
}  # fmt: skip
"""What stands for a value in the help."""

_VALUES = {"<str>": "<tekst>", "<int>": "<getal>", "<int range>": "<getal>", "<float>": "<getal>"}
"""What typer writes for a value that has no word of its own."""

_ERRORS = (
    (r"^Error: ", "Fout: "),
    (r"^Try '(.*)' for help\.", r"Hulp geeft '\1'."),
    (r"Invalid value for (.*?): ", r"Onjuiste waarde voor \1: "),
    (r"Invalid value: ", ""),
    (r"Missing argument (.*?)\.", r"Er ontbreekt een argument: \1."),
    (r"Missing option (.*?)\.", r"Er ontbreekt een optie: \1."),
    (r"Missing command\.", "Er ontbreekt een opdracht."),
    (r"No such option: (\S+)", r"Deze optie bestaat niet: \1"),
    (r"\(Possible options: (.*)\)", r"(mogelijk: \1)"),
    (r"No such command (.*?)\.", r"Deze opdracht bestaat niet: \1."),
    (r"Did you mean (.*)\?", r"Bedoelt u \1?"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", r"Er is een argument te veel: \1"),
    (r"Option (.*) requires an argument\.", r"Optie \1 vraagt om een waarde."),
    (r"Option (.*) does not take a value\.", r"Optie \1 neemt geen waarde."),
    (r"(\S+) is not one of (.*)\.", r"\1 is niet een van \2."),
    (r"(\S+) is not a valid int(?:eger| range)?\.", r"\1 is geen geheel getal."),
    (r"(\S+) is not a valid float\.", r"\1 is geen getal."),
    (r"(\S+) is not in the range (.*)\.", r"\1 ligt niet binnen \2."),
    (r"is no day; give one such as (\S+)\.", r"is geen dag; geef er een als \1."),
    (r"(?:File|Directory|Path) (.*) does not exist\.", r"\1 bestaat niet."),
    (r"(?:Directory|File) (.*) is a (?:file|directory)\.", r"\1 is van een andere soort."),
)


_NO_DAY = re.compile(r"does not match the formats? .*\.")


def of_typer(text: str) -> str:
    """What typer says, help or error, in the reader's language."""
    text = _NO_DAY.sub("is no day; give one such as 2026-12-31.", text)
    if session.language() == "en":
        return text
    for pattern, dutch in (*_HELP, *_ERRORS):
        text = re.sub(pattern, dutch, text, flags=re.MULTILINE)
    return text


def confirm(question: str, default: bool = False) -> bool:
    """Ask a yes or no on the terminal, in the reader's language; Enter is `default`."""
    choice = _("[Y/n]") if default else _("[y/N]")
    while True:
        answer = str(typer.prompt(f"{question} {choice}", default="", show_default=False)).strip().lower()
        if answer in ("y", "yes", "j", "ja"):
            return True
        if answer in ("n", "no", "nee"):
            return False
        if not answer:
            return default
