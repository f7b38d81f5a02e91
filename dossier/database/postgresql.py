"""PostgreSQL as the office's database: connecting, hearing what others wrote, searching text.

Writers take turns by one advisory lock, held to the end of their transaction. The trail is one
chain, so they would wait for each other anyway; and what a room has read does not change before it
writes. A broken connection (the server was restarted) is closed when that is seen, and the next
transaction takes a fresh one. Each connection bears the name of its process (SESSION), so that
others can end those of a daemon that hangs. It also sets this process' clock by the server's.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from peewee import SQL, ModelSelect, OperationalError, PostgresqlDatabase, Table

from dossier.database.tables import PROXY, Item, chunks, insert_values
from dossier.database.trouble import DatabaseUnavailable
from dossier.text import clock
from dossier.text.names import without_accents

if TYPE_CHECKING:
    from dossier.database.tables import TextRow

WRITERS, MIGRATORS = 0x646F73, 0x646F74
"""Keys of advisory locks; any numbers do that nobody else uses in this database."""

CHANNEL = "dossier"

# A client that is cut off from the server must see it, and the server must see it and free that
# client's locks, within half a minute: the parameters of libpq, and of the session at the server.
ALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "connect_timeout": 10,
}

ALIVE_THERE = ("tcp_keepalives_idle=10", "tcp_keepalives_interval=5", "tcp_keepalives_count=3", "tcp_user_timeout=20000")

BUSY = "30s"
"""How long a writer waits for another."""

FORSAKEN = "5min"
"""After so long without a word in the middle of a transaction a process was stopped, and the others
have waited long enough. A round of publishing, in the slowest of which folders are renamed and
synced, takes seconds. Where a daemon runs, it is over sooner (cluster/presence.py)."""

PATIENT = ("statement_timeout=0", "idle_session_timeout=0")
"""What an administrator may have set for people's queries: a daemon rests, and waits for its turn
(BUSY)."""

READ = r"default_transaction_isolation=read\ committed"
"""Whatever is the server's default: who has waited for a turn to write sees what was written
meanwhile, such as a withdrawal."""

OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        f"lock_timeout={BUSY}",
        f"idle_in_transaction_session_timeout={FORSAKEN}",
        *PATIENT,
        "timezone=UTC",
        READ,
        *ALIVE_THERE,
    )
)

ENCODING = "utf8"
"""What text is sent in, whatever the database or the environment (PGCLIENTENCODING) has."""

HOLDS_ANY_TEXT = ("UTF8", "SQL_ASCII")
"""Encodings of databases. In the second one they keep what they are given."""

SESSION = f"dossier {secrets.token_hex(8)}"
"""What this process' connections are called at the server."""


class Postgres(PostgresqlDatabase):
    """A connection for each thread. Transactions take turns, and wake whoever listens."""

    def __init__(self, url: str) -> None:
        named = "postgresql:" + url.partition(":")[2]  # peewee knows no other of libpq's two names
        super().__init__(named, prefer_psycopg3=True, encoding=ENCODING, options=OPTIONS, application_name=SESSION, **ALIVE)
        self.url = url

    def _initialize_connection(self, conn: Any) -> None:
        set_clock(conn)

    def encoding(self) -> str:
        """What this database keeps text in, such as UTF8."""
        line = self.connection()  # type: ignore[no-untyped-call]
        return str(line.info.parameter_status("server_encoding"))

    def begin_writing(self) -> None:
        """Wait for one's turn. First thing in a transaction."""
        PROXY.execute_sql("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))

    def tell(self) -> None:
        """Wake who listens, once this transaction is committed."""
        PROXY.execute_sql(f"NOTIFY {CHANNEL}")

    def forget_broken(self) -> None:
        """Close this thread's connection if the server has gone from under it."""
        if not PROXY.is_closed() and PROXY.connection().closed:
            PROXY.close()


def set_clock(connection: Any) -> None:
    """Go by the clock of the server at the other end. Raises OperationalError; DatabaseUnavailable
    where a pooler stands between, which gives a connection and its locks to one after another."""
    asked = datetime.now(UTC)
    try:
        theirs, backend = connection.execute("SELECT clock_timestamp(), pg_backend_pid()").fetchone()
    except psycopg.Error as error:
        raise OperationalError(str(error)) from error
    if backend != connection.info.backend_pid:
        raise DatabaseUnavailable("database.pooler")
    clock.follow(theirs, asked, datetime.now(UTC))


def sessions() -> set[str]:
    """The SESSION of each process that is connected to this database."""
    query = (
        "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'dossier %%' AND datname = current_database()"
    )
    return {row[0] for row in PROXY.execute_sql(query, ()).fetchall()}


def end_sessions(name: str) -> int:
    """End the connections of the process with this SESSION, and so its locks; returns how many.

    Raises the database's error where this user may not: it may if both log in as the same.
    """
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
    return len(PROXY.execute_sql(query, (name,)).fetchall())


def end_stalled(seconds: float, but: Collection[str]) -> int:
    """End the connections that have had the turn to write for so long without a word, but those of
    processes with these SESSIONs; returns how many. Raises as `end_sessions`."""
    query = (
        "SELECT pg_terminate_backend(line.pid) FROM pg_stat_activity line JOIN pg_locks turn ON turn.pid = line.pid"
        " WHERE turn.locktype = 'advisory' AND turn.granted AND turn.classid = 0 AND turn.objid = %s AND turn.database = line.datid"
        " AND line.datname = current_database() AND line.state = 'idle in transaction'"
        " AND line.state_change < clock_timestamp() - %s * interval '1 second' AND line.application_name <> ALL(%s)"
    )
    return len(PROXY.execute_sql(query, (WRITERS, seconds, list(but))).fetchall())


class Ear:
    """Hears what other connections write. One thread uses it."""

    def __init__(self, database: Postgres) -> None:
        self._database = database
        self._listening: Any = None
        self._heard = 0

    def version(self) -> int:
        """A number that changes when another connection than this thread's has written."""
        if self._listening is None:
            try:
                self._listening = psycopg.connect(
                    self._database.url,
                    autocommit=True,
                    client_encoding=ENCODING,
                    options=OPTIONS,
                    application_name=SESSION,
                    **ALIVE,
                )
                self._listening.execute(f"LISTEN {CHANNEL}")
            except psycopg.Error as error:
                raise OperationalError(str(error)) from error
            self._heard += 1  # whatever was written while nobody listened
        own = PROXY.connection().info.backend_pid
        try:
            self._heard += sum(note.pid != own for note in self._listening.notifies(timeout=0))
        except psycopg.Error as error:
            self.close()
            raise OperationalError(str(error)) from error
        return self._heard

    @property
    def is_open(self) -> bool:
        return self._listening is not None and not self._listening.closed

    def filenos(self) -> tuple[int, ...]:
        """It can be read (poll(2)) when somebody wrote since `version` was asked."""
        return (int(self._listening.fileno()),)

    def forget(self) -> None:
        """`version` takes note of what was heard."""

    def close(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None


def _words(text: str) -> list[str]:
    """A text's words without case and accents, of letters and digits alone, as SQLite has them.
    (PostgreSQL's parser takes `a.pdf` for a host.)"""
    return re.findall(r"[^\W_]+", without_accents(text))


def search_text(rows: Sequence[TextRow], replace: bool = False) -> None:
    """Put what items are found by into the index."""
    if replace:
        for some in chunks([row[0] for row in rows]):
            PROXY.execute_sql("DELETE FROM item_text WHERE item = ANY(%s)", (list(some),))
    insert_values("item_text", ("item", "words"), [(key, _vector(texts)) for key, *texts, _ in rows])


def _vector(texts: Sequence[str]) -> str:
    """Description, explanation, labels and names of an item as a tsvector."""
    marked = [(word, weight) for text, weight in zip(texts, "ADBC", strict=True) for word in _words(text)]
    # 16,383 is the last position a tsvector knows; a word has at most 2 kB.
    return " ".join(f"'{word[:500]}':{min(place, 16_383)}{weight}" for place, (word, weight) in enumerate(marked, 1))


def matching(query: ModelSelect[Item], words: Sequence[str]) -> list[ModelSelect[Item]]:
    """`query` over Item in parts, the best first (search.matching). A: the description's words."""
    bare = [word[:500] for text in words for word in _words(text)]
    parts = [" & ".join(f"'{word}':{how}" for word in bare) for how in ("A", "*A", "*")]
    text = Table("item_text").alias("words")
    joined = query.join(text, on=(text.c.item == Item.id)).order_by(Item.id.desc())
    fits = [SQL('"words"."words" @@ %s::tsquery', [part]) for part in parts]
    return [joined.where(fits[0]), joined.where(fits[1] & ~fits[0]), joined.where(fits[2] & ~fits[1])]


MOST_BYTES = 800_000
"""A tsvector holds a megabyte, with what it needs beside the words."""


def file_vector(rest: str, text: str) -> str:
    """An item's words (weight A) and those of its files (D), each once, as a tsvector."""
    weights: dict[str, str] = {}
    for words, place in ((_words(rest), "1A"), (_words(text), "2")):
        for word in dict.fromkeys(words):
            weights[word[:500]] = f"{weights[word[:500]]},{place}" if word[:500] in weights else place
    parts, size = [], 0
    for word, places in weights.items():
        size += len(word.encode()) + 8
        if size > MOST_BYTES:
            break
        parts.append(f"'{word}':{places}")
    return " ".join(parts)


def matching_files(query: ModelSelect[Item], words: Sequence[str], alone: bool) -> ModelSelect[Item]:
    """`query` over Item, as search.matching_files has it."""
    bare = [word[:500] for text in words for word in _words(text)]
    text = Table("item_text_files").alias("words")
    joined = query.join(text, on=(text.c.item == Item.id)).order_by(Item.id.desc())
    in_files, in_rest, anywhere = (" & ".join(f"'{word}':{how}" for word in bare) for how in ("*D", "*A", "*"))
    if alone:
        return joined.where(SQL('"words"."words" @@ %s::tsquery', [in_files]))
    fits, elsewhere = SQL('"words"."words" @@ %s::tsquery', [anywhere]), SQL('"words"."words" @@ %s::tsquery', [in_rest])
    return joined.where(fits & ~elsewhere)
