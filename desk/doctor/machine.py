"""What `doctor` looks at on the machine: versions, clock, time zone."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import sys
import time
import zoneinfo
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from desk.doctor.findings import Finding, note, ok, wrong
from dossier import __version__
from dossier.office.office import Office

OLDEST_SQLITE = (3, 35)
"""RETURNING and the query planner's way with partial indexes; older ones are not tested."""

_UNSYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)


def versions(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    python = ".".join(map(str, sys.version_info[:3]))
    yield ok("versions", f"dossier {__version__}, Python {python}, SQLite {sqlite3.sqlite_version}")
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield wrong("versions", f"SQLite {sqlite3.sqlite_version} is too old", "use a Python with SQLite 3.35 or newer")
    for line in metadata.requires("dossier") or []:
        if "extra ==" in line:
            continue
        name = line.split(";")[0].strip()
        for mark in "<>=!~[ ":
            name = name.split(mark)[0]
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            yield wrong("versions", f"the library {name} is not installed", "install dossier anew, with pip, into its venv")
    if os.geteuid() == 0:
        yield note(
            "versions",
            "you are root, and root may do everything: what the daemon's user can't do is not seen",
            "ask again as that user: sudo -u dossier dossier doctor",
        )


def clocks(office: Office, environ: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    if time.time() < Path(__file__).stat().st_mtime - 86_400:
        yield wrong("clock", f"it says {time.strftime('%Y-%m-%d %H:%M')}: that is before this program was made", "set the clock")
    state = _kernel_clock()
    if state == _UNSYNCHRONISED:
        yield note("clock", "it is not kept by a time server", "install chrony, or switch systemd-timesyncd on")
    else:
        yield ok("clock", time.strftime("%Y-%m-%d %H:%M:%S %z") + (", kept by a time server" if state is not None else ""))
    zone = environ.get("TZ", "").removeprefix(":")
    if zone and not zone.startswith("/") and zone not in zoneinfo.available_timezones() and not _is_rule(zone):
        yield wrong("time zone", f"TZ is {zone}, which is no time zone here", "set TZ to one such as Europe/Amsterdam")
    elif not zone and not os.path.exists("/etc/localtime"):
        yield note(
            "time zone", "none is set, so times are shown, and years begin, in UTC", "timedatectl set-timezone Europe/Amsterdam"
        )
    else:
        yield ok("time zone", zone or time.tzname[0])


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
