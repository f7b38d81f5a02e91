"""Every durable write, copy and removal of files. Only this and moves.py rename, link or fsync.

Each takes a path or, wherever others may write, a name in a folder that is held open (beneath.py).

What was written and named before `sync` returned survives a power cut, as far as the file system
and the disk keep their word. ext4, xfs and btrfs do; a network file system does what its server
does; a disk that lies about its cache can't be helped. Renames within a file system are atomic to
every reader.

ENOSPC, EIO, EACCES and the like go through as OSError with the path in them: the caller decides
whether one drop waits or everything stops. EINVAL from fsync on a folder is let pass: some network
file systems can't do it, and their servers order the operations themselves.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import struct
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, TypeAlias

from dossier.files.beneath import FOLDER, At, Folder, Place, address, beside, named, open_folder
from dossier.files.leases import has_writer
from dossier.text.sentences import sentence

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""What a disk that is full says, and one on which so much is all that one may have."""

CHUNK = 1024 * 1024
"""Bytes copied between two looks at the stop signal."""

FLUSH = 16 * CHUNK
"""Bytes of a copy after which it is synced as far as it has come: whoever syncs something small
meanwhile would wait for all that was written."""

LARGE = 32 * CHUNK
"""Bytes from which on a file is read, copied and removed beside all else, not before it."""

FREED_LATER = 256
"""So many files without a name are kept open at most until their room is freed."""

GROUP = 12
"""From so many files on, one syncfs costs less than an fsync for each (ext4: about 8)."""

UNSIGNED = stat.S_ISVTX
"""Among a plain file's rights: dossier wrote it, for others, and whose it is says nothing of whose
word it is. Others may write to such a file, or say what stands in it; but only its owner and root
can take this off (chmod(2)). To the system it means nothing (inode(7))."""

stopping = threading.Event()
"""Set when the process is to end: a long copy then gives up, having changed nothing."""


class Interrupted(Exception):
    """The process is stopping; what was begun is undone."""


class NotPlain(OSError):
    """It is a link, a folder, a pipe or a device, not a plain file."""


class Changed(OSError):
    """The file was changed, replaced or taken away since it was looked at, or while it was read."""


class SourceUnreadable(OSError):
    """The source of a copy can't be read. That a copy can't be written is a plain OSError."""


class Look(NamedTuple):
    """A file as it was when looked at: enough to know it again, and to see if it was touched."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    uid: int
    is_unsigned: bool = False
    """See UNSIGNED."""

    @classmethod
    def of(cls, status: os.stat_result) -> Look:
        is_unsigned = bool(status.st_mode & UNSIGNED)
        return cls(
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_uid, is_unsigned
        )

    def is_untouched(self, other: Look) -> bool:
        """The same file, and nothing was done to it since: not even to its name or rights."""
        return self.is_same_content(other) and self.ctime_ns == other.ctime_ns

    def is_same_content(self, other: Look) -> bool:
        """The same file with, as far as can be told without reading, the same bytes.

        The same number of the inode is not enough: each file system counts its own.
        """
        return self[:4] == other[:4]


def look(path: Place) -> Look | None:
    """The plain file at `path` as it is now; None if there is none."""
    status = _status(path)
    return Look.of(status) if status and stat.S_ISREG(status.st_mode) else None


def is_barred(status: os.stat_result, uid: int) -> bool:
    """True if the user with this number surely may not read what has this status, or look into it.
    Whose groups and lists of rights may let them is not asked."""
    wanted = 0o5 if stat.S_ISDIR(status.st_mode) else 0o4
    if uid == 0:
        return False
    if status.st_uid == uid:
        return status.st_mode & wanted << 6 != wanted << 6
    return not any(status.st_mode & wanted << shift == wanted << shift for shift in (3, 0))


def is_barred_at(path: Place, uid: int) -> bool:
    """The same of what lies there. OSError."""
    status = _status(path)
    return status is not None and is_barred(status, uid)


def _status(path: Place) -> os.stat_result | None:
    """Of whatever lies at `path` itself; None if nothing does."""
    name, folder = address(path)
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise named(error, path) from error


def open_plain(path: Place) -> OpenFile:
    """A descriptor to read a plain file. Follows no link, waits for no pipe. NotPlain, Changed."""
    return OpenFile(_opened(path))


class OpenFile:
    """A descriptor that is closed at the end. (Of a generator's context much of the time would be
    Python's own: a drop opens some twenty files.)"""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __enter__(self) -> int:
        return self.descriptor

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        os.close(self.descriptor)


def _opened(path: Place) -> int:
    return open_seen(path)[0]


def open_seen(path: Place) -> tuple[int, os.stat_result]:
    """As `open_plain`, a descriptor for the caller to close, and what the system tells of it."""
    name, folder = address(path)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotPlain(error.errno, "not a plain file", str(path)) from error
        if error.errno == errno.EAGAIN:  # a lease of somebody else's, a file server's say, is being broken by this
            raise Changed(errno.EAGAIN, sentence("files.in_use"), str(path)) from error
        raise named(error, path) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotPlain(errno.EINVAL, "not a plain file", str(path))
    return descriptor, status


def read_plain(path: Place, limit: int) -> tuple[bytes, Look]:
    """The first `limit` bytes of a plain file, and what was read. Raises NotPlain, Changed."""
    opened, status = open_seen(path)
    with OpenFile(opened) as descriptor:
        before = Look.of(status)
        pieces, wanted = [], limit
        while wanted > 0 and (piece := os.read(descriptor, min(wanted, CHUNK))):
            pieces.append(piece)
            wanted -= len(piece)
        after = Look.of(os.fstat(descriptor))
    if before != after:
        raise Changed(errno.EAGAIN, sentence("files.being_changed"), str(path))
    return b"".join(pieces), before


class Copy(NamedTuple):
    """A file that was copied: where to, its SHA-256 (hex), and the source as it was."""

    path: str
    sha256: str
    source: Look


ToWhole: TypeAlias = Callable[[bytes], None]
"""Is given all bytes of a small file, of CHUNK bytes at most, while they are in memory anyway."""


def copy_hashed(
    source: Place, folder: Path, expected: Look | None = None, mode: int = 0o640, to_whole: ToWhole | None = None
) -> Copy:
    """As `copy_whole`, under a new name in `folder`."""
    target = f"{folder}/{os.urandom(12).hex()}.tmp"
    return Copy(target, *copy_whole(source, target, expected, mode, to_whole))


def copy_whole(
    source: Place, target: Place, expected: Look | None = None, mode: int = 0o640, to_whole: ToWhole | None = None
) -> tuple[str, Look]:
    """Copy a file that others may write to, to the new name `target`, not yet synced.

    Returns the SHA-256 (hex) of what was written, and the source as it was. On an error there is no
    copy: NotPlain, Changed (the source is not as `expected`, changed meanwhile, has a writer or is
    gone), SourceUnreadable, Interrupted; OSError where the copy can't be written.
    """
    opened, status = _opened_source(source)
    with OpenFile(opened) as reading:
        before = Look.of(status)
        # A change to what was quiet shows in its times below, so a writer needs to be asked for
        # only once.
        if not expected.is_same_content(before) if expected else has_writer(reading):
            raise Changed(errno.EAGAIN, sentence("files.being_changed"), str(source))
        with new_file(target, mode) as writing:
            digest = _pour(reading, before.size, writing, source, above(target), to_whole)
            after = Look.of(os.fstat(reading))
            if (before.size, before.mtime_ns) != (after.size, after.mtime_ns) or has_writer(reading):
                raise Changed(errno.EAGAIN, sentence("files.being_changed"), str(source))
    return digest, before


def pieces(path: Place, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to before `end`, up to CHUNK at a time. FileNotFoundError; OSError."""
    with open_plain(path) as descriptor:
        yield from pieces_of(descriptor, start, end)


def pieces_of(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    """The same, of a file that is open."""
    while start < end and (piece := os.pread(descriptor, min(CHUNK, end - start), start)):
        start += len(piece)
        yield piece


def copy_to(source: Place, target: Place, mode: int = 0o644) -> str:
    """Copy a file that nobody writes to (the vault's) to the new name `target`, not yet synced.

    Returns the SHA-256 of what was written. On NotPlain or Interrupted nothing is left at
    `target`.
    """
    opened, status = open_seen(source)
    with OpenFile(opened) as reading, new_file(target, mode) as writing:
        return _pour(reading, status.st_size, writing, source, target)


def open_new(path: Place, mode: int) -> int:
    """A descriptor to write a new file with; the caller closes it. Raises FileExistsError."""
    name, folder = address(path)
    with _Naming(path):
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=folder)


def make_mark(path: Place, mode: int) -> None:
    """Make an empty file, as a mark; fine if it exists. Not synced."""
    with contextlib.suppress(FileExistsError):
        os.close(open_new(path, mode))


@contextlib.contextmanager
def new_file(path: Place, mode: int) -> Iterator[int]:
    """A descriptor to write a new file with. After an error there is no file. FileExistsError."""
    with OpenFile(open_new(path, mode)) as descriptor:
        try:
            yield descriptor
        except BaseException:
            remove(path)
            raise


def _opened_source(source: Place) -> tuple[int, os.stat_result]:
    try:
        return open_seen(source)
    except FileNotFoundError as error:
        raise Changed(error.errno, sentence("files.gone"), str(source)) from error
    except (NotPlain, Changed):
        raise
    except OSError as error:
        raise SourceUnreadable(error.errno, error.strerror, str(source)) from error


def _pour(reading: int, size: int, writing: int, source: Place, folder: Place | Folder, to_whole: ToWhole | None = None) -> str:
    """Copy all bytes, `size` unless it changes meanwhile; their SHA-256. The names are for whoever
    reads of an error."""
    digest, flushed, done = hashlib.sha256(), 0, 0
    while True:
        try:
            # Room for a whole CHUNK costs a hundred times what it costs to read a small file.
            piece = os.read(reading, min(CHUNK, size - done + 1) if done <= size else CHUNK)
        except OSError as error:
            raise SourceUnreadable(error.errno, error.strerror, str(source)) from error
        if not piece:
            return digest.hexdigest()
        if to_whole is not None and len(piece) == size:
            to_whole(piece)
        if stopping.is_set():
            raise Interrupted
        digest.update(piece)
        with _Naming(folder):
            _write(writing, piece)
            done += len(piece)
            if done >= flushed + FLUSH:
                os.fdatasync(writing)
                flushed = done


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class _Naming:
    """Errors of calls that take a descriptor get the name a person can do something with."""

    __slots__ = ("path",)

    def __init__(self, path: Place | Folder) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno is not None:
            raise named(error, self.path) from error


def hash_file(path: Place) -> str:
    """SHA-256 (hex) of a plain file. Raises NotPlain."""
    with open_plain(path) as descriptor, open(descriptor, "rb", closefd=False) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_later(path: Place) -> Callable[[], str]:
    """The same for any thread, to be called once: the file is opened now. Interrupted."""
    descriptor = _opened(path)

    def read() -> str:
        digest = hashlib.sha256()
        try:
            for piece in pieces_of(descriptor, 0, sys.maxsize):
                if stopping.is_set():
                    raise Interrupted
                digest.update(piece)
        finally:
            os.close(descriptor)
        return digest.hexdigest()

    return read


def hash_on_disk(path: Place) -> str:
    """SHA-256 (hex) of what the disk has: after a failed write the kernel may say otherwise."""
    with open_plain(path) as descriptor:
        with _Naming(path):
            _fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        with open(descriptor, "rb", closefd=False) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(files: Iterable[Place], folders: Iterable[Place | Folder], synced: Collection[int] = ()) -> None:
    """Return when these files' bytes and these folders' entries are on the disk.

    `synced`: devices of which all that was written by now is there already.
    """
    names, places = list(files), list(dict.fromkeys(folders))
    if len(names) + len(places) < GROUP:
        for place in (*names, *places):
            _with_descriptor(place, _fsync)
        return
    devices: dict[int, Place | Folder] = {}
    for folder in dict.fromkeys((*places, *map(above, names))):
        devices.setdefault(_device(folder), folder)
    for device, folder in devices.items():
        if device not in synced:
            _with_descriptor(folder, _syncfs)


Names: TypeAlias = "tuple[str, ...]"
"""What lies in the folders of a folder: each name on the way to it, and its own."""


def sync_beneath(top: Path, names: Collection[Names], folders: Collection[Names], synced: set[int] | None = None) -> set[Names]:
    """As `sync`, beneath `top`, without following a link. Returns what of it is not there.

    `synced` gets the devices that were synced as a whole.
    """
    devices = set[int]() if synced is None else synced
    is_large = len(names) + len(folders) >= GROUP
    single, whole = ([], [*folders, *(file[:-1] for file in names)]) if is_large else (list(names), list(folders))
    lacks = set[Names]()
    with open_folder(top) as opened:
        for file in single:
            try:
                with opened.open(*file[:-1]) as folder, open_plain(folder / file[-1]) as descriptor, _Naming(folder):
                    _fsync(descriptor)
            except (FileNotFoundError, NotADirectoryError, NotPlain):
                lacks.add(file)
        for wanted in dict.fromkeys(whole):
            try:
                with opened.open(*wanted) as folder, _Naming(folder):
                    if not is_large:
                        _fsync(folder.descriptor)
                    elif (device := folder.status().st_dev) not in devices:
                        _syncfs(folder.descriptor)
                        devices.add(device)
            except (FileNotFoundError, NotADirectoryError):
                lacks.add(wanted)
    return lacks


def sync_whole(folder: Folder) -> None:
    """Return when all that was written to the file system of this folder is on the disk."""
    _with_descriptor(folder, _syncfs)


def above(place: Place) -> str | Folder:
    """The folder that a place is in."""
    return place.folder if isinstance(place, At) else os.path.dirname(place)


def _device(folder: Place | Folder) -> int:
    if isinstance(folder, Folder):
        return folder.status().st_dev
    name, outer = address(folder)
    with _Naming(folder):
        return os.stat(name, dir_fd=outer).st_dev


def _with_descriptor(place: Place | Folder, function: Callable[[int], None]) -> None:
    with _Naming(place):
        if isinstance(place, Folder):
            function(place.descriptor)
            return
        name, folder = address(place)
        follow = 0 if folder is None else os.O_NOFOLLOW
        with OpenFile(os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | follow, dir_fd=folder)) as descriptor:
            function(descriptor)


def _fsync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def _syncfs(descriptor: int) -> None:
    from dossier.files import kernel

    kernel.sync_file_system(descriptor)


_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")


def write_whole(path: Place, data: bytes, mode: int = 0o644, durably: bool = False, like: os.stat_result | None = None) -> None:
    """Put `data` at `path`: a reader sees the old file or the new one. Synced only if `durably`.

    It has the rights and the owner of `like`, if given, from the first moment on.
    """
    temporary = beside(path, f".{os.urandom(8).hex()}.tmp")
    descriptor = open_new(temporary, mode)
    try:
        with _Naming(path):
            with OpenFile(descriptor):
                _write(descriptor, data)
                if like is not None:
                    give_like(descriptor, like)
                if durably:
                    os.fsync(descriptor)
            (old, here), (new, there) = address(temporary), address(path)
            os.rename(old, new, src_dir_fd=here, dst_dir_fd=there)
    except BaseException:
        remove(temporary)
        raise


def write_durably(path: Place, data: bytes, mode: int = 0o644) -> None:
    """As `write_whole`, and on the disk when it returns."""
    write_whole(path, data, mode, durably=True)
    sync((), (above(path),))


def touch(path: Place) -> bool:
    """Give a file of ours the present time; False if it is gone, or is not ours to touch."""
    name, folder = address(path)
    try:
        os.utime(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, PermissionError):
        return False
    return True


def remove(path: Place) -> None:
    """Remove a file of our own; fine if it is gone already."""
    name, folder = address(path)
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise named(error, path) from error


def held(place: Place) -> Folder:
    """The folder at this very place, held open. For a link in its place NotADirectoryError."""
    if isinstance(place, At):
        return open_folder(place)
    return Folder(os.open(place, FOLDER), str(place))


def is_temporary(name: str) -> bool:
    """True for the name of what a killed `write_whole` left."""
    return _TEMPORARY.fullmatch(name) is not None


def of_the_disk(folder: str | Path) -> frozenset[str]:
    """Names in a folder that are its disk's own and hold nothing: `lost+found`, where one is
    mounted there and has nothing in it, or nothing that this process may see."""
    if not os.path.ismount(folder):
        return frozenset()
    found = os.path.join(folder, "lost+found")
    try:
        is_free = not os.path.islink(found) and not os.listdir(found)
    except PermissionError:
        is_free = True
    except OSError:
        is_free = False
    return frozenset({"lost+found"}) if is_free else frozenset()


def sweep_temporaries(folder: Folder) -> None:
    """Remove what a killed `write_whole` left. For whoever alone writes to this folder."""
    for name in folder.names():
        if is_temporary(name):
            remove(folder / name)


class _Freeing:
    """A thread that lets go of open files. One for each process, from the first on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = SimpleQueue[int]()
        self._thread: threading.Thread | None = None

    def add(self, descriptor: int) -> bool:
        """False if so many wait already that whoever comes had better wait as well, or if nobody
        would let go of it."""
        with self._lock:
            if not self._begin() or self._left.qsize() >= FREED_LATER:
                return False
            self._left.put(descriptor)
            return True

    def _begin(self) -> bool:
        """Start the thread, if it lacks: a copy of a process (fork) has none of its threads. False:
        the system gives no more of them."""
        if self._thread is None or not self._thread.is_alive():
            self._left = SimpleQueue()
            self._thread = threading.Thread(target=self._let_go, args=(self._left,), name="free", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                return False
        return True

    def _let_go(self, left: SimpleQueue[int]) -> None:
        while True:
            descriptor = left.get()
            with contextlib.suppress(OSError):  # what a network share says at the end; it is closed all the same
                os.close(descriptor)


_freeing = _Freeing()


def free_beside(descriptor: int) -> None:
    """Let go of an open file that has no name any more, on another thread: its room is freed when
    the last one lets go of it.

    Of a large file that takes long; and of any where the file system tells the disk of each room
    that is free, and waits for it (mount(8), discard).
    """
    if not _freeing.add(descriptor):
        os.close(descriptor)


def remove_folder(path: Place) -> bool:
    """Remove an empty folder; False if it is not empty."""
    name, folder = address(path)
    try:
        os.rmdir(name, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise named(error, path) from error
    return True


def remove_tree(path: Place) -> None:
    """Remove whatever lies there, a folder with all that is in it. Follows no link. May be gone.

    Each folder is held open and emptied by its descriptor: whoever renames things in it meanwhile
    can't lead us elsewhere.
    """
    try:
        folder = held(path)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        remove(path)
        return
    with folder:
        for entry in list(folder.entries()):
            if entry.is_dir(follow_symlinks=False):
                remove_tree(folder / entry.name)
            else:
                remove(folder / entry.name)
    name, outer = address(path)
    with contextlib.suppress(FileNotFoundError), _Naming(path):
        os.rmdir(name, dir_fd=outer)


def exists(path: Place) -> bool:
    """True if anything lies at `path` itself, also a link that leads nowhere."""
    return _status(path) is not None


def is_folder(path: Place) -> bool:
    """True if a folder lies at `path` itself: not a link to one."""
    status = _status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def is_link(path: Place) -> bool:
    """True if a symbolic link lies at `path`, wherever it leads."""
    status = _status(path)
    return status is not None and stat.S_ISLNK(status.st_mode)


def make_empty(path: str) -> None:
    """Make a folder in which nothing lies, and those above it; what was in its place is removed."""
    try:
        os.mkdir(path)
    except FileNotFoundError:
        make_folder(path)
    except FileExistsError:
        remove_tree(path)
        os.mkdir(path)


def make_folder(path: Place, mode: int = 0o755) -> None:
    """Make a folder; fine if it exists. Of a path also those above it."""
    if not isinstance(path, At):
        Path(path).mkdir(mode=mode, parents=True, exist_ok=True)
        return
    with contextlib.suppress(FileExistsError), _Naming(path):
        os.mkdir(path.name, mode, dir_fd=path.folder.descriptor)


def made_folder(place: At, mode: int = 0o755, like: os.stat_result | None = None) -> Folder:
    """The folder at this place, held open; made if it lacks, with the owner and rights of `like`.

    Raises NotADirectoryError where a link or a file lies there.
    """
    try:
        return open_folder(place)
    except FileNotFoundError:
        make_folder(place, mode)
        folder = open_folder(place)
        if like is not None:
            give_like(folder, like)
        return folder


def write_out(descriptor: int) -> None:
    """Return when what was written to an open file so far is on the disk: of a large one, each
    FLUSH bytes."""
    os.fdatasync(descriptor)


def give_like(place: str | Path | Folder | int, like: os.stat_result) -> None:
    """Give ours the rights of another and, where we may, its owner, as far as that goes."""
    name = place.descriptor if isinstance(place, Folder) else place
    with contextlib.suppress(PermissionError):
        if os.geteuid() == 0:
            os.chown(name, like.st_uid, like.st_gid)
        os.chmod(name, stat.S_IMODE(like.st_mode))


def keep_for(folder: Folder, uid: int) -> None:
    """Let nobody but this user and ourselves into a folder of ours.

    Root gives it to the user. Anybody else puts the user on its access list (acl(5)); where the
    file system has none, nobody but we ourselves can read it.
    """
    with _Naming(folder):
        os.chmod(folder.descriptor, 0o700)
        if os.geteuid() == 0:
            os.chown(folder.descriptor, uid, -1)
            return
    if uid != os.geteuid():
        with contextlib.suppress(OSError):  # ENOTSUP
            os.setxattr(folder.descriptor, "system.posix_acl_access", _list_for(uid))


def _list_for(uid: int) -> bytes:
    """The access list of linux/posix_acl_xattr.h that lets in the owner and this user alone."""
    everything, nobody = 7, 0xFFFFFFFF
    entries = (
        (0x01, everything, nobody),
        (0x02, everything, uid),
        (0x04, 0, nobody),
        (0x10, everything, nobody),
        (0x20, 0, nobody),
    )
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def make_as_it_was(path: Path, uid: int, gid: int, mode: int, mtime_ns: int) -> bool:
    """Give it an owner, rights and a time; False if this user may not give it that owner."""
    try:
        os.chown(path, uid, gid)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EINVAL, errno.ENOTSUP):
            raise
    with contextlib.suppress(PermissionError):  # a file system that keeps no rights
        os.chmod(path, mode)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return os.stat(path).st_uid == uid


def unsign(place: Place) -> None:
    """Make a plain file of ours UNSIGNED; of whatever else lies there nothing is changed."""
    with contextlib.suppress(FileNotFoundError, NotPlain, PermissionError, Changed), open_plain(place) as descriptor:
        status = os.fstat(descriptor)
        if status.st_uid == os.geteuid() and not status.st_mode & UNSIGNED:
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode) | UNSIGNED)
