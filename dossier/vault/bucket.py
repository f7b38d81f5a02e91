"""The vault in an object store: each attachment version an object `ab/ab12…`, by its SHA-256.

It keeps to what Vault says. What is different:

- A file comes in as a local copy in the working folder (`Office.vault`), and `sync` sends it: when
  that returns, the store has answered that it holds it. Killed before? The copy is swept at the
  next start, and the drop is still in the inbox. Killed after, and before the transaction? An
  object that no item names: harmless, found again by its hash.
- An object that is there is believed if its ETag is that of the file in hand; else it is put anew.
- `remove` decides and deletes within a transaction of the database. `vouch`, within the one that
  makes an attachment of an object that was found, sees that it still is there. Writers take turns,
  so one of them comes first.

An object appears whole. Whoever needs a file on this machine gets a copy, hashed on the way in.
"""

from __future__ import annotations

import contextlib
import errno
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import structlog

from dossier.database.database import transaction
from dossier.files import files
from dossier.files.beneath import Place
from dossier.files.files import Copy
from dossier.object_store.store import ObjectStore, at_once, etag_of
from dossier.office.office import Office
from dossier.text.sentences import sentence
from dossier.vault.folder import SETTLED_SECONDS, Damaged, Fault, StoredFile, Vault

log = structlog.get_logger("vault")

UNFINISHED_SECONDS = 24 * 3600
"""An upload that was begun so long ago is nobody's any more."""


class Gone(OSError):
    """A file that the vault had a moment ago is being removed for good: put it in anew."""


def name_of(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


class ObjectVault(Vault):
    """The objects behind `url`. The folder `path` is for what is on its way, and for locks."""

    def __init__(self, office: Office, url: str, to_read: bool = False) -> None:
        super().__init__(office.vault, to_read)
        self.store = ObjectStore(office, url)
        self._hurried = ObjectStore(office, url, is_hurried=True)
        self._put: set[str] = set()

    def address_of(self, sha256: str) -> str:
        return self.store.address_of(name_of(sha256))

    # What is read of it

    def size(self, sha256: str) -> int | None:
        head = self.store.head(name_of(sha256))
        return head.size if head else None

    def place(self, sha256: str) -> Path | None:
        del sha256
        return None

    @contextlib.contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        target = self._incoming / f"{secrets.token_hex(12)}.tmp"
        self.hold()
        try:
            if self.store.download(name_of(sha256), target, 0o640) != sha256:
                raise Damaged(errno.EIO, sentence("vault.not_its_name"), self.address_of(sha256))
            yield target
        finally:
            files.remove(target)

    def copy_to(self, sha256: str, target: Place, mode: int = 0o644) -> str:
        return self.store.download(name_of(sha256), target, mode)

    def pieces(self, sha256: str, start: int, end: int) -> Iterator[bytes]:
        return self.store.stream(name_of(sha256), start, end)

    def shelves(self) -> Iterator[tuple[str, dict[str, StoredFile]]]:
        """One listing of all: a store lists in order."""
        ahead = next(entries := self.store.entries(""), None)
        for number in range(256):
            prefix, found = f"{number:02x}/", dict[str, StoredFile]()
            while ahead is not None and ahead.name < f"{prefix}~":
                if ahead.name.startswith(prefix):
                    found[ahead.name.removeprefix(prefix)] = StoredFile(ahead.size, ahead.since)
                ahead = next(entries, None)
            yield prefix[:2], found

    def strangers(self) -> list[str]:
        ours = {f"{prefix:02x}/" for prefix in range(256)}
        tops = [name for name in self.store.tops() if name not in ours and not name.startswith(".")]
        return sorted(entry.name for top in tops for entry in self.store.entries(top) if top.endswith("/") or entry.name == top)

    def fault(self, sha256: str, size: int | None, is_read: bool) -> Fault | None:
        there = self.size(sha256)
        if there is None:
            return "lacks"
        if size not in (None, there):
            return "changed"
        return "changed" if is_read and self.store.digest(name_of(sha256)) != sha256 else None

    # What is put into it and goes

    def put(self, sources: Iterable[tuple[str, Path]]) -> int:
        def put(source: tuple[str, Path]) -> None:
            try:
                self.store.upload(name_of(source[0]), source[1], source[0])
            except files.Changed as error:
                raise Damaged(errno.EIO, sentence("vault.not_its_name"), str(source[1])) from error

        return len(at_once(put, sources))

    def move_out(self, name: str, target: Path) -> None:
        files.make_folder(target.parent, 0o750)
        self.store.download(name, target, 0o640)
        files.sync((target,), (target.parent,))
        self.store.delete(name)

    def keep(self, copy: Copy) -> str:
        """Nothing yet: `sync` sends it."""
        return copy.path

    def sync(self, kept: Iterable[str | Path], copies: Iterable[Copy] = (), synced: Collection[int] = ()) -> None:  # noqa: ARG002
        """Return when the store has all of `copies`. Their files are gone then, or on an error."""
        given = list(copies)
        try:
            at_once(self._send, {copy.sha256: copy for copy in given}.values())
        finally:
            for copy in given:
                files.remove(copy.path)

    def _send(self, copy: Copy) -> None:
        name = name_of(copy.sha256)
        head = self.store.head(name, is_bucket_sure=True)
        if head is not None and head.size == copy.source.size and head.etag == etag_of(Path(copy.path)):
            self._put.discard(copy.sha256)
            return
        self.store.upload(name, Path(copy.path), copy.sha256)
        self._put.add(copy.sha256)

    def vouch(self, hashes: Collection[str]) -> None:
        found = {sha256 for sha256 in hashes if sha256 not in self._put}
        self._put.difference_update(hashes)

        def see(sha256: str) -> None:
            if self._hurried.head(name_of(sha256)) is None:
                raise Gone(errno.EAGAIN, sentence("vault.put_in_anew"), self.address_of(sha256))

        at_once(see, found)

    def remove(self, sha256: str, is_needed: Callable[[], bool]) -> bool:
        """As Vault.remove. What was put lately, by the store's clock, stays."""
        with transaction():
            head = self._hurried.head(name_of(sha256))
            if head is None or is_needed():
                return True
            if head.now - head.since < SETTLED_SECONDS:
                return False
            self._hurried.delete(name_of(sha256))
            return True

    def sweep(self) -> None:
        super().sweep()
        try:
            self.store.sweep_uploads(time.time() - UNFINISHED_SECONDS)
        except OSError as error:
            log.warning("uploads that were broken off can't be swept now", error=str(error))
