"""Taking an item off the portal, and putting it back.

Whoever withdraws is told who could see the item and who opened it, and the register of data
breaches gets a draft of an entry. The item is withdrawn first: whatever happens to the draft, it
goes off the portal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from desk.actions.changing import noticed, told_of_withdrawal, whom
from desk.actions.undoing import refuse_changed
from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.sentences import Sentence, sentence
from dossier.vault.opening import open_vault
from workflow.guard.before_change import screened_change
from workflow.items import items
from workflow.items.suspicion import Screened


def withdraw(
    office: Office, now: datetime, actor: Actor, key: int, reason: str, if_version: int | None = None
) -> Sequence[Sentence]:
    """Take the item off the portal, or from its approvers.

    Tells what could be seen of it, line by line.

    `if_version`: only if it still is this version of the item. Raises Refusal.
    """
    with transaction():
        refuse_changed(office, actor, key, if_version)
        items.withdraw(office, now, actor, key, reason)
    return told_of_withdrawal(office, now, key)


def put_back(office: Office, now: datetime, actor: Actor, key: int, if_version: int | None = None) -> Sequence[Sentence]:
    """Put back on the portal what was approved before it was withdrawn; tells what became of it.

    Raises Refusal.

    `if_version`: as for `withdraw`.
    """
    found: list[Screened] = []

    def restore(screened: Screened) -> bool:
        found[:] = [screened]
        with transaction():
            refuse_changed(office, actor, key, if_version)
            return items.restore(office, now, actor, key, screened)

    item = items.get_for(office, actor, key)
    shares = partial(items.would_restore, office, actor, key)
    is_present = screened_change(office, open_vault(office), item.client, shares, restore)
    if items.get(key).share_state == "concept":
        held = sentence("actions.item_waits_for", item=item_name(key), whom=whom(office, now, key))
        return [held, *noticed(office, actor, item.client, found[0])]
    return [sentence("actions.goes_back" if is_present else "actions.goes_back_as_it_was", item=item_name(key))]
