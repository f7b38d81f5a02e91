"""Commands about who the clients and staff are: search clients, and import either from a list."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from desk.cli import session

if TYPE_CHECKING:
    from desk.actions.list_import import Kind, Plan

SHOWN = 40
"""Rows of what is new or changed that are printed; --json has all."""

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Excel, with a row of headings.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="HEADING=KEY", help="What a column holds, where its heading doesn't tell; KEY - for nothing."),
]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Do it; without it, it is only shown.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


class SearchOrCommand(TyperGroup):
    """A group whose words are a search, unless the first one is a command of the group."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["find", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    from desk.cli.office import clients

    box = typer.Typer(
        cls=SearchOrCommand, help="Search clients, or import them from a list.", epilog="Example: dossier clients bakkerij"
    )
    box.command("find", hidden=True, epilog="Example: dossier clients bakkerij")(clients)
    box.command("import", epilog="Example: dossier clients import relaties.csv --apply")(import_clients)
    app.add_typer(box, name="clients")
    people = typer.Typer(
        help="Import staff from a list.", no_args_is_help=True, epilog="Example: dossier staff import medewerkers.csv"
    )
    people.command("import", epilog="Example: dossier staff import medewerkers.csv")(import_staff)
    people.callback()(_staff)
    app.add_typer(people, name="staff")


def _staff() -> None:
    """Import staff from a list."""


def import_clients(file: FileArgument, columns: MapOption = None, do_it: ApplyOption = False, as_json: Json = False) -> None:
    """Clients and their contacts from CSV or Excel, as practice software exports them. Nobody is removed."""
    _import("clients", file, columns, do_it, as_json)


def import_staff(file: FileArgument, columns: MapOption = None, do_it: ApplyOption = False, as_json: Json = False) -> None:
    """Staff from CSV or Excel. Nobody is removed, and who is new gets the right to create unless the list says more."""
    _import("staff", file, columns, do_it, as_json)


def _import(kind: Kind, file: Path, columns: list[str] | None, do_it: bool, as_json: bool) -> None:
    from desk.actions import list_import
    from dossier.text import clock

    given = dict(one.rpartition("=")[::2] for one in columns or ())
    if any(not heading or not key for heading, key in given.items()):
        raise typer.BadParameter("give --map HEADING=KEY, such as --map 'Relatie nr'=code")
    office = session.opened() if do_it else session.office()
    actor = session.manager()
    made = list_import.plan(kind, office, os.environ, file, given)
    folders = list_import.apply(office, clock.utc_now(), actor, made) if do_it and not made.faults else []
    if as_json:
        _print_json(made, do_it)
    else:
        _print(made, [str(folder) for folder in folders], do_it)
    if made.faults:
        raise typer.Exit(1)


def _print_json(made: Plan, do_it: bool) -> None:
    from desk.cli import printing
    from dossier.text.sentences import told

    printing.as_json({
        "columns": made.columns, "ignored": made.ignored, "new": made.new,
        "changed": {code: [list(one) for one in told_] for code, told_ in made.changed.items()}, "gone": made.gone,
        "faults": [
            {"row": one.row, "column": one.column, "message": told(one.message, session.language())} for one in made.faults
        ],
        "applied": do_it and not made.faults,
    })  # fmt: skip


def _print(made: Plan, folders: list[str], do_it: bool) -> None:
    from desk.cli import printing
    from dossier.text.sentences import told

    for heading, key in made.columns.items():
        print(f"column `{printing.text(heading)}` is {key}")
    if made.ignored:
        print(f"nothing is taken from: {', '.join(printing.text(heading) for heading in made.ignored)}")
    rows = [("new", code, "") for code in made.new]
    rows += [("changed", code, f"{key}: {now} → {then}") for code, told_ in made.changed.items() for key, now, then in told_]
    if rows:
        printing.table(("", made.kind, "what"), rows[:SHOWN])
    if len(rows) > SHOWN:
        print(f"and {len(rows) - SHOWN} more; --json has all")
    if made.gone:
        print(f"not in the list, and left as they are: {', '.join(made.gone[:10])}{' …' if len(made.gone) > 10 else ''}")
    for one in made.faults:
        where = f"row {one.row}" + (f", {printing.text(one.column)}" if one.column else "")
        print(f"{where}: {printing.text(told(one.message, session.language()))}", file=sys.stderr)
    for folder in folders:
        print(f"made: {folder}")
    if made.faults:
        print("Nothing was changed. Mend these rows and import again.", file=sys.stderr)
    elif not rows:
        print("Nothing would change." if not do_it else "Nothing had to be changed.")
    elif do_it:
        print(f"Done: {len(made.new)} new, {len(made.changed)} changed.")
    else:
        print(f"{len(made.new)} would be new, {len(made.changed)} changed. Do it with --apply.")
