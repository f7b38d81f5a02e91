"""Taking an item off the portal, and putting it back.

Whoever withdraws is told who could see the item and who opened it, and the register of data
breaches gets a draft of an entry. The item is withdrawn first: whatever happens to the draft, it
goes off the portal.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from desk.actions.changing import noticed, told_of_withdrawal, whom
from desk.actions.undoing import refuse_changed
from dossier.cluster import presence
from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Unavailable
from dossier.text.sentences import Sentence, sentence
from dossier.vault.opening import open_vault
from workflow.guard.before_change import screened_change
from workflow.items import items
from workflow.items.suspicion import Screened

GONE_WITHIN_SECONDS = 10.0
"""The daemon takes it off within one, also between two batches of a backlog."""

_LOOK_SECONDS = 0.05


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


def wait_until_gone(office: Office, now: datetime, withdrawn: Collection[int]) -> Sentence | None:
    """Wait until the daemon took these off the portal. Without a daemon: that they are still there.

    Raises Unavailable if they still are after GONE_WITHIN_SECONDS.
    """
    until = time.monotonic() + GONE_WITHIN_SECONDS
    while seen := [item_name(key) for key in withdrawn if items.get(key).public is not None]:
        if not presence.daemons(office, now):
            return sentence("actions.off_once_daemon_runs", items=seen)
        if time.monotonic() > until:
            raise Unavailable("actions.still_on_portal", items=seen)
        time.sleep(_LOOK_SECONDS)
    return None


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
