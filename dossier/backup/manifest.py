"""What a snapshot says that it holds, read as what a stranger wrote: judged here before it is used.

A backup may lie where others can write, and a restore is often run as root. So
- a name in it is made of plain parts: it leads nowhere but into the folder that it is put into;
- whatever is read of the snapshot is a plain file, reached without following a link;
- a file gets no rights but to read, write and run it, and only files and folders are made;
- a hash is 64 digits, so no name that is made of it leads elsewhere.

That it fits together shows that the snapshot is whole, not who made it. The manifest's digest,
which covers all the rest, shows that: `backup` prints it, and the trail keeps it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from dossier.database import snapshot
from dossier.files import files
from dossier.files.beneath import At, open_beneath
from dossier.text import names, system
from dossier.text.refusals import Refusal

MANIFEST, LIST = "manifest.json", "vault.txt"

LOOSE = ("quarantine", "breaches", "erasures")
"""Folders of var/ that nothing else has: what was put aside, drafts of breaches, erasures."""

MOST_BYTES = 4 * 1024 * 1024 * 1024
"""A manifest has a line for each file of the inbox: some ten million of them."""

_SHA256 = re.compile("[0-9a-f]{64}")

FILE_RIGHTS, FOLDER_RIGHTS = 0o777, 0o3777
"""What a file and a folder may be given: no set-user-id. Folders of a share keep their group."""


class BackupDamaged(Refusal):
    """Something in the backup is not what was put there."""


@dataclass(frozen=True, slots=True)
class Loose:
    """What lies outside the vault: `where` is `inbox` or one of LOOSE. A folder has no `sha256`."""

    where: str
    path: str
    sha256: str
    size: int
    mode: int
    mtime_ns: int
    uid: int
    user: str
    gid: int
    group: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds, judged."""

    digest: str
    """SHA-256 of the manifest."""
    made_at: str
    user: str | None
    """Whose the office's var/ was, by name; None: the backup is of an earlier version."""
    database: str
    events: int
    head: str
    files: Mapping[str, str]
    """Name in the snapshot → SHA-256: config/, anchors/, the database, and the vault's list."""
    loose: list[Loose]
    """Folders before what is in them."""
    attachments: dict[str, int]
    """SHA-256 → size of every version of an attachment."""


def digest_of(path: Path) -> str:
    """The digest of the snapshot at `path`, which covers all of it. Raises OSError."""
    return files.hash_file(path / MANIFEST)


def read(path: Path) -> Manifest:
    """The snapshot's manifest, and that what it names is there as it says. BackupDamaged."""
    try:
        with at(path, MANIFEST) as place:
            data = files.read_plain(place, MOST_BYTES)[0]
        found = _judged(json.loads(data), hashlib.sha256(data).hexdigest())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = names.printable(str(error))
        raise BackupDamaged("restoring.no_manifest", path=str(path / MANIFEST), why=why, folder=str(path.parent)) from error
    for name, digest in found.files.items():
        try:
            with at(path, name) as place:
                same = files.hash_file(place) == digest
        except OSError as error:
            raise BackupDamaged("restoring.unreadable", path=str(path / name), why=system.why(error)) from error
        if not same:
            raise BackupDamaged("restoring.damaged", path=str(path / name))
    with at(path, LIST) as place:
        return replace(found, attachments=_listed(path, files.read_plain(place, MOST_BYTES)[0]))


@contextmanager
def at(path: Path, name: str) -> Iterator[At]:
    """A file of the snapshot in a folder held open, reached without a link. Raises OSError."""
    *folders, last = _plain(name).split("/")
    with open_beneath(path, *folders) as folder:
        yield folder / last


def _judged(given: Any, digest: str) -> Manifest:
    """Raises ValueError, KeyError, TypeError: with what is wrong with it."""
    listed = {_plain(name): _hash(sha256) for name, sha256 in dict(given["files"]).items()}
    database = given["database"]
    if database not in (snapshot.SQLITE, snapshot.POSTGRESQL):
        raise ValueError(f"the database is called {database!r}")
    for name in listed:
        top, _, below = name.partition("/")
        if name not in (database, LIST) and not (top in ("config", "anchors") and below):
            raise ValueError(f"{name!r} is no part of a backup")
    if lacking := {database, LIST, "config/settings.yaml"} - listed.keys():
        raise ValueError(f"{', '.join(sorted(lacking))} lacks in it")
    loose = sorted((_loose(one) for one in given["loose"]), key=lambda one: (one.where, one.path.split("/")))
    _check_apart([name.split("/") for name in listed], set())
    _check_apart(
        [[one.where, *one.path.split("/")] for one in loose],
        {(one.where, *one.path.split("/")) for one in loose if not one.sha256},
    )
    return Manifest(
        digest, _text(given["made_at"]), _text(given["user"]) if "user" in given else None, database,
        _number(given["events"]), _text(given["head"]), listed, loose, {},
    )  # fmt: skip


def _check_apart(paths: list[list[str]], folders: Collection[tuple[str, ...]]) -> None:
    """No name twice, and nothing below what is a file. Raises ValueError."""
    seen: set[tuple[str, ...]] = set()
    for parts in map(tuple, paths):
        if parts in seen:
            raise ValueError(f"{'/'.join(parts)!r} is in it twice")
        seen.add(parts)
    plain_files = seen - set(folders)
    for parts in seen:
        if any(parts[:end] in plain_files for end in range(1, len(parts))):
            raise ValueError(f"{'/'.join(parts)!r} lies below a file")


def _loose(given: Mapping[str, Any]) -> Loose:
    values = {field.name: given[field.name] for field in fields(Loose)}
    for name in ("where", "path", "sha256", "user", "group"):
        _text(values[name])
    for name in ("size", "mode", "mtime_ns", "uid", "gid"):
        _number(values[name], least=-(2**63) if name == "mtime_ns" else 0)
    one = Loose(**values)
    if one.where != "inbox" and one.where not in LOOSE:
        raise ValueError(f"{one.where!r} is no folder of an office")
    _plain(one.path)
    if one.sha256:
        _hash(one.sha256)
    is_unsigned = bool(one.sha256) and one.mode & ~FILE_RIGHTS == files.UNSIGNED  # what dossier wrote has no other
    return replace(one, mode=one.mode & (FILE_RIGHTS if one.sha256 else FOLDER_RIGHTS) | (files.UNSIGNED if is_unsigned else 0))


def _plain(name: object) -> str:
    """A path made of plain names, which leads nowhere but below."""
    if any(part in ("", ".", "..") or "\0" in part for part in _text(name).split("/")):
        raise ValueError(f"{name!r} leads elsewhere")
    return str(name)


def _hash(sha256: object) -> str:
    if not _SHA256.fullmatch(_text(sha256)):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return str(sha256)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object, least: int = 0) -> int:
    if type(value) is not int or not least <= value < 2**63:
        raise TypeError(f"{value!r} is no such number")
    return int(value)


def _listed(path: Path, data: bytes) -> dict[str, int]:
    """The list of the vault. Raises Damaged."""
    found = {}
    for number, line in enumerate(data.decode("ascii", "replace").splitlines(), 1):
        sha256, _, size = line.partition(" ")
        if not _SHA256.fullmatch(sha256) or not re.fullmatch("[0-9]{1,18}", size):
            raise BackupDamaged("restoring.no_file_of_a_vault", path=f"{path / LIST}:{number}")
        found[sha256] = int(size)
    return found
