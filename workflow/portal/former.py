"""Folders that were the portal's before the settings named another one.

Nobody publishes there any more, and nobody takes anything off: what is withdrawn from now on would
be seen there for good by whoever can read that folder. So it is told until it is gone.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from dossier.database.tables import Note
from dossier.office.office import Office

_FOLDERS = "portal-folders"
"""The note of all that were, the present one last; below the root as the way from there, as an
office may move."""

_ITEM = re.compile(r"D-[0-9]{4}-[0-9]+")


def note(office: Office) -> None:
    """Write down which folder is the portal's. Call inside `transaction()`."""
    known, present = _known(), _named(office)
    if known[-1:] != [present]:
        Note.put(_FOLDERS, json.dumps([*(one for one in known if one != present), present]))


def still_showing(office: Office) -> list[Path]:
    """Those that are the portal's no more and in which an item lies, as far as this can be seen."""
    present = _named(office)
    folders = [office.root / one for one in _known() if one not in (present, "")]
    return [folder for folder in folders if not _is_same(folder, office.portal) and _shows_any(folder)]


def _known() -> list[str]:
    return [str(one) for one in json.loads(Note.read(_FOLDERS) or "[]")]


def _named(office: Office) -> str:
    """ "" where an object store is the portal."""
    if office.portal_store is not None:
        return ""
    return str(office.portal.relative_to(office.root) if office.portal.is_relative_to(office.root) else office.portal)


def _is_same(one: Path, other: Path) -> bool:
    """Several machines may know one folder by different ways."""
    with suppress(OSError):
        return one.samefile(other)
    return False


def _shows_any(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as clients:
        return any(_holds_item(client) for client in clients if client.is_dir(follow_symlinks=False))
    return False


def _holds_item(client: os.DirEntry[str]) -> bool:
    with suppress(OSError), os.scandir(client.path) as entries:
        return any(_ITEM.fullmatch(entry.name) for entry in entries)
    return False
