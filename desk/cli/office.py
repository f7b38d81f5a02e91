"""Commands about the office as a whole: init, run, check, schema, clients."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from desk.cli import session

if TYPE_CHECKING:
    from desk.daemon.summary import Summary

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier init /srv/office")(init)
    app.command(epilog="Example: dossier run, or once, from cron: dossier run --once")(run)
    app.command(epilog="Example: dossier check inbox/acme-bv")(check)
    app.command(epilog="Example: dossier schema sidecar > sidecar.json")(schema)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; default: here.")] = Path(),
    country: Annotated[
        Literal["nl", "none"] | None,
        typer.Option(
            help="nl: in Dutch, with the terms, types and holidays of a Dutch office. Default: by this machine's language."
        ),
    ] = None,
) -> None:
    """Make a new office: commented config/, JSON Schemas for editors, an empty inbox. Never overwrites."""
    from desk.actions import new_office

    written = new_office.found(folder, country or new_office.country_of(os.environ))
    for path in written:
        print(f"written: {path}")
    print(new_office.next_steps(folder) if written else f"{folder}: everything is there already; nothing was changed")


def run(
    roots: Annotated[
        list[Path] | None,
        typer.Option("--root", metavar="DIR", help="An office; several of them: each is served by a process of its own."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do all that is due now, print what was done, end.")] = False,
    log: Annotated[
        Literal["auto", "human", "json"], typer.Option("--log", help="How to log; auto: human on a terminal, else json.")
    ] = "auto",
) -> None:
    """The daemon: watches the inbox, takes drops, decides, publishes and mails until SIGTERM or Ctrl-C."""
    from desk.cli import logs
    from desk.daemon.daemon import Daemon
    from desk.daemon.surroundings import InboxMissing
    from dossier.cluster.presence import AlreadyRunning

    if roots and len(roots) > 1:
        raise typer.Exit(_run_several(roots, once, log))
    session.GIVEN.root = roots[0] if roots else session.GIVEN.root
    office = session.office()
    logs.configure(log, quiet=once and sys.stderr.isatty())
    try:
        with logs.progress(office.inbox, shown=once) as progress:
            summary = Daemon(office, dict(os.environ), once=once, progress=progress).run()
    except AlreadyRunning as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    except InboxMissing as error:
        print(error, file=sys.stderr)
        raise typer.Exit(4) from error
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


def _print_summary(summary: Summary) -> None:
    print(
        f"taken {summary.taken}, duplicates {summary.duplicates}, refused {summary.refused}, published {summary.published},"
        f" mailed {summary.mailed}, waiting {summary.waiting}"
    )
    if summary.refused:
        print("What was refused, and why: dossier rejected")
    if summary.waiting:
        print("What waits, and for what: dossier status")
    for trouble in summary.trouble:
        print(trouble, file=sys.stderr)


def check(paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Sidecars, or folders of the inbox.")]) -> None:
    """Say of sidecars or inbox folders what is wrong, or what is waited for. Changes nothing; exit 1 if anything is."""
    from ingest.intake import checking

    office = session.office()
    missing = [path for path in paths if not os.path.lexists(path)]
    if missing:
        raise typer.BadParameter(f"{missing[0]}: there is no such file or folder")
    findings, good = checking.check(office, paths, session.readable())
    for finding in findings:
        print(finding)
    if findings:
        raise typer.Exit(1)
    print(f"{good} drop{'' if good == 1 else 's'}, nothing wrong" if good else "nothing to check here")


def schema(what: Annotated[Literal["sidecar", "settings", "clients", "staff"], typer.Argument()]) -> None:
    """Print a JSON Schema, by which an editor completes and checks what is typed."""
    from desk.actions import schemas
    from desk.cli import printing
    from dossier.office.words import RootNotFound

    try:
        settings = session.office().settings
    except RootNotFound:
        settings = None
    printing.as_json(schemas.schema_of(what, settings))


def clients(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help="Beginnings of words of name, code, contact.")
    ] = None,
    json: Json = False,
) -> None:
    """Search clients by name, code, number or contact."""
    from desk.cli import printing
    from workflow.reports import finding

    office = session.office()
    codes = finding.find_clients(office, " ".join(words or ()), session.readable())
    if json:
        printing.as_json(
            [{"client": code, **office.clients[code].model_dump(mode="json")} for code in codes],
        )
        return
    rows = [
        (
            code,
            client.name,
            "" if client.active else "not active",
            ", ".join(contact.name for contact in client.contacts if contact.active),
        )
        for code in codes
        if (client := office.clients[code])
    ]
    printing.table(("client", "name", "", "contacts"), rows, "No client fits.")
