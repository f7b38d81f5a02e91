"""`inbox/_unsorted/`: what has no client yet. Nothing is taken; `assign` makes a drop of a file.

 1. judge     the file is there, nobody writes to it, and the daemon would take it with these keys.
              Killed here? Nothing was done.
 2. place     a folder with the sidecar alone, whole and under its own name, in the client's inbox.
              The sidecar lists the file. If somebody acts for another, or comes by the desk, whose
              process writes for all, that is recorded (delegation.py).
              Killed here? A drop that waits for its file, and the file is where it
              was: assign it again. What waits in vain is refused, with that as its reason, after
              wait_hours.
 3. move      one rename brings the file into that folder. It stays whose it was, so intake knows
              whose file is shared (ownership.py).
              Killed after? A whole drop.

So the file is in one place at every moment, where people see it. Only staff who work for all
clients see what lies there: it may be anybody's.

A file that waits in a client's own folder for its sidecar gets one in the same way.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.files import endings, files, moves, settling
from dossier.files.beneath import At, open_beneath
from dossier.files.files import Look
from dossier.files.leases import has_writer
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text import names
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound
from ingest.inbox.listing import UNSORTED
from ingest.inbox.looking import Looker
from ingest.sidecar.default_description import description_of

if TYPE_CHECKING:
    from ingest.sources.dropping import Keys

FOLDER = UNSORTED

ALONE = "inbox.waits_for_sidecar"
"""What is said of a file that waits in a client's folder until somebody says what it is."""


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A file without a client."""

    name: str
    size: int
    since: float
    """Seconds since 1970 of its last change."""
    owner: str
    """The operating system's user whose it is."""


def lying(office: Office, may: Readable) -> list[Unsorted]:
    """What lies there, oldest first; nothing unless the reader may know of all clients. OSError."""
    if may.clients is not None:
        return []
    found = []
    try:
        with open_beneath(office.inbox, FOLDER) as folder:
            for entry in folder.entries():
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode) and not names.is_ignored(entry.name):
                    found.append(Unsorted(entry.name, status.st_size, status.st_ctime, people.user_name(status.st_uid)))
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda one: (one.since, one.name))


def name_of(office: Office, given: Path) -> str:
    """The name in the folder that is meant, by path or name alone; of what lies elsewhere the whole
    path, which is no file's name there."""
    if len(given.parts) == 1 and not os.path.lexists(given):
        return given.name
    there = office.inbox.resolve() / FOLDER
    return given.name if given.parent.resolve() == there else str(given.absolute())


def check(office: Office, may: Readable, name: str) -> str:
    """The name as it lies, if this reader may know of a plain file of this name there. Raises
    NotFound."""
    return _as_it_lies(office, FOLDER, name, [one.name for one in lying(office, may)])


def waiting(office: Office, may: Readable, client: str) -> list[str]:
    """The files that wait in a client's own folder for a sidecar, as far as this reader may know of
    it. Raises OSError."""
    if client not in office.clients or not may.has(client):
        return []
    view = Looker(office, at_once=True).look(client, *settling.now())
    return [one.names[0] for one in view.waiting if one.reason.code == ALONE and one.path.count("/") == 1]


def check_waiting(office: Office, may: Readable, client: str, name: str) -> str:
    """The name as it lies, if this reader may know of a file of this name that waits so. Raises
    NotFound."""
    return _as_it_lies(office, client, name, waiting(office, may, client))


def _as_it_lies(office: Office, folder: str, name: str, lying: Sequence[str]) -> str:
    """A Mac writes accents otherwise than they are typed; case matters where several fit."""
    if name in lying:
        return name
    alike = [one for one in lying if names.fold(one) == names.fold(name)]
    if len(alike) != 1:
        raise NotFound("unsorted.no_such_file", file=names.printable(name), folder=f"{office.inbox.name}/{folder}")
    return alike[0]


def assign(
    office: Office,
    now: datetime,
    actor: Actor,
    name: str,
    client: str,
    keys: Keys,
    share: bool | None = None,
    is_clients: bool = False,
) -> Path:
    """Make a drop of the file for this client; returns its folder. The database must be open unless
    `actor` gives a command for themselves.

    `keys`: as in a sidecar; without a description it is made from the file's name. `is_clients`: it
    waits in the client's own folder. Raises NotFound, Forbidden, Conflict, Invalid with all that is
    wrong; OSError.
    """
    from ingest.intake import delegation  # whoever only looks what lies here needs neither this
    from ingest.sources import dropping  # nor this

    may = people.readable(office, actor)
    name = check_waiting(office, may, client, name) if is_clients else check(office, may, name)
    is_delegated = actor.behind is not None or actor.way != "command"
    described = keys.get("description") or _description(office, name)
    said = {**{key: value or None for key, value in keys.items()}, "description": described}
    with open_beneath(office.inbox, client if is_clients else FOLDER) as home:
        source = home / name
        sha256, is_whole = _looked_at(office, source)
        listed = [dropping.Listed(name, sha256 if is_whole else None, share)]
        data = dropping.sidecar_text(client, said, listed, actor.code).encode()
        request = dropping.Request(client, [source], said)
        if wrong := dropping.problems(office, actor, request, data, is_delegated):
            raise Invalid(wrong)
        folder = _place(office, now, actor, client, str(described), data, {name: sha256}, source, is_delegated)
        with open_beneath(office.inbox, client, folder) as target:
            try:
                moves.move_new(source, target / name)
            except OSError as error:  # the file is where it was
                files.remove(target / delegation.SIDECAR)
                files.remove_folder(office.inbox / client / folder)
                raise Forbidden("unsorted.stays", file=names.printable(name), reason=error.strerror or "") from error
            files.sync((), [target, home])
    return office.inbox / client / folder


def _description(office: Office, name: str) -> str:
    return description_of(name, office.settings.items.description_min, office.settings.office.language)


def _looked_at(office: Office, source: At) -> tuple[str, bool]:
    """(SHA-256, has it its format's end?) of a file nobody writes to. Raises Forbidden, Conflict;
    OSError."""
    from ingest.intake import ownership  # nor this

    with files.open_plain(source) as descriptor:
        seen = Look.of(os.fstat(descriptor))
        quiet = time.time() - seen.ctime_ns / 1e9
        if ownership.is_unsigned(office, seen):
            raise Forbidden("unsorted.unsigned", file=names.printable(source.name))
        if has_writer(descriptor) or quiet < office.settings.watch.settle_seconds or seen.size == 0:
            raise Conflict("unsorted.being_written", file=names.printable(source.name))
        is_whole = not endings.is_cut_off(descriptor, seen.size)
    sha256 = files.hash_file(source)
    there = files.look(source)
    if there is None or not seen.is_same_content(there):
        raise Conflict("unsorted.being_written", file=names.printable(source.name))
    return sha256, is_whole


def _place(
    office: Office,
    now: datetime,
    actor: Actor,
    client: str,
    described: str,
    data: bytes,
    hashes: Mapping[str, str],
    source: At,
    is_delegated: bool,
) -> str:
    """Put a folder with the sidecar into the client's inbox; returns its name."""
    from ingest.intake import delegation  # nor this
    from ingest.sources import dropping, placing

    folder = dropping.folder_name(described, now)
    with dropping.hidden_folder(office, client) as (hidden, opened):
        files.write_whole(opened / delegation.SIDECAR, data, placing.rights(is_delegated))
        dropping.let_in(opened, delegation.SIDECAR)
        look = files.look(source)
        owners = {source.name: look.uid} if look is not None else {}
        filled = dropping.Filled(client, hidden, folder, data, hashes, owners)
        dropping.place(office, now, actor, [filled], is_delegated)
    return folder
