"""Erasing a person from the office's records on their request (GDPR article 17), with a report.

An admin says that it is done. What goes and what stays is found by erasure_finding.py, anew at the
moment it is done. The steps, with the answer to "killed here?":

 1. database  one transaction. The person's mails, log-ins and openings go. In events, letters and
              receipts `erased-N` stands in their place, and the chain still verifies. Chosen items
              go as retention's do; of chosen files all versions go. The report is kept.
              Killed before: nothing was done. After: the daemon, or the next erasure, goes on at 2.
 2. report    var/erasures/erased-N.json and .html, for the office and for the person.
              Killed? It is written again, the same.
 3. forget    the database forgets the report, and with it who it was.
 4. vault     files that no attachment names any more go (retention.sweep).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from peewee import fn

from dossier.database import file_texts
from dossier.database.database import overwriting, transaction
from dossier.database.search import forget_old_words, search_text
from dossier.database.tables import (
    Attachment,
    Drop,
    Erasure,
    Item,
    Leaving,
    Mail,
    Note,
    Opening,
    Viewed,
    tuples,
)
from dossier.database.web_tables import ApiAnswer
from dossier.files import files
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock, system
from dossier.text.refusals import Conflict, Forbidden, Invalid, Unavailable, fault
from dossier.text.sentences import in_a_row
from dossier.trail import redacting, trail
from workflow.items import items
from workflow.portal_access import access, staff_access
from workflow.retention import erasure_report, retention
from workflow.retention.erasure_finding import plan
from workflow.retention.erasure_plan import ErasurePlan
from workflow.retention.personal import ErasedPerson

FOLDER = "erasures"
"""In var/."""


def look(
    office: Office, now: datetime, person: ErasedPerson, keys: Sequence[int] = (), chosen: Sequence[tuple[int, str]] = ()
) -> ErasurePlan:
    """What would be erased now. Changes nothing."""
    name = f"erased-{int(Erasure.select(fn.MAX(Erasure.id)).scalar() or 0) + 1}"
    return plan(office, now, person, name, keys, chosen)


def erase(
    office: Office,
    now: datetime,
    actor: Actor,
    person: ErasedPerson,
    reason: str,
    keys: Sequence[int] = (),
    chosen: Sequence[tuple[int, str]] = (),
    *,
    language: str,
) -> ErasurePlan:
    """Steps 1 to 3. Not in `transaction()`. `reason` stays in the trail. Raises Refusal, which is
    Unavailable where the person is erased and the report has to wait.

    `language`: of the report.
    """
    if not people.is_admin(office, actor.code):
        raise Forbidden("erasing.not_admin", who=actor.code)
    if not reason.strip():
        raise Invalid([fault("reason", "erasing.needs_reason")])
    if person.is_named_in(reason):
        raise Invalid([fault("reason", "erasing.reason_names")])
    if person.staff == actor.code:
        raise Forbidden("erasing.not_oneself")
    with overwriting(), transaction():
        made = look(office, now, person, keys, chosen)
        if made.obstacles:
            raise Conflict("erasing.nothing_erased", why=in_a_row(made.obstacles))
        number = int(made.pseudonym.rpartition("-")[2])
        told = erasure_report.collect(office, now, actor, made, language)
        Erasure.insert(id=number, at=clock.to_text(now), report=json.dumps(told)).execute()
        _forget_person(made)
        _forget_chosen(office, now, actor, made, reason)
        redacting.redact(now, actor, made.events, reason)
        trail.record(now, actor, "person_erased", None, {"as": made.pseudonym, "reason": reason, "counts": _counts(made)})
    try:
        finish(office)
    except OSError as error:
        raise Unavailable("erasing.report_later", name=made.pseudonym, why=system.why(error)) from error
    return made


def _counts(made: ErasurePlan) -> dict[str, int]:
    counts = dict.fromkeys(("goes", "stays", "by hand"), 0)
    for one in made.findings:
        counts[one.fate] += one.count
    return counts


def _forget_person(made: ErasurePlan) -> None:
    person, name = made.person, made.pseudonym
    for address in person.addresses:
        for table, theirs in access.kept_about(address):
            table.delete().where(theirs).execute()
    for number in made.mails:
        Mail.delete().where(Mail.id == number).execute()
    for number, (payload, error) in made.letters.items():
        Mail.update(payload=payload, error=error).where(Mail.id == number).execute()
    for edition, contact in made.openings:
        for row in Opening.select().where((Opening.edition == edition) & (Opening.contact == contact)):
            same = (Opening.edition == edition) & (Opening.name == row.name) & (Opening.sha256 == row.sha256)
            if Opening.select().where(same & (Opening.contact == name)).exists():  # they had two seats
                Opening.delete().where(same & (Opening.contact == contact)).execute()
            else:
                Opening.update(contact=name).where(same & (Opening.contact == contact)).execute()
    for key in made.notes:
        Note.delete().where(Note.key == key).execute()
    for item in made.contacts:
        Item.update(contact=None, notify=False, version=Item.version + 1).where(Item.id == item).execute()
    for number, (stem, text) in made.drops.items():
        Drop.update(stem=stem, text=text, told=None).where(Drop.id == number).execute()
    if person.staff is not None:
        Viewed.delete().where(Viewed.actor == person.staff).execute()
        for table, theirs in staff_access.kept_of(person.staff, person.addresses):
            table.delete().where(theirs).execute()
    # A program that asks the same again is told how the item is then (desk/actions/tokens.py).
    ApiAnswer.update(status=0, body="").where(ApiAnswer.body.contains('"history": ')).execute()


def _forget_chosen(office: Office, now: datetime, actor: Actor, made: ErasurePlan, reason: str) -> None:
    """Items and files that the admin chose, and that nothing keeps."""
    rows = list(Attachment.select().where(Attachment.id.in_(made.attachments))) if made.attachments else []
    for row in rows:
        Leaving.insert(sha256=row.sha256).on_conflict_ignore().execute()
        Attachment.delete().where(Attachment.id == row.id).execute()
    for key in sorted({row.item for row in rows}):
        item = Item.get_by_id(key)
        left = items.attachments_of(key)
        words = items.text_row(key, items.draft_of(item), [row.name for row in left])
        search_text([words], replace=True)
        file_texts.keep_only(words, {row.sha256 for row in left})
        Item.update(version=Item.version + 1).where(Item.id == key).execute()
        hashes = sorted({row.sha256 for row in rows if row.item == key})
        trail.record(now, actor, "file_erased", key, {"sha256": hashes, "reason": reason})
    for one in made.items:
        retention.forget(office, now, actor, one, {"because": reason}, reason)
    if rows or made.items:
        forget_old_words()


def finish(office: Office) -> None:
    """Steps 2 and 3 of erasures whose report is not on the disk. No `transaction()`. OSError."""
    query: object = Erasure.select(Erasure.id, Erasure.report).where(Erasure.report.is_null(False))
    for number, text in tuples(query):
        files.make_folder(office.var / FOLDER, 0o700)
        told, (for_programs, for_people) = json.loads(text), report_names(office, f"erased-{number}")
        files.write_durably(for_programs, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode(), 0o600)
        files.write_durably(for_people, erasure_report.render(told).encode(), 0o600)
        for remembered in office.var.glob("config.*.json"):  # what config/ said before the person left it (cache.py)
            files.remove(remembered)
        with overwriting(), transaction():
            Erasure.update(report=None).where(Erasure.id == number).execute()


def report_names(office: Office, pseudonym: str) -> tuple[str, str]:
    """Where the report of an erasure lies: for programs, and for people."""
    return f"{office.var}/{FOLDER}/{pseudonym}.json", f"{office.var}/{FOLDER}/{pseudonym}.html"
