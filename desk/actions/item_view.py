"""An item as staff see it whole: its fields, its files with all their versions, why the client sees
what it sees, its story.

Reads only, but that looking counts as viewed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.actions.looking_up import NOT_NOTED
from dossier.database.tables import Attachment, Edition, Item, Removal, item_key, item_name
from dossier.office import hours, people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock, names
from dossier.text.refusals import NotFound
from dossier.text.sentences import Sentence
from dossier.trail import trail
from workflow.approval.waiting import Seating
from workflow.items import items, suspicion, versions
from workflow.portal_access import opened
from workflow.portal_access.opened import OpeningTold
from workflow.reminders import reminders
from workflow.reports import finding, reasons, story, viewed
from workflow.reports.story import Told


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    size: int
    sha256: str
    at: str
    """When it came; ISO 8601, local."""
    by: str | None
    """The name of who brought it, if that is known."""
    is_current: bool
    is_public: bool
    """The client sees this one now."""


@dataclass(frozen=True, slots=True)
class FileView:
    """An attachment as it is now, the latest version first."""

    name: str
    size: int
    media_type: str
    share: bool
    note: str | None
    version: int
    sha256: str
    versions: Sequence[Version]


@dataclass(frozen=True, slots=True)
class ItemView:
    key: int
    item: str
    summary: dict[str, Any]
    files: Sequence[FileView]
    taken_out: Sequence[versions.Version]
    """Files that it had, as they were last."""
    attention: Sequence[Sentence | str]
    why: Sequence[Sentence | str]
    """All that keeps it, as it is now, off the portal."""
    inside: Sequence[Sentence | str]
    """How it stands with its approval inside the office; nothing of an item that asks for none."""
    visible: Sentence | str
    """What the client sees of it, in a sentence."""
    openings: Sequence[OpeningTold]
    story: Sequence[Told]
    may_change: bool
    may_withdraw: bool
    can_be_put_back: bool
    may_decide: bool
    share_explanation: bool
    """The client may read the explanation, if it is shared."""
    to_remind: Sequence[str]
    """Others whose decision on it is waited for."""


def find(office: Office, actor: Actor, name: str) -> Item:
    """The item with this number, if this person may know of it. Raises NotFound."""
    return items.get_for(office, actor, key_of(name))


def key_of(name: str) -> int:
    """The key of the item with this number. Raises NotFound for what no item can be called."""
    try:
        return item_key(name)
    except ValueError:
        raise NotFound("desk.no_item", item=name) from None


def view(office: Office, actor: Actor, now: datetime, name: str, note: bool = True) -> ItemView:
    """The item whole. Raises NotFound. `note`: that it was looked at."""
    item = find(office, actor, name)
    may = people.readable(office, actor)
    attention = [*suspicion.attention(item, may.clients), *reasons.not_mailed(item)]
    if note and not viewed.note_shown(now, actor, item, "desk"):
        attention.append(NOT_NOTED)
    told = history(office, actor, name)
    closed = item.status in office.settings.items.closed
    may_change = people.why_not_create(office, actor.code, item.client) is None and (
        not closed or people.is_admin(office, actor.code)
    )
    return ItemView(
        item.id, item_name(item.id), finding.summary(item), files_of(office, item), versions.taken_out(item.id), attention,
        reasons.reasons(office, now, item), reasons.inside(office, now, item), reasons.visible(item),
        opened.openings_of(item), story.story(office, item.client, told),
        may_change and Removal.get_or_none(Removal.item == item.id) is None,
        people.why_not_withdraw(office, actor.code, item.client, item.created_by) is None, items.can_be_restored(item),
        _may_decide(office, actor, now, item), item.share_explanation, reminders.whom(office, now, actor, item),
    )  # fmt: skip


def _may_decide(office: Office, actor: Actor, now: datetime, item: Item) -> bool:
    """True if a decision of this person is waited for."""
    askings = Seating(office, hours.today(office, now)).askings([item.id]) if item.pending else ()
    return any(one.seat_of(actor.code) for one in askings)


def history(office: Office, actor: Actor, name: str, behind: int = 0, most: int | None = None) -> list[dict[str, Any]]:
    """Its events (`most` of them, behind the one of this number), oldest first, as `show --json`
    tells them to this person. Raises NotFound."""
    item, may = find(office, actor, name), people.readable(office, actor)
    return [{**event, "at": clock.local_iso(event["at"])} for event in trail.history(item.id, may, behind, most)]


def files_of(office: Office, item: Item) -> list[FileView]:
    """The attachments as they are now, each with all its versions."""
    shown = Edition.get_by_id(item.public).shown["attachments"] if item.public else []
    public = {(one["name"], one["sha256"]) for one in shown}
    of = versions.versions(item.id)
    return [
        FileView(
            row.name, row.size, row.media_type, row.share, row.note, row.version, row.sha256,
            [
                Version(
                    one.number, one.size, one.sha256, clock.local_iso(one.at) or "", story.name_of(office, one.by) if one.by else None,
                    one.is_current, (one.name, one.sha256) in public,
                )
                for one in of[row.name]
            ],
        )
        for row in items.attachments_of(item.id)
    ]  # fmt: skip


def version_of(office: Office, actor: Actor, name: str, file: str, version: int | None) -> Attachment:
    """The attachment of this name (`items.called`) as it is now, or an earlier version of it.

    Raises NotFound.
    """
    item, file = find(office, actor, name), names.nfc(file)
    same = (Attachment.item == item.id) & (Attachment.name == file)
    wanted = same & (Attachment.current if version is None else Attachment.version == version)
    row: Attachment | None = Attachment.select().where(wanted).order_by(Attachment.id.desc()).first()
    if row is None and version is not None:
        # Under another name, before it was renamed.
        older = next((one for one in versions.of_one(item.id, file) if one.number == version), None)
        row = Attachment.get_by_id(older.row) if older is not None else None
    if row is None:
        called = items.called(item.id, file)
        if called == file:
            newest = Attachment.get_or_none(same & Attachment.current) if version is not None else None
            if newest is not None:
                raise NotFound("desk.no_version", item=name, file=file, version=version, newest=newest.version)
            raise NotFound("desk.no_file", item=name, file=file)
        return version_of(office, actor, name, called, version)
    return row


def with_content(office: Office, actor: Actor, name: str, file: str, sha256: str) -> Attachment:
    """The attachment of this name with exactly this content, whichever version it is.

    Raises NotFound.
    """
    item, file = find(office, actor, name), names.nfc(file)
    same = (Attachment.item == item.id) & (Attachment.name == file) & (Attachment.sha256 == sha256)
    row: Attachment | None = Attachment.select().where(same).order_by(Attachment.id.desc()).first()
    if row is None:
        raise NotFound("desk.no_file", item=name, file=file)
    return row


def attention(office: Office, actor: Actor, name: str) -> list[Sentence | str]:
    """What must be in view of whoever looks at the item. Raises NotFound."""
    return suspicion.attention(find(office, actor, name), people.readable(office, actor).clients)


def words_found(lines: Sequence[Sentence | str], file: str) -> tuple[str, ...]:
    """The words that, as these lines say, the guard found in a file, as the file has them."""
    found = [line for line in lines if isinstance(line, Sentence) and line.code == "guard.names_another"]
    words = ", ".join(str(line.values["words"]) for line in found if line.values["file"] == file)
    return tuple(word for word in words.split(", ") if word)


def note_file(now: datetime, actor: Actor, name: str, file: str) -> None:
    """Note that somebody gets a file.

    Raises what the database raises: what can't be recorded is not given (CONTRACT section 8).
    """
    item = items.get(item_key(name))
    viewed.note_view(now, actor, item, f"file {file}")
