"""Where the command `dossier` begins. Its version is told without loading what parses commands."""

from __future__ import annotations

import gc
import io
import os
import sys

from dossier import __version__

GARBAGE_AT = 50_000
"""After so many new objects Python looks for rings of them, as the daemon does. By default it is
after 700: it would look a dozen times while a command is loaded, and find nothing."""


def main() -> None:
    """Run the command that was typed, and end with its exit code."""
    _open_streams()
    if sys.argv[1:] == ["--version"]:
        print(f"dossier {__version__}")
        return
    gc.set_threshold(GARBAGE_AT, 20, 100)
    # Pydantic would look for plugins among all that is installed: 8 ms of each process.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from desk.cli.main import main as run

    try:
        run()
    finally:
        _leave_streams()


def _open_streams() -> None:
    """A stream that whoever started us has closed (`>&-`) leads nowhere: nothing is read from it,
    what is printed is lost, and the next file that is opened does not get its number, under which
    another program's complaints would be written into it."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # in a place where not every sign can be written
        sys.stdout.reconfigure(errors="backslashreplace")
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    sys.stdin = sys.stdin or os.fdopen(number, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(number, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(number, "w", closefd=False)


def _leave_streams() -> None:
    """What can't be printed is lost by now, and where it counts it has been told (main.py). Since
    3.13 Python would try once more at its end, and make the exit code 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
