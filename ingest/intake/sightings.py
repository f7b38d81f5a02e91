"""Where the daemon saw each sidecar lie: a sidecar counts in the folder where its owner put it.

Whoever may write to two clients' folders can move somebody else's sidecar from one to the other,
and its owner stays. So what the daemon saw of a sidecar that waits is remembered: device, inode,
birth time and SHA-256, over a restart. The same is remembered of a refused one, which may come back
out of _rejected beside other files than its owner's. A sidecar that was edited or saved anew is a
new word.

A preset's folder says more than the client's own, so it counts as a folder of its own, and so does
`_unsorted`, from where `assign` gives a file to a client by its SHA-256 (unsorted.py). Other files
that wait are remembered as well: where a sidecar waits for one, or a preset shares at once, whoever
moves one there would speak in its owner's name. All is written down when it is seen first, as it
may be moved while no daemon runs: of a sidecar that can't be read yet, what it looks like.

A file system may give the inode of a removed file to the next one (ext4 does so at once): the birth
time tells them apart. Where a file system keeps none, all else must be the same. What nobody saw
can't be told; then only the key `client` says for whom a sidecar is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from dossier.database.database import transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import Sighting, chunks
from dossier.files import statx
from dossier.files.beneath import LastOpened
from dossier.files.files import Look, Names
from dossier.office.office import Office
from dossier.text import clock, names
from dossier.text.sentences import Sentence, sentence
from ingest.inbox.found import Found, Lying

KEPT_DAYS = 7
"""How long a sidecar is remembered that lies nowhere in the inbox: it may come back."""

UNREAD_MOST = 100_000
"""So many files that are no whole sidecars are remembered in memory."""

NO_SIDECAR = ""
"""What stands for the SHA-256 of a file that is no sidecar: only where it lay is asked."""


class Origin(NamedTuple):
    """What is known of a drop's sidecar from before."""

    born: str = ""
    """When the file was made, in nanoseconds since 1970; empty where nobody says."""
    is_moved: bool = False
    """It lay in another client's folder, or was not sorted."""
    was_refused: bool = False
    is_put_here: bool = False
    """It lies in a preset's folder, and was seen outside of that."""
    moved_files: tuple[str, ...] = ()
    """Its files that lay in another client's folder, or were not sorted, and not beside it, unless
    it lists their SHA-256."""


NOWHERE = Origin()

SOMEWHERE = Origin(is_moved=True, is_put_here=True)
"""Of a file that is not there at the moment: it may have been anywhere."""


class _Other(NamedTuple):
    """What was seen of a file that is no sidecar (yet)."""

    born: str
    ground: str
    """Where it was seen first."""
    look: Look
    mark: str | None = None
    """What stands for its SHA-256 where it is written down; None: it is not."""


class Seen(NamedTuple):
    """A sidecar that was seen lying, as it is written down."""

    inode: str
    device: str
    born: str
    sha256: str
    client: str
    refused: bool


_SEEN = Prepared(
    lambda inodes: Sighting.select(*(getattr(Sighting, name) for name in Seen._fields)).where(Sighting.inode.in_(inodes))
)


_LAY = Prepared(
    lambda inode: Sighting.select(Sighting.born, Sighting.client).where(
        (Sighting.inode == inode) & (Sighting.sha256 == NO_SIDECAR)
    )
)
"""Birth, and where any process of the office saw such a file that is no sidecar. A birth tells more
than the device, whose number is another one when it is mounted anew."""


class Sightings:
    """What was seen, for an office. One thread uses it; the database must be open."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._noted: dict[tuple[int, int], tuple[str, str]] = {}
        """(device, inode) → birth and SHA-256, of what is written down."""
        self._others: dict[tuple[int, int], _Other] = {}
        """(device, inode) → what this process saw of a file that is no sidecar (yet)."""

    def note(self, now: datetime, cards: Iterable[Lying]) -> None:
        """These lie in the inbox and are not taken now. Not inside `transaction()`."""
        new = []
        with LastOpened(self.office.inbox) as folders:
            unknown = (card for card in cards if not self._is_known(card))
            births = [(card, _born(folders, tuple(card.path.split("/")), card.look)) for card in unknown]
        for card, born in births:
            key = (card.look.device, card.look.inode)
            if born is None:
                continue
            if card.digest and self._noted.get(key) != (born, card.digest):
                self._noted[key] = born, card.digest
                new.append(_row(now, card.look, born, card.digest, self._first_seen(card.look, born) or card.ground))
            elif not card.digest and born:
                if len(self._others) >= UNREAD_MOST:
                    self._others.clear()
                seen, ground = self._others.get(key), self._first_seen(card.look, born) or card.ground
                mark = _mark_of(card.look) if names.is_sidecar(card.path) else NO_SIDECAR
                if seen is None or (seen.born, seen.mark) != (born, mark):
                    new.append(_row(now, card.look, born, mark, ground))
                self._others[key] = _Other(born, ground, card.look, mark)
        self._keep(new)

    def _is_known(self, card: Lying) -> bool:
        """True of what was seen as it is now, and is no whole sidecar: there is nothing to note."""
        seen = self._others.get((card.look.device, card.look.inode)) if not card.digest else None
        return seen is not None and seen.look == card.look and seen.mark is not None

    def left(self, now: datetime, drops: Iterable[tuple[Found, Origin]]) -> None:
        """These could not be taken now: they were moved, say. Not in `transaction()`."""
        self._keep([row for found, origin in drops if (row := _row_of(now, found, origin)) is not None])

    def _keep(self, rows: Sequence[dict[str, object]]) -> None:
        for some in chunks(rows, 100):
            with transaction():
                Sighting.insert_many(some).on_conflict_ignore().execute()

    def origins(self, found: Sequence[Found]) -> list[Origin]:
        """What is known of each drop's sidecar."""
        cards = [one.looks[one.sidecar_name] if one.sidecar_name else None for one in found]
        inodes = [str(card.inode) for card in cards if card is not None]
        seen = dict[str, list[Seen]]()
        for row in map(Seen._make, _SEEN.rows(inodes)):
            seen.setdefault(row.inode, []).append(row)
        with LastOpened(self.office.inbox) as folders:
            births = [
                _born(folders, (*one.folders, str(one.sidecar_name)), card) if card is not None else None
                for one, card in zip(found, cards, strict=True)
            ]
        origins = []
        for one, card, born in zip(found, cards, births, strict=True):
            if card is None:
                origins.append(self._of_files(one))
                continue
            if born is None:
                origins.append(SOMEWHERE)
                continue
            rows = [row for row in seen.get(str(card.inode), ()) if _is_same(row, card, born, one.digest)]
            grounds = {row.client for row in rows} | {self._first_seen(card, born) or one.ground}
            clients = {ground.partition("/")[0] for ground in grounds}
            is_put_here = one.ground != one.client and (grounds != {one.ground} or self._of_files(one).is_put_here)
            moved_files = self._moved_files(one, {one.client, *clients})
            origins.append(Origin(born, clients != {one.client}, any(row.refused for row in rows), is_put_here, moved_files))
        return origins

    def _moved_files(self, found: Found, clients: Collection[str]) -> tuple[str, ...]:
        """Those that were seen elsewhere than with these, where it lay as well."""
        listed = found.sidecar.attachments or () if found.sidecar is not None else ()
        settled = {found.matched.get(entry.file) for entry in listed if entry.sha256}
        looks = {disk: found.looks[disk] for disk in found.matched.values() if disk not in settled and disk in found.looks}
        seen = {disk: look for disk, look in looks.items() if self._may_have_been_seen(look)}
        if not seen:
            return ()
        with LastOpened(self.office.inbox) as folders:
            births = {disk: _born(folders, (*found.folders, disk), look) for disk, look in seen.items()}
        grounds = {disk: self._first_seen(look, births[disk] or "") for disk, look in seen.items()}
        return tuple(disk for disk, ground in sorted(grounds.items()) if ground and ground.partition("/")[0] not in clients)

    def _may_have_been_seen(self, look: Look) -> bool:
        """False where nothing is known of a file with this inode, as of most."""
        return (look.device, look.inode) in self._others or bool(_LAY.rows(str(look.inode)))

    def _of_files(self, found: Found) -> Origin:
        """What is known of a drop's files, where a preset speaks for them."""
        if found.preset is None:
            return NOWHERE
        with LastOpened(self.office.inbox) as folders:
            births = {name: _born(folders, (*found.folders, name), look) for name, look in found.looks.items()}
        seen = [self._first_seen(look, births[name] or "") for name, look in found.looks.items()]
        return Origin(is_put_here=None in births.values() or any(ground not in (None, found.ground) for ground in seen))

    def see_files(self, drops: Iterable[Found]) -> None:
        """Remember the files of these, which are about to be refused, while they lie there."""
        with LastOpened(self.office.inbox) as folders:
            for found in drops:
                for disk in found.matched.values():
                    if (look := found.looks.get(disk)) and (born := _born(folders, (*found.folders, disk), look)):
                        ground = self._first_seen(look, born) or found.ground
                        self._others[look.device, look.inode] = _Other(born, ground, look)

    def refused(self, now: datetime, drops: Iterable[tuple[Found, Origin]]) -> None:
        """These drops go to _rejected, and may come back from there, or go elsewhere. Call inside
        `transaction()`."""
        for found, origin in drops:
            seen = [one for look in found.looks.values() if (one := self._others.get((look.device, look.inode)))]
            for one in seen:
                Sighting.insert(_row(now, one.look, one.born, NO_SIDECAR, one.ground)).on_conflict_ignore().execute()
            if (row := _row_of(now, found, origin)) is not None:
                key = [Sighting.inode, Sighting.device, Sighting.born, Sighting.sha256]
                insert = Sighting.insert({**row, "refused": True})
                insert.on_conflict(conflict_target=key, update={Sighting.refused: True}).execute()

    def forget(self, drops: Iterable[Found]) -> None:
        """These are not where they were: nothing of them need be kept in memory."""
        for found in drops:
            for look in found.looks.values():
                self._others.pop((look.device, look.inode), None)
                self._noted.pop((look.device, look.inode), None)

    def _first_seen(self, look: Look, born: str) -> str | None:
        """On which ground it was seen while it was no whole sidecar."""
        seen = self._others.get((look.device, look.inode))
        if seen is not None and seen.born == born:
            return seen.ground
        return next((ground for birth, ground in _LAY.rows(str(look.inode)) if birth == born), None) if born else None


def doubts(found: Found, origin: Origin, foreign: Iterable[str]) -> list[Sentence]:
    """Why this drop can't be shared outright unseen. `foreign`: its files of other owners."""
    told = []
    if origin.is_put_here and found.sidecar is not None and "share_status" in found.sidecar.filled:
        told.append(sentence("intake.put_into_preset", file=names.printable(next(iter(found.matched.values()), found.told_as))))
    if origin.is_moved and (found.sidecar is None or found.sidecar.client is None):
        told.append(sentence("intake.moved", file=found.told_as))
    told += [sentence("intake.file_moved", file=names.printable(disk)) for disk in origin.moved_files]
    if origin.was_refused:
        told += [sentence("intake.returned", file=names.printable(disk), sidecar=found.told_as) for disk in sorted(foreign)]
    return told


def sweep(office: Office, now: datetime) -> None:
    """Forget the sidecars that have not been in the inbox for days. Not inside `transaction()`."""
    before = clock.to_text(now - timedelta(days=KEPT_DAYS))
    old = list(Sighting.select().where(Sighting.at <= before))
    if not old or not office.inbox.is_dir():
        return
    there = set(map(str, _inodes(office.inbox)))
    gone = [row.inode for row in old if row.inode not in there]
    for some in chunks(gone):
        with transaction():
            Sighting.delete().where((Sighting.at <= before) & Sighting.inode.in_(some)).execute()


def _inodes(inbox: Path) -> Iterator[int]:
    """Of every file in it. No link is followed, but on the way to the inbox itself."""
    for _, _, names_, folder in os.fwalk(inbox.resolve()):
        for name in names_:
            with contextlib.suppress(FileNotFoundError):
                yield os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino


def _is_same(row: Seen, look: Look, born: str, digest: str) -> bool:
    """A file system mounted anew has another number; a known birth says enough."""
    is_same_file = row.born == born if row.born and born else row.device == str(look.device)
    return bool(is_same_file and row.sha256 in (digest, _mark_of(look)))


def _mark_of(look: Look) -> str:
    """What stands for the SHA-256 of a sidecar that was not read: nobody but its owner changes
    either, and it is another one once it was edited."""
    return f"{look.size} {look.mtime_ns}"


def _row_of(now: datetime, found: Found, origin: Origin) -> dict[str, Any] | None:
    if found.sidecar_name is None or not found.digest:
        return None
    return _row(now, found.looks[found.sidecar_name], origin.born, found.digest, found.ground)


def _row(now: datetime, look: Look, born: str, digest: str, client: str) -> dict[str, Any]:
    return {
        "inode": str(look.inode), "device": str(look.device), "born": born, "sha256": digest, "client": client,
        "refused": False, "at": clock.to_text(now),
    }  # fmt: skip


def _born(inbox: LastOpened, where: Names, look: Look) -> str | None:
    """When the file that was looked at was made: see Origin. None if it is not there any more."""
    *folders, name = where
    try:
        more = statx.more(inbox.open(*folders) / name)
    except OSError:
        return None
    if more.inode != look.inode:
        return None
    return "" if more.born_ns is None else str(more.born_ns)
