"""The command that makes a drop: new."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import completing, options, session, wishes
from desk.cli.translation import _, add
from dossier.text import clock

if TYPE_CHECKING:
    from dossier.office.office import Office

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the daemon and print the item's number.")]
Timeout = Annotated[float, typer.Option(help="Seconds that --wait waits.")]


def register(app: typer.Typer) -> None:
    add(app, new, 'dossier new acme-bv report.pdf --description "Annual report 2025" --share --share-all --approver k.smit')


@options.spread("wish", wishes.NEW)
def new(
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="The client's code.", autocompletion=completing.clients)
    ] = None,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILES]...")] = None,
    *,
    wish: options.Given,
    wait: Wait = False,
    timeout: Timeout = 60.0,
) -> None:
    """Drop files with a sidecar into a client's inbox. On a terminal, without --description, it
    asks step by step."""
    from ingest.sources import dropping

    if (wish["share_all"], wish["share_none"], bool(wish["share_file"]) or None).count(True) > 1:
        raise typer.BadParameter(_("give --share-file, or --share-all, or --share-none"))
    office = session.remembered_office()
    actor = session.actor()
    if wish["description"] is None:
        from desk.cli import asking

        if not sys.stdin.isatty():
            raise typer.BadParameter(_("give --description; the questions are only asked on a terminal"))
        request = asking.ask(session.opened(), session.reader(), client, files)
    elif client is None:
        raise typer.BadParameter(_("which client? give its code before the files; look it up with: dossier clients WORDS"))
    else:
        request = dropping.Request(client, files or [], wishes.keys_of(wish), wish["share_file"] or ())
    if actor.behind is not None:
        session.opened()
    place = dropping.drop(office, clock.utc_now(), actor, request)
    told_of_drop(office, request.client, place, timeout if wait else None)


def told_of_drop(office: Office, client: str, place: Path, seconds: float | None) -> None:
    """Say where the drop lies; with `seconds` to wait, which item became of it, and what its
    receipt warns of."""
    from desk.cli import printing
    from ingest.sources import dropping

    if seconds is not None:
        received = dropping.wait(office, client, place, seconds)
        print(received.item)
        for warning in received.warnings:
            print(printing.text(warning), file=sys.stderr)
    else:
        shown = place.relative_to(office.root) if place.is_relative_to(office.root) else place
        print(_("%(path)s is in the inbox") % {"path": shown})
