"""The command that checks the portal and the vault: verify."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session

if TYPE_CHECKING:
    from dossier.office.office import Office
    from workflow.portal.verifying import Difference

PATIENCE_SECONDS = 600
"""How long a command waits for the daemon to mend what it asked for."""


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: dossier verify, or: dossier verify --repair")(verify)


def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend the portal from the vault; what does not belong goes to var/quarantine/.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Read every file of the vault and the portal, and compare it with the database; exit 1 if anything differs."""
    from desk.cli import printing
    from dossier.vault.folder import open_vault
    from workflow.portal import verifying

    office = session.opened()
    session.reader_of_all()
    vault = open_vault(office)
    found = verifying.look(office, vault)
    left = found
    if repair and found:
        _mend(office, found)
        left = verifying.look(office, vault)
    if json:
        printing.as_json([{**one.as_json(), "mended": one not in left} for one in [*found, *(o for o in left if o not in found)]])
    else:
        _print(found, left, repair)
    if left:
        raise typer.Exit(1)


def _print(found: list[Difference], left: list[Difference], repaired: bool) -> None:
    from desk.cli import printing

    for one in found:
        print(f"{printing.text(one)}{' (mended)' if one not in left else ''}")
    for one in left:
        if one not in found:
            print(printing.text(one))
    if not found:
        print("The vault and the portal are as the database says.")
    elif not repaired:
        print("To mend the portal from the vault: dossier verify --repair", file=sys.stderr)
    elif left:
        print(
            "What is left can't be mended from here: take the vault's files from a backup;"
            " what does not belong in the vault can be moved only while no daemon runs",
            file=sys.stderr,
        )


def _mend(office: Office, found: list[Difference]) -> None:
    """Have it mended by the daemon, or do its work for once where none runs."""
    from desk.daemon.portal_work import PortalWork
    from dossier.cluster import presence
    from dossier.text import clock
    from dossier.text.refusals import Refusal
    from dossier.vault.folder import open_vault
    from workflow.portal import verifying

    verifying.ask(clock.utc_now(), session.reader(), found)
    end = time.monotonic() + PATIENCE_SECONDS
    while verifying.asked():
        try:
            with presence.instead_of_a_daemon(office):
                work = PortalWork(office, open_vault(office), lambda: None, lambda cause, text: None)
                work.prepare()
                work.step()
                return
        except presence.AlreadyRunning:
            if time.monotonic() > end:
                raise Refusal("the daemon has not mended it yet; look again later with: dossier verify") from None
            time.sleep(0.2)
