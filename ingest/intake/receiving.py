"""Files are copied into the vault, hashed, looked at, and named: step 2 of intake.py's list.

Plain values in, plain values out, files touched and nothing else: any thread or process may do it,
and it may be done again. What goes wrong is part of the answer: one bad drop never blocks another.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dossier.files import files
from dossier.files.beneath import Folder, LastOpened
from dossier.files.files import Changed, Copy, Interrupted, Look
from dossier.files.marks import Source, marks_of
from dossier.text import names
from dossier.text.sentences import Sentence, sentence
from dossier.text.yamltext import Fault
from dossier.vault.folder import Vault
from ingest.intake import kinds
from ingest.intake.scanning import find_virus
from workflow.guard.at_a_glance import FileText, glance


class WantedFile(NamedTuple):
    """A file that is to be received."""

    name: str
    """What it is called in the item."""
    disk: str
    look: Look
    sha256: str | None
    """What the sidecar says that it must be."""
    is_searched: bool
    """The wrong-client guard wants its text."""


class Order(NamedTuple):
    """The files of one drop. `line`: where its sidecar lists them."""

    inbox: Path
    folders: tuple[str, ...]
    """The folder they lie in, from the inbox."""
    files: Sequence[WantedFile]
    line: int


@dataclass(slots=True)
class Received:
    """What came of an Order. With an `error` or faults the copies are gone again."""

    files: list[tuple[str, Copy]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """Where each lies now: under its name in the vault, not on the disk yet."""
    kinds: list[str] = field(default_factory=list)
    texts: dict[str, FileText] = field(default_factory=dict)
    """SHA-256 → the text, of files of which it could be told at a glance."""
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Sentence] = field(default_factory=list)
    error: Exception | None = None
    is_on_disk: bool = False
    """All of it would survive a power cut."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Into which vault, and what is looked for: blocked_types, macros and clamd of settings."""

    vault: Vault
    blocked_types: Collection[str]
    macros: str
    scanner: str | None

    def receive_each(self, orders: Sequence[Order]) -> list[Received]:
        """Raises Interrupted."""
        if not orders:
            return []
        with LastOpened(orders[0].inbox) as homes:
            return [self._receive(homes, order) for order in orders]

    def receive_durably(self, orders: Sequence[Order]) -> list[Received]:
        """The same, and what came is on the disk. Raises Interrupted."""
        found = self.receive_each(orders)
        for received in found:
            try:
                self.vault.sync(received.places, [copy for _, copy in received.files])
                received.is_on_disk = True
            except OSError as error:
                self._discard(received)
                received.error = error
        return found

    def _receive(self, homes: LastOpened, order: Order) -> Received:
        received = Received()
        try:
            folder = _opened(homes, order)
            for wanted in order.files:
                self._receive_file(order, folder, wanted, received)
            if not received.faults:
                received.places = [self.vault.keep(copy) for _, copy in received.files]
        except Interrupted:
            self._discard(received)
            raise
        except Exception as error:  # noqa: BLE001 - intake.py tells whose fault it is, and counts
            received.error = _that_travels(error)
        if received.error or received.faults:
            self._discard(received)
        return received

    def _receive_file(self, order: Order, folder: Folder, wanted: WantedFile, received: Received) -> None:
        whole = list[bytes]()
        copy = self.vault.receive(folder / wanted.disk, wanted.look, whole.append)
        received.files.append((wanted.name, copy))
        with contextlib.nullcontext(whole[0]) if whole else files.open_plain(copy.path) as source:
            self._examine(order, wanted, received, copy, source)

    def _examine(self, order: Order, wanted: WantedFile, received: Received, copy: Copy, source: Source) -> None:
        """See what came: the bytes of a small file are in memory, others are read from the copy."""
        seen = marks_of(source)
        kind = kinds.kind_of(wanted.name, seen)
        received.kinds.append(kind.media_type)
        shown = names.printable(wanted.name)
        if reason := kinds.blocked(wanted.name, kind, self.blocked_types, self.macros):
            received.faults.append(Fault(order.line, sentence("intake.of_file", file=shown, what=reason)))
        if warning := kinds.warning(wanted.name, kind, self.macros):
            received.warnings.append(warning)
        if self.scanner and (virus := find_virus(self.scanner, copy.path, shown)):
            received.faults.append(Fault(order.line, sentence("scanning.virus", file=shown, virus=virus)))
        if wanted.sha256 and wanted.sha256 != copy.sha256:
            received.faults.append(Fault(order.line, sentence("intake.another_sha256", file=shown, sha256=copy.sha256)))
        if wanted.is_searched and not received.faults and (text := glance(source, wanted.name, seen)):
            received.texts[copy.sha256] = text

    def _discard(self, received: Received) -> None:
        for _, copy in received.files:
            self.vault.discard(copy)
        received.files.clear()
        received.places.clear()
        received.kinds.clear()


def _opened(homes: LastOpened, order: Order) -> Folder:
    """The drop's folder, held open. Raises Changed if it is not there any more, or is no folder."""
    try:
        return homes.open(*order.folders)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Changed(errno.EAGAIN, sentence("files.folder_gone"), error.filename) from error


def _that_travels(error: Exception) -> Exception:
    """The system's error or ours; else its words: a library's may not travel to a process."""
    return error if isinstance(error, OSError) else RuntimeError(f"{type(error).__name__}: {error}")
