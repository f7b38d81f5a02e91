"""Folders that are held open: what is done in them is done there, wherever their names lead by now.

Whoever may write to a folder can put a link in the place of a folder in it at any instant. A path
that was looked at a moment ago then leads elsewhere. So what lies in folders that others may write
to is reached from a folder that is held open, by names without a folder part:

    with open_beneath(office.inbox, client, "_done") as done:
        files.write_whole(done / "report.receipt.yaml", data)

Links on the way to the first folder were put there by whoever set the office up, and are followed.
Beneath it none is: by one call of the kernel (openat2(2), since Linux 5.6), or where it has none by
opening each folder from the one before it. A folder that is moved while it is held open takes along
what is done in it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeAlias

from dossier.text.sentences import sentence

Place: TypeAlias = "str | Path | At"
"""Where a file or folder lies: a path, or a name in a folder that is held open."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened that others may write to: a link in its place is not followed."""


class Folder:
    """A folder that is held open until it is closed. `path`: its name when it was opened."""

    def __init__(self, descriptor: int, path: str) -> None:
        self.descriptor = descriptor
        self.path = path

    def __truediv__(self, name: str) -> At:
        _check(name)
        return At(self, name)

    def __str__(self) -> str:
        return self.path

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.descriptor)

    def status(self) -> os.stat_result:
        return os.fstat(self.descriptor)

    def names(self) -> list[str]:
        try:
            return os.listdir(self.descriptor)
        except OSError as error:
            raise named(error, self) from error

    def entries(self) -> Iterator[os.DirEntry[str]]:
        """What lies in it, told without following a link. Their `path` is the name alone."""
        try:
            with os.scandir(self.descriptor) as entries:
                yield from entries
        except OSError as error:
            raise named(error, self) from error

    def open(self, *names: str) -> Folder:
        """The folder in it, or below. FileNotFoundError; NotADirectoryError for a link or file."""
        path = "/".join((self.path, *names))
        for name in names:
            _check(name)
        try:
            return Folder(_beneath(self.descriptor, names), path)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise NotADirectoryError(errno.ENOTDIR, sentence("files.no_folder"), path) from error
            raise OSError(error.errno, error.strerror, path) from error


class At(NamedTuple):
    """A name in a folder that is held open: made as `folder / name`."""

    folder: Folder
    name: str

    def __str__(self) -> str:
        return f"{self.folder.path}/{self.name}"

    def with_name(self, name: str) -> At:
        return self.folder / name


def open_folder(place: Place) -> Folder:
    """Hold a folder open: one in a folder that is held open, or the office's own, by its path."""
    if isinstance(place, At):
        return place.folder.open(place.name)
    return Folder(os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), str(place))


def open_beneath(top: Path, *names: str) -> Folder:
    """Hold the folder `top/names…` open, where no name may be a link. Raises as Folder.open."""
    with open_folder(top) as folder:
        return folder.open(*names)


class LastOpened:
    """Folders beneath `top`, opened as by `open_beneath`, for work on many files of one in a row.

    The folder that was asked for last is held open until another one is, or until all of it ends.
    """

    def __init__(self, top: Path) -> None:
        self._top = top
        self._names: tuple[str, ...] | None = None
        self._folder: Folder | None = None

    def open(self, *names: str) -> Folder:
        """The folder `top/names…`, which is not the caller's to close. Raises as Folder.open."""
        if self._folder is None or names != self._names:
            self._close()
            self._names, self._folder = names, open_beneath(self._top, *names)
        return self._folder

    def __enter__(self) -> LastOpened:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        if self._folder is not None:
            self._folder.close()
        self._folder = None


def address(place: Place) -> tuple[str | Path, int | None]:
    """What a system call is told of a place: its name, and the descriptor of its folder."""
    return (place.name, place.folder.descriptor) if isinstance(place, At) else (place, None)


def name_of(place: Place) -> str:
    return place.name if isinstance(place, At) else os.path.basename(place)


def beside(place: Place, name: str) -> Place:
    """Another name in the folder that the place is in."""
    return place.with_name(name) if isinstance(place, At) else f"{os.path.dirname(place)}/{name}"


def named(error: OSError, place: Place | Folder) -> OSError:
    """The same error with the whole name in it: the call was told a part of it, or a descriptor."""
    return OSError(error.errno, error.strerror, str(place))


def _check(name: str) -> None:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"not the name of something in a folder: {name!r}")


def _beneath(folder: int, names: tuple[str, ...]) -> int:
    """A descriptor of the folder `names…` in this one, with no link on the way. OSError."""
    if len(names) == 1:  # nothing is on the way
        return os.open(names[0], FOLDER, dir_fd=folder)
    from dossier.files import kernel

    descriptor = kernel.open_beneath(folder, "/".join(names) or ".", FOLDER)
    return _by_steps(folder, names) if descriptor is None else descriptor


def _by_steps(folder: int, names: tuple[str, ...]) -> int:
    """The same, each folder from the one before it."""
    here = os.dup(folder)
    for name in names:
        try:
            there = os.open(name, FOLDER, dir_fd=here)
        finally:
            os.close(here)
        here = there
    return here
