"""What `doctor` looks at in the office's folders: are they there, whose are they, who else can
write, what can the file system do."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import secrets
import socket
import stat
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from urllib.parse import unquote

from desk.doctor.findings import Finding, note, ok, wrong
from desk.doctor.queue import owner_and_mode
from dossier.database import identity
from dossier.files import files
from dossier.files.leases import has_writer
from dossier.office import people
from dossier.office.office import Office
from dossier.office.terms import CLIENTS, SETTINGS, STAFF
from dossier.text import database_address, names, system
from ingest.inbox import listing
from ingest.inbox.watcher import NETWORK_FILE_SYSTEMS, file_system_of, mode_for
from workflow.outbox import alarms

MOST_ENTRIES = 50_000
"""So many names on the portal are looked at; whoever can write to one of more is found by the
daily `verify`."""

CLOCK_SECONDS = 5
"""A file server whose clock differs by more makes files look older or newer than they are."""

IN_MEMORY = {"tmpfs", "ramfs"}

RECALLED = "config.*.json"
"""Each user's own (cache.py)."""

CAP_LEASE = 28  # capabilities(7)


def folders(office: Office) -> Iterator[Finding]:
    for name, path in (
        ("inbox", office.inbox),
        ("queue", office.queue),
        ("portal" if office.portal_store is None else "portal on its way", office.portal),
        ("vault" if office.vault_store is None else "vault on its way", office.vault),
        ("var", office.var),
    ):
        if fault := _why_unusable(name, path, may_be_made=name != "inbox"):
            yield fault
        elif name == "vault" and identity.is_vault_away(office):
            yield wrong(name, "doctor.vault_away", path=str(path))
        elif not path.exists():
            yield ok(name, "doctor.made_later", path=str(path))
        else:
            kind = file_system_of(path)
            yield ok(name, "doctor.folder", path=str(path), kind=kind, owner=owner_and_mode(path))
            if name in ("queue", "vault", "var") and not _keeps_rights(path):
                yield note(name, "doctor.no_rights_kept", path=str(path), kind=kind)
            if kind in IN_MEMORY:
                yield note(name, "doctor.in_memory", path=str(path), kind=kind)
            if name in ("queue", "portal", "vault", "var"):
                yield from _of_others(name, path, depth=1 if name == "var" else 2)


def _of_others(name: str, top: Path, depth: int) -> Iterator[Finding]:
    """What the daemon's user can't change any more, mostly because somebody ran a command as
    root."""
    whose = os.geteuid() or top.stat().st_uid  # asked as root, it is about whose folder it is
    me = people.user_name(whose)
    own = (path for path in shallow(top, depth) if not path.is_symlink() and not fnmatch(path.name, RECALLED))
    inside = islice(own, MOST_ENTRIES)
    found = [path for path in inside if whose and _is_barred(path, whose)]
    if found:
        values = {"user": me, "path": names.printable(str(found[0])), "owner": owner_and_mode(found[0]), "top": str(top)}
        if len(found) > 1:
            yield wrong(name, "doctor.barred_several", **values, more=len(found) - 1)
        else:
            yield wrong(name, "doctor.barred_one", **values)


def _is_barred(path: Path, uid: int) -> bool:
    """True if this user, the present one or one whom root asks about, can't read and write it."""
    if os.geteuid() == uid:
        return not os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0))
    status = path.stat()
    return status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def shallow(top: Path, depth: int) -> Iterator[Path]:
    """What lies in a folder, so deep. A folder that can't be read is told of, and not looked
    into."""
    try:
        with os.scandir(top) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        yield Path(entry.path)
        if depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from shallow(Path(entry.path), depth - 1)


def _why_unusable(check: str, path: Path, may_be_made: bool) -> Finding | None:
    """Why the folder can't be used, as a finding of this check; None if it can."""
    values = {"path": str(path), "user": people.user_name(os.geteuid())}
    if not os.path.lexists(path):
        above = next(folder for folder in path.parents if folder.exists())
        if not may_be_made:
            return wrong(check, "doctor.no_folder", **values)
        if not os.access(above, os.W_OK | os.X_OK):
            return wrong(check, "doctor.no_folder_to_be_made", **values, above=str(above))
    elif not path.is_dir():
        return wrong(check, "doctor.not_a_folder", **values)
    elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        code = "doctor.own_folder_barred" if path.stat().st_uid == os.geteuid() else "doctor.folder_barred"
        return wrong(check, code, **values, owner=owner_and_mode(path))
    return None


def _others_can_write(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return not stat.S_ISLNK(status.st_mode) and bool(status.st_mode & stat.S_IWOTH)


def inbox(office: Office) -> Iterator[Finding]:
    if _why_unusable("inbox", office.inbox, may_be_made=False):
        return
    me = os.geteuid()
    known, unknown = listing.clients_with_folders(office)
    for name in unknown:
        path = office.inbox / name
        if path.is_dir() and not path.is_symlink():
            yield wrong("inbox", "doctor.no_clients_folder", path=names.printable(str(path)))
        else:
            yield wrong("inbox", "doctor.stray", path=names.printable(str(path)), why=unknown[name])
    for code in known:
        path = office.inbox / code
        if fault := _why_unusable("inbox", path, may_be_made=True):
            yield fault
            continue
        status = path.stat()
        if status.st_mode & stat.S_ISVTX and me not in (0, status.st_uid):
            yield wrong("inbox", "doctor.sticky", path=str(path))
    if mode_for(office.inbox, office.settings.watch.mode) == "native":
        yield ok("inbox", "doctor.watched", count=len(known))
    else:
        yield ok("inbox", "doctor.polled", count=len(known), seconds=f"{office.settings.watch.poll_seconds:g}")
    yield from _probe(office)
    if office.settings.identity.trust_sidecar:
        yield note("inbox", "doctor.trust_sidecar")
    lacking = [code for code, client in office.clients.items() if client.active and code not in known]
    if lacking:
        first = ", ".join(lacking[:3])
        code = "doctor.clients_lack_folder" if office.settings.intake.make_folders else "doctor.clients_lack_own_folder"
        yield note("inbox", code, count=len(lacking), first=first, path=str(office.inbox))


def _keeps_rights(folder: Path) -> bool:
    """Put a file there for a moment: has it the rights that it was given?"""
    path = folder / f".dossier-doctor-{secrets.token_hex(8)}.tmp"
    try:
        with open(path, "xb"):
            os.chmod(path, 0o600)
        return stat.S_IMODE(os.stat(path).st_mode) == 0o600
    except PermissionError:
        return False
    except OSError:
        return True  # a full disk, say: told elsewhere
    finally:
        with contextlib.suppress(OSError):
            files.remove(path)


def _probe(office: Office) -> Iterator[Finding]:
    """Put a file there for a moment: can it be made and removed, is the clock ours, does the
    kernel say who writes?"""
    path = office.inbox / f".dossier-doctor-{secrets.token_hex(8)}.tmp"
    try:
        with open(path, "xb") as writing:
            writing.write(b"dossier doctor\n")
            writing.flush()
            with files.open_plain(path) as reading:
                while_written = has_writer(reading)
        with files.open_plain(path) as reading:
            after = has_writer(reading)
        behind = time.time() - path.stat().st_mtime
    except OSError as error:
        yield wrong("inbox", "doctor.no_file_made", path=str(office.inbox), why=system.why(error))
        return
    finally:
        with contextlib.suppress(OSError):
            files.remove(path)
    if abs(behind) > CLOCK_SECONDS:
        code = "doctor.server_clock_behind" if behind > 0 else "doctor.server_clock_ahead"
        yield wrong("inbox", code, seconds=f"{abs(behind):.0f}")
    if while_written is not True or after is not False:
        yield note("inbox", "doctor.no_leases")
    elif os.geteuid() != 0 and not _has_capability(process := _daemon(office), CAP_LEASE):
        yield note("inbox", "doctor.user_lacks_lease" if process == "self" else "doctor.daemon_lacks_lease")
    else:
        yield ok("inbox", "doctor.leases")


def _daemon(office: Office) -> str:
    """The process of the daemon of this office, as /proc calls it; without one this process,
    whose rights it would have."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        told = json.loads((office.var / "daemon.json").read_text())
        if told["host"] == socket.gethostname() and os.path.exists(f"/proc/{told['pid']}"):
            return str(told["pid"])
    return "self"


def _has_capability(process: str, number: int) -> bool:
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        effective = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
        return bool(int(effective, 16) >> number & 1)
    return False


def portal(office: Office) -> Iterator[Finding]:
    if office.portal_store or not office.portal.is_dir():
        return
    if os.path.ismount(office.portal):
        yield wrong("portal", "doctor.portal_mounted", path=str(office.portal), inside=str(office.portal / "portal"))
    open_to_all = list(islice((path for path in islice(_tree(office.portal), MOST_ENTRIES) if _others_can_write(path)), 4))
    for path in open_to_all[:3]:
        yield wrong("portal", "doctor.portal_open", path=names.printable(str(path)), top=str(office.portal))
    if len(open_to_all) > 3:
        yield wrong("portal", "doctor.portal_more_open", top=str(office.portal))
    if not open_to_all:
        yield ok("portal", "doctor.portal_closed")


def _tree(top: Path) -> Iterator[Path]:
    yield top
    for folder, folders_in, files_in in os.walk(top):
        for name in (*folders_in, *files_in):
            yield Path(folder) / name


def secrets_of_the_office(office: Office) -> Iterator[Finding]:
    for path in (office.root / "config", *(office.root / name for name in (SETTINGS, CLIENTS, STAFF))):
        if _others_can_write(path):
            yield wrong("secrets", "doctor.config_open", path=str(path))
    kept = [path for path in (office.vault, office.var / "dossier.db") if path.exists()]
    for path in kept:
        if path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH):
            yield wrong("secrets", "doctor.content_open", path=str(path))
    settings = office.root / SETTINGS
    address = database_address.read(office.settings.database.url)
    password = address.password if address else ""
    if password and settings.stat().st_mode & stat.S_IROTH and password in unquote(settings.read_text(errors="replace")):
        yield wrong("secrets", "doctor.password_open", path=str(settings))


def room(office: Office) -> Iterator[Finding]:
    trouble = alarms.disk_trouble(office)
    if trouble:
        yield wrong("disk", "doctor.disk_full", why=trouble)
    else:
        found = os.statvfs(office.root)
        yield ok("disk", "doctor.disk_free", mb=found.f_bavail * found.f_frsize // 2**20)
    database = office.settings.database.url
    path = office.root / database.removeprefix("sqlite:///")
    kind = file_system_of(path.parent if path.parent.exists() else office.root)
    if database.startswith("sqlite:///") and (kind in NETWORK_FILE_SYSTEMS or kind.startswith("fuse.")):
        yield wrong("disk", "doctor.database_far", kind=kind)


def inotify(office: Office) -> Iterator[Finding]:
    watched = [
        path for path in (office.inbox, office.queue) if path.is_dir() and mode_for(path, office.settings.watch.mode) == "native"
    ]
    if not watched:
        return
    try:
        most = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    except (OSError, ValueError):
        return
    if not _can_watch():
        yield wrong("inotify", "doctor.no_more_watching")
    needed = sum(1 for top in watched for _ in _watched_folders(top))
    if needed * 1.25 > most:
        yield wrong("inotify", "doctor.too_many_folders", needed=needed, most=most, better=max(524_288, 4 * needed))
    else:
        yield ok("inotify", "doctor.folders_watched", count=needed, most=most)


def _can_watch() -> bool:
    """True if one more inotify instance can be had (inotify_init1(2): EMFILE)."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(0o2000000)  # IN_CLOEXEC
    if descriptor < 0:
        return ctypes.get_errno() != errno.EMFILE
    os.close(descriptor)
    return True


def _watched_folders(top: Path) -> Iterator[Path]:
    """As ingest/inbox/watcher.py: the root, the folders in it, and the folders in those that may
    hold drops."""
    yield top
    with os.scandir(top) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not names.is_ignored(entry.name):
                yield Path(entry.path)
                with os.scandir(entry.path) as inside:
                    yield from (
                        Path(one.path) for one in inside if one.is_dir(follow_symlinks=False) and not names.is_ignored(one.name)
                    )
