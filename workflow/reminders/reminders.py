"""Reminders to approvers, a digest a day for those who want that instead, and escalation.

All are sent in office hours, in the reader's language, and once: the mark that one was sent (Asked)
is made in the transaction that puts the letter in the outbox. What falls due at the same time is
one letter. Hours count from when the person was asked. For somebody who stands in for another that
is later than the item's age.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import Expression

from dossier.database.database import transaction
from dossier.database.tables import Asked, Edition, Item, Mail, Note, Shown, item_name, tuples
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Conflict, Forbidden
from dossier.text.sentences import Sentence, sentence
from dossier.trail import trail
from workflow.approval import asked, deciding, waiting
from workflow.items import items
from workflow.messages import firm
from workflow.outbox import outbox

LISTED = 100
"""Concepts named in one letter; of more, the oldest and how many there are."""

AT_ONCE = 10_000
"""Rows in one round; the next one takes the rest."""

AGAIN = timedelta(hours=1)
"""Nobody is reminded of an item more often, whoever asks for it."""


def remind(office: Office, now: datetime) -> int:
    """Remind, escalate and send digests as far as they are due; how many letters."""
    if not hours.are_open(office, now):
        return 0
    return _digests(office, now) + _reminders(office, now) + _escalations(office, now)


class Open(NamedTuple):
    """A person was asked and has not decided, and of which item, as the client would see it."""

    edition: int
    person: str
    at: str
    item: int
    client: str
    shown: Shown


def _open(condition: Expression, limit: int = AT_ONCE) -> list[Open]:
    """What is asked and not decided, oldest first, with the item's own words for it."""
    query: object = (
        Asked.select(Asked.edition, Asked.person, Asked.at, Item.id, Item.client, Edition.shown)
        .join(Item, on=(Item.pending == Asked.edition))
        .join(Edition, on=(Edition.id == Asked.edition))
        .where(Asked.is_open & condition)
        .order_by(Asked.at, Asked.edition)
        .limit(limit)
    )
    return [Open(*row) for row in tuples(query)]


def _with_digest(office: Office) -> list[str]:
    return [code for code, person in office.staff.items() if person.digest and person.active]


def _away(office: Office, now: datetime) -> list[str]:
    """Whoever is away is reminded once they are back; meanwhile whoever stands in is asked."""
    today = hours.today(office, now)
    return [code for code, person in office.staff.items() if people.is_away(person, today)]


def _digests(office: Office, now: datetime) -> int:
    """Once a day, all that waits, to who chose that."""
    today, letters = hours.today(office, now), 0
    day, next_day = today.isoformat(), (today + timedelta(days=1)).isoformat()
    for person in _with_digest(office):
        with transaction():
            key = f"digest:{person}"
            if day <= (Note.read(key) or "") <= next_day:  # the next: the clock went back over midnight
                continue
            Note.put(key, day)
            if rows := _open(Asked.person == person):
                _send(office, now, "digest", person, rows)
                letters += 1
    return letters


def _reminders(office: Office, now: datetime) -> int:
    late = clock.to_text(now - timedelta(hours=office.settings.sharing.remind_hours))
    spared = [*_with_digest(office), *_away(office, now)]
    due = Asked.reminded_at.is_null() & (Asked.at <= late) & Asked.person.not_in(spared)
    if not _open(due, 1):
        return 0
    letters: dict[str, list[Open]] = defaultdict(list)
    with transaction():
        rows = _open(due)
        for row in rows:
            letters[row.person].append(row)
        for person, its in letters.items():
            _send(office, now, "reminder", person, its)
        asked.mark([row[:2] for row in rows], reminded_at=clock.to_text(now))
        trail.record_all(now, [trail.NewEvent(trail.DAEMON, "reminded", row.item, {"to": row.person}) for row in rows])
    return len(letters)


def remind_now(office: Office, now: datetime, actor: Actor, key: int) -> Sentence:
    """Remind all others who are asked to decide on an item and have not, as somebody asks for it;
    tells who they are. Called inside `transaction()`. Raises Refusal.

    Whoever was reminded within AGAIN is left alone, and outside of office hours the letter waits
    until the office opens. What is due by the clock stays due.
    """
    item = items.get_for(office, actor, key)
    if refusal := people.why_not_create(office, actor.code, item.client):
        raise Forbidden(refusal)
    if not item.pending:
        raise Conflict(deciding.what_became(item))
    rows = _others(office, now, actor, item)
    if not rows:
        raise Conflict("deciding.nobody_to_remind", item=item_name(key))
    late, at = clock.to_text(now - AGAIN), clock.to_text(now)
    last = {person: moment for person, moment in _last_reminded(key).items() if moment <= at}  # not what a clock ahead noted
    left = [row for row in rows if last.get(row.person, "") <= late]
    if not left:
        who = sorted(row.person for row in rows)
        raise Conflict("deciding.reminded_already", who=who, at=clock.to_the_minute(max(last[one] for one in who)))
    due = hours.next_open(office, now)
    if due > now and (wait := _waiting(item.pending)):
        who = sorted(row.person for row in rows)
        left = [row for row in left if row.person not in wait]
        if not left:
            raise Conflict("deciding.reminded_at_opening", who=who, at=clock.to_the_minute(clock.to_text(due)))
    for row in left:
        _send(office, now, "reminder", row.person, [row], due=due)
        trail.record(now, actor, "reminded", key, {"to": row.person})
    who = sorted(row.person for row in left)
    if due > now:
        return sentence("deciding.reminded_at_opening", who=who, at=clock.to_the_minute(clock.to_text(due)))
    return sentence("deciding.reminded", who=who)


def _waiting(edition: int) -> set[str]:
    """Whose letter about this edition waits until the office opens."""
    letters = Mail.select().where((Mail.kind == "reminder") & (Mail.state == "waiting"))
    return {str(one.recipient) for one in letters if one.payload.get("edition") == edition}


def whom(office: Office, now: datetime, actor: Actor, item: Item) -> list[str]:
    """Who can be reminded of an item: all others who are asked to decide on it and have not."""
    return sorted(row.person for row in _others(office, now, actor, item))


def _others(office: Office, now: datetime, actor: Actor, item: Item) -> list[Open]:
    """Of those who were told that they are asked, who still is: a decision that was just made ends
    that before the daemon's next round does."""
    if not item.pending:
        return []
    asked_now = waiting.who_is_asked(office, hours.today(office, now), items=[item.id]).get(item.id, ())
    rows = _open((Asked.edition == item.pending) & Asked.person.not_in(actor.people))
    return [row for row in rows if row.person in asked_now and office.staff[row.person].active]


def _last_reminded(key: int) -> dict[str, str]:
    """Who was reminded of the item → when last, by the clock or by somebody: the trail has it, but
    for what was erased from it."""
    told = [event for event in trail.history(key) if event["action"] == "reminded"]
    return {event["detail"]["to"]: event["at"] for event in told if "to" in event["detail"]}


def _escalations(office: Office, now: datetime) -> int:
    late = clock.to_text(now - timedelta(hours=office.settings.sharing.escalate_hours))
    due = Asked.escalated_at.is_null() & (Asked.at <= late)
    if not _open(due, 1):
        return 0
    waits_for: dict[int, list[str]] = defaultdict(list)
    letters: dict[str, list[Open]] = defaultdict(list)
    with transaction():
        rows = _open(due)
        for row in rows:
            waits_for[row.edition].append(row.person)
        entries = []
        for row in {row.edition: row for row in rows}.values():
            told = [person for person in _superiors(office, waits_for[row.edition]) if _is_first(row.edition, person, now)]
            for person in told:
                letters[person].append(row)
            entries.append(trail.NewEvent(trail.DAEMON, "escalated", row.item, {"to": told, "waits_for": waits_for[row.edition]}))
        for person, its in letters.items():
            _send(office, now, "escalation", person, its, waits_for)
        asked.mark([row[:2] for row in rows], escalated_at=clock.to_text(now))
        trail.record_all(now, entries)
    return len(letters)


def _superiors(office: Office, approvers: Sequence[str]) -> list[str]:
    """Who is told that an approver does not decide: their substitute, else every admin."""
    told = []
    for approver in approvers:
        substitute = office.staff[approver].substitute if approver in office.staff else None
        if substitute and substitute not in approvers and office.staff[substitute].active:
            told.append(substitute)
    return list(dict.fromkeys(told or people.admins(office)))


def _is_first(edition: int, person: str, now: datetime) -> bool:
    """True once for each person about an edition, however many were asked about it; notes it."""
    return Note.put_first(f"escalation:{edition}:{person}", clock.to_text(now))


def _send(
    office: Office,
    now: datetime,
    kind: str,
    person: str,
    rows: Sequence[Open],
    waits_for: Mapping[int, Sequence[str]] | None = None,
    due: datetime | None = None,
) -> None:
    """Put a letter in the outbox; `waits_for`: edition → who has it, for the reader to ask. `due`:
    when it may go, if it then still waits for them."""
    lines = [_line(office, row) for row in rows[:LISTED]]
    for line, row in zip(lines, rows, strict=False):
        line |= {"asked": [firm.reached(office, code) for code in waits_for[row.edition]]} if waits_for else {}
    payload: dict[str, object] = {"items": lines, "more": len(rows) - len(lines)}
    if due is not None:
        payload["edition"] = rows[0].edition
    outbox.enqueue_to_staff(office, now, kind, None, person, payload, due)


def _line(office: Office, row: Open) -> dict[str, object]:
    client = office.clients.get(row.client)
    return {
        "item": item_name(row.item),
        "client": client.name if client else row.client,
        "description": row.shown["description"],
        "since": clock.local_iso(row.at) or "",
    }
