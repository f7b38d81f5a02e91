"""What `doctor` looks at for the staff's accounts on this machine: can they do what they are
told to?

Their rights are worked out as in queue.py, by mode and by access list; whoever drops over a
share with rights of its own is not seen here.
"""

from __future__ import annotations

import contextlib
import pwd
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from desk.doctor.findings import Finding, note, wrong
from desk.doctor.folders import shallow
from desk.doctor.queue import ENTER, READ, WRITE, owner_and_mode, rights_of, users
from dossier.database import identity
from dossier.files import files
from dossier.office import people
from dossier.office.office import Office
from dossier.office.terms import SETTINGS
from ingest.inbox import listing


def accounts(office: Office) -> Iterator[Finding]:
    there = dict(users(office))
    if not there:
        return
    settings, database = office.root / SETTINGS, identity.sqlite_file(office)
    for code, user in there.items():
        can_read = rights_of(settings, user) & READ and rights_of(settings.parent, user) & ENTER
        if not (can_read and rights_of(office.root, user) & ENTER):
            yield note("people", "doctor.cannot_read_config", staff=code, user=user.pw_name, path=str(settings.parent))
        elif database is not None and database.exists() and not _can_use(office.root, database, user):
            yield note("people", "doctor.cannot_use_database", staff=code, user=user.pw_name, path=str(database.parent))
    makers = {code: user for code, user in there.items() if people.has_right(office.staff[code], "create")}
    barred = []
    for client in listing.clients_with_folders(office)[0] if makers and files.is_folder(office.inbox) else ():
        path = office.inbox / client
        if office.clients[client].active and not any(rights_of(path, user) & WRITE for user in makers.values()):
            barred.append(path)
    if barred:
        values = {"path": str(barred[0]), "owner": owner_and_mode(barred[0])}
        yield note("inbox", "doctor.nobody_can_drop", count=len(barred), **values)
    yield from _open_to_colleagues(office, there)


def _open_to_colleagues(office: Office, there: Mapping[str, pwd.struct_passwd]) -> Iterator[Finding]:
    """Files in the inbox that somebody else of the staff could put other words into: what stands in
    them counts as their owner's."""
    owners = {user.pw_uid: code for code, user in there.items()}
    found = []
    for client in listing.clients_with_folders(office)[0] if len(owners) > 1 and files.is_folder(office.inbox) else ():
        for path in shallow(office.inbox / client, 3):
            with contextlib.suppress(FileNotFoundError):  # taken meanwhile
                status = path.lstat()
                if not stat.S_ISREG(status.st_mode) or status.st_uid not in owners or not status.st_mode & 0o022:
                    continue
                others = (code for code, user in there.items() if user.pw_uid != status.st_uid and rights_of(path, user) & WRITE)
                if other := next(others, None):
                    found.append((path, owners[status.st_uid], other))
    if found:
        path, staff, other = found[0]
        values = {"path": str(path), "staff": staff, "other": other, "folder": str(office.inbox)}
        yield wrong("inbox", "doctor.open_to_colleagues", count=len(found), **values)


def _can_use(root: Path, database: Path, user: pwd.struct_passwd) -> bool:
    """True if this account can work on SQLite's file: who reads writes, too, beside it
    (sqlite.org/wal.html)."""
    folder = database.parent
    return (
        all(rights_of(one, user) & ENTER for one in (folder, *folder.parents) if one == folder or one.is_relative_to(root))
        and rights_of(folder, user) & WRITE == WRITE
        and rights_of(database, user) & (READ | WRITE) == READ | WRITE
    )
