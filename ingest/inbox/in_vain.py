"""What lies in an inbox in vain, and who is told: no sidecar speaks for it, or nothing takes it.

Nothing of it is ever refused, so by itself nobody would hear of it. After `intake.wait_hours` the
admins get an alarm, one for each client, which is over when nothing of it is left. Whoever such a
file belongs to gets a letter, once for each file and state it is in.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from dossier.database.database import transaction
from dossier.database.tables import Note, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.text.sentences import Sentence, packed, sentence
from ingest.inbox.found import NotTaken, View
from workflow.outbox import outbox

LINES_MOST = 20
"""So many files are told of in one letter."""

GAP = 1 / 24
"""Of `intake.wait_hours`: so long after a letter about a client's folder no other is written, so
that one tells of all that was put there meanwhile."""

_KEY = "in-vain:"


class InVain:
    """Remembers, here and in the database, whom what was told. One thread uses it."""

    def __init__(self, office: Office, alarm: Callable[[str, Sentence | None], None]) -> None:
        self.office = office
        self._alarm = alarm
        self._told: dict[str, set[str]] = {}
        self._not_before: dict[str, float] = {}

    def see(self, now: datetime, client: str, view: View) -> None:
        """Tell what has lain there for too long; `view` is looked at again when more of it has."""
        limit, due = self.office.settings.intake.wait_hours * 3600, list[NotTaken]()
        for one in [*view.waiting, *view.odd]:
            left = one.since + limit - now.timestamp()
            if one.is_in_vain and left <= 0:
                due.append(one)
            elif one.is_in_vain:
                view.again_in(left)
        self._alarm(f"in_vain {client}", self._of(due, client))
        left = self._not_before.get(client, 0.0) - now.timestamp()
        if left > 0:
            view.again_in(left)
        else:
            self._write_to_owners(now, client, due)

    def forget(self, client: str) -> None:
        """The client's folder is gone."""
        self._alarm(f"in_vain {client}", None)

    def forget_others(self) -> None:
        """Whoever is no client now is looked at no more: what was told is over. No
        `transaction()`."""
        noted = [row[0] for row in tuples(Note.select(Note.key).where(Note.key.startswith(_KEY)))]
        for key in noted:
            client = key.removeprefix(_KEY)
            if client not in self.office.clients:
                self.forget(client)
                self._told.pop(client, None)
                with transaction():
                    Note.delete().where(Note.key == key).execute()

    def _of(self, due: Sequence[NotTaken], client: str) -> Sentence | None:
        if not due:
            return None
        hours, first = f"{self.office.settings.intake.wait_hours:g}", min(due, key=lambda one: one.since)
        told = sentence("inbox.lies_in_vain", path=first.path, hours=hours, reason=first.reason)
        return sentence("inbox.in_vain_and_more", first=told, count=len(due) - 1, client=client) if len(due) > 1 else told

    def _write_to_owners(self, now: datetime, client: str, due: Sequence[NotTaken]) -> None:
        marks = {f"{one.path} {one.since:.0f}": one for one in due}
        if not due and client not in self._told:
            return  # nothing was told, or it was by a daemon before this one, and is gone
        if client not in self._told:
            note = Note.get_or_none(Note.key == _KEY + client)
            self._told[client] = set(json.loads(note.value)) if note else set()
        if marks.keys() == self._told[client]:
            return
        letters: dict[str, list[NotTaken]] = defaultdict(list)
        for mark in sorted(marks.keys() - self._told[client]):
            if (owner := self._owner_of(marks[mark])) is not None:
                letters[owner].append(marks[mark])
        if letters:
            self._not_before[client] = now.timestamp() + self.office.settings.intake.wait_hours * 3600 * GAP
        value, hours = json.dumps(sorted(marks)), f"{self.office.settings.intake.wait_hours:g}"
        with transaction():
            for owner, things in letters.items():
                told = [sentence("inbox.lies_in_vain", path=one.path, hours=hours, reason=one.reason) for one in things]
                payload = {"cause": f"in_vain {client}", "lines": [packed(one) for one in told[:LINES_MOST]], "over": False}
                outbox.enqueue_to_staff(self.office, now, "alarm", None, owner, payload)
            Note.put(_KEY + client, value)
        self._told[client] = set(marks)

    def _owner_of(self, one: NotTaken) -> str | None:
        """The staff member whose file or folder it is."""
        try:
            uid = os.lstat(self.office.inbox / one.client / one.names[0]).st_uid
        except OSError:
            return None
        return people.owner_of(self.office, people.user_name(uid))
