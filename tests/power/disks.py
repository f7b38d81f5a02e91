"""Disks that remember every write, and what a power cut may leave of them.

A file system is made on an image and mounted through a loop device that lies on disk.c's FUSE files: so the kernel's own
ext4, xfs or btrfs decides what is written when, and every write, flush and mark is in a log. A disk promises that what was
written before a flush is there after it; of what was written since, anything may be there: `State` says what is. `lay` puts
such a state on the images again, and mounting them replays the journal, as it would after a real cut.

What this leaves out: a disk that lies about its flushes; and bytes of a block of 4 KiB that are partly new (no disk of
today does that).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / "build" / "power" / "disk"

MB = 1024 * 1024
BLOCK = 4096
"""Bytes that a disk writes whole or not at all."""

_HEAD = struct.Struct("<IIQQ")

KINDS = {
    "ext4": (3072, ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"]),
    "ext4 fast_commit": (3072, ["mkfs.ext4", "-q", "-F", "-O", "fast_commit", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"]),
    "xfs": (3072, ["mkfs.xfs", "-q", "-f", "-K"]),
    "btrfs": (3072, ["mkfs.btrfs", "-q", "-f", "-K"]),
}  # fmt: skip
"""Kind of file system → (MiB of its disk, what makes it)."""

_OPTIONS = {"btrfs": "nodiscard"}


PROGRAMS = ("cc", "pkg-config", "losetup", "fusermount3", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs")
"""What must be installed: on Debian gcc, pkg-config, mount, fuse3, e2fsprogs, xfsprogs, btrfs-progs; and libfuse3-dev."""


def cannot() -> str | None:
    """Why this can't be played on this machine, whatever is installed; None if it can."""
    if os.geteuid() != 0:
        return "disks can't be mounted: this needs root"
    for device in ("/dev/fuse", "/dev/loop-control"):
        try:
            os.close(os.open(device, os.O_RDWR))
        except OSError as error:
            return f"disks can't be recorded on this machine: {device}: {error.strerror}"
    return None


def headers_are_there() -> bool:
    return _run("pkg-config", "--exists", "fuse3", check=False).returncode == 0


def lacks() -> str | None:
    """What is missing for all this; None if nothing."""
    if (reason := cannot()) is not None:
        return reason
    for program in PROGRAMS:
        if shutil.which(program) is None:
            return f"{program} is not on this machine"
    return (
        None
        if headers_are_there()
        else "the headers of libfuse 3 are not on this machine (on Debian: apt-get install libfuse3-dev)"
    )


def build() -> None:
    """Compile disk.c, if that was not done yet."""
    source = HERE / "disk.c"
    if PROGRAM.exists() and PROGRAM.stat().st_mtime > source.stat().st_mtime:
        return
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    made = PROGRAM.with_name(f"disk.{os.getpid()}")
    flags = _run("pkg-config", "--cflags", "--libs", "fuse3").stdout.split()
    _run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(made), str(source), *flags)
    made.replace(PROGRAM)


class Record(NamedTuple):
    """A write (`W`), flush (`F`) or mark (`M`); where its bytes begin in the log."""

    kind: str
    disk: int
    offset: int
    length: int
    place: int


@dataclass(frozen=True, slots=True)
class State:
    """The power went after the first `cut` records; of each disk's writes since its last flush, these are there.

    A number is a record of the log. `torn`: of the last of them only the first so many bytes.
    """

    cut: int
    how: str
    kept: tuple[int, ...]
    torn: int | None = None


class Disks:
    """`count` disks with a file system each, mounted at `folder`/0, `folder`/1, …"""

    def __init__(self, folder: Path, kind: str, count: int) -> None:
        self.folder = folder
        self.kind = kind
        self.places = [folder / str(number) for number in range(count)]
        self._images = [folder / f"{number}.image" for number in range(count)]
        self._log = folder / "log"
        self._devices: list[str] = []
        self._records: list[Record] = []
        self._certain: list[int] = []
        self._mark = -1
        size, make = KINDS[kind]
        for place, image in zip(self.places, self._images, strict=True):
            place.mkdir()
            with open(image, "wb") as file:
                file.truncate(size * MB)
            _run(*make, str(image))

    # A file system on images

    def mount(self, images: Sequence[Path]) -> None:
        for place, image in zip(self.places, images, strict=True):
            self._devices.append(_attach(image))
            options = ["-o", _OPTIONS[self.kind]] if self.kind in _OPTIONS else []
            mount = ("mount", "-t", self.kind.split()[0], *options, self._devices[-1], str(place))
            if _run(*mount, check=False).returncode != 0 and self.kind.startswith("ext4"):
                # With fast_commit the kernel gives up on some journals that are cut off. A machine's start looks by fsck first.
                _run("e2fsck", "-p", self._devices[-1], check=False)
            if not os.path.ismount(place):
                _run(*mount)

    def unmount(self) -> None:
        for place in self.places:
            if os.path.ismount(place):
                _patiently("umount", str(place))
        for device in self._devices:
            _patiently("losetup", "-d", device)
        self._devices.clear()

    @contextlib.contextmanager
    def prepared(self) -> Iterator[None]:
        """The disks, mounted without being recorded: what is done now was there long before the power goes."""
        self.mount(self._images)
        try:
            yield
        finally:
            self.unmount()
            for image in self._images:  # holes where nothing but zeros is: copied in a moment
                _run("cp", "--sparse=always", str(image), f"{image}.sparse")
                os.replace(f"{image}.sparse", image)

    @contextlib.contextmanager
    def recorded(self, busy: bool) -> Iterator[None]:
        """The disks, mounted; each write of theirs goes into the log. `busy`: another program syncs files of its own all the time."""
        backs = [_copy(image, image.with_suffix(".back")) for image in self._images]
        fuse = self.folder / "fuse"
        fuse.mkdir()
        process = subprocess.Popen([PROGRAM, self._log, fuse, *backs])
        try:
            while not (fuse / "mark").exists():
                if process.poll() is not None:
                    raise RuntimeError("the recording disk does not start")
                time.sleep(0.01)
            self._mark = os.open(fuse / "mark", os.O_WRONLY)
            self.mount([fuse / str(number) for number in range(len(backs))])
            with _syncing(self.places) if busy else contextlib.nullcontext():
                yield
        finally:
            self.unmount()
            if self._mark >= 0:
                os.close(self._mark)
            _patiently("fusermount3", "-u", str(fuse))
            process.wait()
        self._records = list(_read(self._log))

    def mark(self, **facts: Any) -> None:
        """Note in the log what holds from here on."""
        data = json.dumps(facts).encode()
        assert os.write(self._mark, data) == len(data)

    # States

    def marks(self, cut: int | None = None) -> list[dict[str, Any]]:
        """What was marked before the power went."""
        with open(self._log, "rb") as log:
            return [
                json.loads(os.pread(log.fileno(), record.length, record.place))
                for record in self._records[:cut]
                if record.kind == "M"
            ]

    def states(self, count: int, chance: random.Random) -> list[State]:
        """So many states, all different where there are as many, between the first mark and the last one; by cut."""
        marks = [number for number, record in enumerate(self._records) if record.kind == "M"]
        found: dict[tuple[int, tuple[int, ...], int | None], State] = {}
        for _ in range(count * 20):
            cut = chance.randint(marks[0] + 1, marks[-1] + 1)
            state = self._state(cut, chance)
            found.setdefault((cut, state.kept, state.torn), state)
            if len(found) == count:
                break
        return sorted(found.values(), key=lambda state: state.cut)

    def _state(self, cut: int, chance: random.Random) -> State:
        pending = [number for disk in range(len(self.places)) for number in range(self._flushed(disk, cut), cut)
                   if self._records[number].kind == "W" and self._records[number].disk == disk]  # fmt: skip
        how = chance.choice(("all", "none", "some", "torn", "all but one"))
        if not pending or how == "none":
            return State(cut, "none" if pending else "flushed", ())
        if how == "some":
            return State(cut, how, tuple(number for number in pending if chance.random() < 0.5))
        if how == "all but one":
            gone = chance.choice(pending)
            return State(cut, how, tuple(number for number in pending if number != gone))
        long = [number for number in pending if self._records[number].length > BLOCK]
        if how == "torn" and long:
            torn = chance.choice(long)
            rest = [number for number in pending if number != torn and chance.random() < 0.7]
            return State(cut, how, (*rest, torn), chance.randint(1, (self._records[torn].length - 1) // BLOCK) * BLOCK)
        return State(cut, "all", tuple(pending))

    def _flushed(self, disk: int, cut: int) -> int:
        """The record behind this disk's last flush before `cut`."""
        for number in range(cut - 1, -1, -1):
            if self._records[number].kind == "F" and self._records[number].disk == disk:
                return number + 1
        return 0

    @contextlib.contextmanager
    def after(self, state: State) -> Iterator[None]:
        """The disks as the power cut left them, mounted. States must come by their cuts: what is certain is written once."""
        bases = [image.with_suffix(".base") for image in self._images]
        if not self._certain:
            self._certain = [0] * len(bases)
            for image, base in zip(self._images, bases, strict=True):
                _copy(image, base)
        with open(self._log, "rb") as log:
            for disk, base in enumerate(bases):
                certain = self._flushed(disk, state.cut)
                _write(log.fileno(), base, disk, self._records[self._certain[disk] : certain])
                self._certain[disk] = certain
            images = [_copy(base, base.with_suffix(".state")) for base in bases]
            kept = [self._records[number] for number in state.kept]
            if state.torn is not None:
                kept[-1] = kept[-1]._replace(length=state.torn)
            for disk, image in enumerate(images):
                _write(log.fileno(), image, disk, kept)
        try:
            self.mount(images)
            yield
        finally:
            self.unmount()


def _read(log: Path) -> Iterator[Record]:
    size = log.stat().st_size
    with open(log, "rb") as file:
        while file.tell() < size:
            kind, disk, offset, length = _HEAD.unpack(file.read(_HEAD.size))
            yield Record(chr(kind), disk, offset, length, file.tell())
            file.seek(length, os.SEEK_CUR)


def _write(log: int, image: Path, disk: int, records: Sequence[Record]) -> None:
    """Do again those of these records that are writes to this disk."""
    with open(image, "r+b") as file:
        for record in records:
            if record.kind == "W" and record.disk == disk:
                os.pwrite(file.fileno(), os.pread(log, record.length, record.place), record.offset)


def _copy(source: Path, target: Path) -> Path:
    _run("cp", "--sparse=always", str(source), str(target))
    return target


@contextlib.contextmanager
def _syncing(places: Sequence[Path]) -> Iterator[None]:
    """Somebody else's files are written and synced, which makes a file system commit whatever it holds of ours, too."""
    over = threading.Event()

    def work(place: Path) -> None:
        descriptor = os.open(place / "somebody-else", os.O_WRONLY | os.O_CREAT, 0o600)
        while not over.wait(0.005):
            os.pwrite(descriptor, os.urandom(64), 0)
            os.fsync(descriptor)
        os.close(descriptor)

    threads = [threading.Thread(target=work, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _attach(image: Path) -> str:
    """A loop device on `image`. One process at a time asks for a free one."""
    with open("/tmp/dossier-power.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _run("losetup", "--find", "--show", str(image)).stdout.strip()


def _patiently(*command: str) -> None:
    """What may be busy for another moment."""
    for _ in range(100):
        if _run(*command, check=False).returncode == 0:
            return
        time.sleep(0.05)
    _run(*command)


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done
