"""The files of drops leave the inbox: first under a hidden name, then for good. Steps 4 and 6 of intake.py's list.

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
from dossier.files.leases import has_writer
from dossier.text import names

Row = Mapping[str, Any]
"""A Drop, by field."""


class Stays(OSError):
    """The inbox does not let this file go: no right to the folder, another's in a sticky one, an immutable file."""


@dataclass(slots=True)
class Traces:
    """What must be on the disk before a drop is `cleared`."""

    since: float
    """Monotonic seconds."""
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    stayed: list[str] = field(default_factory=list)
    """What was changed after it was taken, or got another name than it had."""


def claim(inbox: Path, row: Row) -> None:
    """Give each file of a drop its hidden name. Raises Stays; Changed if one is not what it was; OSError.

    Wherever it ends, `give_back` undoes what was done.
    """
    home, place, _ = begun(inbox, row)
    for number, (name, *values) in enumerate(row["files"]):
        source, hidden, seen = f"{place}/{name}", aside(home, place, row, number), Look(*values)
        there = files.look(source)
        if there is None or not seen.is_untouched(there):
            raise files.Changed(errno.EAGAIN, "the file was changed", source)
        try:
            is_free = moves.move_new(source, hidden)
        except FileNotFoundError as error:
            raise files.Changed(errno.EAGAIN, "the file is gone", source) from error
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EBUSY):
                raise Stays(error.errno, error.strerror, source) from error
            raise
        if not is_free or not _is_ours_alone(hidden, seen):
            raise files.Changed(errno.EAGAIN, "the file is being changed", source)


def _is_ours_alone(path: str, seen: Look) -> bool:
    """True if this is the file that was looked at, whoever else may know its name, and nobody writes to it."""
    try:
        with files.open_plain(path) as descriptor:
            there, is_written = Look.of(os.fstat(descriptor)), has_writer(descriptor)
    except (files.NotPlain, files.Changed):
        return False
    except OSError:
        look, is_written = files.look(path), None  # one that may not be read is refused, and leaves all the same
        if look is None:
            return False
        there = look
    return seen.is_same_content(there) and seen.uid == there.uid and not is_written


def give_back(inbox: Path, row: Row) -> Traces:
    """Undo `claim`: each file gets its name again, or one like it where a newer file has it by now. Raises OSError."""
    home, place, traces = begun(inbox, row)
    for number, (name, *_) in reversed(list(enumerate(row["files"]))):
        hidden = aside(home, place, row, number)
        if not os.path.lexists(hidden):
            continue
        make_folder_like(home, place)
        back = moves.put_back(hidden, f"{place}/{name}")
        if back.name != name:
            traces.stayed.append(str(back))
    return traces


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
        if not moves.take_away(path, aside(home, place, row, number), Look(*values)):
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


def aside(home: Path, place: Path, row: Row, number: int) -> str:
    """What the drop's file with this number is called from when it is claimed until it is gone: a name that is never taken.

    It lies in the client's folder, as somebody may move the folder of a drop meanwhile. It ends as the file's own
    name does, for whoever finds it while no daemon runs.
    """
    if row["hidden"] is None:  # taken by version 1, which claimed nothing
        return f"{place}/.taken-{row['id']}-{number}.tmp"
    return f"{home}/.taken-{row['hidden']}-{number}-{plain(row['files'][number][0])}"


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
