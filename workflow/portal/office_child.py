"""Becomes LibreOffice, for office_papers.py: confined, as a paper may ask it to fetch things.

    python -m workflow.portal.office_child PROGRAM FOLDER PAPER

It reads the machine's programs and fonts, and reads and writes FOLDER; there are its profile and
what it makes of PAPER. It reaches no address and no other process, has so much time and memory, and
ends with the process that started it. Where it can't be confined so, it does nothing.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from dossier.workers.confined import ends_with_its_parent, no_calls_out, only_these_files

CPU_SECONDS, MEMORY_BYTES, FILE_BYTES = 30, 4 * 1024**3, 64 * 1024 * 1024
"""Address space: the program takes 1 to 2 GB of it before it has seen a paper, and uses a tenth."""

OPEN_FILES = 1024
"""As by default, however many the daemon may have open: programs look at each number in turn."""

READABLE = (
    "/usr", "/lib", "/lib64", "/bin", "/opt", "/proc", "/dev/urandom", "/dev/null", "/etc/fonts", "/etc/libreoffice", "/etc/alternatives",
    "/etc/ld.so.cache", "/etc/passwd", "/etc/nsswitch.conf", "/etc/localtime", "/var/lib/libreoffice", "/var/spool/libreoffice", "/var/cache/fontconfig",
)  # fmt: skip


def main(program: str, folder: str, paper: str) -> None:
    ends_with_its_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_FSIZE, FILE_BYTES), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, min(OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])),
    ):  # fmt: skip
        resource.setrlimit(kind, (most, most))
    os.nice(10)
    only_these_files(map(Path, READABLE), [Path(folder), Path("/dev/null")])
    no_calls_out()
    environment = {"HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    profile = f"-env:UserInstallation=file://{folder}/profile"
    options = [
        "--headless",
        "--norestore",
        "--nolockcheck",
        profile,
        "--convert-to",
        "pdf",
        "--outdir",
        folder,
        f"{folder}/{paper}",
    ]
    os.execve(program, [program, *options], environment)  # noqa: S606 - arguments of ours  # nosec B606


if __name__ == "__main__":
    main(*sys.argv[1:4])
