"""Concepts as an approver sees them: what would be shared, what changed since the last look, what
must be in view. And deciding.

A decision holds for the content that was shown, by its digest: what was changed since is not
decided on by it (CONTRACT section 4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from desk.actions.deciding import decide, decided_so
from desk.actions.item_view import find
from desk.actions.looking_up import NOT_NOTED
from desk.actions.my_work import Waits, to_decide
from dossier.database.database import patience, transaction
from dossier.database.tables import Edition, Shown, Viewed, item_name
from dossier.database.trouble import UNAVAILABLE
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Conflict, NotFound, Refusal
from dossier.text.sentences import Sentence, sentence
from dossier.vault.opening import open_vault
from workflow.approval import deciding
from workflow.approval.waiting import Asking, Seating
from workflow.items import items, suspicion
from workflow.queue import contents
from workflow.queue.pictures import Pictures
from workflow.reports import viewed

log = structlog.get_logger("desk")


SHOWN = "shown "
"""How the kind of a note begins that says that a concept's page was shown. What stood on the page
follows, as a digest."""


@dataclass(frozen=True, slots=True)
class ConceptView:
    key: int
    item: str
    client: str
    content: str
    """The digest to decide on."""
    shown: Shown
    """All that the client would see: {description, explanation, attachments}."""
    not_shared: Sequence[str]
    explanation: str | None
    made_by: str
    made_at: str
    attention: Sequence[Sentence | str]
    changes: Sequence[Sentence | str]
    """What changed since this person's last look, the first line saying since when; nothing for
    what was never seen."""
    before: dict[str, str] | None
    """Name → SHA-256 of the files as this person saw them last; None for what was never seen."""
    remarks: Sequence[Sentence | str]
    may_decide: bool
    is_last: bool
    """No approval but theirs is lacking."""
    why_not: Sentence | str | None
    became: Sentence | str | None
    """What became of it, if it does not wait any more."""
    contact: str | None


def view(office: Office, actor: Actor, now: datetime, key: int, note: bool = False) -> ConceptView:
    """The concept, for this person.

    Raises NotFound for an item that they may not know of. `note`: that it was looked at.
    """
    item = items.get_for(office, actor, key)
    attention = suspicion.attention(item, people.readable(office, actor).clients)
    if note and not viewed.note_shown(now, actor, item, "decision"):
        attention.append(NOT_NOTED)
    if not item.pending:
        last = Edition.get_or_none(Edition.id == (item.standing or item.public))
        shown = last.shown if last is not None else {"description": item.description, "explanation": None, "attachments": []}
        return ConceptView(
            key, item_name(key), item.client, "", shown, (), item.explanation, item.created_by, clock.local_iso(item.created_at) or "",
            attention, (), None, (), False, False, None, deciding.what_became(item), None,
        )  # fmt: skip
    edition = Edition.get_by_id(item.pending)
    [asking] = Seating(office, hours.today(office, now)).askings([key])
    shared = {one["name"] for one in edition.shown["attachments"]}
    before = contents.seen_before(asking.concept, edition, item.standing, actor.code)
    names = ", ".join(office.staff[code].name if code in office.staff else code for code in asking.people)
    why_not = None if asking.seat_of(actor.code) else sentence("desk.not_yours", whom=names or "?")
    return ConceptView(
        key, item_name(key), item.client, edition.content, edition.shown,
        [row.name for row in items.attachments_of(key) if row.name not in shared], item.explanation, edition.made_by,
        clock.local_iso(edition.made_at) or "", attention, contents.changes(asking.concept, edition, item.standing, actor.code),
        {one["name"]: one["sha256"] for one in before[0].shown["attachments"]} if before else None,
        contents.remarks(asking, actor.code, edition.shown), why_not is None, _lacks_one(asking), why_not, None,
        item.contact if item.notify else None,
    )  # fmt: skip


def _lacks_one(asking: Asking) -> bool:
    needed = deciding.needed(asking.concept.approvers, asking.concept.approvals)
    return needed - len(asking.decided) <= 1


def note_shown(now: datetime, actor: Actor, view: ConceptView) -> None:
    """Write down that this person has this concept, and what must be in view of it, before their
    eyes.

    Where that can't be written nothing is approved with something in view, which the page then
    says.
    """
    if not view.content:
        return
    kind = SHOWN + _mark(view.content, view.attention)
    try:
        with patience(viewed.NOTE_SECONDS), transaction():
            mine = (Viewed.actor == actor.code) & (Viewed.subject == view.item) & Viewed.kind.startswith(SHOWN)
            Viewed.delete().where(mine).execute()
            Viewed.insert(actor=actor.code, kind=kind, subject=view.item, at=clock.to_text(now)).execute()
    except UNAVAILABLE as error:
        log.error("that a concept was shown can't be written down", item=view.item, actor=actor.code, error=str(error))


def opened(actor: Actor, waits: Sequence[Waits | ConceptView]) -> set[str]:
    """Those of these concepts whose page this person had before their eyes as they are now."""
    mine = (Viewed.actor == actor.code) & Viewed.subject.in_([one.item for one in waits]) & Viewed.kind.startswith(SHOWN)
    shown = {(row.subject, row.kind) for row in Viewed.select().where(mine)}
    return {one.item for one in waits if (one.item, SHOWN + _mark(one.content, one.attention)) in shown}


def approve_opened(
    office: Office, now: datetime, actor: Actor, chosen: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, Sentence | Refusal]]:
    """Approve these, (item, content), each on its own: what became of it, or why nothing did.

    Only what this person opened and what nothing must be in view of is approved so.
    """
    for name, content in chosen:
        try:
            item = find(office, actor, name)
            key = item.id
            if before := decided_so(actor, key, "approve", "", content):
                yield name, before
                continue
            if not item.pending:
                raise deciding.AlreadyDecided(deciding.what_became(item))
            waits = next(iter(to_decide(office, actor, now, [key])), None)
            if waits is None or waits.content != content or waits.attention or not opened(actor, [waits]):
                raise Conflict("desk.not_opened", item=name)
            yield name, decide(office, now, actor, key, "approve", "", content)
        except Refusal as refusal:
            yield name, refusal


def refuse_unseen(actor: Actor, view: ConceptView) -> None:
    """Raises Conflict if something must be in view of whoever approves this, and this person did
    not have it before their eyes."""
    if view.attention and not opened(actor, [view]):
        raise Conflict("desk.not_seen", item=view.item)


def _mark(content: str, attention: Sequence[Sentence | str]) -> str:
    """All that a decision is about, as a short digest."""
    lines = [content, *(str(line) for line in attention if line != NOT_NOTED)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def preview(office: Office, actor: Actor, now: datetime, key: int) -> str:
    """The client's portal as it would be after approval, as one page.

    Raises NotFound for what does not wait, or is not this person's to know.
    """
    item = items.get_for(office, actor, key)
    askings = Seating(office, hours.today(office, now)).askings([key])
    if not askings:
        raise NotFound("desk.no_item", item=item_name(key))
    pictures = Pictures(office, open_vault(office))
    try:
        page = contents.Sheets(office, askings, pictures).preview(now, askings[0], actor.code)
    finally:
        pictures.rest()
    if page is None:  # no client sees what is approved inside the office
        raise NotFound("desk.no_item", item=item_name(key))
    viewed.note_shown(now, actor, item, "decision")
    return page
