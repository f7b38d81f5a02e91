"""Commands about what has no client yet: assign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk.cli import completing, printing, session
from desk.cli.items import (
    Approvals,
    Approvers,
    Contact,
    Described,
    Due,
    Fields,
    Kind,
    Notify,
    Owner,
    Share,
    ShareExplanation,
    ShareStatus,
    Text,
    Texts,
    Timeout,
    Wait,
    fields_of,
    told_of_drop,
)
from desk.cli.translation import _, add
from dossier.text import clock


def register(app: typer.Typer) -> None:
    add(app, assign, 'dossier assign scan-0012.pdf --client acme-bv --description "Letter from the bank"')


def assign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="In inbox/_unsorted: its name, or its path.")],
    client: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Whose it is. Without it: whom the file names.", autocompletion=completing.clients),
    ] = None,
    description: Described = None,
    status: Text = None,
    kind: Kind = None,
    location: Text = None,
    label: Texts = None,
    explanation: Text = None,
    share: Share = False,
    share_status: ShareStatus = None,
    share_all: Annotated[bool, typer.Option("--share-all", help="The file is shared.")] = False,
    share_none: Annotated[bool, typer.Option("--share-none", help="The file is not shared.")] = False,
    share_explanation: ShareExplanation = False,
    approver: Approvers = None,
    approvals: Approvals = None,
    notify: Notify = False,
    contact: Contact = None,
    due: Due = None,
    owner: Owner = None,
    field: Fields = None,
    wait: Wait = False,
    timeout: Timeout = 60.0,
) -> None:
    """Give a file of inbox/_unsorted to a client: it becomes a drop. Without a description the file's name makes one."""
    office, actor = session.opened(), session.actor()
    from desk.actions import unsorted

    if share_all and share_none:
        raise typer.BadParameter(_("give --share-all, or --share-none"))
    if client is None:
        told = printing.text(unsorted.suggested(unsorted.suggestions(office, actor, file)))
        raise typer.BadParameter(_("whose is it? give --client CODE; %(told)s") % {"told": told})
    keys = {
        "description": description, "status": status, "type": kind, "location": location, "labels": label, "explanation": explanation,
        "share": "yes" if share else None, "share_status": share_status, "share_explanation": "yes" if share_explanation else None,
        "approver": approver, "approvals": approvals, "notify": "yes" if notify else None, "contact": contact, "due": due, "owner": owner,
        **fields_of(field),
    }  # fmt: skip
    shared = True if share_all else False if share_none else None
    place = unsorted.assign(office, clock.utc_now(), actor, file, client, keys, shared)
    told_of_drop(office, client, place, timeout if wait else None)
