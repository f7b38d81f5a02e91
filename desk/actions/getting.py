"""Files out of a dossier: the attachments of an item, or one, or an earlier version of it.

A file is given only once it is in the trail who got it (CONTRACT section 8). What comes out is
checked against its hash on the way; what lies there already is never written over. Where it was
broken off, the same again goes on: a file that lies there with the right hash is got.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from desk.actions import item_view
from dossier.database.tables import Attachment
from dossier.files import files, moves
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Conflict, NotFound, Unavailable
from dossier.vault.folder import Vault
from workflow.items import items
from workflow.reports import viewed


def wanted(office: Office, actor: Actor, item: str, name: str | None, version: int | None) -> Sequence[Attachment]:
    """What is asked for: all attachments as they are now, or one, or a version of one.

    Raises NotFound.
    """
    if name is not None:
        return [item_view.version_of(office, actor, item, name, version)]
    rows = items.attachments_of(item_view.find(office, actor, item).id)
    if not rows:
        raise NotFound("getting.no_attachments", item=item)
    return rows


def note(office: Office, actor: Actor, now: datetime, item: str, what: Sequence[Attachment]) -> None:
    """Write down who gets these files, before they get them."""
    found = item_view.find(office, actor, item)
    viewed.note_view(now, actor, found, "get " + ", ".join(f"{one.name} (version {one.version})" for one in what))


def pieces(vault: Vault, what: Attachment) -> Iterator[bytes]:
    """The bytes of a file, some at a time.

    Raises Unavailable if the vault lacks it, or holds something else.
    """
    if vault.size(what.sha256) != what.size:
        raise Unavailable("getting.lacking", file=what.name, sha256=what.sha256)
    digest = hashlib.sha256()
    for piece in vault.pieces(what.sha256, 0, what.size):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != what.sha256:
        raise Unavailable("getting.damaged", file=what.name, sha256=what.sha256)


def save(vault: Vault, what: Attachment, folder: Path) -> Path:
    """Put a file into `folder` under its name, unless it lies there; returns where.

    Raises Conflict if something else of that name is there; OSError.
    """
    target = folder / what.name
    there = files.look(target)
    if there is not None and there.size == what.size and files.hash_file(target) == what.sha256:
        return target
    if files.exists(target):
        raise Conflict("getting.there", path=str(target))
    part = folder / f".{what.sha256[:16]}.part"
    files.remove(part)  # of one that was killed; or a link that somebody put there, to lead elsewhere
    try:
        with open(files.open_new(part, 0o666), "wb") as stream:
            for piece in pieces(vault, what):
                stream.write(piece)
        if not moves.move_new(part, target):
            raise Conflict("getting.there", path=str(target))
    finally:
        files.remove(part)
    return target


def fetch(
    office: Office, actor: Actor, now: datetime, vault: Vault, item: str, name: str | None, version: int | None, folder: Path
) -> list[Path]:
    """Put what is asked for of an item into `folder`, which is made if it lacks; returns where each
    file is. Raises Refusal; OSError."""
    found = wanted(office, actor, item, name, version)
    files.make_folder(folder)
    note(office, actor, now, item, found)
    return [save(vault, one, folder) for one in found]
