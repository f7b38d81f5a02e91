"""Taking an item off the portal, and putting it back.

Whoever withdraws is told who could see the item and who opened it, and the register of data
breaches gets a draft of an entry. The item is withdrawn first: whatever happens to the draft, it
goes off the portal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from desk.actions.changing import whom
from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.sentences import Sentence, sentence
from dossier.vault.opening import open_vault
from workflow.approval import waiting
from workflow.guard.screening import screened_change
from workflow.items import items, suspicion
from workflow.items.suspicion import Screened
from workflow.reports import breach


def withdraw(office: Office, now: datetime, actor: Actor, key: int, reason: str) -> Sequence[Sentence]:
    """Take the item off the portal, or from its approvers. Tells what could be seen of it, line by line.

    Raises Refusal, and OSError if the draft can't be written; the item is withdrawn then.
    """
    with transaction():
        was_public = items.get(key).public is not None
        items.withdraw(office, now, actor, key, reason)
    seen = breach.exposure(office, now, key) if was_public else None
    if seen is None:
        return [sentence("actions.withdrawn_unseen", item=item_name(key))]
    path = breach.write_draft(office, now, actor, reason, seen)
    return [
        sentence("actions.withdrawn", item=item_name(key)), *breach.told(seen), sentence("actions.breach_draft", path=str(path)),
    ]  # fmt: skip


def put_back(office: Office, now: datetime, actor: Actor, key: int) -> Sequence[Sentence]:
    """Put back on the portal what was approved before it was withdrawn; tells what became of it. Raises Refusal."""
    found: list[Screened] = []

    def restore(screened: Screened) -> bool:
        found[:] = [screened]
        with transaction():
            return items.restore(office, now, actor, key, screened)

    item = items.get_for(office, actor, key)
    shares = partial(items.would_restore, office, actor, key)
    is_present = screened_change(office, open_vault(office), item.client, shares, restore)
    if suspicion.holds(office, found[0]):
        asked = waiting.people_asked(office, key, hours.today(office, now))
        held = sentence("actions.item_waits_for", item=item_name(key), whom=whom(asked))
        return [
            held,
            *suspicion.for_reader(suspicion.sentences(office, item.client, found[0]), people.readable(office, actor).clients),
        ]
    return [sentence("actions.goes_back" if is_present else "actions.goes_back_as_it_was", item=item_name(key))]
