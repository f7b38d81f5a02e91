"""A copy of the database as it is at one instant, while others write to it; and the way back.

SQLite: its own backup API in one step, so within one read transaction; the copy needs no log.
PostgreSQL: pg_dump and pg_restore, in the server's version or a later one, and psql; the list of
files is read in the very transaction that is dumped. No password is in a program's arguments, which
others can read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dossier.database.tables import GENESIS
from dossier.files import files
from dossier.office.office import Office
from dossier.text import database_address
from dossier.text.sentences import Sentence, sentence

SQLITE, POSTGRESQL = "database.sqlite", "database.pgdump"
"""What the copy is called, by its kind."""

BUSY_SECONDS = 30
"""How long a copy waits for a writer that keeps the database to itself."""

_OF_WORDS = re.compile(r"\bitem_text")
"""How what SQLite finds in its index of words can be told from other faults (since 3.44 it looks
there as well): search.py judges that, and nothing else is read from it."""

_FULL = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_CANTOPEN: errno.ENOENT, sqlite3.SQLITE_READONLY: errno.EROFS}


class CannotCopy(OSError):
    """The database can't be copied, or put back; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A copy of the database, and what is in it."""

    path: Path
    attachments: dict[str, int]
    """SHA-256 → size of every version of an attachment."""
    length: int
    """Events in the trail."""
    head: str
    """The last one's hash."""


_UNHURRIED = "-c idle_in_transaction_session_timeout=0"
"""pg_dump sees what this connection saw at first, which says nothing until that has ended."""

KNOWS_TRANSACTION_TIMEOUT, _UNKNOWN_BEFORE = 170000, b"SET transaction_timeout = 0;\n"
"""pg_restore says that from its version 17 on, to earlier servers too, and these refuse it."""

_ATTACHMENTS = "SELECT DISTINCT sha256, size FROM attachment"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
_HEAD = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"


def sqlite_path(office: Office) -> Path | None:
    """The database's file; None if it is no SQLite."""
    url = office.settings.database.url
    return office.root / url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else None


def take(office: Office, folder: Path) -> Taken:
    """Copy the database into `folder`, not on the disk yet. Raises CannotCopy, OSError."""
    path = sqlite_path(office)
    if path is None:
        return _dump(office.settings.database.url, folder / POSTGRESQL)
    copy_sqlite(path, folder / SQLITE)
    with closing(_opened(folder / SQLITE)) as copy:
        return _taken(folder / SQLITE, copy.execute(_ATTACHMENTS).fetchall(), copy.execute(_HEAD).fetchone())


def _taken(path: Path, attachments: Iterable[tuple[str, int]], head: tuple[int, str] | None) -> Taken:
    length, hash_ = head or (0, GENESIS)
    return Taken(path, {str(sha256): int(size) for sha256, size in attachments}, int(length), str(hash_))


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy an SQLite database that others may write to, not synced. On errors there is none."""
    try:
        with closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        files.remove(target)
        number = _FULL.get(getattr(error, "sqlite_errorcode", 0), errno.EIO)
        raise OSError(number, sentence("database.copy_failed", why=str(error)), str(target)) from error


def why_damaged(path: Path, thoroughly: bool = False) -> str | None:
    """What SQLite itself finds wrong with a file; None if nothing. `thoroughly`: indexes as well,
    but for that of words (search.py).

    Raises sqlite3.OperationalError where it can't be read: a disk that fails says nothing of it.
    """
    check = f"PRAGMA {'integrity_check' if thoroughly else 'quick_check'}"
    try:
        with closing(_opened(path)) as database:
            try:
                found = database.execute(f"{check}(20)").fetchall()
            except sqlite3.DatabaseError as error:
                if not _OF_WORDS.search(str(error)):
                    raise
                tables = database.execute(_TABLES).fetchall()
                found = [one for (name,) in tables for one in database.execute(f'{check}("{name}")')]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return str(error)
    return next((one for (one,) in found if one != "ok" and not _OF_WORDS.search(one)), None)


def why_no_dump(server: str) -> Sentence | None:
    """Why pg_dump can't copy a server of this version; None if it can."""
    program = shutil.which("pg_dump")
    if program is None:
        return sentence("database.no_pg_dump")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\d+", said)
    if version and int(version[0]) < int(server.partition(".")[0]):
        return sentence("database.old_pg_dump", version=version[0], server=server)
    return None


def is_empty(office: Office) -> bool:
    """True if a copy can be put back there: nothing is there yet."""
    path = sqlite_path(office)
    if path is not None:
        return not os.path.lexists(path)
    import psycopg

    from dossier.database.postgresql import HOLDS_ANY_TEXT

    try:
        with psycopg.connect(office.settings.database.url, connect_timeout=10) as connection:
            encoding = connection.info.parameter_status("server_encoding")
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").fetchone()
    except psycopg.Error as error:
        raise CannotCopy(errno.EIO, sentence("database.server_unusable", error=str(error))) from error
    if encoding not in HOLDS_ANY_TEXT:
        raise CannotCopy(errno.EINVAL, sentence("database.encoding", encoding=encoding))
    return row is not None and row[0] == 0


def see_that_it_fits(office: Office, copy: Path) -> None:
    """Raises CannotCopy if the copy is of another kind of database than the office's, or
    PostgreSQL's programs here can't read it."""
    if (copy.name == SQLITE) != (sqlite_path(office) is not None):
        kinds = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL"}
        raise CannotCopy(errno.EINVAL, sentence("database.another_kind", kind=kinds[copy.name]))
    if copy.name != SQLITE:
        _run(["pg_restore", "--list"], office.settings.database.url, lambda name: [str(copy)])


def put_back(office: Office, copy: Path) -> None:
    """Make the office's database, where nothing is yet, from a copy. Raises CannotCopy, OSError."""
    see_that_it_fits(office, copy)
    path = sqlite_path(office)
    if path is not None:
        files.make_folder(path.parent)
        files.copy_to(copy, path, 0o640)
        files.sync((path,), (path.parent,))
        return
    _restore(office.settings.database.url, copy)


def _restore(url: str, copy: Path) -> None:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        raise CannotCopy(errno.EIO, sentence("database.server_unusable", error=str(error))) from error
    restore = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error"]
    if version >= KNOWS_TRANSACTION_TIMEOUT:
        _run([*restore, "--single-transaction"], url, lambda name: [f"--dbname={name}", str(copy)])
    else:
        _restore_by_psql([*restore, "--file=-", str(copy)], url)


def _restore_by_psql(restore: list[str], url: str) -> None:
    """Have psql do what pg_restore says, but for the line that an earlier server does not know. All
    of it, or nothing: only behind the last line is it committed."""
    _see_that_there_is("psql")
    name, environ = _reached(url)
    psql = ["psql", "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", f"--dbname={name}"]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(restore, stdout=subprocess.PIPE, stderr=said, env=environ) as giving,
        subprocess.Popen(psql, stdin=subprocess.PIPE, stderr=said, env=environ) as taking,
    ):
        assert giving.stdout is not None
        assert taking.stdin is not None
        with contextlib.suppress(BrokenPipeError), taking.stdin:
            taking.stdin.write(b"BEGIN;\n")
            for line in giving.stdout:
                if line != _UNKNOWN_BEFORE:
                    taking.stdin.write(line)
                if line == _UNKNOWN_BEFORE or line.startswith(b"CREATE "):
                    break  # what follows may be data
            shutil.copyfileobj(giving.stdout, taking.stdin)
            if giving.wait() == 0:
                taking.stdin.write(b"COMMIT;\n")
        giving.stdout.close()
        codes = {"psql": taking.wait(), "pg_restore": giving.wait()}
        said.seek(0)
        for program in [program for program, code in codes.items() if code]:
            raise _failed(program, codes[program], said.read().decode(errors="replace"))


def _dump(url: str, target: Path) -> Taken:
    import psycopg

    from dossier.database.postgresql import ENCODING

    try:
        with psycopg.connect(url, connect_timeout=10, client_encoding=ENCODING, options=_UNHURRIED) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            dump = ["pg_dump", "--format=custom", f"--snapshot={row[0]}", f"--file={target}"]
            _run(dump, url, lambda name: [f"--dbname={name}"])
            return _taken(target, connection.execute(_ATTACHMENTS).fetchall(), connection.execute(_HEAD).fetchone())
    except psycopg.Error as error:
        raise CannotCopy(errno.EIO, sentence("database.server_unusable", error=str(error))) from error


def _run(command: list[str], url: str, arguments: Callable[[str], list[str]]) -> None:
    """Run one of PostgreSQL's programs on the database at `url`, the password in its environ."""
    _see_that_there_is(command[0])
    name, environ = _reached(url)
    done = subprocess.run([*command, *arguments(name)], env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise _failed(command[0], done.returncode, done.stderr)


def _see_that_there_is(program: str) -> None:
    if shutil.which(program) is None:
        raise CannotCopy(errno.ENOENT, sentence("database.no_program", program=program))


def _reached(url: str) -> tuple[str, dict[str, str]]:
    """The database's name for PostgreSQL's programs, and the environ in which they may use it."""
    address = database_address.read(url)
    assert address is not None
    given = {"PGUSER": address.user, "PGPASSWORD": address.password}
    return address.bare, {**os.environ, **{name: value for name, value in given.items() if value}}


def _failed(program: str, code: int, printed: str) -> CannotCopy:
    said = " ".join(printed.split()) or f"exit code {code}"
    is_old = re.search("server version mismatch|unsupported version", said) is not None
    return CannotCopy(
        errno.EIO, sentence("database.program_too_old" if is_old else "database.program_failed", program=program, said=said)
    )
