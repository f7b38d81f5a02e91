"""Where the files of a drop lie, from the client's folder. Pure, and light: the processes that help with a backlog import it."""

from __future__ import annotations


def way_of(folder: str | None) -> tuple[str, ...]:
    """From the client's folder to that of a drop's files, name by name. A preset's way ends in `/`."""
    return tuple(folder.rstrip("/").split("/")) if folder else ()
