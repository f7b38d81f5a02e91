"""Items and their attachments: the share states, every legal step between them, and every change.

What a client may see of an item is an Edition: description, explanation if shared, and the shared attachments, with a
digest over it all. One edition at most is `pending` (an approver looks at it), one `standing` (approved; publishing.py
makes the portal so), one `public` (is on the portal). While a change waits, the standing edition stays what it was.

All functions that write are called inside `transaction()`, and write their events in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dossier import clock, people, trail
from dossier.database import search_text
from dossier.models import Attachment, Counter, Edition, Item, Label, first_edition, first_key, item_name
from dossier.names import fold
from dossier.people import Actor, NotAllowed
from dossier.settings import Office
from workflow.rules import Draft, Problem, Wish, amended_draft, attachment_problems, chosen

STEPS: Mapping[str, Mapping[str, str]] = {
    # from:      action → to
    "private": {"offer": "concept", "share": "approved"},
    "concept": {"offer": "concept", "share": "approved", "approve": "approved", "reject": "returned", "withdraw": "withdrawn"},
    "approved": {"offer": "concept", "share": "approved", "publish": "published", "withdraw": "withdrawn"},
    "published": {"offer": "concept", "share": "approved", "publish": "published", "withdraw": "withdrawn"},
    "returned": {"offer": "concept", "share": "approved", "withdraw": "withdrawn"},
    "withdrawn": {"offer": "concept", "share": "approved", "restore": "approved"},
}
"""Every legal step. From each state `unshare` leads to private besides. `share` is outright, `offer` as a concept."""


class Refused(Exception):
    """What was asked of an item is not allowed; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


def step(state: str, action: str) -> str:
    """The state that `action` leads to. Raises NotAllowed where there is no such step."""
    after = "private" if action == "unshare" else STEPS[state].get(action)
    if after is None:
        raise NotAllowed(f"the item is {state}: it can't be {_DONE.get(action, action)} now")
    return after


_DONE = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn", "restore": "published again"}


@dataclass(frozen=True, slots=True)
class File:
    """A vault file that becomes an attachment. `share` None: nobody said."""

    name: str
    sha256: str
    size: int
    media_type: str
    share: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NewItem:
    draft: Draft
    files: tuple[File, ...]
    actor: Actor
    """Who made it."""
    source: str
    """The sidecar's name, for the trail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """Changes of an item's attachments, done in this order: remove, rename, put (add, or replace by name), shares."""

    remove: Sequence[str] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    put: Sequence[File] = ()
    shares: Mapping[str, bool] = field(default_factory=dict)
    share_all: bool | None = None


def shown_to_client(draft: Draft, attachments: Iterable[Any]) -> dict[str, Any]:
    """All that the client would see: the one place that decides it."""
    return {
        "description": draft.description,
        "explanation": draft.explanation if draft.share_explanation else None,
        "attachments": [
            {"name": a.name, "size": a.size, "sha256": a.sha256, "media_type": a.media_type} for a in attachments if a.share
        ],
    }


def content_digest(item: int, client: str, shown: Mapping[str, Any]) -> str:
    """`sha256:…` over what the client would see of this item, and whose and which it is."""
    text = json.dumps([item_name(item), client, shown], ensure_ascii=False, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def create_all(office: Office, now: datetime, new: Sequence[NewItem]) -> list[int]:
    """Make items with the next numbers, in this order; returns their keys. The drafts have passed rules.py."""
    if not new:
        return []
    at, key = clock.to_text(now), _take_numbers(now.astimezone().year, len(new))
    keys, items, labels, attachments, editions, texts, entries = [], [], [], [], [], [], []
    for one in new:
        draft = one.draft
        files = [replace(file, share=chosen(office, file.share)) for file in one.files]
        state, pending, standing = "private", None, None
        if draft.share:
            shown, edition = shown_to_client(draft, files), first_edition(key) + 1
            outright = draft.share_status == "approved"
            state = step("private", "share" if outright else "offer")
            pending, standing = (None, edition) if outright else (edition, None)
            by = (one.actor.code, at) if outright else (None, None)
            content = content_digest(key, draft.client, shown)
            editions.append((edition, key, content, shown, "standing" if outright else "pending", one.actor.code, at, *by))
        items.append((
            key, draft.client, draft.description, draft.status, draft.type, draft.location, list(draft.labels),
            draft.explanation, dict(draft.fields), draft.share, draft.share_explanation, state, list(draft.approvers),
            draft.approvals, draft.notify, draft.contact, one.actor.code, at, None, None, 1, pending, standing, None, bool(standing),
        ))  # fmt: skip
        labels += [(key, folded) for folded in dict.fromkeys(map(fold, draft.labels))]
        for position, file in enumerate(files):
            attachments.append(
                (key, position, file.name, file.share, file.note, 1, file.sha256, file.size, file.media_type, at, True)
            )
        texts.append(_text_row(key, draft, files))
        entries += _created_entries(office, one, key, files, state, editions[-1][2] if draft.share else None)
        keys.append(key)
        key += 1
    _insert(Item, items)
    _insert(Label, labels)
    _insert(Attachment, attachments, skip=1)
    _insert(Edition, editions)
    search_text(texts)
    trail.record_all(now, entries)
    return keys


def _created_entries(
    office: Office, one: NewItem, key: int, files: Sequence[File], state: str, content: str | None
) -> list[trail.Entry]:
    draft, rights = one.draft, list(office.staff[one.actor.code].rights) if one.actor.code in office.staff else []
    made = {
        "client": draft.client, "source": one.source, "share_state": state, "rights": rights,
        "attachments": [{"name": f.name, "sha256": f.sha256, "share": f.share} for f in files],
    }  # fmt: skip
    entries = [trail.Entry(one.actor, "created", key, made)]
    if state == "approved":
        entries.append(trail.Entry(one.actor, "approved", key, {"outright": True, "content": content, "rights": rights}))
    elif state == "concept":
        asked = {"content": content, "approvers": list(draft.approvers), "approvals": draft.approvals}
        entries.append(trail.Entry(one.actor, "offered", key, asked))
    return entries


def _take_numbers(year: int, count: int) -> int:
    """Count `count` numbers up and return the first's key."""
    if Counter.update(last=Counter.last + count).where(Counter.year == year).execute() == 0:
        Counter.insert(year=year, last=count).execute()
    last: int = Counter.get_by_id(year).last
    return first_key(year) + last - count + 1


def _insert(table: Any, rows: Sequence[tuple[Any, ...]], skip: int = 0) -> None:
    """Insert whole rows, in chunks that both databases take. `skip`: columns that number themselves."""
    fields = table._meta.sorted_fields[skip:]
    size = 30_000 // len(fields)
    for start in range(0, len(rows), size):
        table.insert_many(rows[start : start + size], fields=fields).execute()


def _text_row(key: int, draft: Draft, files: Iterable[Any]) -> tuple[int, str, str, str, str]:
    explanation = " ".join((draft.explanation or "", *draft.fields.values()))
    return key, draft.description, explanation, " ".join(draft.labels), " ".join(file.name for file in files)


def get(key: int) -> Any:
    """The item with this key. Raises NotAllowed, in words, if there is none."""
    item = Item.get_or_none(Item.id == key)
    if item is None:
        raise NotAllowed(f"there is no item {item_name(key)}")
    return item


def attachments_of(key: int) -> list[Any]:
    """The item's attachments as they are now, in their order."""
    return list(
        Attachment.select().where((Attachment.item == key) & Attachment.current).order_by(Attachment.position, Attachment.id)
    )


def draft_of(item: Any) -> Draft:
    """The item as a draft. `share_status` says how it is shared now."""
    shared_as = {"approved": "approved", "published": "approved", "private": None}.get(item.share_state, "concept")
    return Draft(
        client=item.client, description=item.description, status=item.status, type=item.type, location=item.location,
        labels=tuple(item.labels), explanation=item.explanation, fields=item.fields, share=item.share,
        share_status=shared_as, share_explanation=item.share_explanation, approvers=tuple(item.approvers),  # type: ignore[arg-type]
        approvals=item.approvals, notify=item.notify, contact=item.contact,
    )  # fmt: skip


def amend(
    office: Office, now: datetime, actor: Actor, key: int, wish: Wish, changes: FileChanges, if_version: int | None = None
) -> None:
    """Change an item. Raises Refused, with every reason, having written nothing."""
    item = get(key)
    if if_version is not None and item.version != if_version:
        raise Refused([Problem("if_version", f"somebody changed it meanwhile: it is version {item.version} now; look again")])
    before = draft_of(item)
    draft, problems = amended_draft(office, before, item.created_by, actor.code, wish)
    files, told = _changed_files(office, key, changes, now, problems)
    if draft.share and not item.share:
        said = {file.name: file.share for file in changes.put}
        problems += attachment_problems(office, draft, said if changes.share_all is None else {})
    action = _share_action(office, item, draft, wish, actor, shown_to_client(draft, files), problems)
    if problems:
        raise Refused(problems)
    if action == "offer" and not draft.approvers:
        draft = replace(draft, approvers=(office.clients[item.client].default_approver or "",))
    _write_files(key, files)
    _take_over(item, draft)
    changed = {name: getattr(wish, name) for name in Wish.__dataclass_fields__ if getattr(wish, name) is not None}
    trail.record(now, actor, "amended", key, {"changed": changed, **told})
    _share(office, now, actor, item, action, draft, files)
    item.version += 1
    item.unsettled = True
    item.save()
    Label.delete().where(Label.item == key).execute()
    _insert(Label, [(key, folded) for folded in dict.fromkeys(map(fold, draft.labels))])
    search_text([_text_row(key, draft, files)], replace=True)


def _take_over(item: Any, draft: Draft) -> None:
    for name in Draft.__dataclass_fields__:
        if name not in ("client", "share_status"):
            value = getattr(draft, name)
            setattr(item, name, list(value) if isinstance(value, tuple) else value)


def _changed_files(
    office: Office, key: int, changes: FileChanges, now: datetime, problems: list[Problem]
) -> tuple[list[Any], dict[str, Any]]:
    """The attachments as they shall be (rows, changed or new, not saved), and what was done for the trail."""
    rows = attachments_of(key)
    by_name = {fold(row.name): row for row in rows}
    told: dict[str, Any] = {}
    for name in changes.remove:
        row = by_name.pop(fold(name), None)
        if row is None:
            problems.append(Problem("remove", f"the item has no attachment `{name}`"))
        else:
            told.setdefault("removed", []).append({"name": row.name, "sha256": row.sha256})
    for old, new in changes.rename.items():
        row = by_name.pop(fold(old), None)
        if row is None:
            problems.append(Problem("rename", f"the item has no attachment `{old}`"))
        elif fold(new) in by_name:
            problems.append(Problem("rename", f"the item has an attachment `{new}` already"))
        else:
            told.setdefault("renamed", []).append({"from": row.name, "to": new})
            row.name = new
            by_name[fold(new)] = row
    for file in changes.put:
        old_row = by_name.get(fold(file.name))
        position = (
            old_row.position if old_row else max((row.position for row in rows), default=-1) + 1 + len(told.get("added", []))
        )
        share = file.share if file.share is not None else old_row.share if old_row else chosen(office, None)
        by_name[fold(file.name)] = Attachment(
            item=key, position=position, name=file.name, share=share, note=file.note or (old_row and old_row.note),
            version=old_row.version + 1 if old_row else 1, sha256=file.sha256, size=file.size, media_type=file.media_type,
            added_at=clock.to_text(now), current=True,
        )  # fmt: skip
        told.setdefault("replaced" if old_row else "added", []).append({"name": file.name, "sha256": file.sha256, "share": share})
    for name, share in changes.shares.items():
        if fold(name) not in by_name:
            problems.append(Problem("share_attachments", f"the item has no attachment `{name}`"))
        else:
            by_name[fold(name)].share = share
    for row in by_name.values() if changes.share_all is not None else ():
        row.share = changes.share_all
    return sorted(by_name.values(), key=lambda row: (row.position, row.name)), told


def _write_files(key: int, files: Sequence[Any]) -> None:
    kept = [row.id for row in files if row.id]
    Attachment.update(current=False).where((Attachment.item == key) & Attachment.current & Attachment.id.not_in(kept)).execute()
    for row in files:
        row.save()


def _share_action(
    office: Office, item: Any, draft: Draft, wish: Wish, actor: Actor, shown: Mapping[str, Any], problems: list[Problem]
) -> str | None:
    """Which step a change of an item asks for: share, offer, unshare, or none."""
    if not draft.share:
        return "unshare" if item.share else None
    content = content_digest(item.id, item.client, shown)
    if wish.share_status == "approved":
        return "share"
    current = Edition.get_or_none(Edition.id == (item.pending or item.standing))
    same = current is not None and current.content == content
    kind = office.settings.types.get(draft.type or "")
    outright = people.why_not_share(office, actor.code, item.client) is None and not (kind and kind.share == "approval")
    unasked = wish.share_status is None
    as_it_was = same and tuple(draft.approvers) == tuple(item.approvers)
    if item.share_state in ("approved", "published") and unasked:
        action = None if same else "share" if outright else "offer"
    elif (item.share_state == "withdrawn" and unasked) or (item.share_state == "concept" and as_it_was):
        action = None
    else:
        action = "offer" if wish.share_status or item.share_state != "returned" or not same else None
    if action == "offer" and not draft.approvers and not office.clients[item.client].default_approver:
        problems.append(Problem("approver", "this changes what the client sees, so it must be approved: name an `approver`"))
    return action


def _share(
    office: Office, now: datetime, actor: Actor, item: Any, action: str | None, draft: Draft, files: Sequence[Any]
) -> None:
    """Take the step: make the edition it needs and set the item's state. The caller saves the item."""
    if action is None:
        return
    item.share_state = step(item.share_state, action)
    if item.pending:
        Edition.update(state="dropped").where(Edition.id == item.pending).execute()
        item.pending = None
    if action == "unshare":
        _end_standing(item, "withdrawn")
        trail.record(now, actor, "unshared", item.id, {})
        return
    shown = shown_to_client(draft, files)
    edition = Edition(
        id=next_edition(item.id), item=item.id, content=content_digest(item.id, item.client, shown), shown=shown,
        state="pending", made_by=actor.code, made_at=clock.to_text(now),
    )  # fmt: skip
    edition.save(force_insert=True)
    rights = list(office.staff[actor.code].rights) if actor.code in office.staff else []
    if action == "offer":
        item.pending = edition.id
        asked = {"content": edition.content, "approvers": list(draft.approvers), "approvals": draft.approvals}
        trail.record(now, actor, "offered", item.id, asked)
    else:
        make_standing(now, item, edition, actor.code)
        trail.record(now, actor, "approved", item.id, {"outright": True, "content": edition.content, "rights": rights})


def next_edition(item: int) -> int:
    first = first_edition(item)
    last = Edition.select(Edition.id).where(Edition.id.between(first, first + 9_999)).order_by(Edition.id.desc()).first()
    return (last.id if last else first) + 1


def make_standing(now: datetime, item: Any, edition: Any, approver: str) -> None:
    """`edition` is approved: it takes the place of the one that stood. The caller saves the item."""
    _end_standing(item, "superseded")
    edition.state, edition.approved_by, edition.approved_at = "standing", approver, clock.to_text(now)
    edition.save()
    item.pending, item.standing, item.unsettled = None, edition.id, True


def _end_standing(item: Any, state: str) -> None:
    if item.standing:
        Edition.update(state=state).where(Edition.id == item.standing).execute()
    item.standing, item.unsettled = None, True


def withdraw(office: Office, now: datetime, actor: Actor, key: int, reason: str) -> None:
    """Take an item off the portal, or a concept from its approvers. Raises NotAllowed."""
    item = get(key)
    refusal = people.why_not_withdraw(office, actor.code, item.client, item.created_by)
    if refusal:
        raise NotAllowed(refusal)
    if not reason.strip():
        raise NotAllowed("a withdrawal needs a reason: --reason TEXT")
    item.share_state = step(item.share_state, "withdraw")
    if item.pending:
        Edition.update(state="dropped").where(Edition.id == item.pending).execute()
        item.pending = None
    was_public = item.public is not None
    _end_standing(item, "withdrawn")
    item.version += 1
    item.save()
    trail.record(now, actor, "withdrawn", key, {"reason": reason, "was_public": was_public})


def restore(office: Office, now: datetime, actor: Actor, key: int) -> None:
    """Put back what was approved before it was withdrawn. Raises NotAllowed."""
    item = get(key)
    refusal = people.why_not_share(office, actor.code, item.client)
    if refusal and not people.is_admin(office, actor.code):
        raise NotAllowed(refusal)
    if not (office.clients.get(item.client) and office.clients[item.client].active and office.clients[item.client].portal):
        raise NotAllowed(f"client {item.client} has no portal (config/clients.yaml)")
    item.share_state = step(item.share_state, "restore")
    first = first_edition(key)
    edition = (
        Edition.select()
        .where(Edition.id.between(first, first + 9_999) & (Edition.state == "withdrawn"))
        .order_by(Edition.id.desc())
        .first()
    )
    if edition is None:
        raise NotAllowed("nothing of this item was approved before; share it with: dossier edit")
    edition.state = "standing"
    edition.save()
    item.standing, item.unsettled = edition.id, True
    item.version += 1
    item.save()
    trail.record(now, actor, "restored", key, {"content": edition.content})
