"""The folders of presets are made in every client's inbox, to put files into; never removed."""

from __future__ import annotations

import stat
from collections.abc import Iterable

from dossier.files import files
from dossier.files.beneath import open_beneath
from dossier.office import presets
from dossier.office.office import Office
from dossier.text.names import fold


def make(office: Office, clients: Iterable[str]) -> OSError | None:
    """Make those that active clients lack, with the client's folder's rights. The first trouble."""
    wanted, trouble = presets.folders(office.settings), None
    for client in clients if wanted else ():
        try:
            if office.clients[client].active:
                _make_in(office, client, wanted)
        except OSError as error:
            trouble = trouble or error
    return trouble


def _make_in(office: Office, client: str, wanted: Iterable[str]) -> None:
    with open_beneath(office.inbox, client) as home:
        there = {fold(name) for name in home.names()}
        for folder in wanted:
            if fold(folder) not in there:
                status = home.status()
                files.made_folder(home / folder, stat.S_IMODE(status.st_mode), status).close()
