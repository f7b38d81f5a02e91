"""`make try-tests`: what is committed is set up and tested by `make test` on fresh machines with
another Debian's Python and SQLite, and nothing but what the README asks for.

The offices' servers are upgraded before ours is: what a later Python or SQLite does otherwise is
seen here first. Ends with 0 if all was green on each. What was printed is in FOLDER/SUITE.txt.

Takes a quarter of an hour each, root, mmdebstrap, systemd-nspawn, and the network for apt and pip.
usage: tests.py [FOLDER [SUITE …]]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from machine import CHECKOUT, need

SUITES = ("trixie", "sid")
"""Debian 13, and what is to be the one after the next."""

ASKED_FOR = ("python3", "python3-venv", "make", "ca-certificates")

OURS = ("PIP_", "http_proxy", "https_proxy", "no_proxy")
"""How this machine comes to the packages, that one does too."""


def fresh(folder: Path, suite: str) -> Path:
    """The root of a new machine, with what is committed in /root/dossier."""
    machine = folder / suite
    shutil.rmtree(machine, ignore_errors=True)
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(ASKED_FOR)}", suite, machine], check=True)
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, machine / "root/dossier"], check=True)
    return machine


def is_green(machine: Path, output: Path) -> bool:
    """Runs the tests. What they print is in `output`."""
    words = ["systemd-nspawn", "--quiet", f"--directory={machine}", "--register=no", "--keep-unit", "--as-pid2", "--pipe"]
    words += ["--tmpfs=/dev/shm:mode=1777,size=6G", "--resolv-conf=copy-host", "--chdir=/root/dossier", "--setenv=LANG=C.UTF-8"]
    words += [f"--bind-ro={path}" for path in ("/etc/ssl/certs", "/etc/pip.conf") if os.path.exists(path)]
    words += [f"--setenv={name}={value}" for name, value in os.environ.items() if name.startswith(OURS)]
    with open(output, "wb") as log:
        return subprocess.run([*words, "make", "test"], stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode == 0


def main() -> int:
    need("mmdebstrap", "systemd-nspawn", "git")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else CHECKOUT / "build/try-tests").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    red = []
    for suite in sys.argv[2:] or SUITES:
        print(f"{suite}: setting up and testing; see {folder / suite}.txt", flush=True)
        if not is_green(fresh(folder, suite), folder / f"{suite}.txt"):
            red.append(suite)
        print("\n".join((folder / f"{suite}.txt").read_text(errors="replace").splitlines()[-15:]), flush=True)
        shutil.rmtree(folder / suite)
    if red:
        print(f"not green: {', '.join(red)}", file=sys.stderr)
    return int(bool(red))


if __name__ == "__main__":
    sys.exit(main())
