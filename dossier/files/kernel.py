"""Calls of the kernel for which Python has no name.

Whoever needs one imports this where it is called: most commands need none, and what makes such
calls takes longer to load than they last.
"""

from __future__ import annotations

import ctypes
import errno
import os

_OPENAT2 = 437
"""The number of openat2(2) on every kind of machine; the C library has no name for it."""

_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08  # linux/openat2.h

_libc = ctypes.CDLL(None, use_errno=True)


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: int, path: str, flags: int) -> int | None:
    """A descriptor of what lies beneath this folder, with no link on the way to it.

    None where the kernel has no such call. Raises OSError.
    """
    how = _How(flags, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    size, name = ctypes.c_size_t(ctypes.sizeof(how)), os.fsencode(path)
    while True:
        found = _libc.syscall(ctypes.c_long(_OPENAT2), ctypes.c_long(folder), name, ctypes.byref(how), size)
        if found >= 0:
            return int(found)
        code = ctypes.get_errno()
        if code in (errno.ENOSYS, errno.EPERM):  # containers answer EPERM to calls that they do not know
            return None
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code), path)


def sync_file_system(descriptor: int) -> None:
    """Sync all of the file system on which this lies (syncfs(2)). Raises OSError."""
    if _libc.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def file_system(descriptor: int) -> int | None:
    """What kind of file system this lies on (statfs(2), f_type); None if that can't be told."""
    # struct statfs is 120 bytes on 64-bit Linux; its type comes first, as a long.
    buffer = (ctypes.c_long * 32)()
    return None if _libc.fstatfs(descriptor, buffer) != 0 else int(buffer[0] & 0xFFFFFFFF)
