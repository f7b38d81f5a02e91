"""What a look at an inbox finds: drops that can be taken or must be refused, and what waits, for
what, until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from dossier.files import files
from dossier.files.files import Look
from dossier.text import names
from dossier.text.sentences import Sentence, sentence
from dossier.text.yamltext import Fault
from ingest.inbox.listing import WHY
from ingest.inbox.ways import way_of
from ingest.sidecar.reading import Sidecar

_PUT_AWAY = re.compile(r"[0-9]{8}-[0-9]{6}(?:\.[0-9]+)?-(?P<stem>.+)", re.DOTALL)
"""What a refused drop's folder is called."""


def stem_put_away(folder: str) -> str:
    """What a refused drop is called, whose folder in `_rejected` has this name."""
    found = _PUT_AWAY.fullmatch(folder)
    return found["stem"] if found else folder


@dataclass(frozen=True, slots=True)
class Found:
    """A drop that can be taken, or must be refused for `faults`."""

    client: str
    folder: str | None
    """A folder drop's folder; of what is in a preset's folder its way from the client's."""
    sidecar_name: str | None
    """None: a file that came without one (a preset's, or intake.without_sidecar: create)."""
    digest: str
    """SHA-256 (hex) of the sidecar's bytes; empty without one."""
    sidecar: Sidecar | None
    matched: Mapping[str, str]
    """The name that was asked for → the name on disk."""
    looks: Mapping[str, Look]
    """Name on disk → what was seen, of every file, the sidecar and a returned WHY.txt too."""
    faults: tuple[Fault, ...]
    unfinished: tuple[str, ...] = ()
    """Names on disk of what its own format calls unfinished, and that nobody went on with."""
    copies: tuple[str, ...] = ()
    """Names of what looks like copies of its sidecar, and stays where it is."""
    preset: str | None = None
    """The preset that speaks for it, alone or besides its sidecar."""
    unread: str = ""
    """The text of a sidecar in which something could not be read."""

    @property
    def is_folder(self) -> bool:
        """True of a folder drop."""
        return self.folder is not None and not self.folder.endswith("/")

    @property
    def called(self) -> str:
        """What people know it by: its stem, or the folder that it is, or is in as well."""
        return f"{self.folder}/" if self.is_folder else f"{self.folder or ''}{self.stem}"

    @property
    def ground(self) -> str:
        """Where its word holds: the client's code, with the way to a preset's folder."""
        return self.client if self.is_folder else f"{self.client}/{self.folder}" if self.folder else self.client

    @property
    def stem(self) -> str:
        """What its receipt and its folder under _rejected are named after."""
        if self.folder is not None and self.is_folder:
            return stem_put_away(self.folder) if WHY in self.looks else self.folder
        return names.stem(self.sidecar_name) if self.sidecar_name else next(iter(self.looks))

    @property
    def told_as(self) -> str:
        """What a fault's line begins with."""
        return names.printable(self.sidecar_name or self.stem)

    @property
    def changed_at(self) -> float:
        """Seconds since 1970 of the last change to any of its files."""
        return changed_at(self.looks.values())

    @property
    def doubts(self) -> tuple[Sentence, ...]:
        """Why somebody should look at its files before any of them is shared."""
        return tuple(sentence("inbox.has_no_end", file=names.printable(name)) for name in self.unfinished)

    @property
    def notices(self) -> tuple[Sentence, ...]:
        """What its maker should know of the folder as it is."""
        card = names.printable(self.sidecar_name or "")
        return (*self.doubts, *(sentence("inbox.left_copy", file=names.printable(name), card=card) for name in self.copies))

    @property
    def is_large(self) -> bool:
        """True if it takes long to receive its files."""
        return sum(look.size for look in self.looks.values()) >= files.LARGE

    @property
    def amends(self) -> bool:
        """True if it changes an item that there is."""
        return self.sidecar is not None and self.sidecar.item is not None

    @property
    def folders(self) -> tuple[str, ...]:
        """The folder that its files lie in, from the inbox."""
        return (self.client, *way_of(self.folder))

    def place(self, inbox: Path) -> Path:
        """What this folder is called, for people. It is opened beneath the inbox."""
        return inbox.joinpath(*self.folders)


class Ends(NamedTuple):
    """When waiting ends by itself, if nothing is changed by then."""

    at: float
    """Seconds since 1970."""
    how: Literal["refused", "taken", "told"]
    """Told: it lies there still, and the admins and its owner hear of it."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Something in an inbox that is not taken yet, or never."""

    client: str
    path: str
    """From the inbox: `acme-bv/report.yaml`."""
    reason: Sentence
    since: float
    """Seconds since 1970 of its last change."""
    names: tuple[str, ...] = ()
    """What this is about, from the client's folder, by its name on disk or as asked for."""
    is_in_vain: bool = False
    """True if nobody but a person will make a drop of it, and no refusal will ever tell them."""
    ends: Ends | None = None
    """None while it is written, and of what goes on in a moment."""


class Lying(NamedTuple):
    """A file that lies there and is not ready."""

    path: str
    """From the inbox, as it is on disk."""
    look: Look
    digest: str
    """SHA-256 (hex) of a sidecar's bytes; empty while it is written, and of other files."""
    ground: str
    """See Found.ground."""


@dataclass(slots=True)
class View:
    """What one look at a client's folder found."""

    ready: list[Found] = field(default_factory=list)
    waiting: list[NotTaken] = field(default_factory=list)
    odd: list[NotTaken] = field(default_factory=list)
    """Links, pipes, devices, folders within folders: never taken, never touched."""
    has_folders: bool = False
    """True if there are folders: what is put into them changes nothing of this one. Presets' own
    folders don't count, as their time stamps are looked at."""
    cards: list[Lying] = field(default_factory=list)
    trouble: Sentence | None = None
    """What can't be read now, and why: the share or the disk is at fault, not the drop."""
    next_in: float | None = None
    """Seconds until time alone may make something ready; None if only a change can."""

    def again_in(self, seconds: float) -> None:
        self.next_in = seconds if self.next_in is None else min(self.next_in, seconds)


def changed_at(looks: Iterable[Look]) -> float:
    """Seconds since 1970 of the last change to any of these files."""
    return max((look.ctime_ns for look in looks), default=0) / 1e9
