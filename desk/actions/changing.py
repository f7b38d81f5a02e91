"""Changing an item: its keys and its attachments.

A wish is read as a sidecar would be, files go into the vault first.

1. judge     names, sizes and kinds of the files, as for a drop.
2. keep      copies in the vault under their hashes, then sync.
             Killed here? Vault files that no item names: harmless.
3. screen    what would be shared outright is searched for other clients (screening.py).
4. commit    one transaction, in which amending.py judges the change and writes it.

Each function tells what became of it in sentences. Raises Invalid with all that is wrong, another
Refusal, or OSError; then nothing is changed.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from dossier.database import trouble
from dossier.database.database import transaction
from dossier.database.tables import Item, item_name
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.files import files
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import ENGLISH
from dossier.text import names, system
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, fault
from dossier.text.sentences import Sentence, either, sentence
from dossier.trail import trail
from dossier.vault.folder import Vault
from dossier.vault.opening import open_vault
from workflow.approval import waiting
from workflow.approval.deciding import needed
from workflow.guard.before_change import screened_change
from workflow.items import amending, items, suspicion, undoing, versions
from workflow.items.amending import FileChanges
from workflow.items.items import File
from workflow.items.rules import Wish
from workflow.items.suspicion import Screened

Keys = Mapping[str, str | Sequence[str] | None]
"""What is asked for, by the English keys of a sidecar. None: not given."""

STALE = "rules.changed_meanwhile"
"""What a Conflict says if the item is another version by now than was looked at."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that shall be an attachment called `name`. `share` None: nobody said."""

    path: Path
    name: str
    share: bool | None = None
    note: str | None = None
    called: str | None = None
    """What whoever sent it calls it, where its path says nothing to them."""


def edit(
    office: Office,
    now: datetime,
    actor: Actor,
    key: int,
    keys: Keys,
    *,
    share_only: Sequence[str] | None = None,
    if_version: int | None = None,
) -> list[Sentence]:
    """Change what the item says. `share_only`: exactly these attachments are shared.

    `if_version`: only if it still is this version of the item.
    """
    wish, share_all = wish_from(office, actor, key, keys)
    shares: dict[str, bool] = {}
    if share_only:
        items.get_for(office, actor, key)
        shares = amending.shares_of(key, share_only)
    return change(office, now, actor, key, wish, FileChanges(shares=shares, share_all=share_all), if_version=if_version)


def labels_with(office: Office, actor: Actor, key: int, more: Sequence[str], less: Sequence[str]) -> list[str]:
    """The labels that an item has, with more and without others.

    Raises NotFound; Invalid if it has none of those that are to go.
    """
    has = list(items.get_for(office, actor, key).labels)
    gone = {names.fold(one) for one in less}
    if unknown := [one for one in less if names.fold(one) not in map(names.fold, has)]:
        raise Invalid([fault("labels", "actions.no_such_label", item=item_name(key), label=", ".join(unknown))])
    left = [one for one in has if names.fold(one) not in gone]
    folded = {names.fold(one) for one in left}
    return left + [one for one in more if names.fold(one) not in folded]


def attach(office: Office, now: datetime, actor: Actor, key: int, sources: Sequence[Source]) -> list[Sentence]:
    """Add files. One of a name that is there already takes its place, as a new version."""
    return change(office, now, actor, key, sources=sources)


def replace(office: Office, now: datetime, actor: Actor, key: int, name: str, path: Path) -> list[Sentence]:
    """Put a new version in the place of an attachment, which keeps its name."""
    if names.extension(path.name) != names.extension(name):
        raise Invalid([fault("attachments", "actions.other_kind", file=names.printable(str(path)), name=names.printable(name))])
    return change(office, now, actor, key, sources=[Source(path, items.called(key, name))], must_be_there=[name])


def rename(office: Office, now: datetime, actor: Actor, key: int, old: str, new: str) -> list[Sentence]:
    """Give an attachment another name."""
    return change(office, now, actor, key, changes=FileChanges(rename={old: new}))


def remove(office: Office, now: datetime, actor: Actor, key: int, wanted: Sequence[str]) -> list[Sentence]:
    """Take attachments out of the item. What they held stays in the vault."""
    return change(office, now, actor, key, changes=FileChanges(remove=wanted))


def copy(
    office: Office, now: datetime, actor: Actor, key: int, wanted: Sequence[str], to: int, share: bool | None
) -> list[Sentence]:
    """Copy attachments to another item.

    Both histories tell of it, and whose work it was, it still is.
    """
    put = copied(office, actor, key, wanted, to, share)
    return change(office, now, actor, to, changes=FileChanges(put=put), copied_from=key)


def revert(
    office: Office, now: datetime, actor: Actor, key: int, name: str, version: int, if_version: int | None = None
) -> list[Sentence]:
    """Put an earlier version of an attachment in the place of one that no client ever saw, or where
    one was taken out.

    It becomes the newest version.
    """
    from desk.actions.item_view import version_of  # whoever changes anything else needs nothing of it

    item, name = items.get_for(office, actor, key), names.nfc(name)
    is_out = any(one.name == name for one in versions.taken_out(key))
    current = None if is_out else version_of(office, actor, item_name(key), name, None)
    row = version_of(office, actor, item_name(key), name, version)
    undoing.refuse_reverting(office, actor, item, current)
    file = File(
        current.name if current else name, row.sha256, row.size, row.media_type, share=row.share if current is None else None,
        makers=items.brought_by(key, row.sha256), origin={"of_version": version},
    )  # fmt: skip
    there = [current.name] if current else []
    return change(office, now, actor, key, changes=FileChanges(put=[file]), if_version=if_version, must_be_there=there)


def change_back(office: Office, now: datetime, actor: Actor, key: int, what: Literal["status", "labels"]) -> list[Sentence]:
    """Give an item the status, or the labels, that it had before they were changed last.

    Raises Conflict if they never were.

    It is a change as any other: done twice, it puts back what was there at first.
    """
    found = items.get_for(office, actor, key)
    for event in trail.of_items([key], ["amended"])[::-1]:
        changed = (json.loads(event.detail) if event.detail else {}).get("changed") or {}
        if what in changed:
            return edit(office, now, actor, key, {what: changed[what]["from"]}, if_version=found.version)
    raise Conflict(f"actions.never_changed_{what}", item=item_name(key))


_ELSEWHERE = frozenset({"client", "created_by", "item", "attachments", "remove", "rename"})
"""Keys of a sidecar that say nothing of an item that is there, or have actions of their own."""


def wish_from(office: Office, actor: Actor, key: int, keys: Keys) -> tuple[Wish, bool | None]:
    """What the keys (as in a sidecar; None: not given) ask of an item, and
    `share_attachments`. They are `actor`'s.

    What can't be read is told by `change`, with all that forbids the rest. Raises Invalid if
    nothing can be.
    """
    from ingest.sidecar.reading import read_values  # to attach or withdraw needs neither
    from ingest.sidecar.wish import wish_of

    elsewhere = [name for name in keys if ENGLISH.get(name) in _ELSEWHERE]
    # A type may have a field of the name `reason`.
    said = {name: value for name, value in keys.items() if value is not None and name not in ("reason", *elsewhere)}
    sidecar, faults = read_values({"item": item_name(key), **said}, people.settings_for(office, actor))
    at = dict(enumerate(["", "item", *said]))  # a fault's line is its key's place
    problems = tuple(Problem(fault.key or at.get(fault.line, ""), fault.message) for fault in faults)
    problems += tuple(fault(name, "actions.not_by_key", key_=name) for name in elsewhere)
    if sidecar is None or not sidecar.given:
        raise Invalid(problems)
    wish, reason = wish_of(sidecar), keys.get("reason")
    if isinstance(reason, str):
        wish = dataclasses.replace(wish, reason=reason)
    return dataclasses.replace(
        wish, faults=problems, told=sidecar.told | {one.key for one in problems}
    ), sidecar.share_attachments


def change(
    office: Office,
    now: datetime,
    actor: Actor,
    key: int,
    wish: Wish | None = None,
    changes: FileChanges | None = None,
    *,
    sources: Sequence[Source] = (),
    if_version: int | None = None,
    must_be_there: Sequence[str] = (),
    copied_from: int | None = None,
) -> list[Sentence]:
    """All that can be changed at once: what the item says, and its attachments.

    `sources` become attachments besides those of `changes`; `must_be_there`: names that the item
    has now. `copied_from`: the item whose attachments are put into this one.
    """  # fmt: skip
    wish, changes = wish or Wish(), changes or FileChanges()
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
            for name in must_be_there:
                if names.fold(name) not in there:
                    raise _no_such_attachment(key, name)
            done = amending.amend(office, now, actor, key, wish, whole, if_version=if_version, screened=screened)
            if copied_from is not None and done:
                files = [file.name for file in changes.put]
                trail.record(now, actor, "copied", copied_from, {"to": item_name(key), "files": files})
            return done

    shares = partial(amending.would_share, office, now, actor, key, wish, whole)
    done = screened_change(office, vault, items.get(key).client, shares, amend)
    item = items.get(key)
    if "withdraw" in done:
        return told_of_withdrawal(office, now, key)
    return [*_told(office, now, item, done), *noticed(office, actor, item.client, found[0])]


def noticed(office: Office, actor: Actor, client: str, screened: Screened) -> list[Sentence]:
    """What of other clients stands in it, for this person."""
    return suspicion.for_reader(suspicion.sentences(office, client, screened), people.readable(office, actor).clients)


def told_of_withdrawal(office: Office, now: datetime, key: int) -> list[Sentence]:
    """What the client could see of an item that was withdrawn just now, line by line; its draft is
    written.

    Where that can't be, it is said: the item is withdrawn, and the daemon writes what was left.
    """
    from workflow.reports import breach, drafts  # whoever changes what is said of it needs neither

    why = None
    try:
        written = drafts.write(office, now, key)
        seen, paths = (written[-1].seen if written else None), [one.path for one in written]
    except (OSError, DatabaseUnavailable, *UNAVAILABLE) as error:
        seen, paths = breach.exposure(office, now, key), []
        why = system.why(error) if isinstance(error, OSError) else trouble.told(error)
    if seen is None:
        return [sentence("actions.withdrawn_unseen", item=item_name(key))]
    lines = [sentence("actions.withdrawn", item=item_name(key)), *breach.told(seen)]
    lines += [sentence("actions.breach_draft", path=str(path)) for path in paths]
    return [*lines, sentence("actions.breach_draft_later", why=why)] if why is not None else lines


def copied(office: Office, actor: Actor, key: int, wanted: Sequence[str], to: int, share: bool | None) -> list[File]:
    """Attachments of one item, for another. Raises Refusal.

    What belongs to an item that is never shared does not get out of its type by being copied.
    """
    item, target = items.get_for(office, actor, key), items.get_for(office, actor, to)
    kind = office.settings.types.get(item.type or "")
    if kind is not None and kind.share == "never" and target.type != item.type:
        raise Forbidden("actions.never_shared", item=item_name(key), type=item.type)
    there = {names.fold(row.name): row for row in items.attachments_of(key)}
    for name in wanted:
        if names.fold(name) not in there:
            raise _no_such_attachment(key, name)
    rows = [there[folded] for folded in dict.fromkeys(map(names.fold, wanted))]
    origin = {"copied_from": item_name(key)}
    return [
        File(row.name, row.sha256, row.size, row.media_type, share, row.note, items.brought_by(key, row.sha256), origin=origin)
        for row in rows
    ]


def _no_such_attachment(key: int, name: str) -> NotFound:
    return NotFound("actions.no_such_attachment", item=item_name(key), name=names.printable(name))


def _kept(office: Office, vault: Vault, sources: Sequence[Source]) -> list[File]:
    """The sources in the vault and on the disk. Raises Invalid with all that is wrong with them."""
    if not sources:
        return []
    from ingest.intake import kinds  # see `told_of_withdrawal`

    problems = [problem for source in sources for problem in _objections(office, source)]
    if problems:
        raise Invalid(problems)
    found, kept, copies = list[File](), list[str](), list[files.Copy]()
    for source in sources:
        try:
            copy = vault.receive(source.path)
        except files.Changed as error:
            shown = names.printable(source.called or str(source.path))
            raise Invalid([fault("attachments", "actions.being_changed", file=shown)]) from error
        kind = kinds.examine(source.name, copy.path)
        reason = kinds.blocked(source.name, kind, office.settings.intake.blocked_types, office.settings.intake.macros)
        if reason:
            vault.discard(copy)
            raise Invalid([fault("attachments", "actions.attachment_fault", name=names.printable(source.name), why=reason)])
        kept.append(vault.keep(copy))
        copies.append(copy)
        found.append(File(names.nfc(source.name), copy.sha256, copy.source.size, kind.media_type, source.share, source.note))
    vault.sync(kept, copies)
    return found


def _objections(office: Office, source: Source) -> list[Problem]:
    """What is wrong with a file, by its name, its size and its kind."""
    from ingest.intake import kinds  # see `told_of_withdrawal`

    limits, shown = office.settings.intake, names.printable(source.called or str(source.path))
    look = files.look(source.path)
    if look is None:
        is_there = os.path.lexists(source.path)
        return [fault("attachments", "actions.no_plain_file" if is_there else "actions.no_such_file", file=shown)]
    problems = [fault("attachments", "staging.empty", file=shown)] if look.size == 0 else []
    wrong = names.name_fault(source.name)
    if wrong:
        problems.append(fault("attachments", "actions.attachment_fault", name=names.printable(source.name), why=wrong))
    if look.size > limits.max_file_mb * 1024 * 1024:
        problems.append(fault("attachments", "actions.too_large", file=shown, most=limits.max_file_mb))
    reason = kinds.blocked(source.path.name, kinds.examine(source.path.name, source.path), limits.blocked_types, limits.macros)
    if reason:
        problems.append(fault("attachments", "actions.file_fault", file=shown, why=reason))
    return problems


def _told(office: Office, now: datetime, item: Item, done: Sequence[str]) -> list[Sentence]:
    """`D-2026-000012 is changed: labels`, and what that means for the client.

    `done`: as amending.amend tells it.
    """
    name = item_name(item.id)
    if not done:
        return [sentence("actions.was_so_already", item=name)]
    what = [Sentence(f"actions.what_{one}") for one in done if one not in _STEPS]
    changed = sentence("actions.changed_what", item=name, what=what) if what else sentence("actions.changed", item=name)
    if "offer" in done:
        waits = "actions.waits_and_old_is_seen" if item.public else "actions.waits_for"
        return [changed, Sentence(waits, {"whom": whom(office, now, item.id)})]
    if "unshare" in done:
        return [changed, sentence("actions.goes_off" if item.public else "actions.is_private")]
    return [changed, sentence("actions.goes_on")] if "share" in done else [changed]


_STEPS = ("offer", "share", "unshare", "revert")
"""What an item goes through by a change; the rest of what amending.amend tells is what was changed.
"""


def whom(office: Office, now: datetime, key: int) -> Sentence | str:
    """Those who are asked to approve, in words, and how many of them have to."""
    found = waiting.Seating(office, hours.today(office, now)).askings([key])
    people = [person for asking in found for person in asking.people]
    lacking = [needed(one.concept.approvers, one.concept.approvals) - len(one.decided) for one in found]
    if max(lacking, default=1) > 1 and people:
        return sentence("actions.each_of" if lacking[0] >= len(people) else "actions.so_many_of", count=lacking[0], people=people)
    return either(people) or sentence("actions.nobody")
