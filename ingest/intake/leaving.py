"""The files of drops that were taken leave the inbox, and their receipts are written: step 5 of intake.py's list.

Files and nothing else: any process may do it, and may do it again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dossier.files import files, moves
from dossier.files.files import Look
from dossier.text import names

Row = Mapping[str, Any]
"""A Drop, by field."""


@dataclass(slots=True)
class Traces:
    """What must be on the disk before a drop is `cleared`."""

    since: float
    """Monotonic seconds."""
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    stayed: list[str] = field(default_factory=list)
    """What was changed after it was taken."""


def take_away_each(inbox: Path, rows: Sequence[Row]) -> list[Traces | Exception]:
    """Take from the inbox what these drops, which were taken, were made of, and write their receipts."""
    found = list[Traces | Exception]()
    for row in rows:
        try:
            found.append(_take_away(inbox, row))
        except Exception as error:  # noqa: BLE001 - one bad drop never blocks another; it is tried again
            found.append(error)
    return found


def _take_away(inbox: Path, row: Row) -> Traces:
    home, place, traces = begun(inbox, row)
    for number, (name, *values) in enumerate(row["files"]):
        path = f"{place}/{name}"
        if not moves.take_away(path, aside(place, row, number), Look(*values)):
            traces.stayed.append(path)
    done = home / "_done"
    make_folder_like(home, done)
    traces.files.append(_write_receipt(done, row))
    traces.folders.append(str(done))
    if row["folder"] is not None:
        files.remove_folder(place)
    return traces


def begun(inbox: Path, row: Row) -> tuple[Path, Path, Traces]:
    """(the client's folder, that of the drop's files, what changes in them is to be synced). Raises OSError, as check_folder."""
    home = inbox / row["client"]
    place = home / row["folder"] if row["folder"] is not None else home
    if row["folder"] is not None:
        check_folder(place)
    return home, place, Traces(time.monotonic(), folders=[str(home), str(place)])


def plain(stem: str) -> str:
    """A stem as part of a file name: short enough to put something before and behind it, and without odd characters."""
    shown = names.shown(stem).replace("\\", "_").replace("/", "_")
    raw = shown.encode()
    return shown if len(raw) <= 200 else f"{raw[:180].decode('utf-8', 'ignore')}~{hashlib.sha256(raw).hexdigest()[:12]}"


def aside(place: Path, row: Row, number: int) -> str:
    """What a file is called for the instant between being recognised and being removed: a name that is never taken."""
    return f"{place}/.taken-{row['id']}-{number}.tmp"


def check_folder(path: Path) -> bool:
    """True if there is this folder of ours. Raises OSError if a link or a file has its name."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise OSError(errno.ENOTDIR, "this is no folder, but a link or a file; remove it", str(path))
    return True


def make_folder_like(home: Path, path: Path) -> None:
    """Make a folder in which people may do what they may do in `home`: they take refused files back from there."""
    if check_folder(path):
        return
    status = os.stat(home)
    files.make_folder(path, stat.S_IMODE(status.st_mode))
    files.give_like(path, status)


def _write_receipt(folder: Path, row: Row) -> str:
    """Put the receipt in `_done`; returns its path. An earlier one of the same name, of another drop, is kept under its time."""
    stem, data = plain(row["stem"]), row["text"].encode()
    path = f"{folder}/{stem}.receipt.yaml"
    there = files.look(path)
    if there is not None:
        old = files.read_plain(path, there.size)[0]
        if old == data:
            return path
        at = f"{datetime.fromtimestamp(there.mtime_ns / 1e9):%Y%m%d-%H%M%S-%f}"
        moves.move_new(path, f"{folder}/{stem}.{at}.receipt.yaml")
    files.write_whole(path, data)
    return path
