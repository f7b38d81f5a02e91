"""Commands to move over from elsewhere: import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk import state

SHOWN = 50
"""Faults that are printed; the rest is counted."""


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
    from desk import logs
    from dossier import clock
    from dossier.people import NotAllowed
    from ingest.importing import Archive, Importer, read_import_map

    office, actor = state.opened(), state.actor()
    importer = Importer(office, actor, Archive(folder.resolve(), read_import_map(map_)))
    with logs.counting("judging", None) as progress:
        seen = importer.look(progress)
    for fault in seen.faults[:SHOWN]:
        typer.echo(fault, err=True)
    if len(seen.faults) > SHOWN:
        typer.echo(f"and {len(seen.faults) - SHOWN} more", err=True)
    print(f"{seen.entries} items in {folder}: {seen.good} are good, {seen.entries - seen.good} are not")
    if seen.left_out:
        some = ", ".join(seen.left_out[:5]) + (" …" if len(seen.left_out) > 5 else "")
        print(f"{len(seen.left_out)} files belong to no item: {some}")
    if seen.faulty and not skip_faulty:
        raise NotAllowed("nothing was imported; mend the map or the archive, or leave these out with --skip-faulty")
    if dry_run:
        return
    with logs.counting("importing", seen.entries) as progress:
        done = importer.place(clock.utc_now(), seen.faulty, progress)
    print(f"{done.placed} are in the inbox now, {done.before} were imported before. The daemon takes them: dossier status")
