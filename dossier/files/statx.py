"""What statx(2) tells of a file beyond Python's os.stat: when it was made, and whether anybody may change it at all."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import NamedTuple

_libc = ctypes.CDLL(None, use_errno=True)

_AT_FDCWD, _AT_SYMLINK_NOFOLLOW = -100, 0x100
_BTIME = 0x800
_IMMUTABLE, _APPEND = 0x10, 0x20

# struct statx (linux/stat.h): the mask, the attributes, and the seconds and nanoseconds of the birth.
_BYTES, _MASK, _ATTRIBUTES, _BIRTH = 256, 0, 8, 80


class More(NamedTuple):
    """What a file system says of a file, as far as it knows."""

    born_ns: int | None
    """Nanoseconds since 1970; None where the file system keeps no birth times (NFS, tmpfs of old kernels)."""
    is_fixed: bool
    """True for one that is marked as immutable or append-only (chattr(1)): not even root renames it."""


def more(path: str | os.PathLike[str]) -> More:
    """Ask about the file itself at `path`, not what a link leads to. Where nothing can be known, nothing is said."""
    buffer = ctypes.create_string_buffer(_BYTES)
    try:
        failed = _libc.statx(_AT_FDCWD, os.fsencode(path), _AT_SYMLINK_NOFOLLOW, _BTIME, buffer)
    except AttributeError:  # a C library without statx
        return More(None, False)
    if failed:
        return More(None, False)
    (mask,) = struct.unpack_from("=I", buffer, _MASK)
    (attributes,) = struct.unpack_from("=Q", buffer, _ATTRIBUTES)
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, _BIRTH)
    born_ns = seconds * 1_000_000_000 + nanoseconds if mask & _BTIME else None
    return More(born_ns, bool(attributes & (_IMMUTABLE | _APPEND)))
