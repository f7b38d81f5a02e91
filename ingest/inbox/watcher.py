"""Says "look at this folder", natively or by the clock; never decides anything and may be wrong.

Native: watchdog's reader of the kernel's events, one thread, on exactly the folders that drops can
lie in: the root, the folders in it, and the folders in those; what is never taken (`_done`,
`.part`) is not watched, so our own work makes no noise. An Observer of watchdog does too much here:
it walks and watches every folder of years of receipts, keeps each rename back for half a second,
and is silent about folders it could not watch. The kernel may drop events (overflow) or run out of
watches: both are told, and the full look of every minute finds what was missed.

Polled: on network file systems the kernel knows nothing of what others do, so every folder is
looked at by the clock.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import structlog
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from dossier.text import names, system
from dossier.text.sentences import Sentence, sentence

log = structlog.get_logger("watcher")

Mode = Literal["native", "polling"]

NETWORK_FILE_SYSTEMS = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "vboxsf", "vmhgfs", "drvfs",
    "prl_fs", "virtiofs", "fuse",
}  # fmt: skip
"""File systems that others may write to unseen. Of `fuse.*`, all but the local ones below."""

_LOCAL_FUSE = {"fuse.ext2", "fuse.ext4", "fuse.ntfs", "fuse.exfat", "fuse.bindfs", "fuseblk"}

_IN = InotifyConstants
_MASK = Mask(_IN.IN_CREATE | _IN.IN_CLOSE_WRITE | _IN.IN_MOVED_FROM | _IN.IN_MOVED_TO | _IN.IN_DELETE | _IN.IN_ONLYDIR)
"""A file that was written is closed, a renamed or linked one created: nothing else makes one
whole."""


def file_system_of(path: Path, mountinfo: str | None = None) -> str:
    """The type of `path`'s file system, by /proc/self/mountinfo (proc(5)), or `unknown`."""
    try:
        text = Path("/proc/self/mountinfo").read_text() if mountinfo is None else mountinfo
    except OSError:
        return "unknown"
    best, kind = "", "unknown"
    where = os.path.realpath(path) + "/"
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        mount = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split()[4])
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


class FolderWatch:
    """Keeps a folder watched as the setting and its file system say, whatever happens to it."""

    def __init__(self, folder: Path, hint: Callable[[str | None], None], depth: int) -> None:
        self.folder = folder
        self.trouble: Sentence | None = None
        """Why the folder is not watched, or not whole, that should be; a sentence."""
        self._hint = hint
        self._depth = depth
        self._watcher: Watcher | None = None
        self._state: tuple[int, int, str] | None = None

    @property
    def polls(self) -> bool:
        """True while the clock must do (some of) what a watcher can't."""
        return self._watcher is None or self.trouble is not None

    def supervise(self, wanted: Literal["auto", "native", "polling"]) -> bool:
        """Begin to watch, anew if need be; cheap when all is well. OSError: the folder is gone.

        True if it began (anew): what came before that was not seen.
        """
        try:
            status = os.stat(self.folder)
        except OSError:
            self.stop()
            raise
        state = (status.st_dev, status.st_ino, wanted)
        if state == self._state and (self._watcher is None or self._watcher.is_alive()):
            return False
        self.stop()
        self._state = state
        if mode_for(self.folder, wanted) == "native":
            watcher = Watcher(self.folder, self._hint, self._depth)
            self.trouble = watcher.start()
            self._watcher = watcher if watcher.is_alive() else None
        log.info("watching", folder=str(self.folder), mode="native" if self._watcher else "polling")
        return True

    def extend(self) -> None:
        """Try again to watch what could not be watched."""
        if self._watcher is not None:
            self._watcher.extend()
            self.trouble = self._watcher.trouble()
        elif self.trouble is not None:
            self._state = None

    def deepen(self, depth: int) -> None:
        """Watch so many levels from the next `supervise` on."""
        if depth != self._depth:
            self._depth, self._state = depth, None

    def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
        self._watcher = self._state = self.trouble = None


class Watcher:
    """Watches a folder and `depth` levels below it; calls `hint(first part)` from its own thread.

    `hint(None)` means: look everywhere. A folder that comes later is watched before it is hinted
    at, so whatever is put into it is either there at the look or hinted at again.
    """

    def __init__(self, folder: Path, hint: Callable[[str | None], None], depth: int) -> None:
        self.folder = folder
        self.hint = hint
        self._depth = depth
        self._inotify: InotifyFD | None = None
        self._gone = False
        self._full = False
        self._lock = threading.RLock()
        self._id = id(self)
        self._places: dict[int, tuple[str, ...]] = {}
        self._numbers: dict[tuple[str, ...], WatchDescriptor] = {}

    def start(self) -> Sentence | None:
        """Begin. Returns why not, or not all, in a sentence: the clock must look there, too."""
        try:
            self._inotify = InotifyFD()
            with self._lock:
                self._add(())
            self._inotify.start()
        except OSError as error:
            self.stop()
            return self._why_not(error)
        return self.trouble()

    def extend(self) -> None:
        """Watch what should be and isn't: folders whose event was lost, or without a watch."""
        with self._lock:
            self._full = False
            self._add_those_in(())

    def trouble(self) -> Sentence | None:
        """Why some folders are not watched."""
        return self._why_not(OSError(errno.ENOSPC, sentence("inbox.no_watch_left"))) if self._full else None

    def is_alive(self) -> bool:
        """False if events can't come: not started, its thread dead, or it is unmounted."""
        return not self._gone and self._inotify is not None and self._inotify.is_alive()

    def stop(self) -> None:
        inotify, self._inotify = self._inotify, None
        if inotify is not None:
            inotify.stop()
            if inotify.is_alive():
                inotify.join(timeout=2)

    def _why_not(self, error: OSError) -> Sentence:
        limits = {errno.ENOSPC: "fs.inotify.max_user_watches", errno.EMFILE: "fs.inotify.max_user_instances"}
        code = "inbox.not_watched_limit" if error.errno in limits else "inbox.not_watched"
        return sentence(code, folder=str(self.folder), why=system.why(error), limit=limits.get(error.errno or 0))

    # Which folders are watched

    def _add(self, place: tuple[str, ...]) -> None:
        """Watch the folder `place` below the root, and those in it. OSError for the root only."""
        assert self._inotify is not None
        path = os.path.join(self.folder, *place)
        if place and not os.access(path, os.R_OK):
            return  # gone, or a look will say that it can't be read
        follow = _IN.IN_DONT_FOLLOW if place else 0
        try:
            number = self._inotify.add_callback(os.fsencode(path), Mask(_MASK | follow), self, self._id)  # type: ignore[arg-type]
        except OSError as error:
            if not place:
                raise
            self._full = self._full or error.errno == errno.ENOSPC
            return
        self._places[number], self._numbers[place] = place, number
        self._add_those_in(place)

    def _add_those_in(self, place: tuple[str, ...]) -> None:
        if len(place) >= self._depth:
            return
        try:
            with os.scandir(os.path.join(self.folder, *place)) as entries:
                found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for name in found:
            if self._full:
                return
            if not names.is_ignored(name) and (*place, name) not in self._numbers:
                self._add((*place, sys.intern(name)))

    def _forget(self, place: tuple[str, ...]) -> None:
        """Watch `place` and what is in it no more: something else is there, or nothing."""
        assert self._inotify is not None
        below = [] if len(place) == self._depth else [known for known in self._numbers if known[: len(place)] == place]
        for known in below or [place]:
            number = self._numbers.pop(known)
            self._places.pop(number, None)
            self._inotify.remove_callbacks([(number, self._id)])  # type: ignore[list-item]

    # What InotifyFD calls, on its thread. An exception here would silently end that thread.

    def on_event(self, event: InotifyEvent) -> None:
        try:
            self._take(event)
        except Exception as error:  # noqa: BLE001 - see above
            log.error("a file event could not be read; looking everywhere", folder=str(self.folder), error=str(error))
            self.hint(None)

    def _take(self, event: InotifyEvent) -> None:
        if event.mask & _IN.IN_UNMOUNT:
            self._gone = True
            self.hint(None)
            return
        place, name = self._places.get(event.wd), os.fsdecode(event.name)
        if place is None or not name or names.is_ignored(name):
            return
        if event.is_directory and len(place) < self._depth:
            with self._lock:
                if self._inotify is not None and (*place, name) in self._numbers:
                    self._forget((*place, name))
                if self._inotify is not None and (event.is_create or event.is_moved_to):
                    self._add((*place, name))
        self.hint((*place, name)[0])

    def on_watch_deleted(self, number: int) -> None:
        with self._lock:
            place = self._places.pop(number, None)
            if place is not None and self._numbers.get(place) == number:
                del self._numbers[place]

    def on_queue_overflow(self) -> None:
        log.warning("the kernel dropped file events (queue overflow); looking everywhere", folder=str(self.folder))
        self.hint(None)
