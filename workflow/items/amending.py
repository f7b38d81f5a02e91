"""Changing an item: its keys, its attachments, and what that means for what the client sees.

What counts is what the client would see before and after. A change that the client wouldn't notice
(a label, a note, a file that is not shared) asks nobody. One that they would notice makes an
approved item a concept again, unless whoever makes it may share outright; the edition that stands
stays on the portal until the new one is approved.

Taking it off the portal (`share: no`) is the same deed here as in items.withdraw: by whoever may
do that, with a reason, whatever the item's status is.

`amend` is called inside `transaction()` and writes its events in it. Attachments are in the vault,
and on the disk, before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from peewee import fn

from dossier.database import file_texts
from dossier.database.search import search_text
from dossier.database.tables import Attachment, Edition, Item, Label, Removal, insert_rows, item_name, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import ENGLISH
from dossier.text import clock, names
from dossier.text.names import fold
from dossier.text.refusals import Conflict, Invalid, NotFound, Problem, Refusal
from dossier.text.sentences import Sentence, packed
from dossier.trail import trail
from workflow.items import internal, items, makers, notes, suspicion
from workflow.items.items import File, content_digest, shown_to_client
from workflow.items.rules import Draft, Wish, amended_draft, approver_problems, asking, attachment_problems, chosen, is_settled
from workflow.items.steps import step
from workflow.items.suspicion import NOTHING, NewToClient, Screened
from workflow.messages.kinds import READY
from workflow.outbox import outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """Changes of attachments, in this order: remove, rename, put (add, or replace), shares."""

    remove: Sequence[str] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    put: Sequence[File] = ()
    shares: Mapping[str, bool] = field(default_factory=dict)
    share_all: bool | None = None
    """Of every attachment that `put` brings without saying it; if none or not shared before, of
    all."""

    def __bool__(self) -> bool:
        """False if nothing is to be changed."""
        return bool(self.remove or self.rename or self.put or self.shares) or self.share_all is not None


@dataclass(slots=True)
class _Change:
    """One amendment on its way."""

    office: Office
    now: datetime
    actor: Actor
    item: Item
    wish: Wish
    files: list[Attachment]
    """The attachments as they shall be: rows, changed or new, not saved."""
    draft: Draft
    told: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    """What was done to the attachments, for the trail."""
    problems: list[Problem] = field(default_factory=list)
    action: str | None = None
    """The step that it asks for: steps.STEPS, or unshare."""
    reason: str = ""
    """Why it is taken off the portal."""
    is_only_taken_off: bool = False
    """It is taken off, and nothing else is asked for."""
    screened: Screened = NOTHING
    makers: makers.Makers = field(default_factory=dict)
    """Whose work the item is, by part, as it shall be."""

    @property
    def people(self) -> list[str]:
        """Whose work the change is, for four eyes."""
        return people.lasting(self.office, self.actor.people)

    def made_by(self) -> list[str]:
        """Whose work the client would see."""
        shared = [row.position for row in self.files if row.share]
        return makers.of_edition(self.makers, self.draft.share_explanation, shared)


def amend(
    office: Office,
    now: datetime,
    actor: Actor,
    key: int,
    wish: Wish,
    changes: FileChanges,
    *,
    if_version: int | None = None,
    source: str | None = None,
    screened: Screened = NOTHING,
    doubts: Sequence[Sentence] = (),
) -> list[str]:
    """Change an item; what was changed (nothing, if it was so before). `source`: a sidecar's name.

    `screened`: what the wrong-client guard found in `would_share`. `doubts`: why what
    this would share outright is offered instead. Raises Invalid with every reason, Refusal where
    there is no such item (for this actor), Unscreened; nothing was written then.
    """  # fmt: skip
    item = _item_for(office, actor, key)
    if if_version is not None and item.version != if_version:
        raise Conflict("rules.changed_meanwhile", version=item.version)
    before = items.draft_of(item)
    change = _planned(office, now, actor, item, wish, changes)
    problems = change.problems
    if change.action == "share" and suspicion.is_on(office) and not problems:
        change.screened = screened.only(_not_seen_yet(change))
    is_doubtful = change.action == "share" and bool(doubts)
    if change.action == "share" and (is_doubtful or suspicion.holds(office, change.screened)) and not problems:
        change.draft, change.action = suspicion.held(office, change.draft, change.screened), "offer"
    action, asks_inside = change.action, _find_approvers(change)
    in_view = _still_in_view(change) if action == "offer" else []
    edition = items.next_edition(key) if asks_inside or action in ("offer", "share") else None
    if change.problems:
        raise Invalid(change.problems)
    changed = _changed_keys(before, change.draft)
    if wish.notify and outbox.forget_failed(READY, key):
        changed["notify"] = {"from": "failed", "to": True}
    if not (changed or change.told or action or asks_inside):
        return []
    if action != "withdraw" or change.told or changed.keys() - {"share", "notify"}:
        _write(change, changed, source)
    else:
        item.share, item.notify = change.draft.share, change.draft.notify
    _take(change, action, edition)
    _settle_inside(change, edition if asks_inside else None)
    item.version += 1
    is_told_otherwise = "contact" in changed or ("notify" in changed and not item.notify)
    if is_told_otherwise and action not in ("withdraw", "unshare"):  # of these the mail finds out, and tells the maker
        outbox.call_off(now, actor, READY, key)
    item.unsettled = item.unsettled or bool(action) or "notify" in changed or ("contact" in changed and item.notify)
    item.save()
    suspicion.record(office, now, item, change.screened)
    if is_doubtful:
        items.tell_doubts(now, item, doubts)
    if in_view and item.pending:
        there = set(map(packed, notes.on(item.pending)))
        notes.add({item.pending: [line for line in in_view if packed(line) not in there]})
    steps = (action, "offer" if asks_inside else None, "held" if is_doubtful else None)
    return [*changed, *change.told, *filter(None, steps)]


def foresee(office: Office, now: datetime, actor: Actor, key: int, wish: Wish, changes: FileChanges) -> None:
    """Raises what `amend` would, but for what is not searched yet. Writes nothing."""
    _item_for(office, actor, key)
    change = _planned(office, now, actor, items.get(key), wish, changes)
    _find_approvers(change)
    if change.problems:
        raise Invalid(change.problems)


def still_to_do(key: int, changes: FileChanges) -> FileChanges:
    """The changes less removals and renames that were done before: the item has no such file."""
    here = {fold(row.name) for row in items.attachments_of(key)}
    remove = [name for name in changes.remove if fold(name) in here]
    return replace(changes, remove=remove, rename={old: new for old, new in changes.rename.items() if fold(old) in here})


def would_share(office: Office, now: datetime, actor: Actor, key: int, wish: Wish, changes: FileChanges) -> NewToClient:
    """What `amend` would share outright, new to the client.

    Writes nothing. What will be refused shares nothing; `amend` says why.
    """
    try:
        change = _planned(office, now, actor, items.get_for(office, actor, key), wish, changes)
    except Refusal:
        return NewToClient()
    return _not_seen_yet(change) if change.action == "share" and not change.problems else NewToClient()


def _item_for(office: Office, actor: Actor, key: int) -> Item:
    """The item, if the actor may know of it. Raises NotFound."""
    item = items.get_for(office, actor, key)
    if Removal.get_or_none(Removal.item == key) is not None:
        raise NotFound("rules.removed_for_good", item=item_name(key))
    return item


def _find_approvers(change: _Change) -> bool:
    """Name who must approve it, or add why nobody can. True if it is asked inside the office."""
    office, wish, problems = change.office, change.wish, change.problems
    if change.action == "offer":
        able = is_settled(problems) and not {"approver", "share_status"} & ({one.key for one in problems} | wish.told)
        change.draft, more = asking(office, change.draft, change.made_by())
        problems += [one for one in more if one.key not in wish.told] if able else []
    asks_inside = _asks_inside(change)
    if asks_inside and not problems:
        change.makers = makers.added(change.makers, makers.INSIDE, change.people)
        draft, lacking = asking(office, change.draft, makers.of_inside(change.makers))
        if lacking and change.is_only_taken_off:
            return False  # it goes off all the same; the next change has to name somebody
        change.draft, change.problems = draft, lacking
    return asks_inside


def _planned(office: Office, now: datetime, actor: Actor, item: Item, wish: Wish, changes: FileChanges) -> _Change:
    """The item as it shall be, what forbids it, and the step it asks for; nothing is written."""
    before, files = items.draft_of(item), items.attachments_of(item.id)
    seen_before = content_digest(item.id, item.client, shown_to_client(before, files))
    only_taken_off = _takes_off(item, wish) and not changes and replace(wish, share=None, reason=None) == Wish()
    draft, problems = amended_draft(office, before, actor.code, wish, only_taken_off)
    change = _Change(
        office, now, actor, item, wish, files, draft, problems=problems, is_only_taken_off=only_taken_off, makers=item.makers
    )
    _check_taking_off(change)
    _change_files(change, changes)
    _check_files(change, changes)
    seen = content_digest(item.id, item.client, shown_to_client(draft, change.files))
    change.action = _action(change, seen_before, seen)
    if before.explanation != draft.explanation:
        change.makers = makers.added(change.makers, makers.EXPLANATION, change.people)
    is_new_to_client = draft.share and item.share_state in ("private", "withdrawn") and change.action in ("offer", "share")
    if seen != seen_before or is_new_to_client:
        change.makers = makers.added(change.makers, makers.SINCE, change.people)
    if wish.approvers and is_settled(change.problems):
        if internal.is_asked(office, draft):
            change.problems += approver_problems(office, draft, makers.of_inside(change.makers))
        if draft.share:
            change.problems += approver_problems(office, draft, change.made_by())
    change.problems = wish.objections(change.problems)
    return change


def _takes_off(item: Item, wish: Wish) -> bool:
    """True if the wish takes off the portal what is, or is about to be, there."""
    return wish.share is False and item.standing is not None


def _check_taking_off(change: _Change) -> None:
    """Who takes it off must be allowed to, and say why."""
    item, wish, reason = change.item, change.wish, (change.wish.reason or "").strip()
    if not _takes_off(item, wish):
        if reason and wish.share is not False:
            _object(change, "reason", "rules.reason_for_nothing")
        return
    change.reason = reason
    if refusal := people.why_not_withdraw(change.office, change.actor.code, item.client, item.created_by):
        change.problems.append(Problem("share", refusal))
    elif not reason:
        _object(change, "reason", "rules.reason_needed")


def _not_seen_yet(change: _Change) -> NewToClient:
    """What the client would see beyond what stands approved."""
    standing = Edition.get_or_none(Edition.id == change.item.standing) if change.item.standing else None
    return suspicion.new_to_client(shown_to_client(change.draft, change.files), standing.shown if standing is not None else None)


_KEPT = [name for name in Draft.__dataclass_fields__ if name not in ("client", "share_status")]
"""What an item keeps of a draft."""


def _changed_keys(before: Draft, after: Draft) -> dict[str, dict[str, object]]:
    """Key → what it was and is, for all that differs."""
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in _KEPT}
    return {name: {"from": old, "to": new} for name, (old, new) in pairs.items() if old != new}


# Attachments


def _change_files(change: _Change, changes: FileChanges) -> None:
    """Bring `change.files` to what they shall be; tell what was done, and what can't be."""
    by_name = {fold(row.name): row for row in change.files}
    position = max((row.position for row in change.files), default=-1)
    for name in changes.remove:
        row = by_name.pop(fold(name), None)
        if row is None:
            _object(change, "remove", "rules.no_such_attachment", name=names.printable(name))
        else:
            _tell(change, "removed", {"name": row.name, "sha256": row.sha256})
    removed = set(map(fold, changes.remove))
    were = _versions_that_were(change, [row.id for row in by_name.values()]) if changes.rename or changes.put else {}
    renamed = [(old, by_name.pop(fold(old), None), names.nfc(new)) for old, new in changes.rename.items()]
    for old, row, new in renamed:  # all old names are free by now: two attachments can swap theirs
        if row is None:
            code = "sidecar.renamed_and_removed" if fold(old) in removed else "rules.no_such_attachment"
            _object(change, "rename", code, name=names.printable(old))
        elif fold(new) in by_name:
            _object(change, "rename", "rules.name_taken", name=names.printable(new))
        else:
            _rename(change, row, new, were.get(new, 0))
            by_name[fold(new)] = row
    brought: set[str] = set()
    for file in changes.put:
        if fold(file.name) in brought:
            _object(change, "attachments", "rules.two_of_a_name", name=names.printable(file.name))
        brought.add(fold(file.name))
        old_row = by_name.get(fold(file.name))
        if old_row is None:
            position += 1
        by_name[fold(file.name)] = _put(change, file, old_row, position, were.get(file.name, 0))
    all_of_them = not changes.put or not change.item.share
    if changes.share_all is not None:
        said = {fold(file.name) for file in changes.put if file.share is not None}
        for folded, row in by_name.items():
            if folded not in said and (all_of_them or folded in brought):
                _share(change, row, changes.share_all)
    for name, share in changes.shares.items():
        row = by_name.get(fold(name))
        if row is None:
            _object(change, "share_attachments", "rules.no_such_attachment", name=names.printable(name))
        else:
            _share(change, row, share)
    change.files = sorted(by_name.values(), key=lambda row: (row.position, row.name))


def _versions_that_were(change: _Change, kept: Sequence[int]) -> dict[str, int]:
    """Name → the last version of it that is there no more. What takes the name is a later one: a
    version is got by name and number."""
    rows = Attachment.select(Attachment.name, fn.MAX(Attachment.version)).group_by(Attachment.name)
    return dict(tuples(rows.where((Attachment.item == change.item.id) & Attachment.id.not_in(kept))))


def _rename(change: _Change, row: Attachment, new: str, behind: int) -> None:
    if why := names.name_fault(new):
        _object(change, "rename", "rules.bad_name", name=names.printable(new), why=why)
    from dossier.text import media  # few changes are renamings

    if names.extension(new) != names.extension(row.name) and media.by_name(new) != media.UNKNOWN:
        row.media_type = media.by_name(new)
    if new != row.name:
        _tell(change, "renamed", {"from": row.name, "to": new})
        change.makers = makers.added(change.makers, makers.place(row.position), change.people)
        row.version = max(row.version, behind + 1)
    row.name = new


def _put(change: _Change, file: File, old: Attachment | None, position: int, behind: int) -> Attachment:
    """The row of an added file, whose version goes on behind `behind`, or one in place of `old`.
    The same bytes are no new version."""
    note = file.note if file.note is not None else old.note if old is not None else None
    if old is not None and old.sha256 == file.sha256:
        if note != old.note:
            _tell(change, "noted", {"name": old.name})
        old.note = note
        if file.share is not None:
            _share(change, old, file.share)
        return old
    share = file.share if file.share is not None else old.share if old is not None else chosen(change.office, None)
    position = old.position if old is not None else position
    version = old.version + 1 if old is not None else behind + 1
    change.makers = makers.added(
        change.makers, makers.place(position), [*change.people, *people.lasting(change.office, file.makers)]
    )
    number = {"version": version} if version > 1 else {}
    told = {"name": file.name, "sha256": file.sha256, "share": share, **number, **items.owner_told(file)}
    _tell(change, "replaced" if old is not None else "added", told)
    return Attachment(
        item=change.item.id, position=position, name=file.name, share=share, note=note, version=version, sha256=file.sha256,
        size=file.size, media_type=file.media_type, added_at=clock.to_text(change.now), current=True,
    )  # fmt: skip


def _share(change: _Change, row: Attachment, share: bool) -> None:
    if row.share != share:
        row.share = share
        if row.id:  # of a new one it is told already
            _tell(change, "sharing", {"name": row.name, "share": share})


def _tell(change: _Change, what: str, detail: Mapping[str, object]) -> None:
    change.told.setdefault(what, []).append(detail)


def _object(change: _Change, key: str, code: str, **values: object) -> None:
    change.problems.append(Problem(key, Sentence(code, values)))


def _check_files(change: _Change, changes: FileChanges) -> None:
    """What must be said of attachments, and which there must be."""
    blocked = change.office.settings.intake.blocked_types
    for name in {names.nfc(new) for new in changes.rename.values()}:
        if names.extension(name) in blocked:
            _object(change, "rename", "rules.blocked_kind", name=names.printable(name), kind=names.extension(name))
    kind = change.office.settings.types.get(change.draft.type or "")
    if kind and not change.files and "attachments" in [ENGLISH.get(key) for key in kind.required]:
        _object(change, "attachments", "rules.type_needs_attachment", type=change.draft.type)
    if not change.draft.share or changes.share_all is not None or any(one.key == "share" for one in change.problems):
        return
    said = {fold(file.name) for file in changes.put if file.share is not None} | {fold(name) for name in changes.shares}
    added = {fold(told["name"]) for told in change.told.get("added", ())}
    chosen_at = (change.item.published_at or "") if change.item.share_state == "withdrawn" else ""
    open_ = [
        row.name for row in change.files
        if fold(row.name) not in said and (fold(row.name) in added or (not change.item.share and row.added_at > chosen_at))
    ]  # fmt: skip
    change.problems += attachment_problems(change.office, change.draft, dict.fromkeys(open_))


# Sharing


def _action(change: _Change, seen_before: str, seen: str) -> str | None:
    """Which step (steps.STEPS, or unshare) the change asks for; None for none.

    `seen_before`, `seen`: digests of what the client would see, without the change and with it.
    """
    item, draft, wish = change.item, change.draft, change.wish
    if not draft.share:
        return "withdraw" if _takes_off(item, wish) else "unshare" if item.share else None
    asked_anew = wish.share_status is not None or bool(wish.share)
    stands = _content_of(item.standing) == seen
    if item.share_state in ("approved", "published"):
        if stands or (seen == seen_before and wish.share_status is None):
            return None
        return "share" if wish.share_status != "concept" and _may_share_outright(change) else "offer"
    if stands and (seen != seen_before or asked_anew):
        return "revert"
    if wish.share_status == "approved" or (item.share_state == "private" and draft.share_status == "approved"):
        return "share"
    if item.share_state == "concept":
        asked = (tuple(item.approvers), item.approvals) != (draft.approvers, draft.approvals)
        return "offer" if asked or _content_of(item.pending) != seen else None
    if item.share_state == "returned":
        return "offer" if asked_anew or seen != seen_before else None
    return "offer" if asked_anew else None  # private, or withdrawn: an edit alone does not bring it back


def _may_share_outright(change: _Change) -> bool:
    kind = change.office.settings.types.get(change.draft.type or "")
    return people.why_not_share(change.office, change.actor.code, change.item.client) is None and not (
        kind and kind.share == "approval"
    )


def _content_of(edition: int | None) -> str | None:
    row = Edition.get_or_none(Edition.id == edition) if edition else None
    return row.content if row is not None else None


# Approval inside the office


def _asks_inside(change: _Change) -> bool:
    """True if it has to be approved inside the office, (again) after this change."""
    if not internal.is_asked(change.office, change.draft):
        return False
    item, wish, kept = change.item, change.wish, change.item.approval or {}
    asked = wish.approvers is not None and (
        kept.get("state") == internal.RETURNED or (item.pending and tuple(item.approvers) != change.draft.approvers)
    )
    return bool(asked) or kept.get("content") != _inside(change)


def _inside(change: _Change) -> str:
    return content_digest(change.item.id, change.item.client, internal.content_of(change.draft, change.files))


def _settle_inside(change: _Change, number: int | None) -> None:
    """Ask for an approval inside the office, with this edition; None: see that none is asked.

    The caller saves the item.
    """
    item = change.item
    if number is None and internal.is_asked(change.office, change.draft):
        return
    if item.approval is not None and not change.draft.share:
        items.drop_pending(item)
    item.approval = None
    if number is None:
        return
    items.ask_inside(change.office, change.now, change.actor, item, change.draft, change.files, change.makers, number)


# Effects


def _write(change: _Change, changed: Mapping[str, object], source: str | None) -> None:
    """Save attachments, keys and search text, and tell of it. The caller saves the item."""
    item, draft = change.item, change.draft
    kept = [row.id for row in change.files if row.id]
    here = (Attachment.item == item.id) & Attachment.current
    Attachment.update(current=False).where(here & Attachment.id.not_in(kept)).execute()
    for row in change.files:
        row.save()
    for name in _KEPT:
        value = getattr(draft, name)
        setattr(item, name, list(value) if isinstance(value, tuple) else value)
    item.makers = change.makers
    Label.delete().where(Label.item == item.id).execute()
    insert_rows(Label, [(item.id, folded) for folded in dict.fromkeys(map(fold, draft.labels))])
    text = items.text_row(item.id, draft, [file.name for file in change.files])
    search_text([text], replace=True)
    file_texts.keep_only(text, {file.sha256 for file in change.files})
    detail = {
        **({"source": source} if source else {}), "changed": changed, **change.told, **items.shares_told(change.files),
        "rights": people.rights_now(change.office, change.actor.code),
    }  # fmt: skip
    trail.record(change.now, change.actor, "amended", item.id, detail)


def _take(change: _Change, action: str | None, number: int | None) -> None:
    """Take the step: make its edition and set the item's state. The caller saves the item."""
    item, actor, now, draft = change.item, change.actor, change.now, change.draft
    if action is None:
        return
    if action == "withdraw":
        items.take_off(change.office, now, actor, item, change.reason)
        return
    item.share_state = step(item.share_state, action)
    items.drop_pending(item)
    rights = people.rights_now(change.office, actor.code)
    if action == "unshare":
        why = {"reason": change.wish.reason} if change.wish.reason else {}
        trail.record(now, actor, "unshared", item.id, {**why, "rights": rights})
        return
    if action == "revert":
        items.still_there(item)
        trail.record(now, actor, "reverted", item.id, {"content": _content_of(item.standing), "rights": rights})
        return
    shown = shown_to_client(draft, change.files)
    assert number is not None
    content = content_digest(item.id, item.client, shown)
    edition = items.new_edition(now, item, number, content, shown, actor.code, change.made_by())
    told = {"content": edition.content, **items.shares_told(change.files), **change.screened.told(), "rights": rights}
    if action == "offer":
        item.pending = edition.id
        asked = {"approvers": list(draft.approvers), "approvals": draft.approvals}
        trail.record(now, actor, "offered", item.id, {**asked, **told})
    else:
        items.make_standing(now, item, edition, actor.code)
        trail.record(now, actor, "approved", item.id, {"outright": True, **told})


def _still_in_view(change: _Change) -> list[Sentence | str]:
    """What approvers had in view when it was offered last, and nobody approved with, also where it
    was taken back since; less what was about a file that is not in the item any more, or not with
    these bytes, about what is said no more, or that names the client whose item it is by now."""
    item = change.item
    last = Edition.get_or_none(Edition.id == items.next_edition(item.id) - 1)
    if last is None or last.approved_at is not None or not (lines := notes.on(last.id)):
        return []
    were = {row.name: row.sha256 for row in items.attachments_of(item.id)}
    were |= {file["name"]: file["sha256"] for file in last.shown["attachments"]}
    were |= {suspicion.told_of(text): text for text in suspicion.said_in(last.shown)}
    called = {row.sha256: row.name for row in change.files}
    called |= {text: suspicion.told_of(text) for text in suspicion.said_in(shown_to_client(change.draft, change.files))}
    found = list[Sentence | str]()
    for line in lines:
        about = line.values.get("file") if isinstance(line, Sentence) else None
        if isinstance(line, Sentence) and change.draft.client in line.values.get("clients", ()):
            continue
        if about not in were or isinstance(line, str):
            found.append(line)
        elif were[about] in called:
            found.append(Sentence(line.code, {**line.values, "file": called[were[about]]}))
    return found


def shares_of(key: int, only: Sequence[str]) -> dict[str, bool]:
    """Attachment → is it one of `only`? An unknown name there is True, and refused by `amend`."""
    wanted = {fold(name): name for name in only}
    there = {row.name: fold(row.name) in wanted for row in items.attachments_of(key)}
    return {**there, **{name: True for folded, name in wanted.items() if folded not in {fold(one) for one in there}}}
