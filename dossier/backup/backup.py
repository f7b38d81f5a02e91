"""Backups: an office at one instant, in a folder that keeps many of them, each file once.

    DEST/dossier-backup.json            what this folder is, and whose
    DEST/vault/ab/ab12…                 every file that a snapshot needs, by its SHA-256
    DEST/snapshots/20261124T090000Z/    config/, anchors/, the database, and
        vault.txt                       SHA-256 and size of every attachment version
        manifest.json                   what all of it is; written last

Taken while the office works, in this order:

 1. inbox      what lies there, `_rejected` and `_done` too, and the folders of var/ in LOOSE; into
               the vault by hash. What moves about is looked at again. A file that is being written
               is left out, and named: half of it would be taken for a whole one. So is what can't
               be read: it keeps nothing else out of the backup.
 2. config     and anchors: both before the database, so that no anchor is ahead of it.
 3. database   at one instant (snapshot.py). What was taken from the inbox since 1 is in it; what
               was in both is known as a duplicate when the restored office finds it in its inbox.
 4. vault      every attachment that this database names and the backup has not got. From 3 on to
               here nothing may leave the vault (vault.hold_leaving): it is all there.
 5. manifest   sync, then the snapshot gets its name. Killed before? The next backup sweeps what was
               begun.
 6. thin out   the oldest snapshots beyond `keep`, and files that none of the others needs.

What can be made anew is left out: the portal (from database and vault) and the queue's papers (from
the database).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import json
import os
import pwd
import re
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dossier import __version__
from dossier.backup.manifest import LIST, LOOSE, MANIFEST, Loose, digest_of
from dossier.database import identity, snapshot
from dossier.database.tables import Note
from dossier.files import files, moves
from dossier.files.beneath import Folder, open_folder
from dossier.office.office import Office
from dossier.text import clock, system
from dossier.text.names import printable
from dossier.text.refusals import Conflict, Refusal
from dossier.text.sentences import Sentence, as_data, from_data, sentence
from dossier.trail import anchors
from dossier.vault.folder import Damaged, Vault, hold_leaving
from dossier.vault.opening import open_vault

FORMAT = 1

MARK, SNAPSHOTS, VAULT = "dossier-backup.json", "snapshots", "vault"

_LAST, _FAILED = "backup:last", "backup:failed"

KEEP = 30
"""Snapshots that are kept: a month of nights."""

_UNFINISHED = ".new-"
"""How the name of a snapshot begins that is not made yet, or is going."""

_ROUND = re.compile("[0-9T.]+Z-([0-9]{1,6})")
"""A snapshot's name, once the clock was set back: the time, and a count from 2 on."""

PASSES = 5
"""So often what moves about in the inbox is looked at again, before it is taken as it was."""


@dataclass(slots=True)
class BackupReport:
    """What a backup did."""

    snapshot: Path
    files: int = 0
    new_files: int = 0
    new_bytes: int = 0
    events: int = 0
    before: int = 0
    """Events in the backup before this one; 0 if there was none."""
    digest: str = ""
    """Covers all of the snapshot: by this a restorer sees that it is the one that was made."""
    being_written: list[str] = field(default_factory=list)
    """Files of the inbox that were left out; their drops are not whole yet."""
    damaged: list[Sentence] = field(default_factory=list)
    """Vault files that are gone or are not what they were: no backup can have them."""
    unreadable: list[Sentence] = field(default_factory=list)
    """What else lies there and this user may not read, or the disk does not give."""


def make(office: Office, dest: Path, now: datetime, keep: int = KEEP) -> BackupReport:
    """Back up to `dest`. Refusal where that folder can't be one of backups; OSError; CannotCopy."""
    with _locked(office, dest):
        with open_folder(dest) as top:
            files.sweep_temporaries(top)
        for left in (dest / SNAPSHOTS).glob(f"{_UNFINISHED}*"):
            _remove_snapshot(left)
        name = _next_name(dest, now)
        work = dest / SNAPSHOTS / f"{_UNFINISHED}{name}"
        files.make_folder(work, 0o700)
        try:
            report = _fill(office, dest, work, now)
        except BaseException:
            with contextlib.suppress(OSError):
                files.remove_tree(work)
            raise
        report.snapshot = dest / SNAPSHOTS / name
        moves.move(work, report.snapshot)
        files.sync((), (dest / SNAPSHOTS, dest, dest.parent))
        _thin_out(dest, keep)
    return report


@contextlib.contextmanager
def _locked(office: Office, dest: Path) -> Iterator[None]:
    """See that `dest` is a folder of this office's backups, and that nobody else works in it."""
    need_fit(office, dest)
    whose = {
        "format": FORMAT, "what": "backups of an office, by dossier", "root": str(office.root), "host": socket.gethostname(),
        "office": identity.office_id(), "trial": identity.is_trial(),
    }  # fmt: skip
    files.make_folder(dest, 0o700)
    if not (dest / MARK).exists() or "office" not in read_mark(dest):  # an earlier version knew an office by its folder alone
        files.write_durably(dest / MARK, json.dumps(whose, indent=2).encode(), 0o600)
    for name in (VAULT, SNAPSHOTS):
        files.make_folder(dest / name, 0o700)
    with open(dest / ".lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("restoring.under_way", dest=str(dest)) from None
        except OSError as error:  # a share without locks
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL):
                raise
        yield


def need_fit(office: Office, dest: Path) -> None:
    """Raise Refusal where backups of this office don't belong: within the office, among other
    files, among another office's, which may have stood in the same folder. The database is open."""
    target = Path(os.path.realpath(dest))
    for path in (office.root, office.inbox, office.queue, office.portal, office.vault):
        if target.is_relative_to(os.path.realpath(path)):
            raise Refusal("restoring.within_the_office", dest=str(dest), path=str(path))
    if (dest / MARK).exists():
        found = read_mark(dest)
        if found.get("root") != str(office.root):
            raise Conflict("restoring.of_another", dest=str(dest), root=str(found.get("root")))
        if found.get("office", identity.office_id()) != identity.office_id():
            raise Conflict("restoring.of_another_there", dest=str(dest), root=str(office.root))
        if identity.is_trial() and not found.get("trial"):
            raise Conflict("restoring.not_of_a_trial", dest=str(dest))
    elif dest.exists() and not all(map(files.is_temporary, set(os.listdir(dest)) - {".lock"} - files.of_the_disk(dest))):
        raise Conflict("restoring.no_backups_there", dest=str(dest))


def read_mark(dest: Path) -> dict[str, object]:
    """What `dest` says it is. Refusal if it is no folder of backups that this program can read."""
    try:
        found = json.loads((dest / MARK).read_bytes())
        form = found["format"]
    except (OSError, ValueError, TypeError, KeyError):
        raise Refusal("restoring.no_mark", dest=str(dest), mark=MARK) from None
    if form != FORMAT:
        raise Refusal("restoring.another_version", dest=str(dest), form=str(form))
    return dict(found)


def snapshots(dest: Path) -> list[Path]:
    """The whole ones, in the order in which they were made."""
    found = (path for path in (dest / SNAPSHOTS).iterdir() if not path.name.startswith(".") and (path / MANIFEST).exists())
    return sorted(found, key=lambda path: _place(path.name))


def _place(name: str) -> tuple[int, str]:
    found = _ROUND.fullmatch(name)
    return int(found[1]) if found else 1, name


def _next_name(dest: Path, now: datetime) -> str:
    """The time; once the clock was set back behind the last one's, it counts on beside it."""
    name = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    count, last = max((_place(path.name) for path in snapshots(dest)), default=(1, ""))
    if name <= last:
        count += 1
    return name if count == 1 else f"{name}-{count}"


def _fill(office: Office, dest: Path, work: Path, now: datetime) -> BackupReport:
    report = BackupReport(work, before=_last_manifest(dest).get("events", 0))
    pool = Pool(dest / VAULT)
    known = _known(dest)
    loose = _loose("inbox", office.inbox, pool, known, report)
    for name in LOOSE:
        loose += _loose(name, office.var / name, pool, known, report)
    plain = [*_plain_copies(office.root / "config", work / "config"), *_plain_copies(anchors.folder_of(office), work / "anchors")]
    vault = open_vault(office)
    with hold_leaving(office.vault):
        taken = snapshot.take(office, work)
        _copy_vault(vault, pool, taken.attachments, report)
    listed = "".join(f"{sha256} {size}\n" for sha256, size in sorted(taken.attachments.items()))
    files.write_whole(work / LIST, listed.encode(), 0o600)
    manifest = {
        "format": FORMAT, "program": __version__, "made_at": clock.to_text(now), "root": str(office.root),
        "host": socket.gethostname(), "user": _name_of(pwd.getpwuid, office.var.stat().st_uid),
        "database": taken.path.name, "events": taken.length, "head": taken.head,
        "files": {name: files.hash_file(work / name) for name in [*plain, taken.path.name, LIST]},
        "loose": [asdict(one) for one in loose],
    }  # fmt: skip
    files.write_whole(work / MANIFEST, json.dumps(manifest).encode(), 0o600)
    report.digest = digest_of(work)
    with open_folder(dest) as opened:
        files.sync_whole(opened)  # also what a backup that was killed had copied and not synced
    report.files = len(taken.attachments) + sum(1 for one in loose if one.sha256) + len(plain)
    report.new_files, report.new_bytes, report.events = pool.added, pool.bytes, taken.length
    return report


def _copy_vault(vault: Vault, pool: Pool, attachments: Mapping[str, int], report: BackupReport) -> None:
    for sha256, size in attachments.items():
        if pool.has(sha256, size):
            continue
        place = vault.address_of(sha256)
        try:
            with vault.local(sha256) as path:
                if not pool.keep(path, sha256):
                    report.damaged.append(sentence("restoring.not_as_accepted", place=str(place)))
        except (FileNotFoundError, Damaged, files.Changed, files.NotPlain, files.SourceUnreadable) as error:
            report.damaged.append(sentence("restoring.of_place", place=str(place), why=system.why(error)))


# How the last one went


def note_last(now: datetime, dest: Path, report: BackupReport) -> None:
    """This was the last backup, with what is the matter with it. Inside `transaction()`."""
    values = {"at": clock.local_iso(clock.to_text(now)), "to": str(dest)}
    fault = None
    if report.damaged:
        fault = sentence("backup.lacks_files", count=len(report.damaged), **values)
    elif report.events < report.before:
        fault = sentence("backup.fewer", events=report.events, before=report.before, **values)
    elif report.unreadable:
        fault = sentence("backup.unreadable", count=len(report.unreadable), first=report.unreadable[0], **values)
    _note(_LAST, {"at": clock.to_text(now), "to": str(dest), "fault": as_data(fault) if fault else None})
    Note.delete().where(Note.key == _FAILED).execute()


def note_failed(now: datetime, dest: Path, why: Sentence | str) -> None:
    """A backup failed; remembered until there is a good one. Inside `transaction()`."""
    fault = sentence("backup.failed", at=clock.to_the_minute(clock.to_text(now)), to=str(dest), why=why)
    _note(_FAILED, {"fault": as_data(fault)})


def note_restored(now: datetime, made_at: str, source: Path) -> None:
    """The office was put back from this one: the next is not late at once. In `transaction()`."""
    _note(_LAST, {"at": made_at, "to": str(source), "fault": None, "again": clock.to_text(now)})
    Note.delete().where(Note.key == _FAILED).execute()


def last() -> dict[str, Any] | None:
    """{at, to} of the last backup; None if there was none."""
    note = Note.read(_LAST)
    return dict(json.loads(note)) if note else None


def trouble(office: Office, now: datetime) -> Sentence | str | None:
    """Why this office's backups failed, lack something, or are late; None if it never had one."""
    failed, known = Note.read(_FAILED), last()
    if failed is not None:
        return from_data(json.loads(failed)["fault"])
    if known is None:
        return None
    if known.get("fault"):
        return from_data(known["fault"])
    hours = office.settings.alarms.backup_hours
    if abs(now - clock.from_text(known.get("again", known["at"]))) > timedelta(hours=hours):  # also where the clock was set back
        return sentence("backup.late", at=clock.to_the_minute(known["at"]), to=known["to"], hours=f"{hours:g}")
    return None


def _note(key: str, told: Mapping[str, object]) -> None:
    Note.put(key, json.dumps(told))


class Pool:
    """The files of a backup, by hash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.added = 0
        self.bytes = 0

    def location(self, sha256: str) -> Path:
        return self.path / sha256[:2] / sha256

    def has(self, sha256: str, size: int) -> bool:
        look = files.look(self.location(sha256))
        return look is not None and look.size == size

    def keep(self, source: Path, wanted: str | None = None) -> str | None:
        """Copy a file in, unless it is there; its SHA-256, or None if it is not the `wanted`
        one."""
        copy = files.copy_hashed(source, self.path, mode=0o600)
        target = self.location(copy.sha256)
        if wanted not in (None, copy.sha256) or self.has(copy.sha256, copy.source.size):
            files.remove(copy.path)
            return copy.sha256 if wanted in (None, copy.sha256) else None
        files.make_folder(target.parent, 0o700)
        moves.move(copy.path, target)
        self.added += 1
        self.bytes += copy.source.size
        return copy.sha256


def _known(dest: Path) -> dict[tuple[str, str, int, int], str]:
    """(where, path, size, mtime) → SHA-256 in the last snapshot: such a file isn't read again."""
    loose = _last_manifest(dest).get("loose", ())
    return {(one["where"], one["path"], one["size"], one["mtime_ns"]): one["sha256"] for one in loose if one["sha256"]}


def _last_manifest(dest: Path) -> dict[str, Any]:
    last = next(reversed(snapshots(dest)), None)
    return dict(json.loads((last / MANIFEST).read_bytes())) if last else {}


def _loose(where: str, top: Path, pool: Pool, known: dict[tuple[str, str, int, int], str], report: BackupReport) -> list[Loose]:
    """All files and folders below `top`, looked at again as long as anything moves."""
    found: dict[str, Loose] = {}
    busy: list[str] = []
    unreadable: dict[str, OSError] = {}

    def note_unreadable(path: Path, error: OSError) -> None:
        unreadable[f"{where}/{path.relative_to(top)}"] = error

    for _ in range(PASSES):
        found, busy, moved = {}, [], False
        unreadable.clear()
        for path in _below(top, note_unreadable):
            name = str(path.relative_to(top))
            try:
                status = path.lstat()
            except FileNotFoundError:
                moved = True
                continue
            except OSError as error:
                note_unreadable(path, error)
                continue
            try:
                digest = _digest(path, (where, name, status.st_size, status.st_mtime_ns), pool, known, status)
            except FileNotFoundError:
                moved = True
            except files.Changed:
                moved = moved or not os.path.lexists(path)
                busy += [f"{where}/{name}"] if os.path.lexists(path) else []
            except files.SourceUnreadable as error:
                note_unreadable(path, error)
            else:
                found[name] = _entry(where, name, digest, status)
        if not moved and all(os.path.lexists(top / name) for name in found):
            break
    report.being_written += busy
    report.unreadable += [
        sentence("restoring.of_place", place=printable(name), why=system.why(error)) for name, error in unreadable.items()
    ]
    return list(found.values())


def _digest(
    path: Path,
    key: tuple[str, str, int, int],
    pool: Pool,
    known: dict[tuple[str, str, int, int], str],
    status: os.stat_result,
) -> str:
    """The SHA-256 of a file that is in the pool now; empty for a folder."""
    if stat.S_ISDIR(status.st_mode):
        return ""
    digest = known.get(key)
    if digest is None or not pool.has(digest, status.st_size):
        digest = known[key] = pool.keep(path) or ""
    return digest


def _below(top: Path, unreadable: Callable[[Path, OSError], None]) -> Iterator[Path]:
    """In each folder files first, and last the folders that things are moved to (`_rejected`).

    `unreadable` is told of a folder that can't be looked into, and may raise.
    """
    try:
        with os.scandir(top) as entries:
            inside = [entry for entry in entries if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    except OSError as error:
        unreadable(top, error)
        return
    for entry in sorted(inside, key=lambda entry: (entry.is_dir(follow_symlinks=False), entry.name.startswith("_"), entry.name)):
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), unreadable)


def _entry(where: str, name: str, digest: str, status: os.stat_result) -> Loose:
    return Loose(
        where, name, digest, status.st_size if digest else 0, stat.S_IMODE(status.st_mode), status.st_mtime_ns,
        status.st_uid, _name_of(pwd.getpwuid, status.st_uid), status.st_gid, _name_of(grp.getgrgid, status.st_gid),
    )  # fmt: skip


def _name_of(look_up: Callable[[int], pwd.struct_passwd | grp.struct_group], number: int) -> str:
    """What this machine calls a user or a group; "" for one that it does not know."""
    try:
        return str(look_up(number)[0])
    except KeyError:
        return ""


def _raise(path: Path, error: OSError) -> None:  # noqa: ARG001 - the error names it
    raise error


def _plain_copies(source: Path, target: Path) -> list[str]:
    """Copy a small folder as it is; the names, from the folder above `target`."""
    made = []
    for path in _below(source, _raise):
        if path.name == identity.NAME or path.suffix == ".tmp":
            continue  # a restored office makes a mark of its own
        copy = target / path.relative_to(source)
        if path.is_dir():
            files.make_folder(copy, 0o700)
        else:
            files.make_folder(copy.parent, 0o700)
            files.copy_to(path, copy, 0o600)
            made.append(str(copy.relative_to(target.parent)))
    return made


def _thin_out(dest: Path, keep: int) -> None:
    """Remove the oldest beyond `keep`, then files that no snapshot needs. In doubt none."""
    all_of_them = snapshots(dest)
    for old in all_of_them[: -max(1, keep)]:
        going = old.with_name(f"{_UNFINISHED}{old.name}")
        moves.move(old, going)
        _remove_snapshot(going)
    needed = set[str]().union(*map(needed_by, snapshots(dest)))
    with open_folder(dest / VAULT) as pool:
        for name in pool.names():
            if name.endswith(".tmp"):
                files.remove(pool / name)
            elif re.fullmatch("[0-9a-f]{2}", name):
                _thin_out_shelf(pool, name, needed)


def _thin_out_shelf(pool: Folder, name: str, needed: set[str]) -> None:
    with pool.open(name) as shelf:  # never through a link: nothing is removed elsewhere
        for one in shelf.names():
            if re.fullmatch("[0-9a-f]{64}", one) and one not in needed:  # a NAS has folders of its own everywhere
                files.remove(shelf / one)


def _remove_snapshot(path: Path) -> None:
    """What can't go, as another account's folder in it, waits for the next backup: this is good."""
    with contextlib.suppress(OSError):
        files.remove_tree(path)


def needed_by(path: Path) -> set[str]:
    """The SHA-256 of every vault file that a snapshot needs. OSError, ValueError if untold."""
    listed = {line.split()[0] for line in (path / LIST).read_text().splitlines()}
    return listed | {one["sha256"] for one in json.loads((path / MANIFEST).read_bytes())["loose"] if one["sha256"]}
