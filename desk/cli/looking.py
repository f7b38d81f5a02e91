"""Commands that tell what to look at: due, recent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from desk.cli import completing, printing, session
from desk.cli.items import columns
from desk.cli.options import Json
from desk.cli.translation import _, add
from dossier.text import clock


def register(app: typer.Typer) -> None:
    add(app, due, "dossier due", "dossier due --owner p.bakker")
    add(app, recent, "dossier recent")


def due(
    client: Annotated[str | None, typer.Option(metavar="CODE", autocompletion=completing.clients)] = None,
    owner: Annotated[str | None, typer.Option(metavar="STAFF", autocompletion=completing.staff)] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="What is due up to this day.")
    ] = None,
    json: Json = False,
) -> None:
    """What must be done soon, or had to be: dates of items and of clients, the earliest first."""
    office = session.opened_quickly()
    from desk.actions import looking_up
    from workflow.items import dates

    day = until.date() if until else dates.horizon(office, clock.utc_now())
    found = looking_up.due(office, session.reader(), day, client, owner)
    kinds = {"due": _("due"), "review": _("review")}
    shown: list[printing.Column] = [
        (_("date"), "day"), (_("what"), lambda one: kinds.get(one["what"], one["what"])), *columns("item", "client", "description"),
        (_("owner"), "owner"),
    ]  # fmt: skip
    printing.listing(found, json, shown, _("Nothing is due until %(day)s.") % {"day": day})


def recent(json: Json = False) -> None:
    """The last items and clients that you looked at."""
    office = session.opened_quickly()
    from desk.actions import looking_up

    items, codes = looking_up.recent(office, session.reader())
    seen = [{"client": code, "name": office.clients[code].name} for code in codes]
    if json:
        printing.as_json({"items": items, "clients": seen})
        return
    shown = columns("item", "created_at", "client", "description", "share_state")
    printing.listing(items, False, shown, _("No items yet."), spare=(_("shared"),))
    printing.table((_("client"), _("name")), [(c["client"], c["name"]) for c in seen])
