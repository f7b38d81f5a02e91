"""Of a backlog, other processes look at the folders whose turn comes next.

A look touches files only, so any process may do it. What another process saw counts only where all
that lies in a folder is ready to be taken: how long something waits already is remembered by one
looker alone (looking.py). And nobody waits for another process here: a folder that it has not
looked at when its turn comes is looked at as ever.
"""

from __future__ import annotations

import pickle  # nosec B403 - for what one process of ours gives to another
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

from dossier.files import settling
from dossier.office.office import Office
from dossier.workers.pool import WorkerPool
from ingest.inbox.looking import Looker, View

AHEAD = 4
"""Clients that are looked at before their turn. A client may have hundreds of drops, of a few
kilobytes each in memory."""


class LookAhead:
    """The next folders of one round of looks, in their order."""

    def __init__(self, workers: WorkerPool, office: Office, clients: Iterable[str]) -> None:
        self._workers = workers
        # What is looked for is said by the settings alone, and nobody needs to hear of thousands of
        # clients.
        self._office = pickle.dumps(replace(office, clients={}, staff={}))
        self._next = iter(clients)
        self._begun: dict[str, Callable[[], View | None]] = {}
        next(self._next, None)  # that one has its turn now

    def view(self, client: str) -> View | None:
        """What another process saw in the folder of the client whose turn it is; None: nothing."""
        answer = self._begun.pop(client, None)
        while self._workers.is_at_work and len(self._begun) < AHEAD and (following := next(self._next, None)) is not None:
            self._begun[following] = self._workers.begin_spare(_look, (self._office, following))
        return answer() if answer is not None else None


def _look(given: tuple[bytes, str]) -> View | None:
    """Look at a client's folder with the settings of this office; None if anything waits."""
    office, client = given
    view = Looker(_office(office)).look(client, *settling.now())
    waits = view.waiting or view.odd or view.cards or view.trouble or view.next_in is not None
    return view if view.ready and not waits else None


@lru_cache(maxsize=1)
def _office(data: bytes) -> Office:
    office: Office = pickle.loads(data)  # noqa: S301  # nosec B301 - see the import
    return office
