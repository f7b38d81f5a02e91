"""Approving and returning: what waits for whom, and the decision itself.

A decision by command, on a page and by a queue file (workflow/queue) is one and the same: each asks
workflow/approval, which asks for the rights and lets the first one stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from desk.actions import many
from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import NotFound, Refusal
from dossier.text.sentences import Sentence
from workflow.approval import waiting
from workflow.queue import strays
from workflow.reports import finding

if TYPE_CHECKING:
    from workflow.approval.deciding import Verdict

FEW = 50
"""Of so many it is asked one by one for whom they wait; of more, all that wait are read at once."""


AND_MORE = "actions.approved_and_more"
"""What became of an item that others have to approve as well."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for a decision."""

    items: Iterator[dict[str, Any]]
    """As `queue --json` tells them, oldest first; to be gone through once, for thousands of them at
    once take longer to find room for than to read."""
    count: int
    """How many wait in all."""


def queue(office: Office, now: datetime, reader: Actor, approver: str | None = None, most: int | None = None) -> Queue:
    """What waits (for this approver), at most so many, as far as the reader may know of it.

    Raises NotFound.
    """
    if approver is not None and approver not in office.staff:
        raise NotFound("people.not_in_staff_yaml", staff=approver)
    may, today = people.readable(office, reader), hours.today(office, now)
    if most is None or most > FEW:
        asked = waiting.who_is_asked(office, today, may)
        keys = [key for key, whom in asked.items() if approver is None or approver in whom]
        count = len(keys)
    else:
        if approver is None:
            keys, count = waiting.oldest_waiting(may, most)
        else:
            keys = waiting.waits_for(office, today, approver, may)
            keys, count = keys[:most], len(keys)
        asked = waiting.who_is_asked(office, today, may, keys)
    return Queue(_told(office, finding.summaries_of_waiting(set(keys[:most]), may), asked, approver), count)


def asked(office: Office, now: datetime, reader: Actor, keys: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Whom each of these items waits for, as far as the reader may know of it."""
    return waiting.who_is_asked(office, hours.today(office, now), people.readable(office, reader), keys)


def _told(
    office: Office, summaries: Iterator[tuple[int, dict[str, Any]]], asked: Mapping[int, Sequence[str]], approver: str | None
) -> Iterator[dict[str, Any]]:
    copies = strays.told_of(office, approver)
    for key, summary in summaries:
        summary["asked"] = asked[key]
        summary["attention"] += copies.get(key, ())
        yield summary


def decide(
    office: Office, now: datetime, actor: Actor, key: int, verdict: Verdict, comment: str = "", content: str | None = None
) -> Sentence:
    """Approve or return one item; tells what became of it. Raises Refusal.

    `content`: the digest of what was looked at; of anything else nothing is decided.
    """
    from workflow.approval import deciding  # whoever lists what waits decides nothing

    with transaction():
        deciding.decide(office, now, actor, key, verdict, comment, content)
        return _became(key, verdict)


def decided_so(actor: Actor, key: int, verdict: Verdict, comment: str, content: str) -> Sentence | None:
    """What `decide` told, if this person decided exactly this before and it still holds; None
    else."""
    from workflow.approval import deciding

    return _became(key, verdict) if deciding.is_decided_so(actor, key, verdict, comment, content) else None


def _became(key: int, verdict: Verdict) -> Sentence:
    from workflow.approval import deciding

    approved = "actions.approved" if deciding.content_waiting(key) is None else AND_MORE
    return Sentence(approved if verdict == "approve" else "actions.returned", {"item": item_name(key)})


def waiting_now(keys: Sequence[int]) -> dict[int, str | None]:
    """Each item → the digest of what waits of it at this moment; None if nothing does."""
    from workflow.approval import deciding

    return {key: deciding.content_waiting(key) for key in keys}


def decide_each(
    office: Office, now: datetime, actor: Actor, contents: Mapping[int, str | None], verdict: Verdict, comment: str = ""
) -> Iterator[tuple[str, Sentence | Refusal]]:
    """Decide on each item, as far as it still is what its digest says: its number, and what became
    of it or why nothing did."""
    return many.each(list(contents), lambda key: decide(office, now, actor, key, verdict, comment, contents[key] or ""))
