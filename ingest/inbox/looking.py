"""A fresh look at a client's inbox: what is ready, what waits for what, what is never taken.

Reads, and changes nothing: the daemon takes what is ready, `status`, `check` and `why` tell what
waits. Every answer comes from the folder as it is now. What is remembered between looks only saves
reading the same file again.

A drop is ready when all its files are there and whole. Its sidecar's list says which they are;
where there is none, they are all there once the set of them was quiet and no program writes beside
them under a name of its own (temporaries.py). What tells itself what all of it must be (seal.py)
need not have been quiet. What waits in vain is handed over after wait_hours, with that as its
fault.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dossier.files import files
from dossier.files.beneath import Folder, open_beneath
from dossier.files.files import Look
from dossier.files.settling import OPEN_RETRY_SECONDS, Settling
from dossier.office import people, presets
from dossier.office.office import Office
from dossier.text import copies, names, system
from dossier.text.sentences import Sentence, sentence
from dossier.text.yamltext import Fault, Limits, legible
from ingest.inbox.found import Ends, Found, Lying, NotTaken, View, changed_at
from ingest.inbox.listing import WHY, Listing, holds_anything, list_folder
from ingest.inbox.pairing import FOLDER_SIDECARS, Candidate, Claim, pair, pair_folder
from ingest.inbox.temporaries import becoming
from ingest.sidecar import seal
from ingest.sidecar.default_description import description_of
from ingest.sidecar.presets import Spoken
from ingest.sidecar.reading import Sidecar, claimed_files, read_preset, read_sidecar, reads_as_sidecar

SIDECAR_BYTES = Limits().bytes

BEING_READ_SECONDS = 0.25
"""How soon it is asked again what a large file's SHA-256 is, which is being read."""

UNREADABLE_RETRY_SECONDS = 30.0
"""How soon a file that the share or the disk could not give is tried again."""

_NEVER_TEXT = {
    "pdf", "docx", "docm", "doc", "xlsx", "xlsm", "xls", "pptx", "ppt", "odt", "ods", "odp", "zip", "7z", "gz", "rar",
    "png", "jpg", "jpeg", "gif", "tif", "tiff", "heic", "webp", "msg", "mp4", "mp3",
}  # fmt: skip
"""Endings of files that need not be looked at to see that they are no sidecar."""


@dataclass(slots=True)
class _Card:
    """A sidecar that was read."""

    look: Look
    digest: str
    sidecar: Sidecar | None
    faults: list[Fault]
    claim: Claim
    text: str = ""
    """What it says, of one with faults."""

    def claim_among(self, found: Iterable[str]) -> Claim:
        """What it asks for, where these files lie beside it."""
        if self.sidecar is not None:
            return self.claim
        return replace(self.claim, mentioned=tuple(name for name in found if _is_mentioned(name, self.text)))


@dataclass(slots=True)
class _Place:
    """One folder while it is looked at."""

    client: str
    folder: str | None
    """Below the client's: a folder drop's name, or the way to a preset's, which ends in `/`."""
    opened: Folder
    """Held open while it is looked at."""
    listing: Listing
    spoken: Spoken | None = None
    """The preset whose folder this is."""
    left: dict[str, float] = field(default_factory=dict)
    """Name → seconds until nobody is writing to it; 0: now."""

    @property
    def found(self) -> dict[str, Look]:
        return self.listing.found

    @property
    def path(self) -> str:
        return self.opened.path

    def path_of(self, name: str) -> str:
        """Where it lies, from the inbox."""
        return "/".join(names.printable(part) for part in (self.client, *(self.folder or "").split("/"), name) if part)

    @property
    def is_drop(self) -> bool:
        """True of a folder that is one drop, with all that is in it."""
        return self.folder is not None and self.spoken is None

    @property
    def turn(self) -> int:
        """When an imported drop is to be taken, by the others; 0: it is none."""
        card = self.found.get(FOLDER_SIDECARS[0]) if self.is_drop and (self.folder or "").startswith(names.IMPORTED) else None
        return card.mtime_ns if card is not None else 0

    def about(self, *others: str) -> tuple[str, ...]:
        """What something here is about, from the client's folder."""
        return (self.folder or "",) if self.is_drop else tuple(f"{self.folder or ''}{name}" for name in others)


class Looker:
    """Looks at inbox folders. Keeps what it read of files that still wait. One thread uses it."""

    def __init__(self, office: Office, at_once: bool = False, beside: Executor | None = None) -> None:
        """`at_once`: the asker was not there before, and can't see how long it was quiet.
        `beside`: see Settling."""
        self.office = office
        self._at_once = at_once
        own = people.own_uid(office) if at_once else os.geteuid()
        self.reader = own if own != os.geteuid() else None
        """The daemon's user, whose right to read counts, if another asks."""
        self.settling = Settling(self.quiet(office.settings.watch.settle_seconds), beside, self.reader)
        self._cards: dict[str, dict[str, _Card]] = {}
        self._copies: dict[str, dict[str, tuple[Look, bool]]] = {}

    def forget(self) -> None:
        """Read every sidecar anew: the settings they are read with have changed."""
        self._cards.clear()
        self._copies.clear()
        self.settling.settle_seconds = self.quiet(self.office.settings.watch.settle_seconds)

    def quiet(self, seconds: float) -> float:
        return 0.0 if self._at_once else seconds

    def done_with(self, drops: Iterable[Found]) -> None:
        """These were taken or refused: what was remembered of them is of no use any more."""
        for found in drops:
            place = found.place(self.office.inbox)
            self.settling.forget_files(place, found.looks)
            for kept, known in ((self._cards, {found.sidecar_name}), (self._copies, found.looks.keys())):
                _forget(kept, str(place), known)

    def look(self, client: str, wall: float, monotonic: float) -> View:
        """Look at one client's folder. One that is not there is empty. OSError: unreadable."""
        return _Round(self, client, wall, monotonic).look()

    @property
    def pause(self) -> float:
        """Until what was being changed is looked at again, in seconds."""
        return max(self.settling.settle_seconds, OPEN_RETRY_SECONDS)


class _Round:
    """One look at one client's folder."""

    def __init__(self, looker: Looker, client: str, wall: float, monotonic: float) -> None:
        self.looker, self.office, self.settling = looker, looker.office, looker.settling
        self.client, self.wall, self.monotonic = client, wall, monotonic
        self.view = View()
        self._places: list[_Place] = []

    def look(self) -> View:
        try:
            home = open_beneath(self.office.inbox, self.client)
        except (FileNotFoundError, NotADirectoryError):
            return self.view
        with home:
            listing = list_folder(home)
            self._look_at_files(self._place(None, home, listing))
            for name in listing.folders:
                preset = presets.of_folder(self.office.settings, name)
                self._open_folder(name, home, self._spoken(preset) if preset is not None else None)
        self.view.has_folders = self.view.has_folders or any(
            name not in presets.folders(self.office.settings) for name in listing.folders
        )
        self._put_in_turn()
        self.view.cards = list(self._waiting_cards())
        return self.view

    def _put_in_turn(self) -> None:
        """What an import placed is taken in its order, by the times of its sidecars
        (sources/importing.py): behind all else, and not before an earlier one that still
        settles. One that somebody writes to holds up nobody."""
        turns = {place.folder: turn for place in self._places if (turn := place.turn)}
        settling = [place for place in self._places if place.turn and 0 < max(place.left.values()) < self.settling.settle_seconds]
        first = min((place.turn for place in settling), default=math.inf)
        ready = [found for found in self.view.ready if turns.get(found.folder, 0) < first]
        self.view.ready = sorted(ready, key=lambda found: turns.get(found.folder, 0))

    def _waiting_cards(self) -> Iterator[Lying]:
        ready = {(found.folder, name) for found in self.view.ready for name in (found.sidecar_name, *found.matched.values())}
        for place in self._places:
            read = self.looker._cards.get(place.path, {})
            home = f"{self.client}/{place.folder or ''}".rstrip("/")
            ground = self.client if place.spoken is None else f"{self.client}/{place.folder}"
            for name, look in place.found.items():
                if (place.folder, name) not in ready:
                    card = read.get(name)
                    digest = card.digest if card is not None and card.look == look else ""
                    yield Lying(f"{home}/{name}", look, digest, ground)

    def _place(self, folder: str | None, opened: Folder, listing: Listing, spoken: Spoken | None = None) -> _Place:
        place = _Place(self.client, folder, opened, listing, spoken=spoken)
        self._places.append(place)
        self.settling.forget(opened, listing.found.keys() | listing.unfinished.keys())
        place.left = {name: self._left(opened, name, look) for name, look in listing.found.items()}
        for name, (reason, since) in listing.odd.items():
            self.view.odd.append(NotTaken(self.client, place.path_of(name), reason, since, place.about(name)))
        return place

    def _left(self, opened: Folder, name: str, look: Look, is_sealed: bool = False) -> float:
        return self.settling.seconds_left(opened, name, look, self.wall, self.monotonic, 0.0 if is_sealed else None)

    # The client's folder, and those of presets

    def _spoken(self, preset: str, *folders: str) -> Spoken:
        return Spoken(preset, self.office.settings.presets[preset], folders)

    def _look_at_preset(self, spoken: Spoken, folder: str, opened: Folder, listing: Listing) -> None:
        """A preset's folder: its files become an item each, if no sidecar says otherwise."""
        place = self._place(folder, opened, listing, spoken)
        self._look_at_files(place)
        for name, since in listing.folders.items():
            self.view.has_folders = True
            if spoken.preset.location_from_folders and len(spoken.folders) < presets.DEEPEST:
                within = self._spoken(spoken.name, *spoken.folders, names.nfc(name))
                self._open_folder(name, opened, within, folder)
            elif holds_anything(opened / name):
                reason = sentence("inbox.folder_in_preset", folder=names.printable(folder.rstrip("/")))
                self.view.odd.append(
                    NotTaken(self.client, place.path_of(name), reason, since, place.about(name), is_in_vain=True)
                )

    def _look_at_files(self, place: _Place) -> None:
        cards = [name for name in place.found if names.is_sidecar(name)]
        read = {name: card for name in cards if place.left[name] == 0 and (card := self._read_card(place, name))}
        told = {one.names for one in self.view.waiting}
        _keep_only(self.looker._cards, place.path, read)
        claims = {name: card.claim_among(place.found) for name, card in read.items()}
        copied = set(filter(copies.is_copy, place.found))
        pairing = pair(place.found, claims, copied)
        if more := self._copies_among(place, {name for one in pairing.candidates for name in one.implied} - copied):
            copied |= more
            pairing = pair(place.found, claims, copied)
        for candidate in pairing.candidates:
            name = candidate.sidecar
            if name in read:
                self._judge(place, candidate, read[name])
            elif place.about(name) not in told:
                self.view.again_in(place.left[name] or self.looker.pause)
                self._wait(place, name, sentence("inbox.being_written"), [name], (name, *candidate.files))
        for name in pairing.loose:
            self._judge_loose(place, name, is_spoken_for=len(read) < len(cards))

    def _judge_loose(self, place: _Place, name: str, is_spoken_for: bool) -> None:
        """A file that no sidecar claims. `is_spoken_for`: one that may is being written."""
        card = copies.copy_of(name)
        if place.left[name] == 0 and (copies.is_copy(name) or self._is_copy(place, name)):
            reason = sentence("inbox.read_as_sidecar", stem=names.printable(name.rpartition(".")[0] or name))
            if card is not None:
                reason = sentence("inbox.copy" if card in place.found else "inbox.misnamed", card=names.printable(card))
            self._wait(place, name, reason, [name], (name, *_named_as(place.found, card or name)), in_vain=True)
            return
        if name == WHY and _is_reason(place.opened):
            self._wait(place, name, sentence("inbox.reason_left"), [name], (name,), in_vain=True)
            return
        spoken, preset = place.spoken, None
        if place.folder is None and (preset := presets.of_name(self.office.settings, name)) is not None:
            spoken = self._spoken(preset)
        becomes = spoken is not None or self._creates
        if becomes and not is_spoken_for:
            self._judge_alone(place, [name], spoken)
        else:
            if becomes:
                self.view.again_in(place.left[name] or self.looker.pause)
            self._wait(place, name, sentence("inbox.waits_for_sidecar"), [name], (name,), in_vain=not becomes)

    @property
    def _creates(self) -> bool:
        return self.office.settings.intake.without_sidecar == "create"

    def _judge_alone(self, place: _Place, files_: Sequence[str], spoken: Spoken | None = None) -> None:
        """What becomes an item without a sidecar, one or all files. `spoken`: by a preset."""
        name = None if place.is_drop else files_[0]
        about = (name,) if name is not None else ()
        wait = max(place.left[one] for one in files_)
        writing = [one for one in files_ if place.left[one] > 0]
        if writing:
            self.view.again_in(wait)
            reason = (
                sentence("inbox.waits_for_written", file=names.printable(writing[0]))
                if place.is_drop
                else sentence("inbox.being_written")
            )
            self._wait(place, name, reason, writing, about)
            return
        lacks = [told for one in files_ if (told := self._lack(place, one, None))]
        if lacks and (seconds := self._seconds_left(place, files_)) > 0:
            self.view.again_in(min(seconds, UNREADABLE_RETRY_SECONDS))
            self._wait(place, name, _and_more(lacks[0][0], len(lacks) - 1), files_, about, ends=self._refused_in(seconds))
            return
        if place.is_drop and self._is_filled(place, None, about):
            return
        settings = self.office.settings
        after = settings.intake.create_after_seconds if spoken is None else settings.watch.folder_settle_seconds
        left, unfinished = self._unfinished(place, files_)
        if left > 0:
            reason = self._why_unfinished(unfinished)
        else:
            after = after if spoken is None else self.looker.quiet(after)
            left = after - min(self._quiet_seconds(place, one) for one in files_)
            reason = sentence("inbox.waits_for_sidecar_first", seconds=f"{after:g}")
        if left > 0 and not lacks:
            self.view.again_in(left)
            self._wait(place, name, reason, files_, about, ends=self._taken_in(left))
            return
        called = (place.folder if place.is_drop else None) or files_[0]
        description = description_of(called, settings.items.description_min, settings.office.language)
        sidecar, faults = Sidecar(given=frozenset({"description"}), lines={}, description=description), list[Fault]()
        if spoken is not None:
            sidecar, faults = read_preset(spoken, description, settings)
        faults += [Fault(1, fault) for _, fault in lacks if fault is not None]
        looks = {one: place.found[one] for one in (place.found if place.is_drop else files_)}
        self.view.ready.append(
            Found(
                self.client, place.folder, None, "", sidecar, {one: one for one in files_}, looks, tuple(faults), tuple(unfinished),
                preset=spoken.name if spoken is not None else None,
            )
        )  # fmt: skip

    # Folders

    def _open_folder(self, name: str, above: Folder, spoken: Spoken | None, way: str = "") -> None:
        """Look at a folder, held open: a preset's if `spoken`, maybe below others by `way`."""
        with contextlib.ExitStack() as held:
            try:
                opened = held.enter_context(above.open(name))
                if self.looker.reader is not None and files.is_barred(opened.status(), self.looker.reader):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                listing = list_folder(opened)
            except (FileNotFoundError, NotADirectoryError):
                return
            except OSError as error:
                self._cannot_read(f"{self.client}/{names.printable(way + name)}", (way + name,), error, self.wall)
                return
            if spoken is not None:
                self._look_at_preset(spoken, f"{way}{name}/", opened, listing)
            else:
                self._look_at_folder(name, opened, listing)

    def _look_at_folder(self, folder: str, opened: Folder, listing: Listing) -> None:
        place = self._place(folder, opened, listing)
        inner = [name for name in listing.folders if holds_anything(opened / name)]
        card = self._card_of(place)
        if card is not None and not inner and any(place.left.values()) and self._is_sealed(place, card):
            place.left = {name: self._left(opened, name, look, is_sealed=True) for name, look in place.found.items()}
        if card is None or inner:
            for name in inner:
                reason = sentence("inbox.folder_within", folder=names.printable(folder))
                self.view.odd.append(
                    NotTaken(self.client, place.path_of(name), reason, listing.folders[name], (folder,), is_in_vain=True)
                )
        if listing.found and card is None:
            self._judge_without_card(place)
        elif card is not None:
            self._judge_folder(place, card, inner)

    def _card_of(self, place: _Place) -> str | None:
        """The sidecar of a folder: item.yaml or, where a refused drop came back whole, its own."""
        cards = sorted(name for name in place.found if names.is_sidecar(name))
        named = [name for name in cards if name.lower() in FOLDER_SIDECARS]
        if named:
            return sorted(named, key=lambda name: (name.lower(), name))[0]
        own = [name for name in cards if copies.copy_of(name) is None]
        return own[0] if len(own) == 1 and WHY in place.found and _is_reason(place.opened) else None

    def _judge_folder(self, place: _Place, name: str, inner: Sequence[str]) -> None:
        before = len(self.view.waiting)
        card = self._read_card(place, name) if place.left[name] == 0 else None
        if len(self.view.waiting) > before:
            return
        _keep_only(self.looker._cards, place.path, {name: card} if card else {})
        if card is None:
            self.view.again_in(min([left for left in place.left.values() if left > 0], default=self.looker.pause))
            self._wait(place, name, sentence("inbox.being_written"), list(place.found))
            return
        here = [one for one in place.found if one != WHY or not _is_reason(place.opened)]
        copied = {one for one in here if copies.is_copy(one) or copies.is_copy_of(one, name)}
        claim = card.claim_among(place.found)
        if claim.explicit is None:
            copied |= self._copies_among(place, {one for one in here if one != name} - copied)
        candidate = pair_folder(here, name, claim, copied)
        if inner:
            within = Fault(1, sentence("inbox.holds_folders", folder=names.printable(inner[0])))
            card = replace(card, faults=[*card.faults, within])
        self._judge(place, candidate, card)

    def _judge_without_card(self, place: _Place) -> None:
        """A folder with files, and without a sidecar of its name."""
        assert place.folder is not None
        cards = sorted(name for name in place.found if names.is_sidecar(name) or copies.is_copy(name))
        for seconds in place.left.values():
            if seconds > 0:
                self.view.again_in(seconds)
        files_ = [name for name in place.found if name != WHY or not _is_reason(place.opened)]
        if not files_:
            self._wait(place, WHY, sentence("inbox.reason_left"), [WHY], (WHY,), in_vain=True)
            return
        if names.fold(place.folder) == names.fold(self.client):
            reason = sentence("inbox.within_itself")
        elif len(cards) == 1:
            reason = sentence("inbox.other_card", card=names.printable(cards[0]))
        elif cards:
            reason = _and_more(sentence("inbox.other_card", card=names.printable(cards[0])), len(cards) - 1)
        elif self._creates:
            self._judge_alone(place, files_)
            return
        else:
            reason = sentence("inbox.waits_for_item_yaml")
        self._wait(place, None, reason, list(place.found), in_vain=True)

    # Sidecars and their copies

    def _read_card(self, place: _Place, name: str) -> _Card | None:
        """A sidecar that nobody writes to; None if it waits, which is told, or has changed."""
        look = place.found[name]
        known = self.looker._cards.get(place.path, {}).get(name)
        if known is not None and known.look == look:
            return known
        lack = "inbox.is_empty" if look.size == 0 else "inbox.may_not_be_read"
        if (look.size == 0 or not self.settling.is_readable(place.opened, name)) and self._has_time(place, name, lack):
            return None
        try:
            whole = self.settling.take_whole(place.opened, name)
            data, seen = (whole, look) if whole is not None else files.read_plain(place.opened / name, SIDECAR_BYTES + 1)
        except PermissionError as error:
            if self.looker.reader is not None and self.settling.is_readable(place.opened, name):
                self._cannot_read(place.path_of(name), place.about(name), error, look.ctime_ns / 1e9)
                return None
            card = _Card(look, "", None, [Fault(0, sentence("inbox.card_unreadable"))], Claim(None))
        except (files.Changed, files.NotPlain, FileNotFoundError, BlockingIOError):
            self.view.again_in(self.looker.pause)
            return None
        except OSError as error:
            self._cannot_read(place.path_of(name), place.about(name), error, look.ctime_ns / 1e9)
            return None
        else:
            if seen != look:
                self.view.again_in(self.looker.pause)
                return None
            if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe") and self._has_time(place, name, "inbox.is_empty"):
                return None
            card = _read(data, seen, self.office, place.spoken)
        self.looker._cards.setdefault(place.path, {})[name] = card
        return card

    def _is_sealed(self, place: _Place, name: str) -> bool:
        """True if this sidecar is whole by its seal and without a fault, and what lies beside it is
        what it lists, each with what is in it: no time has to pass for that to be seen."""
        try:
            data, seen = files.read_plain(place.opened / name, SIDECAR_BYTES + 1)
        except OSError:
            return False
        if seen != place.found[name] or not seal.is_whole(data):
            return False
        card = self.looker._cards.setdefault(place.path, {})[name] = _read(data, seen, self.office, place.spoken)
        if card.faults or card.sidecar is None or card.sidecar.attachments is None:
            return False  # it is refused with what has come by then
        listed = sorted(names.nfc(entry.file) for entry in card.sidecar.attachments if entry.sha256)
        return listed == sorted(names.nfc(one) for one in place.found if one != name)

    def _has_time(self, place: _Place, name: str, lack: str) -> bool:
        """True, and told by the sentence `lack`, if this sidecar may still get what it lacks."""
        seconds = self._seconds_left(place, [name])
        if seconds > 0:
            self.view.again_in(min(seconds, UNREADABLE_RETRY_SECONDS))
            self._wait(place, name, sentence(lack), [name], (name,), ends=self._refused_in(seconds))
        return seconds > 0

    def _copies_among(self, place: _Place, implied: Collection[str]) -> set[str]:
        """What looks like a sidecar's copy of the files that one without a list would take."""
        return {name for name in implied if place.left[name] == 0 and self._is_copy(place, name)}

    def _is_copy(self, place: _Place, name: str) -> bool:
        look = place.found[name]
        if not 0 < look.size <= SIDECAR_BYTES or names.extension(name) in _NEVER_TEXT:
            return False
        here = self.looker._copies.setdefault(place.path, {})
        known = here.get(name)
        if known is None or known[0] != look:
            try:
                data, look = files.read_plain(place.opened / name, SIDECAR_BYTES)
            except OSError:
                return False  # whoever receives it will say so
            here[name] = known = (look, reads_as_sidecar(data, self.office.settings))
        return known[1]

    # Is it all there, and whole?

    def _judge(self, place: _Place, candidate: Candidate, card: _Card) -> None:
        """Is this drop ready, to be refused, or waiting?"""
        here = list(dict.fromkeys([candidate.sidecar, *candidate.files, *sorted(candidate.rivals & place.found.keys())]))
        if place.is_drop:
            here = list(place.found)  # one that comes late is part of it
        about = tuple(dict.fromkeys([*here, *candidate.missing, *self._meant(place, candidate)]))
        for name in candidate.copies:
            reason = sentence("inbox.copy", card=names.printable(candidate.sidecar))
            self._wait(place, name, reason, [name], (name, candidate.sidecar))
        writing = [name for name in here if place.left[name] > 0]
        if writing:
            self.view.again_in(min(place.left[name] for name in writing))
            reason = _and_more(sentence("inbox.waits_for_written", file=names.printable(writing[0])), len(writing) - 1)
            self._wait(place, candidate.sidecar, reason, writing, about)
            return
        listed = card.sidecar.attachments if card.sidecar else None
        if listed is None and self._is_filled(place, candidate.sidecar, about):
            return
        own = [*candidate.files, *([WHY] if place.is_drop and WHY in place.found else []), candidate.sidecar]
        faults, unfinished = _told_once(card.faults, candidate.faults), list[str]()
        if not faults:
            told = {candidate.matched[entry.file]: entry.sha256 for entry in listed or () if entry.file in candidate.matched}
            lacks = self._lacks(place, candidate, told)
            if lacks and (seconds := self._seconds_left(place, own)) > 0:
                self.view.again_in(min(seconds, UNREADABLE_RETRY_SECONDS))
                reason = _and_more(lacks[0][0], len(lacks) - 1)
                self._wait(place, candidate.sidecar, reason, own, about, ends=self._refused_in(seconds))
                return
            faults += [Fault(1, fault) for _, fault in lacks if fault is not None]
            left, unfinished = self._unfinished(place, [name for name in candidate.files if not told.get(name)])
            if left > 0 and not faults:
                self.view.again_in(left)
                self._wait(place, candidate.sidecar, self._why_unfinished(unfinished), own, about, ends=self._taken_in(left))
                return
        self.view.ready.append(
            Found(
                self.client, place.folder, candidate.sidecar, card.digest, card.sidecar, candidate.matched,
                {name: place.found[name] for name in own}, tuple(faults), tuple(unfinished), candidate.copies,
                preset=place.spoken.name if place.spoken is not None else None, unread=card.text,
            )
        )  # fmt: skip

    def _lacks(
        self, place: _Place, candidate: Candidate, hashes: Mapping[str, str | None]
    ) -> list[tuple[Sentence, Sentence | None]]:
        """What this drop waits for: as it is told in time, and the fault it is after that.

        `hashes`: what the sidecar says of files that are there. For one that stays another the
        fault is told when it is received.
        """
        hours = f"{self.office.settings.intake.wait_hours:g}"
        lacks: list[tuple[Sentence, Sentence | None]] = []
        for name in candidate.missing:
            is_other = names.fold(name) in map(names.fold, [*place.listing.folders, *place.listing.odd])
            fault = sentence("inbox.no_file_came" if is_other else "inbox.did_not_come", file=names.printable(name), hours=hours)
            waits = sentence("inbox.waits_for_a_file", file=names.printable(name))
            lacks.append((waits if is_other else self._why_missing(place, name, candidate.files), fault))
        if candidate.waits and not candidate.missing:
            card = copies.copy_of(candidate.sidecar)
            waits, fault = self._waits_for_files(place, candidate.sidecar), sentence("inbox.files_did_not_come", hours=hours)
            if card is not None:
                waits = sentence("inbox.waits_as_copy", card=names.printable(card))
            elif candidate.sidecar.lower() in FOLDER_SIDECARS and not place.is_drop:
                waits, fault = sentence("inbox.waits_for_item_files"), sentence("inbox.item_files_did_not_come")
            elif links := _named_as(place.listing.odd, candidate.sidecar):
                waits = sentence("inbox.waits_for_a_file", file=names.printable(links[0]))
                fault = sentence("inbox.no_file_came", file=names.printable(links[0]), hours=hours)
            elif (folders := _named_as(place.listing.folders, candidate.sidecar)) and not place.is_drop:
                waits = sentence("inbox.beside_its_folder", folder=names.printable(folders[0]))
                fault = sentence("inbox.was_beside_its_folder", folder=names.printable(folders[0]))
            lacks.append((waits, fault))
        return lacks + [told for name in candidate.files if (told := self._lack(place, name, hashes.get(name)))]

    def _waits_for_files(self, place: _Place, card: str) -> Sentence:
        """Nothing has the sidecar's name; but something may that looks the same."""
        if (twin := _looks_named_as(place.found, card)) is not None:
            better = f"{twin}{card[card.rindex('.') :].strip()}"
            return sentence("inbox.waits_for_files_of", twin=names.printable(twin), better=names.printable(better))
        return sentence("inbox.waits_for_files")

    def _why_missing(self, place: _Place, name: str, taken: Collection[str]) -> Sentence:
        """A file that is asked for, and is not there; but one may be that was meant."""
        if (twin := _twin(place.found, name, taken)) is not None:
            return sentence("inbox.waits_for_twin", file=names.printable(name), twin=names.printable(twin))
        return sentence("inbox.waits_for", file=names.printable(name))

    def _meant(self, place: _Place, candidate: Candidate) -> Iterator[str]:
        """Files that may be what a sidecar waits for, under other names."""
        twins = [_twin(place.found, name, candidate.files) for name in candidate.missing]
        if candidate.waits and not candidate.missing:
            twins.append(_looks_named_as(place.found, candidate.sidecar))
            yield from _named_as([*place.listing.odd, *place.listing.folders], candidate.sidecar)
            if (card := copies.copy_of(candidate.sidecar)) is not None:
                yield from _named_as(place.found, card)
        yield from (twin for twin in twins if twin is not None)

    def _lack(self, place: _Place, name: str, sha256: str | None) -> tuple[Sentence, Sentence | None] | None:
        """What a file lacks that nobody writes to: (as told, the fault it is in the end)."""
        hours, file = f"{self.office.settings.intake.wait_hours:g}", names.printable(name)
        if place.found[name].size == 0:
            return sentence("inbox.waits_for_content", file=file), sentence("inbox.stayed_empty", file=file, hours=hours)
        if not self.settling.is_readable(place.opened, name):
            return sentence("inbox.waits_for_right", file=file), sentence("inbox.stayed_unreadable", file=file, hours=hours)
        try:
            found = self.settling.sha256(place.opened, name) if sha256 else None
            if sha256 and found is None:
                self.view.again_in(BEING_READ_SECONDS)
            if found != sha256:
                return sentence("inbox.waits_for_rest", file=file), None
        except OSError:
            return None  # whoever receives it will say so
        return None

    def _unfinished(self, place: _Place, files_: Iterable[str]) -> tuple[float, list[str]]:
        """(seconds until these are taken as they are; those unfinished by their own format)."""
        unfinished = [name for name in files_ if self.settling.is_cut_off(place.opened, name)]
        quiet = min((self._quiet_seconds(place, name) for name in unfinished), default=0.0)
        return (max(0.0, self._unfinished_minutes * 60 - quiet) if unfinished else 0.0), unfinished

    def _why_unfinished(self, unfinished: Sequence[str]) -> Sentence:
        file, minutes = names.printable(unfinished[0]), f"{self._unfinished_minutes:g}"
        return _and_more(sentence("inbox.waits_for_end", file=file, minutes=minutes), len(unfinished) - 1)

    @property
    def _unfinished_minutes(self) -> float:
        return self.office.settings.intake.unfinished_minutes

    def _is_filled(self, place: _Place, card: str | None, about: Sequence[str]) -> bool:
        """True, and told, if more may come to a set of files that nobody listed."""
        stem = names.fold(names.stem(card)) if card is not None else ""
        at_least = self.looker.quiet(self.office.settings.watch.folder_settle_seconds)
        for name, look in place.listing.unfinished.items():
            target = names.fold(becoming(name) or "")
            if not place.is_drop and target and target != stem and not target.startswith(f"{stem}."):
                continue
            left = self._left(place.opened, name, look) or at_least - self._quiet_seconds(place, name)
            if left > 0:
                self.view.again_in(left)
                self._wait(place, card, sentence("inbox.waits_for_written", file=names.printable(name)), [], about)
                return True
        if not place.is_drop:
            return False  # each of them was quiet for settle_seconds
        left = at_least - min((self._quiet_seconds(place, name) for name in place.found), default=at_least)
        if left > 0:
            self.view.again_in(left)
            self._wait(place, card, sentence("inbox.is_filled"), [], about)
        return left > 0

    def _quiet_seconds(self, place: _Place, name: str) -> float:
        return self.settling.quiet_seconds(place.opened, name, self.wall, self.monotonic)

    def _seconds_left(self, place: _Place, own: Iterable[str]) -> float:
        """How long a drop may be incomplete that consists of these files as yet. A change in the
        future is of a clock that was set back since: then our own watching counts."""
        own = list(own)
        quiet = self.wall - changed_at(place.found[name] for name in own)
        if quiet < 0:
            quiet = min(self._quiet_seconds(place, name) for name in own)
        return self.office.settings.intake.wait_hours * 3600 - quiet

    # Telling

    def _wait(
        self,
        place: _Place,
        name: str | None,
        reason: Sentence,
        since: Iterable[str],
        about: Sequence[str] = (),
        in_vain: bool = False,
        ends: Ends | None = None,
    ) -> None:
        """`name` waits, None for the folder; since the change `since`, else the place's."""
        changed = changed_at(place.found[one] for one in (list(since) or place.found))
        path = place.path_of(name) if name is not None else place.path_of("").rstrip("/")
        if in_vain:  # in_vain.py
            ends = Ends(changed + self.office.settings.intake.wait_hours * 3600, "told")
        self.view.waiting.append(NotTaken(self.client, path, reason, changed, place.about(*about), in_vain, ends))

    def _refused_in(self, seconds: float) -> Ends:
        return Ends(self.wall + seconds, "refused")

    def _taken_in(self, seconds: float) -> Ends:
        return Ends(self.wall + seconds, "taken")

    def _cannot_read(self, path: str, about: tuple[str, ...], error: OSError, since: float) -> None:
        """The share or the disk fails: what can't be read waits, and the rest does not."""
        self.view.trouble = sentence("intake.at_path", path=names.printable(path.rpartition("/")[2]), what=system.why(error))
        self.view.again_in(UNREADABLE_RETRY_SECONDS)
        reason = sentence("inbox.cannot_be_read", reason=error.strerror or "")
        self.view.waiting.append(NotTaken(self.client, path, reason, since, about))


def _read(data: bytes, look: Look, office: Office, spoken: Spoken | None) -> _Card:
    sidecar, faults = read_sidecar(data, office.settings, spoken)
    digest = hashlib.sha256(data).hexdigest()
    text = legible(data) if faults else ""
    if sidecar is None:
        return _Card(look, digest, None, faults, Claim(claimed_files(data)), text)
    explicit = tuple(entry.file for entry in sidecar.attachments) if sidecar.attachments is not None else None
    return _Card(look, digest, sidecar, faults, Claim(explicit, sidecar.needs_files), text)


def _told_once(of_card: Sequence[Fault], of_files: Sequence[Fault]) -> list[Fault]:
    """All faults, but not that two attachments have one name where they are one file anyway."""
    told = [
        fault.message for fault in of_files if isinstance(fault.message, Sentence) and fault.message.code == "inbox.same_file"
    ]
    same = {names.fold(str(message.values[which])) for message in told for which in ("file", "other")}

    def follows(fault: Fault) -> bool:
        what = fault.message
        return isinstance(what, Sentence) and what.code == "sidecar.same_name" and names.fold(str(what.values["name"])) in same

    return [*(fault for fault in of_card if not follows(fault)), *of_files]


def _twin(found: Iterable[str], asked: str, taken: Collection[str]) -> str | None:
    """The file that looks as one that a sidecar asks for, but is called otherwise; before others
    one that differs in blanks alone."""
    outline, folded = copies.outline(asked), names.fold(asked)
    twins = [
        twin for twin in found
        if twin not in taken and not names.is_sidecar(twin)
        and (names.fold(twin).startswith(f"{folded}.") or folded.startswith(f"{names.fold(twin)}.") or copies.outline(twin) == outline)
    ]  # fmt: skip
    return max(twins, key=lambda twin: "".join(twin.split()) == "".join(asked.split()), default=None)


def _looks_named_as(found: Iterable[str], card: str) -> str | None:
    """A file that looks named as this sidecar, but isn't."""
    outline = copies.outline(names.stem(card))
    for twin in found:
        alike = (copies.outline(twin), copies.outline(twin.rpartition(".")[0] or twin))
        if outline in alike and not names.is_sidecar(twin) and copies.copy_of(twin) is None:
            return twin
    return None


def _named_as(found: Iterable[str], card: str) -> list[str]:
    """The files for which a sidecar of this name would speak."""
    stem = names.fold(names.stem(card) if names.is_sidecar(card) else card)
    folded = [(name, names.fold(name)) for name in found if not names.is_sidecar(name) and not copies.is_copy(name)]
    return [name for name, own in folded if own == stem or own.startswith(f"{stem}.")]


def _is_mentioned(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _is_reason(folder: Folder) -> bool:
    """True if this folder's WHY.txt is of an earlier refusal: only `file:line: message`."""
    try:
        lines = files.read_plain(folder / WHY, SIDECAR_BYTES)[0].decode("utf-8", "replace").splitlines()
    except OSError:
        return False
    return bool(lines) and all(re.match(r".+:\d+: .", line) for line in lines)


def _and_more(first: Sentence, count: int) -> Sentence:
    return sentence("inbox.and_more", first=first, count=count) if count > 0 else first


def _forget(kept: dict[str, dict[str, Any]], place: str, gone: Iterable[str | None]) -> None:
    here = kept.get(place, {})
    for name in gone:
        here.pop(name or "", None)
    if not here:
        kept.pop(place, None)


def _keep_only(kept: dict[str, dict[str, Any]], place: str, keep: Collection[str]) -> None:
    _forget(kept, place, [name for name in kept.get(place, ()) if name not in keep])


def at(moment: float) -> datetime:
    """Seconds since 1970 as a local time."""
    return datetime.fromtimestamp(moment).astimezone()
