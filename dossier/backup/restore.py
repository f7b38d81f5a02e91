"""A backup becomes an office again, in an empty folder, and every file of it is checked on the way.

 1. look       is the snapshot whole, is the room there, is nothing yet where it goes? Nothing was written.
 2. mark       ROOT/.restoring says that what lies here is no office yet.
 3. files      vault, inbox, quarantine, anchors: each hashed as it is written. The inbox's files keep owner, rights and time, as far as
               this user may give them: who dropped a file is known by its owner.
 4. database   put back, checked by its own means; the trail must verify, against the anchors, and end where the backup says.
 5. config     settings.yaml last: without it there is no office, so nothing starts on half of one.

Killed, or a file is damaged? The mark stays, and what lies there is never taken for an office: remove it and restore again.
The portal is not in a backup; the caller has it made anew.
"""

from __future__ import annotations

import errno
import grp
import json
import os
import pwd
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dossier.backup.backup import LIST, LOOSE, MANIFEST, SNAPSHOTS, VAULT, Loose, Pool, read_mark, snapshots
from dossier.database import snapshot
from dossier.database.database import open_database
from dossier.files import files
from dossier.office.office import Office
from dossier.office.opening import load_office
from dossier.office.words import RESTORING, SETTINGS, ConfigurationError
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence
from dossier.trail import anchors, auditing, trail
from dossier.vault import folder as vault_room
from dossier.vault import opening


class Damaged(Refusal):
    """Something in the backup is not what was put there."""


@dataclass(slots=True)
class Restored:
    """What was put back."""

    office: Office
    snapshot: Path
    made_at: str
    files: int = 0
    events: int = 0
    strange_owners: list[str] = field(default_factory=list)
    """Files of the inbox whose owner could not be given back."""


def find(source: Path) -> Path:
    """The snapshot that is meant: `source` itself, or the last of a folder of backups. Raises Refusal."""
    if (source / MANIFEST).is_file() and source.parent.name == SNAPSHOTS:
        read_mark(source.parent.parent)
        return source
    read_mark(source)
    found = snapshots(source)
    if not found:
        raise Refusal(f"{source} holds no backup that was finished")
    return found[-1]


def restore(source: Path, root: Path, environ: Mapping[str, str]) -> Restored:
    """Make an office in `root` from a backup; its database is open then.

    Raises Refusal (Damaged) where that can't be, ConfigurationError, OSError, DatabaseUnavailable.
    """
    path = find(source)
    manifest = _checked_manifest(path)
    try:
        office = replace(load_office(path, environ), root=root)
    except ConfigurationError as error:
        raise ConfigurationError(
            [replace(fault, file=f"{path}/{fault.file}") for fault in error.faults], error.language
        ) from error
    pool = Pool(path.parent.parent / VAULT)
    listed = dict(line.split() for line in (path / LIST).read_text().splitlines())
    loose = [Loose(**one) for one in manifest["loose"]]
    _look(office, path, {sha256: int(size) for sha256, size in listed.items()}, loose, pool)

    files.make_folder(root, 0o700)  # all of it is confidential; who else gets in is for who restores to say
    files.write_durably(
        root / RESTORING, b"A restore is under way, or was broken off. Then remove this folder and restore again.\n"
    )
    restored = Restored(office, path, manifest["made_at"])
    _put_vault(office, listed, pool, restored)
    _put_loose(office, loose, pool, restored)
    _put_plain(path, manifest["files"], "anchors/", anchors.folder_of(office), 0o640)
    _put_database(office, path, manifest)
    restored.events = manifest["events"]
    for name in (office.queue, office.portal):
        files.make_folder(name)
    _put_plain(path, {name: digest for name, digest in manifest["files"].items() if name != SETTINGS}, "config/", root / "config")
    _put_plain(path, {SETTINGS: manifest["files"][SETTINGS]}, "config/", root / "config")
    files.remove(root / RESTORING)
    files.sync((), (root,))
    return restored


# 1. look


def _checked_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = dict(json.loads((path / MANIFEST).read_bytes()))
        digests = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path / MANIFEST} can't be read ({error}); restore an earlier snapshot of {path.parent}") from error
    for name, digest in digests.items():
        try:
            same = files.hash_file(path / name) == digest
        except OSError as error:
            raise Damaged(f"{path / name} can't be read ({error.strerror}); restore an earlier snapshot") from error
        if not same:
            raise Damaged(f"{path / name} is damaged; restore an earlier snapshot")
    copy = path / manifest["database"]
    try:
        fault = snapshot.why_damaged(copy) if copy.name == snapshot.SQLITE else None
    except sqlite3.OperationalError as error:
        raise Damaged(f"{copy} can't be read ({error}); look at its disk, then try again") from error
    if fault:
        raise Damaged(f"{copy} is damaged: {fault}")
    return manifest


def _look(office: Office, path: Path, listed: Mapping[str, int], loose: Iterable[Loose], pool: Pool) -> None:
    """See that everything is there, and that there is room for it, and nothing in its way, before anything is written."""
    wanted = {**listed, **{one.sha256: one.size for one in loose if one.sha256}}
    lacking = [sha256 for sha256, size in wanted.items() if not pool.has(sha256, size)]
    if lacking:
        raise Damaged(
            f"{len(lacking)} files are gone from {pool.path}, or cut off, the first is {lacking[0]}; restore an earlier snapshot"
        )
    if (office.root / RESTORING).exists():
        raise Refusal(f"a restore to {office.root} was broken off; remove that folder and restore again")
    for target in (office.root, office.inbox, office.queue, office.portal, office.vault):
        if os.path.lexists(target) and (not target.is_dir() or any(target.iterdir())):
            raise Refusal(f"{target} is not empty; give --root a folder that is empty or not there yet" + (
                "" if target == office.root else ", or other folders (paths in the backup's config/settings.yaml, DOSSIER_PATHS__…)"))  # fmt: skip
    for url in (office.vault_store, office.portal_store):
        if url is not None and _holds_something(office, url):
            raise Refusal(
                f"{url} is not empty; give an empty prefix or bucket, by DOSSIER_PATHS__VAULT and DOSSIER_PATHS__PORTAL"
            )
    if not snapshot.is_empty(office):
        raise Refusal("there is a database already where database.url points; give another, by DOSSIER_DATABASE__URL")
    above = next(folder for folder in (office.root, *office.root.parents) if folder.is_dir())
    room = os.statvfs(above)
    needed, free = sum(wanted.values()) + sum(one.stat().st_size for one in path.iterdir()), room.f_bavail * room.f_frsize
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed // 2**20} MB are needed, {free // 2**20} MB are free", str(above))


def _holds_something(office: Office, url: str) -> bool:
    from dossier.object_store.store import Store

    return next(Store(office, url).entries("", limit=1), None) is not None


# 3. files


def _put_vault(office: Office, listed: Iterable[str], pool: Pool, restored: Restored) -> None:
    try:
        restored.files += opening.open_vault(office).put((sha256, pool.location(sha256)) for sha256 in listed)
    except vault_room.Damaged as error:
        raise Damaged(f"{error.filename} is damaged; restore an earlier snapshot, or find the file elsewhere") from error


def _put(pool: Pool, sha256: str, target: Path, mode: int) -> None:
    if files.copy_to(pool.location(sha256), target, mode) != sha256:
        raise Damaged(f"{pool.location(sha256)} is damaged; restore an earlier snapshot, or find the file elsewhere")


def _put_loose(office: Office, loose: list[Loose], pool: Pool, restored: Restored) -> None:
    """Folders first, as they were listed; rights and times of folders last, when nothing is put into them any more."""
    tops = {"inbox": office.inbox, **{name: office.var / name for name in LOOSE}}
    files.make_folder(office.inbox, 0o775)
    made = []
    for one in loose:
        target = tops[one.where] / one.path
        if one.sha256:
            files.make_folder(target.parent, 0o775)
            _put(pool, one.sha256, target, 0o600)
            restored.files += 1
            made.append(target)
        else:
            files.make_folder(target, 0o775)
    for one in reversed(loose):
        target = tops[one.where] / one.path
        if not files.make_as_it_was(target, _uid(one), _gid(one), one.mode, one.mtime_ns) and one.sha256:
            restored.strange_owners.append(f"{one.where}/{one.path} ({one.user or one.uid})")
    files.sync(made, [office.inbox, *{path.parent for path in made}])


def _uid(one: Loose) -> int:
    """The user by name: on another machine the number may be somebody else's."""
    try:
        return pwd.getpwnam(one.user).pw_uid if one.user else one.uid
    except KeyError:
        return one.uid


def _gid(one: Loose) -> int:
    try:
        return grp.getgrnam(one.group).gr_gid if one.group else one.gid
    except KeyError:
        return one.gid


# 4. database, 5. config


def _put_database(office: Office, path: Path, manifest: Mapping[str, Any]) -> None:
    snapshot.put_back(office, path / manifest["database"])
    open_database(office)
    found, wrong = anchors.read(anchors.folder_of(office))
    fault: Sentence | str | None = wrong or auditing.first_fault(found)
    if fault is None and trail.head() != (manifest["events"], manifest["head"]):
        fault = f"it ends with event {trail.head()[0]}, and the backup was made at event {manifest['events']}"
    if fault is not None:
        raise Damaged(f"the trail of the backup does not verify: {fault}")


def _put_plain(path: Path, digests: Mapping[str, str], prefix: str, target: Path, mode: int = 0o644) -> None:
    made = []
    for name, digest in digests.items():
        if name.startswith(prefix):
            copy = target / name.removeprefix(prefix)
            files.make_folder(copy.parent)
            if files.copy_to(path / name, copy, mode) != digest:
                raise Damaged(f"{path / name} is damaged; restore an earlier snapshot")
            made.append(copy)
    files.sync(made, {copy.parent for copy in made})
