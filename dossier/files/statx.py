"""What statx(2) tells of a file beyond os.stat: when it was made, and whether it may be changed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from typing import NamedTuple

from dossier.files.beneath import Folder, Place, address

_libc = ctypes.CDLL(None, use_errno=True)

_AT_FDCWD, _AT_SYMLINK_NOFOLLOW = -100, 0x100
_INODE, _BTIME = 0x100, 0x800
_IMMUTABLE, _APPEND = 0x10, 0x20

# struct statx (linux/stat.h): the mask, the attributes, the inode, and the seconds and nanoseconds
# of the birth.
_BYTES, _MASK, _ATTRIBUTES, _NUMBER, _BIRTH = 256, 0, 8, 32, 80


class More(NamedTuple):
    """What a file system says of a file, as far as it knows."""

    inode: int
    """0 where nothing is known."""
    born_ns: int | None
    """Nanoseconds since 1970; None where the file system keeps no birth times (NFS, old tmpfs)."""
    is_fixed: bool
    """True for one marked as immutable or append-only (chattr(1)): not even root renames it."""


def more(place: Place | Folder) -> More:
    """Ask about what lies there itself, not a link's target. What can't be known is not said."""
    name, folder = (".", place.descriptor) if isinstance(place, Folder) else address(place)
    buffer = ctypes.create_string_buffer(_BYTES)
    try:
        above = _AT_FDCWD if folder is None else folder
        failed = _libc.statx(above, os.fsencode(name), _AT_SYMLINK_NOFOLLOW, _INODE | _BTIME, buffer)
    except AttributeError:  # a C library without statx
        with contextlib.suppress(OSError):
            return More(os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino, None, False)
        return More(0, None, False)
    if failed:
        return More(0, None, False)
    (mask,) = struct.unpack_from("=I", buffer, _MASK)
    (attributes,) = struct.unpack_from("=Q", buffer, _ATTRIBUTES)
    (inode,) = struct.unpack_from("=Q", buffer, _NUMBER)
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, _BIRTH)
    born_ns = seconds * 1_000_000_000 + nanoseconds if mask & _BTIME else None
    return More(inode, born_ns, bool(attributes & (_IMMUTABLE | _APPEND)))
