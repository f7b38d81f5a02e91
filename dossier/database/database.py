"""Opening the database, bringing it up to date, and the one `transaction()`.

SQLite runs in WAL mode with synchronous=FULL: what a transaction has returned from survives a power
cut. Every transaction is IMMEDIATE: a reader that turns writer would be refused at once, whatever
the timeout (sqlite.org/isolation.html).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import peewee
from peewee import Database, OperationalError, SqliteDatabase

from dossier.database import identity
from dossier.database.tables import PROXY, Note
from dossier.database.trouble import UNAVAILABLE, DatabaseTooNew, DatabaseUnavailable
from dossier.office.office import Office
from dossier.text import clock, database_address, system

BUSY_SECONDS = 30
"""How long a writer waits for another. The longest transaction, a batch of drops, is under 1 s."""

TURN_SECONDS = 0.001
"""So often a process asks whether it may write now."""

MIGRATIONS = Path(__file__).parent / "migrations"

KEPT = 3
"""Copies that stay of those that are made before each upgrade of the database."""


if TYPE_CHECKING:
    from dossier.database.log_ear import LogEar
    from dossier.database.postgresql import Ear

_ears: dict[int, Ear] = {}
"""By thread, as are these:"""

_log_ears: dict[int, LogEar] = {}

_doubt: identity.NotAsItWas | None = None
"""Why the open database may only be read."""

_was_judged = True
"""False where whoever opened the database decides whose it is."""


def open_database(office: Office, is_judged: bool = True) -> Database:
    """Bind the tables to the office's database, make or migrate it if need be, and return it.

    Raises DatabaseUnavailable; NotThisOffice, if it `is_judged`, where it is another office's. Two
    processes may do this at once: the second waits for the first.
    """
    if doubt := open_to_read(office, is_judged):
        close_database()
        raise doubt
    return cast(Database, PROXY.obj)


def open_to_read(office: Office, is_judged: bool = True) -> identity.NotAsItWas | None:
    """As `open_database`, but the office's own is opened also if it is older or changed by hand.

    Returns what is the matter with it; `may_write` and every transaction raise that.
    """
    global _doubt, _was_judged
    _doubt, _was_judged = None, is_judged
    url = office.settings.database.url
    path = office.root / url.removeprefix("sqlite:///")
    where = str(path) if url.startswith("sqlite:///") else database_address.without_secrets(url)
    try:
        if url.startswith("sqlite:///"):
            if is_judged and not path.exists():
                identity.expect(office)
            _open_sqlite(office, path)
            identity.note_opened(path)
        else:
            _open_postgresql(office, url)
        identity.see_whether_trial()
        if is_judged and (lacking := identity.check(office)):
            with transaction():
                identity.give(lacking)
            identity.mark(office)
    except identity.NotAsItWas as doubt:
        _doubt = doubt
    except DatabaseUnavailable:
        close_database()
        raise
    except OSError as error:
        close_database()
        raise DatabaseUnavailable("database.unusable", where=where, why=system.advised(error) or system.why(error)) from error
    except UNAVAILABLE as error:
        from dossier.database import trouble

        close_database()
        raise DatabaseUnavailable(
            "database.unusable", where=where, why=trouble.told(cast(Exception, _what_failed(error)))
        ) from error
    return _doubt


def may_write() -> None:
    """Raises NotAsItWas if the open database may only be read."""
    if _doubt is not None:
        raise _doubt


def _open_sqlite(office: Office, path: Path) -> Database:
    clock.follow_own()
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # before SQLite makes it: the log beside it gets the same rights (sqlite.org/wal.html)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640))
    database = _Sqlite(
        str(path),
        timeout=BUSY_SECONDS,
        lock_type="immediate",
        pragmas={"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "cache_size": -32_000},
    )
    PROXY.initialize(database)
    database.connect()
    if _applied(database) != _known():
        with open(path.parent / ".migrating", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _migrate(office, database, path.parent / "backups")
    for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(FileNotFoundError, PermissionError):  # some file systems keep no rights: doctor says so
            if (mode := os.stat(part).st_mode) & 0o007:  # only the owner may change it, and others work with it too
                os.chmod(part, mode & ~0o007)
    return database


def _open_postgresql(office: Office, url: str) -> Database:
    from dossier.database.postgresql import HOLDS_ANY_TEXT, MIGRATORS, Postgres

    database: Any = Postgres(url)
    PROXY.initialize(database)
    database.connect()
    if database.encoding() not in HOLDS_ANY_TEXT and not _applied(database):
        raise DatabaseUnavailable("database.encoding", encoding=database.encoding())
    if _applied(database) != _known():
        database.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATORS,))
        try:
            _migrate(office, database, office.var / "backups")
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(%s)", (MIGRATORS,))
    return cast(Database, database)


_patience: ContextVar[float] = ContextVar("patience", default=BUSY_SECONDS)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """A writer inside waits no longer for others: for what a page can do without."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


class _Sqlite(SqliteDatabase):
    """SQLite's file, with a writer's turn that is not missed. SQLite asks ever more seldom, at last
    ten times a second, and whoever writes much writes again before that."""

    def begin(self, lock_type: str | None = None) -> None:
        """Begin to write. Raises OperationalError if others do for `patience`."""
        until, line = time.monotonic() + _patience.get(), self.connection()  # type: ignore[no-untyped-call]
        line.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    super().begin(lock_type)
                    return
                except OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > until:
                        raise
                time.sleep(TURN_SECONDS)
        finally:
            line.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


_turns = threading.RLock()


@contextmanager
def _turn() -> Iterator[None]:
    """One thread of a process writes, or asks whether it may; the others wait for it, and are
    woken. Raises OperationalError."""
    if not _turns.acquire(timeout=_patience.get()):
        raise OperationalError("database is locked")
    try:
        yield
    finally:
        _turns.release()


def for_people() -> None:
    """For a server with a connection for each thread: little of SQLite's file is kept by each."""
    if _is_sqlite():
        PROXY.obj.pragma("cache_size", -2_000, permanent=True)


def for_one_answer() -> None:
    """For a command that reads and ends: little of SQLite's file is kept. Most pages are read once,
    and to get memory for one takes longer than to read it into what another one had."""
    if _is_sqlite():
        PROXY.obj.pragma("cache_size", -2_000)


LOG_PAGES = 10_000
"""Pages (of 4 kB) after which a daemon's commit brings SQLite's log into its file. With the
thousand that is usual every fifteenth single drop or so waited for that."""

IN_MEMORY = 2
"""Of temp_store (sqlite.org/pragma.html)."""


def for_a_daemon() -> None:
    """For who calls `bring_in_log` when nothing else is due: commits seldom do it themselves.

    And what is needed to undo one statement is kept in memory. Where hundreds of rows are changed
    SQLite would put it into a file, and whatever is synced would bring that to the disk as well.
    (So it sorts in memory too: not for who lists thousands.)
    """
    if _is_sqlite():
        PROXY.obj.pragma("wal_autocheckpoint", LOG_PAGES, permanent=True)
        PROXY.obj.pragma("temp_store", IN_MEMORY, permanent=True)


def bring_in_log() -> None:
    """Bring SQLite's log into its file, as far as nobody reads what was there before; nobody waits
    meanwhile. What can't be done now is done by the next call."""
    if _is_sqlite():
        with suppress(OperationalError):
            PROXY.execute_sql("PRAGMA wal_checkpoint(PASSIVE)")


def forget_pages() -> None:
    """This thread's connection to SQLite's file gives back what of it is kept in memory."""
    if _is_sqlite():
        PROXY.execute_sql("PRAGMA shrink_memory")


@contextmanager
def held_open() -> Iterator[None]:
    """The same: one more connection to SQLite's file stays open all the time.

    A request that is alone would else be the last to close the file, for which SQLite brings its
    log into it and syncs both (sqlite.org/wal.html, section 2.2).
    """
    if not _is_sqlite():
        yield
        return
    with closing(sqlite3.connect(PROXY.obj.database)) as connection:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # it is opened when it is read
        yield


def _is_sqlite() -> bool:
    return isinstance(PROXY.obj, SqliteDatabase)


def is_shared() -> bool:
    """True if several daemons may work with this database: on PostgreSQL."""
    return not _is_sqlite()


def close_database() -> None:
    """Close this thread's connection, and what is heard with."""
    me = threading.get_ident()
    for ear in (_ears.pop(me, None), _log_ears.pop(me, None)):
        if ear is not None:
            ear.close()
    if PROXY.obj is not None and not PROXY.is_closed():
        PROXY.close()


_opened: dict[int, tuple[int, int] | None] = {}
"""By thread: device and inode of SQLite's file when `go_on` opened it."""


def go_on() -> None:
    """Open the database for a request, or go on with what this thread has open of that file."""
    me, there = threading.get_ident(), _file_there()
    if not PROXY.is_closed() and _opened.get(me) != there:
        close_database()
    if PROXY.is_closed():
        _opened[me] = there
        PROXY.connect()


def keep_for_next() -> None:
    """This thread's request is answered. Its connection to SQLite stays open for the next.

    Others would wait for each other to open and to close it. On PostgreSQL it is closed: a request
    would be the one to see, by failing, that the server was started anew.
    """
    if not _is_sqlite() or PROXY.is_closed() or PROXY.connection().in_transaction:
        close_database()


def _file_there() -> tuple[int, int] | None:
    if not _is_sqlite():
        return None
    try:
        found = os.stat(PROXY.obj.database)
    except OSError:
        return None
    return found.st_dev, found.st_ino


GoesAlong: TypeAlias = "list[Callable[[], None]]"
"""What is written with the next transaction; empty once that was committed."""

_along: ContextVar[GoesAlong | None] = ContextVar("along", default=None)


@contextmanager
def along(write: Callable[[], None]) -> Iterator[None]:
    """What `write` writes is committed with the first transaction inside that is, or not at all."""
    token = _along.set([write])
    try:
        yield
    finally:
        _along.reset(token)


def going_along() -> GoesAlong:
    """What goes with this request's next transaction, for whoever writes in its place."""
    return _along.get() or []


@contextmanager
def transaction(is_durable: bool = True, along: Sequence[GoesAlong] | None = None) -> Iterator[None]:
    """All of what is inside, durably, or nothing of it; one writer at a time. Not to be nested.

    `along`: what goes with it of several requests, where it is not this one's alone.

    Where it is not `is_durable`, nobody waits for the disk: it survives whatever ends this process,
    and a power cut once a durable one was committed after it, or some seconds later.
    """
    carried = [going_along()] if along is None else along
    with _transaction() if is_durable else _unsynced():
        yield
        for writes in carried:
            for write in writes:
                write()
    for writes in carried:
        writes.clear()


@contextmanager
def _unsynced() -> Iterator[None]:
    PROXY.connect(reuse_if_open=True)
    if not _is_sqlite():
        with _transaction():
            PROXY.execute_sql("SET LOCAL synchronous_commit = off")
            yield
        return
    line = PROXY.connection()
    line.execute("PRAGMA synchronous = NORMAL")
    try:
        with _transaction():
            yield
    finally:
        line.execute("PRAGMA synchronous = FULL")


@contextmanager
def _transaction() -> Iterator[None]:
    may_write()
    PROXY.connect(reuse_if_open=True)
    if _is_sqlite():
        try:
            with _turn(), PROXY.atomic():
                if _was_judged:  # it may have moved while this process was waiting, or was asked nothing
                    identity.check_stays()
                yield
        except OperationalError as error:
            raise _what_failed(error) from error
        return
    try:
        with PROXY.atomic():
            PROXY.begin_writing()
            yield
            PROXY.tell()
    except UNAVAILABLE:
        PROXY.forget_broken()
        raise


@contextmanager
def overwriting() -> Iterator[None]:
    """What the transaction inside removes is overwritten in SQLite's file and log as well.

    Where the disk doesn't take that now, it is told in the log: it is done, and the next one goes
    on.
    """
    if not _is_sqlite():
        yield
        return
    PROXY.connect(reuse_if_open=True)
    PROXY.execute_sql("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        PROXY.execute_sql("PRAGMA secure_delete = OFF")
        try:
            PROXY.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # who reads meanwhile keeps some of it; the next one goes on
        except OperationalError as error:
            import structlog  # takes longer to import than most commands take

            log = structlog.get_logger("database")
            log.error("what was removed can't be overwritten on the disk now; it is tried again", error=str(error))


def _what_failed(error: BaseException) -> BaseException:
    """The fault itself: SQLite rolled back already (disk full), and peewee's attempt hides why."""
    while "no transaction is active" in str(error) and error.__context__ is not None:
        error = error.__context__
    return error


def data_version() -> int:
    """A number that changes when another connection has written; it wakes the daemon up."""
    if _is_sqlite():
        with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
            return int(PROXY.connection().execute("PRAGMA data_version").fetchone()[0])
    from dossier.database.postgresql import Ear

    me = threading.get_ident()
    if me not in _ears:
        _ears[me] = Ear(PROXY.obj)
    return int(_ears[me].version())


def hearing() -> LogEar | Ear | None:
    """What can be read (poll(2)) when another connection may have written, for this thread; None
    where `data_version` has to be asked. What is heard is a hint."""
    me = threading.get_ident()
    if not _is_sqlite():
        ear = _ears.get(me)
        return ear if ear is not None and ear.is_open else None
    if me not in _log_ears:
        from dossier.database.log_ear import LogEar  # only who waits hears; to call the system takes long to load

        try:
            _log_ears[me] = LogEar(Path(PROXY.obj.database))
        except OSError:  # no log yet, or no watch left
            return None
    return _log_ears[me]


def _known() -> set[str]:
    return {name.removesuffix(".py") for name in os.listdir(MIGRATIONS) if name[0].isdigit() and name.endswith(".py")}


def _applied(database: Database) -> set[str]:
    if not database.table_exists("schema_migration"):
        return set()
    return {row[0] for row in database.execute_sql("SELECT name FROM schema_migration").fetchall()}


def _migrate(office: Office, database: Database, backups: Path) -> None:
    """Run what lacks, each script in its own transaction; one that fails leaves no trace. Locked.

    A database that is in use is copied to `backups` before; without room for that it stays as it
    is. A new one is made in one transaction, so there is all of it or nothing.
    """
    from playhouse.migrations import Runner

    applied, known = _applied(database), _known()
    if newer := applied - known:
        raise DatabaseTooNew("database.too_new", migrations=sorted(newer))
    if applied and applied != known:
        _keep_before(office, backups, sorted(known - applied)[0])
    runner = Runner(database, str(MIGRATIONS))
    with nullcontext() if applied else runner.migrator.migration_context():
        runner.up()


def _keep_before(office: Office, backups: Path, migration: str) -> None:
    """Copy the database before it is migrated; the last KEPT copies stay. DatabaseUnavailable."""
    from dossier.database import snapshot
    from dossier.files import files

    folder = backups / f"{clock.utc_now():%Y%m%dT%H%M%S.%fZ}-before-{migration}"
    try:
        files.make_folder(folder, 0o700)
        taken = snapshot.take(office, folder)
        files.sync((taken.path,), (folder, backups))
    except OSError as error:
        with suppress(OSError):
            files.remove_tree(folder)
        raise DatabaseUnavailable("database.no_copy", why=system.why(error), folder=str(folder)) from error
    others = sorted(path for path in backups.iterdir() if "-before-" in path.name and path != folder)
    for old in others[: 1 - KEPT]:  # this one stays, wherever the clock puts it among them
        files.remove_tree(old)


_PROBE = "probe"


def probe() -> None:
    """Write something and take it back: one that can only be read is no use to a daemon."""
    with transaction():
        Note.put(_PROBE, "")
        Note.delete().where(Note.key == _PROBE).execute()
