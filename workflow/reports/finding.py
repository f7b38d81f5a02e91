"""Finding items and clients, and what programs are told of them. Reads only."""

from __future__ import annotations

import functools
import json
import operator
import re
from collections import namedtuple
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Generic, NamedTuple, TypeVar, cast

from peewee import SQL, BooleanField, Expression, Field, ModelSelect, fn

from dossier.database import readable
from dossier.database.database import is_shared
from dossier.database.search import Ends, has_words, matching, matching_files
from dossier.database.tables import (
    PROXY,
    Counter,
    Edition,
    Item,
    JSONText,
    Label,
    among,
    first_key,
    item_key,
    item_name,
    plain_rows,
    tuples,
    unsought,
)
from dossier.office.office import Office
from dossier.office.people import ALL, Readable
from dossier.text import clock
from dossier.text.names import fold, place_parts, without_accents
from dossier.text.refusals import Invalid, fault
from dossier.text.sentences import Sentence
from dossier.trail import trail

T = TypeVar("T")

FEW = 500
"""So many items are picked out by number; of more, all that wait are read."""

NOWHERE, LAST_KEY = (1, 0), first_key(10_000)


class Filter(NamedTuple):
    """Which items. None: any. All of them must hold."""

    client: str | None = None
    label: str | None = None
    location: str | None = None
    """The location itself, and what is below it."""
    status: str | None = None
    type: str | None = None
    share_state: str | None = None
    since: date | None = None
    unopened: bool = False
    """Only what is on the portal, and was opened by no contact as it is there now."""
    due_by: date | None = None
    """Only what something must be done with on this day or before; which these are, `only` says."""
    only: Collection[int] | None = None
    """Only items of these keys; FEW at most."""
    words: str = ""
    in_files: bool = False
    """Only those that have the words in the text of their files."""


def find_items(
    wanted: Filter, limit: int, after: int | None = None, may: Readable = ALL, named: Mapping[str, Collection[str]] | None = None
) -> list[Item]:
    """Items, the best match first, else the newest. `limit` 0: all. `after`: behind this one.
    Raises Invalid where nobody can tell what comes behind it.

    `may`: what the reader may know of. `named`: word → the clients whose name or code has it; their
    items with the other words come behind. Items of which words are in the text of their files come
    last. An item's number finds that item first. Signs alone (`&`, `***`) find nothing.
    """
    if wanted.words.strip() and not has_words(wanted.words):
        return []
    query, ends = _filtered(wanted), _ends(wanted)
    if ends is not None:
        query = query.where(Item.id.between(*ends))
    query = readable.only_items(query, may)
    parts = _parts(query, wanted, named or {}, ends)
    if not wanted.in_files and (keys := _numbered(wanted.words)):
        parts = [query.where(Item.id.in_(keys)).order_by(Item.id.desc()), *(part.where(Item.id.not_in(keys)) for part in parts)]
    if after is not None and len(parts) > 1:
        # Where the page before ended: an item lies in one part only.
        while parts and not parts[0].where(Item.id == after).exists():
            parts = parts[1:]
        if not parts:
            raise not_listed(after)
    found: list[Item] = []
    for part in parts:
        behind = part if after is None else part.where(Item.id < after)
        after = None
        found.extend(_as_rows(behind.limit(limit - len(found) if limit else None)))
        if limit and len(found) >= limit:
            break
    return found


def _numbered(words: str) -> list[int]:
    """The keys of what is asked for by its number: `D-2026-000012`, or `000012` of any year."""
    text = words.strip()
    if re.fullmatch(r"D-\d{4}-\d{1,6}|\d{4}-\d{6}", text, re.ASCII | re.IGNORECASE):
        return [item_key(text)]
    if re.fullmatch(r"0\d{5}", text, re.ASCII):
        return [first_key(year) + int(text) for (year,) in tuples(Counter.select(Counter.year))]
    return []


def not_listed(item: int) -> Invalid:
    """The refusal of a list to go on behind an item that does not stand in it (any more): to end
    there, or to begin anew, would tell whoever pages that these are all."""
    return Invalid([fault("after", "items.not_listed", item=item_name(item))])


def _parts(
    query: ModelSelect[Item], wanted: Filter, named: Mapping[str, Collection[str]], ends: Ends | None
) -> list[ModelSelect[Item]]:
    """The query in parts, in the order in which they are told; no item is in two of them."""
    clients = {wanted.client} if wanted.client is not None else frozenset[str]()
    in_files = matching_files(query, wanted.words, clients, wanted.in_files, ends)
    if in_files is None:
        return [query.order_by(Item.id.desc())]
    if wanted.in_files:
        return [in_files]
    parts = matching(query, wanted.words, clients, ends) or []
    if not named:
        return [*parts, in_files]
    codes = frozenset.intersection(*(frozenset(codes) for codes in named.values()))
    of_named, rest = _of_named_clients(query, wanted.words, named, codes)
    theirs = matching(of_named, rest, codes, ends) or [of_named.order_by(Item.id.desc())]
    said = matching_files(of_named, rest, codes, ends=ends)
    theirs_said = [] if said is None else [said]
    in_theirs = (Item.id.in_(part.select(Item.id).order_by()) for part in (*theirs, *theirs_said))
    return [*parts, *theirs, *theirs_said, in_files.where(~functools.reduce(operator.or_, in_theirs))]


def _of_named_clients(
    query: ModelSelect[Item], words: str, named: Mapping[str, Collection[str]], codes: Collection[str]
) -> tuple[ModelSelect[Item], str]:
    """Items of clients (`codes`) that some words name, less those with all words; and the other
    words."""
    for part in matching(Item.select(Item.id), words, codes) or ():
        query = query.where(Item.id.not_in(part.order_by()))
    return query.where(Item.client.in_(sorted(codes))), " ".join(word for word in words.split() if word not in named)


def clients_by_word(office: Office, words: str, may: Readable = ALL) -> dict[str, list[str]]:
    """Word → clients whose name or code has it, if not too many to be meant."""
    found = {}
    for word in dict.fromkeys(words.split()):
        part = _bare(word).strip()
        codes = [code for code, name in _names(office).items() if part and part in name and may.has(code)]
        if 0 < len(codes) <= FEW:
            found[word] = codes
    return found


def _filtered(wanted: Filter) -> ModelSelect[Item]:
    query, by = Item.select(), wanted.only
    for field in ("client", "type", "share_state", "status"):  # the fewest first: items are looked for by these
        value, column = getattr(wanted, field), getattr(Item, field)
        if value is not None:
            query = query.where((column if by is None else unsought(column)) == value)
            by = value
    if wanted.label is not None:
        query = query.where(Item.id.in_(Label.select(Label.item).where(Label.folded == fold(wanted.label))))
    if wanted.location is not None:
        place = "/".join(place_parts(wanted.location))
        # LIKE takes small and capital letters for the same, and only of some places.
        query = query.where((Item.location == place) | (fn.SUBSTR(Item.location, 1, len(place) + 1) == f"{place}/"))
    if wanted.since is not None:
        query = query.where(Item.created_at >= clock.to_text(clock.begin_of(wanted.since)))
    if wanted.only is not None:
        query = query.where(Item.id.in_(list(wanted.only)))
    if wanted.unopened:
        from workflow.portal_access import opened

        query = query.where(opened.unopened())
    return query


def _ends(wanted: Filter) -> Ends | None:
    """Where all items of this filter lie, as far as an index tells it at once. None: anywhere.

    So common words at an old location are found without passing over all that is newer.
    """
    found: list[Ends] = []
    if wanted.since is not None:
        found.append((first_key((clock.begin_of(wanted.since) - timedelta(days=1)).year), LAST_KEY))
    for column, value in ((Item.type, wanted.type), (Item.share_state, wanted.share_state), (Item.status, wanted.status)):
        if value is not None:
            found.append(_ends_of(Item.id, column == value))
    if wanted.label is not None:
        found.append(_ends_of(Label.item, Label.folded == fold(wanted.label)))
    if wanted.location is not None and not is_shared():
        place = "/".join(place_parts(wanted.location))
        below = (Item.location >= f"{place}/") & (Item.location < f"{place}0")  # what stands behind "/" in ASCII
        [(first, last)] = tuples(Item.select(fn.MIN(Item.id), fn.MAX(Item.id)).where(below))
        here = _ends_of(Item.id, Item.location == place)
        found.append(here if first is None else (first, last) if here == NOWHERE else (min(here[0], first), max(here[1], last)))
    return (max(first for first, _ in found), min(last for _, last in found)) if found else None


def _ends_of(key: Field, condition: Expression) -> Ends:
    query = key.model.select(key).where(condition)
    keys = [found for order in (key, key.desc()) for (found,) in tuples(query.order_by(order).limit(1))]
    return (keys[0], keys[1]) if len(keys) == 2 else NOWHERE  # the only one may have gone, or come, meanwhile


def summary(item: Item) -> dict[str, object]:
    """An item as `items --json` and `queue --json` tell it."""
    approvers, approval = item.approvers, {}
    if item.approval:
        from workflow.items import internal  # few have any, and what it needs takes long to import

        approval["approval"] = internal.told(item.approval)
    return {
        "item": item_name(item.id),
        "client": item.client,
        "description": item.description,
        "status": item.status,
        "type": item.type,
        "location": item.location,
        "labels": item.labels,
        "explanation": item.explanation,
        "fields": item.fields,
        "created_by": item.created_by,
        "created_at": clock.local_iso(item.created_at),
        "share": item.share,
        "share_state": item.share_state,
        "public": item.public is not None,
        "approver": approvers[0] if len(approvers) == 1 else approvers or None,
        "approvals": item.approvals,
        "notify": item.notify,
        "contact": item.contact,
        "notified_at": clock.local_iso(item.notified_at),
        "published_at": clock.local_iso(item.published_at),
        "due": item.due,
        "owner": item.owner,
        "version": item.version,
        **approval,
    }


def summaries_of_waiting(wanted: Collection[int], may: Readable = ALL) -> Iterator[tuple[int, dict[str, Any]]]:
    """(key, summary) of these items, all of which wait for a decision, oldest first."""
    from workflow.items import notes  # a search tells none

    these, pending = Item.pending.is_null(False), Edition.select(Edition.id, Edition.content)
    if len(wanted) <= FEW:
        these &= among(Item.id, wanted)
        pending = pending.where(Edition.id.in_(Item.select(Item.pending).where(these)))
    else:  # by the index of those that wait, instead of one by one
        pending = pending.where(SQL("state = 'pending'"))
    told = notes.on_these(Item.select(Item.pending).where(these))
    contents: dict[int, str] = dict(plain_rows(pending))
    for item in _as_rows(Item.select().where(these).order_by(Item.id)):
        if item.id in wanted:
            one = summary(item)
            one["content"] = contents.get(item.pending or 0)
            one["attention"] = _for_reader(told[item.pending], may) if item.pending in told else []
            yield item.id, one


def _for_reader(lines: list[Sentence | str], may: Readable) -> list[Sentence | str]:
    from workflow.items import suspicion  # of little that waits there is anything to tell

    return suspicion.for_reader(lines, may.clients)


def _as_rows(query: object) -> Iterator[Item]:
    """A query's items as plain rows, to be read only: a model each takes five times as long."""
    columns = Item._meta.sorted_fields
    row = namedtuple("row", [column.name for column in columns])  # type: ignore[misc]
    texts = [at for at, column in enumerate(columns) if isinstance(column, JSONText)]
    flags = [at for at, column in enumerate(columns) if isinstance(column, BooleanField)]
    known: dict[str | None, object] = {None: None}
    for given in PROXY.execute(query):
        values = list(given)
        for at in texts:
            text = values[at]
            if text not in known:
                known[text] = json.loads(text)
            values[at] = known[text]
        for at in flags:
            values[at] = bool(values[at])
        yield cast(Item, row._make(values))


def whole(item: Item, may: Readable = ALL) -> dict[str, Any]:
    """An item as `show --json` tells it: attachments, openings and history.

    `attention`: sentences that must be in view of its approvers and of whoever looks
    (workflow/items/suspicion.py), for a reader who may know of these clients; and that the client
    sees it otherwise than it is told here, or could not be mailed about it.
    """
    from workflow.items import items, suspicion
    from workflow.portal_access import opened
    from workflow.reports import reasons

    attachments = [
        {
            "name": a.name, "size": a.size, "sha256": a.sha256, "media_type": a.media_type, "share": a.share,
            "version": a.version, "note": a.note,
        }
        for a in items.attachments_of(item.id)
    ]  # fmt: skip
    history = [{**event, "at": clock.local_iso(event["at"])} for event in trail.history(item.id, may)]
    return {
        **summary(item), "attention": [*suspicion.attention(item, may.clients), *reasons.not_offered(item), *reasons.not_mailed(item)],
        "attachments": attachments, "openings": opened.openings_of(item), "history": history,
    }  # fmt: skip


def find_clients(office: Office, words: str, may: Readable = ALL) -> list[str]:
    """Clients of whom every word is in code, name, identifiers or contacts; in order of name.

    Without words all of them, and nobody for signs that are in no word. `may`: what the reader may
    know of.
    """
    wanted = _bare(words).split()
    if words.strip() and not wanted:
        return []
    return [code for code, called in _callings(office) if may.has(code) and all(part in called for part in wanted)]


class _OfOffice(Generic[T]):
    """What is put together once for a configuration."""

    def __init__(self, make: Callable[[Office], T]) -> None:
        self._make = make
        self._made: tuple[Office, T] | None = None

    def __call__(self, office: Office) -> T:
        made = self._made
        if made is None or made[0] is not office:
            made = self._made = (office, self._make(office))
        return made[1]


@_OfOffice
def _names(office: Office) -> dict[str, str]:
    """Code of each client → code and name, in the form in which words are compared."""
    return {code: _bare(f"{code} {client.name}") for code, client in office.clients.items()}


@_OfOffice
def _callings(office: Office) -> list[tuple[str, str]]:
    """The code of each client and all that it is called, in that form: code, name, identifiers and
    contacts. In order of name."""
    found = []
    for code, client in sorted(office.clients.items(), key=lambda one: _bare(one[1].name)):
        people = " ".join(f"{contact.name} {contact.email}" for contact in client.contacts)
        found.append((code, _bare(f"{code} {client.name} {' '.join(client.identifiers)} {people}")))
    return found


_NO_LETTER = re.compile(r"[^\w ]|_")
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not call accented, as who has no key for them types them."""


def _bare(text: str) -> str:
    """Letters and digits only, without accents and case: how words are compared."""
    return _NO_LETTER.sub(" ", without_accents(text).translate(_PLAIN))
