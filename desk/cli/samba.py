"""The command about a Samba server beside the office: samba."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk.cli import printing, session
from desk.cli.options import Json
from desk.cli.translation import _, add


def register(app: typer.Typer) -> None:
    add(app, samba, "dossier samba", "sudo dossier --root /srv/office samba --apply")


def samba(
    apply: Annotated[
        bool, typer.Option("--apply", help="Make the accounts that don't exist, and write the include file.")
    ] = False,
    include: Annotated[
        Path, typer.Option("--include", metavar="PATH", help="The file that smb.conf includes; it is this office's alone.")
    ] = Path("/etc/samba/dossier.conf"),
    json: Json = False,
) -> None:
    """The shares and accounts for a Samba server that config/ asks for, and what has drifted."""
    from desk.actions import file_server

    office = session.office()
    done, found = file_server.apply(office, include) if apply else ([], file_server.plan(office, include))
    if json:
        accounts = [
            {"user": one.user, "staff": one.staff, "state": one.state, "member": one.is_member, "password": one.has_password}
            for one in found.accounts
        ]
        told = {"include": str(found.include), "block": found.block, "group": found.group, "accounts": accounts}
        printing.as_json({**told, "drift": found.drift, "done": done})
        return
    for one in done:
        print(printing.text(one))
    if not apply:
        print(found.block)
    for one in found.drift:
        print(f"- {printing.text(one)}")
    if not found.drift:
        print(_("Shares and accounts are as config/ asks for."))
