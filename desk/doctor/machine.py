"""What `doctor` looks at on the machine: versions, whether the program can be read, clock, time
zone."""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import sqlite3
import sys
import time
import zoneinfo
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from desk.doctor.findings import Finding, note, ok, wrong
from desk.doctor.queue import ENTER, READ, rights_of
from dossier import __version__
from dossier.office.office import Office
from workflow.guard.readers import ocr
from workflow.portal import office_papers

OLDEST_SQLITE = (3, 35)
"""RETURNING and the query planner's way with partial indexes; older ones are not tested."""

_UNSYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)


def versions(office: Office) -> Iterator[Finding]:  # noqa: ARG001
    python = ".".join(map(str, sys.version_info[:3]))
    yield ok("versions", "doctor.versions", dossier=__version__, python=python, sqlite=sqlite3.sqlite_version)
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield wrong("versions", "doctor.old_sqlite", sqlite=sqlite3.sqlite_version)
    for line in metadata.requires("dossier-office") or []:
        if "extra ==" in line:
            continue
        name = re.split("[^A-Za-z0-9._-]", line)[0]
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            yield wrong("versions", "doctor.no_library", name=name)
    if os.geteuid() == 0:
        yield note("versions", "doctor.you_are_root")


def program(office: Office) -> Iterator[Finding]:
    """A venv that root made under a umask of 027 is closed to the daemon's user: nothing of it
    starts, and only root can say why."""
    var = office.root / "var"
    try:
        user = pwd.getpwuid((var if var.exists() else office.root).stat().st_uid)
    except KeyError:  # whoever has no name has no groups either; the folders' own checks tell of them
        return
    if sys.prefix == sys.base_prefix or user.pw_uid == 0:
        return
    closed = next(_closed_to(user, Path(sys.prefix)), None)
    if closed:
        yield wrong("program", "doctor.closed_program", user=user.pw_name, path=str(closed), program=sys.prefix)


def _closed_to(user: pwd.struct_passwd, top: Path) -> Iterator[Path]:
    """What is in the folder `top`, itself included, and can't be read by `user`."""
    for name, _, files in os.walk(top):
        folder = Path(name)
        if not _may(user, folder, READ | ENTER):
            yield folder
        yield from (path for file in files if not _may(user, path := folder / file, READ))


def _may(user: pwd.struct_passwd, path: Path, rights: int) -> bool:
    """Mostly everybody may, and then nobody's groups are asked for."""
    return path.is_symlink() or path.stat().st_mode & rights == rights or rights_of(path, user) & rights == rights


def clocks(environ: Mapping[str, str]) -> Iterator[Finding]:
    if time.time() < Path(__file__).stat().st_mtime - 86_400:
        yield wrong("clock", "doctor.clock_long_ago", now=time.strftime("%Y-%m-%d %H:%M"))
    state = _kernel_clock()
    if state == _UNSYNCHRONISED:
        yield note("clock", "doctor.clock_alone")
    else:
        is_kept = state is not None
        yield ok("clock", "doctor.clock_kept" if is_kept else "doctor.clock", now=time.strftime("%Y-%m-%d %H:%M:%S %z"))
    zone = environ.get("TZ", "").removeprefix(":")
    if zone and not zone.startswith("/") and zone not in zoneinfo.available_timezones() and not _is_rule(zone):
        yield wrong("time zone", "doctor.no_such_zone", zone=zone)
    elif not zone and not os.path.exists("/etc/localtime"):
        yield note("time zone", "doctor.no_zone")
    else:
        yield ok("time zone", "doctor.zone", zone=zone or time.tzname[0])


def helpers(office: Office) -> Iterator[Finding]:
    """Programs that an office may have do something, where they are installed."""
    if office.settings.sharing.guard_ocr == "tesseract":
        yield ok("programs", "doctor.tesseract") if ocr.program() else wrong("programs", "doctor.no_tesseract")
    if office.settings.portal.office_pictures == "off":
        yield ok("programs", "doctor.libreoffice_off")
    elif office_papers.program() is None:
        yield wrong("programs", "doctor.no_libreoffice")
    elif not office_papers.can_be_confined():
        yield wrong("programs", "doctor.libreoffice_not_confined")
    else:
        yield ok("programs", "doctor.libreoffice")


def _is_rule(zone: str) -> bool:
    """True for a rule such as `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX)."""
    return any(character.isdigit() for character in zone)


def _kernel_clock() -> int | None:
    """The state of the kernel's clock (adjtimex(2)); None where it can't be asked."""
    try:
        room = ctypes.create_string_buffer(512)  # struct timex, all zero: only asks
        state = ctypes.CDLL(None, use_errno=True).adjtimex(room)
    except (OSError, AttributeError):
        return None
    return int(state) if state >= 0 else None
