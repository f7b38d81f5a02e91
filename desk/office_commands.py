"""Commands about the office as a whole: init, run, check, schema, status, rejected, clients, recent."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from desk import state

if TYPE_CHECKING:
    from desk.summary import Summary

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier init /srv/office")(init)
    app.command(epilog="Example: dossier run, or once, from cron: dossier run --once")(run)
    app.command(epilog="Example: dossier check inbox/acme-bv")(check)
    app.command(epilog="Example: dossier schema sidecar > sidecar.json")(schema)
    app.command(epilog="Example: dossier status")(status)
    app.command(epilog="Example: dossier rejected --json")(rejected)
    app.command(epilog="Example: dossier clients bakkerij")(clients)
    app.command(epilog="Example: dossier recent")(recent)


def init(folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; default: here.")] = Path()) -> None:
    """Make a new office: commented config/, JSON Schemas for editors, an empty inbox. Never overwrites."""
    from desk import founding

    written = founding.found(folder)
    for path in written:
        print(f"written: {path}")
    print(founding.next_steps(folder) if written else f"{folder}: everything is there already; nothing was changed")


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
    from desk import logs
    from desk.daemon import Daemon
    from desk.presence import AlreadyRunning
    from desk.surroundings import InboxMissing

    if roots and len(roots) > 1:
        raise typer.Exit(_run_several(roots, once, log))
    state.GIVEN.root = roots[0] if roots else state.GIVEN.root
    office = state.office()
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
    from desk import logs, several

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
    from ingest import checking

    office = state.office()
    missing = [path for path in paths if not os.path.lexists(path)]
    if missing:
        raise typer.BadParameter(f"{missing[0]}: there is no such file or folder")
    findings, good = checking.check(office, paths)
    for finding in findings:
        print(finding)
    if findings:
        raise typer.Exit(1)
    print(f"{good} drop{'' if good == 1 else 's'}, nothing wrong" if good else "nothing to check here")


def schema(what: Annotated[Literal["sidecar", "settings", "clients", "staff"], typer.Argument()]) -> None:
    """Print a JSON Schema, by which an editor completes and checks what is typed."""
    from desk import founding, shown
    from dossier.settings import RootNotFound

    try:
        settings = state.office().settings
    except RootNotFound:
        settings = None
    shown.as_json(founding.schema_of(what, settings))


def status(
    json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="On a terminal: look again and again, until Ctrl-C.")] = False,
) -> None:
    """The daemon and its queues: what waits for what, since when."""
    from desk import overview, shown

    if watch:
        if json or not sys.stdout.isatty():
            raise typer.BadParameter("--watch is for a terminal; for programs: dossier status --json")
        overview.watch(state.opened_quickly())
        return
    found = overview.status(state.opened_quickly())
    if json:
        shown.as_json(found)
    else:
        overview.print_status(found)


def rejected(json: Json = False) -> None:
    """Refused drops that still lie in the inbox, with what is wrong with them."""
    from desk import overview, shown

    found = overview.rejected(state.office())
    if json:
        shown.as_json(found)
        return
    if found:
        state.opened()
        overview.look_at_rejected(state.reader())
    for drop in found:
        print(f"{drop['path']}  ({shown.day_and_time(drop['at'])})")
        for line in drop["why"]:
            print(f"    {shown.text(line)}")
    print("Correct the sidecar and move the files back into the client's folder." if found else "Nothing is refused.")


def clients(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help="Beginnings of words of name, code, contact.")
    ] = None,
    json: Json = False,
) -> None:
    """Search clients by name, code, number or contact."""
    from desk import shown
    from workflow import finding

    office = state.office()
    codes = finding.find_clients(office, " ".join(words or ()))
    if json:
        shown.as_json(
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
    shown.table(("client", "name", "", "contacts"), rows, "No client fits.")


def recent(json: Json = False) -> None:
    """The last items and clients that you looked at."""
    office = state.opened_quickly()
    from desk import shown
    from dossier import people
    from dossier.models import Item, item_key
    from workflow import finding

    who = state.reader()
    hidden = people.hidden_types(office, who.code)
    names, codes = finding.recent(who, "item"), finding.recent(who, "client")
    found = {
        item.id: item for item in Item.select().where(Item.id.in_([item_key(name) for name in names])) if item.type not in hidden
    }
    items = [finding.summary(found[item_key(name)]) for name in names if item_key(name) in found]
    seen = [{"client": code, "name": office.clients[code].name} for code in codes if code in office.clients]
    if json:
        shown.as_json({"items": items, "clients": seen})
        return
    shown.table(("item", "client", "description"), [(i["item"], i["client"], i["description"]) for i in items], "No items yet.")
    shown.table(("client", "name"), [(c["client"], c["name"]) for c in seen])
