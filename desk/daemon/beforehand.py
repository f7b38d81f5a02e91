"""What is begun before the daemon itself is loaded, which takes as long as a hundred drops."""

from __future__ import annotations

import importlib

from dossier.office.office import Office
from dossier.workers.pool import WorkerPool
from ingest.inbox import listing
from ingest.inbox.looking_ahead import LookAhead

NEEDED = "ingest.intake.receiving", "ingest.intake.leaving"
"""What the other processes do with a backlog, besides looking. It is loaded before they begin as
copies of this one, so that none of them has to."""


def helped(office: Office) -> tuple[WorkerPool, LookAhead | None]:
    """The other processes, and what they look at already; started if as much lies in the inbox as
    they help with, by a glance."""
    workers = WorkerPool()
    clients = listing.backlog(office) if office.vault_store is None else []
    if not clients:
        return workers, None
    for module in NEEDED:
        importlib.import_module(module)
    workers.prepare(())
    ahead = LookAhead(workers, office)
    ahead.begin(clients)
    # After that they have nothing to do until the daemon is there.
    from workflow.portal import whole_list

    workers.begin_in_each(whole_list.get_ready, sorted({office.clients[client].language for client in clients}))
    return workers, ahead
