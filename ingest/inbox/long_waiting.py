"""Whoever put a drop into the inbox that waits for over an hour hears of it by mail, once."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime

from dossier.database.database import transaction
from dossier.database.tables import Note, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.text import clock, names
from dossier.text.sentences import packed
from ingest.inbox.found import NotTaken
from workflow.outbox import notices

PATIENCE_SECONDS = 3600

_KEY = "waits long:"


def tell(office: Office, now: datetime, waiting: Mapping[str, Iterable[NotTaken]]) -> int:
    """`waiting`: client → what waits now; returns what is new. What waits no more is forgotten.

    Not inside `transaction()`.
    """
    old = time.time() - PATIENCE_SECONDS
    long = {f"{_KEY}{names.printable(one.path)}": one for those in waiting.values() for one in those if one.since <= old}
    noted = {
        row[0]
        for row in tuples(Note.select(Note.key).where(Note.key.startswith(_KEY)))
        if row[0].removeprefix(_KEY).partition("/")[0] in waiting
    }
    new, over = long.keys() - noted, noted - long.keys()
    if not new and not over:
        return 0
    with transaction():
        for key in over:
            Note.delete().where(Note.key == key).execute()
        if over:
            notices.call_off_waiting({key.removeprefix(_KEY) for key in over})
        for key in sorted(new):
            Note.insert(key=key, value=clock.to_text(now)).execute()
            if (owner := _owner(office, long[key])) is not None and names.IMPORTED not in long[key].path:
                payload = {"drop": names.printable(long[key].path), "reason": packed(long[key].reason)}
                notices.tell(office, now, "waiting", owner, None, payload, long[key].client)
    return len(new)


def _owner(office: Office, one: NotTaken) -> str | None:
    """The staff member whose file this is. `path` is for people: an odd name stands in `names`."""
    for way in (one.path, *(f"{one.client}/{name}" for name in one.names[:1])):
        with contextlib.suppress(OSError):
            return people.staff_by_user(office, people.user_name(os.lstat(office.inbox / way).st_uid))
    return None
