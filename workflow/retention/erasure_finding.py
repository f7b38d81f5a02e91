"""Where a person's data are in records and folders, what must stay, and why. Reads only.

What may go by the GDPR (article 17) and what may not (its paragraph 3):

    a legal hold      stays, with all that is about that client or item, until it is released
    items and files   of an item whose term runs stay: that is what the term is for. Others go if
                      the admin chose them
    who decided       codes of staff stay as long as the items do: an office must be able to say
                      who approved what
    what was approved stays as it was seen, for a decision holds for just that; it goes with its
                      item
    all else          goes, or has `erased-N` in its place: mails, openings, log-ins, who looked at
                      what, words in the trail

What lies in files that people keep (config/, receipts, refused drops, decided papers) is named, for
people to remove.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dossier.backup import backup
from dossier.database.tables import (
    Attachment,
    Decision,
    Drop,
    Edition,
    EditionNote,
    Item,
    Mail,
    Note,
    Opening,
    Removal,
    Viewed,
    editions_of,
    item_name,
    tuples,
)
from dossier.files import files
from dossier.office.editing import HISTORY
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.names import fold, printable
from dossier.text.refusals import NotFound
from dossier.text.sentences import Sentence, in_a_row, sentence
from dossier.text.yamltext import legible
from dossier.trail import trail
from workflow.messages.kinds import TO_CONTACTS
from workflow.portal_access import access, staff_access
from workflow.retention import retention
from workflow.retention.erasure_plan import ErasurePlan, Fate
from workflow.retention.personal import ErasedPerson

MOST_BYTES = 4 * 1024 * 1024
"""A larger file outside the vault is looked at by its name only."""


def plan(
    office: Office,
    now: datetime,
    person: ErasedPerson,
    pseudonym: str,
    items: Sequence[int] = (),
    chosen: Sequence[tuple[int, str]] = (),
) -> ErasurePlan:
    """What would be erased, and what stays. `items`, `chosen` (item, file): the admin's wish."""
    made = ErasurePlan(person, pseudonym)
    finder = _Finder(office, now, made)
    finder.config()
    finder.logins()
    finder.mails()
    finder.letters()
    finder.opened()
    finder.trail()
    finder.accounts()
    finder.drops()
    finder.items(items, chosen)
    finder.papers()
    finder.backups()
    return made


Found = list[tuple[int | None, str | None, Any]]
"""(the item, the client, what is known of the person there)."""


class _Finder:
    """Looks everywhere, and writes down what it finds in a plan."""

    def __init__(self, office: Office, now: datetime, made: ErasurePlan) -> None:
        self.office, self.plan, self.person = office, made, made.person
        self.today = now.astimezone().date()
        self.held = retention.holds()
        self.client_of: dict[int, str] = dict(tuples(Item.select(Item.id, Item.client)))
        self.removed = {row[0] for row in tuples(Removal.select(Removal.item))}

    def hold_on(self, item: int | None, client: str | None) -> Sentence | None:
        """Which legal hold keeps what is about these."""
        return next(retention.held_by(self.held, client or self.client_of.get(item or 0), item), None)

    def split(self, area: str, subject: str, found: Found) -> list[Any]:
        """Of (item, client, what) those that may go; the others are told as staying."""
        going, staying = [], Counter[Sentence]()
        for item, client, what in found:
            hold = self.hold_on(item, client)
            if hold is None:
                going.append(what)
            else:
                staying[hold] += 1
        self.plan.tell(area, "goes", subject, len(going))
        for hold, count in staying.items():
            self.plan.tell(area, "stays", subject, count, "hold", hold)
        return going

    def config(self) -> None:
        """The person must have left before: else the next mail writes it all down again."""
        for code, contact in self.person.seats:
            client = self.office.clients.get(code)
            if client and any(one.id == contact and one.active for one in client.contacts):
                self.plan.obstacles.append(sentence("erasing.contact_active", who=f"{code}/{contact}"))
        staff = self.office.staff.get(self.person.staff or "")
        if staff is not None and staff.active:
            self.plan.obstacles.append(sentence("erasing.staff_active", who=self.person.staff))

    def logins(self) -> None:
        for address in self.person.addresses:
            counts = [table.select().where(theirs).count() for table, theirs in access.kept_about(address)]
            self.plan.tell("logins", "goes", address, sum(counts))
        if (code := self.person.staff) is not None:
            counts = [table.select().where(theirs).count() for table, theirs in staff_access.kept_of(code, self.person.addresses)]
            self.plan.tell("logins", "goes", code, sum(counts))

    def mails(self) -> None:
        found = []
        for mail in Mail.select():
            is_contact = mail.kind in TO_CONTACTS
            is_theirs = (mail.client, mail.recipient) in self.person.seats if is_contact else mail.recipient == self.person.staff
            if is_theirs or access.folded(mail.email) in self.person.addresses:
                if mail.state == "waiting":
                    self.plan.obstacles.append(sentence("erasing.mail_waits", number=mail.id))
                found.append((mail.item, mail.client, mail.id))
        self.plan.mails = self.split("mails", "outbox", found)

    def letters(self) -> None:
        """Mails to others that name the person."""
        found: Found = []
        for mail in Mail.select().where(Mail.id.not_in(self.plan.mails)):
            told = self.anew(mail.payload, mail.client), self.anew(mail.error, mail.client)
            if told != (mail.payload, mail.error):
                found.append((mail.item, mail.client, (mail.id, told)))
        self.plan.letters = dict(self.split("letters", "outbox", found))

    def anew(self, value: object, client: str | None) -> object:
        return self.person.without_in(value, client, self.plan.pseudonym)

    def opened(self) -> None:
        """What the person opened on the portal, reminders of it, and items they are contact of."""
        rows: Found = []
        contacts: Found = []
        for client, contact in self.person.seats:
            of_client = Item.select(Item.id).where(Item.client == client)
            opened = Opening.select(Opening.edition, Opening.item).distinct()
            for edition, item in tuples(opened.where((Opening.contact == contact) & Opening.item.in_(of_client))):
                rows.append((item, client, (edition, contact)))
            contacts += [(row[0], client, row[0]) for row in tuples(of_client.where(Item.contact == contact))]
            reminders = Note.key.startswith("unopened:") & Note.key.endswith(f":{contact}")
            for (key,) in tuples(Note.select(Note.key).where(reminders)):
                item = int(key.split(":")[1]) // 10_000
                if self.client_of.get(item) == client and self.hold_on(item, client) is None:
                    self.plan.notes.append(key)
        self.plan.openings = self.split("openings", "portal", rows)
        self.plan.contacts = self.split("contact", "items", contacts)

    def trail(self) -> None:
        """Events by the person as a contact or naming them. Of staff: about removed items."""
        contacts = {f"contact:{client}/{contact}": self.plan.pseudonym for client, contact in self.person.seats}
        found: Found = []
        accounts = 0
        for event in trail.events():
            client, instead = self.client_of.get(event.item or 0) or event.subject, contacts
            if self.person.staff is not None and self.person.staff in (event.actor, event.behind):
                if event.item in self.removed and event.action != "erased":
                    instead = {self.person.staff: self.plan.pseudonym}
                else:
                    accounts += 1
            actor, behind = instead.get(event.actor, event.actor), event.behind and instead.get(event.behind, event.behind)
            new = event._replace(actor=actor, behind=behind)
            told = event.said
            if event.action != "erased" and (without := self.anew(told, client)) != told:
                new = new._replace(detail=json.dumps(without, ensure_ascii=False, separators=(",", ":")))
            if new != event:
                found.append((event.item, client, new))
        self.plan.events = self.split("trail", "trail", found)
        self.plan.tell("trail", "stays", "trail", accounts, "account")

    def accounts(self) -> None:
        """What a staff member did: who answers for it stays as long as the item does."""
        code = self.person.staff
        if code is None:
            return
        kept = Item.id.not_in(list(self.removed)) if self.removed else Item.id.is_null(False)
        made = Item.select().where((Item.created_by == code) & kept).count()
        made += Edition.select().where((Edition.made_by == code) | (Edition.approved_by == code)).count()
        made += Decision.select().where((Decision.approver == code) | (Decision.decided_by == code)).count()
        self.plan.tell("account", "stays", "items", made, "account")
        self.plan.tell("viewed", "goes", "items", Viewed.select().where(Viewed.actor == code).count())

    def drops(self) -> None:
        """Receipts and reasons as the database keeps them."""
        found: Found = []
        drops = Drop.select(Drop.id, Drop.client, Drop.item, Drop.stem, Drop.text)
        for number, client, item, stem, text in tuples(drops.where(Drop.cleared)):
            told = self.person.without(stem, client, self.plan.pseudonym), self.person.without(text, client, self.plan.pseudonym)
            if self.person.is_named_in(stem, client) or self.person.is_named_in(text, client):
                found.append((item, client, (number, told)))
        self.plan.drops = dict(self.split("drops", "inbox", found))

    # Items and their files

    def items(self, wanted: Sequence[int], chosen: Sequence[tuple[int, str]]) -> None:
        kept = {one.item: one for one in retention.kept(self.office)}
        for key in wanted:
            if (reason := self.why_not(kept.get(key), key)) is not None:
                self.plan.tell("item", "stays", item_name(key), 1, *reason)
            else:
                self.plan.items.append(kept[key])
                self.plan.tell("item", "goes", item_name(key))
        for key, name in chosen:
            self.file(kept.get(key), key, name)
        going = {one.item for one in self.plan.items}
        for key, one in kept.items():
            if key not in going and self.is_named(key):
                because = self.why_not(one, key)
                fate: Fate = "stays" if because else "by hand"
                self.plan.tell("item", fate, item_name(key), 1, *(because or ("choose",)))

    def why_not(self, one: retention.RetentionState | None, key: int) -> tuple[str, Sentence] | None:
        """(ground, words) for which an item must stay; None if nothing says that it must."""
        if one is None:
            raise NotFound("items.no_such_item", item=item_name(key))
        hold = self.hold_on(key, one.client)
        if hold is not None:
            return "hold", hold
        if one.end.basis and not one.end.is_over(self.today):
            return "term", retention.until_when(one)
        if one.obstacles:
            return "obstacle", in_a_row(one.obstacles)
        return None

    def file(self, one: retention.RetentionState | None, key: int, name: str) -> None:
        """An attachment in all its versions, where the item itself stays."""
        rows = [row for row in Attachment.select().where(Attachment.item == key) if fold(row.name) == fold(name)]
        if not rows:
            raise NotFound("erasing.no_such_attachment", item=item_name(key), name=name)
        reason = self.why_not(one, key)
        item = Item.get_by_id(key)
        open_editions = [edition for edition in (item.pending, item.standing, item.public) if edition is not None]
        hashes = {row.sha256 for row in rows}
        seen = [file for edition in open_editions for file in Edition.get_by_id(edition).shown["attachments"]]
        if reason and reason[0] == "obstacle" and not any(file["sha256"] in hashes for file in seen):
            reason = None  # it is on the portal or waits, but this file isn't part of it
        subject = f"{item_name(key)}/{name}"
        if reason:
            self.plan.tell("file", "stays", subject, len(rows), *reason)
            return
        self.plan.attachments += [row.id for row in rows]
        self.plan.tell("file", "goes", subject, len(rows))
        shown = Edition.select().where(editions_of(key))
        past = sum(any(file["sha256"] in hashes for file in edition.shown["attachments"]) for edition in shown)
        self.plan.tell("shown", "stays", subject, past, "approved")

    def is_named(self, key: int) -> bool:
        item = Item.get_by_id(key)
        texts = [item.description, item.explanation, item.location, *item.labels, *map(str, item.fields.values())]
        files_ = Attachment.select(Attachment.name, Attachment.note).where(Attachment.item == key)
        texts += [text for row in tuples(files_) for text in row]
        editions = Edition.select(Edition.id, Edition.shown).where(editions_of(key))
        texts += [json.dumps(edition.shown, ensure_ascii=False) for edition in editions]
        keys = [edition.id for edition in editions]
        texts += [row[0] for row in tuples(EditionNote.select(EditionNote.text).where(EditionNote.edition.in_(keys)))]
        texts += [row[0] for row in tuples(Decision.select(Decision.comment).where(Decision.edition.in_(keys)))]
        return any(self.person.is_named_in(text) for text in texts if text)

    # Files that people keep

    def papers(self) -> None:
        for path in self._papers():
            try:
                lines = _lines_naming(path, self.person, self._client_at(path))
            except OSError as error:
                self._tell_unread(error, path)
                continue
            for number in lines:
                self.plan.tell("paper", "by hand", f"{self._shown(path)}:{number}" if number else self._shown(path), 1, "people")

    def _tell_unread(self, error: OSError, path: Path | None = None) -> None:
        """A file or folder that this user may not read, or the disk does not give; one that is gone
        by now names nobody."""
        if not isinstance(error, FileNotFoundError):
            self.plan.tell("paper", "by hand", self._shown(path or Path(error.filename)), 1, "unread")

    def _shown(self, path: Path) -> str:
        return printable(str(path.relative_to(self.office.root)) if path.is_relative_to(self.office.root) else str(path))

    def _client_at(self, path: Path) -> str | None:
        """Whose folder of the inbox a file is in: the person's codes are looked for there, too."""
        if path.is_relative_to(self.office.inbox):
            return path.relative_to(self.office.inbox).parts[0]
        return None

    def _papers(self) -> Iterator[Path]:
        office = self.office
        of_var = (office.var / name for name in (HISTORY, "quarantine", "breaches"))
        for top in (office.root / "config", office.inbox, office.queue, *of_var):
            for folder, folders, inside in os.walk(top, onerror=self._tell_unread):
                folders.sort()
                yield from (Path(folder) / name for name in sorted(inside))
        yield office.var / "errors.log"

    def backups(self) -> None:
        last = backup.last()
        if last is not None:
            made = sentence("erasing.last_backup", at=clock.to_the_minute(last["at"]))
            self.plan.tell("backups", "stays", last["to"], 1, "backup", made)


def _lines_naming(path: Path, person: ErasedPerson, client: str | None) -> list[int]:
    """The lines of a file that name somebody; [0] if only its name does. Raises OSError."""
    try:
        data, _ = files.read_plain(path, MOST_BYTES)
    except (FileNotFoundError, files.NotPlain, files.Changed):
        data = b""
    lines = legible(data).splitlines()
    found = [number for number, line in enumerate(lines, 1) if person.is_named_in(line, client)]
    return found or ([0] if person.is_named_in(path.name, client) else [])
