"""Who does what, where several daemons share an office on PostgreSQL. On SQLite all is one's own.

A claim is an advisory lock that this thread's connection holds. It ends with `release` and with the
connection: what a daemon held that died is free as soon as the server sees it gone
(postgresql.ALIVE: within half a minute). A daemon that hangs loses its claims when others end its
connections (presence.py). What is written under a claim goes through the same connection, so a
daemon that lost the claim can't commit. Before what can't be undone outside of the database, it
asks (`confirm`).

Clients' inbox folders are claimed one by one, by whichever daemon looks there first, and so are
their parts of the portal (workflow/portal/sharing.py). Deciding, mailing and the scheduled jobs are
claimed as a whole by one daemon, until it ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from peewee import OperationalError

from dossier.database.database import is_shared
from dossier.database.tables import PROXY

LEAD, MAIL, LOGINS, WEBHOOKS = "lead", "mail", "logins", "webhooks"

MOST = 2000
"""So many clients' folders in the inbox a daemon claims at once at most. All claims at a server lie
in a table with room for some thousands (max_locks_per_transaction), and when it is full nobody
there can do anything."""


def confirm() -> None:
    """Raise the database's error if this thread's connection has gone, and with it its claims."""
    if is_shared():
        PROXY.execute_sql("SELECT 1")


def inbox(client: str) -> str:
    return f"inbox {client}"


def portal(client: str) -> str:
    return f"portal {client}"


def key_of(name: str) -> int:
    """The key of the advisory lock that stands for this claim."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


class Claims:
    """What this thread has claimed. One thread uses it."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self._backend: int | None = None

    def take(self, name: str) -> bool:
        """Claim; False if another daemon has it, True if it is ours already."""
        return bool(self.take_some((name,)))

    def take_some(self, names: Collection[str]) -> set[str]:
        """Claim each of these that no other daemon has; those that are ours now, or were."""
        if not is_shared():
            return set(names)
        backend = int(PROXY.connection().info.backend_pid)
        if backend != self._backend:
            self._held.clear()  # another connection: what the old one held is gone
            self._backend = backend
        free = {key_of(name): name for name in names if name not in self._held}
        if free:
            query = "SELECT key FROM unnest(%s::bigint[]) AS key WHERE pg_try_advisory_lock(key)"
            for (key,) in PROXY.execute_sql(query, (list(free),)).fetchall():
                self._held[free[key]] = key
        return {name for name in names if name in self._held}

    def has_all(self, names: Iterable[str]) -> bool:
        """True if the connection that is there now claimed all of these."""
        if not is_shared():
            return True
        is_same = self._backend in (None, int(PROXY.connection().info.backend_pid))
        return is_same and all(name in self._held for name in names)

    def confirm(self, names: Iterable[str] = ()) -> None:
        """Raise the database's error if the connection is another than the one that claimed, or
        one before it claimed these."""
        if not self.has_all(names):
            raise OperationalError("the connection was lost, and with it what was claimed")

    def is_many(self) -> bool:
        """True if no more should be claimed for now."""
        return len(self._held) >= MOST

    def is_held(self, name: str) -> bool:
        """True if it is still ours as the server sees it. From any thread."""
        if not is_shared():
            return True
        key = self._held.get(name)
        query = (
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND pid = %s AND (classid::bigint << 32 | objid::bigint) = %s)"
        )
        return key is not None and bool(PROXY.execute_sql(query, (self._backend, key)).fetchone()[0])

    def release(self, name: str) -> None:
        """Give a claim back; fine if it isn't held."""
        self._release((name,))

    def release_all(self, kept: tuple[str, ...] = ()) -> None:
        self._release([name for name in self._held if name not in kept])

    def _release(self, names: Iterable[str]) -> None:
        keys = [self._held.pop(name) for name in names if name in self._held]
        if keys:
            PROXY.execute_sql("SELECT pg_advisory_unlock(key) FROM unnest(%s::bigint[]) AS key", (keys,))
