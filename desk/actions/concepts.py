"""Concepts as an approver sees them: what would be shared, what changed since the last look, what must be in view. And deciding.

A decision holds for the content that was shown, by its digest: what was changed since is not
decided on by it (CONTRACT section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.actions.looking_up import NOT_NOTED
from dossier.database.tables import Edition, item_name
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.sentences import Sentence, sentence
from workflow.approval import deciding
from workflow.approval.waiting import Seating
from workflow.items import items, suspicion
from workflow.queue import contents
from workflow.reports import finding


@dataclass(frozen=True, slots=True)
class ConceptView:
    key: int
    item: str
    client: str
    content: str
    """The digest to decide on."""
    shown: dict[str, Any]
    """All that the client would see: {description, explanation, attachments}."""
    not_shared: Sequence[str]
    explanation: str | None
    made_by: str
    made_at: str
    attention: Sequence[Sentence | str]
    changes: Sequence[Sentence | str]
    """What changed since this person's last look, the first line saying since when; nothing for what was never seen."""
    before: dict[str, str] | None
    """Name → SHA-256 of the files as this person saw them last; None for what was never seen."""
    remarks: Sequence[Sentence | str]
    may_decide: bool
    why_not: Sentence | str | None
    became: Sentence | str | None
    """What became of it, if it does not wait any more."""
    contact: str | None


def view(office: Office, actor: Actor, now: datetime, key: int, note: bool = False) -> ConceptView:
    """The concept, for this person. Raises NotFound for an item that they may not know of. `note`: that it was looked at."""
    item = items.get_for(office, actor, key)
    attention = suspicion.attention(item, people.readable(office, actor).clients)
    if note and not finding.note_shown(now, actor, item, "decision"):
        attention.append(NOT_NOTED)
    if not item.pending:
        last = Edition.get_or_none(Edition.id == (item.standing or item.public))
        shown = last.shown if last is not None else {"description": item.description, "explanation": None, "attachments": []}
        return ConceptView(
            key, item_name(key), item.client, "", shown, (), item.explanation, item.created_by, clock.shown(item.created_at) or "",
            attention, (), None, (), False, None, deciding.what_became(item), None,
        )  # fmt: skip
    edition = Edition.get_by_id(item.pending)
    [asking] = Seating(office, hours.today(office, now)).askings([key])
    shared = {one["name"] for one in edition.shown["attachments"]}
    before = contents.seen_before(asking.concept, edition, item.standing, actor.code)
    names = ", ".join(office.staff[code].name if code in office.staff else code for code in asking.people)
    why_not = None if asking.desk_of(actor.code) else sentence("desk.not_yours", whom=names or "?")
    return ConceptView(
        key, item_name(key), item.client, edition.content, edition.shown,
        [row.name for row in items.attachments_of(key) if row.name not in shared], item.explanation, edition.made_by,
        clock.shown(edition.made_at) or "", attention, contents.changes(asking.concept, edition, item.standing, actor.code),
        {one["name"]: one["sha256"] for one in before[0].shown["attachments"]} if before else None,
        contents.remarks(asking, actor.code), why_not is None, why_not, None, item.contact if item.notify else None,
    )  # fmt: skip
