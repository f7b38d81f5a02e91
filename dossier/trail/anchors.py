"""Anchors: what the trail was at some time, kept in var/anchors/, and mailed if the office wishes.

    var/anchors/2026-11-24.jsonl     {"at": …, "length": …, "head": …}, one a line

Whoever can write to the database can write to the folder too, so an anchor proves most out of their
reach: in the backup, in the mailbox of `trail.anchors_to`. Before another is added, the last one
must still lie on the chain: a trail that was cut or written anew gets an alarm and no fresh anchors
that agree with it.

A line is added by writing the day's file anew, whole. Killed here? Either file is good; a
half-written one is swept with the next.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

from dossier.database.tables import Event
from dossier.files import files, moves
from dossier.files.beneath import open_folder
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence, sentence
from dossier.trail import trail
from dossier.trail.trail import Anchor

EVENTS_BETWEEN = 10_000
"""After so many events there is another anchor that day: a proof sheet reaches to the next."""

MOST_BYTES = 1024 * 1024
"""No day's file is larger: some 6,000 anchors."""


def folder_of(office: Office) -> Path:
    return office.var / "anchors"


def add(office: Office, now: datetime, ending: bool = False) -> tuple[Anchor | None, Sentence | None]:
    """Add an anchor if one is due; returns it, or what is wrong with the trail.

    Due is the first of a day (UTC), one after EVENTS_BETWEEN events, and one when a daemon ends.
    """
    length, head = trail.head()
    known, fault = read(folder_of(office))
    last = max(known, key=lambda anchor: anchor.length, default=None)  # not by time: a clock may have been set back
    if fault is None and last is not None:
        fault = misfit(last)
    if fault is not None:
        return None, fault
    today = clock.to_text(now)[:10]
    first_today = all(anchor.at[:10] != today for anchor in known)
    grown = length - (last.length if last else 0)
    if length == 0 or not (first_today or grown >= EVENTS_BETWEEN or (ending and grown)):
        return None, None
    anchor = Anchor(clock.to_text(now), length, head)
    path = folder_of(office) / f"{today}.jsonl"
    there = files.read_plain(path, MOST_BYTES)[0] if files.look(path) else b""
    files.make_folder(path.parent, 0o750)
    with open_folder(path.parent) as folder:
        files.sweep_temporaries(folder)
    files.write_durably(path, there + line_of(anchor).encode(), 0o640)
    return anchor, None


def set_aside(office: Office, now: datetime) -> str | None:
    """Put the anchors aside, in var/, if one is not of the trail that an admin says holds."""
    folder = folder_of(office)
    known, fault = read(folder) if folder.is_dir() else ([], None)
    if fault is None and all(misfit(anchor) is None for anchor in known):
        return None
    aside = folder / f"before-{clock.to_text(now).replace(':', '')}"
    files.make_folder(aside, 0o750)
    for path in sorted(folder.glob("*.jsonl")):
        moves.move(path, aside / path.name)
    files.sync((), (aside, folder))
    return str(aside.relative_to(office.var))


def line_of(anchor: Anchor) -> str:
    return json.dumps({"at": anchor.at, "length": anchor.length, "head": anchor.head}) + "\n"


def misfit(anchor: Anchor) -> Sentence | None:
    """Why the chain, as it is in the database, does not hold this anchor; None if it does."""
    there = Event.get_or_none(Event.seq == anchor.length)
    if there is None:
        return sentence("trail.ends_before_anchor_last", at=anchor.at, count=anchor.length)
    if there.hash != anchor.head:
        return sentence("trail.not_as_anchored", number=anchor.length, at=anchor.at)
    return None


def read(folder: Path) -> tuple[list[Anchor], Sentence | None]:
    """All anchors under `folder`, and the first that can't be read. OSError: the folder can't."""
    found: list[Anchor] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(files.read_plain(path, MOST_BYTES)[0].splitlines(), 1):
            anchor = _parsed(line)
            if anchor is None:
                return found, sentence("trail.no_anchor", place=f"{path}:{number}")
            found.append(anchor)
    return found, None


def _parsed(line: bytes) -> Anchor | None:
    try:
        values = json.loads(line)
        anchor = Anchor(values["at"], values["length"], values["head"])
        clock.from_text(anchor.at)
        is_head = re.fullmatch("[0-9a-f]{64}", anchor.head)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return anchor if is_head and type(anchor.length) is int and 0 < anchor.length < 2**63 else None
