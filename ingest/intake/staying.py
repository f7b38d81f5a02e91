"""Drops that the inbox does not let go, so that nothing is made of them, with the reason.

A file that is marked as immutable, or lies in a folder that this user may not write to, can't be
removed. Such a drop isn't copied and claimed anew at each look: it is left alone until the file has
changed, or nothing is seen that keeps it. What is written down here is read by `status`, `check`
and `why`.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dossier.database.database import transaction
from dossier.database.tables import Note, tuples
from dossier.files import files, statx
from dossier.files.beneath import At, open_beneath
from dossier.files.files import Look, Names
from dossier.office import people
from dossier.office.office import Office
from dossier.text import names, system
from dossier.text.sentences import Sentence, as_data, from_data, plain, sentence
from ingest.inbox.found import Found
from ingest.intake.leaving import Stays

RETRY_SECONDS = 600.0
"""How soon a file is claimed again of which nobody can tell why it stays."""

_KEY = "stays:"

Lying = tuple[str, str | None, str]
"""A drop as it lies in the inbox: client, folder, and the sidecar's or the file's name."""


@dataclass(frozen=True, slots=True)
class _Held:
    where: Names
    """From the inbox."""
    look: Look
    reason: Sentence
    is_known: bool
    until: float
    """Monotonic seconds: when it is tried again, if the reason is not known."""


class Staying:
    """What stays, for an office. One thread uses it. The database must be open."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._held: dict[Lying, _Held] = {}

    def hold(self, found: Found, stays: Stays) -> None:
        """This drop stays. Not inside `transaction()`."""
        name = Path(stays.filename).name
        where = (*found.folders, name)
        known, there = self._asked(where)
        reason = known or sentence("intake.stays", file=names.printable(name), reason=system.why(stays))
        look = there or next(iter(found.looks.values()))
        self._held[lying(found)] = _Held(where, look, reason, known is not None, time.monotonic() + RETRY_SECONDS)
        value = json.dumps(as_data(reason))
        with transaction():
            Note.put(_key(lying(found)), value)

    def holds(self, found: Found) -> bool:
        """True if this drop still stays; else nothing is known against it any more."""
        return lying(found) in self._held and lying(found) not in self._freed([lying(found)])

    def reasons(self, clients: Iterable[str]) -> dict[str, Sentence]:
        """Client → what stays of theirs."""
        wanted, found = set(clients), dict[str, Sentence]()
        for (client, folder, name), held in self._held.items():
            if client in wanted:
                path = names.printable("/".join(filter(None, (client, (folder or "").rstrip("/"), name))))
                found.setdefault(client, sentence("intake.at_path", path=path, what=held.reason))
        return found

    def recheck(self) -> list[str]:
        """Forget what can be tried again or is gone; clients with none left. No `transaction()`."""
        before = {client for client, _, _ in self._held}
        self._freed(list(self._held))
        return sorted(before - {client for client, _, _ in self._held})

    def _freed(self, drops: Iterable[Lying]) -> set[Lying]:
        """Those of these that nothing keeps any more, forgotten."""
        freed = set()
        for drop in drops:
            held = self._held[drop]
            known, there = self._asked(held.where)
            is_same = there is not None and held.look.is_same_content(there)
            keeps = known is not None if held.is_known else time.monotonic() < held.until
            if not (is_same and keeps):
                freed.add(drop)
        self._forget(freed)
        return freed

    def _asked(self, where: Names) -> tuple[Sentence | None, Look | None]:
        """What keeps this file, if it can be told; and the file as it is now, if it is there."""
        *folders, name = where
        try:
            with open_beneath(self.office.inbox, *folders) as folder:
                return why_it_stays(folder / name), files.look(folder / name)
        except OSError:
            return None, None

    def _forget(self, drops: Iterable[Lying]) -> None:
        keys = [_key(drop) for drop in drops if self._held.pop(drop, None)]
        if keys:
            with transaction():
                Note.delete().where(Note.key.in_(keys)).execute()

    def begin(self) -> None:
        """Forget what an earlier process noted of these clients: it is found anew. No
        `transaction()`."""
        old = [drop for drop in recorded() if (self.office.inbox / drop[0]).is_dir()]
        if old:
            with transaction():
                Note.delete().where(Note.key.in_([_key(drop) for drop in old])).execute()


def recorded() -> Mapping[Lying, Sentence]:
    """What stays by what the daemon wrote down, and why."""
    found = {}
    for key, value in tuples(Note.select(Note.key, Note.value).where(Note.key.startswith(_KEY))):
        client, folder, name = json.loads(key.removeprefix(_KEY))
        kept = json.loads(value)
        reason = Sentence(kept[0], kept[1]) if isinstance(kept, list) else from_data(kept)
        found[client, folder, name] = reason if isinstance(reason, Sentence) else plain(reason)
    return found


def lying(found: Found) -> Lying:
    return found.client, found.folder, found.sidecar_name or next(iter(found.looks))


def why_it_stays(place: At) -> Sentence | None:
    """What keeps this process from renaming the file, if it can be told."""
    folder, name = place.folder, place.name
    above, itself = folder.status(), files.look(place)
    if itself is None:
        return None
    if statx.more(place).is_fixed or statx.more(folder).is_fixed:
        return sentence("intake.stays_fixed", file=names.printable(name))
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder.descriptor, effective_ids=True):
        return sentence("intake.stays_in_folder", file=names.printable(name), user=people.user_name(os.geteuid()))
    if above.st_mode & stat.S_ISVTX and os.geteuid() not in (0, above.st_uid, itself.uid):
        owner = people.user_name(itself.uid)
        return sentence("intake.stays_sticky", file=names.printable(name), owner=owner, user=people.user_name(os.geteuid()))
    return None


def _key(drop: Lying) -> str:
    return _KEY + json.dumps(drop)
