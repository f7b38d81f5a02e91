"""Putting right what no client ever saw: into the bin, out of it, to another client.

By the item's maker or an admin, and not under a legal hold. A number stays used, and all of it is
in the trail. What is in the bin is in no list, count or search, and nothing can be done with it but
taking it out; it is removed for good by an admin's `retention run` (workflow/retention), not
before.

All functions that write are called inside `transaction()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dossier.database import readable
from dossier.database.search import search_text
from dossier.database.tables import Attachment, Binned, Edition, Event, Hold, Item, Removal, editions_of, item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text import clock
from dossier.text.names import printable
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal
from dossier.trail import trail
from workflow.items import internal, items, makers, rules


def delete(office: Office, now: datetime, actor: Actor, key: int) -> None:
    """Put an item into the bin. Raises Refusal."""
    item = items.get_for(office, actor, key)
    _refuse_undoing(office, actor, item)
    if item.share_state == "concept":
        raise Conflict("undoing.waits", item=item_name(key))
    if item.pending is not None:
        raise Conflict("undoing.waits_inside", item=item_name(key))
    Binned.insert(item=key, by=actor.code, at=clock.to_text(now)).execute()
    _count(item)
    trail.record(now, actor, "deleted", key, {"rights": people.rights_now(office, actor.code)})


def undelete(office: Office, now: datetime, actor: Actor, key: int) -> None:
    """Take an item out of the bin. Raises Refusal."""
    item = items.get_for(office, actor, key, in_bin=True)
    if not Binned.delete().where(Binned.item == key).execute():
        raise Conflict("undoing.not_in_bin", item=item_name(key))
    _refuse_others(office, actor, item)
    _count(item)
    trail.record(now, actor, "undeleted", key, {"rights": people.rights_now(office, actor.code)})


def move(office: Office, now: datetime, actor: Actor, key: int, client: str) -> str:
    """Give an item to another client; whose it was. Earlier approvals are over. Refusal.

    No edition of it can come to stand again: what was approved was approved for the other client.
    """
    item = items.get_for(office, actor, key)
    before = str(item.client)
    if client not in office.clients or not people.readable(office, actor).has(client, item.type):
        raise NotFound("undoing.no_such_client", client=client)
    if not office.clients[client].active:
        raise Conflict("undoing.client_not_active", client=client)
    if client == before:
        raise Conflict("undoing.there_already", item=item_name(key), client=client)
    _refuse_undoing(office, actor, item)
    if refusal := people.why_not_create(office, actor.code, client):
        raise Forbidden(refusal)
    Edition.update(state="dropped").where(editions_of(key)).execute()
    asked = tuple(item.approvers)
    item.client, item.pending, item.standing, item.approval = client, None, None, None
    item.share, item.share_state, item.approvers, item.approvals = False, "private", [], "all"
    item.notify, item.contact, item.unsettled = False, None, False
    if item.owner is not None and people.why_not_own(office, item.owner, client, item.type) is not None:
        item.owner = None
    trail.record(now, actor, "moved", key, {"from": before, "to": client, "rights": people.rights_now(office, actor.code)})
    _ask_again_inside(office, now, actor, item, asked)
    _count(item)
    names = [row.name for row in items.attachments_of(key)]
    search_text([items.text_row(key, items.draft_of(item), names)], replace=True)
    return before


def _ask_again_inside(office: Office, now: datetime, actor: Actor, item: Item, asked: tuple[str, ...]) -> None:
    """What is approved inside the office is so for its client: for another it is asked again.

    Its default approver is; without one whoever was `asked` before, or who can stand in for them.
    Raises Invalid if nobody can.
    """
    draft = items.draft_of(item)
    if not internal.is_asked(office, draft):
        return
    item.makers = makers.added(item.makers, makers.SINCE, people.lasting(office, actor.people))
    draft, problems = rules.asking(office, draft, makers.of_inside(item.makers))
    if problems:
        draft, problems = rules.asking(office, replace(draft, approvers=asked), makers.of_inside(item.makers))
    if problems:
        raise Invalid(problems)
    item.approvers = list(draft.approvers)
    files = items.attachments_of(item.id)
    items.ask_inside(office, now, actor, item, draft, files, item.makers, items.next_edition(item.id))


def refuse_reverting(office: Office, actor: Actor, item: Item, current: Attachment | None) -> None:
    """Refusal if the actor may not put an earlier version in the place of `current`; None: where
    one was taken out."""
    _refuse_others(office, actor, item)
    _refuse_held(item)
    if current is None:
        return
    approved = Edition.select().where(editions_of(item.id) & Edition.approved_at.is_null(False))
    if any(one["sha256"] == current.sha256 for edition in approved for one in edition.shown["attachments"]):
        raise Conflict("undoing.version_was_seen", name=printable(current.name), version=current.version)


def why_not_undo(office: Office, actor: Actor, item: Item) -> Refusal | None:
    """Why the actor may neither delete nor move the item; None if they may."""
    try:
        _refuse_undoing(office, actor, item)
    except Refusal as refusal:
        return refusal
    return None


def binned(may: Readable) -> Sequence[tuple[Item, str, str]]:
    """(item, who deleted it, when) of the bin that the reader may know of, the latest first."""
    rows = {row.item: row for row in Binned.select()}
    condition = readable.of_items(may)
    query = Item.select().where(Item.id.in_(list(rows)))
    found = list(query if condition is None else query.where(condition))
    return sorted(((item, rows[item.id].by, rows[item.id].at) for item in found), key=lambda one: one[2], reverse=True)


def _refuse_undoing(office: Office, actor: Actor, item: Item) -> None:
    """Raises Forbidden; Conflict if it is closed or held, or a client ever saw it."""
    _refuse_others(office, actor, item)
    name = item_name(item.id)
    if Removal.get_or_none(Removal.item == item.id) is not None:
        raise NotFound("rules.removed_for_good", item=name)
    if item.status in office.settings.items.closed:
        raise Conflict("rules.closed", status=item.status)
    if was_seen(item):
        raise Conflict("undoing.is_seen" if item.public or item.standing or item.unsettled else "undoing.was_seen", item=name)
    _refuse_held(item)


def _refuse_held(item: Item) -> None:
    for subject in (item.client, item_name(item.id)):
        held = Hold.get_or_none(Hold.subject == subject)
        if held is not None:
            raise Conflict("undoing.held", subject=subject, reason=held.reason)


def was_seen(item: Item) -> bool:
    """True if the client saw something of it, or is about to: it was approved."""
    if item.public is not None or item.standing is not None or item.published_at is not None:
        return True
    if item.unsettled and Edition.select().where(editions_of(item.id) & Edition.approved_at.is_null(False)).exists():
        return True
    return Event.select(Event.seq).where((Event.item == item.id) & (Event.action == "published")).exists()


def _refuse_others(office: Office, actor: Actor, item: Item) -> None:
    if people.is_admin(office, actor.code):
        return
    if item.created_by != actor.code:
        raise Forbidden("undoing.not_the_maker", who=actor.code, item=item_name(item.id))
    if refusal := people.why_not_create(office, actor.code, item.client):
        raise Forbidden(refusal)


def _count(item: Item) -> None:
    item.version += 1
    item.save()
