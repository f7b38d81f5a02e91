"""What is begun before the daemon itself is loaded, which takes as long as a hundred drops."""

from __future__ import annotations

from dossier.office.office import Office
from dossier.workers.pool import WorkerPool
from ingest.inbox import listing

NEEDED = "ingest.intake.receiving", "ingest.intake.leaving", "ingest.inbox.looking_ahead"
"""What the other processes do with a backlog."""


def helped(office: Office) -> WorkerPool:
    """The other processes; started if as much lies in the inbox as they help with, by a glance."""
    workers = WorkerPool()
    if office.vault_store is None and listing.holds_many(office):
        workers.prepare(NEEDED)
    return workers
