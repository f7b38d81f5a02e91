"""Commands about keys for programs: token new, list, revoke."""

from __future__ import annotations

import errno
import os
import sys
from datetime import datetime
from typing import Annotated

import typer

from desk.cli import completing, printing, session
from desk.cli.options import Json
from desk.cli.translation import _, add, group
from dossier.text import clock
from dossier.text.refusals import Unavailable

STDERR = 2

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called in lists and in the trail.")]


def register(app: typer.Typer) -> None:
    box = group("Keys for programs that use the API.", "dossier token list")
    add(box, new, "dossier token new scanner --for p.bakker --scope drops:write --until 2030-12-31")
    add(box, list_tokens, "dossier token list", name="list")
    add(box, revoke, "dossier token revoke scanner")
    app.add_typer(box, name="token")


def new(
    name: Name,
    staff: Annotated[str, typer.Option("--for", metavar="STAFF", help="Whom it acts for.", autocompletion=completing.staff)],
    scope: Annotated[list[str], typer.Option("--scope", metavar="S", help="What it may; may be given several times.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], metavar="DATE", help="Its last day.")],
    client: Annotated[
        list[str] | None,
        typer.Option("--client", metavar="CODE", help="Only this client; several times.", autocompletion=completing.clients),
    ] = None,
) -> None:
    """Make a key. It is printed once, alone, and kept nowhere."""
    from desk.actions import tokens

    office, actor = session.opened(), session.manager()
    tokens.new(office, clock.utc_now(), actor, name, staff, scope, until.date(), client or (), _give)


def _give(key: str) -> None:
    """Print it. Raises Unavailable where nobody can have got it."""
    from dossier.text import system
    from dossier.text.sentences import plain

    if sys.stdout.fileno() > STDERR:  # whoever began this command has closed its output (start.py)
        raise Unavailable("tokens.not_given", why=plain(os.strerror(errno.EBADF)))
    try:
        print(key, flush=True)
    except OSError as error:
        raise Unavailable("tokens.not_given", why=system.why(error)) from error


def list_tokens(json: Json = False) -> None:
    """All keys: whose, what they may, until when, last used."""
    from desk.actions import tokens

    office = session.opened_quickly()
    session.manager()
    states = {"good": _("good"), "over": _("over"), "revoked": _("revoked"), "left": _("its person has left")}
    shown: list[printing.Column] = [
        (_("name"), "name"), (_("for"), "for"), (_("may"), "scopes"), (_("clients"), lambda one: one["clients"] or _("all")),
        (_("until"), "last_day"), (_("last used"), printing.moment("used_at")),
        ("", lambda one: states[one["state"]]),
    ]  # fmt: skip
    printing.listing(tokens.listing(office, clock.utc_now()), json, shown, _("There are no keys."))


def revoke(name: Name) -> None:
    """End a key at once."""
    from desk.actions import tokens

    session.opened_despite_faults()
    tokens.revoke(clock.utc_now(), session.manager(), name)
    print(_("%(name)s opens nothing any more") % {"name": name})
