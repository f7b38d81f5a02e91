"""The files of drops leave the inbox: hidden first, then gone. Steps 4 and 6 of intake.py.

Files and nothing else: any process may do it, and may do it again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dossier.files import files, moves
from dossier.files.beneath import At, Folder, LastOpened, name_of
from dossier.files.files import Look, Names
from dossier.files.leases import has_writer
from dossier.text import names
from dossier.text.sentences import sentence
from ingest.inbox.temporaries import CLAIMED
from ingest.inbox.ways import way_of

Row = Mapping[str, Any]
"""A Drop, by field."""


class Stays(OSError):
    """The inbox does not let this file go: no right to its folder, a sticky one, immutable."""


@dataclass(slots=True)
class Traces:
    """What must be on the disk before a drop is `cleared`."""

    since: float
    """Monotonic seconds."""
    files: list[Names] = field(default_factory=list)
    folders: list[Names] = field(default_factory=list)
    """From the inbox, as are `files`."""
    stayed: list[str] = field(default_factory=list)
    """What was changed after it was taken, or got another name than it had."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The folders that a drop is in, held open: whatever takes their places is left alone."""

    home: Folder
    """The client's."""
    place: Folder
    """That of the drop's files: its own or a preset's while it is there, else the client's."""

    def named(self, row: Row, number: int) -> At:
        """The drop's file with this number, by its own name."""
        return self.place / str(row["files"][number][0])

    def hidden(self, row: Row, number: int) -> At:
        """The file's name from when it is claimed until it is gone: one that is never taken.

        It lies in the client's folder, as somebody may move the folder of a drop meanwhile. It ends
        as the file's own name does, for whoever finds it while no daemon runs.
        """
        if row["hidden"] is None:  # taken by version 1, which claimed nothing
            return self.place / f"{CLAIMED}{row['id']}-{number}.tmp"
        return self.home / f"{CLAIMED}{row['hidden']}-{number}-{plain(row['files'][number][0])}"


@contextlib.contextmanager
def ground_of(homes: LastOpened, row: Row) -> Iterator[Ground]:
    """Where a drop's files are or were. OSError: NotADirectoryError for a link or a file."""
    with contextlib.ExitStack() as held:
        home = place = homes.open(row["client"])
        if row["folder"] is not None:
            with contextlib.suppress(FileNotFoundError):
                place = held.enter_context(home.open(*way_of(row["folder"])))
        yield Ground(home, place)


def remove_own_folder(row: Row, ground: Ground) -> None:
    """Remove the folder of a folder drop, once it is empty. A preset's stays."""
    if row["folder"] is not None and not row["folder"].endswith("/"):
        files.remove_folder(ground.home / row["folder"])


def traces_of(row: Row) -> Traces:
    """What is changed from now on in the folders that a drop is in is to be synced."""
    names_ = (str(row["client"]), *way_of(row["folder"]))
    return Traces(time.monotonic(), folders=[names_[:length] for length in range(1, len(names_) + 1)])


def made_like(home: Folder, name: str) -> Folder:
    """A folder in `home`, held open, with its rights: people take refused files back from it."""
    status = home.status()
    return files.made_folder(home / name, stat.S_IMODE(status.st_mode), status)


def claim(homes: LastOpened, row: Row) -> None:
    """Give each file of a drop its hidden name. Raises Stays; Changed; OSError.

    `homes` opens the clients' folders of the inbox. Wherever it ends, `give_back` undoes what was
    done.
    """
    claimed = set[tuple[int, int]]()  # one file may have several of a drop's names: with each its time of change is another
    with ground_of(homes, row) as ground:
        for number, (_, *values) in enumerate(row["files"]):
            source, hidden, seen = ground.named(row, number), ground.hidden(row, number), Look(*values)
            there, file = files.look(source), (seen.device, seen.inode)
            if there is None or not (seen.is_same_content(there) if file in claimed else seen.is_untouched(there)):
                raise files.Changed(errno.EAGAIN, sentence("files.changed"), str(source))
            try:
                is_free = moves.move_new(source, hidden)
            except FileNotFoundError as error:
                raise files.Changed(errno.EAGAIN, sentence("files.gone"), str(source)) from error
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EPERM, errno.EBUSY):
                    raise Stays(error.errno, error.strerror, str(source)) from error
                raise
            if not is_free or not _is_ours_alone(hidden, seen):
                raise files.Changed(errno.EAGAIN, sentence("files.being_changed"), str(source))
            claimed.add(file)


def _is_ours_alone(place: At, seen: Look) -> bool:
    """True if it is the file that was looked at, whoever knows its name, and nobody writes."""
    try:
        descriptor, status = files.open_seen(place)
        with files.OpenFile(descriptor):
            there, is_written = Look.of(status), has_writer(descriptor)
    except (files.NotPlain, files.Changed):
        return False
    except OSError:
        look, is_written = files.look(place), None  # one that may not be read is refused, and leaves all the same
        if look is None:
            return False
        there = look
    return seen.is_same_content(there) and seen.uid == there.uid and not is_written


def give_back(inbox: Path, row: Row) -> Traces:
    """Undo `claim`: each file gets its name again, or one like it beside a newer. OSError."""
    with LastOpened(inbox) as homes, ground_of(homes, row) as ground:
        traces = traces_of(row)
        hidden = [number for number in range(len(row["files"])) if files.exists(ground.hidden(row, number))]
        is_gone = row["folder"] is not None and ground.place is ground.home
        with contextlib.ExitStack() as held:
            place = ground.place
            for name in way_of(row["folder"]) if is_gone and hidden else ():
                place = held.enter_context(made_like(place, name))
            for number in reversed(hidden):
                name = row["files"][number][0]
                back = name_of(moves.put_back(ground.hidden(row, number), place / name))
                if back != name:
                    traces.stayed.append(f"{place}/{back}")
    return traces


def take_away_each(inbox: Path, rows: Sequence[Row]) -> list[Traces | Exception]:
    """Take from the inbox what these drops were made of, and write their receipts."""
    found = list[Traces | Exception]()
    with LastOpened(inbox) as homes, LastOpened(inbox) as receipts:
        for row in rows:
            try:
                found.append(_take_away(homes, receipts, row))
            except Exception as error:  # noqa: BLE001 - one bad drop never blocks another; it is tried again
                found.append(error)
    return found


def _take_away(homes: LastOpened, receipts: LastOpened, row: Row) -> Traces:
    with ground_of(homes, row) as ground:
        traces = traces_of(row)
        for number, (_, *values) in enumerate(row["files"]):
            place = ground.named(row, number)
            if not moves.take_away(place, ground.hidden(row, number), Look(*values)):
                traces.stayed.append(str(place))
        try:
            done = receipts.open(row["client"], "_done")
        except FileNotFoundError:
            made_like(ground.home, "_done").close()
            done = receipts.open(row["client"], "_done")
        traces.files.append((row["client"], "_done", _write_receipt(done, row)))
        traces.folders.append((row["client"], "_done"))
        remove_own_folder(row, ground)
    return traces


def plain(stem: str) -> str:
    """A stem as part of a file name: short enough for more around it, and with no odd
    characters."""
    shown = names.printable(stem).replace("\\", "_").replace("/", "_")
    raw = shown.encode()
    return shown if len(raw) <= 200 else f"{raw[:180].decode('utf-8', 'ignore')}~{hashlib.sha256(raw).hexdigest()[:12]}"


def short_digest(way: str) -> str:
    """By what a folder is told from the others."""
    return hashlib.sha256(os.fsencode(way)).hexdigest()[:8]


def _write_receipt(folder: Folder, row: Row) -> str:
    """Put the receipt in `_done`; its name there. An earlier one of that name is kept by its time.

    An empty one is of this drop: the power went before it was on the disk.
    """
    stem, data = plain(row["stem"]), row["text"].encode()
    place = folder / f"{stem}.receipt.yaml"
    there = files.look(place)
    if there is not None:
        old = files.read_plain(place, there.size)[0]
        if old == data:
            return place.name
    if there is not None and old.strip(b"\0"):
        at = f"{datetime.fromtimestamp(there.mtime_ns / 1e9):%Y%m%d-%H%M%S-%f}"
        moves.move_new(place, folder / f"{stem}.{at}.receipt.yaml")
    files.write_whole(place, data)
    return place.name
