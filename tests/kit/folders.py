"""Folders beside pytest's own, for what other accounts must get to, or what a server of the tests writes.

Whoever makes one removes it; one that was killed can't. So each is locked (flock(2)) as long as the process that made it lives, and the
next run removes those that nobody holds any more, with what still runs in them. A run beside it keeps its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PREFIX = "dossier-test-"
"""Nothing else is called so, and nothing else is swept."""

PLACES = ("/var/tmp", "/dev/shm")

MEMORY = Path("/dev/shm")

ROOM_BYTES = 4 << 30
"""All that the tests write at once has room in it, and each office sees more than it asks to stay free."""

HAS_ROOM = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES

DISK = Path("/var/tmp")
"""Not /tmp: in Debian 13 that is in memory as well."""

PLACE, OTHER_FILE_SYSTEM = (MEMORY, DISK) if HAS_ROOM else (DISK, MEMORY)
"""Where the offices of tests lie: in memory, where there is a tmpfs with room. An office syncs whatever it writes, and that costs nothing there;
a kill loses nothing that was written, on whichever disk. What is about a power cut makes a disk of its own; what is about a disk lies on the
DISK, and what is to lie on another file system in the other place."""


NEW_SECONDS = 60
"""A folder that is younger may not be locked yet."""

_held: dict[Path, int] = {}


def new_folder(kind: str, place: Path = PLACE) -> Path:
    """A new folder that is swept once this process is gone; `kind` tells people what it is for."""
    path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-", dir=place))
    _held[path] = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(_held[path], fcntl.LOCK_EX)
    return path


def remove(path: Path) -> None:
    """Remove one of them."""
    shutil.rmtree(path, ignore_errors=True)
    os.close(_held.pop(path))


def place_those_of_pytest() -> None:
    """What pytest makes (tmp_path) lies in that place as well, unless another one is given."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(PLACE))


def sweep() -> None:
    """Remove those whose makers are gone."""
    for place in PLACES:
        for path in Path(place).glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > NEW_SECONDS:
                    _sweep(path)


def _sweep(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "cwd").readlink().is_relative_to(path):  # a server, at home where its data is
                    os.kill(int(process.name), signal.SIGKILL)
        if path.is_mount():
            subprocess.run(["umount", "--lazy", str(path)], capture_output=True, check=False)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(folder)
