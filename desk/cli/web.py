"""The commands that serve pages: portal to clients, desk to staff."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session
from desk.cli.translation import add
from dossier.text import clock

if TYPE_CHECKING:
    from dossier.office.keys import DeskSettings, PortalSettings


def register(app: typer.Typer) -> None:
    add(app, portal, "dossier portal --host 0.0.0.0 --port 8443")
    add(app, desk, "dossier desk --host 0.0.0.0 --port 8444")
    add(app, serve, "dossier serve")


def portal(
    host: Annotated[str | None, typer.Option(help="Where to listen; default: portal.host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: portal.port; 0: any free one.")] = None,
    log: session.Log = "auto",
) -> None:
    """Serve the portal to clients, who log in by a mailed link, until SIGTERM or Ctrl-C. The daemon
    sends the mails."""
    _serve(host, port, log, is_desk=False)


def desk(
    host: Annotated[str | None, typer.Option(help="Where to listen; default: desk.host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: desk.port; 0: any free one.")] = None,
    link: Annotated[
        str | None,
        typer.Option("--link", metavar="STAFF", help="In an office for trying: print a link for them, for nothing is mailed."),
    ] = None,
    log: session.Log = "auto",
) -> None:
    """Serve the desk to staff, who log in by a mailed link, until SIGTERM or Ctrl-C. The daemon
    sends the mails."""
    if link is not None:
        from desk.actions import maintenance

        print(maintenance.trial_link(session.opened(), clock.utc_now(), session.manager(), link))
        return
    _serve(host, port, log, is_desk=True)


def _serve(host: str | None, port: int | None, log: session.Log, is_desk: bool) -> None:
    session.spare_colours()
    from desk.cli import logs
    from desk.web import server

    office = session.office()
    settings: DeskSettings | PortalSettings = office.settings.desk if is_desk else office.settings.portal
    logs.configure(log)
    site = server.desk_site if is_desk else server.portal_site
    server.serve(office, dict(os.environ), site, host or settings.host, settings.port if port is None else port)


def serve(
    log: session.Log = "auto",
) -> None:
    """The daemon, the desk and the portal in one command and one log, for a small office; until
    SIGTERM or Ctrl-C."""
    session.spare_colours()
    from desk.cli import logs
    from desk.daemon import several
    from dossier.database import identity
    from dossier.database.database import close_database, open_database
    from dossier.database.trouble import DatabaseUnavailable

    office = session.office()
    logs.configure(log)
    with contextlib.suppress(DatabaseUnavailable):  # each part says so itself
        open_database(office)
        close_database()
    raise typer.Exit(several.serve(office.root, log, has_portal=identity.trial_since() is None))
