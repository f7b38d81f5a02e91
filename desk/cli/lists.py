"""Commands about who the clients and staff are: search clients, and import either from a list."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk.cli import printing, session
from desk.cli.options import Json
from desk.cli.translation import Group, _, add, group
from dossier.text import clock

if TYPE_CHECKING:
    from desk.actions.list_import import ListPlan
    from desk.actions.list_table import Kind

SHOWN = 40
"""Rows of what is new or changed that are printed; --json has all."""

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Excel, with a row of headings.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="HEADING=KEY", help="What a column holds, where its heading doesn't tell; KEY - for nothing."),
]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Do it; without it, it is only shown.")]


class SearchOrCommand(Group):
    """A group whose words are a search, unless the first one is a command of the group."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["find", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    from desk.cli.office import clients

    box = group(
        "Search clients, or import them from a list.", "dossier clients bakkerij", cls=SearchOrCommand, needs_command=False
    )
    add(box, clients, "dossier clients bakkerij", name="find", hidden=True)
    add(box, import_clients, "dossier clients import relaties.csv --apply", name="import")
    app.add_typer(box, name="clients")
    staff = group("Import staff from a list.", "dossier staff import medewerkers.csv")
    add(staff, import_staff, "dossier staff import medewerkers.csv", name="import")
    staff.callback()(lambda: None)
    app.add_typer(staff, name="staff")


def import_clients(file: FileArgument, columns: MapOption = None, do_it: ApplyOption = False, as_json: Json = False) -> None:
    """Clients and their contacts from CSV or Excel, as practice software exports them. Nobody is
    removed."""
    _import("clients", file, columns, do_it, as_json)


def import_staff(file: FileArgument, columns: MapOption = None, do_it: ApplyOption = False, as_json: Json = False) -> None:
    """Staff from CSV or Excel. Nobody is removed, and who is new gets the right to create unless
    the list says more."""
    _import("staff", file, columns, do_it, as_json)


def _import(kind: Kind, file: Path, columns: list[str] | None, do_it: bool, as_json: bool) -> None:
    from desk.actions import list_import, list_table

    given = dict(one.rpartition("=")[::2] for one in columns or ())
    if any(not heading or not key for heading, key in given.items()):
        raise typer.BadParameter(_("give --map HEADING=KEY, such as --map 'Relatie nr'=code"))
    if not os.path.lexists(file):
        raise typer.BadParameter(_("%(path)s: there is no such file or folder") % {"path": file})
    office = session.opened() if do_it else session.office()
    actor = session.manager()
    made = list_import.plan(kind, office, os.environ, file, list_table.read_file(file), given)
    folders = list_import.apply(office, clock.utc_now(), actor, made) if do_it and not made.faults else []
    if as_json:
        _print_json(made, do_it)
    else:
        _print(made, [str(folder) for folder in folders], do_it)
    if made.faults:
        raise typer.Exit(1)


def _print_json(made: ListPlan, do_it: bool) -> None:
    printing.as_json({
        "columns": made.columns, "ignored": made.ignored, "notes": made.notes, "new": made.new,
        "changed": {code: [list(one) for one in changes] for code, changes in made.changed.items()}, "gone": made.gone,
        "faults": [{"row": one.row, "column": one.column, "message": one.message} for one in made.faults],
        "applied": do_it and not made.faults,
    })  # fmt: skip


def _print(made: ListPlan, folders: list[str], do_it: bool) -> None:
    for heading, key in made.columns.items():
        print(_("column `%(heading)s` is %(key)s") % {"heading": printing.text(heading), "key": key})
    if made.ignored:
        print(_("nothing is taken from: %(headings)s") % {"headings": ", ".join(map(printing.text, made.ignored))})
    for note in made.notes:
        print(printing.text(note))
    rows = [(_("new"), code, made.names[code]) for code in made.new]
    rows += [
        (_("changed"), code, f"{key}: {now} → {then}") for code, changes in made.changed.items() for key, now, then in changes
    ]
    if rows:
        printing.table(("", {"clients": _("clients"), "staff": _("staff")}[made.kind], _("what")), rows[:SHOWN])
    if len(rows) > SHOWN:
        print(_("and %(count)s more; --json has all") % {"count": len(rows) - SHOWN})
    if made.gone:
        gone = f"{', '.join(made.gone[:10])}{' …' if len(made.gone) > 10 else ''}"
        print(_("not in the list, and left as they are: %(codes)s") % {"codes": gone})
    for one in made.faults:
        values = {"row": one.row, "column": printing.text(one.column), "what": printing.text(one.message)}
        told = _("row %(row)s, %(column)s: %(what)s") if one.column else _("row %(row)s: %(what)s")
        print(told % values, file=sys.stderr)
    for folder in folders:
        print(_("made: %(path)s") % {"path": folder})
    counts = {"new": len(made.new), "changed": len(made.changed)}
    if made.faults:
        print(_("Nothing was changed. Mend these rows and import again."), file=sys.stderr)
    elif not rows:
        print(_("Nothing had to be changed.") if do_it else _("Nothing would change."))
    elif do_it:
        print(_("Done: %(new)s new, %(changed)s changed.") % counts)
    else:
        print(_("%(new)s would be new, %(changed)s changed. Do it with --apply.") % counts)
