"""Where the command `dossier` begins. Its version is told without loading what parses commands."""

from __future__ import annotations

import sys

from dossier import __version__


def main() -> None:
    """Run the command that was typed, and end with its exit code."""
    if sys.argv[1:] == ["--version"]:
        print(f"dossier {__version__}")
        return
    from desk.cli.main import main as run

    run()
