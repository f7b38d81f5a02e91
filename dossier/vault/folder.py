"""The vault: every attachment version ever accepted, by its SHA-256, as `vault/ab/ab12…`.

A file comes in as a copy that nobody else ever had open: what is hashed is what is kept. `receive`
makes the copy under a temporary name, `keep` gives it its own, `sync` puts it on the disk. A power
cut before that may leave a torn file under a good name; so a name that exists already is never
believed, but read. A file that no attachment names is left over from a crash, and harmless.

`Vault` is what the rest of the house knows: where the settings name an object store, `open_vault`
gives an ObjectVault (bucket.py), which keeps to the same calls.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Literal, NamedTuple

from dossier.files import files, moves
from dossier.files.beneath import Place
from dossier.files.files import Copy, Look
from dossier.text.sentences import sentence

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


class StoredFile(NamedTuple):
    """A name in the vault: its bytes (None: no plain file), and its time, seconds since 1970."""

    size: int | None
    since: float


Fault = Literal["lacks", "changed"]
"""What can be wrong with a file of the vault: it is gone, or it is not what its name says."""


class Vault:
    """The folder at `path`, made if it lacks, unless it is only `to_read`."""

    def __init__(self, path: Path, to_read: bool = False) -> None:
        self.path = path
        self._incoming = path / _INCOMING
        self._receiving: IO[str] | None = None
        self._made_folder = False
        if not to_read:
            files.make_folder(path, 0o750)
            files.make_folder(self._incoming, 0o750)

    def __reduce__(self) -> tuple[type[Vault], tuple[Path, bool]]:
        """In another process: the same folder."""
        return Vault, (self.path, True)

    def lend(self) -> Vault:
        """For other processes: nobody sweeps what they receive; new folders are synced."""
        self.hold()
        self._made_folder = True
        return self

    def apart(self) -> Vault:
        """The same folder for another thread, which syncs itself what it keeps."""
        return Vault(self.path, to_read=True)

    def hold(self) -> None:
        """From now on nobody sweeps away what is being received."""
        if self._receiving is None:
            self._receiving = self._lock(fcntl.LOCK_SH)

    def is_there(self) -> bool:
        """False where its disk is away, and another folder is in its place."""
        return files.is_folder(self._incoming)

    def location(self, sha256: str) -> Path:
        """Where the file with this hash is kept, if it is."""
        return Path(self._place(sha256))

    def _place(self, sha256: str) -> str:
        return f"{self.path}/{sha256[:2]}/{sha256}"

    def address_of(self, sha256: str) -> str:
        return str(self.location(sha256))

    # What is read of it

    def size(self, sha256: str) -> int | None:
        """The bytes of the file with this hash; None if there is none."""
        seen = files.look(self.location(sha256))
        return seen.size if seen else None

    def place(self, sha256: str) -> Path | None:
        """Where this machine has the file; None: it is to be had in `pieces`."""
        return self.location(sha256)

    def pieces(self, sha256: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes of the file from `start` to before `end`. Raises FileNotFoundError; OSError."""
        return files.pieces(self.location(sha256), start, end)

    @contextlib.contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        """Where this machine can read the file meanwhile. FileNotFoundError, Damaged; OSError."""
        yield self.location(sha256)

    def copy_to(self, sha256: str, target: Place, mode: int = 0o644) -> str:
        """Copy the file to the new name `target`; returns its SHA-256. As files.copy_to."""
        return files.copy_to(self._place(sha256), target, mode)

    def shelves(self) -> Iterator[tuple[str, dict[str, StoredFile]]]:
        """The two digits that names begin with, 00 to ff, and all that lies where such belong."""
        for number in range(256):
            prefix = f"{number:02x}"
            try:
                with os.scandir(self.path / prefix) as entries:
                    found = {entry.name: _stored(entry) for entry in entries}
            except (FileNotFoundError, NotADirectoryError):
                found = {}
            yield prefix, found

    def strangers(self) -> list[str]:
        """Names that lie where only the vault's own folders belong."""
        folders = {f"{prefix:02x}" for prefix in range(256)}
        strange = set(os.listdir(self.path)) - folders - files.of_the_disk(self.path)
        return sorted(name for name in strange if not name.startswith("."))

    def fault(self, sha256: str, size: int | None, is_read: bool) -> Fault | None:
        """What is wrong with the file, which should be `size` bytes; `is_read`: all is read."""
        path = self.location(sha256)
        if not os.path.lexists(path):
            return "lacks"
        seen = files.look(path)
        if seen is None or size not in (None, seen.size):
            return "changed"
        return "changed" if is_read and files.hash_on_disk(path) != sha256 else None

    # What is put into it and goes

    def put(self, sources: Iterable[tuple[str, Path]]) -> int:
        """Put in files of known SHA-256, while alone; how many, on the disk. Raises Damaged."""
        made: list[Path] = []
        for sha256, source in sources:
            target = self.location(sha256)
            files.make_folder(target.parent, 0o750)
            if files.copy_to(source, target, 0o640) != sha256:
                raise Damaged(errno.EIO, sentence("vault.not_its_name"), str(source))
            made.append(target)
        files.sync(made, [self.path, *{path.parent for path in made}])
        return len(made)

    def move_out(self, name: str, target: Path) -> None:
        """Move what does not belong in the vault to a free name; durable when it returns."""
        moves.move_away(self.path / name, target)

    def receive(self, source: Place, seen: Look | None = None, to_whole: files.ToWhole | None = None) -> Copy:
        """Copy `source` in, under a temporary name. What else: see files.copy_hashed."""
        self.hold()
        return files.copy_hashed(source, self._incoming, seen, to_whole=to_whole)

    def keep(self, copy: Copy) -> str:
        """Give a received copy its name; returns it. Not on the disk yet: see `sync`."""
        target = self._place(copy.sha256)
        if files.look(target) is not None and files.hash_on_disk(target) == copy.sha256 and files.touch(target):
            files.remove(copy.path)
        else:
            try:
                moves.move(copy.path, target)
            except FileNotFoundError:
                files.make_folder(os.path.dirname(target), 0o750)
                self._made_folder = True
                moves.move(copy.path, target)
        return target

    def sync(self, kept: Iterable[str | Path], copies: Iterable[Copy] = (), synced: Collection[int] = ()) -> None:
        """Return when what `keep` returned is on the disk. `synced`: see files.sync.

        Of `copies` that came from another file system, which may be another disk or a server, what
        is on the disk is read back and compared. Raises Damaged.
        """
        paths = dict.fromkeys(map(str, kept))
        above = dict.fromkeys(map(os.path.dirname, paths))
        files.sync(paths, [*above, *([str(self.path)] if self._made_folder else [])], synced)
        self._made_folder = False
        device = os.stat(self.path).st_dev
        for copy in copies:
            if copy.source.device != device and files.hash_on_disk(self.location(copy.sha256)) != copy.sha256:
                raise Damaged(errno.EIO, sentence("vault.reads_otherwise"), str(self.location(copy.sha256)))

    def remove(self, sha256: str, is_needed: Callable[[], bool]) -> bool:
        """Remove the file with this hash for good, unless it is needed; False: ask again later.

        Somebody may be about to make an item of the same file: `keep` touches it, and what was
        touched lately stays. What nobody needs now is set aside first, and looked at again then:
        whoever comes after that finds none, and brings a copy. Killed in between, it lies aside,
        and the next call goes on. For one process at a time.
        """
        target, aside = self.location(sha256), self.path / f".leaving-{sha256}"
        if files.look(target) is None and files.look(aside) is None:
            return True
        if files.look(target) is not None:
            if is_needed():
                return True
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

    def vouch(self, hashes: Collection[str]) -> None:
        """See, in the transaction that names them, that what `keep` found still is there. OSError.

        In the folder it is: what `keep` touched is not removed.
        """

    def discard(self, copy: Copy) -> None:
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
        """A lock, to be closed, under which nobody receives anything; None if somebody does, or the
        folder is away."""
        try:
            return self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            return None

    def _lock(self, how: int) -> IO[str]:
        """Whoever receives shares this lock for as long as it lives; `sweep` must have it alone."""
        try:
            lock = open(self._incoming / _LOCK, "a")  # noqa: SIM115
        except FileNotFoundError as error:
            raise FileNotFoundError(errno.ENOENT, sentence("vault.away"), str(self.path)) from error
        try:
            fcntl.flock(lock, how)
        except BaseException:
            lock.close()
            raise
        return lock


def _stored(entry: os.DirEntry[str]) -> StoredFile:
    status = entry.stat(follow_symlinks=False)
    return StoredFile(status.st_size if entry.is_file(follow_symlinks=False) else None, status.st_ctime)
