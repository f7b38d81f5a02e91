"""What `edit, attach, replace, rename, remove, copy, publish` do: a wish is read as a sidecar would be, files go into the vault first.

1. judge     names, sizes and kinds of the files, as for a drop.
2. keep      copies in the vault under their hashes, then sync.   Killed here? Vault files that no item names: harmless.
3. screen    what would be shared outright is searched for other clients (screening.py).
4. commit    one transaction, in which amending.py judges the change and writes it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.files import files
from dossier.office import hours
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.refusals import Invalid, Problem, Refusal
from dossier.text.yamltext import scalar
from dossier.vault.folder import Vault
from dossier.vault.opening import open_vault
from ingest.intake import kinds
from ingest.intake.judging import wish_of
from ingest.sidecar.reading import read_sidecar
from workflow.approval import waiting
from workflow.guard.screening import screened_change
from workflow.items import amending, items, suspicion
from workflow.items.amending import FileChanges
from workflow.items.items import File
from workflow.items.rules import Wish
from workflow.items.suspicion import Screened


@dataclass(frozen=True, slots=True)
class Source:
    """A file that shall be an attachment called `name`. `share` None: nobody said."""

    path: Path
    name: str
    share: bool | None = None
    note: str | None = None


def wish_from(office: Office, key: int, keys: Mapping[str, str | Sequence[str] | None]) -> tuple[Wish, bool | None]:
    """What the keys (English, as in a sidecar; None: not given) ask of an item, and `share_attachments`. Raises Invalid."""
    lines = [f"item: {item_name(key)}"]
    for name, value in keys.items():
        if isinstance(value, str):
            lines.append(f"{name}: {scalar(value)}")
        elif value is not None:
            lines.append(f"{name}: [{', '.join(scalar_in_list(one) for one in value)}]")
    sidecar, faults = read_sidecar("\n".join(lines).encode("utf-8", "surrogateescape"), office.settings)
    if sidecar is None or faults:
        raise Invalid([Problem("", fault.message) for fault in faults])
    return wish_of(sidecar), sidecar.share_attachments


def scalar_in_list(text: str) -> str:
    """A scalar that is also safe inside `[…]`."""
    written = scalar(text)
    return written if written[0] in "\"'" or not set(written) & set(",[]{}") else "'" + text.replace("'", "''") + "'"


def change(
    office: Office,
    now: datetime,
    actor: Actor,
    key: int,
    wish: Wish,
    changes: FileChanges,
    *,
    sources: Sequence[Source] = (),
    if_version: int | None = None,
    must_be_there: Sequence[str] = (),
) -> str:
    """Do it; returns what became of it, in a sentence. Raises Invalid, Refusal; OSError.

    `sources` become attachments besides those of `changes`; `must_be_there`: names that the item has now.
    """  # fmt: skip
    items.get_for(office, actor, key)
    vault = open_vault(office)
    put = [*changes.put, *_kept(office, vault, sources)]
    whole = FileChanges(remove=changes.remove, rename=changes.rename, put=put, shares=changes.shares, share_all=changes.share_all)

    found: list[Screened] = []

    def amend(screened: Screened) -> list[str]:
        found[:] = [screened]
        with transaction():
            vault.vouch([file.sha256 for file in put])
            there = {names.fold(row.name) for row in items.attachments_of(key)}
            lacking = [name for name in must_be_there if names.fold(name) not in there]
            if lacking:
                raise Refusal(f"{item_name(key)} has no attachment `{names.shown(lacking[0])}`")
            return amending.amend(office, now, actor, key, wish, whole, if_version=if_version, screened=screened)

    shares = partial(amending.would_share, office, now, actor, key, wish, whole)
    done = screened_change(office, vault, items.get(key).client, shares, amend)
    asked = waiting.people_asked(office, key, hours.today(office, now)) if "offer" in done else []
    item = items.get(key)
    return _sentence(item, done, asked) + held_because(office, item.client, found[0])


def put_back(office: Office, now: datetime, actor: Actor, key: int) -> str:
    """Put back on the portal what was approved before it was withdrawn; what became of it, in a sentence. Raises Refusal."""
    found: list[Screened] = []

    def restore(screened: Screened) -> bool:
        found[:] = [screened]
        with transaction():
            return items.restore(office, now, actor, key, screened)

    item = items.get_for(office, actor, key)
    shares = partial(items.would_restore, office, actor, key)
    is_present = screened_change(office, open_vault(office), item.client, shares, restore)
    if suspicion.holds(office, found[0]):
        asked = waiting.people_asked(office, key, hours.today(office, now))
        return f"{item_name(key)} waits for approval by {' or '.join(asked) or 'nobody'}{held_because(office, item.client, found[0])}"
    return f"{item_name(key)} goes back on the portal" + ("" if is_present else ", without what was changed in it since")


def held_because(office: Office, client: str, screened: Screened) -> str:
    """Why the wrong-client guard held a change, in sentences; nothing if it did not."""
    return "".join(f". {sentence}" for sentence in suspicion.sentences(office, client, screened))


def share_only(office: Office, actor: Actor, key: int, only: Sequence[str]) -> dict[str, bool]:
    """Every attachment of the item → whether it is one of `only`."""
    items.get_for(office, actor, key)
    return amending.shares_of(key, only)


def copied(office: Office, actor: Actor, key: int, wanted: Sequence[str], to: int, share: bool | None) -> list[File]:
    """Attachments of one item, for another. Raises Refusal.

    What belongs to an item that is never shared does not get out of its type by being copied.
    """
    item, target = items.get_for(office, actor, key), items.get_for(office, actor, to)
    kind = office.settings.types.get(item.type or "")
    if kind is not None and kind.share == "never" and target.type != item.type:
        raise Refusal(f"{item_name(key)} is of type {item.type}, which is never shared; copy to an item of that type only")
    there = {names.fold(row.name): row for row in items.attachments_of(key)}
    lacking = [name for name in wanted if names.fold(name) not in there]
    if lacking:
        raise Refusal(f"{item_name(key)} has no attachment `{names.shown(lacking[0])}`")
    rows = [there[folded] for folded in dict.fromkeys(map(names.fold, wanted))]
    return [File(row.name, row.sha256, row.size, row.media_type, share, row.note) for row in rows]


def _kept(office: Office, vault: Vault, sources: Sequence[Source]) -> list[File]:
    """The sources in the vault and on the disk. Raises Invalid with all that is wrong with them."""
    if not sources:
        return []
    problems = [message for source in sources for message in _objections(office, source)]
    if problems:
        raise Invalid([Problem("attachments", message) for message in problems])
    found, kept, copies = list[File](), list[Path](), list[files.Copy]()
    for source in sources:
        try:
            copy = vault.receive(source.path)
        except files.Changed as error:
            raise Invalid(
                [Problem("attachments", f"{source.path} is being changed; save and close it, and try again")]
            ) from error
        kind = kinds.examine(source.name, copy.path)
        reason = kinds.blocked(source.name, kind, office.settings.intake.blocked_types, office.settings.intake.macros)
        if reason:
            vault.discard(copy)
            raise Invalid([Problem("attachments", f"`{names.shown(source.name)}`: {reason}")])
        kept.append(vault.keep(copy))
        copies.append(copy)
        found.append(File(source.name, copy.sha256, copy.source.size, kind.media_type, source.share, source.note))
    vault.sync(kept, copies)
    return found


def _objections(office: Office, source: Source) -> list[str]:
    """What is wrong with a file, by its name, its size and its kind."""
    limits, shown = office.settings.intake, names.shown(str(source.path))
    look = files.look(source.path)
    if look is None:
        return [f"{shown}: " + ("it is no plain file" if os.path.lexists(source.path) else "there is no such file")]
    messages = []
    fault = names.name_fault(source.name)
    if fault:
        messages.append(f"`{names.shown(source.name)}`: {fault}")
    if look.size > limits.max_file_mb * 1024 * 1024:
        messages.append(f"{shown} is larger than {limits.max_file_mb} MB; make it smaller or split it")
    reason = kinds.blocked(source.path.name, kinds.examine(source.path.name, source.path), limits.blocked_types, limits.macros)
    if reason:
        messages.append(f"{shown}: {reason}")
    return messages


def _sentence(item: Any, done: Sequence[str], asked: Sequence[str]) -> str:
    """`D-2026-000012 is changed: labels`, and what that means for the client."""
    name = item_name(item.id)
    if not done:
        return f"{name} was so already; nothing is changed"
    told = ", ".join(_DONE.get(one, one.replace("_", " ")) for one in done if one not in STEPPED)
    changed = f"{name} is changed" + (f": {told}" if told else "")
    if "offer" in done:
        still = "; the client still sees what was approved" if item.public else ""
        return f"{changed}. It waits for approval by {' or '.join(asked) or 'nobody'}{still}"
    if "unshare" in done:
        return f"{changed}. It goes off the portal" if item.public else f"{changed}. It is private now"
    return f"{changed}. It goes on the portal" if "share" in done else changed


STEPPED = ("offer", "share", "unshare", "revert")
_DONE = {
    "added": "attachments added", "replaced": "attachments replaced", "removed": "attachments removed",
    "renamed": "attachments renamed", "sharing": "which attachments are shared", "noted": "notes of attachments",
}  # fmt: skip
