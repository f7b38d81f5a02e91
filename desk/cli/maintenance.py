"""Commands that keep an office well: doctor, verify, backup, restore, migrate-db."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import counted, printing, session
from desk.cli.options import Json
from desk.cli.translation import _, add, ngettext
from dossier.text import clock
from dossier.text.refusals import Unavailable
from dossier.text.sentences import sentence, told

if TYPE_CHECKING:
    from dossier.office.office import Office
    from workflow.portal.verifying import Difference

PATIENCE_SECONDS = 600
"""How long a command waits for the daemon to mend what it asked for."""


def register(app: typer.Typer) -> None:
    add(app, doctor, "sudo -u dossier dossier doctor")
    add(app, verify, "dossier verify", "dossier verify --repair")
    add(app, backup, "dossier backup /mnt/backup/office")
    add(app, restore, "dossier --root /srv/office restore /mnt/backup/office")
    add(app, adopt, "dossier adopt --reason 'the disk failed; this is the backup of last night'")
    add(app, migrate_db, "dossier migrate-db postgresql://dossier@db.office.example/dossier", name="migrate-db")


def doctor(json: Json = False) -> None:
    """What is wrong with this set-up, and how to mend it. Changes nothing, sends nothing; exit 1 if
    anything is wrong."""
    from desk.doctor.doctor import examine

    reader, office = session.reader_of_all(), session.office()
    found = examine(office, os.environ, reader)
    faults = sum(one.level == "wrong" for one in found)
    if json:
        printing.as_json([
            {"check": one.check, "level": one.level, "message": one.message, "todo": one.todo or ""} for one in found
        ])  # fmt: skip
    else:
        levels = {"ok": _("ok"), "note": _("note"), "wrong": _("WRONG")}
        for one in found:
            print(f"{levels[one.level]:6} {printing.text(one.about):10} {printing.text(one.message)}")
            if one.todo:
                print(f"{'':17} -> {printing.text(one.todo)}")
        told = ngettext("%(count)s thing is wrong.", "%(count)s things are wrong.", faults) % {"count": faults}
        print("\n" + (told if faults else _("Nothing is wrong.")))
    if faults:
        raise typer.Exit(1)


def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend the portal from the vault; what does not belong goes to var/quarantine/.")
    ] = False,
    json: Json = False,
) -> None:
    """Read every file of the vault and the portal, and compare it with the database; exit 1 if
    anything differs."""
    from dossier.vault.opening import open_vault
    from workflow.portal import verifying

    office, doubt = session.opened(), session.doubt()
    session.reader_of_all()
    vault = open_vault(office)
    found = left = [*verifying.look_at_words(), *verifying.look(office, vault)]
    if doubt:
        print(printing.refusal(doubt), file=sys.stderr)
    elif repair and found:
        _mend(office, found)
        left = [*verifying.look_at_words(), *verifying.look(office, vault)]
    all_of_them = [*found, *(one for one in left if one not in found)]
    if json:
        printing.as_json([{**one.as_json(session.language()), "mended": one not in left} for one in all_of_them])
    else:
        for one in all_of_them:
            what = printing.text(told(one.message, session.language()))
            print(what if one in left else _("%(what)s (mended)") % {"what": what})
        _say_what_to_do(found, left, repair)
    if left or doubt:
        raise typer.Exit(1)


def _say_what_to_do(found: list[Difference], left: list[Difference], repaired: bool) -> None:
    if not found:
        print(_("The vault and the portal are as the database says."))
    elif not repaired:
        print(
            _("To mend the portal from the vault, and the vault where the portal has a copy: dossier verify --repair"),
            file=sys.stderr,
        )
    elif left:
        rest = _(
            "What is left can't be mended from here: take the vault's files from a backup;"
            " what was changed in the database is off the portal until it is approved anew;"
            " what does not belong in the vault can be moved only while no daemon runs"
        )
        print(rest, file=sys.stderr)


def _mend(office: Office, found: list[Difference]) -> None:
    """Have it mended by the daemon, or do its work for once where none runs; the index of words at
    once."""
    from desk.actions import maintenance
    from desk.daemon.portal_work import PortalWork
    from dossier.cluster import presence
    from dossier.vault.opening import open_vault
    from workflow.portal import mending

    if any(one.where == "search" for one in found):
        maintenance.make_words_anew()
    if not (others := [one for one in found if one.where != "search"]):
        return
    mending.ask(clock.utc_now(), session.reader(), others)
    end = time.monotonic() + PATIENCE_SECONDS
    while mending.asked():
        try:
            with presence.instead_of_a_daemon(office):
                work = PortalWork(office, open_vault(office), lambda: None, lambda cause, text: None)
                work.prepare(office)
                work.step()
                return
        except presence.AlreadyRunning:
            if time.monotonic() > end:
                raise Unavailable("keeping.not_mended_yet") from None
            time.sleep(0.2)


def backup(
    dest: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DEST]",
            help="A folder for backups of this office, best on another disk. Without it: backup.folder in settings.yaml.",
        ),
    ] = None,
    otherwise: Annotated[
        Path | None, typer.Option("--else", metavar="DIR", help="The folder while settings.yaml names none: for a timer.")
    ] = None,
    keep: Annotated[int, typer.Option("--keep", metavar="N", min=1, help="How many backups stay there.")] = 30,
) -> None:
    """Back up the office, while it works: database, vault, config, inbox, anchors. Only what is new
    is copied."""
    from desk.actions import maintenance

    started = time.monotonic()
    office = session.opened()
    said = office.settings.backup.folder
    folder = dest or (Path(said) if said else otherwise)
    if folder is None:
        raise typer.BadParameter(_("give a folder for the backup, or name one in settings.yaml (backup.folder)"))
    report = maintenance.back_up(office, clock.utc_now(), session.reader_of_all(), folder.absolute(), keep)
    values = {
        "path": report.snapshot, "files": counted.files(report.files), "new": report.new_files, "mb": f"{report.new_bytes / 1e6:.1f}",
        "events": counted.events(report.events), "seconds": f"{time.monotonic() - started:.1f}",
    }  # fmt: skip
    print(_("%(path)s: %(files)s (%(new)s new, %(mb)s MB), %(events)s, %(seconds)s s") % values)
    print(_("digest: sha256:%(digest)s") % {"digest": report.digest})
    for name in report.being_written:
        print(_("left out, it is being written: %(name)s") % {"name": printing.text(name)}, file=sys.stderr)
    for what in report.damaged:
        print(_("can't be backed up: %(what)s; see: dossier verify") % {"what": printing.text(what)}, file=sys.stderr)
    for what in report.unreadable:
        print(_("can't be backed up: %(what)s") % {"what": printing.text(what)}, file=sys.stderr)
    if report.damaged or report.unreadable:
        raise typer.Exit(1)


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="A folder of backups (the last one is taken), or one of its snapshots.")
    ],
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA256", help="What backup printed: only the backup that was made then is restored."),
    ] = None,
    trial: Annotated[
        bool, typer.Option("--trial", help="To look at and try: nothing is mailed, published or sent from there.")
    ] = False,
    incomplete: Annotated[
        bool,
        typer.Option(
            "--incomplete", help="Also if files of items are damaged in the backup, or gone: without these, which are named."
        ),
    ] = False,
) -> None:
    """Make an office from a backup, in an empty folder (--root, else here). Every file is
    checked."""
    from desk.actions import maintenance
    from dossier.database import identity

    root = session.GIVEN.root or Path(os.environ.get("DOSSIER_ROOT") or Path())
    restored = maintenance.restore(source.absolute(), root.absolute(), os.environ, digest, trial, incomplete)
    values = {
        "root": restored.office.root, "files": counted.files(restored.files), "events": counted.events(restored.events),
        "made_at": printing.text(restored.made_at),
    }  # fmt: skip
    print(_("%(root)s: %(files)s, %(events)s, as of %(made_at)s; the trail verifies") % values)
    if not restored.is_known:
        told = _(
            "nobody could check whose backup this is: compare its digest, sha256:%(digest)s, with what backup printed"
            " (--digest compares it), before the daemon starts"
        )
        print(told % {"digest": restored.digest}, file=sys.stderr)
    for name in maintenance.lost_files(restored):
        print(_("not in the backup, or damaged there: %(what)s") % {"what": printing.text(name)}, file=sys.stderr)
    for name in restored.strange_owners[:20]:
        print(_("belongs to you now, not to who dropped it: %(name)s") % {"name": printing.text(name)}, file=sys.stderr)
    if restored.strange_owners:
        told = _(
            "Files of the inbox that belong to you now: %(count)s; restore as root, or give them back before the daemon starts"
        )
        if os.geteuid() == 0:
            told = _(
                "Files of the inbox that belong to you now, as whose they were has no account in config/: %(count)s;"
                " give them back (chown) before the daemon starts"
            )
        print(told % {"count": len(restored.strange_owners)}, file=sys.stderr)
    if identity.is_trial():
        told = _(
            "For trying: nothing is mailed, published or sent to a webhook from there,"
            " until an admin makes it the real one (adopt)."
        )
        print(told)
    else:
        _tell_standing()
    print(_("Next: dossier --root %(root)s doctor, then run") % {"root": shlex.quote(str(restored.office.root))})


def adopt(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why this database holds; goes into the trail.")],
) -> None:
    """Say that this database is the office's, though it is older, empty or another than it was. By
    an admin; stop the daemon first."""
    from desk.actions import maintenance

    found = session.office()
    adopted = maintenance.adopt(found, clock.utc_now(), session.actor(), reason)
    values = {"events": counted.events(adopted.events), "count": adopted.mails, "root": shlex.quote(str(found.root))}
    print(_("This database, with %(events)s, is the office's from now on; numbers that were used stay used.") % values)
    if adopted.mails:
        told = ngettext(
            "%(count)s mail waits, and is sent by the next run; if it is not to go: dossier outbox",
            "%(count)s mails wait, and are sent by the next run; those that are not to go: dossier outbox",
            adopted.mails,
        )
        print(told % values)
    for path in adopted.given_back:
        print(_("In the inbox again, of a drop that this database does not know: %(path)s") % {"path": path})
    _tell_standing()
    print(_("Next: dossier --root %(root)s verify --repair, then run") % values)


def _tell_standing() -> None:
    """Of a database of an earlier moment: what was withdrawn or revoked since stands again."""
    from desk.actions import maintenance

    count, keys = maintenance.standing(clock.utc_now())
    if count:
        told = ngettext(
            "On the portal as it was then: one item; if it was withdrawn since, withdraw it again.",
            "On the portal as it was then: %(count)s items; what was withdrawn since, withdraw again.",
            count,
        )
        print(told % {"count": count})
    if keys:
        told = ngettext(
            "Good as it was then: a program's key, %(keys)s; if it was revoked since, revoke it again.",
            "Good as they were then: the keys of programs %(keys)s; what was revoked since, revoke again.",
            len(keys),
        )
        print(told % {"keys": ", ".join(keys)})


def migrate_db(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="postgresql://USER@HOST/NAME; an empty database. Its password: PGPASSWORD.")
    ],
) -> None:
    """Copy all records from SQLite to PostgreSQL and see that they arrived. Stop the daemon first;
    nothing is changed in the old one."""
    from desk.actions import maintenance
    from dossier.text.database_address import SQLITE, is_address

    if url.startswith(SQLITE):
        raise typer.BadParameter(printing.text(sentence("config.database_moves_one_way")))
    if not is_address(url):
        raise typer.BadParameter(printing.text(sentence("config.database")))
    moved = maintenance.move_database(session.office(), url, _progress)
    values = {"rows": counted.rows(moved.rows), "tables": counted.tables(moved.tables), "address": printing.text(moved.address)}
    print(_("%(rows)s of %(tables)s are in %(address)s, and the trail verifies there.") % values)
    print(_("Now set database.url in config/settings.yaml to that address, and start the daemon. The old file stays as it is."))


def _progress(table: str, rows: int) -> None:
    if sys.stderr.isatty():
        told = f"{table}: {counted.rows(rows)}"
        print(f"\r{told}\033[K", end="", file=sys.stderr)
