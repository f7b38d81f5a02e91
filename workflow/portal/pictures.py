"""What pages have besides: pictures of first pages, archives of attachments, pages to read.

They are made after an item is on the portal, on a thread of their own, from the vault, into the
folder they are given; publishing.py puts them up. Pictures are drawn by another process
(pictures_child.py), as a hostile PDF must not take the daemon along; a process that dies or hangs
is replaced, and the file it was about has no picture.

Killed? PageDue says which items are still to do. A file that can't be pictured is not tried again
until its item is published again.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from dossier.database.database import close_database
from dossier.database.tables import Edition, FileShown, Item, PageDue, PageFile, among, item_name, tuples
from dossier.files import files
from dossier.files.marks import is_pdf
from dossier.text import clock
from dossier.vault.folder import Damaged, Vault
from dossier.workers.child import Child, Failed
from workflow.portal import office_papers, pages

log = structlog.get_logger("pictures")

ARCHIVE_BYTES = 512 * 1024 * 1024
"""Of attachments together; above it no archive: it takes that room again, and patience."""

BATCH_SECONDS, BATCH_ITEMS = 4.0, 500
"""What was made is handed over after so long or so many: each time pages are made anew."""

KEYS_AT_ONCE = 500
"""Items that are looked at together, for whether they are to be done now."""

PATIENCE_SECONDS = 15.0
"""The drawing process gives up on a file by itself before this (pictures_child.WALL_SECONDS)."""

ANSWER_BYTES = 5 * 1024 * 1024
"""No picture is larger: the drawing process makes none over 4 MiB (pictures_child.PAGE_BYTES)."""

_TAIL = struct.Struct(">HH")
"""What stands behind the picture of a page (pictures_child.TAIL)."""

_WORDS = 20
"""So many words are marked on a page."""

TROUBLE_SECONDS = 60
"""How long nothing is made after the disk was full."""

_PDF, _IMAGE, _PHOTO = b"P", b"I", b"H"
_HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
_PHOTO_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")  # ISO/IEC 23008-12, Annex B


@dataclass(frozen=True, slots=True)
class Made:
    """A file for _pages/, staged at `path`: whose edition, and made of what (PageFile.source)."""

    item: int
    edition: int
    name: str
    source: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PicturedItems:
    """Items that are done, as they were looked at (key → edition), and the files made of them."""

    items: dict[int, int]
    made: Sequence[Made]


HEAD_BYTES = 1024
"""So much of a file tells what it is: a PDF may begin within it (ISO 32000-1, Annex H.3.4.1)."""


def kind_of(head: bytes) -> bytes | None:
    """Which kind of picture can be drawn of a file that begins with `head`; None for none."""
    if head.startswith(_HEADS) or head[4:12] in (b"ftypavif", b"ftypavis"):
        return _IMAGE
    if head[4:8] == b"ftyp" and head[8:12] in _PHOTO_BRANDS:
        return _PHOTO
    return _PDF if is_pdf(head) else None


def may_have_picture(media_type: str) -> bool:
    """True if a file of this type may have one; its content decides."""
    return media_type == "application/pdf" or media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as a picture (WebP): of how many pages, and how often the words are on it."""

    picture: bytes
    count: int
    found: int


class Artist:
    """The drawing process, started when it is first needed. One thread uses it.

    Once it `is_over`, no picture is waited for: files.Interrupted is raised.
    """

    def __init__(self, is_over: Callable[[], bool] = lambda: False) -> None:
        self._child = Child("workflow.portal.pictures_child", PATIENCE_SECONDS, ANSWER_BYTES, is_over)

    def get_ready(self) -> None:
        """Start the process, so that the first picture need not wait for it."""
        self._child.start()

    def draw(self, path: Path) -> bytes:
        """The small picture (WebP) of a vault file; empty if there is none to be had."""
        return self._ask(path, b"")

    def page(self, path: Path, number: int, width: int, words: Sequence[str] = ()) -> PagePicture | None:
        """A page (from 0) of a vault file, so many pixels wide, the words marked; else None."""
        asked = [number, width, [word[:200] for word in words[:_WORDS]]]
        answer = self._ask(path, json.dumps(asked).encode())
        return PagePicture(answer[: -_TAIL.size], *_TAIL.unpack(answer[-_TAIL.size :])) if answer else None

    def _ask(self, path: Path, request: bytes) -> bytes:
        with files.open_plain(path) as descriptor:
            kind = kind_of(os.pread(descriptor, HEAD_BYTES, 0))
            if kind is None:
                return b""
            try:
                return self._child.ask(kind + request, descriptor)
            except Failed as error:
                log.warning("a picture could not be drawn", file=path.name, error=str(error))
                return b""

    def close(self) -> None:
        self._child.close()


class Studio:
    """Makes what is due, newest items first. `make` may run on any one thread."""

    def __init__(self, vault: Vault, staging: Path, has_office_papers: Callable[[], bool] = lambda: False) -> None:
        self._vault = vault
        self._staging = staging
        self._has_office_papers = has_office_papers
        self._artist = Artist()

    def make(self, most: int, seconds: float, is_busy: Callable[[], bool] = lambda: False) -> PicturedItems | None:
        """Make the files of `most` items in about `seconds`, or of one while whoever waits for
        something `is_busy`; None if nothing is due. OSError."""
        end = time.monotonic() + seconds
        items: dict[int, int] = {}
        made: list[Made] = []
        try:
            for key, edition in _due(most):
                if files.stopping.is_set() or (items and (time.monotonic() > end or is_busy())):
                    break
                made += self._of_item(key, edition)
                items[key] = edition
        except BaseException:
            for one in made:
                files.remove(one.path)
            raise
        return PicturedItems(items, made) if items else None

    def get_ready(self) -> None:
        """There will be pictures to make soon: the process that draws them may be loaded
        meanwhile."""
        if _due(1):
            self._artist.get_ready()

    def close(self) -> None:
        self._artist.close()

    def _of_item(self, key: int, edition: int) -> list[Made]:
        public = Edition.get_by_id(edition)
        shown = public.shown["attachments"]
        there = {row[0] for row in tuples(PageFile.select(PageFile.source).where(PageFile.item == key))}
        made = []
        for digest in dict.fromkeys(attachment["sha256"] for attachment in shown):
            if digest in there:
                continue
            try:
                with self._vault.local(digest) as path:
                    picture = self._artist.draw(path) or self._of_office_paper(path)
            except (FileNotFoundError, Damaged, files.NotPlain):
                continue  # the vault's trouble, and told elsewhere (verifying.py)
            if picture:
                path = self._staging / f"{secrets.token_hex(12)}.webp"
                files.write_whole(path, picture)
                made.append(self._described(key, edition, digest, path))
        source = pages.archive_source(shown)
        if len(shown) > 1 and source not in there and sum(attachment["size"] for attachment in shown) <= ARCHIVE_BYTES:
            path = self._archive(shown, public.approved_at or public.made_at)
            made.append(self._described(key, edition, source, path))
        return made

    def _of_office_paper(self, path: Path) -> bytes:
        if not self._has_office_papers():
            return b""
        with office_papers.as_pdf(path, self._staging) as made:
            return self._artist.draw(made) if made else b""

    def _described(self, key: int, edition: int, source: str, path: Path) -> Made:
        name = f"{item_name(key)}-{source[:24]}{path.suffix}"
        return Made(key, edition, name, source, path, path.stat().st_size, files.hash_file(path))

    def _archive(self, attachments: Sequence[FileShown], approved_at: str) -> Path:
        """All attachments in one ZIP file, stored as they are: most are packed already."""
        path = self._staging / f"{secrets.token_hex(12)}.zip"
        at = clock.from_text(approved_at).astimezone()
        try:
            with open(path, "xb") as stream, zipfile.ZipFile(stream, "w") as archive:
                for attachment in attachments:
                    entry = zipfile.ZipInfo(attachment["name"], (at.year, at.month, at.day, at.hour, at.minute, at.second))
                    entry.external_attr = 0o644 << 16
                    self._put_in(archive, entry, attachment["sha256"])
        except BaseException:
            files.remove(path)
            raise
        return path

    def _put_in(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, sha256: str) -> None:
        with self._vault.local(sha256) as place, files.open_plain(place) as reading, archive.open(entry, "w") as writing:
            while piece := os.read(reading, files.CHUNK):
                if files.stopping.is_set():
                    raise files.Interrupted
                writing.write(piece)


def _due(most: int) -> list[tuple[int, int]]:
    """(key, edition) of items to be done, newest first."""
    # Not joined: where somebody had the database analyzed, SQLite reads all items for that.
    query = PageDue.select(PageDue.item).order_by(PageDue.item.desc()).limit(KEYS_AT_ONCE)
    found, last = list[tuple[int, int]](), None
    while len(found) < most and (rows := tuples(query if last is None else query.where(PageDue.item < last))):
        some = [row[0] for row in rows]
        last = some[-1]
        shown = Item.select(Item.id, Item.public).where(among(Item.id, some) & Item.public.is_null(False) & ~Item.unsettled)
        found += sorted(tuples(shown), reverse=True)
    return found[:most]


class Dresser(threading.Thread):
    """The thread: makes what is due while the daemon has nothing better to do, a batch at a time.

    The daemon says `rest` when it has nothing to do, takes the batch, and says `rest` again once it
    is up.
    """

    def __init__(self, studio: Studio, tell: Callable[[], None], is_busy: Callable[[], bool]) -> None:
        super().__init__(name="pictures", daemon=True)
        self._studio = studio
        self._tell, self._is_busy = tell, is_busy
        self._resting = threading.Event()
        self._batch: PicturedItems | None = None
        self._ended = False

    def rest(self) -> None:
        """The daemon has nothing to do; there may be something to be made."""
        self._resting.set()

    def take(self) -> PicturedItems | None:
        """What was made, once."""
        batch, self._batch = self._batch, None
        return batch

    def stop(self) -> None:
        """End after what is being made."""
        self._ended = True
        self._resting.set()

    def run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        while not (self._ended or files.stopping.is_set()):
            self._resting.wait()
            self._resting.clear()
            if not self._ended and self._batch is None:
                self._make()
        self._studio.close()
        close_database()

    def _make(self) -> None:
        try:
            batch = self._studio.make(BATCH_ITEMS, BATCH_SECONDS, self._is_busy)
        except files.Interrupted:
            return
        except Exception as error:  # noqa: BLE001 - no picture is worth a daemon; it is tried again
            log.error("pictures and archives can't be made now", error=str(error), error_type=type(error).__name__)
            files.stopping.wait(TROUBLE_SECONDS)
            return
        if batch is not None:
            self._batch = batch
            self._tell()
