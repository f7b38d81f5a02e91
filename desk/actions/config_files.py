"""The files of config/ from the desk: read as they are, checked as they would be, shown as a
difference, written with a copy of what was.

Comments and order are whatever the admin leaves: it is the file's own text that is changed.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from desk.actions.acting import need_admin
from dossier.database.database import transaction
from dossier.database.tables import Note
from dossier.office import editing
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import CLIENTS, SETTINGS, STAFF
from dossier.text import clock
from dossier.text.refusals import Conflict
from dossier.trail import trail

Which = Literal["clients", "staff", "settings"]
FILES: Mapping[Which, str] = {"clients": CLIENTS, "staff": STAFF, "settings": SETTINGS}

_BEGUN = "config being written "
"""With a random name behind it, the key of a note of what is being written."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    which: Which
    text: str
    digest: str
    """Of the text that was shown: what is saved must still be a change of that."""


def read(office: Office, actor: Actor, which: Which) -> ConfigFile:
    """A file of config/ as it is. Raises Forbidden for whoever is no admin; OSError."""
    need_admin(office, actor)
    data = (office.root / FILES[which]).read_bytes()
    return ConfigFile(which, data.decode("utf-8", "replace"), hashlib.sha256(data).hexdigest())


def difference(office: Office, actor: Actor, which: Which, text: str) -> str:
    """What saving `text` would change, as lines with - and +; "" for nothing."""
    return editing.difference(FILES[which], read(office, actor, which).text, _whole(text))


def check(office: Office, environ: Mapping[str, str], which: Which, text: str) -> None:
    """Raise ConfigurationError with every fault that the office would have with `text` in the place
    of this file."""
    editing.check(office.root, environ, FILES[which], _whole(text))


def write(office: Office, now: datetime, actor: Actor, environ: Mapping[str, str], which: Which, text: str, digest: str) -> None:
    """Save it.

    Raises Forbidden, ConfigurationError, Conflict if the file is not as it was shown; OSError.
    """
    need_admin(office, actor)
    before = (office.root / FILES[which]).read_bytes()
    if hashlib.sha256(before).hexdigest() != digest:
        raise Conflict("desk.config_changed")
    whole = _whole(text)
    check(office, environ, which, whole)
    put(office, now, actor, FILES[which], before, whole)


def put(office: Office, now: datetime, actor: Actor, file: str, before: bytes, text: str, **about: object) -> None:
    """Write a file of config/ that was checked, with a copy of what it was, and note it in the
    trail: where that can't be, the file is as it was.

    `about`: what of it is changed. Raises OSError; files.Changed if it does not hold `before`.
    """
    with putting(office, now, actor, [(file, before, text)], **about):
        pass


@contextmanager
def putting(
    office: Office, now: datetime, actor: Actor, changes: Sequence[tuple[str, bytes, str]], **about: object
) -> Iterator[None]:
    """Write these files (each as its name, what it holds, what it shall hold), and note them in the
    trail in one transaction with what is inside: all of it or nothing.

    1. a note of what is begun, in a transaction of its own
    2. one transaction: the note goes, what is inside, the files are written, their events

    Killed within 2, a file may hold what it shall while the trail says nothing: by the note,
    `finish` tells of it.
    """
    begun = {file: hashlib.sha256(text.encode()).hexdigest() for file, before, text in changes if before != text.encode()}
    key, written = _BEGUN + uuid.uuid4().hex, list[tuple[str, bytes, str]]()
    said = {"files": begun, "actor": list(actor), "about": about, "at": clock.to_text(now)}
    with transaction():
        Note.put(key, json.dumps(said))
    try:
        with transaction():  # whoever can't write to the database changes no file either
            Note.delete().where(Note.key == key).execute()
            yield
            for file, before, text in changes:
                copy = editing.write(office.root, now, file, before, text)
                written.append((file, before, text))
                trail.record(now, actor, "config_changed", None, {"file": file, **about, "before": copy.name})
    except BaseException:
        for file, before, text in reversed(written):
            editing.put_back(office.root, file, before, text)
        with suppress(Exception), transaction():
            Note.delete().where(Note.key == key).execute()
        raise


def finish(office: Office, now: datetime) -> None:
    """Tell the trail of files of config/ that were written by somebody who was killed before it
    was told. OSError."""
    for row in list(Note.select().where(Note.key.startswith(_BEGUN))):
        with transaction():
            if Note.delete().where((Note.key == row.key) & (Note.value == row.value)).execute() != 1:
                continue
            said = json.loads(row.value)
            for file, digest in said["files"].items():
                if hashlib.sha256((office.root / file).read_bytes()).hexdigest() == digest:
                    detail = {"file": file, **said["about"], "begun_at": said["at"]}
                    trail.record(now, Actor(*said["actor"]), "config_changed", None, detail)


def _whole(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n") + "\n"
