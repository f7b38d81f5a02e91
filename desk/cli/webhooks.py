"""Commands about programs that are told of what happens: webhooks (list), test, enable, secret."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from desk.cli import printing, session
from desk.cli.options import Json
from desk.cli.translation import _, add, group
from dossier.text import clock

Name = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name in config/settings.yaml.")]


def register(app: typer.Typer) -> None:
    box = group("Programs that are told of what happens.", "dossier webhooks", needs_command=False)
    box.callback(invoke_without_command=True)(webhooks)
    add(box, test, "dossier webhooks test books")
    add(box, enable, "dossier webhooks enable books")
    add(box, secret, "dossier webhooks secret")
    app.add_typer(box, name="webhooks")


def webhooks(context: typer.Context, json: Json = False) -> None:
    """Programs that are told of what happens."""
    if context.invoked_subcommand is not None:
        return
    from desk.actions import webhooks

    office = session.opened()
    session.manager()
    shown: list[printing.Column] = [
        (_("name"), "name"), (_("for"), "for"), (_("address"), "url"), (_("status"), "state"),
        (_("last sent"), printing.moment("sent_at")), (_("next try"), printing.moment("due_at")), (_("trouble"), "error"),
    ]  # fmt: skip
    printing.listing(webhooks.listing(office), json, shown, _("There are no webhooks."))


def test(name: Name) -> None:
    """Send a test message now, with the secret from this environment, and tell what the receiver
    said."""
    from desk.actions import webhooks

    office = session.opened()  # it says whether this is an office for trying
    session.manager()
    print(printing.text(webhooks.try_out(office, clock.utc_now(), os.environ, name)))


def enable(name: Name) -> None:
    """Go on with a webhook that was disabled; what happened meanwhile is sent as well."""
    from desk.actions import webhooks

    office, actor = session.opened(), session.manager()
    print(printing.text(webhooks.enable(office, clock.utc_now(), actor, name)))


def secret() -> None:
    """Print a new secret for signing. Put it into the environment of the daemon, and give it to the
    receiver."""
    from desk.actions import webhooks

    print(webhooks.new_secret())
