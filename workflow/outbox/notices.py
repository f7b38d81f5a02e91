"""Notices: what staff hear of items and drops at once, once a day, or never (config/staff.yaml).

A notice is a mail like any other, a row of the outbox written in the transaction of the change it
tells of; so a crash tells nothing twice. The first goes at once. What comes within ten minutes of
it waits until these are over, and goes as one letter; so does what somebody wants once a day, at
office.daily_at. Which words a notice has is found out when it is sent (workflow/mail/noticing.py).

An import tells nobody anything: who brought in an archive of ten thousand items knows it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal

from dossier.database.database import transaction
from dossier.database.tables import Item, Mail, Note, tuples
from dossier.office import hours
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.names import IMPORTED
from dossier.text.sentences import packed, sentence
from dossier.trail import trail
from workflow.messages.kinds import NOTICES, TOGETHER
from workflow.outbox import addressees, outbox

Kind = Literal["decide", "approved", "returned", "held", "published", "refused", "waiting", "opened", "failed", "due"]

PAUSE_SECONDS = 600
"""So long after a first letter to a person nothing more goes; then all of it as one."""

_IMPORT = re.compile(IMPORTED + "[0-9a-f]{20}(/.*)?")

_LAST = "notices:"


def tell(
    office: Office,
    now: datetime,
    kind: Kind,
    code: str,
    item: Item | None,
    payload: Mapping[str, object],
    client: str | None = None,
) -> None:
    """Tell this staff member, if and when they want to hear of it. In `transaction()`.

    `item`: the item it is about; None for a drop, and then `client` says whose. Somebody who has
    left is told nothing.
    """
    choice, to = _choice(office, code, kind), addressees.of_staff(office, code)
    if choice == "never" or to is None:
        return
    due = hours.next_daily(office, now) if choice == "daily" else _next_letter(code, now)
    letter, whose = "guard" if kind == "held" else kind, client if item is None else item.client
    outbox.enqueue(office, now, letter, item, whose, code, to, payload, due)


def call_off_waiting(drops: Collection[str]) -> None:
    """Nobody is told any more that these drops wait. In `transaction()`."""
    for mail in list(Mail.select().where((Mail.kind == "waiting") & (Mail.state == "waiting"))):
        if mail.payload["drop"] in drops:
            error = packed(sentence("mail.waits_no_more"))
            Mail.update(state="cancelled", error=error).where(Mail.id == mail.id).execute()


def _choice(office: Office, code: str, kind: Kind) -> str:
    person = office.staff.get(code)
    if person is None:
        return "never"
    chosen: str | None = getattr(person.notices, kind)
    return chosen or ("never" if person.digest else "now")


def _next_letter(code: str, now: datetime) -> datetime:
    """When the next letter to this person may go: now, or when the pause is over."""
    last = Note.read(_LAST + code)
    over = clock.from_text(last) + timedelta(seconds=PAUSE_SECONDS) if last is not None else now
    if over <= now or over > now + timedelta(seconds=PAUSE_SECONDS):  # the clock has been put back
        _begin_pause(code, now)
        return now
    is_of_now = last is not None and last == clock.to_text(now)  # told in the same moment: they go together
    return now if is_of_now else over


def _begin_pause(code: str, now: datetime) -> None:
    Note.put(_LAST + code, clock.to_text(now))


def gather(office: Office, now: datetime, at_once: bool = False) -> None:
    """Make one letter of what is due for a person; `at_once`: also of what waits its minutes.

    Not inside `transaction()`.
    """
    soon = clock.to_text(now + timedelta(seconds=PAUSE_SECONDS))
    at = soon if at_once else clock.to_text(now)
    single = (Mail.state == "waiting") & Mail.kind.in_(NOTICES) & Mail.within.is_null() & (Mail.attempts == 0)
    due = Mail.select(Mail.recipient).where(single & (Mail.due_at <= at)).distinct()
    for (code,) in tuples(due):
        to = addressees.of_staff(office, code)
        mine = single & (Mail.recipient == code) & (Mail.due_at <= soon)
        with transaction():
            count = Mail.select().where(mine).count()
            _begin_pause(code, now)
            if count > 1 and to is not None:
                number = outbox.enqueue(office, now, TOGETHER, None, None, code, to, {})
                Mail.update(within=number).where(mine).execute()
            else:
                Mail.update(due_at=clock.to_text(now)).where(mine & (Mail.due_at > clock.to_text(now))).execute()


def imported(items: Collection[int]) -> set[int]:
    """Those of these items that an import brought in."""
    made = trail.of_items(items, ("created",))
    return {event.item for event in made if event.item and _IMPORT.fullmatch(str(event.said.get("source", "")))}
