"""Each active client's folder of the inbox, made where it lacks, with the inbox's owner and rights.

A new one gets its name when it has all of that: killed before, it lies there under a hidden name,
and is finished the next time. What already lies under the name, a link or a file, is left alone and
told.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Set

from dossier.files import files, moves
from dossier.files.beneath import open_folder
from dossier.office.office import Office
from dossier.text.names import fold

AT_ONCE = 500
"""So many are made in one full look: drops come first."""


def make(office: Office, known: Set[str], others: Iterable[str]) -> tuple[list[str], OSError | None]:
    """Make those that lack; (the clients with new folders, the first trouble). `known`: those
    there."""
    taken = {fold(name) for name in others}  # to Windows, `Acme-BV` and `acme-bv` are one folder
    without = sorted(office.clients.keys() - known)
    lacking = [code for code in without if office.clients[code].active and fold(code) not in taken]
    made: list[str] = []
    try:
        made.extend(code for code in lacking[:AT_ONCE] if _make_one(office, code))
    except OSError as error:
        return made, error
    return made, None


def _make_one(office: Office, code: str) -> bool:
    with open_folder(office.inbox) as inbox:
        status, hidden = inbox.status(), inbox / f".new-{code}"
        with files.made_folder(hidden, 0o700) as folder:
            with contextlib.suppress(PermissionError):
                os.chown(folder.descriptor, -1, status.st_gid)
            files.give_like(folder, status)
            is_new = moves.move_new(hidden, inbox / code)
        if not is_new:
            os.rmdir(hidden.name, dir_fd=inbox.descriptor)
        return is_new
