"""Items and their attachments, and every change of them. The share states are in steps.py.

What a client may see of an item is an Edition: description, explanation if shared, and the shared
attachments, with a digest over it all. One edition at most is `pending` (an approver looks at it),
one `standing` (approved; publishing.py makes the portal so), one `public` (is on the portal). While
a change waits, the standing edition stays what it was.

All functions that write are called inside `transaction()`, and write their events in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from dossier.database.file_texts import Said
from dossier.database.prepared import Prepared
from dossier.database.search import search_text
from dossier.database.tables import (
    Attachment,
    Binned,
    Counter,
    Decision,
    Edition,
    Item,
    Label,
    Shown,
    TextRow,
    editions_of,
    find_row,
    first_edition,
    first_key,
    insert_rows,
    item_key,
    item_name,
)
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock, jsontext
from dossier.text.names import fold, nfc
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal, fault
from dossier.text.sentences import Sentence, as_data, sentence
from dossier.trail import trail
from dossier.trail.trail import RecordedEvent
from workflow.items import breaches, internal, makers, notes, suspicion
from workflow.items.steps import step
from workflow.items.suspicion import NOTHING, NewToClient, Screened
from workflow.items.versions import files_in

if TYPE_CHECKING:
    from peewee import ModelSelect

    from workflow.items.rules import Draft

IN_BIN = "undoing.in_bin"
"""That an item lies in the bin: told to whoever may know of it."""

MOST_EDITIONS = 9_999
"""So many editions an item can have (models.first_edition)."""


class File(NamedTuple):
    """A vault file that becomes an attachment. `share` None: nobody said."""

    name: str
    sha256: str
    size: int
    media_type: str
    share: bool | None = None
    note: str | None = None
    makers: tuple[str, ...] = ()
    """Whose it was, if known: codes of staff, or `os:USER`. Theirs is the work besides the
    actor's."""
    owner: str | None = None
    """Whose file it was, for the trail, whether the work is theirs or not."""
    origin: Mapping[str, object] | None = None
    """Where in the dossier it comes from: `copied_from` an item, or an earlier `of_version`."""


class NewItem(NamedTuple):
    draft: Draft
    files: tuple[File, ...]
    actor: Actor
    """Who made it."""
    source: str
    """The sidecar's name, for the trail."""
    screened: Screened = NOTHING
    """What the wrong-client guard found in what is shared outright."""
    doubts: Sequence[Sentence] = ()
    """Why it is offered though it was to be shared outright, for whoever decides on it."""
    preset: str | None = None
    """The preset that spoke for it, for the trail."""


def shown_to_client(draft: Draft, attachments: Iterable[Attachment | File]) -> Shown:
    """All that the client would see: the one place that decides it."""
    return {
        "description": draft.description,
        "explanation": draft.explanation if draft.share_explanation else None,
        "attachments": [
            {"name": a.name, "size": a.size, "sha256": a.sha256, "media_type": a.media_type} for a in attachments if a.share
        ],
    }


def shares_told(attachments: Iterable[Attachment | File]) -> dict[str, list[str]]:
    """For the trail: which attachments the client would get, and which not."""
    listed = list(attachments)
    return {"shared": [a.name for a in listed if a.share], "not_shared": [a.name for a in listed if not a.share]}


def owner_told(file: File) -> dict[str, object]:
    """For the trail: whose file it was, if known, and where in the dossier it comes from."""
    return {**({} if file.owner is None else {"owner": file.owner}), **(file.origin or {})}


def brought_by(key: int, sha256: str) -> tuple[str, ...]:
    """Who brought these bytes, by the trail, also to the items that they were copied from: their
    work stays theirs. Of an item that does not tell, all makers."""
    found, places = list[str](), [key]
    for place in places:  # it grows
        told = [
            one for event in trail.events(item=place) if event.action in ("created", "amended") for one in _brought(event, sha256)
        ]
        found += [name for names, _ in told for name in names] or [name for names in get(place).makers.values() for name in names]
        places += {item_key(origin) for _, origin in told if origin} - set(places)
    return tuple(dict.fromkeys(found))


def _brought(event: RecordedEvent, sha256: str) -> list[tuple[list[str], str | None]]:
    """(who brought it, the item that it was copied from) of each file with these bytes in an event
    of an item."""
    return [
        ([name for name in (event.actor, event.behind, one.get("owner")) if name], one.get("copied_from"))
        for one in files_in(event)
        if one.get("sha256") == sha256
    ]


def content_digest(item: int, client: str, shown: Shown) -> str:
    """`sha256:…` over what the client would see of this item, and whose and which it is."""
    text = _content_text([item_name(item), client, shown])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


_content_text = jsontext.writer(ensure_ascii=False, sort_keys=True)


def create_all(
    office: Office,
    now: datetime,
    new: Sequence[NewItem],
    read: Callable[[Collection[str]], Mapping[str, str] | None] | None = None,
) -> list[int]:
    """Make items with the next numbers, in this order; their keys. The drafts passed rules.py.

    `read`: what the files with these SHA-256s say, if all of them were read just now.

    Raises Unscreened if the wrong-client guard has not seen what is shared outright.
    """
    from workflow.items.rules import chosen  # whoever only looks at items needs no rules

    if not new:
        return []
    at, key = clock.to_text(now), _take_numbers(now.astimezone().year, len(new))
    keys, items, labels, attachments, editions, texts, entries = [], [], [], [], [], [], []
    said = dict[int, dict[str, Said]]()
    for one in new:
        draft = one.draft
        files = [file._replace(share=chosen(office, file.share)) for file in one.files]
        shared = [position for position, file in enumerate(files) if file.share]
        made = makers.of_new(people.lasting(office, one.actor.people), (people.lasting(office, file.makers) for file in files))
        state, pending, standing = "private", None, None
        if draft.share:
            shown, edition = shown_to_client(draft, files), first_edition(key) + 1
            outright = draft.share_status == "approved"
            if outright and suspicion.is_on(office):
                one.screened.only(suspicion.new_to_client(shown))
            state = step("private", "share" if outright else "offer")
            pending, standing = (None, edition) if outright else (edition, None)
            by = (one.actor.code, at) if outright else (None, None)
            content = content_digest(key, draft.client, shown)
            whose = makers.of_edition(made, draft.share_explanation, shared)
            editions.append((edition, key, content, shown, "standing" if outright else "pending", one.actor.code, at, *by, whose))
            made = makers.once_approved(made, draft.share_explanation, shared) if outright else made
        approval = None
        if internal.is_asked(office, draft):
            shown, pending = internal.content_of(draft, files), first_edition(key) + 1
            content = content_digest(key, draft.client, shown)
            whose = makers.of_inside(made)
            editions.append((pending, key, content, shown, "pending", one.actor.code, at, None, None, whose))
            approval = internal.state(internal.WAITING, at, content)
        items.append((
            key, draft.client, draft.description, draft.status, draft.type, draft.location, list(draft.labels),
            draft.explanation, dict(draft.fields), draft.share, draft.share_explanation, state, list(draft.approvers),
            draft.approvals, draft.notify, draft.contact, one.actor.code, at, None, None, 1, pending, standing, None, bool(standing), made,
            approval, draft.due, draft.owner,
        ))  # fmt: skip
        labels += [(key, folded) for folded in dict.fromkeys(map(fold, draft.labels))]
        for position, file in enumerate(files):
            attachments.append(
                (key, position, file.name, file.share, file.note, 1, file.sha256, file.size, file.media_type, at, True)
            )
        texts.append(text_row(key, draft, [file.name for file in files]))
        if read is not None and (words := read([file.sha256 for file in files])) is not None:
            said[key] = {sha256: Said(text) for sha256, text in words.items()}
        entries += _created_entries(office, one, key, files, state, editions[-1][2] if draft.share or approval else None)
        keys.append(key)
        key += 1
    insert_rows(Item, items)
    insert_rows(Label, labels)
    insert_rows(Attachment, attachments, Attachment._meta.sorted_fields[1:])  # its number is given by the database
    insert_rows(Edition, editions)
    search_text(texts, said=said)
    trail.record_all(now, entries)
    for one, key in zip(new, keys, strict=True):
        if one.screened.findings or suspicion.holds(office, one.screened):
            suspicion.record(office, now, get(key), one.screened)
        if one.doubts:
            tell_doubts(now, get(key), one.doubts)
    return keys


def tell_doubts(now: datetime, item: Item, doubts: Sequence[Sentence]) -> None:
    """Tell approvers and the trail why it was not shared outright. In `transaction()`."""
    assert item.pending is not None
    notes.add({item.pending: doubts})
    trail.record(now, trail.DAEMON, "held", item.id, {"reasons": list(map(str, doubts)), "why": list(map(as_data, doubts))})


def _created_entries(
    office: Office, one: NewItem, key: int, files: Sequence[File], state: str, content: str | None
) -> list[trail.NewEvent]:
    draft, rights = one.draft, people.rights_now(office, one.actor.code)
    made = {
        "client": draft.client, "source": one.source, "share_state": state, "rights": rights,
        "attachments": [{"name": f.name, "sha256": f.sha256, "share": f.share, **owner_told(f)} for f in files],
    }  # fmt: skip
    if one.preset is not None:
        made["preset"] = one.preset
    shares = {**shares_told(files), **one.screened.told()}
    entries = [trail.NewEvent(one.actor, "created", key, made)]
    if state == "approved":
        entries.append(
            trail.NewEvent(one.actor, "approved", key, {"outright": True, "content": content, "rights": rights, **shares})
        )
    elif content is not None:
        asked = {"content": content, "approvers": list(draft.approvers), "approvals": draft.approvals, **shares}
        entries.append(trail.NewEvent(one.actor, "offered", key, asked))
    return entries


_COUNT_UP = Prepared(lambda year, count: Counter.update(last=Counter.last + count).where(Counter.year == year))
_LAST_NUMBER = Prepared(lambda year: Counter.select(Counter.last).where(Counter.year == year))


def _take_numbers(year: int, count: int) -> int:
    """Count `count` numbers up and return the first's key."""
    if _COUNT_UP.run(year, count) == 0:
        Counter.insert(year=year, last=count).execute()
    last = int(_LAST_NUMBER.rows(year)[0][0])
    return first_key(year) + last - count + 1


def text_row(key: int, draft: Draft | Item, files: Iterable[str]) -> TextRow:
    """What the item is found by. `files`: the names of its attachments."""
    explanation = " ".join((draft.explanation or "", *draft.fields.values()))
    return key, draft.description, explanation, " ".join(draft.labels), " ".join(files), draft.client


def get(key: int) -> Item:
    """The item with this key. Raises NotFound."""
    item: Item | None = find_row(Item.id, key)
    if item is None:
        raise NotFound("items.no_such_item", item=item_name(key))
    return item


def get_for(office: Office, who: Actor, key: int, in_bin: bool = False) -> Item:
    """As `get`. Of an item that `who` may not know of, they are not told that there is one.

    `in_bin`: one in the bin will do as well. Raises NotFound.
    """
    item = get(key)
    if not people.may_read(office, who, item.client, item.type):
        raise NotFound("items.no_such_item", item=item_name(key))
    if not in_bin and find_row(Binned.item, key) is not None:
        raise NotFound(IN_BIN, item=item_name(key))
    return item


def attachments_of(key: int) -> list[Attachment]:
    """The item's attachments as they are now, in their order."""
    return list(
        Attachment.select().where((Attachment.item == key) & Attachment.current).order_by(Attachment.position, Attachment.id)
    )


def called(key: int, name: str) -> str:
    """What the item's attachment is called that somebody means by this name: capitals and the form
    of accents apart. The name itself, if there is none."""
    there = [row.name for row in attachments_of(key)]
    return name if name in there else next((one for one in there if fold(one) == fold(name)), nfc(name))


def draft_of(item: Item) -> Draft:
    """The item as a draft. `share_status` says how it is shared now."""
    from workflow.items.rules import Draft

    shared_as = {"approved": "approved", "published": "approved", "private": None}.get(item.share_state, "concept")
    return Draft(
        client=item.client, description=item.description, status=item.status, type=item.type, location=item.location,
        labels=tuple(item.labels), explanation=item.explanation, fields=item.fields, share=item.share,
        share_status=shared_as, share_explanation=item.share_explanation, approvers=tuple(item.approvers),  # type: ignore[arg-type]
        approvals=item.approvals, notify=item.notify, contact=item.contact, due=item.due, owner=item.owner,
    )  # fmt: skip


def next_edition(item: int) -> int:
    """The number of the item's next edition. Raises Conflict when all its numbers are used up."""
    first = first_edition(item)
    last = Edition.select(Edition.id).where(editions_of(item)).order_by(Edition.id.desc()).first()
    if last is not None and last.id == first + MOST_EDITIONS:
        raise Conflict("items.too_many_editions", item=item_name(item), count=MOST_EDITIONS)
    return int(last.id if last else first) + 1


def make_standing(now: datetime, item: Item, edition: Edition, approver: str) -> None:
    """The item as it is now is approved: `edition` takes the old one's place. The caller saves."""
    end_standing(item, "superseded")
    edition.state, edition.approved_by, edition.approved_at = "standing", approver, clock.to_text(now)
    edition.save()
    item.pending, item.standing, item.unsettled = None, edition.id, True
    if len(item.makers) > 1:
        item.makers = makers.once_approved(
            item.makers, item.share_explanation, [row.position for row in attachments_of(item.id) if row.share]
        )


def new_edition(
    now: datetime, item: Item, number: int, content: str, shown: Shown, made_by: str, whose: Sequence[str]
) -> Edition:
    """An edition of the item that waits to be decided on. `whose`: whose work it is."""
    edition = Edition(
        id=number, item=item.id, content=content, shown=shown, state="pending", made_by=made_by,
        made_at=clock.to_text(now), makers=list(whose),
    )  # fmt: skip
    edition.save(force_insert=True)
    return edition


def ask_inside(
    office: Office, now: datetime, actor: Actor, item: Item, draft: Draft, files: Sequence[Attachment], whose: makers.Makers, number: int
) -> None:  # fmt: skip
    """Ask for an approval inside the office with this edition. The caller saves the item."""
    shown = internal.content_of(draft, files)
    content = content_digest(item.id, item.client, shown)
    edition = new_edition(now, item, number, content, shown, actor.code, makers.of_inside(whose))
    item.pending, item.approval = number, internal.state(internal.WAITING, edition.made_at, content)
    asked = {"approvers": list(draft.approvers), "approvals": draft.approvals, "content": content}
    trail.record(now, actor, "offered", item.id, {**asked, "rights": people.rights_now(office, actor.code)})


def still_there(item: Item) -> None:
    """What stands again may be on the portal yet: it is published already. The caller saves."""
    if item.public is not None and item.public == item.standing:
        item.share_state = step(item.share_state, "publish")


def drop_pending(item: Item) -> None:
    """What waited for an approver does so no more. The caller saves the item."""
    if item.pending:
        Edition.update(state="dropped").where(Edition.id == item.pending).execute()
        item.pending = None


def end_standing(item: Item, state: str) -> None:
    """The edition that stood does not any more; it becomes `state`. The caller saves the item."""
    if item.standing:
        Edition.update(state=state).where(Edition.id == item.standing).execute()
    item.standing, item.unsettled = None, True


def withdraw(office: Office, now: datetime, actor: Actor, key: int, reason: str) -> None:
    """Take an item off the portal, or a concept from its approvers.

    Whatever its status is, and whether it was opened or mailed about. Raises NotFound, Forbidden,
    Invalid, Conflict.
    """
    item = get_for(office, actor, key)
    if refusal := people.why_not_withdraw(office, actor.code, item.client, item.created_by):
        raise Forbidden(refusal)
    if not reason.strip():
        raise Invalid([fault("reason", "items.withdrawal_needs_reason")])
    take_off(office, now, actor, item, reason)
    item.version += 1
    item.save()


def _was_seen(item: Item) -> bool:
    """True if it is on the portal, or was since it was withdrawn the last time: it may have gone
    meanwhile because its client's portal was switched off."""
    if item.public is not None or item.published_at is None:
        return item.public is not None
    told = [event.action for event in trail.events(item=item.id) if event.action in ("published", "withdrawn")]
    return told[-1:] == ["published"]


def take_off(office: Office, now: datetime, actor: Actor, item: Item, reason: str) -> None:
    """The one way off the portal. Who may was asked before; the caller saves the item.

    If the client could see it, a draft for the register of data breaches is due from now on: the
    daemon makes it (workflow/reports/breach.py), if nobody does before. Raises Conflict.
    """
    item.share_state = step(item.share_state, "withdraw")
    drop_pending(item)
    was_public = _was_seen(item)
    end_standing(item, "withdrawn")
    rights = people.rights_now(office, actor.code)
    trail.record(now, actor, "withdrawn", item.id, {"reason": reason, "was_public": was_public, "rights": rights})
    if was_public:
        breaches.draft_is_due(now, item.id, actor.code, reason)


def restore(office: Office, now: datetime, actor: Actor, key: int, screened: Screened = NOTHING) -> bool:
    """Put back what was approved before it was withdrawn. False: changed since, unseen by clients.

    `screened`: what the wrong-client guard found in `would_restore`; what it holds is offered
    instead, and what nobody approved of a type that needs approval. Raises Refusal, Unscreened.
    """
    item = get_for(office, actor, key)
    _refuse_restoring(office, actor, item)
    state = step(item.share_state, "restore")
    edition = _withdrawn_edition(key)
    rights = people.rights_now(office, actor.code)
    screened = screened.only(_not_looked_at(edition)) if suspicion.is_on(office) else NOTHING
    unapproved = why_not_outright(office, item) if not _was_decided(edition) else None
    drop_pending(item)  # approval inside the office is for what isn't shared
    item.approval = None
    if unapproved is not None or suspicion.holds(office, screened):
        _offer_again(office, now, actor, item, edition, screened)
    else:
        item.share, item.share_state, edition.state = True, state, "standing"
        edition.save()
        item.standing, item.unsettled = edition.id, True
        still_there(item)
        trail.record(now, actor, "restored", key, {"content": edition.content, "rights": rights, **screened.told()})
    item.version += 1
    item.save()
    suspicion.record(office, now, item, screened)
    if unapproved is not None:
        tell_doubts(now, item, [unapproved])
    return _is_as(edition, item)


def why_not_outright(office: Office, item: Item) -> Sentence | None:
    """Why the item's type has somebody approve what the client sees; None if it doesn't."""
    kind = office.settings.types.get(item.type or "")
    return sentence("items.type_needs_approval", type=item.type) if kind is not None and kind.share == "approval" else None


def is_changed_since_approved(item: Item) -> bool:
    """True if what stands approved is another than the item as it is now.

    So it is while a change waits for its approver, and after an item was put back without what was
    changed in it while it was withdrawn.
    """
    return item.standing is not None and not _is_as(Edition.get_by_id(item.standing), item)


def _is_as(edition: Edition, item: Item) -> bool:
    present = content_digest(item.id, item.client, shown_to_client(draft_of(item), attachments_of(item.id)))
    return present == str(edition.content)


def would_restore(office: Office, actor: Actor, key: int) -> NewToClient:
    """What `restore` would share and no approver ever saw."""
    try:
        get_for(office, actor, key)
        return _not_looked_at(_withdrawn_edition(key))
    except Refusal:
        return NewToClient()


def can_be_restored(item: Item) -> bool:
    """True if something that was approved was withdrawn, and can be put back."""
    return item.share_state == "withdrawn" and _withdrawn(item.id).exists()


def _withdrawn(key: int) -> ModelSelect[Edition]:
    return Edition.select().where(editions_of(key) & (Edition.state == "withdrawn"))


def _withdrawn_edition(key: int) -> Edition:
    """What was approved last before it was withdrawn. Raises Conflict if nothing was."""
    edition: Edition | None = _withdrawn(key).order_by(Edition.id.desc()).first()
    if edition is None:
        raise Conflict("items.never_approved")
    return edition


def _not_looked_at(edition: Edition) -> NewToClient:
    return NewToClient() if _was_decided(edition) else suspicion.new_to_client(edition.shown)


def _was_decided(edition: Edition) -> bool:
    """True if an approver approved it; False if it was shared outright."""
    return bool(Decision.select().where((Decision.edition == edition.id) & (Decision.decision == "approve")).exists())


def _offer_again(office: Office, now: datetime, actor: Actor, item: Item, edition: Edition, screened: Screened) -> None:
    """Ask for an approval of what was shared outright before. The caller saves the item."""
    draft = suspicion.held(office, draft_of(item), screened)
    item.share, item.share_state = True, step(item.share_state, "offer")
    item.approvers, item.approvals = list(draft.approvers), draft.approvals
    whose = list(dict.fromkeys([*edition.makers, *people.lasting(office, actor.people)]))
    again = new_edition(now, item, next_edition(item.id), edition.content, edition.shown, actor.code, whose)
    item.pending, item.unsettled = again.id, True
    item.makers = makers.added(item.makers, makers.SINCE, whose)
    asked = {"content": again.content, "approvers": item.approvers, "approvals": item.approvals}
    trail.record(now, actor, "offered", item.id, {**asked, "rights": people.rights_now(office, actor.code)})


def _refuse_restoring(office: Office, actor: Actor, item: Item) -> None:
    if refusal := people.why_not_restore(office, actor.code, item.client):
        raise Forbidden(refusal)
    client, kind = office.clients.get(item.client), office.settings.types.get(item.type or "")
    if client is None or not (client.active and client.portal):
        raise Conflict("items.no_portal", client=item.client)
    if kind is not None and kind.share == "never":
        raise Conflict("items.never_shared", type=item.type)
    if item.status in office.settings.items.closed:
        raise Conflict("rules.closed", status=item.status)
