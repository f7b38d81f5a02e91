"""Why something is not where somebody expects it: an item on the portal, or a file of the inbox
among the items."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from peewee import Expression

from desk.actions.looking_up import NOT_NOTED
from dossier.database import readable
from dossier.database.tables import Drop, item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text import clock, names
from dossier.text.refusals import NotFound
from dossier.text.sentences import Sentence, sentence
from workflow.items import items, suspicion
from workflow.reports import reasons, viewed

if TYPE_CHECKING:
    from ingest.intake.checking import Known

Told = Sentence | str


class Why(NamedTuple):
    """What holds something up."""

    heading: Told
    reasons: Sequence[Told]
    besides: Sequence[Told] = ()
    """What whoever looks should know as well: what the guard found, and what it could not read."""


def why_item(office: Office, now: datetime, reader: Actor, key: int) -> tuple[Why, str, bool]:
    """All that keeps an item off the portal, its share state, and whether some version of it is
    there; it is noted that this person looked. Raises NotFound."""
    item = items.get_for(office, reader, key)
    is_noted = viewed.note_shown(now, reader, item, "why")
    found = reasons.reasons(office, now, item)
    heading = sentence(
        "reasons.is_state",
        item=item_name(key),
        state=Sentence(f"reasons.state_{item.share_state}"),
        visible=reasons.visible(item),
        then=sentence("reasons.keeps_it_off" if found else "reasons.nothing"),
    )
    besides = [*suspicion.attention(item, people.readable(office, reader).clients), *reasons.not_mailed(item)]
    return (
        Why(heading, found, [*besides, *(() if is_noted else (NOT_NOTED,))]),
        item.share_state,
        item.public is not None,
    )


def check(
    office: Office, reader: Actor, paths: Iterable[Path], language: str, is_open: bool = False
) -> tuple[Sequence[str], int]:
    """What is wrong with sidecars or folders of the inbox, or waited for; and how many drops are
    good. Changes nothing.

    A line each, in this language. `is_open`: the database is, which knows of what drops things are
    left, and which ones the inbox does not let go.
    """
    from ingest.intake import checking

    may = people.readable(office, reader)
    found, good = checking.check(office, paths, may, _known(office, clock.utc_now(), may) if is_open else checking.Known())
    return [one.told(language) for one in found], good


def _known(office: Office, now: datetime, may: Readable) -> Known:
    from ingest.intake import checking, foreseeing, leftovers, staying

    return checking.Known(
        staying.recorded(),
        leftovers.Leftovers(may).pointing_back,
        lambda found: foreseeing.faults(office, now, found, may),
    )


def why_path(office: Office, now: datetime, reader: Actor, path: Path, language: str) -> Why:
    """What `check` says of a file or folder of the inbox, and what became of one that is not there
    any more. Raises NotFound where nothing is known of it."""
    from desk.actions import unsorted
    from dossier.cluster import presence
    from ingest.intake import checking
    from ingest.sources.unsorted import FOLDER

    may, shown = people.readable(office, reader), names.printable(str(path))
    where, inbox = checking.place_of(path), office.inbox.resolve()
    if not os.path.lexists(path):
        became = _what_became(where.relative_to(inbox).parts if where.is_relative_to(inbox) else (path.name,), may)
        if not became:
            raise NotFound("overview.not_there", path=shown)
        return Why(sentence("overview.not_there_but_was", path=shown), became)
    if where == inbox / FOLDER and may.clients is None:
        return Why(sentence("overview.not_taken", path=shown), [sentence("unsorted.folder")])
    if where.parent == inbox / FOLDER and path.is_file() and not (path.is_symlink() or names.is_ignored(path.name)):
        return Why(sentence("overview.not_taken", path=shown), unsorted.why(office, reader, path))
    parts = where.relative_to(inbox).parts if where.is_relative_to(inbox) else ()
    if checking.is_of_refused(office, parts, may):
        wrong, _ = checking.check(office, [path], may, checking.Known())
        refused = checking.was_refused(office, path, parts[0])
        lines = [one.told(language) for one in (wrong if refused in wrong else [*wrong, refused])]
        return Why(sentence("overview.not_taken", path=shown), lines)
    if {"_rejected", "_done"} & set(parts):
        return Why(sentence("overview.there", path=shown), [sentence("overview.finished_with")])
    is_clients = where.parent == inbox and where.name in office.clients
    if where != inbox and not is_clients and names.is_ignored(where.name):
        return Why(sentence("overview.not_taken", path=shown), [sentence("overview.never_taken_name")])
    told, good = checking.check(office, [path], may, _known(office, now, may))
    found = list[Told](one.told(language) for one in told)
    is_whole_folder = inbox in (where, where.parent)
    if not found and not good:
        is_elsewhere = not where.is_relative_to(inbox)
        found.append(
            sentence("overview.not_in_inbox", inbox=str(office.inbox))
            if is_elsewhere
            else sentence("overview.nothing_lies_there")
        )
    found += _trouble(office, where, may)
    if not presence.daemons(office, now):
        found.append(sentence("overview.no_daemon"))
    if found or not is_whole_folder:
        return Why(sentence("overview.not_taken_yet" if found else "overview.nothing_keeps_it", path=shown), found)
    return Why(sentence("overview.all_is_whole", path=shown, count=good), found)


def _trouble(office: Office, where: Path, may: Readable) -> list[Sentence]:
    """What keeps the drops of this client from being taken, whatever they are like."""
    from workflow.outbox import alarms

    told = None
    with contextlib.suppress(ValueError, IndexError):
        client = where.relative_to(office.inbox.resolve()).parts[0]
        told = alarms.text_of(f"intake {client}") if may.has(client) else None
    return [sentence("overview.trouble", why=told)] if told else []


def _what_became(way: Sequence[str], may: Readable) -> list[Sentence]:
    """Drops of this name that were taken or refused, the newest first; or else those with a file of
    this name, or from this folder. `way`: from the inbox, as far as it leads through it."""
    name = way[-1] if way else ""
    stems = {name, names.stem(name) if names.is_sidecar(name) else name, name.rpartition(".")[0] or name}
    of_name, client = Drop.stem.in_(list(stems)), Drop.client == (way[0] if way else "")
    if len(way) > 2:
        above = "/".join(way[1:-1])
        of_name = client & ((Drop.folder == above) | (Drop.folder == f"{above}/")) & _has_file(name)
    query = readable.only_drops(Drop.select().where(of_name), may)
    if len(way) == 2 and not query.exists():
        query = readable.only_drops(Drop.select().where(client & Drop.folder.is_null() & _has_file(name)), may)
    found = []
    for row in query.order_by(Drop.id.desc()).limit(5):
        codes = {"refused": "overview.was_refused", "duplicate": "overview.was_a_duplicate", "claimed": "overview.is_being_taken"}
        values = {"client": row.client, "at": clock.to_the_minute(row.at), "folder": row.target, "item": item_name(row.item or 0)}
        found.append(Sentence(codes.get(row.kind, "overview.was_taken"), values))
    return found


def _has_file(name: str) -> Expression:
    """In a query over Drop: a file of this name was in it."""
    return Drop.files.cast("text").contains(f"[{json.dumps(name)},")
