"""Commands to move over from elsewhere: import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from desk.cli import session
from desk.cli.words import _, add

SHOWN = 50
"""Faults that are printed on a terminal; the rest is counted. Into a file all of them go."""


def register(app: typer.Typer) -> None:
    add(app, import_, "dossier import /mnt/archive --map map.yaml --dry-run", name="import")


def import_(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The archive; it is only read.")],
    map_: Annotated[
        Path, typer.Option("--map", metavar="FILE", exists=True, dir_okay=False, help="What is what; see docs/import.md.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and all that is wrong.")] = False,
    skip_faulty: Annotated[bool, typer.Option("--skip-faulty", help="Import what is good, though not all is.")] = False,
) -> None:
    """Bring an archive in: each item becomes a drop in the inbox. Run again, it goes on where it was."""
    from desk.cli import logs, printing
    from dossier.cluster import presence
    from dossier.text import clock
    from dossier.text.refusals import Invalid, fault
    from ingest.sources.archive import Archive, read_import_map
    from ingest.sources.importing import Importer

    office, actor = session.opened(), session.actor()
    importer = Importer(office, actor, Archive(folder.resolve(), read_import_map(map_)))
    with logs.counting(_("judging"), None) as progress:
        seen = importer.look(progress)
    _tell([f"{source}: {printing.text(fault)}" for source, fault in seen.faults])
    _tell(seen.renamed)
    _tell([_("left out: %(name)s") % {"name": printing.text(one)} for one in seen.left_out])
    bad = seen.entries - seen.good
    before = _(" (%(count)s of them were imported before)") % {"count": seen.before} if seen.before else ""
    values = {"count": seen.entries, "folder": folder, "good": seen.good, "before": before, "bad": bad}
    print(_("%(count)s items in %(folder)s: %(good)s are good%(before)s, %(bad)s are not") % values)
    for count, reason in seen.reasons()[:SHOWN]:
        print(f"{count:>8}  {printing.text(reason)}")
    if seen.renamed:
        print(_("%(count)s files get a name that Windows can hold") % {"count": len(seen.renamed)})
    if seen.left_out:
        print(_("%(count)s files belong to no item") % {"count": len(seen.left_out)})
    importer.check_room(seen)
    if bad and not skip_faulty:
        raise Invalid([fault("map", "importing.nothing_imported")])
    if dry_run:
        return
    with logs.counting(_("importing"), seen.entries) as progress:
        done = importer.place(clock.utc_now(), seen.faulty, progress)
    print(_("%(count)s are in the inbox now, %(before)s were imported before.") % {"count": done.placed, "before": done.before})
    if presence.daemons(office, clock.utc_now()):
        print(_("The daemon takes them: dossier status"))
    else:
        print(_("Take them with: dossier run --once"))


def _tell(lines: list[str]) -> None:
    """On stderr, for a person to read or for a file (`2> report.txt`)."""
    most = SHOWN if sys.stderr.isatty() else len(lines)
    for line in lines[:most]:
        typer.echo(line, err=True)
    if len(lines) > most:
        typer.echo(_("and %(count)s more; all of them with: 2> report.txt") % {"count": len(lines) - most}, err=True)
