"""The socket on which a server listens: who is let in, and by which of its processes.

All processes of a server wait at the same socket. Each answers by one core of the machine at most,
and one that is awake already would take all who come at the same time. So each tells the others in
memory that they share how many connections it has, and lets one that has fewer take the next; for a
moment only, as that one may be busy or gone.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import socket
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

CONNECTIONS = 400
"""At once, beyond that the answer is 503: with a file open for each they are fewer than the 1,024
that a process may have."""

CROWD = 50
"""So many more are answered; the next are cut off."""

PATIENCE_SECONDS = 0.01
"""So long another process may take that has fewer connections."""

FORGET_SECONDS = 1.0
"""Who waited for the others longer ago than this waits anew."""


class Shares:
    """How many connections each process of a server has, by its number. Make it before they are
    forked."""

    def __init__(self, processes: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * processes)).cast("I")

    def tell(self, number: int, connections: int) -> None:
        self._counts[number] = connections

    def has_least(self, number: int) -> bool:
        """True if no other has fewer than the process with this number."""
        return self._counts[number] <= min(self._counts)


class Door(socket.socket):
    """A socket that listens, and lets in so many at once and no more of them from one address.

    It counts before anything is read, so that whoever never even begins with TLS is counted too.
    """

    def __init__(self, fileno: int, most: int, is_proxy: Callable[[str], bool], shares: Shares, number: int = 0) -> None:
        """`number`: which of the processes that share it this is."""
        super().__init__(fileno=fileno)
        self._most, self._is_proxy = most, is_proxy
        self._shares, self._number = shares, number
        self._inside: dict[str, list[socket.socket]] = {}
        self._has_accepted = False
        self._waits_since = float("-inf")
        self._spare: int | None = None
        self._keep_spare()
        shares.tell(number, 0)

    def accept(self) -> tuple[socket.socket, Any]:
        """As socket.accept. Raises ConnectionAbortedError for a caller who was sent away; asyncio
        goes on then.

        One at a time, else one worker takes all who wait, and the others none: asyncio asks again
        until BlockingIOError.
        """
        if self._has_accepted:
            self._has_accepted = False
            raise BlockingIOError
        inside = self._count()
        self._shares.tell(self._number, inside)
        if self._lets_others_first():
            raise BlockingIOError
        line, address = self._next()
        self._has_accepted = True
        peer = str(address[0])
        here = self._inside.setdefault(_subscriber(peer), [])
        is_crowded = inside >= CONNECTIONS + CROWD
        if is_crowded or (len(here) >= self._most and not self._is_proxy(peer)):
            line.close()
            self._has_accepted = False
            raise ConnectionAbortedError
        here.append(line)
        self._shares.tell(self._number, inside + 1)
        return line, address

    def _next(self) -> tuple[socket.socket, Sequence[object]]:
        """Who waits. Where this process may open no more files, they are cut off, by the one that
        is kept for that: asyncio would tell of each try, thousands of times a second."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
        self._give_spare()
        try:
            super().accept()[0].close()
        except OSError as error:
            time.sleep(PATIENCE_SECONDS)
            raise BlockingIOError from error
        finally:
            self._keep_spare()
        raise ConnectionAbortedError

    def _keep_spare(self) -> None:
        with contextlib.suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _give_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def close(self) -> None:
        self._give_spare()
        super().close()

    def _count(self) -> int:
        """How many are inside; those that have left are forgotten."""
        for other in list(self._inside):
            self._inside[other] = [one for one in self._inside[other] if one.fileno() != -1]
            if not self._inside[other]:
                del self._inside[other]
        return sum(map(len, self._inside.values()))

    def _lets_others_first(self) -> bool:
        if self._shares.has_least(self._number):
            self._waits_since = float("-inf")
            return False
        now = time.monotonic()
        if now > self._waits_since + FORGET_SECONDS:
            self._waits_since = now
        return now < self._waits_since + PATIENCE_SECONDS


def _subscriber(peer: str) -> str:
    """What one caller has for certain: an address of IPv4, a /64 of IPv6."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    mapped = getattr(address, "ipv4_mapped", None) or address
    return str(mapped if mapped.version == 4 else ip_network((mapped, 64), strict=False))
