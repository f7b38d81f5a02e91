"""What lies in an inbox's folders: plain files, folders, programs' names, and none of these."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from dossier.files import files
from dossier.files.beneath import At, Folder, open_beneath, open_folder
from dossier.files.files import Look
from dossier.office import presets
from dossier.office.office import Office
from dossier.text import copies, names
from dossier.text.sentences import Sentence, sentence
from dossier.text.yamltext import legible
from ingest.inbox import temporaries
from ingest.sidecar.reading import type_named

WHY = names.WHY
"""One of ours that came back with corrected files is no attachment."""


UNSORTED = "_unsorted"
"""The folder for what has no client yet."""

WITHOUT_CLIENT = "unsorted.waits"
"""What is told of a file there."""

BIN = "_bin"
"""The folder in `_rejected` for what was thrown away (thrown_away.py)."""

GLANCED_AT = 200
"""Folders in which a backlog is looked for before the start; a millisecond or two."""

MOST_AHEAD = 500
"""So many drops are looked at before the daemon is there to take them: a few kilobytes each in
memory."""

WHY_BYTES = 64 * 1024
"""No WHY.txt of ours is longer; one that somebody else wrote is cut off."""


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


class Stamp(NamedTuple):
    """What the system tells of a folder, and what differs with each name that comes or goes in
    it."""

    device: int
    inode: int
    changed_ns: int
    """Nobody can set this back, as they can a file's time."""


RESTED_NS = 3_000_000_000
"""A folder that changed later than this may change again in what counts as the same moment."""

_bare: dict[str, Stamp] = {}
"""Folder → its stamp when it was empty. Looking into hundreds of those is most of a page's cost."""


def stamp_of(folder: str) -> Stamp | None:
    """None if there is no such folder, or it can't be seen."""
    try:
        found = os.lstat(folder)
    except OSError:
        return None
    return Stamp(found.st_dev, found.st_ino, found.st_ctime_ns)


def note_bare(folder: str, stamp: Stamp | None) -> None:
    """Nothing lies in it. `stamp`: as it was before that was seen."""
    if stamp is not None and stamp.changed_ns < time.time_ns() - RESTED_NS:
        _bare[folder] = stamp


def is_still_bare(folder: str, stamp: Stamp | None) -> bool:
    """True if nothing lay in it at an earlier look, and it is as it was."""
    return stamp is not None and _bare.get(folder) == stamp


def is_bare(folder: str) -> bool:
    """True if nothing lies in it that is taken or told of: by its names alone, so that thousands
    are soon looked into. One that can't be read is none."""
    try:
        return all(names.is_ignored(name) and temporaries.becoming(name) is None for name in os.listdir(folder))
    except OSError:
        return False


def hides_any(office: Office, client: str) -> bool:
    """True if a drop in the client's folder is claimed, maybe half of it as yet, or if that can't
    be seen."""
    try:
        with open_beneath(office.inbox, client) as home:
            return any(name.startswith(temporaries.CLAIMED) for name in home.names())
    except OSError:
        return True


def home_of(office: Office, client: str) -> Folder:
    """A client's folder of the inbox, held open; made if it lacks. Raises OSError: a link is
    none."""
    with open_folder(office.inbox) as inbox:
        return files.made_folder(inbox / client, 0o777)


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
    """True if something in the folder is taken elsewhere. What can't be read counts as
    something."""
    try:
        with open_folder(place) as folder:
            return not all(map(names.is_ignored, folder.names()))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def clients_with_folders(office: Office) -> tuple[list[str], dict[str, Sentence]]:
    """(clients with a folder in the inbox; what else is in it, and what that is). OSError: gone."""
    known: list[str] = []
    others: dict[str, Sentence] = {}
    with os.scandir(office.inbox) as entries:
        for entry in entries:
            if names.is_ignored(entry.name) and entry.name not in office.clients:
                continue
            if not entry.is_dir(follow_symlinks=False):
                others[entry.name] = sentence("inbox.link_no_folder" if entry.is_symlink() else "inbox.in_no_folder")
            elif entry.name in office.clients:
                known.append(sys.intern(entry.name))
            else:
                others[entry.name] = _of_no_client(office, entry.name)
    return sorted(known), dict(sorted(others.items()))


def _of_no_client(office: Office, folder: str) -> Sentence:
    """What to do with a folder that is no client's."""
    outline = copies.outline(folder)
    meant = next((code for code in office.clients if copies.outline(code) == outline), None)
    return sentence("inbox.nearly_a_clients_folder", client=meant) if meant else sentence("inbox.no_clients_folder")


def unsorted(office: Office) -> dict[str, Sentence]:
    """What lies in `_unsorted`, name → why nothing is taken of it. OSError: unreadable."""
    found: dict[str, Sentence] = {}
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), open_beneath(office.inbox, UNSORTED) as home:
        listing = list_folder(home)
        found.update((name, reason) for name, (reason, _) in listing.odd.items())
        found.update((name, sentence("inbox.folder_unsorted")) for name in listing.folders if holds_anything(home / name))
        shown = f"{office.inbox.name}/{UNSORTED}"
        found.update((name, sentence(WITHOUT_CLIENT, path=names.printable(f"{shown}/{name}"))) for name in listing.found)
    return dict(sorted(found.items()))


def never_sorted(office: Office) -> dict[str, Sentence]:
    """Of that, by its way from the inbox, what can't be given to a client. OSError."""
    lying = unsorted(office).items()
    return {f"{UNSORTED}/{name}": reason for name, reason in lying if reason.code != WITHOUT_CLIENT}


def backlog(office: Office) -> list[str]:
    """Clients in whose folders as much lies as other processes are started for, by a glance; none
    if there is less. They may be looked at before anything else is known."""
    from dossier.workers.pool import MANY

    count, clients = 0, list[str]()
    for client in islice(office.clients, GLANCED_AT):
        with contextlib.suppress(OSError), open_beneath(office.inbox, client) as home:
            if names_ := home.names():
                count += len(names_)
                clients.append(client)
        if count >= 2 * MOST_AHEAD:
            break
    return clients if count >= 2 * MANY else []  # a drop has two files


class Refused(NamedTuple):
    """A refused drop that still lies in the inbox."""

    client: str
    folder: str
    """In the client's `_rejected`."""
    at: float
    """Seconds since 1970: when its WHY.txt was written."""
    why: bytes
    """The beginning of its WHY.txt."""


def rejected(office: Office, clients: Sequence[str], is_binned: bool = False) -> list[Refused]:
    """Every refused drop of which a file still lies there, oldest first, with a readable WHY.txt.

    `is_binned`: those that were thrown away.
    """
    found: list[Refused] = []
    inbox = office.inbox
    for client in clients:
        way = _way_of_refused(is_binned)
        path = "/".join((f"{inbox}/{client}", *way))
        stamp = stamp_of(path)
        if stamp is None or is_still_bare(path, stamp):
            continue
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), open_beneath(inbox, client, *way) as home:
            there = [name for name in home.names() if is_binned or name != BIN]
            found += [one for name in there if (one := _refused(client, home, name)) is not None]
            if not there:
                note_bare(path, stamp)
    return sorted(found, key=lambda one: one.folder)


def folder_shown_as(office: Office, client: str, shown: str, is_binned: bool = False) -> str:
    """The refused folder that is shown by this name. One with a line break in it, say, or that is
    no UTF-8, is shown, and linked to, with escapes (names.printable)."""
    if "\\" not in shown:
        return shown
    there: Collection[str] = ()
    with contextlib.suppress(OSError), open_beneath(office.inbox, client, *_way_of_refused(is_binned)) as home:
        there = home.names()
    fitting = [name for name in there if names.printable(name) == shown]
    return fitting[0] if len(fitting) == 1 and shown not in there else shown


def speaks_of(office: Office, client: str, refused: str, types: Collection[str], is_binned: bool = False) -> bool:
    """True if a sidecar in this folder of `_rejected`, or of what was thrown away, names one of
    these types, or can't be read any more."""
    try:
        with open_beneath(office.inbox, client, *_way_of_refused(is_binned), refused) as folder:
            return _names_type(folder, folder.names(), types)
    except OSError:
        return True


def _way_of_refused(is_binned: bool) -> files.Names:
    return ("_rejected", BIN) if is_binned else ("_rejected",)


def waits_for_others(office: Office, client: str, name: str, types: Collection[str]) -> bool:
    """True if what waits by this name, as it lies in the client's folder, is to be of one of these
    types: its preset says so, or a sidecar, or that can't be read."""
    above, _, own = name.partition("/")
    preset = presets.of_folder(office.settings, above) if own else presets.of_name(office.settings, name)
    if preset is not None and office.settings.presets[preset].type in types:
        return True
    *way, last = name.split("/")
    try:
        with open_beneath(office.inbox, client, *way) as home:
            if files.look(home / last) is not None:
                return _names_type(home, [last], types)
            with home.open(last) as folder:
                return _names_type(folder, folder.names(), types)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _names_type(folder: Folder, here: Collection[str], types: Collection[str]) -> bool:
    """True if one of these files is a sidecar, or the copy of one, that names such a type."""
    sidecars = [name for name in here if re.search(r"\.ya?ml", name.lower())]
    return any(type_named(legible(files.read_plain(folder / name, WHY_BYTES)[0]), types) is not None for name in sidecars)


def _refused(client: str, home: Folder, name: str) -> Refused | None:
    try:
        with home.open(name) as folder:
            if not names.hold_a_drop(folder.names()):
                return None
            why, look = files.read_plain(folder / WHY, WHY_BYTES)
    except OSError:
        return None
    return Refused(client, name, look.mtime_ns / 1e9, why)
