"""Every rename and swap: a file or folder gets another name, goes elsewhere, or takes a place.

Within a file system each is one step to every reader. Whoever moves or removes what others may
write to looks again behind the move, so that what was saved at that instant is kept. Only
`move_away` syncs, and only it copies where others raise EXDEV. Other errors are as in files.py.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
from collections.abc import Container
from pathlib import Path
from typing import TypeVar

from dossier.files import files
from dossier.files.beneath import At, Folder, Place, address, beside, name_of
from dossier.files.files import Look
from dossier.files.leases import has_writer

_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
_AT_FDCWD = -100
_libc = ctypes.CDLL(None, use_errno=True)


def move(source: Place, target: Place) -> None:
    """Rename within a file system; replaces a file at `target`. Not synced."""
    (old, here), (new, there) = address(source), address(target)
    try:
        os.rename(old, new, src_dir_fd=here, dst_dir_fd=there)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(source), None, str(target)) from error


def move_new(source: Place, target: Place) -> bool:
    """Rename to a free name in one step (renameat2, RENAME_NOREPLACE); False if it is taken.

    Where the file system can't, it is looked and renamed: a writer of the same name could slip
    through. Not synced.
    """
    if _rename2(source, target, _RENAME_NOREPLACE, (errno.EEXIST,)):
        return True
    if files.exists(target):
        return False
    move(source, target)
    return True


def _rename2(one: Place, other: Place, flag: int, let_through: tuple[int, ...] = ()) -> bool:
    """renameat2(2); False where the file system can't do it, and for errors in `let_through`."""
    (old, here), (new, there) = address(one), address(other)
    old_folder, new_folder = (_AT_FDCWD if folder is None else folder for folder in (here, there))
    if _libc.renameat2(old_folder, os.fsencode(old), new_folder, os.fsencode(new), flag) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, *let_through):
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


def exchange(one: Place, other: Place) -> bool:
    """Swap two names in one step (RENAME_EXCHANGE); False where the file system can't."""
    return _rename2(one, other, _RENAME_EXCHANGE)


def link(source: Place, target: Place) -> None:
    """Give a file a second name, which must be free. Follows no link. Not synced."""
    (old, here), (new, there) = address(source), address(target)
    try:
        os.link(old, new, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(source), None, str(target)) from error


def take_away(path: Place, aside: Place, seen: Look) -> bool:
    """Remove the file at `path` if it is still the one `seen`; True if nothing of it is left there.

    It is renamed to `aside`, beside it, and looked at again there: between a look and a removal by
    name somebody could put another file in its place, which would be lost. What was changed or
    replaced, or has a writer, is put back. Killed in between, it lies at `aside`: the same call
    again goes on from there.
    """
    try:
        descriptor, status = files.open_seen(aside)
    except (FileNotFoundError, files.NotPlain):
        there = files.look(path)
        if there is None:
            return True
        if not seen.is_untouched(there):
            return False
        try:
            move(path, aside)
        except FileNotFoundError:
            return True
        descriptor, status = files.open_seen(aside)
    try:
        is_ours = seen.is_same_content(Look.of(status)) and not has_writer(descriptor)
        if is_ours:
            files.remove(aside)
    except BaseException:
        os.close(descriptor)
        raise
    if is_ours:
        files.free_beside(descriptor)
        return files.look(path) is None
    os.close(descriptor)
    put_back(aside, path)
    return False


def put_back(aside: Place, path: Place) -> Place:
    """Give a file its name again, or `report (2).pdf` where that is taken. Returns the name."""
    target, number, name = path, 1, Path(name_of(path))
    while not move_new(aside, target):
        number += 1
        target = beside(path, f"{name.stem} ({number}){name.suffix}")
    return target


def move_if_same(source: Place, target: Place, seen: Look) -> bool:
    """Rename it to a free name if it is still the one `seen`; False, and it stays, if not."""
    there = files.look(source)
    if there is None or not seen.is_untouched(there) or not move_new(source, target):
        return False
    moved = files.look(target)
    if moved is not None and seen.is_same_content(moved):
        return True
    put_back(target, source)  # it was replaced at that very instant
    return False


def replace_if_same(path: Place, data: bytes, seen: Look | None, mode: int = 0o664 | files.UNSIGNED) -> Look | None:
    """Put `data` at `path` if what lies there is `seen` (None: nothing). Else None.

    The new file is on the disk before it is swapped in, and the old one is looked at again behind
    the swap: neither a power cut nor a save at this instant leaves less than one of the two.
    Returns the new file as it was before anybody could change it. With `mode` unsaid its group may
    write it where the umask allows, and it is UNSIGNED.
    """
    temporary = beside(path, f".{secrets.token_hex(8)}.tmp")
    files.write_whole(temporary, data, mode, durably=True)
    try:
        made = files.look(temporary)
        if seen is None:
            return made if move_new(temporary, path) else None
        now = files.look(path)
        if now is None or not now.is_same_content(seen):
            return None
        if not exchange(temporary, path):
            move(temporary, path)
            return made
        with files.open_plain(temporary) as old:
            if seen.is_same_content(Look.of(os.fstat(old))) and not has_writer(old):
                return made
        exchange(temporary, path)
        return None
    finally:
        files.remove(temporary)


def move_into(source: Place, folder: Folder, name: str) -> At:
    """Rename into `folder` as `name` or, if taken, `stem-2.ext` …; returns where. Not synced."""
    target, number = folder / name, 1
    while not move_new(source, target):
        number += 1
        target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return target


P = TypeVar("P", Path, At)


def free_name(path: P) -> P:
    """`path`, or the next that is free: `name-2`, `name-3`…"""
    number, free = 1, path
    while files.exists(free):
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def move_away(source: Place, target: Path) -> None:
    """Move to a free name, across file systems if need be; synced. No link is followed.

    FileExistsError: somebody else took that name a moment ago. Across, plain files are copied and
    links made anew, and each is removed only when its copy is on the disk. What can't be removed,
    and pipes and devices (NotPlain), stay where they are, without a copy; all else goes first.
    """
    files.make_folder(target.parent, 0o750)
    try:
        try:
            _move_to_free(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_away(source, target)
    except OSError:
        with contextlib.suppress(OSError):
            os.rmdir(target.parent)  # it is asked again and again; one that holds something stays
        raise
    files.sync((), (target.parent, files.above(source)))


def _move_to_free(source: Place, target: Path) -> None:
    if not move_new(source, target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))


def _copy_away(source: Place, target: Path) -> None:
    name, above = address(source)
    if files.is_folder(source):
        _copy_folder_away(source, target)
    elif files.is_link(source):
        os.symlink(os.readlink(name, dir_fd=above), target)
        _remove_copied(source, target)
    else:
        copy = files.copy_hashed(source, target.parent)
        files.sync((copy.path,), ())
        _move_to_free(copy.path, target)
        files.sync((), (target.parent,))
        _remove_copied(source, target)


def _copy_folder_away(source: Place, target: Path) -> None:
    stays: OSError | None = None
    os.mkdir(target, 0o750)
    with files.held(source) as folder:
        for inner in folder.names():
            try:
                _copy_away(folder / inner, target / inner)
            except OSError as error:
                stays = stays or error
    if stays is not None:
        with contextlib.suppress(OSError):
            os.rmdir(target)  # if nothing went
        raise stays
    files.remove_folder(source)


def _remove_copied(source: Place, copy: Path) -> None:
    try:
        files.remove(source)
    except OSError:
        files.remove(copy)
        raise


def link_tree(source: Place, target: Path, leave_out: Container[str] = ()) -> list[Path]:
    """Make the folder `target` with the names of `source` less `leave_out`; files by hard links,
    and somebody else's, to which we may give no second name, by copies.

    Returns the folders and copies made, for `sync`. Links, pipes and whatever else get a second
    name too.
    """
    os.mkdir(target)
    made = [target]
    with files.held(source) as folder:
        for entry in folder.entries():
            if entry.name in leave_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                made += link_tree(folder / entry.name, target / entry.name)
                continue
            try:
                link(folder / entry.name, target / entry.name)
            except PermissionError:  # of somebody else's file (proc_sys_fs(5), protected_hardlinks)
                if not entry.is_file(follow_symlinks=False):
                    raise
                files.copy_to(folder / entry.name, target / entry.name)
                made.append(target / entry.name)
    return made


def can_move(folder: Path, other: Path) -> bool:
    """True if what lies in `folder` can be renamed into `other`: one file system, one mount of it.

    The kernel says EXDEV before it looks whether the file is there (renameat2(2)): nothing is made
    to ask.
    """
    name = f".{secrets.token_hex(12)}"
    try:
        os.rename(folder / name, other / name)
    except OSError as error:
        return error.errno != errno.EXDEV
    return True


def can_swap(folder: Path) -> bool:
    """True if trees can be linked and swapped on the file system of our `folder`; it is tried."""
    one, other = (folder / secrets.token_hex(12) for _ in range(2))
    try:
        for path in (one, other):
            files.make_folder(path)
        files.write_whole(one / "1", b"")
        os.link(one / "1", other / "2", follow_symlinks=False)
        return exchange(one, other)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EMLINK):
            return False
        raise
    finally:
        files.remove_tree(one)
        files.remove_tree(other)
