"""The portal in an object store: each file an object, behind the same calls as the folder.

A store swaps no folders. So a client's part changes in this order, and at every instant index.html
and items.json name only what is there:

 1. before the transaction, whatever is not small is sent in parts, which nobody sees until it is
               finished (store.py);
 2. in it, once it is sure that nothing was withdrawn meanwhile: new files, pictures and archives;
    then the pages, in their order; then what is not named any more goes.

Within 2 a client may see an attachment in its new version beside the page that still tells of the
old one, for the instant until the page is there too. Killed or cut off anywhere: the items are
still unsettled, and the next round does it anew, over what is there; parts of what was never
finished are swept when the daemon starts.

Attachments are stored with `Content-Disposition: attachment`, so that a web server that hands them
on as they are lets nothing act as the portal, and with `Cache-Control: no-cache`, so that what is
withdrawn is gone.
"""

from __future__ import annotations

import contextlib
import errno
import secrets
import time
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from dossier.files import files
from dossier.files.beneath import Place
from dossier.object_store.client import StoreFailed
from dossier.object_store.store import ObjectStore, Upload, at_once
from dossier.office.office import Office
from dossier.text import media
from dossier.text.sentences import sentence
from workflow.portal.folder_site import FolderSite
from workflow.portal.placing import PAGE_NAMES, PAGES, Change

log = structlog.get_logger("portal")

BEGUN_BYTES = 64 * 1024
"""A larger file is sent before the transaction, a smaller one within it: one request."""

AT_ONCE = 100
"""Items in a round at most: others wait for its transaction. Fewer with a slow store."""

PLACING_SECONDS = 12.0
"""So long a round changes the portal; others wait for its transaction (BUSY_SECONDS)."""


class StoreSite(FolderSite):
    """The objects behind `url`; `path` and the staging folder are for what is on its way."""

    can_travel = False

    def __init__(self, office: Office, url: str) -> None:
        super().__init__(office.portal)
        self._store = ObjectStore(office, url)
        self._hurried = ObjectStore(office, url, is_hurried=True)
        self._seen: dict[str, dict[str, int]] = {}
        self.at_once = AT_ONCE
        self._until: float | None = None

    def prepare(self, working: Callable[[], Collection[str]] = tuple) -> None:
        files.make_folder(self.path)
        self.prepare_staging(working)
        try:
            self._store.sweep_uploads(float("inf"))
        except OSError as error:
            log.warning("uploads that were broken off can't be swept now", error=str(error))

    # What lies there

    def is_gone(self) -> bool:
        """A bucket doesn't go: that it can't be reached is told at each request."""
        return False

    def begin(self) -> None:
        self._seen.clear()
        self._until = None

    def keep_time(self) -> None:
        """Raises StoreFailed when others have waited long enough for this round."""
        now = time.monotonic()
        if self._until is None:
            self._until = now + PLACING_SECONDS
        if now > self._until:
            raise StoreFailed(errno.ETIMEDOUT, sentence("object_store.too_slow"), self._store.url)

    def went(self, well: bool) -> None:
        """What goes badly is tried with half as many items; with more when it goes well."""
        self.at_once = min(AT_ONCE, self.at_once + self.at_once // 4 + 1) if well else max(1, self.at_once // 2)

    def expect(self, names: Iterable[str]) -> None:
        at_once(self._below, {name for name in names if name not in self._seen})

    def _below(self, name: str) -> dict[str, int]:
        """What lies in this folder, by name from there, and how large; seen once a round."""
        if name not in self._seen:
            self._seen[name] = {one.name[len(name) + 1 :]: one.size for one in self._store.entries(f"{name}/")}
        return self._seen[name]

    def homes(self) -> set[str]:
        return {name.rstrip("/") for name in self._store.tops() if not name.startswith(".")}

    def has(self, name: str) -> bool:
        """True if anything is there. Of what was expected, only what is behind the name."""
        if name in self._seen:
            return bool(self._seen[name])
        return self.is_folder(name) or self._store.head(_key(name), is_bucket_sure=True) is not None

    def which(self, code: str, names: Iterable[str]) -> set[str]:
        return {name for name in names if self.has(f"{code}/{name}")}

    def is_folder(self, name: str) -> bool:
        """True if anything is behind this name. An object may have the very name: see `walk`."""
        if name in self._seen:
            return bool(self._seen[name])
        return next(self._store.entries(f"{name}/", limit=1), None) is not None

    def names(self, name: str) -> list[str]:
        return list(dict.fromkeys(inner.partition("/")[0] for inner in self._below(name)))

    def extras(self, code: str, items: Collection[str] | None) -> list[str]:
        if items is None:
            return list(self._below(f"{code}/{PAGES}"))
        begins = [f"{code}/{PAGES}/{item}-" for item in (*items, "older")]
        found = at_once(lambda prefix: [one.name for one in self._store.entries(prefix)], begins)
        return [name.removeprefix(f"{code}/{PAGES}/") for names in found for name in names]

    def walk(self, name: str, folders: Container[str]) -> Iterator[tuple[str, int | None]]:
        """As FolderSite.walk. An object of the very name, which no folder could be, is `.`."""
        del folders  # what lies behind a name that is not expected is not expected either
        if self._store.head(name) is not None:
            yield ".", None
        for one in self._store.entries(f"{name}/"):
            yield one.name[len(name) + 1 :], one.size

    def size(self, name: str) -> int | None:
        head = self._store.head(name)
        return head.size if head else None

    def digest(self, name: str) -> str:
        return self._store.digest(name)

    def pieces(self, name: str, start: int, end: int) -> Iterator[bytes]:
        return self._store.stream(name, start, end)

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[Place]:
        target = self.staging / "items" / f"{secrets.token_hex(12)}.tmp"
        try:
            self._store.download(name, target, 0o640)
            yield target
        finally:
            files.remove(target)

    # What is changed there

    def change(
        self,
        code: str,
        put: Mapping[str, Path],
        drop: Sequence[str],
        pages: Mapping[str, bytes | Path],
        more: Mapping[str, Path],
        less: Sequence[str],
    ) -> Change:
        there = {name: list(self._below(f"{code}/{name}")) for name in (*put, *drop)}
        return StoreChange(
            self.path, code, self.staging / "clients", put, drop, pages, more, less, site=self, store=self._store, hurried=self._hurried, there=there
        )  # fmt: skip

    def sync_staged(self, changes: Sequence[Change]) -> None:
        """What is sent is not read from this disk again after a crash."""

    def sync(self, codes: Iterable[str]) -> None:
        """What the store has answered, it holds."""

    def take_off(self, code: str) -> None:
        """Pages first, then what they named."""
        names = [one.name for one in self._store.entries(f"{code}/")]
        pages = [f"{code}/{name}" for name in PAGE_NAMES]
        for name in pages:
            self._store.delete(name)
        at_once(self._store.delete, [name for name in names if name not in pages])
        self._seen.clear()

    def take_out(self, code: str, names: Sequence[str]) -> None:
        for name in names:
            self._store.delete(f"{code}/{name}")
            at_once(self._store.delete, [one.name for one in self._store.entries(f"{code}/{name}/")])
        self._seen.clear()

    def move_out(self, name: str, target: Path, is_copied: bool = False) -> None:
        key = _key(name)
        if self._store.head(key) is not None:
            self._move_out(key, target, is_copied)
        else:
            for number, one in enumerate(list(self._store.entries(f"{key}/")), 1):
                self._move_out(one.name, target / f"{number}", is_copied)
        self._seen.clear()

    def _move_out(self, key: str, target: Path, is_copied: bool) -> None:
        files.make_folder(target.parent, 0o750)
        self._store.download(key, target, 0o640)
        files.sync((target,), (target.parent,))
        if not is_copied:
            self._store.delete(key)


def _key(name: str) -> str:
    return name.removesuffix("/.")


@dataclass(slots=True)
class StoreChange(Change):
    """As Change, in a store. `there`: what lies behind the names of `put` and `drop` now."""

    site: StoreSite = field(kw_only=True)
    store: ObjectStore = field(kw_only=True)
    hurried: ObjectStore = field(kw_only=True)
    there: Mapping[str, Sequence[str]] = field(kw_only=True)
    _begun: list[Upload] = field(default_factory=list)
    _small: list[tuple[str, Path]] = field(default_factory=list)
    _pages_begun: dict[str, Upload] = field(default_factory=dict)

    def stage(self) -> None:
        """Send what is large."""
        whole = {f"{item}/{path.name}": path for item, folder in self.put.items() for path in folder.iterdir()}
        large: list[tuple[str, Path]] = []
        for name, path in {**whole, **self.more}.items():
            (large if path.stat().st_size > BEGUN_BYTES else self._small).append((f"{self.code}/{name}", path))

        def begin(one: tuple[str, Path]) -> None:
            self._begun.append(self.store.begin(one[0], one[1], **headers_of(one[0])))

        at_once(begin, large)
        for name, data in self.pages.items():
            if (data.stat().st_size if isinstance(data, Path) else len(data)) > BEGUN_BYTES:
                place = f"{self.code}/{name}"
                self._pages_begun[name] = self.store.begin(place, data, **headers_of(place))

    def forget_content(self) -> None:
        """They go to the store from memory."""

    def apply(self) -> None:
        """New files, then pages, then what goes. Cut off, it can be done again."""
        try:
            self._apply()
        except OSError:
            self.site.went(False)
            raise
        self.site.went(True)

    def _apply(self) -> None:
        def put(one: tuple[str, Path]) -> None:
            self.site.keep_time()
            self.hurried.put(one[0], one[1].read_bytes(), **headers_of(one[0]))

        def finish(upload: Upload) -> None:
            self.site.keep_time()
            self.hurried.finish(upload)
            self._begun.remove(upload)

        def delete(name: str) -> None:
            self.site.keep_time()
            self.hurried.delete(name)

        code = self.code
        at_once(finish, self._begun)
        at_once(put, self._small)
        for name, data in self.pages.items():
            self.site.keep_time()
            if name in self._pages_begun:
                self.hurried.finish(self._pages_begun[name])
                del self._pages_begun[name]
            else:
                whole = data.read_bytes() if isinstance(data, Path) else data
                self.hurried.put(f"{code}/{name}", whole, **headers_of(f"{code}/{name}"))
        new = {name for name, _ in self._small} | {
            f"{code}/{item}/{path.name}" for item, folder in self.put.items() for path in folder.iterdir()
        }
        old = [f"{code}/{item}/{name}" for item, names in self.there.items() for name in names]
        at_once(delete, [*(name for name in old if name not in new), *(f"{code}/{name}" for name in self.less)])

    def clear(self) -> None:
        """Throw away what was sent and not finished, and the local copies."""
        for upload in (*self._begun, *self._pages_begun.values()):
            self.store.forget(upload)
        self._begun.clear()
        self._pages_begun.clear()
        self.clear_put()


def headers_of(name: str) -> dict[str, str]:
    """What is stored with an object of the portal, for whatever web server hands it on."""
    code, _, rest = name.partition("/")
    del code
    folder, _, file = rest.rpartition("/")
    found = {"CacheControl": "no-cache", "ContentType": media.by_name(file)}
    if found["ContentType"].startswith("text/") or found["ContentType"].endswith(("json", "xml")):
        found["ContentType"] += "; charset=utf-8"
    if folder not in ("", PAGES):
        found |= {"ContentType": media.as_saved(media.by_name(file)), "ContentDisposition": media.saved_as(file)}
    return found
