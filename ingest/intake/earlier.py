"""What the inbox shows of drops that the database does not know, being older than they are, or new.

Their receipts name the numbers that were given. Files that were claimed when the office was lost
lie there under hidden names, and nobody would find them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import structlog

from dossier.database.tables import Drop, tuples
from dossier.files import files, moves
from dossier.files.beneath import Folder, name_of, open_beneath, open_folder
from dossier.office.office import Office
from dossier.text import names
from ingest.inbox.pairing import FOLDER_SIDECARS
from ingest.inbox.temporaries import CLAIMED
from ingest.intake.leaving import made_like, short_digest

log = structlog.get_logger("intake")

_NUMBER = re.compile(rb"item: D-([0-9]{4})-([0-9]{6,7})\n")
_HIDDEN = re.compile(
    re.escape(CLAIMED) + r"(?P<word>[0-9a-f]{16,24}(?:\.(?P<folder>[0-9a-f]{8}))?)-[0-9]+-(?P<name>.+)", re.DOTALL
)
_RECEIPT_BYTES = 64

Way = tuple[str, ...]
"""From a client's folder to one below, name by name."""


def numbers_given(office: Office) -> dict[str, int]:
    """By the receipts that this process's user wrote: year → the last number. What can't be read
    counts for nothing."""
    last: dict[str, int] = {}
    for home in _homes(office):
        with suppress(OSError), home.open("_done") as done:
            for name in done.names():
                if name.endswith(".receipt.yaml") and (found := _NUMBER.match(_beginning(done, name))):
                    year, number = found[1].decode(), int(found[2])
                    last[year] = max(number, last.get(year, 0))
    return last


def give_back(office: Office) -> list[str]:
    """Give each file that is hidden, and of no drop that the database knows, its name again, or one
    like it beside a newer, in the folder that it was in. Returns their ways from the inbox, as they
    are shown. No daemon may run."""
    return [way for home in _homes(office) for way in _given_back(office, home)]


def give_back_of(office: Office, client: str) -> None:
    """The same in a client's folder, which must be claimed: a daemon that was stopped, replaced and
    woken hid it, and was killed."""
    with suppress(OSError), open_beneath(office.inbox, client) as home:
        for way in _given_back(office, home):
            log.warning("a hidden file that no record knows of has its name again", file=way)


def _given_back(office: Office, home: Folder) -> list[str]:
    hidden = {name: found for name in home.names() if (found := _HIDDEN.fullmatch(name))}
    known = _known_words() if hidden else set()  # read later: what is recorded meanwhile is known
    hidden = {name: found for name, found in hidden.items() if found["word"] not in known}
    ways = _ways_by_digest(office, home) if hidden else {}
    lonely = {found["word"] for found in hidden.values() if found["name"].lower() in FOLDER_SIDECARS}
    back = list[str]()
    for name, found in sorted(hidden.items()):
        word, own = found["word"], found["name"]
        way = ways.get(found["folder"] or "") or ((f"recovered-{word}",) if found["folder"] or word in lonely else ())
        try:
            back.append(names.printable(f"{name_of(home.path)}/{_put_back(home, name, way, own)}"))
        except OSError as error:
            log.error("a hidden file can't get its name back", file=names.printable(str(home / name)), error=str(error))
    return back


def _known_words() -> set[str]:
    return {row[0] for row in tuples(Drop.select(Drop.hidden).where(Drop.hidden.is_null(False) & ~Drop.cleared))}


def _ways_by_digest(office: Office, home: Folder) -> dict[str, Way]:
    """short_digest → the way to a folder that a drop may have been in: one that is there, or a
    preset's."""
    presets = [preset.folder for preset in office.settings.presets.values() if preset.folder]
    there = list(_ways_in(home))
    ways = {short_digest("/".join(way) + "/"): way for way in [*((name,) for name in presets), *there]}
    return {**ways, **{short_digest(way[0]): way for way in there if len(way) == 1}}


def _ways_in(folder: Folder) -> Iterator[Way]:
    """To each folder in this one and below."""
    for name in folder.names():
        with suppress(OSError), folder.open(name) as inner:
            yield (name,)
            for way in _ways_in(inner):
                yield (name, *way)


def _homes(office: Office) -> Iterator[Folder]:
    """The folders of the inbox, one after the other held open."""
    try:
        inbox = open_folder(office.inbox)
    except OSError:
        return
    with inbox:
        for name in sorted(inbox.names()):
            with suppress(OSError), inbox.open(name) as home:
                yield home


def _beginning(folder: Folder, name: str) -> bytes:
    try:
        text, look = files.read_plain(folder / name, _RECEIPT_BYTES)
    except OSError:
        return b""
    return text if look.uid == os.geteuid() and not look.is_unsigned else b""


def _put_back(home: Folder, name: str, way: Way, own: str) -> str:
    with ExitStack() as held:
        place = home
        for step in way:
            place = held.enter_context(made_like(place, step))
        back = name_of(moves.put_back(home / name, place / own))
        files.sync((), [place, home])
    return "/".join((*way, back))
