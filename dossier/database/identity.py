"""Whose database is this? An office never begins anew in silence.

The database has an id. The same id, and how far the trail and the numbers had come, are written in
marks outside of it: var/anchors/office.json and .office.json in the vault. Whoever opens the database
holds it against them. One that is missing, empty, older, of another office, or moved elsewhere is
refused: nothing is taken, numbered or published on it, until an admin says that it holds (`adopt`).

Marks are written after the commit and only go up, so a mark is never ahead of the database that it
tells of. Killed before? It is behind, and the next one is written a moment later. Only the user whose
var/ it is writes them: the daemon must be able to read and replace what others would leave.

An office of an earlier version has no marks: they are made when it is opened. But where a vault, a
portal or anchors show that there was an office, an empty database is none.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dossier.database.tables import GENESIS, Counter, Event, Note, tuples
from dossier.database.trouble import DatabaseUnavailable
from dossier.files import files
from dossier.office.office import Office
from dossier.text import database_address

_ID, _MOVED = "office:id", "office:moved"

MOST_BYTES = 64 * 1024

_opened: dict[Path, tuple[int, int]] = {}
"""SQLite's file → device and inode, as it was opened."""


class NotThisOffice(DatabaseUnavailable):
    """The database is not the one that this office worked with, or is older. Only an admin can say that it holds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the office's database was when this was written."""

    office: str
    length: int
    """Events in the trail."""
    head: str
    """The last one's hash."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Year → the last item's number."""
    database: str = ""
    """Its address, without secrets, for people."""


def places(office: Office) -> tuple[Path, Path]:
    """Where the marks lie."""
    return office.var / "anchors" / "office.json", office.vault / ".office.json"


def read(office: Office) -> Mark | None:
    """The highest mark that this user may read; None if there is none. Raises NotThisOffice if one can't be understood."""
    found = [mark for path in places(office) if (mark := _read(path)) is not None]
    if len({mark.office for mark in found}) > 1:
        raise NotThisOffice("identity.two_offices", one=str(places(office)[0]), other=str(places(office)[1]))
    return max(found, key=lambda mark: mark.length, default=None)


def _read(path: Path) -> Mark | None:
    try:
        given = json.loads(files.read_plain(path, MOST_BYTES)[0])
        mark = Mark(**given)
        is_good = all(isinstance(one, str) for one in (mark.office, mark.head, mark.database)) and type(mark.length) is int
        if not (is_good and 0 <= mark.length < 2**63 and all(type(last) is int for last in mark.numbers.values())):
            raise ValueError(given)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NotThisOffice("identity.unreadable", path=str(path)) from error
    return mark


def expect(office: Office) -> None:
    """There is no database. Raises NotThisOffice if there was one: none is made then."""
    known = read(office)
    if known is not None and known.length:
        raise NotThisOffice("identity.missing", where=_where(office), events=known.length, known=known.database)
    if known is None:
        _check_begins(office)


def check(office: Office, may_have_moved: bool = False) -> str | None:
    """Hold the database, which is open, against the marks. Raises NotThisOffice.

    Returns the id that it must be given (`give`), if it is the office's and has none: one of an earlier version, or a new one.
    """
    known, own, moved = read(office), _note(_ID), _note(_MOVED)
    length = _head()[0]
    if moved is not None and not may_have_moved:
        raise NotThisOffice("identity.moved", where=_where(office), to=moved)
    if known is None:
        if own is None and length == 0:
            _check_begins(office)
        return own or secrets.token_hex(16)
    values = {"where": _where(office), "events": known.length, "known": known.database}
    if own is not None and own != known.office:
        raise NotThisOffice("identity.other", **values)
    if length == 0 and known.length:
        raise NotThisOffice("identity.empty", **values)
    if length < known.length:
        raise NotThisOffice("identity.older", has=length, **values)
    if known.length and _hash(known.length) != known.head:
        raise NotThisOffice("identity.other", **values)
    return known.office if own is None else None


def give(office_id: str) -> None:
    """Give the database its id, unless it has one. Inside `transaction()`."""
    Note.insert(key=_ID, value=office_id).on_conflict_ignore().execute()


def note_opened(path: Path) -> None:
    """Remember which file SQLite has open."""
    status = os.stat(path)
    _opened[path] = (status.st_dev, status.st_ino)


def check_in_place(office: Office) -> None:
    """Raises NotThisOffice if SQLite's file is gone, or another lies in its place: what is open has no name any more."""
    path = sqlite_file(office)
    if path is None or path not in _opened:
        return
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise NotThisOffice("identity.swapped", where=str(path)) from None
    except OSError:
        return  # the disk is away, perhaps for a moment; the database says so itself
    if (status.st_dev, status.st_ino) != _opened[path]:
        raise NotThisOffice("identity.swapped", where=str(path))


def sqlite_file(office: Office) -> Path | None:
    url = office.settings.database.url
    return office.root / url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else None


def mark(office: Office, is_adopted: bool = False) -> None:
    """Write down how far the database has come. Call when it is committed. Only up, but for what was adopted.

    Raises the database's errors. What can't be written now is written at the next call.
    """
    own = _note(_ID)
    if own is None or not _is_ours(office):
        return
    length, head = _head()
    numbers = {str(year): last for year, last in tuples(Counter.select(Counter.year, Counter.last))}
    data = json.dumps(
        {"office": own, "length": length, "head": head, "numbers": numbers, "database": _where(office)}, sort_keys=True
    ).encode()
    anchors, vault = places(office)
    for path in (anchors, vault):
        known = None
        with suppress(NotThisOffice):
            known = _read(path)
        if not is_adopted and known is not None and known.length >= length:
            continue
        with suppress(OSError):
            if path == anchors:
                files.make_folder(path.parent, 0o750)
            if path.parent.is_dir():
                files.write_durably(path, data + b"\n", 0o640)


def adopt(known: Mark | None) -> None:
    """Make the open database this office's: its id stays, or it gets the office's, and used numbers stay used. Inside `transaction()`."""
    Note.delete().where(Note.key == _MOVED).execute()
    if _note(_ID) is None:
        give(known.office if known else secrets.token_hex(16))
    for year, last in (known.numbers if known else {}).items():
        there = Counter.get_or_none(Counter.year == int(year))
        if there is None:
            Counter.insert(year=int(year), last=last).execute()
        elif there.last < last:
            Counter.update(last=last).where(Counter.year == int(year)).execute()


def note_moved(to: str) -> None:
    """This database's office goes on elsewhere. Inside `transaction()`."""
    Note.insert(key=_MOVED, value=to).on_conflict(conflict_target=[Note.key], update={Note.value: to}).execute()


def _check_begins(office: Office) -> None:
    """Raises NotThisOffice if something shows that this is not an office's first day."""
    for path, is_sign in (
        (office.vault, lambda name: re.fullmatch("[0-9a-f]{2}", name)),
        (office.var / "anchors", lambda name: name.endswith(".jsonl")),
    ):
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            if any(is_sign(name) for name in os.listdir(path)):
                raise NotThisOffice("identity.lost", where=_where(office), sign=str(path))


def _is_ours(office: Office) -> bool:
    try:
        return os.stat(office.var).st_uid == os.geteuid()
    except OSError:
        return False


def _where(office: Office) -> str:
    path = sqlite_file(office)
    return str(path) if path is not None else database_address.shown(office.settings.database.url)


def _head() -> tuple[int, str]:
    row: Any = Event.select(Event.seq, Event.hash).order_by(Event.seq.desc()).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def _hash(seq: int) -> str | None:
    event = Event.get_or_none(Event.seq == seq)
    return event.hash if event else None


def _note(key: str) -> str | None:
    note = Note.get_or_none(Note.key == key)
    return note.value if note else None
