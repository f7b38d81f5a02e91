"""What a client sees on the portal now, and who opened what of it.

On the portal now is what publishing.py wrote down as public, unless it was withdrawn or its client
taken off since: then it is seen no more from that very moment, though the folder may need a second.
A contact is shown nothing but what these queries give, and they are asked with the contact's own
clients in them: what is another's, what was withdrawn and what never was are one and the same
nothing.

What was changed in the database since it was approved (fitting.py) is not shown.

Opened means: its page was asked for, or a file of it, by a browser that is logged in. A mail
scanner is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dossier.database.grouped import GROUPED
from dossier.database.prepared import Prepared
from dossier.database.tables import Edition, Item, Note, Opening, item_name
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import trail
from workflow.approval import fitting
from workflow.approval.fitting import Fitting, Standing
from workflow.outbox import notices
from workflow.portal import showing
from workflow.portal.pages import ShownFile, ShownItem
from workflow.portal_access.access import Seat
from workflow.portal_access.lines import Line

AGAIN_SECONDS = 60
"""A page loaded again within this, or another part of a file begun within it, is the same."""


@dataclass(frozen=True, slots=True)
class PublicItem:
    """An item that a client sees now: its key, whose, which edition of it, and what is in it."""

    key: int
    client: str
    edition: int
    what: ShownItem


def find_shown(office: Office, clients: Sequence[str], key: int) -> PublicItem | None:
    """The item, if one of these clients sees it now."""
    return _public(office, clients, [key]).get(key)


def load_shown(office: Office, client: str, lines: Sequence[Line]) -> list[PublicItem]:
    """These lines with all that is in them, in order; without those that went meanwhile."""
    found = _public(office, [client], [line.key for line in lines])
    return [found[line.key] for line in lines if line.key in found]


_PUBLIC = Prepared(
    lambda keys, clients, never: (
        Item.select(Item.published_at, Item.location, *fitting.COLUMNS)
        .join(Edition, on=(Item.public == Edition.id))
        .where(Item.id.in_(keys) & Item.client.in_(clients) & Item.standing.is_null(False))
        .where(Item.type.is_null() | Item.type.not_in(never))
    )
)
_fitting = Fitting()


def _public(office: Office, clients: Sequence[str], keys: list[int]) -> dict[int, PublicItem]:
    """What these clients see of these items, by key, with the pictures and archives that are up."""
    rows = _PUBLIC.rows(keys, list(clients), [*showing.never_shared(office), ""])
    found = [(published_at, place, Standing(*rest)) for published_at, place, *rest in rows]
    made = {(extra.item, extra.source): extra for extra in showing.extras_of(one.item for _, _, one in found)}
    unfit = _fitting.misfits(one for _, _, one in found)
    for key, reason in unfit.items():
        import structlog  # takes longer to import than most commands last

        log = structlog.get_logger("portal")
        log.error("not shown: it is not what was approved", item=item_name(key), reason=str(reason))
    return {
        one.item: PublicItem(
            one.item, one.client, one.edition, showing.shown_item(published_at, one.item, one.shown, place, made)
        )
        for published_at, place, one in found
        if one.item not in unfit
    }


# Openings


def record(
    office: Office,
    now: datetime,
    seats: Iterable[Seat],
    shown: PublicItem,
    wanted: Sequence[ShownFile] = (),
    in_part: bool = False,
) -> None:
    """Write down that these contacts (a mailbox's) open the page, or files of it (`wanted`).

    A page loaded again, or another part of a file (`in_part`), within AGAIN_SECONDS of the last is
    not told again in the trail.
    """
    what = [(file.name, file.sha256) for file in wanted] or [("", "")]
    is_same_if_soon, seats = in_part or not wanted, list(seats)
    if is_same_if_soon and all(_is_same(now, seat.contact.id, shown, *one) for seat in seats for one in what):
        return  # nothing is to be written, so nobody is to be waited for

    def write() -> None:
        for seat in seats:
            if not opened_by([seat.contact.id], [shown.edition]):
                item = Item.get_by_id(shown.key)
                notices.tell(office, now, "opened", item.created_by, item, {"contact": seat.contact.id})
            told = [one for one in what if _count(now, seat.contact.id, shown, *one, is_same_if_soon=is_same_if_soon)]
            if told:
                trail.record(now, seat.actor, "downloaded" if wanted else "opened", shown.key, _detail(shown, told))

    GROUPED.write(write)


def _is(edition: object, contact: object, name: object, sha256: object) -> Any:
    """The condition of one opening."""
    return (Opening.edition == edition) & (Opening.contact == contact) & (Opening.name == name) & (Opening.sha256 == sha256)


_LAST_OPENED = Prepared(
    lambda edition, contact, name, sha256: Opening.select(Opening.last_at).where(_is(edition, contact, name, sha256))
)
_OPENED_AGAIN = Prepared(
    lambda edition, contact, name, sha256, at: Opening.update(last_at=at, times=Opening.times + 1).where(
        _is(edition, contact, name, sha256)
    )
)
_OPENED_BY = Prepared(
    lambda editions, contacts: (
        Opening.select(Opening.edition).distinct().where(Opening.contact.in_(contacts) & Opening.edition.in_(editions))
    )
)


def _count(now: datetime, contact: str, shown: PublicItem, name: str, sha256: str, is_same_if_soon: bool) -> bool:
    """One more opening; False if it belongs to the last one."""
    if is_same_if_soon and _is_same(now, contact, shown, name, sha256):
        return False
    at, here = clock.to_text(now), (shown.edition, contact, name, sha256)
    if _LAST_OPENED.row(*here) is None:
        Opening.insert(
            edition=shown.edition, contact=contact, name=name, sha256=sha256, item=shown.key, first_at=at, last_at=at, times=1
        ).execute()
        return True
    _OPENED_AGAIN.run(*here, at)
    return True


def _is_same(now: datetime, contact: str, shown: PublicItem, name: str, sha256: str) -> bool:
    """True if it was opened so lately that this is no other opening."""
    soon = clock.to_text(now - timedelta(seconds=AGAIN_SECONDS))
    last = _LAST_OPENED.row(shown.edition, contact, name, sha256)
    return last is not None and last[0] > soon


def _detail(shown: PublicItem, told: Sequence[tuple[str, str]]) -> dict[str, object]:
    """What the trail says of it: nothing of a page, the file, or the files in an archive."""
    listed: list[dict[str, object]] = [{"name": name, "sha256": sha256} for name, sha256 in told if name]
    if len(listed) > 1:
        return {"name": f"{shown.what.item}.zip", "files": listed}
    return listed[0] if listed else {}


def opened_by(contacts: Sequence[str], editions: Sequence[int]) -> set[int]:
    """Those of these editions that a contact of the client has opened, the page or a file."""
    return {row[0] for row in _OPENED_BY.rows(list(editions), list(contacts))}


# Reminders (unopened.py)


def reminder_key(edition: int, contact: str) -> str:
    """The note that says that this contact was reminded of this edition."""
    return f"unopened:{edition}:{contact}"


def are_unopened(contact: str, editions: Sequence[int]) -> bool:
    """True if all of these editions are still there, and the contact has opened none."""
    there = Item.select().where(Item.public.in_(list(editions)) & Item.standing.is_null(False)).count()
    return there == len(editions) and not opened_by([contact], editions)


def forget_reminder(contact: str, editions: Sequence[int]) -> None:
    """It was not sent after all: what is still unopened is told anew. In `transaction()`."""
    Note.delete().where(Note.key.in_([reminder_key(edition, contact) for edition in editions])).execute()
