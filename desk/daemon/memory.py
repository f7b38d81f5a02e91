"""Gives back what only work needs, while there is none: what is kept in memory of SQLite's file,
and what the C library holds for later."""

from __future__ import annotations

import contextlib
import ctypes

from dossier.database.database import forget_pages


def give_back() -> None:
    """For the working thread. What is needed again is fetched again."""
    forget_pages()
    with contextlib.suppress(AttributeError):  # it is glibc's (malloc_trim(3))
        ctypes.CDLL(None).malloc_trim(0)
