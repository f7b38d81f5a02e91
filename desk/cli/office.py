"""Commands about the office as a whole: init, run, check, schema, clients."""

from __future__ import annotations

import contextlib
import gc
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from desk.cli import printing, session
from desk.cli.options import Json
from desk.cli.translation import _, add, ngettext

if TYPE_CHECKING:
    from desk.daemon.summary import RunSummary


def register(app: typer.Typer) -> None:
    add(app, init, "dossier init /srv/office")
    add(app, run, "dossier run", "dossier run --once")
    add(app, check, "dossier check inbox/acme-bv")
    add(app, schema, "dossier schema sidecar > sidecar.json")


def init(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where; default: --root, else here.")] = None,
    country: Annotated[
        Literal["nl", "none"] | None,
        typer.Option(
            help="nl: in Dutch, with the terms, types and holidays of a Dutch office. Default: by this machine's language."
        ),
    ] = None,
    first_run: Annotated[
        bool,
        typer.Option("--first-run", help="Without staff: the desk tells an address, where the first admin says who they are."),
    ] = False,
) -> None:
    """Make a new office: commented config/, JSON Schemas for editors, an empty inbox. Never
    overwrites."""
    from desk.actions import new_office
    from dossier.office.terms import CLIENTS, STAFF

    folder = folder or session.GIVEN.root or Path()
    written = new_office.found(folder, country or new_office.country_of(os.environ), has_founder=not first_run)
    for path in written:
        print(_("written: %(path)s") % {"path": path})
    if written and first_run:
        print(
            _("\nNext: dossier --root %(root)s serve, and open the address that it tells.") % {"root": shlex.quote(str(folder))}
        )
    elif written:
        values = {"clients": folder / CLIENTS, "staff": folder / STAFF, "root": shlex.quote(str(folder))}
        print(_("\nNext: write your clients into %(clients)s and your staff into %(staff)s,") % values)
        print(_("then start the daemon: dossier --root %(root)s run") % values)
    else:
        print(_("%(root)s: everything is there already; nothing was changed") % {"root": folder})


def run(
    roots: Annotated[
        list[Path] | None,
        typer.Option(
            "--root", metavar="DIR", readable=False, help="An office; several of them: each is served by a process of its own."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do all that is due now, print what was done, end.")] = False,
    log: session.Log = "auto",
) -> None:
    """The daemon: watches the inbox, takes drops, decides, publishes and mails until SIGTERM or
    Ctrl-C."""
    session.spare_colours()
    if roots and len(roots) > 1:
        raise typer.Exit(_run_several(roots, once, log))
    gc.disable()  # until all is loaded: it stays, and Python would look for rings in it again and again
    from desk.daemon import beforehand

    session.GIVEN.root = roots[0] if roots else session.GIVEN.root
    office, state = session.office_as_read()
    workers, ahead = beforehand.helped(office)
    try:
        from desk.cli import logs
        from desk.daemon.daemon import Daemon

        logs.configure(log, quiet=once and sys.stderr.isatty())
        with logs.progress(office.inbox, shown=once) as progress:
            daemon = Daemon(office, dict(os.environ), once=once, progress=progress, workers=workers, ahead=ahead, read=state)
            summary = daemon.run()
    finally:
        workers.rest()
    if once:
        _print_summary(summary)
        if summary.trouble:
            raise typer.Exit(4)


def _run_several(roots: list[Path], once: bool, log: Literal["auto", "human", "json"]) -> int:
    from desk.cli import logs
    from desk.daemon import several

    logs.configure(log)
    several.check(roots)
    return several.once(roots, log) if once else several.run(roots, log)


def _print_summary(summary: RunSummary) -> None:
    from dataclasses import asdict

    told = _(
        "taken %(taken)s, duplicates %(duplicates)s, refused %(refused)s, published %(published)s, mailed %(mailed)s,"
        " waiting %(waiting)s"
    )
    print(told % asdict(summary))
    if summary.refused:
        print(_("What was refused, and why: dossier rejected"))
    if summary.waiting:
        print(_("What waits, and for what: dossier status"))
    for trouble in summary.trouble:
        print(printing.text(trouble), file=sys.stderr)


def check(paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Sidecars, or folders of the inbox.")]) -> None:
    """Say of sidecars or inbox folders what is wrong, or what is waited for. Changes nothing; exit
    1 if anything is."""
    from desk.actions import explaining

    office = session.office()
    missing = [path for path in paths if not os.path.lexists(path)]
    if missing:
        raise typer.BadParameter(_("%(path)s: there is no such file or folder") % {"path": missing[0]})
    findings, good = explaining.check(office, session.reader(), paths, session.language(), session.opened_if_there())
    for finding in findings:
        print(printing.text(finding))
    if findings:
        raise typer.Exit(1)
    told = ngettext("%(count)s drop, nothing wrong", "%(count)s drops, nothing wrong", good) % {"count": good}
    print(told if good else _("nothing to check here"))


def schema(what: Annotated[Literal["sidecar", "settings", "clients", "staff"], typer.Argument()]) -> None:
    """Print a JSON Schema, by which an editor completes and checks what is typed."""
    from desk.actions import schemas
    from dossier.office.terms import RootNotFound

    settings = None
    if what == "sidecar":
        with contextlib.suppress(RootNotFound):
            settings = schemas.settings_told(session.office(), session.reader())
    printing.as_json(schemas.schema_of(what, settings))


def clients(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help="Parts of name, code, number or contact.")
    ] = None,
    json: Json = False,
) -> None:
    """Search clients by name, code, number or contact."""
    from desk.actions import looking_up
    from dossier.text import clock

    # As JSON all is told that config/ says of a client, for which its models are needed.
    office = session.office() if json else session.office_despite_faults()
    reader, asked = session.reader(), " ".join(words or ())
    codes = looking_up.find_clients(office, reader, asked)
    if asked in codes and (session.fault() or session.opened_if_there()):
        looking_up.note_client(office, clock.utc_now(), reader, asked)
    if json:
        printing.as_json([{"client": code, **office.clients[code].model_dump(mode="json")} for code in codes])
        return
    known, inactive = office.clients, _("not active")
    rows = [
        (code, known[code].name, "" if known[code].active else inactive, [one.name for one in known[code].contacts if one.active])
        for code in codes
    ]
    printing.table((_("client"), _("name"), "", _("contacts")), rows, _("No client fits."))
