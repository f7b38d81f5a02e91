"""Retention: how long each item is kept and why, and its removal when an admin says so.

An item follows the terms of its type, else retention.default. The one that ends last holds; with
one that has no end, the item is kept. A term is a list of versions of a law: a version holds for
what ends before the next one takes effect.

Nothing goes by itself. An item stays that is on the portal, waits for an approver, has a mail to be
sent or a drop to be cleared, or is under a legal hold: it is taken off, decided or released first.
Removing an item, with the answer to "killed here?":

 1. database  one transaction. All that is known of the item goes. Its number stays, with an event
              that says that it was removed and why. What its events told is erased, and the chain
              still verifies. The hashes of its files are noted as leaving.
              Killed before: nothing was done. After: the next sweep goes on at 2.
 2. vault     each leaving file that no attachment names is set aside and removed (vault.remove).
              Killed in between: it is still noted, and looked at again.
 3. note      the file is not leaving any more.
              Killed before: the next sweep finds it gone, and says so.

What lies outside database, vault and portal (receipts, decided queue files, refused drops, backups)
is not reached from here: docs/retention.md says what to do about it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from heapq import merge
from operator import itemgetter, or_
from typing import TYPE_CHECKING, Any

from dossier.database import file_texts, readable
from dossier.database.database import transaction
from dossier.database.search import search_text
from dossier.database.tables import (
    Asked,
    Attachment,
    Binned,
    Decision,
    Drop,
    Edition,
    EditionNote,
    Hold,
    Item,
    Label,
    Leaving,
    Mail,
    Note,
    Opening,
    PageDue,
    PageFile,
    Removal,
    Viewed,
    among,
    among_texts,
    editions_of,
    first_key,
    item_name,
    tuples,
)
from dossier.files import files
from dossier.office import people
from dossier.office.item_types import months_later
from dossier.office.office import Office
from dossier.office.people import ALL, Actor, Readable
from dossier.text import clock
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound, fault
from dossier.text.sentences import Sentence, sentence, told
from dossier.trail import redacting, trail
from dossier.vault.folder import LEAVING, Vault
from workflow.outbox import outbox

if TYPE_CHECKING:
    from peewee import Expression

    from dossier.office.keys import Client, ItemType, Settings, Term

LISTED = 50
"""Items that the monthly mail names."""

_MONTH = "retention:month"


@dataclass(frozen=True, slots=True)
class End:
    """Until which day, that day included, something is kept; None: there is no end. And why.

    `basis`: the law or rule that says so, in the office's words; empty if nothing says that it must
    be kept.
    """

    until: date | None
    because: Sentence
    basis: str = ""

    def is_over(self, today: date) -> bool:
        return self.until is not None and self.until < today


@dataclass(frozen=True, slots=True)
class RetentionState:
    """What holds for an item. `obstacles`: why it can't be removed, its term aside."""

    item: int
    client: str
    description: str
    end: End
    obstacles: tuple[Sentence, ...]

    def is_over(self, today: date) -> bool:
        return self.end.is_over(today)


# Terms. Pure.


def end_of_term(versions: Sequence[Term], made: date, ended: date | None) -> End:
    """When a term is over for what was made that day, of a client who left on that one."""
    end = End(None, sentence("retention.no_term"))
    for index, version in enumerate(versions):
        start = made if version.counted_from == "creation" else ended
        told = {"basis": version.basis, "years": version.years, "day": str(start)}
        if start is None:
            end = End(None, Sentence("retention.relation_not_ended", told), version.basis)
        else:
            of_making = version.counted_from == "creation"
            because = Sentence("retention.after_making" if of_making else "retention.after_relation", told)
            end = End(months_later(start, version.years * 12), because, version.basis)
        after = versions[index + 1].from_ if index + 1 < len(versions) else None
        if end.until is not None and after is not None and end.until < after:
            return end
    return end


def end_of(settings: Settings, type_: str | None, made: date, client: Client | None) -> End:
    """Until when an item is kept: its longest term. Of no known client, none has ended."""
    kind = settings.types.get(type_ or "")
    if type_ and kind is None:
        return End(None, sentence("retention.type_gone", type=type_), f"type {type_}")
    own = kind.keep_years if kind else None
    ends = [end_of_term(versions, made, client.ended if client else None) for versions in _terms_of(settings, kind)]
    if own:
        because = sentence("retention.keep_years", type=type_, years=own, day=str(made))
        ends.append(End(months_later(made, own * 12), because, f"keep_years of type {type_}"))
    if not ends:
        return End(None, sentence("retention.no_term"))
    return max(ends, key=lambda end: end.until or date.max)


def _terms_of(settings: Settings, kind: ItemType | None) -> list[list[Term]]:
    """The terms of a type, of each its versions; of a type without its own, or of none, the
    office's. What a type keeps by years alone is not among them."""
    has_own = kind is not None and bool(kind.keep or kind.keep_years)
    return [
        settings.retention.terms[name] for name in (kind.keep if kind is not None and has_own else settings.retention.default)
    ]


def end_in_bin(end: End, since: date, days: int) -> End:
    """When an item in the bin goes: its days there and whatever says it is kept are over."""
    until = since + timedelta(days=days - 1)
    if end.basis and (end.until is None or end.until > until):
        return end
    return End(until, sentence("retention.in_bin", since=str(since), count=days))


# What holds now


def kept(
    office: Office,
    may: Readable = ALL,
    client: str | None = None,
    keys: Iterable[int] | None = None,
    over: date | None = None,
) -> Iterator[RetentionState]:
    """How long each item is kept, oldest first, but removed ones. `may`: the reader's.

    `over`: only those whose term is over on this day, which are looked for by what the database
    knows of all.
    """
    columns = (
        Item.id, Item.client, Item.description, Item.type, Item.created_at, Item.public, Item.standing, Item.pending, Item.unsettled
    )  # fmt: skip
    query = Item.select(*columns).where(Item.id.not_in(Removal.select(Removal.item))).order_by(Item.id)
    condition = readable.of_items(may)  # what is in the bin is kept too, for a while
    query = query if condition is None else query.where(condition)
    binned = {row.item: clock.from_text(row.at).astimezone().date() for row in Binned.select()}
    if client is not None:
        query = query.where(Item.client == client)
    if keys is not None:
        query = query.where(among(Item.id, keys))
    found: Iterable[tuple[Any, ...]] = query.tuples().iterator()
    if over is not None:
        in_bin = tuples(query.where(among(Item.id, binned)))
        others = query.where(_may_be_over(office, over)).tuples().iterator()
        found = merge(in_bin, (row for row in others if row[0] not in binned), key=itemgetter(0))
    held, ends = holds(), dict[tuple[str | None, date, date | None], End]()
    mails = {row[0] for row in tuples(Mail.select(Mail.item).where(Mail.state == "waiting"))}
    drops = {row[0] for row in tuples(Drop.select(Drop.item).where(~Drop.cleared & Drop.item.is_null(False)))}
    for item, whose, description, kind, created_at, *standing in found:
        known = office.clients.get(whose)
        alike = kind, clock.from_text(created_at).astimezone().date(), known.ended if known else None
        end = ends.get(alike)
        if end is None:
            end = ends[alike] = end_of(office.settings, kind, alike[1], known)
        if item in binned:
            end = end_in_bin(end, binned[item], office.settings.items.bin_days)
        if over is None or end.is_over(over):
            obstacles = [*held_by(held, whose, item), *_obstacles(*standing)]
            obstacles += [sentence("retention.mail_waits")] if item in mails else []
            obstacles += [sentence("retention.drop_lies")] if item in drops else []
            yield RetentionState(item, whose, description, end, tuple(obstacles))


def _obstacles(public: int | None, standing: int | None, pending: int | None, is_unsettled: bool) -> Iterator[Sentence]:
    if public is not None or standing is not None:
        yield sentence("retention.on_portal")
    if pending is not None:
        yield sentence("retention.waits")
    if is_unsettled and public is None and standing is None:
        yield sentence("retention.going_off")


def _may_be_over(office: Office, today: date) -> Expression:
    """The condition that an item's term may be over, were it not in the bin: with a term of that
    type it is old enough, or its client has left. An item for which that is false is kept."""
    settings = office.settings
    left = [code for code, client in office.clients.items() if client.ended is not None]
    conditions = [Item.id < 0]
    for name in (None, *settings.types):
        kind = settings.types[name] if name is not None else None
        own = kind.keep_years if kind else None
        terms = _terms_of(settings, kind)
        if not terms and not own:
            continue  # kept for good
        years = max([own or 0, *(_least_years(versions) for versions in terms)])
        made_by = months_later(today, -12 * years) + timedelta(days=2)  # wherever on earth that day began
        condition = (Item.id < first_key(made_by.year + 1)) & (Item.created_at < str(made_by))
        condition &= Item.type.is_null() if name is None else Item.type == name
        if any(all(version.counted_from != "creation" for version in versions) for versions in terms):
            condition &= among_texts(Item.client, left)
        conditions.append(condition)
    return reduce(or_, conditions)


def _least_years(versions: Sequence[Term]) -> int:
    """What is over by this term was made at least so many years ago."""
    return min((version.years if version.counted_from == "creation" else 0) for version in versions)


# Holds


Holds = Mapping[tuple[str, str], str]
"""(client or item, its code or name) → why it is under a legal hold."""


def holds() -> Holds:
    """All legal holds."""
    return {(row.kind, row.subject): row.reason for row in Hold.select()}


def held_by(held: Holds, client: str | None, item: int | None) -> Iterator[Sentence]:
    """The legal holds that keep what is about these."""
    for kind, subject in (("client", client), ("item", item_name(item) if item else None)):
        if subject is not None and (kind, subject) in held:
            yield sentence("retention.held", subject=subject, reason=held[kind, subject])


def hold(office: Office, now: datetime, actor: Actor, kind: str, subject: str, reason: str) -> None:
    """Nothing of it is removed until it is released. In `transaction()`. Raises Refusal."""
    _need_admin(office, actor)
    if not reason.strip():
        raise Invalid([fault("reason", "retention.hold_needs_reason")])
    if Hold.select().where((Hold.kind == kind) & (Hold.subject == subject)).exists():
        raise Conflict("retention.held_already", subject=subject)
    Hold.insert(kind=kind, subject=subject, reason=reason, by=actor.code, at=clock.to_text(now)).execute()
    trail.record(now, actor, "held", None, {"hold": subject, "reason": reason}, subject if kind == "client" else None)


def release(office: Office, now: datetime, actor: Actor, kind: str, subject: str, reason: str) -> None:
    """End a legal hold. Call inside `transaction()`. Raises Refusal."""
    _need_admin(office, actor)
    if not Hold.delete().where((Hold.kind == kind) & (Hold.subject == subject)).execute():
        raise NotFound("retention.not_held", subject=subject)
    trail.record(now, actor, "released", None, {"hold": subject, "reason": reason}, subject if kind == "client" else None)


def _need_admin(office: Office, actor: Actor) -> None:
    if not people.is_admin(office, actor.code):
        raise Forbidden("retention.not_admin", who=actor.code)


# Removing


def remove(office: Office, now: datetime, actor: Actor, keys: Sequence[int]) -> list[int]:
    """Step 1, of items whose term is over and nothing holds; those. In `transaction()`.

    Looked at anew here, whatever was listed before. Raises Forbidden if the actor is no admin.
    """
    _need_admin(office, actor)
    today = now.astimezone().date()
    language = office.settings.office.language
    gone = [one for one in kept(office, keys=keys, over=today) if not one.obstacles]
    for one in gone:
        why = {"kept_until": str(one.end.until), "because": told(one.end.because, language)}
        forget(office, now, actor, one, why, told(sentence("retention.term_was_over", item=item_name(one.item)), language))
    return [one.item for one in gone]


def forget(office: Office, now: datetime, actor: Actor, one: RetentionState, why: Mapping[str, object], reason: str) -> None:
    """All that is known of an item goes but its number, client, maker, time, and removal.

    A type that not everybody, or no client, may know of stays too: without it everybody could read
    that there was such an item, and by which term it went, and an export for the client had it.
    `why` and `reason` stay in the trail. Call inside `transaction()`.
    """
    key = one.item
    of_type = Item.get_by_id(key).type
    kind = office.settings.types.get(of_type or "")
    is_for_all = kind is not None and kind.staff is None and kind.share != "never"
    secret = None if is_for_all else of_type
    hashes = sorted({row[0] for row in tuples(Attachment.select(Attachment.sha256).where(Attachment.item == key))})
    for sha256 in hashes:
        Leaving.insert(sha256=sha256).on_conflict_ignore().execute()
    editions = Edition.select(Edition.id).where(editions_of(key))
    for table in (Opening, EditionNote, Asked, Decision):
        table.delete().where(table.edition.in_(editions)).execute()
    Edition.delete().where(editions_of(key)).execute()
    for of_item in (Attachment, Binned, Label, Mail, PageDue, PageFile, Drop):  # without its Drop, the same drop is new again
        of_item.delete().where(of_item.item == key).execute()
    Viewed.delete().where(Viewed.subject == item_name(key)).execute()
    Item.update(
        description="(removed)", status="removed", type=secret, location=None, labels=[], explanation=None, fields={}, share=False,
        share_explanation=False, share_state="private", approvers=[], notify=False, contact=None, published_at=None,
        notified_at=None, version=Item.version + 1, unsettled=False, approval=None, due=None, owner=None,
    ).where(Item.id == key).execute()  # fmt: skip
    search_text([(key, "", "", "", "", one.client)], replace=True)
    file_texts.forget(key)
    Removal.insert(item=key, at=clock.to_text(now)).execute()
    redacting.erase(now, actor, [event.seq for event in trail.events(item=key)], reason)
    trail.record(now, actor, "removed", key, {**why, "files": len(hashes)})


def sweep(vault: Vault) -> tuple[int, int]:
    """Steps 2 and 3; how many files went and are still to go. No `transaction()`. OSError."""
    went = left = 0
    if not vault.is_there():  # what can't be seen is not gone
        return 0, Leaving.select().count()
    with open(vault.path / LEAVING, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody is at it, or makes a backup
            return 0, Leaving.select().count()
        for (sha256,) in tuples(Leaving.select(Leaving.sha256).order_by(Leaving.sha256)):
            if files.stopping.is_set():
                break
            if not vault.remove(sha256, lambda sha256=sha256: _is_named(sha256)):  # type: ignore[misc]
                left += 1
                continue
            went += not _is_named(sha256)
            with transaction():
                Leaving.delete().where(Leaving.sha256 == sha256).execute()
    return went, left


def sweep_now_or_later(vault: Vault) -> tuple[int, int]:
    """As `sweep`. That it fails is told in the log: the records are gone, and the daemon goes on
    with the files."""
    try:
        return sweep(vault)
    except OSError as error:
        import structlog  # takes longer to import than it takes to tell what may go

        structlog.get_logger("retention").error("files of removed items can't be removed; it is tried again", error=str(error))
        return 0, Leaving.select().count()


def _is_named(sha256: str) -> bool:
    return bool(Attachment.select().where(Attachment.sha256 == sha256).exists())


# By the clock


def upkeep(office: Office, now: datetime, vault: Vault) -> bool:
    """Go on with what is leaving; mail monthly what may go; True if a mail was written."""
    sweep_now_or_later(vault)
    month = f"{now.astimezone():%Y-%m}"
    if Note.read(_MONTH) == month:
        return False
    today = now.astimezone().date()
    lines, due = list[Sentence](), 0
    for due, one in enumerate(kept(office, over=today), 1):
        if due <= LISTED:
            lines.append(sentence("retention.item_kept", item=item_name(one.item), client=one.client, kept=until_when(one)))
    with transaction():
        for code in people.admins(office) if due else ():
            told_lines = [told(line, people.language_of(office, code)) for line in lines]
            outbox.enqueue_to_staff(office, now, "retention", None, code, {"count": due, "lines": told_lines})
        Note.put(_MONTH, month)
        if due:
            trail.record(now, trail.DAEMON, "retention_listed", None, {"items": due})
    return bool(due)


def until_when(one: RetentionState) -> Sentence:
    """Until when an item is kept, and because of what."""
    if one.end.until is None:
        return sentence("retention.kept_on", because=one.end.because)
    return sentence("retention.kept_until", until=str(one.end.until), because=one.end.because)


def as_json(one: RetentionState, today: date) -> dict[str, object]:
    until = one.end.until
    return {
        "item": item_name(one.item), "client": one.client, "description": one.description, "kept_until": until and str(until),
        "because": one.end.because, "over": one.is_over(today), "held_up_by": list(one.obstacles),
    }  # fmt: skip
