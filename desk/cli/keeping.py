"""Commands that keep an office well: doctor, backup, restore."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from desk.cli import session


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: sudo -u dossier dossier doctor")(doctor)
    app.command(epilog="Example: dossier backup /mnt/backup/office")(backup)
    app.command(epilog="Example: dossier --root /srv/office restore /mnt/backup/office")(restore)


def doctor(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """What is wrong with this set-up, and how to mend it. Changes nothing, sends nothing; exit 1 if anything is wrong."""
    import os
    from dataclasses import asdict

    from desk.cli import printing
    from desk.doctor.doctor import examine

    session.reader_of_all()
    found = examine(session.office(), os.environ)
    faults = sum(one.level == "wrong" for one in found)
    if json:
        printing.as_json([asdict(one) for one in found])
    else:
        for one in found:
            print(f"{one.level.upper() if one.level == 'wrong' else one.level:6} {one.check:10} {printing.text(one.message)}")
            if one.todo:
                print(f"{'':17} -> {printing.text(one.todo)}")
        print(f"\n{faults} thing{' is' if faults == 1 else 's are'} wrong." if faults else "\nNothing is wrong.")
    if faults:
        raise typer.Exit(1)


def backup(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A folder for backups of this office; best on another disk.")],
    keep: Annotated[int, typer.Option("--keep", metavar="N", min=1, help="How many backups stay there.")] = 30,
) -> None:
    """Back up the office, while it works: database, vault, config, inbox, anchors. Only what is new is copied."""
    import time

    from desk.actions import backing_up
    from dossier.text import clock
    from dossier.text.names import shown

    started = time.monotonic()
    report = backing_up.back_up(session.opened(), clock.utc_now(), session.reader_of_all(), dest, keep)
    print(
        f"{report.snapshot}: {report.files} files ({report.new_files} new, {report.new_bytes / 1e6:.1f} MB),"
        f" {report.events} events, {time.monotonic() - started:.1f} s"
    )
    for name in report.being_written:
        print(f"left out, it is being written: {shown(name)}", file=sys.stderr)
    for what in report.damaged:
        print(f"can't be backed up: {what}; see: dossier verify", file=sys.stderr)
    if report.damaged:
        raise typer.Exit(1)


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="A folder of backups (the last one is taken), or one of its snapshots.")
    ],
) -> None:
    """Make an office from a backup, in an empty folder (--root, else here). Every file is checked."""
    import os

    from desk.actions import backing_up
    from dossier.text.names import shown

    root = session.GIVEN.root or Path(os.environ.get("DOSSIER_ROOT") or Path())
    restored = backing_up.restore(source, root.absolute(), os.environ)
    print(
        f"{restored.office.root}: {restored.files} files, {restored.events} events, as of {shown(restored.made_at)}; the trail verifies"
    )
    for name in restored.strange_owners[:20]:
        print(f"belongs to you now, not to who dropped it: {shown(name)}", file=sys.stderr)
    if restored.strange_owners:
        print(
            f"{len(restored.strange_owners)} files of the inbox belong to you now; restore as root, or give them back before the daemon starts",
            file=sys.stderr,
        )
    print(f"Next: dossier --root {restored.office.root} doctor, then run")
