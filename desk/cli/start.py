"""Where the command `dossier` begins. Its version is told without loading what parses commands."""

from __future__ import annotations

import gc
import sys

from dossier import __version__

GARBAGE_AT = 50_000
"""After so many new objects Python looks for rings of them, as the daemon does. By default it is
after 700: it would look a dozen times while a command is loaded, and find nothing."""


def main() -> None:
    """Run the command that was typed, and end with its exit code."""
    if sys.argv[1:] == ["--version"]:
        print(f"dossier {__version__}")
        return
    gc.set_threshold(GARBAGE_AT, 20, 100)
    from desk.cli.main import main as run

    run()
