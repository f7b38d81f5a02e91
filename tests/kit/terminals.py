"""A command on a terminal of its own."""

from __future__ import annotations

import os
import pty
from pathlib import Path

from kit import forking
from kit.support import DOSSIER, Root, plain_environ


def on_terminal(root: Root, *words: str, answer: str = "", **environ: str) -> tuple[int, str]:
    """The exit code and what is printed, where somebody answers what is asked."""
    ours, theirs = pty.openpty()
    process = forking.Started(
        [str(DOSSIER), "--root", str(root.path), *words], Path.cwd(), {**plain_environ(), **environ}, (theirs, theirs, theirs)
    )
    os.close(theirs)
    if answer:
        os.write(ours, f"{answer}\n".encode())
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    return process.wait(), said.decode().replace("\r\n", "\n")
