"""What was begun with a drop is finished or undone in the inbox: steps 6 and 7 of intake.py.

The files of a drop that was taken are removed, and its receipt is written. Those of a refused one
move to _rejected with their WHY.txt, the sidecar last. Those of one that was claimed and not
decided get their names back. It all comes from the drop's row, which was committed first. Until the
row is marked `cleared`, which is when all of it is on the disk, the next start does it again, and
each part may be repeated.

Only what the drop was made of is touched: a file that was changed or replaced since it was looked
at stays. Nothing is ever written over a file of somebody else's, and nothing is done through a link
that was put in a folder's place.

What can't be done now (no permission, disk full, the share gone) is kept and tried again; meanwhile
what is left of the drop in the inbox is not taken for a new one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from dossier.database.database import is_shared
from dossier.database.prepared import Prepared
from dossier.database.tables import Drop, chunks
from dossier.files import files, moves
from dossier.files.beneath import At, Folder, LastOpened, open_beneath
from dossier.files.files import Look, Names
from dossier.office.office import Office
from dossier.text import names, system
from dossier.text.sentences import Sentence, sentence
from dossier.workers.pool import WorkerPool, slices
from ingest.inbox.found import Found
from ingest.inbox.listing import WHY
from ingest.intake.leaving import (
    Ground,
    Row,
    Traces,
    give_back,
    ground_of,
    made_like,
    plain,
    remove_own_folder,
    short_digest,
    take_away_each,
    traces_of,
)

log = structlog.get_logger("intake")

TAKEN, CLAIMED = ("taken", "duplicate"), "claimed"
"""What a Drop is unless refused: its item is there, or its files are out of sight, undecided."""

_FORGET = Prepared(lambda keys: Drop.delete().where(Drop.id.in_(keys)))
_MARK = Prepared(lambda keys: Drop.update(cleared=True).where(Drop.id.in_(keys)))

_begun: dict[str, tuple[Path, Row]] = {}
"""The word of its hidden names → the inbox, and a drop that this process claims at this moment, or
whose claim it could not decide on, as it had lost the database.

Where several daemons share it, another one may have given the names back meanwhile and have
forgotten the drop, and what this process hid after that is in no record.
"""

OWN_WHY = "own-WHY.txt"
"""What a refused attachment that is itself called WHY.txt is called in _rejected."""


class Clearing:
    """Clears an office's inbox, in one thread; other processes do what it has begun meanwhile."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._left: dict[int, Row] = {}
        self._places: Counter[tuple[str, str | None]] = Counter()
        """Of what is left: (client, folder) → how many."""
        self._busy: list[tuple[Sequence[Row], Callable[[], list[Traces | Exception]]]] = []
        self._done: dict[int, tuple[Row, Traces]] = {}
        self._on_disk: dict[int, tuple[Row, Traces]] = {}
        """Of what is done, what would survive a power cut."""
        self.has_away = False
        """True if something that another daemon left was not found here at the last `load`."""
        self.trouble: dict[str, Sentence] = {}
        """Client → what was in the way at the last try."""

    def load(self, client: str | None = None) -> int:
        """Take up what another daemon left here (for this client); returns how many drops."""
        query = Drop.select().where(~Drop.cleared).order_by(Drop.id)
        if client is not None:
            query = query.where(Drop.client == client)
        rows = [
            _as_mounted_now(self.office.inbox, row.__data__)
            for row in query
            if row.id not in self._left and row.id not in self._done and row.id not in self._on_disk
        ]
        here = [row for row in rows if _lies_here(self.office.inbox, row)]
        self.has_away, rows = len(here) < len(rows), here
        for row in rows:
            _sweep(self.office.inbox, row["client"], "_done")
            if row["target"]:
                _sweep(self.office.inbox, row["client"], "_rejected", row["target"])
        self.add(rows)
        return len(rows)

    @contextlib.contextmanager
    def claiming(self, rows: Sequence[Row]) -> Iterator[None]:
        """The files of these are hidden inside, and it is decided on them. Where that fails,
        `undo_claims` looks after them."""
        words = {str(row["hidden"]): (self.office.inbox, row) for row in rows if is_shared()}
        _begun.update(words)
        yield
        for word in words:
            del _begun[word]

    def clients_to_undo(self) -> set[str]:
        """Whose folders hold what this process hid and could not decide on."""
        return {str(row["client"]) for inbox, row in _begun.values() if inbox == self.office.inbox}

    def undo_claims(self, client: str) -> bool:
        """Give back what this process hid in this client's folder, as far as no record knows of
        it. True if anything was. The folder must be claimed."""
        did = False
        for word, (inbox, row) in list(_begun.items()):
            if inbox != self.office.inbox or row["client"] != client:
                continue
            there = Drop.select(Drop.kind).where((Drop.client == client) & (Drop.hidden == word)).first()
            if there is not None and there.kind == CLAIMED:
                continue  # it is given back by its record, which may be gone at the next call
            if there is None:
                try:
                    traces = give_back(inbox, row)
                    files.sync_beneath(inbox, traces.files, traces.folders)
                except OSError as error:
                    log.error("a drop can't get its names back yet", client=client, drop=row["stem"], error=str(error))
                    continue
                did = True
            del _begun[word]
        return did

    def add(self, rows: Iterable[Row]) -> None:
        """These drops are committed and must be cleared."""
        for row in rows:
            self._left[row["id"]] = row
            self._places[row["client"], row["folder"]] += 1

    def begin(self, workers: WorkerPool, rows: Sequence[Row]) -> None:
        """Clear these, which were added, while the caller goes on; the next call waits for it."""
        self.wait()
        taken = [row for row in rows if row["kind"] in TAKEN]  # what is refused looks into the database
        take_away = partial(take_away_each, self.office.inbox)
        self._busy = [(some, workers.begin(take_away, some)) for some in slices(taken)]

    def begun_for(self) -> set[str]:
        """The clients whose folders other processes clear now."""
        return {row["client"] for rows, _ in self._busy for row in rows}

    def wait(self) -> set[int]:
        """Return when what was begun is done or has failed: the keys of all that was."""
        begun, self._busy = self._busy, []
        for rows, cleared in begun:
            self._note(rows, cleared())
        return {row["id"] for rows, _ in begun for row in rows}

    def clear(self) -> None:
        """Clear what can be cleared; `trouble` says what is in the way of the rest."""
        self.trouble.clear()
        tried = self.wait()
        rest = [row for key, row in self._left.items() if key not in tried]
        for row in rest:
            self._note([row], [self._finished(row)])

    def clear_first(self, rows: Iterable[Row]) -> None:
        """Clear these, which were added, and leave what was begun to go on."""
        for row in rows:
            self._note([row], [self._finished(row)])

    def _finished(self, row: Row) -> Traces | Exception:
        if row["kind"] in TAKEN:
            return take_away_each(self.office.inbox, [row])[0]
        try:
            return give_back(self.office.inbox, row) if row["kind"] == CLAIMED else _reject(self.office.inbox, row)
        except Exception as error:  # noqa: BLE001 - as in leaving.py
            return error

    def _note(self, rows: Sequence[Row], cleared: Sequence[Traces | Exception]) -> None:
        for row, traces in zip(rows, cleared, strict=True):
            if not isinstance(traces, Exception):
                for path in traces.stayed:
                    reason = "a newer file has its name" if row["kind"] == CLAIMED else "it was changed after it was taken"
                    log.warning("a file stays in the inbox", reason=reason, file=names.printable(path))
                self._done[row["id"]] = row, traces
                del self._left[row["id"]]
                self._places[row["client"], row["folder"]] -= 1
            elif isinstance(traces, OSError):
                self.trouble[row["client"]] = system.whole(traces)
                log.error(
                    "a drop can't be cleared yet", client=row["client"], drop=row["stem"], kind=row["kind"], error=str(traces)
                )
            else:
                self.trouble[row["client"]] = sentence(
                    "intake.not_cleared", drop=names.printable(row["stem"]), error=type(traces).__name__
                )
                log.error(
                    "a drop can't be cleared", client=row["client"], drop=row["stem"], kind=row["kind"],
                    traceback="".join(traceback.format_exception(traces)),
                )  # fmt: skip

    def speaks_for(self, found: Found) -> bool:
        """True if this is what is left of a drop that is decided already."""
        place = (found.client, found.folder)
        if not self._places[place]:
            return False
        for row in self._left.values():
            name, *values = row["files"][-1]
            here = found.looks.get(name)
            if (row["client"], row["folder"]) == place and here and here.is_same_content(Look(*values)):
                return True
        return False

    @property
    def has_left(self) -> bool:
        """True while something could not be cleared, other than what was begun."""
        return len(self._left) > sum(len(rows) for rows, _ in self._busy)

    def oldest_done(self, monotonic: float) -> float | None:
        """Seconds since the first of what is not marked was cleared; None: nothing to mark."""
        done = (*self._done.values(), *self._on_disk.values())
        return max((monotonic - traces.since for _, traces in done), default=None)

    def sync(self, more: Sequence[Names] = (), devices: set[int] | None = None) -> set[Names]:
        """Put what was cleared on the disk, where it waits to be marked; and these folders with it.

        Returns those that are not there. OSError. `devices`: see files.sync_beneath.

        After a failed sync the kernel takes the lost bytes for written, and would say so if it were
        asked again (fsync(2)). So the receipts go, and are written anew.
        """
        if not self._done and not more:
            return set()
        kept = [file for _, traces in self._done.values() for file in traces.files]
        folders = [folder for _, traces in self._done.values() for folder in traces.folders]
        try:
            lacks = files.sync_beneath(self.office.inbox, kept, [*folders, *more], devices)
        except OSError:
            for *above, name in kept:
                with (
                    contextlib.suppress(FileNotFoundError, NotADirectoryError),
                    open_beneath(self.office.inbox, *above) as folder,
                ):
                    files.remove(folder / name)
            again, self._done = [row for row, _ in self._done.values()], {}
            self.add(again)
            raise
        self._on_disk |= self._done
        self._done = {}
        return lacks

    def has_to_mark(self) -> bool:
        """True if something that was cleared is certain to be on the disk."""
        return bool(self._on_disk)

    def mark(self) -> None:
        """Write down that this is cleared, in `transaction()`; `forget` it after it."""
        claimed = {key for key, (row, _) in self._on_disk.items() if row["kind"] == CLAIMED}
        for change, those in ((_FORGET, sorted(claimed)), (_MARK, [key for key in self._on_disk if key not in claimed])):
            for some in chunks(those):
                change.run(some)

    def forget(self) -> None:
        """What is on the disk is marked."""
        self._on_disk.clear()

    def why_not(self, client: str) -> OSError | None:
        """What is in the way of clearing this client's folder, before a drop is taken."""
        try:
            with open_beneath(self.office.inbox, client) as home:
                for name in ("_done", "_rejected"):
                    with contextlib.suppress(FileNotFoundError):
                        home.open(name).close()
                if not os.access(".", os.W_OK | os.X_OK, dir_fd=home.descriptor):
                    return OSError(errno.EACCES, sentence("intake.no_right_to_remove"), home.path)
        except OSError as error:
            return error
        return None

    def free_target(self, client: str, stem: str, now: datetime, taken: set[files.Names]) -> str:
        """A name under _rejected that nothing has: `20261124-101500-report`."""
        number, lie = 1, list[str]()
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            open_beneath(self.office.inbox, client, "_rejected") as rejected,
        ):
            lie = rejected.names()
        while True:
            more = f".{number}" if number > 1 else ""
            target = f"{now.astimezone():%Y%m%d-%H%M%S}{more}-{plain(stem)}"
            if target not in lie and (client, target) not in taken:
                taken.add((client, target))
                return target
            number += 1


def hidden_word(inbox: Path, folder: str | None) -> str:
    """A new word for the names of a drop's files. Behind it stands what tells this inbox from one
    that another machine has for itself, where several share the office, and from which folder of
    the client's they come."""
    return secrets.token_hex(8) + (_mark_of(inbox) if is_shared() else "") + (f".{short_digest(folder)}" if folder else "")


BARE = 16
"""So long is the word without these, as every one was in earlier versions."""


def _mark_of(inbox: Path) -> str:
    return short_digest(str(inbox))


def _lies_here(inbox: Path, row: Row) -> bool:
    """False if a drop was placed in another inbox, where it is to be finished: one that another
    machine has for itself, or a share that is not mounted.

    Here, then, is no file of it, and nothing of an earlier drop of this client if it is not taken.
    (True where that can't be seen: trouble is told.)
    """
    try:
        with LastOpened(inbox) as homes, ground_of(homes, row) as ground:
            for number in range(len(row["files"])):
                if files.exists(ground.hidden(row, number)) or files.exists(ground.named(row, number)):
                    return True
            if (mark := str(row["hidden"] or "").partition(".")[0][BARE:]) and mark != _mark_of(inbox):
                return False
            return row["kind"] in TAKEN or any(files.is_folder(ground.home / name) for name in ("_done", "_rejected"))
    except OSError:
        return True


def _sweep(inbox: Path, *folders: str) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), open_beneath(inbox, *folders) as folder:
        files.sweep_temporaries(folder)


def _as_mounted_now(inbox: Path, row: dict[str, Any]) -> Row:
    """An earlier process' drop: its file system may have another number since, mounted again."""
    try:
        with open_beneath(inbox, row["client"]) as home:
            device = home.status().st_dev
    except OSError:
        return row
    return {**row, "files": [[name, device, *rest] for name, _, *rest in row["files"]]}


def _reject(inbox: Path, row: Row) -> Traces:
    with LastOpened(inbox) as homes, ground_of(homes, row) as ground:
        traces = traces_of(row)
        with made_like(ground.home, "_rejected") as rejected:
            if _is_left(row, ground, rejected):
                _move_to_rejected(row, ground, rejected, traces)
        remove_own_folder(row, ground)
    return traces


def _is_left(row: Row, ground: Ground, rejected: Folder) -> bool:
    """False if all of it was moved before, as the sidecar goes last.

    Also False if the disk forgot that it was claimed, and somebody has changed the sidecar since:
    then its drop stays.
    """
    number = len(row["files"]) - 1
    name, *values = row["files"][number]
    there = files.look(ground.named(row, number))
    if files.exists(ground.hidden(row, number)) or (there is not None and Look(*values).is_untouched(there)):
        return True
    with contextlib.suppress(FileNotFoundError), rejected.open(row["target"]) as folder:
        if files.exists(folder / name):
            return False
    log.warning(
        "a sidecar was changed after it was refused; its drop stays", file=names.printable(str(ground.named(row, number)))
    )
    return False


def _move_to_rejected(row: Row, ground: Ground, rejected: Folder, traces: Traces) -> None:
    with made_like(rejected, row["target"]) if row["of_type"] is None else _private(rejected, row) as folder:
        # On the disk before anything moves: where the sidecar is gone, nobody looks for the reason
        # again.
        files.write_whole(folder / WHY, row["text"].encode())
        files.sync((folder / WHY,), (folder, rejected, ground.home))
        for number, (name, *values) in enumerate(row["files"]):
            look, hidden, place = Look(*values), ground.hidden(row, number), ground.named(row, number)
            lies = hidden if files.exists(hidden) else place
            if name != WHY:
                _move_in(lies, folder / name, place, look)
            elif _is_our_reason(row["client"], lies):
                moves.take_away(place, hidden, look)
            else:
                _move_in(lies, folder / OWN_WHY, place, look)
        traces.folders += [(row["client"], "_rejected"), (row["client"], "_rejected", row["target"])]


def _private(rejected: Folder, row: Row) -> Folder:
    """The folder of a drop not all staff may know of: for its owner alone."""
    folder = files.made_folder(rejected / row["target"], 0o700)
    files.keep_for(folder, Look(*row["files"][-1][1:]).uid)
    return folder


def _move_in(lies: At, target: At, place: At, seen: Look) -> None:
    """Move a refused file away. One that was written to since it was claimed gets its name back."""
    if lies == place:
        moves.move_if_same(lies, target, seen)
        return
    there = files.look(lies)
    if there is None or not seen.is_same_content(there) or not moves.move_new(lies, target):
        moves.put_back(lies, place)


def is_our_reason(inbox: Path, client: str, names_: files.Names) -> bool:
    """True for the WHY.txt of an earlier refusal, that came back with the corrected files."""
    *folders, name = names_
    try:
        with open_beneath(inbox, *folders) as folder:
            return _is_our_reason(client, folder / name)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _is_our_reason(client: str, place: At) -> bool:
    lies = files.look(place)
    if lies is None:
        return False
    text = files.read_plain(place, lies.size)[0].decode("utf-8", "replace")
    return bool(Drop.select().where((Drop.client == client) & (Drop.kind == "refused") & (Drop.text == text)).exists())
