"""What to do about a database that can't be used, said in one line; and whether it can be used again. Both databases."""

from __future__ import annotations

import re

from peewee import DatabaseError, InterfaceError, OperationalError

# What the databases and the system say (PostgreSQL's own messages follow lc_messages; those of its library don't) → what to do.
_ADVICE = (
    (r"read-?only", "it takes no changes: see why it, or its disk, is read-only, and undo that"),
    (r"Connection refused|could not connect|timeout expired|No route|unreachable|server closed|connection is (bad|closed|lost)"
     r"|could not translate|terminat|shutting down|starting up|recovery mode",
     "see whether its server runs, and whether database.url names it; then try again"),
    (r"connection slots|too many (clients|connections)", "raise max_connections there, or end what holds so many connections"),
    (r"disk is full|No space left|could not (extend|write)|quota", "make room on its disk"),
    (r"disk I/O error|Input/output error",
     "its disk failed a read or a write, which says nothing of the database: look at the disk (dmesg, smartctl), then try again"),
    (r"malformed|not a database|corrupt|invalid page",
     "it may be damaged: keep a copy, and let `dossier doctor` look through all of it; that says what to do (docs/operations.md)"),
    (r"lock timeout|is locked", "another program keeps it locked: see which, and end it; then try again"),
    (r"authentication failed|no password|role .* does not exist|database .* does not exist|pg_hba", "check database.url"),
    (r"permission denied|unable to open|attempt to write", "give this user the right to read and write it and its folder, or see why its disk is read-only"),
)  # fmt: skip


def told(error: Exception) -> str:
    """What the database says, and what to do about it, in a line."""
    said = " ".join(str(error).split())
    if isinstance(error, DatabaseUnavailable):
        return said  # database.py has asked here already
    for pattern, todo in _ADVICE:
        if re.search(pattern, said, re.IGNORECASE):
            return f"{said}; {todo}"
    return said


class DatabaseUnavailable(Exception):
    """The database can't be reached, read or written (exit code 4); the message says which and why."""


class DatabaseTooNew(DatabaseUnavailable):
    """The database was written by a later version of dossier."""


UNAVAILABLE = (OperationalError, InterfaceError, DatabaseError)
"""What a database that is gone, full or broken raises."""
