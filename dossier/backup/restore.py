"""A backup becomes an office again, in an empty folder, and every file of it is checked on the way.

Nothing that a snapshot says is believed (manifest.py). Whoever has its digest from elsewhere, as
`backup` printed it, can have it compared. Without that, a settings.yaml that leads out of the root
is not followed, and it is told that nobody knows whose backup this is.

 1. look       is the snapshot whole, is the room there, is nothing yet where it goes? Nothing was
               written.
 2. mark       ROOT/.restoring says that what lies here is no office yet.
 3. files      vault, inbox, quarantine, anchors: each hashed as it is written. The inbox's files
               keep rights and time, and their owner too, as far as this user may give it and it is
               one of the office's: who dropped a file is known by its owner.
 4. database   put back, and checked by its own means. The trail must verify, against the anchors,
               and end where the backup says. An office for trying says from here on that it is one.
 5. config     settings.yaml last: without it there is no office, so nothing starts on half of one.
 6. begin      what the caller has to put right in it, and tells the trail. Then the mark goes.

Killed, or a file is damaged? The mark stays, and what lies there is never taken for an office:
remove it and restore again; where nobody has that file any more, without it (`may_lack`). The
portal is not in a backup; the caller has it made anew.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dossier.backup import manifest
from dossier.backup.backup import SNAPSHOTS, VAULT, Pool, read_mark, snapshots
from dossier.backup.manifest import LOOSE, MANIFEST, BackupDamaged, Manifest
from dossier.database import identity, snapshot
from dossier.database.database import open_database, transaction
from dossier.files import files
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.terms import RESTORING, SETTINGS, ConfigurationError
from dossier.text import clock
from dossier.text.refusals import Conflict, NotFound, Refusal
from dossier.text.sentences import Sentence, sentence
from dossier.trail import anchors, auditing, trail
from dossier.vault import folder as vault_room
from dossier.vault import opening


@dataclass(slots=True)
class Restored:
    """What was put back."""

    office: Office
    snapshot: Path
    made_at: str
    digest: str
    is_known: bool
    """True if the digest is the one that was given: it is the backup that was made."""
    files: int = 0
    events: int = 0
    strange_owners: list[str] = field(default_factory=list)
    """Files of the inbox whose owner could not be given back."""
    lost: Collection[str] = ()
    """SHA-256 of each file that the backup lacks, or has damaged."""
    lost_places: list[str] = field(default_factory=list)
    """Where such a file lay that is in no item: `inbox/…`."""


def find(source: Path) -> Path:
    """The snapshot that is meant: `source`, or the last of a folder of backups. Raises Refusal."""
    if (source / MANIFEST).is_file() and source.parent.name == SNAPSHOTS:
        read_mark(source.parent.parent)
        return source
    read_mark(source)
    found = snapshots(source)
    if not found:
        raise NotFound("restoring.nothing_finished", source=str(source))
    return found[-1]


def restore(
    source: Path,
    root: Path,
    environ: Mapping[str, str],
    digest: str | None = None,
    is_trial: bool = False,
    may_lack: bool = False,
    begin: Callable[[Restored], None] = lambda _: None,
) -> Restored:
    """Make an office in `root` from a backup; its database is open then. `digest`: `backup`'s.
    `begin` is done with it before anybody takes it for an office.

    `is_trial`: one to look at and try, from which nothing leaves (identity.py); all of it lies in
    `root`. `may_lack`: files that are damaged or gone are left out. Refusal (BackupDamaged),
    ConfigurationError, OSError, DatabaseUnavailable.
    """
    path = find(source)
    given = manifest.read(path)
    if digest is not None and digest.lower().removeprefix("sha256:") != given.digest:
        raise Refusal("restoring.another_digest", path=str(path), digest=given.digest)
    office = _office_of(path, given, root, environ)
    if digest is None or is_trial:
        _check_stays_inside(office, given, environ, is_trial)
    pool = Pool(path.parent.parent / VAULT)
    lost = _lost(given, pool) if may_lack else set()
    _look(office, path, given, pool, lost)

    files.make_folder(root, 0o700)  # all of it is confidential; who else gets in is for who restores to say
    files.write_durably(
        root / RESTORING, b"A restore is under way, or was broken off. Then remove this folder and restore again.\n"
    )
    restored = Restored(office, path, given.made_at, given.digest, digest is not None, lost=lost)
    _put_vault(office, [sha256 for sha256 in given.attachments if sha256 not in lost], pool, restored)
    _put_loose(office, given, pool, restored)
    _put_plain(path, given.files, "anchors/", anchors.folder_of(office), 0o640)
    _put_database(office, path, given)
    if is_trial:
        with transaction():
            identity.note_trial(office, clock.utc_now())
    restored.events = given.events
    for name in (office.queue, office.portal):
        files.make_folder(name)
    _put_plain(path, {name: digest for name, digest in given.files.items() if name != SETTINGS}, "config/", root / "config")
    _put_plain(path, {SETTINGS: given.files[SETTINGS]}, "config/", root / "config")
    begin(restored)
    files.remove(root / RESTORING)
    files.sync((), (root,))
    return restored


# 1. look


def _office_of(path: Path, given: Manifest, root: Path, environ: Mapping[str, str]) -> Office:
    """The office of the snapshot's config/, as it was when hashed. Raises ConfigurationError."""
    with tempfile.TemporaryDirectory() as made:
        _put_plain(path, given.files, "config/", Path(made) / "config", 0o600)
        try:
            return replace(load_office(Path(made), environ), root=root)
        except ConfigurationError as error:
            raise ConfigurationError(
                [fault._replace(file=f"{path}/{fault.file}") for fault in error.faults], error.language
            ) from error


def _check_stays_inside(office: Office, given: Manifest, environ: Mapping[str, str], is_trial: bool) -> None:
    """What only the snapshot's settings say lies in the root, or it could be written anywhere."""
    paths, root = office.settings.paths, os.path.realpath(office.root)
    leading = {f"paths.{name}": str(getattr(paths, name)) for name in ("inbox", "queue", "portal", "vault")}
    leading["database.url"] = office.settings.database.url.removeprefix("sqlite:///")
    for key, place in leading.items():
        variable = f"DOSSIER_{key.replace('.', '__').upper()}"
        if variable in environ:
            continue
        whole = os.path.realpath(office.root / place)
        if "://" in place or not whole.startswith(root + os.sep):
            code = "restoring.trial_leads_outside" if is_trial else "restoring.leads_outside"
            raise Refusal(code, name=key, root=str(office.root), digest=given.digest, variable=variable)


def _wanted(given: Manifest) -> dict[str, int]:
    """SHA-256 and size of each file that the snapshot names."""
    return {**given.attachments, **{one.sha256: one.size for one in given.loose if one.sha256}}


def _lost(given: Manifest, pool: Pool) -> set[str]:
    """What of it the backup lacks, or has damaged: all of it is read."""
    return {sha256 for sha256, size in _wanted(given).items() if not pool.has(sha256, size) or not _is_whole(pool, sha256)}


def _is_whole(pool: Pool, sha256: str) -> bool:
    try:
        return files.hash_file(pool.location(sha256)) == sha256
    except (OSError, files.NotPlain):
        return False


def _look(office: Office, path: Path, given: Manifest, pool: Pool, lost: Collection[str]) -> None:
    """See that all is there that is not `lost`, that there is room, and nothing in its way, before
    a write."""
    copy = path / given.database
    snapshot.see_that_it_fits(office, copy)
    try:
        fault = snapshot.why_damaged(copy) if given.database == snapshot.SQLITE else None
    except sqlite3.OperationalError as error:
        raise BackupDamaged("restoring.disk", path=str(copy), why=str(error)) from error
    if fault:
        raise BackupDamaged("restoring.damaged_by", path=str(copy), fault=fault)
    wanted = {sha256: size for sha256, size in _wanted(given).items() if sha256 not in lost}
    lacking = [sha256 for sha256, size in wanted.items() if not pool.has(sha256, size)]
    if lacking:
        raise BackupDamaged("restoring.files_gone", count=len(lacking), pool=str(pool.path), first=lacking[0])
    if (office.root / RESTORING).exists():
        raise Conflict("restoring.broken_off", root=str(office.root))
    for target in (office.root, office.inbox, office.queue, office.portal, office.vault):
        if os.path.lexists(target) and (not target.is_dir() or set(os.listdir(target)) - files.of_the_disk(target)):
            raise Conflict("restoring.not_empty" if target == office.root else "restoring.others_not_empty", path=str(target))
    for url in (office.vault_store, office.portal_store):
        if url is not None and _holds_something(office, url):
            raise Conflict("restoring.store_not_empty", url=url)
    if not snapshot.is_empty(office):
        raise Conflict("restoring.database_there")
    above = next(folder for folder in (office.root, *office.root.parents) if folder.is_dir())
    room = os.statvfs(above)
    needed, free = sum(wanted.values()) + sum(one.stat().st_size for one in path.iterdir()), room.f_bavail * room.f_frsize
    if needed > free:
        raise OSError(errno.ENOSPC, sentence("restoring.no_room", needed=needed // 2**20, free=free // 2**20), str(above))


def _holds_something(office: Office, url: str) -> bool:
    from dossier.object_store.store import ObjectStore

    return next(ObjectStore(office, url).entries("", limit=1), None) is not None


# 3. files


def _put_vault(office: Office, listed: Iterable[str], pool: Pool, restored: Restored) -> None:
    try:
        restored.files += opening.open_vault(office).put((sha256, pool.location(sha256)) for sha256 in listed)
    except vault_room.Damaged as error:
        raise BackupDamaged("restoring.file_damaged", path=str(error.filename)) from error


def _put(pool: Pool, sha256: str, target: Path, mode: int) -> None:
    if files.copy_to(pool.location(sha256), target, mode) != sha256:
        raise BackupDamaged("restoring.file_damaged", path=str(pool.location(sha256)))


def _put_loose(office: Office, given: Manifest, pool: Pool, restored: Restored) -> None:
    """Folders before what is in them; rights, owners and times of folders when all are full."""
    tops = {"inbox": office.inbox, **{name: office.var / name for name in LOOSE}}
    files.make_folder(office.inbox, 0o775)
    made = []
    for one in given.loose:
        target = tops[one.where] / one.path
        if one.sha256 in restored.lost:
            restored.lost_places.append(f"{one.where}/{one.path}")
        elif one.sha256:
            files.make_folder(target.parent, 0o775)
            _put(pool, one.sha256, target, 0o600)
            restored.files += 1
            made.append(target)
        else:
            files.make_folder(target, 0o775)
    ours = _accounts(office, given)
    for one in reversed([one for one in given.loose if one.sha256 not in restored.lost]):
        target, uid = tops[one.where] / one.path, _number_of(pwd.getpwnam, one.user, one.uid)
        gid = _number_of(grp.getgrnam, one.group, one.gid)
        is_ours = given.user is None or uid in ours
        is_as_it_was = files.make_as_it_was(target, uid if is_ours else os.geteuid(), gid, one.mode, one.mtime_ns)
        if one.sha256 and not (is_ours and is_as_it_was):
            restored.strange_owners.append(f"{one.where}/{one.path} ({one.user or one.uid})")
            if one.user != given.user:  # whoever restores says nothing by what is somebody else's
                files.unsign(target)
    files.sync(made, [office.inbox, *{path.parent for path in made}])


def _accounts(office: Office, given: Manifest) -> Collection[int]:
    """Whose a file can be: the staff's, a scanner's, the daemon's, the restoring user's."""
    names = {one.os_user for one in office.staff.values()} | set(office.settings.identity.file_owners) | {given.user}
    found = {os.geteuid()}
    for name in names:
        try:
            found.add(pwd.getpwnam(name or "").pw_uid)
        except KeyError:
            continue
    return found


def _number_of(look_up: Callable[[str], pwd.struct_passwd | grp.struct_group], name: str, otherwise: int) -> int:
    """A user or group by name: on another machine the number may be somebody else's."""
    try:
        return int(look_up(name)[2]) if name else otherwise
    except KeyError:
        return otherwise


# 4. database, 5. config


def _put_database(office: Office, path: Path, given: Manifest) -> None:
    copy = office.root / given.database  # what is put back is what was hashed, whatever becomes of the snapshot meanwhile
    _put_file(path, given.database, copy, given.files, 0o600)
    try:
        snapshot.put_back(office, copy)
    finally:
        files.remove(copy)
    open_database(office)
    found, wrong = anchors.read(anchors.folder_of(office))
    fault: Sentence | str | None = wrong or auditing.first_fault(found)
    if fault is None and trail.head() != (given.events, given.head):
        fault = sentence("restoring.ends_otherwise", last=trail.head()[0], wanted=given.events)
    if fault is not None:
        raise BackupDamaged("restoring.trail", fault=fault)


def _put_plain(path: Path, digests: Mapping[str, str], prefix: str, target: Path, mode: int = 0o644) -> None:
    made = []
    for name in digests:
        if name.startswith(prefix):
            copy = target / name.removeprefix(prefix)
            files.make_folder(copy.parent)
            _put_file(path, name, copy, digests, mode)
            made.append(copy)
    files.sync(made, {copy.parent for copy in made})


def _put_file(path: Path, name: str, target: Path, digests: Mapping[str, str], mode: int) -> None:
    """A file of the snapshot, as the manifest tells of it. Raises Damaged."""
    with manifest.at(path, name) as place:
        if files.copy_to(place, target, mode) != digests[name]:
            raise BackupDamaged("restoring.damaged", path=str(path / name))
