"""Says "look at this folder", natively or by the clock; never decides anything and may be wrong.

Native: one recursive watch with an event filter (without one, watchdog 7 drowns in its own walk over many folders). The
kernel may drop events (overflow) or run out of watches: both are reported, and the rescan finds what was missed.
Polled: on network file systems the kernel knows nothing of what others do, so every folder is looked at by the clock.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import structlog
from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

log = structlog.get_logger("watcher")

Mode = Literal["native", "polling"]

NETWORK_FILE_SYSTEMS = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "vboxsf", "vmhgfs", "drvfs",
    "prl_fs", "virtiofs", "fuse",
}  # fmt: skip
"""File systems that others may write to unseen. Of `fuse.*`, all but the local ones below."""

_LOCAL_FUSE = {"fuse.ext2", "fuse.ext4", "fuse.ntfs", "fuse.exfat", "fuse.bindfs", "fuseblk"}

_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileClosedEvent, FileMovedEvent, FileDeletedEvent, DirCreatedEvent, DirMovedEvent,
]  # fmt: skip


def file_system_of(path: Path, mountinfo: str | None = None) -> str:
    """The type of the file system that holds `path`, by /proc/self/mountinfo (proc(5)); `unknown` without it."""
    try:
        text = Path("/proc/self/mountinfo").read_text() if mountinfo is None else mountinfo
    except OSError:
        return "unknown"
    best, kind = "", "unknown"
    where = os.path.realpath(path) + "/"
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        mount = before.split()[4].encode().decode("unicode_escape")
        if where.startswith(mount.rstrip("/") + "/") and len(mount) >= len(best):
            best, kind = mount, after.split()[0]
    return kind


def mode_for(path: Path, wanted: Literal["auto", "native", "polling"]) -> Mode:
    """How a folder is watched: as the setting says, or by what file system it is on."""
    if wanted != "auto":
        return wanted
    kind = file_system_of(path)
    networked = kind in NETWORK_FILE_SYSTEMS or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)
    return "polling" if networked else "native"


class _Overflow(logging.Handler):
    """watchdog only logs an overflow; this makes it heard."""

    def __init__(self, heard: Callable[[], None]) -> None:
        super().__init__()
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._heard()


class Watcher:
    """Watches one folder tree natively and calls `hint(first part of the path below it)`, or `hint(None)`: look everywhere."""

    def __init__(self, folder: Path, hint: Callable[[str | None], None]) -> None:
        self.folder = folder
        self._hint = hint
        self._observer = Observer()
        self._overflow = _Overflow(self._overflowed)
        self._inode: int | None = None

    def start(self) -> str | None:
        """Begin; returns why it can't (no watches left, folder gone), in a sentence, or None."""
        handler = _Handler(self.folder, self._hint)
        try:
            self._observer.schedule(handler, str(self.folder), recursive=True, event_filter=_EVENTS)
            self._observer.start()
            self._inode = os.stat(self.folder).st_ino
        except OSError as error:
            hint = "; raise fs.inotify.max_user_watches" if error.errno in (24, 28) else ""
            return f"{self.folder} can't be watched ({error.strerror}){hint}; it is looked at by the clock instead"
        logging.getLogger("watchdog.observers.inotify_c").addHandler(self._overflow)
        return None

    def _overflowed(self) -> None:
        log.warning("the kernel dropped file events (queue overflow); looking everywhere", folder=str(self.folder))
        self._hint(None)

    def is_alive(self) -> bool:
        """False if events can't come any more: a thread died, or another folder lies there now."""
        try:
            same = os.stat(self.folder).st_ino == self._inode
        except OSError:
            same = False
        return same and bool(self._observer.is_alive())

    def stop(self) -> None:
        logging.getLogger("watchdog.observers.inotify_c").removeHandler(self._overflow)
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join(timeout=2)


class _Handler(FileSystemEventHandler):
    def __init__(self, folder: Path, hint: Callable[[str | None], None]) -> None:
        self._root = str(folder)
        self._hint = hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        try:
            for path in (event.src_path, event.dest_path):
                below = os.path.relpath(os.fsdecode(path), self._root) if path else ".."
                first = below.split(os.sep)[0]
                if first not in ("..", "."):
                    self._hint(first)
        except Exception as error:  # noqa: BLE001 - an exception here would silently end watchdog's thread
            log.error("a file event could not be read", error=str(error))
            self._hint(None)
