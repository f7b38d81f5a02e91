"""What lies in the folders of an inbox: plain files, folders, names under which programs write, and what is none of these."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dossier.files import files
from dossier.files.beneath import At, Folder, open_folder
from dossier.files.files import Look
from dossier.office.office import Office
from dossier.text import names
from dossier.text.sentences import Sentence, sentence
from ingest.inbox import temporaries

WHY = "WHY.txt"
"""Told of a refused drop. One of ours inside a folder drop came back with the corrected files, and is no attachment."""


@dataclass(slots=True)
class Listing:
    """One folder as it is now, without what is never taken."""

    found: dict[str, Look] = field(default_factory=dict)
    """The plain files."""
    folders: dict[str, float] = field(default_factory=dict)
    """Name → seconds since 1970 of its last change."""
    unfinished: dict[str, Look] = field(default_factory=dict)
    """Files under names that programs use until a file is whole."""
    odd: dict[str, tuple[Sentence, float]] = field(default_factory=dict)
    """Links, pipes, devices: what each is, and since when."""


def way_of(folder: str | None) -> tuple[str, ...]:
    """From the client's folder to that of a drop's files, name by name. A preset's way ends in `/`."""
    return tuple(folder.rstrip("/").split("/")) if folder else ()


def list_folder(folder: Folder) -> Listing:
    """What lies in the folder. Raises OSError if it can't be read."""
    listing = Listing()
    for entry in folder.entries():
        ignored = names.is_ignored(entry.name)
        if ignored and temporaries.becoming(entry.name) is None:
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        if ignored:
            if stat.S_ISREG(status.st_mode):
                listing.unfinished[entry.name] = Look.of(status)
        elif stat.S_ISREG(status.st_mode):
            listing.found[entry.name] = Look.of(status)
        elif stat.S_ISDIR(status.st_mode):
            listing.folders[entry.name] = status.st_ctime
        else:
            what = "inbox.link" if stat.S_ISLNK(status.st_mode) else "inbox.not_plain"
            listing.odd[entry.name] = sentence(what), status.st_ctime
    return listing


def holds_anything(place: At) -> bool:
    """True if something lies in the folder that is taken elsewhere. What can't be read counts as something."""
    try:
        with open_folder(place) as folder:
            return not all(map(names.is_ignored, folder.names()))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def clients_with_folders(office: Office) -> tuple[list[str], dict[str, Sentence]]:
    """(clients that have a folder in the inbox; what else is in it, and what that is). Raises OSError if the inbox is gone."""
    known: list[str] = []
    others: dict[str, Sentence] = {}
    with os.scandir(office.inbox) as entries:
        for entry in entries:
            if names.is_ignored(entry.name):
                continue
            if not entry.is_dir(follow_symlinks=False):
                others[entry.name] = sentence("inbox.link_no_folder" if entry.is_symlink() else "inbox.in_no_folder")
            elif entry.name in office.clients:
                known.append(entry.name)
            else:
                others[entry.name] = sentence("inbox.no_clients_folder")
    return sorted(known), dict(sorted(others.items()))


def rejected(office: Office, clients: Sequence[str]) -> list[Path]:
    """Every refused drop that still lies in the inbox, oldest first: folders with a WHY.txt."""
    found: list[Path] = []
    for client in clients:
        home = office.inbox / client / "_rejected"
        try:
            with os.scandir(home) as entries:
                found += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError):
            continue
    return sorted((path for path in found if files.look(path / WHY)), key=lambda path: path.name)
