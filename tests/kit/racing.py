"""Processes that all act on one concept at the same instant, again and again (test_decision_races.py)."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from typing import Any

from dossier.office.office import Office

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Outcome:
    """What one process got for what it tried; `told` is None if it was done, else why not."""

    who: str
    told: str | None


def act(who: str, office: Office, vault: Any, folder: Any, item: str, content: str) -> None:
    """Do it. Raises Refusal or Invalid."""
    from dossier.database.database import transaction
    from dossier.database.tables import item_key
    from dossier.office.people import Actor
    from workflow.approval import deciding
    from workflow.items import amending, items
    from workflow.items.amending import FileChanges
    from workflow.items.rules import Wish

    key = item_key(item)
    if who == "file":
        folder.hint(None)
        while folder.round(NOW) == 0.0:
            pass
        return
    with transaction():
        if who == "amendment":
            amending.amend(office, NOW, Actor("p.bakker", "command"), key, Wish(description="Another description"), FileChanges())
        elif who == "withdrawal":
            items.withdraw(office, NOW, Actor("j.admin", "command"), key, "wrong year")
        elif who == "rejection":
            deciding.decide(office, NOW, Actor("k.smit", "command"), key, "reject", "page 3 is missing", content)
        else:
            deciding.decide(office, NOW, Actor("m.devries", "command"), key, "approve", "", content)


def _racer(office: Office, who: str, races: Sequence[tuple[str, str]], barrier: Barrier, outcomes: Any) -> None:
    from dossier.database.database import open_database
    from dossier.text.refusals import Refusal
    from dossier.vault.folder import Vault
    from workflow.queue.queue import QueueFolder

    signal.signal(signal.SIGIO, signal.SIG_IGN)
    open_database(office)
    vault = Vault(office.vault)
    folder = QueueFolder(office, vault) if who == "file" else None
    found = []
    for item, content in races:
        barrier.wait(60)
        try:
            act(who, office, vault, folder, item, content)
        except Refusal as refusal:
            found.append(Outcome(who, str(refusal)))
        else:
            found.append(Outcome(who, None))
    outcomes.put(found)


def race(office: Office, racers: Sequence[str], races: Sequence[tuple[str, str]]) -> Mapping[str, list[Outcome]]:
    """Let a process for each of `racers` act on each (item, content), all at once; item → outcomes."""
    context = multiprocessing.get_context("spawn")
    barrier, outcomes = context.Barrier(len(racers)), context.SimpleQueue()
    processes = [context.Process(target=_racer, args=(office, who, races, barrier, outcomes)) for who in racers]
    for process in processes:
        process.start()
    found = [outcomes.get() for _ in processes]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    return {item: [its[number] for its in found] for number, (item, _) in enumerate(races)}
