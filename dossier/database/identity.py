"""Whose database is this? An office never begins anew in silence.

The database has an id. The same id, and how far the trail and the numbers had come, are written in
marks outside of it: var/anchors/office.json and .office.json in the vault. Where the vault is an
object store, its mark lies in var/store/vault, and the daemon sends it to the store (`send`) and
looks at its start for what lies there (`bring`). Whoever opens the database holds it against them.
One that is missing, empty, older, of another office, or moved elsewhere is refused: nothing is
taken, numbered or published on it until an admin says that it holds (`adopt`).

Marks are written after the commit and only go up, so a mark is never ahead of its database. Killed
before? It is behind, and the next one is written a moment later. One that can't be read counts as
none. Only the user whose var/ it is writes them: the daemon must be able to replace them. A backup
holds none: a restored office makes its own.

An office of an earlier version has no marks: they are made when it is opened. But where a vault, a
portal, anchors or receipts show that there was an office, an empty database is none. One that is
the office's, but older than it was or changed by hand, can still be read (database.open_to_read).

A database restored for trying (`restore --trial`) says so, and so do its marks. Nothing leaves such
an office: whatever mails, publishes or posts asks `is_trial` first. `adopt` makes it a real one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from peewee import SqliteDatabase

from dossier.database.tables import GENESIS, PROXY, Counter, Event, Item, Note, find_row, tuples
from dossier.database.trouble import DatabaseUnavailable
from dossier.files import files
from dossier.files.beneath import open_folder
from dossier.office.office import Office
from dossier.text import clock, database_address, system

if TYPE_CHECKING:
    from dossier.object_store.store import ObjectStore

_ID, _TRIAL = "office:id", "office:trial"

MOVED = "office:moved"
"""The note of a database that the office left, and where it went."""

_TRIAL_PLACES = "office:trial-places"
"""Where a trial's inbox, queue, portal and vault are that were named outside of its folder when it
was restored: elsewhere nothing of it is (`_check_trial_stays`)."""

NAME = "office.json"

MOST_BYTES = 64 * 1024

_OF_VAULT = rf"[0-9a-f]{{2}}|\.incoming|\.{NAME}"
"""What lies in a vault from its first day on."""

_opened: dict[Path, int] = {}
"""SQLite's file → a descriptor (O_PATH) of the one opened. Closing it ends no lock (open(2))."""

_seen: dict[Path, Mark] = {}
"""An office's root → what this process last saw of its database."""

_sent: dict[Path, Mark] = {}
"""An office's root → the mark that the store has, as far as this process knows."""

_UNKNOWN = ""

_trial_since: str | None = _UNKNOWN
"""Since when the open database is one for trying. That changes only while no daemon runs.

As long as this process has opened no database, it is not known: nothing leaves then either.
"""


class NotThisOffice(DatabaseUnavailable):
    """It is not the database that this office worked with. Only an admin can say that it holds."""


class NotAsked(DatabaseUnavailable):
    """The object store that is the vault can't be asked whose the database is."""


class NotAsItWas(NotThisOffice):
    """The database is this office's, but older than it was, or changed by hand. It can be read."""


class Mark(NamedTuple):
    """What the office's database was when this was written."""

    office: str
    length: int
    """Events in the trail."""
    head: str
    """The last one's hash."""
    numbers: Mapping[str, int] = MappingProxyType({})
    """Year → the last item's number."""
    database: str = ""
    """Its address, without secrets, for people."""
    trial: bool = False
    """True if it was restored for trying."""


def places(office: Office) -> tuple[Path, Path]:
    """Where the marks lie."""
    return office.var / "anchors" / NAME, office.vault / f".{NAME}"


def read(office: Office) -> Mark | None:
    """The highest mark that this user may read. Raises NotThisOffice if they are of two offices."""
    found = [mark for path in places(office) if (mark := _read(path)) is not None]
    if len({mark.office for mark in found}) > 1:
        raise NotThisOffice("identity.two_offices", one=str(places(office)[0]), other=str(places(office)[1]))
    return max(found, key=lambda mark: mark.length, default=None)


def _read(path: Path) -> Mark | None:
    try:
        with suppress(files.Changed):  # a newer one took its place meanwhile
            return _parsed(files.read_plain(path, MOST_BYTES)[0], str(path))
        return _parsed(files.read_plain(path, MOST_BYTES)[0], str(path))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        _tell_unread(str(path), error)
        return None


def _parsed(data: bytes, where: str) -> Mark | None:
    try:
        given = json.loads(data)
        mark = Mark(**given)
        is_good = all(isinstance(one, str) for one in (mark.office, mark.head, mark.database)) and type(mark.length) is int
        is_good = is_good and type(mark.trial) is bool
        if not (is_good and 0 <= mark.length < 2**63 and all(type(last) is int for last in mark.numbers.values())):
            raise ValueError(given)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        _tell_unread(where, error)
        return None
    return mark


def _tell_unread(where: str, error: Exception) -> None:
    import structlog  # takes longer to import than most commands last

    structlog.get_logger("database").warning(
        "what this says of the office's database can't be read; it is written anew", path=where, error=str(error)
    )


def bring(office: Office) -> Mark | None:
    """The mark in the object store that is the vault; from now on it counts as those here do.

    None where there is none. Raises DatabaseUnavailable if the store can't be asked.
    """
    if office.vault_store is None:
        return None
    there, here = _stored(office), places(office)[1]
    known = _read(here)
    if there is not None and (known is None or known.office != there.office or known.length < there.length) and is_ours(office):
        files.make_folder(here.parent, 0o750)
        files.write_whole(here, _written(there), 0o640, durably=True)
    return there


def send(office: Office, is_adopted: bool = False) -> None:
    """Bring what this process last saw of its database to the store that is the vault. Only up.

    Raises NotThisOffice if the store knows of more, or of another office: there may have been no
    answer when the database was opened. DatabaseUnavailable if it can't be asked now.
    """
    seen = _seen.get(office.root)
    if office.vault_store is None or seen is None or is_trial() or _sent.get(office.root) == seen:
        return
    there = _stored(office)
    if there is not None and not is_adopted:
        values = {"where": _where(office), "events": there.length, "known": there.database}
        if there.office != seen.office:
            raise NotThisOffice("identity.other", **values)
        if there.length and (found := _hash(there.length)) != there.head:
            raise (
                NotAsItWas("identity.changed", **values)
                if found
                else NotAsItWas("identity.older", has=head_of_trail()[0], **values)
            )
    if there is None or is_adopted or there.length < seen.length:
        with _asking(office) as store:
            store.put(f".{NAME}", _written(seen))
    _sent[office.root] = seen


def _stored(office: Office) -> Mark | None:
    data = b""
    with _asking(office) as store, suppress(FileNotFoundError):
        for piece in store.stream(f".{NAME}"):
            data += piece
            if len(data) > MOST_BYTES:
                break
    return _parsed(data, store.address_of(f".{NAME}")) if data else None


@contextmanager
def _asking(office: Office, url: str | None = None) -> Iterator[ObjectStore]:
    """The store that is the vault, or behind `url`; what fails is NotAsked, as nobody
    knows then whose the database is."""
    from dossier.object_store.store import ObjectStore  # few commands need it

    store = ObjectStore(office, url or str(office.vault_store), is_hurried=True)
    try:
        yield store
    except OSError as error:
        raise NotAsked("identity.not_asked", where=store.address_of(), why=system.why(error)) from error


def _written(mark: Mark) -> bytes:
    return json.dumps({**mark._asdict(), "numbers": dict(mark.numbers)}, sort_keys=True).encode() + b"\n"


def expect(office: Office) -> None:
    """There is no database. Raises NotThisOffice if there was one: none is made then."""
    known = read(office) or bring(office)
    if known is not None and known.length:
        raise NotThisOffice("identity.missing", where=_where(office), events=known.length, known=known.database)
    if known is None:
        _check_begins(office)


def check(office: Office, may_have_moved: bool = False) -> str | None:
    """Hold the open database against the marks. NotThisOffice; NotAsItWas where it can be read.

    Returns the id to `give` it, if it is the office's and has none: an earlier version's, or
    new.
    """
    _check_trial_stays(office)
    known, own, moved = read(office), _note(_ID), _note(MOVED)
    length = head_of_trail()[0]
    if moved is not None and not may_have_moved:
        raise NotThisOffice("identity.moved", where=_where(office), to=moved)
    if known is None and own is None and length == 0:
        known = bring(office)
        if known is None:
            _check_begins(office)
    if known is None:
        return own or os.urandom(16).hex()
    values = {"where": _where(office), "events": known.length, "known": known.database}
    if own is not None and own != known.office:
        raise NotThisOffice("identity.other", **values)
    if known.trial != (_note(_TRIAL) is not None):  # a trial has the office's own id: neither is taken for the other
        raise NotThisOffice("identity.other", **values)
    if length == 0 and known.length and (own is None or not Item.select().exists()):
        raise NotThisOffice("identity.empty", **values)
    if length < known.length:
        raise NotAsItWas("identity.older", has=length, **values)
    if known.length and _hash(known.length) != known.head:
        raise NotAsItWas("identity.changed", **values) if own else NotThisOffice("identity.other", **values)
    _seen[office.root] = known
    return known.office if own is None else None


def office_id() -> str | None:
    """The open database's; None if it has none yet."""
    return _note(_ID)


def give(office_id: str) -> None:
    """Give the database its id, unless it has one. Inside `transaction()`."""
    Note.insert(key=_ID, value=office_id).on_conflict_ignore().execute()


def note_trial(office: Office, now: datetime) -> None:
    """This database was restored for trying. Inside `transaction()`."""
    global _trial_since
    _trial_since = clock.to_text(now)
    Note.insert(key=_TRIAL, value=_trial_since).on_conflict_ignore().execute()
    Note.insert(key=_TRIAL_PLACES, value=json.dumps(_outside(office))).on_conflict_ignore().execute()


def _check_trial_stays(office: Office) -> None:
    """Raises NotThisOffice if a trial would work in places that are the real office's: where
    its settings lead out of its folder, and what was named for the restore is named no more."""
    if not is_trial():
        return
    named = set(json.loads(_note(_TRIAL_PLACES) or "{}").values())
    for name, place in _outside(office).items():
        if place not in named:
            raise NotThisOffice(
                "identity.trial_leads_out",
                root=str(office.root),
                name=f"paths.{name}",
                place=place,
                variable=f"DOSSIER_PATHS__{name.upper()}",
            )


def _outside(office: Office) -> dict[str, str]:
    """What of `paths` does not lie in the office's folder → where."""
    root, paths = os.path.realpath(office.root), office.settings.paths
    places = {name: str(getattr(paths, name)) for name in ("inbox", "queue", "portal", "vault")}
    whole = {name: place if "://" in place else os.path.realpath(office.root / place) for name, place in places.items()}
    return {name: place for name, place in whole.items() if not place.startswith(root + os.sep)}


def see_whether_trial() -> None:
    global _trial_since
    _trial_since = _note(_TRIAL)


def trial_since() -> str | None:
    """Since when (UTC) the open database is one for trying; None if it is a real office's."""
    return _trial_since or None


def is_trial() -> bool:
    """True if the open database is one for trying: nothing is mailed, published or posted then.

    True as well as long as nobody knows, because this process has opened none (`ask_marks`).
    """
    return _trial_since is not None


def ask_marks(office: Office) -> bool:
    """The same by the marks, where no database can be opened; what an open one said stands."""
    global _trial_since
    was = any(mark.trial for path in places(office) if (mark := _read(path)) is not None)
    if _trial_since == _UNKNOWN and not was:
        _trial_since = None
    return was


def note_opened(path: Path) -> None:
    """Remember which file SQLite has open."""
    old, _opened[path] = _opened.get(path), os.open(path, os.O_PATH | os.O_CLOEXEC)
    if old is not None:
        os.close(old)


def check_in_place(office: Office) -> None:
    """Raises NotThisOffice if SQLite's file is gone or replaced: what is open has no name any more.

    Both are asked now: some network file systems give a file another number after a while.
    """
    path = sqlite_file(office)
    if path is None or path not in _opened:
        return
    try:
        is_same = os.path.samestat(os.stat(path), os.fstat(_opened[path]))
    except FileNotFoundError:
        is_same = False
    except OSError:
        return  # the disk is away, perhaps for a moment; the database says so itself
    if not is_same:
        raise NotThisOffice("identity.swapped", where=str(path))


def check_stays() -> None:
    """NotThisOffice if the office moved away from SQLite's file since this process opened it."""
    if isinstance(PROXY.obj, SqliteDatabase) and (moved := _note(MOVED)) is not None:
        raise NotThisOffice("identity.moved", where=PROXY.obj.database, to=moved)


def check_still(office: Office) -> None:
    """NotThisOffice if the database was removed, replaced, emptied or moved from since this process
    saw it."""
    check_in_place(office)
    check_stays()
    seen = _seen.get(office.root)
    if seen and sqlite_file(office) is None and (_note(_ID) != seen.office or (seen.length and _hash(seen.length) != seen.head)):
        raise NotThisOffice("identity.swapped", where=_where(office))


def sqlite_file(office: Office) -> Path | None:
    return _sqlite_file(office.root, office.settings.database.url)


@cache
def _sqlite_file(root: Path, url: str) -> Path | None:
    return root / url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else None


def mark(office: Office, is_adopted: bool = False) -> None:
    """Write down how far the database has come, once it is committed. Only up, but if `is_adopted`.

    Raises the database's errors, and NotThisOffice if it is not what this process worked with. What
    can't be written now is written at the next call.
    """
    own, (length, head) = _note(_ID), head_of_trail()
    seen = None if is_adopted else _seen.get(office.root)
    if seen and (own, length, head) == (seen.office, seen.length, seen.head):
        return
    if seen and (own != seen.office or length < seen.length or (seen.length and _hash(seen.length) != seen.head)):
        raise NotThisOffice("identity.swapped", where=_where(office))
    if own is None:
        return
    numbers = {str(year): last for year, last in tuples(Counter.select(Counter.year, Counter.last))}
    now = _seen[office.root] = Mark(own, length, head, numbers, _where(office), is_trial())
    if not is_ours(office):
        return
    for path in places(office):
        known = _read(path)
        if known is not None and not is_adopted and (known.office != own or known.length >= length):
            continue
        with suppress(OSError):
            if path.parent != office.vault or is_adopted:
                files.make_folder(path.parent, 0o750)
            elif known is None and is_vault_away(office):
                continue
            if path.parent.is_dir():
                files.write_whole(path, _written(now), 0o640, durably=True)


def is_vault_away(office: Office) -> bool:
    """True if nothing of the vault lies in its folder, and the office had items: a disk that is not
    mounted, say. What is put there then is not to be seen once the disk is back."""
    if office.vault_store is not None:
        return False
    try:
        if any(re.fullmatch(_OF_VAULT, name) for name in os.listdir(office.vault)):
            return False
    except FileNotFoundError:
        pass
    except OSError:
        return False
    known = _read(places(office)[0])
    return known is not None and bool(known.numbers)


def sweep(office: Office, *within: str) -> None:
    """Remove what others that were killed left in var/, in these folders of it, and beside the
    marks. For a daemon that starts."""
    for where in (office.var, *(office.var / name for name in within), *(path.parent for path in places(office))):
        with suppress(FileNotFoundError, NotADirectoryError), open_folder(where) as folder:
            files.sweep_temporaries(folder)


def adopt(known: Mark | None, given: Mapping[str, int]) -> None:
    """Make the open database this office's. Numbers that were used stay used: those that the mark
    knows and `given`, year → the last. Inside `transaction()`."""
    global _trial_since
    _trial_since = None
    Note.delete().where(Note.key.in_((MOVED, _TRIAL, _TRIAL_PLACES))).execute()
    if _note(_ID) is None:
        give(known.office if known else os.urandom(16).hex())
    for year, last in (*(known.numbers if known else {}).items(), *given.items()):
        there = Counter.get_or_none(Counter.year == int(year))
        if there is None:
            Counter.insert(year=int(year), last=last).execute()
        elif there.last < last:
            Counter.update(last=last).where(Counter.year == int(year)).execute()


def note_moved(to: str) -> None:
    """The office goes on at the address `to`. Inside a transaction."""
    Note.put(MOVED, to)


def has_moved() -> bool:
    return _note(MOVED) is not None


def _check_begins(office: Office) -> None:
    """Raises NotThisOffice if something shows that this is not an office's first day."""
    for path, depth, sign in (
        (office.vault, 1, "[0-9a-f]{2}"),
        (office.var / "anchors", 1, r".+\.jsonl"),
        (office.portal, 2, r"D-[0-9]{4}-[0-9]+"),
    ):
        if any(re.fullmatch(sign, name) for name in _names(path, depth)):
            raise NotThisOffice("identity.lost", where=_where(office), sign=str(path))
    # All of the above may lie on one disk, and that not be mounted.
    for receipts in (office.inbox / client / "_done" for client in _names(office.inbox, 1)):
        if any(name.endswith(".receipt.yaml") for name in _names(receipts, 1)):
            raise NotThisOffice("identity.lost", where=_where(office), sign=str(receipts))
    for url, sign in ((office.vault_store, "[0-9a-f]{2}/.+"), (office.portal_store, r"[^/]+/D-[0-9]{4}-[0-9]+/.+")):
        if url is not None:
            with _asking(office, url) as store:
                if any(re.fullmatch(sign, entry.name) for entry in store.entries("")):
                    raise NotThisOffice("identity.lost", where=_where(office), sign=url)


def _names(path: Path, depth: int) -> Iterator[str]:
    """What lies in this folder, or in the folders in it; of what can't be read, nothing."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        for name in os.listdir(path):
            if depth == 1:
                yield name
            else:
                yield from _names(path / name, depth - 1)


def is_ours(office: Office) -> bool:
    """True if the office's var/, with the marks in it, is this process's user's."""
    try:
        return os.stat(office.var).st_uid == os.geteuid()
    except OSError:
        return False


def _where(office: Office) -> str:
    path = sqlite_file(office)
    return str(path) if path is not None else database_address.without_secrets(office.settings.database.url)


def head_of_trail() -> tuple[int, str]:
    """The number and the hash of the last event."""
    row = PROXY.execute_sql("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def _hash(seq: int) -> str | None:
    event = find_row(Event.seq, seq)
    return str(event.hash) if event else None


def _note(key: str) -> str | None:
    return Note.read(key)
