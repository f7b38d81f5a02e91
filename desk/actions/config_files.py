"""The files of config/ from the desk: read as they are, checked as they would be, shown as a
difference, written with a copy of what was.

Comments and order are whatever the admin leaves: it is the file's own text that is changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from desk.actions.acting import need_admin
from dossier.database.database import transaction
from dossier.office import editing
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import CLIENTS, SETTINGS, STAFF
from dossier.text.refusals import Conflict
from dossier.trail import trail

Which = Literal["clients", "staff", "settings"]
FILES: Mapping[Which, str] = {"clients": CLIENTS, "staff": STAFF, "settings": SETTINGS}


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
    is_written = False
    try:
        with transaction():  # whoever can't write to the database changes no file either
            copy = editing.write(office.root, now, file, before, text)
            is_written = True
            trail.record(now, actor, "config_changed", None, {"file": file, **about, "before": copy.name})
    except BaseException:
        if is_written:
            editing.put_back(office.root, file, before, text)
        raise


def _whole(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n") + "\n"
