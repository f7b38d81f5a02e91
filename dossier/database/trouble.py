"""What to do about a database that can't be used, in one line, and whether it can be again."""

from __future__ import annotations

import re

from peewee import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from dossier.text.refusals import Unavailable
from dossier.text.sentences import Sentence, plain, sentence

# What the databases and the system say (PostgreSQL's own messages follow lc_messages; those of its
# library don't) → what to do.
_ADVICE = (
    (r"read-?only", "database.todo_read_only"),
    (r"Connection refused|could not connect|timeout expired|No route|unreachable|server closed|connection is (bad|closed|lost)"
     r"|could not translate|failed to resolve|terminat|shutting down|starting up|recovery mode",
     "database.todo_server"),
    (r"unsupported startup parameter", "database.pooler"),  # PgBouncer's, as it comes: of the options it would keep none
    (r"connection slots|too many (clients|connections)", "database.todo_connections"),
    (r"disk is full|No space left|could not (extend|write)|quota", "database.todo_room"),
    (r"disk I/O error|Input/output error",
     "database.todo_disk"),
    (r"malformed|not a database|corrupt|invalid page",
     "database.todo_damaged"),
    (r"lock timeout|is locked", "database.todo_locked"),
    (r"authentication failed|no password|role .* does not exist|database .* does not exist|pg_hba", "database.todo_address"),
    (r"permission denied|unable to open|attempt to write", "database.todo_rights"),
)  # fmt: skip


def told(error: Exception) -> Sentence:
    if isinstance(error, DatabaseUnavailable):
        return error.sentence if isinstance(error.sentence, Sentence) else plain(error.sentence)
    said = " ".join(str(error).split())
    for pattern, todo in _ADVICE:
        if re.search(pattern, said, re.IGNORECASE):
            return sentence("database.with_advice", said=said, todo=Sentence(todo))
    return plain(said)


class DatabaseUnavailable(Unavailable):
    """The database can't be reached, read or written; the message says which and why."""


class DatabaseTooNew(DatabaseUnavailable):
    """The database was written by a later version of dossier."""


TOO_LONG = "54"
"""The class of PostgreSQL's errors for what is more than it holds, such as a row of an index."""

UNAVAILABLE = (OperationalError, InterfaceError, DatabaseError)
"""What a database that is gone, full or broken raises."""


def is_of_the_database(error: BaseException) -> bool:
    """True if the database failed: no other write would go better. Else what was written was at
    fault."""
    if not isinstance(error, UNAVAILABLE) or isinstance(error, DataError | IntegrityError | ProgrammingError):
        return False
    of_the_library = getattr(error, "orig", None)
    return not str(getattr(of_the_library, "sqlstate", "")).startswith(TOO_LONG)
