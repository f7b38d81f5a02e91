"""What intake would find wrong with a drop that is all there, as the office is now.

Changes nothing. The database must be open: it knows for whom a drop was placed, and what the item
that is amended says already. What only a virus scanner or the wrong-client guard can tell is not
asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dossier.database.tables import Drop, Item, item_key
from dossier.files import files
from dossier.files.beneath import Folder
from dossier.files.files import Copy
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text.refusals import Problem, Refusal
from dossier.text.sentences import sentence
from dossier.text.yamltext import Fault
from ingest.inbox.found import Found
from ingest.intake import delegation, kinds
from ingest.intake.candidate import Candidate, changes_of, fingerprint_of
from ingest.intake.judging import Judgement, entries, judge, line_of
from workflow.items import amending


def faults(office: Office, now: datetime, found: Found, may: Readable) -> Sequence[Fault]:
    """All that forbids it. `may`: what the reader may know of; of another item nothing is told.

    Raises OSError.
    """
    row = delegation.find(found)
    judgement = judge(office, found, None if row is None else Actor(row.maker, "drop", row.behind))
    return with_its_item(office, now, found, judgement, may, found.place(office.inbox))


def with_its_item(
    office: Office,
    now: datetime,
    found: Found,
    judgement: Judgement,
    may: Readable,
    place: Path | Folder,
    hashes: Mapping[str, str] | None = None,
) -> Sequence[Fault]:
    """What was judged of it and, if it amends an item, what forbids that.

    `place`: where its files lie; `hashes`: the SHA-256 (hex) of each by its name on disk, as far as
    it is known. Raises OSError.
    """
    drop = Candidate(found, judgement.actor, wish=judgement.wish, faults=judgement.faults, whose=judgement.whose)
    if drop.amends is None or not set(drop.faults) <= set(found.faults):
        return drop.faults
    unknown = not_its_item(office, drop)
    if unknown is not None:
        return [*drop.faults, unknown]
    item = Item.get_by_id(item_key(drop.amends))
    return [*drop.faults, *_of_change(office, now, drop, place, hashes or {})] if may.has(item.client, item.type) else drop.faults


def not_its_item(office: Office, drop: Candidate) -> Fault | None:
    """That the client has no such item, as far as its maker may know."""
    assert drop.amends is not None
    item = Item.get_or_none((Item.id == item_key(drop.amends)) & (Item.client == drop.found.client))
    if item is not None and people.why_not_type(office, drop.actor.code, item.type) is None:
        return None
    line = drop.found.sidecar.lines.get("item", 1) if drop.found.sidecar else 1
    return Fault(line, sentence("intake.no_such_item", client=drop.found.client, item=drop.amends))


def faults_of(drop: Candidate, refusal: Refusal) -> list[Fault]:
    """Why its item can't be changed so, beside what was told of the drop itself."""
    told = {fault.message for fault in drop.faults}
    more = [problem for problem in refusal.problems if problem.message not in told]
    return [Fault(line_of(drop.found.sidecar, problem.key or "item"), problem.message, problem.key) for problem in more]


def _of_change(office: Office, now: datetime, drop: Candidate, place: Path | Folder, hashes: Mapping[str, str]) -> list[Fault]:
    assert drop.amends is not None
    assert drop.wish is not None
    assert drop.found.sidecar is not None
    for name, _, _, disk in entries(drop.found):
        path = place / disk
        drop.files.append((name, Copy(str(path), hashes.get(disk) or files.hash_file(path), drop.found.looks[disk])))
        drop.kinds.append(kinds.examine(name, path).media_type)
    key, changes = item_key(drop.amends), changes_of(drop)
    if Drop.select().where((Drop.fingerprint == fingerprint_of(drop, now)) & (Drop.kind == "taken")).exists():
        changes = amending.still_to_do(key, changes)
    wish = replace(drop.wish, faults=tuple(Problem("", fault.message) for fault in drop.faults), told=drop.found.sidecar.told)
    try:
        amending.foresee(office, now, drop.actor, key, wish, changes)
    except Refusal as refusal:
        return faults_of(drop, refusal)
    return []
