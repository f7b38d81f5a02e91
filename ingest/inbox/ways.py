"""Where a drop's files lie, from the client's folder. Pure, and light for other processes."""

from __future__ import annotations


def way_of(folder: str | None) -> tuple[str, ...]:
    """From the client's folder to the drop's, name by name. A preset's way ends in `/`."""
    return tuple(folder.rstrip("/").split("/")) if folder else ()
