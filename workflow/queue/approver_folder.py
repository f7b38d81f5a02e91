"""One approver's folder of the queue: files brought up to date, read once saved, moved when done.

The folder is the approver's and may hold anything: links are not followed, and what is no plain
file is moved aside. What the approver typed is theirs alone: a file is only replaced if it is still
the one that was read. What is refused stays in it, with `# !` lines on top that say why. Which
files there should be, queue.py knows.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dossier.database.database import transaction
from dossier.database.tables import Item, item_key, item_name
from dossier.files import files, moves, settling
from dossier.files.beneath import At, Folder, open_beneath, open_folder
from dossier.files.files import Look
from dossier.files.settling import Settling
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Refusal
from dossier.text.sentences import Sentence, sentence
from workflow.approval import asked, deciding
from workflow.approval.waiting import Asking
from workflow.queue import paper, strays, writing
from workflow.queue.contents import Sheets
from workflow.queue.copies import Copies
from workflow.queue.paper import ReturnedPaper, Sheet

log = structlog.get_logger("queue")

DELETED_SECONDS = 2.0
"""A queue file that is gone so long was deleted; an editor that saves by rename is quicker."""

RETRY_SECONDS = 30
"""How long a file that could not be read or written (disk full, no permission) is left alone."""

_CHANGED, _DELETED, _EMPTIED = sentence("queue.item_changed"), sentence("queue.was_deleted"), sentence("queue.was_emptied")

LookUp = Callable[[int], tuple[Sheets, Asking] | None]
"""Item → who is asked about it now; None if it does not wait."""


@dataclass(slots=True)
class QueueFile:
    """A queue file that should be there."""

    edition: int
    was_written: bool
    """It was there once; if it is gone, somebody deleted it."""
    look: Look | None = None
    """As it was when we wrote or judged it last; None: to be judged."""
    text: int = 0
    """Hash of what we wrote."""
    is_typed: bool = False
    """Something is in it that is the approver's, or a reason why that was refused."""
    beside: tuple[int, ...] = ()
    """What was written in it beside the content: paper.beside."""
    gone_since: float | None = None


class ApproverFolder:
    """The folder of one approver."""

    def __init__(self, office: Office, person: str, copies: Copies, look_up: LookUp) -> None:
        self.office = office
        self.person = person
        self.path = office.queue / person
        self.files: dict[int, QueueFile] = {}
        self.again_at: dict[str, float] = {}
        """File name → when to look at it again, in monotonic seconds."""
        self.settling = Settling(office.settings.watch.settle_seconds)
        self._copies = copies
        self._look_up = look_up
        self._uninvited: dict[str, Look] = {}

    def look_again(self) -> None:
        """The configuration has changed: what was refused may be allowed now."""
        self.settling.settle_seconds = self.office.settings.watch.settle_seconds
        for file in self.files.values():
            file.look = None if file.is_typed else file.look

    def bring(self, now: datetime, sheets: Sheets, asking: Asking) -> bool:
        """See that the approver has the file of the present edition; True if it is new to them."""
        with self.made() as home:
            return self._bring(now, home, sheets, asking)

    def made(self) -> Folder:
        """The folder, held open; made before, if it lacks. Raises OSError: a link is none."""
        files.make_folder(self.office.queue)
        with open_folder(self.office.queue) as queue:
            return files.made_folder(queue / self.person, 0o700)

    def _bring(self, now: datetime, home: Folder, sheets: Sheets, asking: Asking) -> bool:
        item, edition = asking.concept.item, asking.concept.edition
        place, sheet = _place(home, item), sheets.sheet(asking, self.person)
        file = self.files.setdefault(item, QueueFile(edition, False))
        if (beside := paper.beside(sheet)) not in file.beside:
            file.beside = (*file.beside, beside)
        is_other = file.edition != edition
        if is_other or not (
            self._copies.are_whole(home / sheet.item, sheet.shown) if file.look is None else files.is_folder(home / sheet.item)
        ):
            self._make_copies(now, home, sheets, asking)
        if is_other:
            file.edition, file.was_written = edition, False
        there, text = files.look(place), paper.render(sheet).encode()
        if there is None:
            if file.was_written:  # deleted, or being saved at this moment
                self._look_again(place.name, 0.0)
                return False
            return self._put(place, file, text, None)
        if not _is_same(file.look, there):
            # Unknown after a start, or saved just now. What we wrote ourselves needs no second
            # look.
            data, seen = files.read_plain(place, paper.limits_for(sheet, text).bytes + 1)
            if _is_nothing(data):
                return self._put(place, file, text, seen)
            if data != text:
                file.look = None
                self._look_again(place.name, 0.0)
                return False
            is_new = not file.was_written
            file.look, file.text, file.was_written = seen, hash(text), True
            return is_new
        if is_other:
            data, seen = files.read_plain(place, paper.limits_for(sheet, text).bytes + 1)
            return self._renew(place, file, sheet, data, seen, paper.read(data, sheet, file.beside), [_CHANGED])
        if not file.is_typed and file.text != hash(text):
            self._put(place, file, text, there)
        return False

    def _make_copies(self, now: datetime, home: Folder, sheets: Sheets, asking: Asking) -> None:
        sheet = sheets.sheet(asking, self.person)
        self._copies.make(home, sheet.item, sheet.shown, sheet.made_at, sheets.preview(now, asking, self.person))

    def clear(self, item: int, outcome: Sentence | str) -> None:
        """Move the file away: there is nothing for the approver to decide on this item any more."""
        with contextlib.suppress(FileNotFoundError), self._open() as home:
            self._put_away(_place(home, item), outcome)
        self.files.pop(item, None)

    def _open(self) -> Folder:
        return open_beneath(self.office.queue, self.person)

    def scan(self, now: datetime, comes_later: Container[int]) -> bool:
        """Compare the folder with what should be in it, and read what is new; True if decided.

        `comes_later`: items whose files will be brought up to date in another round; they are left
        alone.
        """
        expected = {f"{item_name(item)}.yaml": file for item, file in self.files.items()}
        names, folders, odd = set(), set(), []
        with self._open() as home:
            for entry in home.entries():
                if entry.name.startswith((".", "_", "~")):
                    continue
                if not entry.name.lower().endswith((".yaml", ".yml")) and strays.item_meant(entry.name) is None:
                    folders.add(entry.name)
                    continue
                names.add(entry.name)
                file = expected.get(entry.name)
                seen = file.look if file else self._uninvited.get(entry.name)
                if seen is None or not _is_same(seen, Look.of(entry.stat(follow_symlinks=False))):
                    odd.append(entry.name)
            self.settling.forget(home, names)
            odd += [name for name in expected if name not in names or name.removesuffix(".yaml") not in folders]
            decided = [self._consider(now, home / name) for name in odd if _key_of(name) not in comes_later]
        return any(decided)

    def look_at_due(self, now: datetime) -> bool:
        """Look into the files whose time has come; True if anything was decided."""
        monotonic = settling.now()[1]
        due = [name for name, at in self.again_at.items() if at <= monotonic]
        if not due:
            return False
        try:
            with self.made() as home:
                for name in due:
                    del self.again_at[name]
                decided = [self._consider(now, home / name) for name in due]
        except OSError as error:
            log.error("an approver's folder can't be read", folder=str(self.path), error=str(error))
            self.again_at.update(dict.fromkeys(due, monotonic + RETRY_SECONDS))
            return False
        return any(decided)

    def _look_again(self, name: str, seconds: float) -> None:
        at = settling.now()[1] + seconds
        self.again_at[name] = min(self.again_at.get(name, at), at)

    def _consider(self, now: datetime, place: At) -> bool:
        """Look into one file, and do what it says; True if that decided something."""
        name, item = place.name, _key_of(place.name)
        file = self.files.get(item) if item is not None else None
        try:
            seen = files.look(place)
            if seen is None:
                if file is not None:
                    self._bring_back(now, place, file)
                return False
            if file is not None:
                file.gone_since = None
            if _is_same(file.look if file else self._uninvited.get(name), seen):
                if file is not None:
                    self._sheet_for(now, place)  # its copies were deleted
                return False
            left = self.settling.seconds_left(place.folder, name, seen, *settling.now())
            if left > 0:
                self._look_again(name, left)
                return False
            return self._judge(now, place, file)
        except files.Changed:
            self._look_again(name, settling.OPEN_RETRY_SECONDS)
        except OSError as error:
            log.error("a queue file can't be dealt with now", path=str(place), error=str(error))
            self._look_again(name, RETRY_SECONDS)
        return False

    def _bring_back(self, now: datetime, place: At, file: QueueFile) -> None:
        """A queue file is gone: write it again, once it is sure that no editor is about to."""
        reason, monotonic = _DELETED, settling.now()[1]
        if files.exists(place):
            reason = sentence("queue.no_plain_file", name=writing.set_aside(place))
            file.gone_since = monotonic - DELETED_SECONDS
        file.gone_since = file.gone_since or monotonic
        if (left := file.gone_since + DELETED_SECONDS - monotonic) > 0:
            self._look_again(place.name, left)
            return
        sheet = self._sheet_for(now, place)
        if sheet is not None:
            file.gone_since = None
            self._put(place, file, paper.render(sheet, [reason]).encode(), None)

    def _sheet_for(self, now: datetime, place: At) -> Sheet | None:
        """One file's sheet, its copies beside it; None if the item does not wait for this
        person."""
        found = self._look_up(item_key(_copies_of(place).name))
        if found is None or found[1].seat_of(self.person) is None:
            return None
        if not files.is_folder(_copies_of(place)):
            self._make_copies(now, place.folder, *found)
        return found[0].sheet(found[1], self.person)

    def _judge(self, now: datetime, place: At, file: QueueFile | None) -> bool:
        """Read a file that was saved and do what it says, or say why not; True if it decided."""
        sheet = self._sheet_for(now, place) if file is not None else None
        if sheet is None or file is None:
            self._judge_uninvited(place)
            return False
        limit = paper.limits_for(sheet).bytes
        data, seen = files.read_plain(place, limit + 1)
        if len(data) > limit:
            aside = writing.set_aside(place)
            reason = sentence("queue.too_large", kb=limit // 1024, name=aside)
            self._put(place, file, paper.render(sheet, [reason]).encode(), None)
            return False
        if _is_nothing(data):
            self._put(place, file, paper.render(sheet, [_EMPTIED]).encode(), seen)
            return False
        reading = paper.read(data, sheet, file.beside)
        if stranger := self._stranger(seen):
            reason = sentence("queue.saved_by", stranger=stranger, person=self.person)
            self._renew(place, file, sheet, data, seen, reading, [reason])
        elif reading.is_outdated:
            self._put(place, file, paper.render(sheet).encode(), seen)
        elif reading.is_of_another:
            self._renew(place, file, sheet, data, seen, reading, reading.reasons)
        elif reading.verdict is not None:
            return self._decide(now, place, file, sheet, data, seen, reading)
        else:
            self._complain(place, file, data, seen, reading)
        return False

    def _stranger(self, seen: Look) -> str | None:
        """The other staff member whose file this is, if it is one's.

        A file of the daemon's own user tells nothing: it is the one the daemon wrote, and an editor
        that saves in place leaves it so. Nor does one of somebody who is no staff member: a file
        server's user, an administrator.
        """
        owner = people.owner_of(self.office, people.user_name(seen.uid))
        return owner if owner not in (None, self.person) and seen.uid != os.geteuid() else None

    def _decide(
        self, now: datetime, place: At, file: QueueFile, sheet: Sheet, data: bytes, seen: Look, reading: ReturnedPaper
    ) -> bool:
        assert reading.verdict is not None
        key, verdict, owner = item_key(sheet.item), reading.verdict, people.user_name(seen.uid)
        behind = None if seen.uid == os.geteuid() or owner == self.office.staff[self.person].os_user else f"os:{owner}"
        actor = Actor(self.person, "queue", behind)
        try:
            with transaction():
                state = deciding.decide(self.office, now, actor, key, verdict, reading.comment, sheet.content)
        except deciding.AlreadyDecided as refusal:
            outcome = refusal.sentence
        except Refusal as refusal:
            self._complain(place, file, data, seen, ReturnedPaper(reading.typed, reading.content, None, "", (refusal.sentence,)))
            return False
        else:
            log.info("decided", item=sheet.item, by=self.person, decision=verdict, share_state=state)
            code = "queue.approved_with_this" if verdict == "approve" else "queue.rejected_with_this"
            outcome = sentence(code, item=sheet.item, person=self.person)
        self._put_away(place, outcome)
        self.files.pop(key, None)
        with transaction():
            asked.mark([(file.edition, self.person)], is_open=False)
        return True

    def _judge_uninvited(self, place: At) -> None:
        """A file that nobody asked for: a copy, an old version, or something else altogether."""
        item = _key_of(place.name)
        row = Item.get_or_none(Item.id == item) if item is not None else None
        if row is not None and row.pending is None:
            self._put_away(place, deciding.what_became(row))
            return
        data, seen = files.read_plain(place, writing.MOST_BYTES)
        reason, meant = None, strays.item_meant(place.name)
        if row is not None:
            reason = sentence("queue.waits_not_for", item=item_name(row.id), person=self.person)
        elif item is not None:
            reason = sentence("queue.no_item", item=item_name(item))
        elif meant is not None:
            copy = sentence("queue.copy", card=f"{item_name(meant)}.yaml")
            reason = copy if paper.is_text(data) else None
        elif paper.is_queue_file(data):
            reason = sentence("queue.wrong_name")
        if (
            reason is not None
            and seen.size < writing.MOST_BYTES
            and (text := paper.with_reasons(data, [reason], self._language)) != data
        ):
            log.info("queue file refused", item=_copies_of(place).name, path=str(place), reason=str(reason))
            written = moves.replace_if_same(place, text, seen)
            if written is None:
                self._look_again(place.name, settling.OPEN_RETRY_SECONDS)
                return
            seen = written
        self._uninvited[place.name] = seen

    # Writing

    def _put(self, place: At, file: QueueFile, text: bytes, seen: Look | None) -> bool:
        """Put a queue file in place of what was `seen`; False if something else lies there."""
        look = moves.replace_if_same(place, text, seen)
        if look is None:
            self._look_again(place.name, settling.OPEN_RETRY_SECONDS)
            return False
        file.look, file.text, file.is_typed, file.was_written = look, hash(text), text.startswith(b"# !"), True
        return True

    def _complain(self, place: At, file: QueueFile, data: bytes, seen: Look, reading: ReturnedPaper) -> None:
        """Put the reasons on top of the file (none: take old ones off); the rest stays.

        With nothing typed, old ones stay as well until it is saved again: they tell why it was
        written anew, and nobody need have read them before a start or another configuration.
        """
        if reading.is_blank and file.look is None and paper.has_reasons(data):
            file.look, file.is_typed = seen, True
            return
        text = paper.with_reasons(data, reading.reasons, self._language)
        if reading.reasons:
            log.info("queue file refused", item=_copies_of(place).name, path=str(place), reason=str(reading.reasons[0]))
        if text == data:
            file.look = seen
        elif not self._put(place, file, text, seen):
            return  # saved again meanwhile
        file.is_typed = not reading.is_blank

    def _renew(
        self,
        place: At,
        file: QueueFile,
        sheet: Sheet,
        data: bytes,
        seen: Look,
        reading: ReturnedPaper,
        reasons: Sequence[Sentence | str],
    ) -> bool:
        """Write a file about something else, or somebody else's, anew; what was typed stays."""
        typed = paper.typed_lines(reading)
        if typed or reading.is_broken:
            typed.append(sentence("queue.saved_copy", name=writing.keep_copy(place, data)))
        log.info("queue file written anew", item=_copies_of(place).name, path=str(place), reason=str(reasons[0]))
        return self._put(place, file, paper.render(sheet, [*reasons, *typed]).encode(), seen)

    def _put_away(self, place: At, outcome: Sentence | str) -> None:
        """Move a file away that has nothing to decide any more, and its copies."""
        self.again_at.pop(place.name, None)
        self._uninvited.pop(place.name, None)
        if writing.put_away(place, [outcome], self._language):
            self._copies.retire(_copies_of(place))
        else:
            self._look_again(place.name, settling.OPEN_RETRY_SECONDS)

    @property
    def _language(self) -> str:
        return self.office.settings.office.language


def _place(home: Folder, item: int) -> At:
    """The queue file of an item in an approver's folder."""
    return home / f"{item_name(item)}.yaml"


def _copies_of(place: At) -> At:
    """The folder beside a queue file, that has its name."""
    return place.with_name(place.name.rpartition(".")[0])


def _key_of(name: str) -> int | None:
    """The item that a queue file's name tells; None for any other name."""
    try:
        key = item_key(name.removesuffix(".yaml"))
    except ValueError:
        return None
    return key if f"{item_name(key)}.yaml" == name else None


def _is_nothing(data: bytes) -> bool:
    """True for what a power cut or a full disk leaves of an unsynced file or an editor's."""
    return not data.strip(b"\0")


def _is_same(known: Look | None, seen: Look) -> bool:
    return known is not None and known.is_same_content(seen)
