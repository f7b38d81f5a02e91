"""A fresh look at a client's inbox: what is ready, what waits for what since when, what is no plain file.

Reads, and changes nothing: the daemon takes what is ready, `status`, `check` and `why` tell what waits. Every answer comes
from the folder as it is now; what is remembered between looks only saves reading the same sidecar again.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dossier.files import files
from dossier.files.files import Look
from dossier.files.settling import OPEN_RETRY_SECONDS, Settling
from dossier.office.office import Office
from dossier.text import names
from dossier.text.sentences import Sentence
from dossier.text.yamltext import Fault, Limits
from ingest.inbox.pairing import Candidate, Claim, pair, pair_folder
from ingest.sidecar.reading import Sidecar, claimed_files, read_sidecar

SIDECAR_BYTES = Limits().bytes

UNREADABLE_RETRY_SECONDS = 30.0
"""How soon a file that the share or the disk could not give is tried again."""

WHY = "WHY.txt"
"""Told of a refused drop. One of ours inside a folder drop came back with the corrected files, and is no attachment."""


@dataclass(frozen=True, slots=True)
class Found:
    """A drop that can be taken, or must be refused for `faults`."""

    client: str
    folder: str | None
    """The folder's name, of a folder drop."""
    sidecar_name: str | None
    """None: a file that came without one (intake.without_sidecar: create)."""
    digest: str
    """SHA-256 (hex) of the sidecar's bytes; empty without one."""
    sidecar: Sidecar | None
    matched: Mapping[str, str]
    """The name that was asked for → the name on disk."""
    looks: Mapping[str, Look]
    """Name on disk → what was seen, of every file of the drop, the sidecar and a returned WHY.txt too."""
    faults: tuple[Fault, ...]

    @property
    def stem(self) -> str:
        """What its receipt and its folder under _rejected are named after."""
        if self.folder is not None:
            return self.folder
        return names.stem(self.sidecar_name) if self.sidecar_name else next(iter(self.looks))

    @property
    def shown(self) -> str:
        """What a fault's line begins with."""
        return names.shown(self.sidecar_name or self.stem)

    @property
    def changed_at(self) -> float:
        """Seconds since 1970 of the last change to any of its files."""
        return max(look.ctime_ns for look in self.looks.values()) / 1e9

    def place(self, inbox: Path) -> Path:
        """The folder its files lie in."""
        home = inbox / self.client
        return home / self.folder if self.folder is not None else home


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something in an inbox that is not taken yet."""

    client: str
    path: str
    """From the inbox: `acme-bv/report.yaml`."""
    reason: Sentence | str
    since: float
    """Seconds since 1970 of its last change."""
    names: tuple[str, ...] = ()
    """What in the client's folder this is about, there or missed; by its name on disk or as it was asked for."""


@dataclass(slots=True)
class View:
    """What one look at a client's folder found."""

    ready: list[Found] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    odd: list[Waiting] = field(default_factory=list)
    """Links, pipes, devices: never taken, never touched."""
    trouble: str | None = None
    """Something that can't be read now, and why: the share or the disk, not the drop, is at fault."""
    next_in: float | None = None
    """Seconds until time alone may make something ready; None if only a change can."""

    def again_in(self, seconds: float) -> None:
        self.next_in = seconds if self.next_in is None else min(self.next_in, seconds)


@dataclass(slots=True)
class _Read:
    look: Look
    digest: str
    sidecar: Sidecar | None
    faults: list[Fault]
    claim: Claim


class Looker:
    """Looks at inbox folders. Keeps what it read of sidecars that still wait. One thread uses it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.settling = Settling(office.settings.watch.settle_seconds)
        self._read: dict[Path, dict[str, _Read]] = {}

    def forget(self) -> None:
        """Read every sidecar anew: the settings they are read with have changed."""
        self._read.clear()
        self.settling.settle_seconds = self.office.settings.watch.settle_seconds

    def done_with(self, drops: Iterable[Found]) -> None:
        """These were taken or refused: what was remembered of them is of no use any more."""
        for found in drops:
            place = found.place(self.office.inbox)
            self.settling.forget_files(place, found.looks)
            here = self._read.get(place)
            if here is not None and found.sidecar_name is not None:
                here.pop(found.sidecar_name, None)
                if not here:
                    del self._read[place]

    def look(self, client: str, wall: float, monotonic: float) -> View:
        """Look at one client's folder. A folder that is not there is an empty one. OSError: it can't be read."""
        view = View()
        home = self.office.inbox / client
        listing = _list(home, client, view)
        if listing is None:
            return view
        found, folders = listing
        self._look_at_files(client, home, found, view, wall, monotonic)
        for name in folders:
            self._look_at_folder(client, home, name, view, wall, monotonic)
        return view

    def _look_at_files(self, client: str, home: Path, found: dict[str, Look], view: View, wall: float, monotonic: float) -> None:
        self.settling.forget(home, found)
        left = {name: self.settling.seconds_left(home, name, look, wall, monotonic) for name, look in found.items()}
        cards = [name for name in found if names.is_sidecar(name)]
        read = {name: card for name in cards if left[name] == 0 and (card := self._read_card(home, name, found[name], view))}
        told = {one.names[0] for one in view.waiting}
        self._keep_only(home, read)
        pairing = pair(found, {name: card.claim for name, card in read.items()})
        for candidate in pairing.candidates:
            name = candidate.sidecar
            if name not in read:
                view.again_in(left[name] or self.pause)
                if name not in told:
                    view.waiting.append(_waiting(client, name, "is still being written", [found[name]], candidate.files))
            else:
                self._judge(client, None, candidate, read[name], found, left, view, wall)
        for name in pairing.loose:
            self._judge_loose(client, name, found[name], left[name], bool(len(read) < len(cards)), view)

    def _look_at_folder(self, client: str, home: Path, folder: str, view: View, wall: float, monotonic: float) -> None:
        place = home / folder
        try:
            listing = _list(place, f"{client}/{folder}", view)
        except OSError as error:
            self._cannot_read(client, folder, error, wall, view)
            return
        if listing is None:
            return
        found, inner = listing
        if not found:
            return
        self.settling.forget(place, found)
        left = {name: self.settling.seconds_left(place, name, look, wall, monotonic) for name, look in found.items()}
        cards = [name for name in found if name.lower() in ("item.yaml", "item.yml")]
        before = len(view.waiting)
        card = self._read_card(place, cards[0], found[cards[0]], view) if cards and left[cards[0]] == 0 else None
        if len(view.waiting) > before:
            return
        self._keep_only(place, {cards[0]: card} if card else {})
        if not cards or card is None:
            for seconds in left.values():
                if seconds > 0:
                    view.again_in(seconds)
            path, looks = f"{folder}/{cards[0]}" if cards else folder, list(found.values())
            reason = "is still being written" if cards else "waits for its sidecar item.yaml"
            if not cards and self.office.settings.intake.without_sidecar == "create" and not any(left.values()):
                view.ready.append(
                    Found(client, folder, None, "", None, {name: name for name in _without_reason(place, found)}, found, ())
                )
            else:
                view.waiting.append(_waiting(client, path, reason, looks, (folder,)))
            return
        candidate = pair_folder(_without_reason(place, found), card.claim)
        if inner:
            reason = f"a folder drop can't hold folders (`{names.shown(inner[0])}`); put its files beside item.yaml"
            card = _Read(card.look, card.digest, card.sidecar, [*card.faults, Fault(1, reason)], card.claim)
        self._judge(client, folder, candidate, card, found, left, view, wall)

    def _read_card(self, place: Path, name: str, look: Look, view: View) -> _Read | None:
        known = self._read.get(place, {}).get(name)
        if known is not None and known.look == look:
            return known
        try:
            data, seen = files.read_plain(f"{place}/{name}", SIDECAR_BYTES + 1)
        except PermissionError as error:
            card = _Read(
                look, "", None, [Fault(0, f"the file can't be read: {error.strerror}; let the daemon read it")], Claim(None)
            )
        except (files.Changed, files.NotPlain, FileNotFoundError, BlockingIOError):
            view.again_in(self.pause)  # it was changed or replaced since it was listed
            return None
        except OSError as error:
            self._cannot_read(place.relative_to(self.office.inbox).parts[0], name, error, look.ctime_ns / 1e9, view)
            return None
        else:
            if seen != look:
                view.again_in(self.pause)
                return None
            sidecar, faults = read_sidecar(data, self.office.settings)
            explicit = tuple(entry.file for entry in sidecar.attachments) if sidecar and sidecar.attachments is not None else None
            digest = hashlib.sha256(data).hexdigest()
            claim = Claim(explicit, sidecar.needs_files) if sidecar else Claim(claimed_files(data))
            card = _Read(seen, digest, sidecar, faults, claim)
        self._read.setdefault(place, {})[name] = card
        return card

    @property
    def pause(self) -> float:
        """Until what was being changed is looked at again, in seconds."""
        return max(self.settling.settle_seconds, OPEN_RETRY_SECONDS)

    def _cannot_read(self, client: str, name: str, error: OSError, since: float, view: View) -> None:
        """The share or the disk fails: what can't be read waits, and the rest of the folder doesn't wait for it."""
        view.trouble = f"{names.shown(name)}: {error.strerror}"
        view.again_in(UNREADABLE_RETRY_SECONDS)
        reason = f"can't be read now ({error.strerror})"
        view.waiting.append(Waiting(client, f"{client}/{names.shown(name)}", reason, since, (name,)))

    def _keep_only(self, place: Path, read: Mapping[str, object]) -> None:
        here = self._read.get(place)
        for name in [name for name in here or () if name not in read]:
            del here[name]  # type: ignore[union-attr]
        if not here:
            self._read.pop(place, None)

    def _judge(
        self, client: str, folder: str | None, candidate: Candidate, card: _Read, found: Mapping[str, Look],
        left: Mapping[str, float], view: View, wall: float,
    ) -> None:  # fmt: skip
        """Is this drop ready, to be refused, or waiting?"""
        here = list(dict.fromkeys([candidate.sidecar, *candidate.files, *sorted(candidate.rivals & found.keys())]))
        if folder is not None:
            here = list(found)  # one that comes late is part of it
        about = (folder,) if folder is not None else (*here, *candidate.missing)
        looks = {name: found[name] for name in [*candidate.files, *([WHY] if folder and WHY in found else []), candidate.sidecar]}
        path = f"{folder}/{candidate.sidecar}" if folder else candidate.sidecar
        open_ = [name for name in here if left[name] > 0]
        if open_:
            view.again_in(min(left[name] for name in open_))
            reason = f"waits for {names.shown(open_[0])}, which is still being written" + _more(len(open_) - 1)
            view.waiting.append(_waiting(client, path, reason, [found[name] for name in open_], about))
            return
        faults = [*card.faults, *candidate.faults]
        if not faults and (candidate.missing or candidate.waits):
            since = max(look.ctime_ns for look in looks.values()) / 1e9
            hours = self.office.settings.intake.wait_hours
            remaining = since + hours * 3600 - wall
            what = names.shown(candidate.missing[0]) + _more(len(candidate.missing) - 1) if candidate.missing else "its files"
            if remaining > 0:
                view.again_in(remaining)
                view.waiting.append(_waiting(client, path, f"waits for {what}", looks.values(), about))
                return
            faults += [
                Fault(1, f"{names.shown(missing)} did not come within {hours:g} hours; put it beside the sidecar")
                for missing in candidate.missing or ("its files",)
            ]
        found_drop = Found(client, folder, candidate.sidecar, card.digest, card.sidecar, candidate.matched, looks, tuple(faults))
        view.ready.append(found_drop)

    def _judge_loose(self, client: str, name: str, look: Look, left: float, unread: bool, view: View) -> None:
        """A file that no sidecar speaks for. `unread`: a sidecar that may do so is still being written."""
        if self.office.settings.intake.without_sidecar == "create" and not unread:
            if left == 0:
                view.ready.append(Found(client, None, None, "", None, {name: name}, {name: look}, ()))
                return
            view.again_in(left)
        view.waiting.append(_waiting(client, name, "waits for a sidecar", [look], ()))


def _waiting(client: str, path: str, reason: str, looks: Iterable[Look], about: Iterable[str]) -> Waiting:
    since = max(look.ctime_ns for look in looks) / 1e9
    return Waiting(client, f"{client}/{names.shown(path)}", reason, since, (path.split("/")[0], *about))


def _without_reason(place: Path, found: Iterable[str]) -> list[str]:
    """The names in a folder drop, without the WHY.txt of an earlier refusal: nothing but lines `file:line: message`."""
    names_ = list(found)
    if WHY not in names_:
        return names_
    try:
        lines = files.read_plain(place / WHY, SIDECAR_BYTES)[0].decode("utf-8", "replace").splitlines()
    except OSError:
        return names_
    is_reason = bool(lines) and all(re.match(r".+:\d+: .", line) for line in lines)
    return [name for name in names_ if name != WHY or not is_reason]


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _list(place: Path, shown: str, view: View) -> tuple[dict[str, Look], list[str]] | None:
    """The plain files and the folders of `place`, without what is never taken; None if there is no such folder."""
    found: dict[str, Look] = {}
    folders: list[str] = []
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                if names.is_ignored(entry.name):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    found[entry.name] = Look.of(status)
                elif stat.S_ISDIR(status.st_mode):
                    folders.append(entry.name)
                else:
                    what = "is a link" if stat.S_ISLNK(status.st_mode) else "is no plain file"
                    reason = f"{what}: it is never taken; put the file itself here"
                    client, _, folder = shown.partition("/")
                    path = f"{names.shown(shown)}/{names.shown(entry.name)}"
                    view.odd.append(Waiting(client, path, reason, status.st_ctime, (folder or entry.name,)))
    finally:
        os.close(descriptor)
    return found, folders


def clients_with_folders(office: Office) -> tuple[list[str], dict[str, str]]:
    """(clients that have a folder in the inbox; what else is in it, and what that is). Raises OSError if the inbox is gone."""
    known: list[str] = []
    others: dict[str, str] = {}
    with os.scandir(office.inbox) as entries:
        for entry in entries:
            if names.is_ignored(entry.name):
                continue
            if not entry.is_dir(follow_symlinks=False):
                what = "is a link, and no folder" if entry.is_symlink() else "lies in no client's folder"
                others[entry.name] = f"{what}: nothing is taken from there"
            elif entry.name in office.clients:
                known.append(entry.name)
            else:
                others[entry.name] = "is no client's folder (config/clients.yaml): nothing is taken from there"
    return sorted(known), dict(sorted(others.items()))


def rejected(office: Office, clients: Sequence[str]) -> list[Path]:
    """Every refused drop that still lies in the inbox, oldest first: folders with a WHY.txt."""
    found: list[Path] = []
    for client in clients:
        home = office.inbox / client / "_rejected"
        try:
            with os.scandir(home) as entries:
                found += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError):
            continue
    return sorted((path for path in found if files.look(path / WHY)), key=lambda path: path.name)


def at(moment: float) -> datetime:
    """Seconds since 1970 as a local time."""
    return datetime.fromtimestamp(moment).astimezone()
