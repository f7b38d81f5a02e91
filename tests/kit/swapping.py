"""Somebody who puts a link in the place of a folder, and the folder back, as fast as the kernel goes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SECONDS = float(os.environ.get("ATTACK_SECONDS", "2"))
"""How long an attack goes on; `make attacks` gives it longer."""

# A folder that isn't there yet is waited for, and a link that was taken away is put there again. The folder that it all lies in
# may be exchanged too: no link is followed to it, or the attacker's own links would lie elsewhere.
_SWAPPER = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
places = [(*os.path.split(os.fsencode(folder)), target) for folder, target in zip(sys.argv[1::2], sys.argv[2::2])]
print("ready", flush=True)
while True:
    for home, name, target in places:
        try:
            at = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            for _ in range(4):
                if libc.renameat2(at, name, at, name + b".swap", 2) != 0:
                    os.symlink(target, name + b".swap", dir_fd=at)
        except OSError:
            pass
        finally:
            os.close(at)
"""


def everything(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their names from there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@contextlib.contextmanager
def swapped(places: dict[Path, Path]) -> Iterator[None]:
    """Meanwhile each folder is exchanged, again and again, with a link to another folder; afterwards no link is left."""
    given = [str(path) for place in places.items() for path in place]
    process = subprocess.Popen([sys.executable, "-c", _SWAPPER, *given], stdout=subprocess.PIPE)
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
            for path in (folder, aside):
                if path.is_symlink():
                    path.unlink()
            if aside.exists() and not folder.exists():
                aside.rename(folder)
