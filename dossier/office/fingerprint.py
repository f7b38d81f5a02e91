"""Whether config/ is as it was when somebody read it.

A file is known by its device, inode, size and times, to the nanosecond. A link is followed: config/
may be kept elsewhere. What was changed less than RACY_SECONDS before it was looked at might be
changed again within one tick of its file system's clock, so its content counts as well.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from pathlib import Path
from typing import TypeAlias

from dossier.office.terms import CLIENTS, SETTINGS, STAFF

RACY_SECONDS = 2.0
"""Coarser than the clock of any file system that an office is kept on."""


class NoFile(OSError):
    """A pipe or a device lies where a file should."""


Fingerprint: TypeAlias = "tuple[object, ...]"
"""What config/ is like, to be compared with another such value and for nothing else."""


def of(root: Path) -> Fingerprint:
    """config/ of the office at `root` as it is now. What can't be looked at is a state, too."""
    return tuple(_of_file(f"{root}/{name}") for name in (SETTINGS, CLIENTS, STAFF))


def is_racy(root: Path) -> bool:
    """True if config/ was changed so lately that times may not tell the next change. OSError."""
    return any(_is_racy(os.stat(root / name)) for name in (SETTINGS, CLIENTS, STAFF))


def _of_file(path: str) -> object:
    try:
        status = os.stat(path)
        digest = hashlib.sha256(content(path)).hexdigest() if _is_racy(status) else ""
    except OSError as error:
        return error.errno
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, digest


def content(path: str | Path) -> bytes:
    """What this file of config/ says. Raises NoFile of what may never end, as a pipe; OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NoFile(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        return file.read()


def _is_racy(status: os.stat_result) -> bool:
    return abs(time.time() - status.st_mtime) < RACY_SECONDS
