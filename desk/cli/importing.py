"""Commands to move over from elsewhere: import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from desk.cli import session

SHOWN = 50
"""Faults that are printed on a terminal; the rest is counted. Into a file all of them go."""


def register(app: typer.Typer) -> None:
    app.command(name="import", epilog="Example: dossier import /mnt/archive --map map.yaml --dry-run")(import_)


def import_(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The archive; it is only read.")],
    map_: Annotated[
        Path, typer.Option("--map", metavar="FILE", exists=True, dir_okay=False, help="What is what; see docs/import.md.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and all that is wrong.")] = False,
    skip_faulty: Annotated[bool, typer.Option("--skip-faulty", help="Import what is good, though not all is.")] = False,
) -> None:
    """Bring an archive in: each item becomes a drop in the inbox. Run again, it goes on where it was."""
    from desk.cli import logs
    from dossier.cluster import presence
    from dossier.text import clock
    from dossier.text.refusals import Refusal
    from ingest.sources.archive import Archive, read_import_map
    from ingest.sources.importing import Importer

    office, actor = session.opened(), session.actor()
    importer = Importer(office, actor, Archive(folder.resolve(), read_import_map(map_)))
    with logs.counting("judging", None) as progress:
        seen = importer.look(progress)
    _tell([f"{source}: {fault}" for source, fault in seen.faults])
    _tell(seen.renamed)
    _tell([f"left out: {one}" for one in seen.left_out])
    before = f" ({seen.before} of them were imported before)" if seen.before else ""
    print(f"{seen.entries} items in {folder}: {seen.good} are good{before}, {seen.entries - seen.good} are not")
    for count, reason in seen.reasons()[:SHOWN]:
        print(f"{count:>8}  {reason}")
    if seen.renamed:
        print(f"{len(seen.renamed)} files get a name that Windows can hold")
    if seen.left_out:
        print(f"{len(seen.left_out)} files belong to no item")
    importer.check_room(seen)
    if seen.good < seen.entries and not skip_faulty:
        raise Refusal("nothing was imported; mend the map or the archive, or leave these out with --skip-faulty")
    if dry_run:
        return
    with logs.counting("importing", seen.entries) as progress:
        done = importer.place(clock.utc_now(), seen.faulty, progress)
    takes = (
        "The daemon takes them: dossier status"
        if presence.daemons(office, clock.utc_now())
        else "Take them with: dossier run --once"
    )
    print(f"{done.placed} are in the inbox now, {done.before} were imported before. {takes}")


def _tell(lines: list[str]) -> None:
    """On stderr, for a person to read or for a file (`2> report.txt`)."""
    most = SHOWN if sys.stderr.isatty() else len(lines)
    for line in lines[:most]:
        typer.echo(line, err=True)
    if len(lines) > most:
        typer.echo(f"and {len(lines) - most} more; all of them with: 2> report.txt", err=True)
