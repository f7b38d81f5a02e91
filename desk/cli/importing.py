"""Commands to move over, from elsewhere and to elsewhere: import, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from desk.cli import completing, counted, printing, session
from desk.cli.translation import _, add, ngettext
from dossier.text import clock, sentences
from dossier.text.refusals import Invalid, fault

if TYPE_CHECKING:
    from ingest.sources.importing import ImportReport

SHOWN = 50
"""Faults that are printed on a terminal; the rest is counted. Into a file all of them go."""


def register(app: typer.Typer) -> None:
    add(
        app, import_, "dossier import /mnt/archive --map map.yaml --dry-run", "dossier import /mnt/paperless --from paperless --dry-run",
        name="import",
    )  # fmt: skip
    add(app, export, "dossier export acme-bv ~/acme")


def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="The archive; it is only read.")],
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="What is what; see docs/import.md. An export brings its own.",
        ),
    ] = None,
    from_: Annotated[
        Literal["paperless"] | None,
        typer.Option(
            "--from", help="paperless: the folder is an export of Paperless-ngx; a map says what differs from docs/moving.md."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and all that is wrong.")] = False,
    skip_faulty: Annotated[bool, typer.Option("--skip-faulty", help="Import what is good, though not all is.")] = False,
) -> None:
    """Bring an archive in: each item becomes a drop in the inbox. Run again, it goes on where it
    was."""
    from desk.cli import logs
    from dossier.cluster import presence
    from ingest.sources import paperless
    from ingest.sources.archive import Archive, read_import_map
    from ingest.sources.importing import Importer
    from ingest.sources.paperless import PaperlessArchive

    if from_ is None and map_ is None and not (folder / "export.json").is_file():
        raise typer.BadParameter(_("say with --map what is what in this folder; only what dossier export wrote says it itself"))
    office, actor = session.opened(), session.actor()
    if from_ is None:
        archive = Archive(folder.resolve(), read_import_map(map_ or folder / "map.yaml"))
    else:
        archive = PaperlessArchive(folder.resolve(), paperless.read_map(map_))
    importer = Importer(office, actor, archive)
    with logs.counting(_("judging"), None) as progress:
        seen = importer.look(progress)
    _tell_what_was_seen(folder, seen)
    importer.check_room(seen)
    if seen.good < seen.entries and not skip_faulty:
        raise Invalid([fault("map", "importing.nothing_imported")])
    if dry_run:
        return
    with logs.counting(_("importing"), seen.entries) as progress:
        done = importer.place(clock.utc_now(), seen.faulty, progress)
    placed = ngettext("%(count)s is in the inbox now", "%(count)s are in the inbox now", done.placed) % {"count": done.placed}
    earlier = ngettext("%(count)s was imported before", "%(count)s were imported before", done.before) % {"count": done.before}
    print(f"{placed}, {earlier}.")
    if not done.placed:
        return
    is_running = presence.daemons(office, clock.utc_now())
    print(_("The daemon takes them: dossier status") if is_running else _("Take them with: dossier run --once"))


def _tell_what_was_seen(folder: Path, seen: ImportReport) -> None:
    _tell([f"{source}: {printing.text(fault)}" for source, fault in seen.faults])
    _tell([printing.text(one) for one in seen.renamed])
    _tell([printing.text(one) for one in seen.changed])
    _tell([_("left out: %(name)s") % {"name": printing.text(one)} for one in seen.left_out])
    bad = seen.entries - seen.good
    before = (
        ngettext(" (%(count)s of them was imported before)", " (%(count)s of them were imported before)", seen.before)
        % {"count": seen.before}
        if seen.before
        else ""
    )
    good = ngettext("%(count)s is good", "%(count)s are good", seen.good) % {"count": seen.good}
    others = ngettext("%(count)s is not", "%(count)s are not", bad) % {"count": bad}
    values = {"items": counted.items(seen.entries), "folder": folder, "good": good, "before": before, "bad": others}
    print(_("%(items)s in %(folder)s: %(good)s%(before)s, %(bad)s") % values)
    for count, reason in seen.reasons()[:SHOWN]:
        print(f"{count:>8}  {printing.text(reason)}")
    if seen.renamed:
        count = len(seen.renamed)
        told = ngettext(
            "%(count)s file gets a name that Windows can hold", "%(count)s files get a name that Windows can hold", count
        )
        print(told % {"count": count})
    if seen.changed:
        told = ngettext(
            "%(count)s has other files now than when it was imported, and stays as it is",
            "%(count)s have other files now than when they were imported, and stay as they are",
            len(seen.changed),
        )
        print(told % {"count": len(seen.changed)})
    if seen.left_out:
        count = len(seen.left_out)
        print(ngettext("%(count)s file belongs to no item", "%(count)s files belong to no item", count) % {"count": count})


def export(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's code.", autocompletion=completing.clients)],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", file_okay=False, help="An empty folder, or one of an export to go on with.")
    ],
    internal: Annotated[
        bool, typer.Option("--internal", help="Also types that are never shared, explanations, notes and history.")
    ] = False,
) -> None:
    """A client's whole dossier as folders with files, and a page to look through them. Run again,
    it goes on where it was. Exit 1 if the vault lacks a file; all others are there."""
    from desk.actions import exporting
    from desk.cli import logs

    office, reader = session.opened(), session.reader()
    total = exporting.count(office, reader, client)
    with logs.counting(_("exporting"), total) as progress:
        done = exporting.export(office, clock.utc_now(), reader, client, folder, internal, progress)
    there = ngettext("%(count)s was there already", "%(count)s were there already", done.there) % {"count": done.there}
    values = {
        "items": counted.items(done.items), "files": counted.files(done.files), "there": there, "folder": printing.text(str(folder)),
    }  # fmt: skip
    told = ngettext(
        "%(items)s with %(files)s (%(there)s) is in %(folder)s; look at index.html",
        "%(items)s with %(files)s (%(there)s) are in %(folder)s; look at index.html",
        done.items,
    )
    print(told % values)
    if done.stayed:
        told = ngettext(
            "%(count)s item of a type that is never shared stayed behind; --internal takes it along",
            "%(count)s items of types that are never shared stayed behind; --internal takes them along",
            done.stayed,
        )
        print(told % {"count": done.stayed})
    if done.strangers:
        told = ngettext(
            "%(count)s thing lies there besides; it is no part of the dossier as it is now, so remove it",
            "%(count)s things lie there besides; they are no part of the dossier as it is now, so remove them",
            len(done.strangers),
        )
        print(told % {"count": len(done.strangers)})
        _tell([printing.text(f"{folder}/{name}") for name in done.strangers])
    if done.lacking:
        told = ngettext(
            "%(count)s file is lacking; once it is back in the vault, give the same command again",
            "%(count)s files are lacking; once they are back in the vault, give the same command again",
            len(done.lacking),
        )
        print(told % {"count": len(done.lacking)})
        _tell([printing.text(sentences.told(one, session.language())) for one in done.lacking])
        raise typer.Exit(1)


def _tell(lines: list[str]) -> None:
    """On stderr, for a person to read or for a file (`2> report.txt`)."""
    most = SHOWN if sys.stderr.isatty() else len(lines)
    for line in lines[:most]:
        typer.echo(line, err=True)
    if len(lines) > most:
        typer.echo(_("and %(count)s more; all of them with: 2> report.txt") % {"count": len(lines) - most}, err=True)
