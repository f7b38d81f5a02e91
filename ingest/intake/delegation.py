"""Drops placed for somebody by command, desk or API: one is the owner, another the maker.

What is written down beforehand is bound to exactly that drop: the client, the folder's name, the
owner, the sidecar's SHA-256 and that of every file. It holds once: intake strikes it out in the
transaction that takes or refuses the drop. So nobody gets the same by a copy of the sidecar, with
other files, in another client's folder, or a second time.

A word for a drop that was never placed (its command was killed, say) is forgotten after a day. A
drop that lies in the inbox may wait as long as it must.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dossier.database.database import transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import Delegation, insert_rows, tuples
from dossier.files import files
from dossier.files.beneath import Place
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.names import nfc
from ingest.inbox.found import Found
from ingest.intake.candidate import Candidate
from ingest.intake.judging import entries

UNPLACED_HOURS = 24
"""How long a word is kept whose drop is not in the inbox."""

NOBODY_ELSES: Mapping[str, int] = {}

SIDECAR = "item.yaml"
"""What is placed is a folder drop."""

_COLUMNS = Delegation._meta.sorted_fields
_FIND = Prepared(
    lambda client, folder: Delegation.select(*_COLUMNS).where((Delegation.client == client) & (Delegation.folder == folder))
)
_DELETE = Prepared(
    lambda client, folder: Delegation.delete().where((Delegation.client == client) & (Delegation.folder == folder))
)


def record(
    now: datetime, actor: Actor, client: str, folder: str, card: Place, sidecar: bytes, hashes: Mapping[str, str],
    owners: Mapping[str, int] = NOBODY_ELSES,
) -> None:  # fmt: skip
    """The drop that is named `folder` next is `actor`'s. In `transaction()`.

    `card`: where its sidecar lies until then. `hashes`: SHA-256 (hex) of each attachment, by its
    name. Whoever owns the sidecar must own them all, but for those in `owners`: name → user id.
    """
    look = files.look(card)
    assert look is not None
    named = {
        nfc(name): sha256 if owners.get(name, look.uid) == look.uid else [sha256, owners[name]] for name, sha256 in hashes.items()
    }
    _delete(client, folder)  # of a drop that was placed under this name before, and is gone
    digest, at = hashlib.sha256(sidecar).hexdigest(), clock.to_text(now)
    insert_rows(Delegation, [(client, folder, actor.code, actor.behind, look.uid, digest, named, at)])


def find(found: Found) -> Delegation | None:
    """What was written down for this drop, before its files are read: `holds` tells the rest."""
    if found.folder is None or not found.folder.isascii() or found.sidecar is None or found.sidecar.created_by is None:
        return None
    values = _FIND.row(found.client, found.folder)
    if values is None:
        return None
    row = Delegation(**{column.name: value for column, value in zip(_COLUMNS, values, strict=True)})
    if row.sidecar != found.digest or row.maker != found.sidecar.created_by:
        return None
    if {nfc(disk) for disk in found.matched.values()} != set(row.files):
        return None
    owners = {disk: _owner_of(row.files[nfc(disk)], row.uid) for disk in found.matched.values()}
    owners[found.sidecar_name or ""] = row.uid
    return row if all(found.looks[disk].uid == uid for disk, uid in owners.items() if disk in found.looks) else None


def sidecar_of(client: str, folder: str) -> str | None:
    """SHA-256 (hex) of the sidecar of what was placed so for somebody; None once it is used up."""
    row: Delegation | None = Delegation.get_or_none((Delegation.client == client) & (Delegation.folder == folder))
    return row.sidecar if row is not None else None


def _owner_of(said: str | list[Any], own: int) -> int:
    return own if isinstance(said, str) else int(said[1])


def holds(row: Delegation, drop: Candidate) -> bool:
    """True if the files that were received are those that the word is about."""
    received = {nfc(disk): copy.sha256 for (_, _, _, disk), (_, copy) in zip(entries(drop.found), drop.files, strict=True)}
    return received == {name: said if isinstance(said, str) else said[0] for name, said in row.files.items()}


def use_up(drops: Iterable[Candidate]) -> list[Candidate]:
    """Strike out the words for these drops; those that somebody else used. In `transaction()`."""
    placed = [drop for drop in drops if drop.delegation is not None]
    return [drop for drop in placed if not _delete(drop.found.client, drop.found.folder)]


def sweep(office: Office, now: datetime) -> None:
    """Forget the words whose drops were not placed within a day. Not inside `transaction()`."""
    old = tuples(
        Delegation.select(Delegation.client, Delegation.folder).where(
            Delegation.made_at <= clock.to_text(now - timedelta(hours=UNPLACED_HOURS))
        )
    )
    for client, folder in list(old):
        home = office.inbox / client
        if home.is_dir() and not (home / folder).is_dir():
            with transaction():
                _delete(client, folder)


def _delete(client: str, folder: str | None) -> int:
    return _DELETE.run(client, folder)
