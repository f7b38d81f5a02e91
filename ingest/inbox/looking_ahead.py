"""Of a backlog, other processes look at the folders whose turn comes next.

A look touches files only, so any process may do it. What another process saw counts only where all
that lies in a folder is ready to be taken: how long something waits already is remembered by one
looker alone (looking.py). Nor does it count where files are out of sight: a daemon that was killed
left them so, maybe half of a drop, and the next one gives them their names back first. And nobody
waits for another process here: while none has an answer, the asker looks at a folder that was given
to nobody, and at last also at what was.

Where other daemons share the inbox, a folder is claimed before anybody looks at it, and is kept
until its turn has come (`begun`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from dossier.files import settling
from dossier.office import cache
from dossier.office.office import Office
from dossier.workers.pool import Spare, WorkerPool
from ingest.inbox import listing
from ingest.inbox.found import View
from ingest.inbox.looking import Looker

AHEAD = 4
"""Clients that are looked at before their turn. A client may have hundreds of drops, of a few
kilobytes each in memory."""


class LookAhead:
    """Looks of one round, at these settings.

    `claim`: says whether a client's folder may be looked at now, and is asked before that.
    """

    def __init__(self, workers: WorkerPool, office: Office, claim: Callable[[str], bool] = lambda client: True) -> None:
        self._workers, self._office, self._claim = workers, office, claim
        self.begun: dict[str, Spare[View | None]] = {}
        """Clients who are being looked at, before their turn has come."""

    @cached_property
    def _told(self) -> bytes:
        """What is looked for is said by the settings alone: nobody needs to hear of thousands of
        clients."""
        return cache.packed(replace(self._office, clients={}, staff={}))

    def begin(self, clients: Iterable[str]) -> None:
        """Have these be looked at, which will have their turns soon."""
        for client in clients:
            self.begun[client] = self._workers.begin_spare(_look, (self._told, client))

    def turns(self, clients: Sequence[str]) -> Iterator[tuple[str, View | None]]:
        """Each of the clients once, with what another process saw in its folder; None: nothing."""
        wanted = set(clients)
        begun = self.begun = {client: spare for client, spare in self.begun.items() if client in wanted}
        left = deque(client for client in clients if client not in begun)
        while left or begun:
            while left and len(begun) < AHEAD and self._workers.is_at_work:
                client = left.popleft()
                if not self._claim(client):
                    yield client, None
                    continue
                begun[client] = self._workers.begin_spare(_look, (self._told, client))
            ready = next((client for client, spare in begun.items() if spare.is_done()), None)
            if ready is not None:
                yield ready, begun.pop(ready).answer()
            elif left:
                yield left.popleft(), None
            else:
                client = next(iter(begun))
                del begun[client]
                yield client, None


def _look(given: tuple[bytes, str]) -> View | None:
    """Look at a client's folder with the settings of this office; None if anything waits, or is out
    of sight."""
    office, client = _office(given[0]), given[1]
    if listing.hides_any(office, client):  # names may be given back while it is looked
        return None
    view = Looker(office).look(client, *settling.now())
    waits = view.waiting or view.odd or view.cards or view.trouble or view.next_in is not None
    return view if view.ready and not waits and not listing.hides_any(office, client) else None


@lru_cache(maxsize=1)
def _office(data: bytes) -> Office:
    return cache.unpacked(data)
