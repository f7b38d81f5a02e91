"""Putting right what went wrong: into the bin, out of it again, to another client.

Each raises Refusal.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from dossier.database.database import transaction
from dossier.database.tables import item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock
from dossier.text.refusals import Conflict
from dossier.text.sentences import Sentence, sentence
from workflow.items import items, undoing
from workflow.reports import finding


def delete(office: Office, now: datetime, actor: Actor, key: int, if_version: int | None = None) -> Sentence:
    """Put an item that no client ever saw into the bin.

    `if_version`: only if it still is this version of the item.
    """
    with transaction():
        refuse_changed(office, actor, key, if_version)
        undoing.delete(office, now, actor, key)
    return sentence("undoing.deleted", item=item_name(key), until=str(_until(office, now)))


def undelete(office: Office, now: datetime, actor: Actor, key: int) -> Sentence:
    """Take an item out of the bin."""
    with transaction():
        undoing.undelete(office, now, actor, key)
    return sentence("undoing.undeleted", item=item_name(key))


def move(office: Office, now: datetime, actor: Actor, key: int, client: str, if_version: int | None = None) -> Sentence:
    """Give an item that no client ever saw to another client. `if_version`: as for `delete`."""
    with transaction():
        refuse_changed(office, actor, key, if_version)
        before = undoing.move(office, now, actor, key, client)
    return sentence("undoing.moved", item=item_name(key), client=client, before=before)


def may_undo(office: Office, actor: Actor, key: int) -> bool:
    """True if this person may delete or move the item as it is now."""
    return undoing.why_not_undo(office, actor, items.get_for(office, actor, key)) is None


def in_bin(office: Office, reader: Actor) -> list[dict[str, object]]:
    """What is in the bin, the latest first, as far as the reader may know of it, as `bin --json`
    tells it.

    From the day `bin_until` on, an admin's `retention run` removes it for good, if nothing says
    that it must be kept.
    """
    return [
        {
            **finding.summary(item), "deleted_by": by, "deleted_at": clock.local_iso(at),
            "bin_until": str(_until(office, clock.from_text(at))),
        }
        for item, by, at in undoing.binned(people.readable(office, reader))
    ]  # fmt: skip


def refuse_changed(office: Office, actor: Actor, key: int, if_version: int | None) -> None:
    """Raises Conflict if the item is another version than this by now; inside `transaction()`."""
    item = items.get_for(office, actor, key)
    if if_version is not None and item.version != if_version:
        raise Conflict("rules.changed_meanwhile", version=item.version)


def _until(office: Office, deleted: datetime) -> date:
    return deleted.astimezone().date() + timedelta(days=office.settings.items.bin_days)
