"""The queue folder: concepts as files to decide on. Its only writer.

    <approver>/<ITEM>.yaml       the concept; `decision:` and `comment:` are the approver's, the
                                 rest is ours (paper.py)
    <approver>/<ITEM>/           copies of what would be shared, and a preview (copies.py)
    <approver>/_decided/         what was decided, with a note on what became of it
    <approver>/_refused/         what was typed into a file that had to be written anew

The database is the truth: what is missing here is written, what was decided is moved away, in any
order and after any crash. A round costs what has changed: items by their version in the database,
files by the folders that were hinted at, a batch at a time. Who is asked is written down (asked.py)
before their file is. One approver's folder that can't be read or written keeps no other from being
served (approver_folder.py).

Killed here? After the decision is in the database and before the file is moved: the next start
finds the item decided and moves it. While copies are made: the queue file is written last, so the
next start makes them again. The power gone? Copies and queue files are on the disk before they get
their names; what is empty all the same is made anew by the next start.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from datetime import date, datetime

import structlog

from dossier.database.database import transaction
from dossier.database.tables import Item, Note, item_name
from dossier.files import files, settling
from dossier.files.beneath import open_beneath
from dossier.office import hours
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence, sentence
from dossier.vault.folder import Vault
from workflow.approval import asked, deciding, waiting
from workflow.approval.waiting import Asking, Seating
from workflow.queue.approver_folder import RETRY_SECONDS, ApproverFolder, QueueFile
from workflow.queue.contents import Sheets
from workflow.queue.copies import Copies
from workflow.queue.pictures import Pictures
from workflow.queue.writing import DECIDED, REFUSED

log = structlog.get_logger("queue")

AT_ONCE = 250
"""Concepts in one round: so many take about a second, and then there is other work."""

_UNSIGNED = "queue_unsigned"
"""The note that those of an earlier version are as well (files.UNSIGNED)."""

_UNSEEN = -1
"""The version of an item whose files are to be looked at again."""


class QueueFolder:
    """The queue folder of an office. One thread uses it, but for `hint`."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self._copies = Copies(office, vault)
        self._pictures = Pictures(office, vault)
        self._seating: Seating | None = None
        self._made_for: dict[int, int] = {}
        """Item → the version of it that its queue files are made for."""
        self._folders: dict[str, ApproverFolder] = {}
        self._retry_at: dict[int, float] = {}
        self._has_more = False
        self._hints: set[str] = set()
        self._everywhere = True
        self._lock = threading.Lock()

    def hint(self, person: str | None) -> None:
        """Look at this approver's folder next (None: at all of them). From any thread."""
        with self._lock:
            if person is None:
                self._everywhere = True
            else:
                self._hints.add(person)

    def forget_people(self) -> None:
        """The configuration has changed: whoever is asked now is seen to."""
        self._seating = None

    def round(self, now: datetime) -> float | None:
        """Write what is missing, move away what is done, read what was decided.

        Returns in how many seconds there will be more to do; None if nothing waits for time.
        """
        today = hours.today(self.office, now)
        if self._seating is None or self._seating.today != today:
            self._begin(today)
        self._has_more = False
        self._follow(now)
        self._read(now)
        if self._has_more:
            return 0.0
        due = [at for folder in self._folders.values() for at in folder.again_at.values()] + list(self._retry_at.values())
        return max(0.0, min(due) - settling.now()[1]) if due else None

    def _begin(self, today: date) -> None:
        """The first round, or another day or configuration: everything is looked at again."""
        first = self._seating is None and not self._made_for
        if first:
            self._copies.sweep()
            self._unsign()
            for edition, person, was_written in asked.open_rows():
                item = edition // 10_000
                self._folder(person).files[item] = QueueFile(edition, was_written)
                self._made_for[item] = _UNSEEN
        self._seating = Seating(self.office, today)
        self._copies.office = self._pictures.office = self.office
        self._made_for = dict.fromkeys(self._made_for, _UNSEEN)
        for folder in self._folders.values():
            folder.office = self.office
            folder.look_again()
        self.hint(None)
        for code, one in self.office.staff.items():
            if one.active and ("approve" in one.rights or "admin" in one.rights):
                self._make_folder(code, first)

    def _unsign(self) -> None:
        """Earlier versions wrote queue files that were the word of whose they are: of the daemon's
        user."""
        if Note.read(_UNSIGNED) is not None:
            return
        for person in self._there():
            for folder in ((), (DECIDED,), (REFUSED,)):
                with contextlib.suppress(OSError), open_beneath(self.office.queue, person, *folder) as home:
                    for name in home.names():
                        files.unsign(home / name)
        with transaction():
            Note.put(_UNSIGNED, "")

    def _make_folder(self, approver: str, is_swept: bool) -> None:
        folder = self._folder(approver)
        try:
            with folder.made() as home:
                if is_swept:
                    files.sweep_temporaries(home)
        except OSError as error:
            log.error("an approver's folder can't be made", folder=str(folder.path), error=str(error))

    def _folder(self, person: str) -> ApproverFolder:
        if person not in self._folders:
            self._folders[person] = ApproverFolder(self.office, person, self._copies, self._look_up)
        return self._folders[person]

    def _look_up(self, item: int) -> tuple[Sheets, Asking] | None:
        assert self._seating is not None
        found = self._seating.askings([item])
        return (Sheets(self.office, found, self._pictures), found[0]) if found else None

    # What the database says

    def _follow(self, now: datetime) -> None:
        """Bring the folders up to date with what waits."""
        monotonic = settling.now()[1]
        self._retry_at = {item: at for item, at in self._retry_at.items() if at > monotonic}
        versions = waiting.versions()
        ended = [item for item in self._made_for if item not in versions and item not in self._retry_at]
        changed = [
            item for item, version in versions.items() if self._made_for.get(item) != version and item not in self._retry_at
        ]
        if ended:
            self._end(ended[:AT_ONCE])
        if changed:
            self._ask(now, changed[:AT_ONCE])
            self._pictures.rest()
        self._has_more |= len(ended) > AT_ONCE or len(changed) > AT_ONCE

    def _ask(self, now: datetime, items: Sequence[int]) -> None:
        """Whoever is asked gets a file that is up to date; whoever is not any more, loses
        theirs."""
        assert self._seating is not None
        askings = self._seating.askings(items)
        asked.note(self.office, now, askings)
        sheets = Sheets(self.office, askings, self._pictures)
        written: list[tuple[int, str]] = []
        over: list[tuple[int, str]] = []
        for asking in askings:
            item, edition = asking.concept.item, asking.concept.edition
            having = [folder for folder in self._folders.values() if item in folder.files]
            over += [(folder.files[item].edition, folder.person) for folder in having if folder.files[item].edition != edition]
            try:
                for folder in having:
                    if folder.person not in asking.people:
                        folder.clear(item, self._why_over(asking, folder.person))
                written += [(edition, one) for one in asking.people if self._folder(one).bring(now, sheets, asking)]
            except OSError as error:
                self._postpone(item, error)
            else:
                self._made_for[item] = asking.concept.version
        for person in {person for _, person in written}:
            try:
                with self._folder(person).made() as home:
                    files.sync((), (home,))
            except OSError as error:
                for item in {edition // 10_000 for edition, one in written if one == person}:
                    self._postpone(item, error)
                written = [one for one in written if one[1] != person]
        if written or over:
            with transaction():
                asked.mark(written, written_at=clock.to_text(now))
                asked.mark(over, is_open=False)

    def _why_over(self, asking: Asking, person: str) -> Sentence:
        name = item_name(asking.concept.item)
        if any(one.by == person for one in asking.decided):
            return sentence("queue.waits_for_others", item=name, person=person, others=list(asking.people))
        return sentence("queue.waits_no_more", item=name, person=person)

    def _end(self, items: Sequence[int]) -> None:
        """These items do not wait any more."""
        rows = {item.id: item for item in Item.select().where(Item.id.in_(items))}
        gone = []
        for item in items:
            try:
                for folder in self._folders.values():
                    if item in folder.files:
                        folder.clear(item, deciding.what_became(rows[item]))
            except OSError as error:
                self._postpone(item, error)
            else:
                del self._made_for[item]
                gone.append(item)
        with transaction():
            asked.close_items(gone)

    def _postpone(self, item: int, error: OSError) -> None:
        self._retry_at[item] = settling.now()[1] + RETRY_SECONDS
        log.error("a queue file can't be written or moved now", item=item_name(item), error=str(error))

    # What the approvers did

    def _read(self, now: datetime) -> None:
        """Look where something was saved, and do what was decided."""
        with self._lock:
            hinted, self._hints, everywhere, self._everywhere = self._hints, set(), self._everywhere, False
        later = {item for item, version in self._made_for.items() if version == _UNSEEN}
        for person in self._there() if everywhere else sorted(hinted):
            folder = self._folder(person) if person in self.office.staff else None
            if folder is not None and files.is_folder(folder.path):
                try:
                    self._has_more |= folder.scan(now, later)
                except OSError as error:
                    log.error("an approver's folder can't be read", folder=str(folder.path), error=str(error))
        for folder in list(self._folders.values()):
            self._has_more |= folder.look_at_due(now)

    def _there(self) -> list[str]:
        """The approvers' folders that are there. One that is gone is written again."""
        try:
            with os.scandir(self.office.queue) as entries:
                there = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        except FileNotFoundError:
            there = set()  # the whole queue is gone: it is made anew
        except OSError as error:
            log.error("the queue can't be read", folder=str(self.office.queue), error=str(error))
            return []
        for person, folder in self._folders.items():
            if person not in there and folder.files:
                for item, file in folder.files.items():
                    file.was_written, self._made_for[item] = False, _UNSEEN
                self._has_more = True
        return sorted(there)
