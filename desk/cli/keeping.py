"""Commands that keep an office well: doctor, verify, backup, restore, migrate-db."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session

if TYPE_CHECKING:
    from dossier.office.office import Office
    from workflow.portal.verifying import Difference

PATIENCE_SECONDS = 600
"""How long a command waits for the daemon to mend what it asked for."""


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: sudo -u dossier dossier doctor")(doctor)
    app.command(epilog="Example: dossier verify, or: dossier verify --repair")(verify)
    app.command(epilog="Example: dossier backup /mnt/backup/office")(backup)
    app.command(epilog="Example: dossier --root /srv/office restore /mnt/backup/office")(restore)
    app.command("migrate-db", epilog="Example: dossier migrate-db postgresql://dossier@db.office.example/dossier")(migrate_db)


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


def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend the portal from the vault; what does not belong goes to var/quarantine/.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Read every file of the vault and the portal, and compare it with the database; exit 1 if anything differs."""
    from desk.cli import printing
    from dossier.vault.opening import open_vault
    from workflow.portal import verifying

    office = session.opened()
    session.reader_of_all()
    vault = open_vault(office)
    found = verifying.look(office, vault)
    left = found
    if repair and found:
        _mend(office, found)
        left = verifying.look(office, vault)
    if json:
        printing.as_json([{**one.as_json(), "mended": one not in left} for one in [*found, *(o for o in left if o not in found)]])
    else:
        _print(found, left, repair)
    if left:
        raise typer.Exit(1)


def _print(found: list[Difference], left: list[Difference], repaired: bool) -> None:
    from desk.cli import printing

    for one in found:
        print(f"{printing.text(one)}{' (mended)' if one not in left else ''}")
    for one in left:
        if one not in found:
            print(printing.text(one))
    if not found:
        print("The vault and the portal are as the database says.")
    elif not repaired:
        print("To mend the portal from the vault: dossier verify --repair", file=sys.stderr)
    elif left:
        print(
            "What is left can't be mended from here: take the vault's files from a backup;"
            " what does not belong in the vault can be moved only while no daemon runs",
            file=sys.stderr,
        )


def _mend(office: Office, found: list[Difference]) -> None:
    """Have it mended by the daemon, or do its work for once where none runs."""
    from desk.daemon.portal_work import PortalWork
    from dossier.cluster import presence
    from dossier.text import clock
    from dossier.text.refusals import Refusal
    from dossier.vault.opening import open_vault
    from workflow.portal import verifying

    verifying.ask(clock.utc_now(), session.reader(), found)
    end = time.monotonic() + PATIENCE_SECONDS
    while verifying.asked():
        try:
            with presence.instead_of_a_daemon(office):
                work = PortalWork(office, open_vault(office), lambda: None, lambda cause, text: None)
                work.prepare()
                work.step()
                return
        except presence.AlreadyRunning:
            if time.monotonic() > end:
                raise Refusal("the daemon has not mended it yet; look again later with: dossier verify") from None
            time.sleep(0.2)


def backup(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A folder for backups of this office; best on another disk.")],
    keep: Annotated[int, typer.Option("--keep", metavar="N", min=1, help="How many backups stay there.")] = 30,
) -> None:
    """Back up the office, while it works: database, vault, config, inbox, anchors. Only what is new is copied."""
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


def migrate_db(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="postgresql://USER@HOST/NAME; an empty database. Its password: PGPASSWORD.")
    ],
) -> None:
    """Copy all records from SQLite to PostgreSQL and see that they arrived. Stop the daemon first; nothing is changed in the old one."""
    from dataclasses import replace

    from peewee import SqliteDatabase

    from dossier.backup.moving_over import NotMoved, move
    from dossier.cluster import presence
    from dossier.database.database import open_database
    from dossier.database.postgresql import Postgres
    from dossier.text.database_address import SQLITE, is_address, shown
    from dossier.text.refusals import Refusal
    from dossier.text.sentences import sentence, told

    office = session.office()
    if url.startswith(SQLITE) or not is_address(url):
        raise typer.BadParameter(told(sentence("config.database"), session.language()))
    if not office.settings.database.url.startswith("sqlite:"):
        raise Refusal("this office is on PostgreSQL already (database.url in config/settings.yaml)")
    try:
        with presence.alone(office):
            source = open_database(office)
            assert isinstance(source, SqliteDatabase)
            database = office.settings.database.model_copy(update={"url": url})
            target = open_database(replace(office, settings=office.settings.model_copy(update={"database": database})))
            assert isinstance(target, Postgres)
            counts = move(source, target, _progress)
    except presence.AlreadyRunning as error:
        raise Refusal(f"{error}; stop it first") from error
    except NotMoved as error:
        raise Refusal(str(error)) from error
    print(f"{sum(counts.values())} rows of {len(counts)} tables are in {shown(url)}, and the trail verifies there.")
    print("Now set database.url in config/settings.yaml to that address, and start the daemon. The old file stays as it is.")


def _progress(table: str, rows: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{table}: {rows} rows\033[K", end="", file=sys.stderr)
