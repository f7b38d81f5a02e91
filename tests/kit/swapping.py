"""Somebody who puts a link in the place of a folder, and the folder back, as fast as the kernel goes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# Where the folder isn't there yet, it is waited for.
_SWAPPER = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
pairs = [(os.fsencode(one), os.fsencode(one + ".swap")) for one in sys.argv[1:]]
print("ready", flush=True)
while True:
    for one, other in pairs:
        libc.renameat2(-100, one, -100, other, 2)
"""


@contextlib.contextmanager
def swapped(places: dict[Path, Path]) -> Iterator[None]:
    """Meanwhile each folder is exchanged, again and again, with a link to another folder; afterwards it lies in its place.

    A folder that is not there yet is exchanged once it is.
    """
    for folder, target in places.items():
        Path(f"{folder}.swap").symlink_to(target)
    process = subprocess.Popen([sys.executable, "-c", _SWAPPER, *map(str, places)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
        for folder in places:
            aside = Path(f"{folder}.swap")
            if folder.is_symlink():
                folder.unlink()
                if os.path.lexists(aside):
                    aside.rename(folder)
            else:
                aside.unlink()
