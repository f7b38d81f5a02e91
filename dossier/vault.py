"""The vault: every attachment version ever accepted, by its SHA-256, as `vault/ab/ab12…`.

A file comes in as a copy that nobody else ever had open: what is hashed is what is kept, whatever happens to the
source meanwhile. `receive` makes the copy under a temporary name, `keep` gives it its own, `sync` puts it on the disk. A
power cut before that may leave a torn file under a good name; so a name that exists already is never believed, but read.

What a vault file is for is in the database. A file that no attachment names is left over from a crash and harmless.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from dossier import files, moves
from dossier.files import Copy, Look

_INCOMING = ".incoming"
_LOCK = ".lock"

SETTLED_SECONDS = 3600
"""A file that was received so lately may be of an item that is just being made."""


LEAVING = ".leaving.lock"
"""Who removes files from the vault holds this alone; who must find all of them there, shared."""


@contextlib.contextmanager
def hold_leaving(vault: Path) -> Iterator[None]:
    """Nothing leaves the vault meanwhile: what retention would remove goes at its next sweep."""
    with open(vault / LEAVING, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


class Damaged(OSError):
    """What was read back from the disk is not what was written."""


class Vault:
    """The folder at `path`, made if it lacks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._incoming = path / _INCOMING
        self._receiving: IO[str] | None = None
        self._made_folder = False
        files.make_folder(path, 0o750)
        files.make_folder(self._incoming, 0o750)

    def location(self, sha256: str) -> Path:
        """Where the file with this hash is kept, if it is."""
        return self.path / sha256[:2] / sha256

    def receive(self, source: Path, seen: Look | None = None) -> Copy:
        """Copy `source` in, under a temporary name. Errors: see files.copy_hashed."""
        if self._receiving is None:
            self._receiving = self._lock(fcntl.LOCK_SH)
        return files.copy_hashed(source, self._incoming, seen)

    def keep(self, copy: Copy) -> Path:
        """Give a received copy its name; returns it. Not on the disk yet: see `sync`."""
        target = self.location(copy.sha256)
        if files.look(target) is not None and files.hash_on_disk(target) == copy.sha256 and files.touch(target):
            files.remove(copy.path)
        else:
            try:
                moves.move(copy.path, target)
            except FileNotFoundError:
                files.make_folder(target.parent, 0o750)
                self._made_folder = True
                moves.move(copy.path, target)
        return target

    def sync(self, kept: Iterable[Path], copies: Iterable[Copy] = ()) -> None:
        """Return when what `keep` returned is on the disk.

        Of `copies` that came from another file system than the vault's, which may be another kind of disk, or a server, what
        is on the disk is read back and compared. Raises Damaged.
        """
        paths = list(dict.fromkeys(kept))
        files.sync(paths, [*(path.parent for path in paths), *([self.path] if self._made_folder else [])])
        self._made_folder = False
        device = os.stat(self.path).st_dev
        for copy in copies:
            if copy.source.device != device and files.hash_on_disk(self.location(copy.sha256)) != copy.sha256:
                raise Damaged(errno.EIO, "reads back otherwise than it was written", str(self.location(copy.sha256)))

    def remove(self, sha256: str, is_needed: Callable[[], bool]) -> bool:
        """Remove the file with this hash for good, unless it is needed; False: not now, ask again later.

        Somebody may be about to make an item of the same file: `keep` touches it, so one that was touched lately stays.
        It is set aside first, and looked at then: who comes after that finds none here, and brings his own copy. Killed in
        between, it lies aside, and the next call of this goes on. For one process at a time.
        """
        target, aside = self.location(sha256), self.path / f".leaving-{sha256}"
        if files.look(target) is None and files.look(aside) is None:
            return True
        if files.look(target) is not None:
            moves.move(target, aside)
            files.sync((), (target.parent, self.path))
        is_new = time.time() - os.lstat(aside).st_mtime < SETTLED_SECONDS
        if is_new or is_needed():
            moves.move(aside, target)
            files.sync((), (target.parent, self.path))
            return not is_new
        files.remove(aside)
        files.sync((), (self.path,))
        return True

    def discard(self, copy: Copy) -> None:
        """Forget a received copy."""
        files.remove(copy.path)

    def sweep(self) -> None:
        """Remove what a crash left half received; not while a command is receiving something."""
        lock = self.alone()
        if lock is None:
            return
        with lock:
            for name in os.listdir(self._incoming):
                if name != _LOCK:
                    files.remove(self._incoming / name)

    def alone(self) -> IO[str] | None:
        """A lock, to be closed, under which nobody receives anything; None if somebody does."""
        try:
            return self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None

    def _lock(self, how: int) -> IO[str]:
        """Whoever receives shares this lock for as long as it lives; `sweep` must have it alone."""
        lock = open(self._incoming / _LOCK, "a")  # noqa: SIM115
        try:
            fcntl.flock(lock, how)
        except BaseException:
            lock.close()
            raise
        return lock
