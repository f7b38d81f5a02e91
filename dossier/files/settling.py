"""Is this file whole?

A file is whole when nobody has it open for writing and it was quiet for settle_seconds. Where the
kernel tells about writers (file leases), its change time says how long it was quiet, so a file that
lay there before the daemon started need not be waited for. Elsewhere (network file systems, or a
file that is not ours to lease) only our own watching counts: size, times and identity must have
stayed the same for that long on our own clock.

A copy that was cut off is closed and quiet, too. So a quiet file is asked for more, once for each
state it is in: whether it may be read at all, whether its own format calls it unfinished
(endings.py), and, where somebody asks, what its SHA-256 is. What follows from that is for the room
that looks at drops to say (ingest/inbox).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from dossier.files import files
from dossier.files.beneath import Folder, Place, name_of
from dossier.files.endings import HEAD, head_of, is_cut_off
from dossier.files.files import Look
from dossier.files.leases import has_writer
from dossier.text import names

OPEN_RETRY_SECONDS, OPEN_RETRY_MOST = 0.5, 5.0
"""How soon a file that is open for writing is looked at again: later, the longer it is."""

PAGE = 4096
"""Bytes that come from the disk together anyway."""


@dataclass(slots=True)
class _Seen:
    look: Look
    since: float
    """Monotonic seconds."""
    has_changed: bool = False
    """It looked otherwise before: somebody writes to it, or did."""
    checked: bool = False
    """True once this very look was found to have no writer."""
    open_since: float | None = None
    has_leases: bool = False
    """The kernel tells about its writers, so its times can be believed."""
    is_readable: bool = True
    is_cut_off: bool = False
    whole: bytes | None = None
    """All that is in it, of a sidecar that is as small as most are: it will be read next."""
    sha256: str | None = None
    reading: Future[str] | None = None


class Settling:
    """Remembers each file's last look. One thread uses it."""

    def __init__(self, settle_seconds: float, beside: Executor | None = None, reader: int | None = None) -> None:
        """`beside`: what reads large files, if nobody can wait for it. `reader`: the user whose
        right to read counts, if it isn't the one who asks."""
        self.settle_seconds = settle_seconds
        self._reader = reader
        self._beside = beside
        self._seen: dict[str, dict[str, _Seen]] = {}
        """By the folder's path."""

    def seconds_left(
        self, folder: Path | Folder, name: str, look: Look, wall: float, monotonic: float, quiet_for: float | None = None
    ) -> float:
        """Seconds until this file, which looks like `look`, may be whole; 0 if it is.

        `wall` is the clock that stamps local files, in seconds since 1970; `monotonic` never
        jumps. `quiet_for`: so long nobody must have changed it, in the place of settle_seconds, for
        whoever tells by its SHA-256 whether it is whole. Not for what was seen to change, and is
        large or maybe still written to: it would be read again and again while it grows.
        """
        here = self._seen.setdefault(str(folder), {})
        seen = here.get(name)
        if seen is None or seen.look != look:
            seen = here[name] = _Seen(look, monotonic, has_changed=seen is not None)
        settle_seconds = self.settle_seconds if quiet_for is None or (seen.has_changed and _is_large(look)) else quiet_for
        quiet = monotonic - seen.since
        if quiet < settle_seconds:
            # A change time in the future is a clock that was set back: then only our own watching
            # counts.
            age = wall - max(look.ctime_ns, look.mtime_ns) / 1e9
            if age < settle_seconds:
                return settle_seconds - max(quiet, age if age > 0 else 0.0)
        if seen.checked:
            return 0.0
        writer = _ask(folder / name, seen, self._reader)
        unseen = self.settle_seconds if seen.has_changed else settle_seconds
        if writer is None and quiet < unseen:
            return unseen - quiet
        if writer:
            seen.since = monotonic
            seen.open_since = monotonic if seen.open_since is None else seen.open_since
            return max(settle_seconds, min(OPEN_RETRY_MOST, max(OPEN_RETRY_SECONDS, (monotonic - seen.open_since) / 4)))
        seen.checked = seen.is_readable
        return 0.0

    # More about a file that `seconds_left` has just called whole.

    def quiet_seconds(self, folder: Path | Folder, name: str, wall: float, monotonic: float) -> float:
        """How long nothing was done to the file, as far as can be known."""
        seen = self._seen[str(folder)][name]
        age = wall - max(seen.look.ctime_ns, seen.look.mtime_ns) / 1e9 if seen.has_leases else 0.0
        return max(monotonic - seen.since, age)

    def is_readable(self, folder: Path | Folder, name: str) -> bool:
        """False if this process may not read it: some uploads are their owner's until they end."""
        return self._seen[str(folder)][name].is_readable

    def is_cut_off(self, folder: Path | Folder, name: str) -> bool:
        """True if the file's own format says that it is not finished."""
        return self._seen[str(folder)][name].is_cut_off

    def take_whole(self, folder: Path | Folder, name: str) -> bytes | None:
        """What is in it, once, if it was read anyway; None if it is to be read."""
        seen = self._seen[str(folder)][name]
        whole, seen.whole = seen.whole, None
        return whole

    def sha256(self, folder: Path | Folder, name: str) -> str | None:
        """The file's SHA-256 (hex); reads it once for each state it is in. Raises OSError.

        None: it is large, and is being read; ask again.
        """
        seen = self._seen[str(folder)][name]
        if seen.sha256 is None and self._beside is not None and _is_large(seen.look):
            reading, seen.reading = seen.reading or self._beside.submit(files.hash_later(folder / name)), None
            if not reading.done():
                seen.reading = reading
                return None
            seen.sha256 = reading.result()
        if seen.sha256 is None:
            seen.sha256 = files.hash_file(folder / name)
        return seen.sha256

    def doubt(self, folder: Path | Folder) -> None:
        """Ask again of every file of `folder` whether it has a writer: something changed since."""
        for seen in self._seen.get(str(folder), {}).values():
            seen.checked = False

    def forget_files(self, folder: Path | Folder, gone: Iterable[str]) -> None:
        """Forget these files of `folder`: they were taken."""
        here = self._seen.get(str(folder), {})
        for name in gone:
            here.pop(name, None)
        if not here:
            self._seen.pop(str(folder), None)

    def forget(self, folder: Path | Folder, keep: Collection[str] = ()) -> None:
        """Forget the files of `folder` whose names are not in `keep`."""
        here = self._seen.get(str(folder), {})
        for name in [name for name in here if name not in keep]:
            del here[name]
        if not here:
            self._seen.pop(str(folder), None)


def _is_large(look: Look) -> bool:
    return look.size >= files.LARGE


def _ask(path: Place, seen: _Seen, reader: int | None) -> bool | None:
    """Whether it has a writer, None if unknown; what else an open file tells goes to `seen`.
    `reader`: see Settling."""
    seen.is_readable, seen.whole = True, None
    try:
        with files.open_plain(path) as descriptor:
            seen.is_readable = reader is None or not files.is_barred(os.fstat(descriptor), reader)
            writer = has_writer(descriptor)
            seen.has_leases = writer is not None
            if not writer:
                if PAGE < seen.look.size <= files.CHUNK:
                    # All of it will be read soon, so it is asked of the disk at once.
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
                head = head_of(descriptor)
                seen.is_cut_off = is_cut_off(descriptor, seen.look.size, head)
                if len(head) < HEAD and names.is_sidecar(name_of(path)) and Look.of(os.fstat(descriptor)) == seen.look:
                    seen.whole = head
            return writer
    except files.Changed:
        return True
    except PermissionError:
        seen.is_readable = False
        if reader is not None:
            with contextlib.suppress(OSError):
                seen.is_readable = not files.is_barred_at(path, reader)
        return None
    except OSError:
        return None  # gone, or the disk fails: whoever reads it next will say so


def now() -> tuple[float, float]:
    """The two clocks `seconds_left` wants."""
    return time.time(), time.monotonic()
