"""What the inbox shows of drops that the database does not know, being older than they are, or new.

Their receipts name the numbers that were given. Files that were claimed when the office was lost
lie there under hidden names, and nobody would find them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import structlog

from dossier.database.tables import Drop, tuples
from dossier.files import files, moves
from dossier.files.beneath import Folder, name_of, open_folder
from dossier.office.office import Office
from dossier.text import names
from ingest.inbox.pairing import FOLDER_SIDECARS
from ingest.inbox.temporaries import CLAIMED
from ingest.intake.leaving import made_like

log = structlog.get_logger("intake")

_NUMBER = re.compile(rb"item: D-([0-9]{4})-([0-9]{6,7})\n")
_HIDDEN = re.compile(re.escape(CLAIMED) + r"([0-9a-f]{16,24})-[0-9]+-(.+)", re.DOTALL)
_RECEIPT_BYTES = 64


def numbers_given(office: Office) -> dict[str, int]:
    """By the receipts that this process's user wrote: year → the last number. What can't be read
    counts for nothing."""
    last: dict[str, int] = {}
    for home in _homes(office):
        with suppress(OSError), home.open("_done") as done:
            for name in done.names():
                if name.endswith(".receipt.yaml") and (found := _NUMBER.match(_beginning(done, name))):
                    year, number = found[1].decode(), int(found[2])
                    last[year] = max(number, last.get(year, 0))
    return last


def give_back(office: Office) -> list[str]:
    """Give each file that is hidden, and of no drop that the database knows, its name again, or one
    like it beside a newer; those of a folder drop in a folder. Returns their ways from the inbox,
    as they are shown. No daemon may run."""
    known = {row[0] for row in tuples(Drop.select(Drop.hidden).where(Drop.hidden.is_null(False) & ~Drop.cleared))}
    back = list[str]()
    for home in _homes(office):
        hidden = {name: found for name in home.names() if (found := _HIDDEN.fullmatch(name)) and found[1] not in known}
        folders = {found[1] for found in hidden.values() if found[2].lower() in FOLDER_SIDECARS}
        for name, found in sorted(hidden.items()):
            way = (f"recovered-{found[1]}", found[2]) if found[1] in folders else (found[2],)
            try:
                back.append(names.printable(f"{name_of(home.path)}/{_put_back(home, name, way)}"))
            except OSError as error:
                log.error("a hidden file can't get its name back", file=names.printable(str(home / name)), error=str(error))
    return back


def _homes(office: Office) -> Iterator[Folder]:
    """The folders of the inbox, one after the other held open."""
    try:
        inbox = open_folder(office.inbox)
    except OSError:
        return
    with inbox:
        for name in sorted(inbox.names()):
            with suppress(OSError), inbox.open(name) as home:
                yield home


def _beginning(folder: Folder, name: str) -> bytes:
    try:
        text, look = files.read_plain(folder / name, _RECEIPT_BYTES)
    except OSError:
        return b""
    return text if look.uid == os.geteuid() else b""


def _put_back(home: Folder, name: str, way: Sequence[str]) -> str:
    *folders, own = way
    if not folders:
        return name_of(moves.put_back(home / name, home / own))
    with made_like(home, folders[0]) as folder:
        return f"{folders[0]}/{name_of(moves.put_back(home / name, folder / own))}"
