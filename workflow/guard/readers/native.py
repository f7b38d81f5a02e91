"""A file as it was, in an object of a document: with its name before it ([MS-OLEDS] 2.3.6)."""

from __future__ import annotations

import io

from workflow.guard.readers.gathering import Gathering

NATIVE = "\x01Ole10Native"
"""The stream of an object that has it, behind its length."""


def read_native(gathering: Gathering, data: bytes) -> None:
    """A file with its name, where it came from, and where it lay for a while before it."""
    try:
        name, _, rest = data[2:].partition(b"\0")
        rest = rest[rest.index(b"\0") + 1 + 4 :]
        rest = rest[4 + int.from_bytes(rest[:4], "little") :]
        size, inside = int.from_bytes(rest[:4], "little"), rest[4:]
        if not 0 < size <= len(inside):
            raise ValueError(size)
    except ValueError:
        gathering.miss("format")
        return
    gathering.part(name.decode("cp1252", "replace") or "object", io.BytesIO(inside[:size]))
