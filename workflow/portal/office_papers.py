"""Office papers as PDF, by LibreOffice where an office wants it (`portal.office_pictures`).

It is a large program, and a paper may ask it to fetch other files and addresses: office_child.py
holds it to one folder and no address, and to a time. What it makes is a PDF like any other to
whoever draws it.

Killed? The folder lies among what is staged for the portal, and is swept with that.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import structlog

from dossier.files import files
from dossier.files.marks import marks_of

log = structlog.get_logger("pictures")

PROGRAMS = (
    "/usr/lib/libreoffice/program/soffice.bin", "/usr/lib64/libreoffice/program/soffice.bin", "/opt/libreoffice/program/soffice.bin",
)  # fmt: skip
"""Where Debian, Fedora and a link of one's own have it."""

KINDS = frozenset({"docx", "doc", "odt", "ott", "rtf", "xlsx", "xlsb", "xls", "ods", "ots", "pptx", "ppt", "odp", "otp", "odg"})

MAX_BYTES = 32 * 1024 * 1024
"""A larger paper has no picture."""

WALL_SECONDS = 40.0
"""A paper takes two to five."""

GLANCE_SECONDS = 0.1
"""How soon it is seen that the process is to end."""

BEGIN_AGAIN = 81
"""With this exit code it asks to be started once more: it has just made its profile."""


@cache
def program() -> str | None:
    """Where LibreOffice is; None where it is not installed."""
    return next(filter(os.path.exists, PROGRAMS), None)


def can_be_confined() -> bool:
    """False where the kernel can't confine office_child.py; then no paper is opened."""
    return _run("/bin/true", Path("/nowhere"), "", time.monotonic() + WALL_SECONDS) == 0


@contextlib.contextmanager
def as_pdf(paper: Path, room: Path) -> Iterator[Path | None]:
    """The paper as PDF, while this holds; None if there is none to be had.

    It is made in a folder of its own in `room`. Raises OSError (disk full), NotPlain, Interrupted.
    """
    with files.open_plain(paper) as descriptor:
        kind = marks_of(descriptor).kind
        is_small = os.fstat(descriptor).st_size <= MAX_BYTES
    if kind not in KINDS or not is_small or program() is None:
        yield None
        return
    folder = room / f"office-{secrets.token_hex(8)}"
    files.make_folder(folder, 0o700)
    try:
        files.copy_to(paper, folder / f"paper.{kind}", 0o600)
        yield folder / "paper.pdf" if _is_made(folder, f"paper.{kind}") else None
    finally:
        files.remove_tree(folder)


def _is_made(folder: Path, paper: str) -> bool:
    end = time.monotonic() + WALL_SECONDS
    code = _run(program() or "", folder, paper, end)
    if code == BEGIN_AGAIN:
        code = _run(program() or "", folder, paper, end)
    if code:
        log.warning("LibreOffice made no PDF of a paper", code=code)
    return code == 0


def _run(command: str, folder: Path, paper: str, end: float) -> int | None:
    """Its exit code; None if it took too long. Raises Interrupted."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "workflow.portal.office_child", command, str(folder), paper], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, env={"LANG": "C.UTF-8"}, cwd="/",
    )  # fmt: skip
    try:
        while process.poll() is None and time.monotonic() < end:
            if files.stopping.wait(GLANCE_SECONDS):
                raise files.Interrupted
    finally:
        code = process.poll()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return code
