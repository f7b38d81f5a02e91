"""What `status` and `rejected` tell: the daemon, its queues, what waits in the inbox for what since when."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dossier.cluster import presence
from dossier.database import readable
from dossier.database.database import transaction
from dossier.database.tables import Item, Mail
from dossier.files import settling
from dossier.office.office import Office
from dossier.office.people import ALL, Actor, Readable
from dossier.text import clock, names, sentences
from ingest.inbox import looking
from ingest.inbox.looking import WHY, Looker, Waiting
from ingest.intake import staying
from workflow.outbox import alarms

WHY_BYTES = 64 * 1024
"""No WHY.txt of ours is longer; one that somebody else wrote is cut off."""


def status(office: Office, may: Readable = ALL, language: str = "en") -> dict[str, Any]:
    """As `status --json` gives it: whole numbers, and what is behind them, in `language`. `may`: what the reader may know of."""
    waiting, odd, others, trouble = _look(office, may)
    mails = readable.only_of_clients(Mail.select(), Mail.client, Mail.item, may)
    daemons = presence.daemons(office, clock.utc_now())
    return {
        "waiting": len(waiting),
        "queued": readable.only_items(Item.select().where(Item.pending.is_null(False)), may).count(),
        "outbox": mails.where(Mail.state == "waiting").count(),
        "items": readable.only_items(Item.select(), may).count(),
        "rejected": len(looking.rejected(office, _clients(office, may))),
        "failed_mails": mails.where(Mail.state == "failed").count(),
        "daemon": daemons[0] if daemons else None,
        "daemons": daemons,
        "alarms": [*(sentences.told(one, language) for one in (*alarms.standing(may), *_full(office))), *trouble],
        "waits": [_told(one) for one in waiting],
        "left_alone": [_told(one) for one in odd]
        + [{"path": names.shown(name), "reason": reason, "since": None} for name, reason in others.items()],
    }


def _clients(office: Office, may: Readable) -> list[str]:
    return [code for code in sorted(office.clients) if may.has(code)]


def _full(office: Office) -> list[sentences.Sentence]:
    """That a disk is nearly full, seen now: on a full one no alarm can be written down."""
    trouble = alarms.disk_trouble(office) if alarms.text_of("disk") is None else None
    return [trouble] if trouble else []


def _look(office: Office, may: Readable) -> tuple[list[Waiting], list[Waiting], dict[str, str], list[str]]:
    """(what waits; what is no plain file; what is in no client's folder, and why; what is wrong with the inbox)."""
    looker, waiting, odd = Looker(office), list[Waiting](), list[Waiting]()
    looker.settling.settle_seconds = 0  # whether somebody writes can be asked; how long it was quiet, only a daemon has seen
    try:
        known, others = looking.clients_with_folders(office)
    except OSError as error:
        return [], [], {}, [f"the inbox {office.inbox} can't be read: {error.strerror}; is the share mounted?"]
    trouble, stays = list[str](), staying.recorded()
    others = others if may.clients is None else {}
    for client in filter(may.has, known):
        try:
            view = looker.look(client, *settling.now())
        except OSError as error:
            trouble.append(f"{office.inbox / client} can't be read: {error.strerror}")
            continue
        waiting += view.waiting
        for found in view.ready:
            reason = stays.get(staying.lying(found))
            told = sentences.told(reason, office.settings.office.language) if reason else "is whole and waits for the daemon"
            waiting.append(Waiting(client, f"{client}/{names.shown(found.stem)}", told, found.changed_at))
        odd += view.odd
    return waiting, odd, others, trouble


def _told(one: Waiting) -> dict[str, Any]:
    return {"path": one.path, "reason": one.reason, "since": looking.at(one.since).isoformat(timespec="seconds")}


def rejected(office: Office, may: Readable = ALL) -> list[dict[str, Any]]:
    """Refused drops: {client, path from the root, at, why: lines}, oldest first. `may`: what the reader may know of."""
    found = []
    for path in looking.rejected(office, _clients(office, may)):
        try:
            with open(path / WHY, "rb") as file:
                lines = file.read(WHY_BYTES).decode("utf-8", "replace").splitlines()
            at = looking.at(os.stat(path / WHY).st_mtime)
        except OSError:
            continue
        client = path.parent.parent.name
        found.append({"client": client, "path": _from(office.root, path), "at": at.isoformat(timespec="seconds"), "why": lines})
    return found


def look_at_rejected(reader: Actor) -> None:
    """A person has seen what is refused: no alarm about it (workflow/outbox/alarms.py)."""
    with transaction():
        alarms.look_at_rejected(reader.code, clock.utc_now())


def _from(root: Path, path: Path) -> str:
    return names.shown(str(path.relative_to(root)) if path.is_relative_to(root) else str(path))
