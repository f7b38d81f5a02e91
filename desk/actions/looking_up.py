"""Finding items and clients, and looking at them.

Only what the reader may know of is found or counted.

Whoever looks at an item is in its history. What cannot be found may also be what this person must
not know of: the answer is the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from dossier.database import file_texts, readable
from dossier.database.tables import Attachment, Counter, Item, chunks, first_key, item_key, item_name, tuples
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor, Readable
from dossier.text import clock
from dossier.text.refusals import Invalid, NotFound, fault
from dossier.text.sentences import Sentence
from workflow.items.steps import STEPS
from workflow.reports import finding, viewed

if TYPE_CHECKING:
    from dossier.office.keys import Client  # its library takes longer to load than a command lasts
    from workflow.items.dates import DueDate

NOT_NOTED = Sentence("actions.not_noted")

MOST_DIGITS = 7
"""No item's number has more."""

MOST_FILES = 3
"""Files of an item that are named where it is found."""


def find_items(
    office: Office, reader: Actor, wanted: finding.Filter, limit: int, after: int | None = None
) -> list[dict[str, Any]]:
    """Items as `items --json` tells them: the best match first if there are words, else the newest.

    `limit` 0: all. `after`: the key of the item behind which the list goes on. Of what is due
    (`wanted.due_by`) the earliest is first, with `due_on` and `due_for`: its first day, and of
    what. Raises Invalid for an `after` that tells no place in the list.
    """
    may = people.readable(office, reader)
    named = {} if wanted.client else finding.clients_by_word(office, wanted.words, may)
    if wanted.due_by is None:
        return [finding.summary(item) for item in finding.find_items(wanted, limit, after, may, named)]
    from workflow.items import dates  # most who search ask for nothing that is due

    first: dict[int, DueDate] = {}
    for one in dates.until(office, wanted.due_by, may):
        if one.item is not None:
            first.setdefault(one.item.id, one)
    found: dict[int, Any] = {}
    for these in chunks(list(first), finding.FEW):
        found |= {item.id: item for item in finding.find_items(wanted._replace(only=these), 0, None, may, named)}
    keys = [key for key in first if key in found]
    if after is not None and after not in keys:
        raise finding.not_listed(after)
    keys = keys if after is None else keys[keys.index(after) + 1 :]
    return [
        finding.summary(found[key]) | {"due_on": str(first[key].day), "due_for": first[key].name or first[key].kind}
        for key in keys[: limit or None]
    ]


def fitting_files(found: Sequence[Mapping[str, Any]], words: str) -> dict[str, list[str]]:
    """Item → names of its files that were found by these words, by their names or by what they say;
    MOST_FILES at most.

    `found`: what `find_items` found by them. A file fits if it has one of the words, and the item's
    description has the others.
    """
    asked = _plain(words).split()
    keys = {item_key(one["item"]): one for one in found}
    rows: list[tuple[int, str, str]] = tuples(
        Attachment.select(Attachment.item, Attachment.name, Attachment.sha256)
        .where(Attachment.current & Attachment.item.in_(list(keys)))
        .order_by(Attachment.item, Attachment.position)
    )
    said = {key: file_texts.texts_of(key) for key in keys}
    fitting: dict[str, list[str]] = {}
    for key, name, sha256 in rows:
        about = _plain(keys[key]["description"])
        text = _plain(f"{name} {said[key][sha256].text if sha256 in said[key] else ''}")
        if any(word in text for word in asked) and all(word in text or word in about for word in asked):
            fitting.setdefault(keys[key]["item"], []).append(name)
    return {item: names_[:MOST_FILES] for item, names_ in fitting.items()}


def _plain(text: str) -> str:
    from workflow.guard.directory import fold_text  # only who searches in files needs the guard

    return fold_text(text).lower()


def due(office: Office, reader: Actor, day: date, client: str | None = None, owner: str | None = None) -> list[dict[str, Any]]:
    """The office's list of what is due on this day or before, the earliest first: of items, and of
    clients.

    `owner`: only what this staff member sees to. Raises NotFound, Invalid for a client or person
    that there is none of.
    """
    from workflow.items import dates

    if owner is not None and owner not in office.staff:
        raise NotFound("people.not_in_staff_yaml", staff=owner)
    check_filter(office, reader, finding.Filter(client=client))
    found = []
    for one in dates.until(office, day, people.readable(office, reader)):
        owners = dates.owners(office, one)
        if client in (None, one.client) and (owner is None or owner in owners):
            found.append({
                "day": str(one.day), "what": one.name or one.kind, "client": one.client, "owner": owners[0] if owners else None,
                "item": item_name(one.item.id) if one.item is not None else None,
                "description": one.item.description if one.item is not None else None,
                "status": one.item.status if one.item is not None else None,
            })  # fmt: skip
    return found


def check_filter(office: Office, reader: Actor, wanted: finding.Filter) -> None:
    """Raise Invalid for a client, status, type or share state that there is none of, and for a look
    into files for no words.

    It says what was perhaps meant.
    """
    may = people.readable(office, reader)
    clients = [code for code in office.clients if may.has(code)]
    known = {
        "client": clients, "status": office.settings.items.statuses,
        "type": [name for name in office.settings.types if name not in may.hidden_types], "share_state": list(STEPS),
    }  # fmt: skip
    faults = []
    for key, values in known.items():
        given = getattr(wanted, key)
        if given is None or given in values or _is_used(key, given, may):
            continue
        near = difflib.get_close_matches(given, values, 3, 0.5) or list(values)[:6]
        faults.append(fault(key, f"actions.no_such_{key}" if near else f"actions.no_{key}", given=given, near=", ".join(near)))
    if wanted.in_files and not wanted.words.strip():  # it would let everything through
        faults.append(fault("in", "actions.no_words"))
    if faults:
        raise Invalid(faults)


def _is_used(key: str, value: str, may: Readable) -> bool:
    """True if config/ does not know it any more, and items have it."""
    return bool(readable.only_items(Item.select().where(getattr(Item, key) == value), may).exists())


def key_of_number(number: int, office: Office, reader: Actor, in_bin: bool = False) -> list[int]:
    """The keys of the items that have this number in any year and that the reader may know of, the
    newest first.

    Those in the bin only where no other has it; first of all with `in_bin`.
    """
    keys, may = [first_key(year) + number for (year,) in tuples(Counter.select(Counter.year))], people.readable(office, reader)
    these, condition = Item.select(Item.id).where(Item.id.in_(keys)), readable.of_items(may)
    every = {item.id for item in (these if condition is None else these.where(condition))}
    lying = {item.id for item in readable.only_items(these, may)}
    binned = every - lying
    return sorted((binned or lying) if in_bin else (lying or binned), reverse=True)


def of_number(office: Office, reader: Actor, text: str) -> list[dict[str, Any]]:
    """The items that have this number in any year, the newest first, as a list tells them."""
    keys = key_of_number(int(text), office, reader) if len(text) <= MOST_DIGITS else []
    return find_items(office, reader, finding.Filter(only=keys), 0) if keys else []


def key_typed(text: str, office: Office, reader: Actor) -> int:
    """The key of the item whose number was typed, whole or, where only one fits, without the year.

    Raises Invalid.
    """
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        fitting = key_of_number(int(text), office, reader)
        if len(fitting) == 1:
            return fitting[0]
    try:
        return item_key(text)
    except ValueError:
        raise Invalid([fault("to", "desk.no_item", item=text)]) from None


def show(office: Office, now: datetime, reader: Actor, key: int, how: str = "show") -> dict[str, Any]:
    """An item as `show --json` tells it; it is noted who looked at it, and `how`. Raises NotFound.

    Where that can't be noted, its `attention` says so.
    """
    from workflow.items import items  # whoever makes a list needs no changes of items

    found = items.get_for(office, reader, key)
    is_noted = viewed.note_shown(now, reader, found, how)
    told = _whole(office, reader, found)
    if not is_noted:
        told["attention"].append(NOT_NOTED)
    return told


def whole(office: Office, reader: Actor, key: int) -> dict[str, Any]:
    """An item as `show` tells it, to whoever just changed it; no look is noted. Raises NotFound."""
    from workflow.items import items

    return _whole(office, reader, items.get_for(office, reader, key))


def _whole(office: Office, reader: Actor, item: Item) -> dict[str, Any]:
    """An item as `show --json` tells it: each attachment with its versions, the latest first."""
    from workflow.items import versions

    told, of = finding.whole(item, people.readable(office, reader)), versions.versions(item.id)
    for attachment in told["attachments"]:
        attachment["versions"] = [
            {
                "version": one.number, "name": one.name, "size": one.size, "sha256": one.sha256, "by": one.by,
                "at": clock.local_iso(one.at),
            }
            for one in of[attachment["name"]]
        ]  # fmt: skip
    return told


def find_clients(office: Office, reader: Actor, words: str) -> list[str]:
    """Codes of the clients that have these words, in order of name."""
    return finding.find_clients(office, words, people.readable(office, reader))


def known_clients(office: Office, reader: Actor) -> dict[str, Client]:
    """Code → client, of those that this person may know of, in order of name."""
    return {code: office.clients[code] for code in find_clients(office, reader, "")}


def note_client(office: Office, now: datetime, reader: Actor, code: str) -> None:
    """Remember that somebody asked for this client.

    Where that can't be written down, they are answered all the same.

    It is in no trail, for no item was shown.
    """
    if code in office.clients and people.readable(office, reader).has(code):
        try:
            viewed.note_client(now, reader, code)
        except (DatabaseUnavailable, *UNAVAILABLE) as error:
            import structlog  # takes longer to import than most commands last

            log = structlog.get_logger("looking")
            log.error("that a client was asked for can't be written down", client=code, actor=reader.code, error=str(error))


def recent(office: Office, reader: Actor) -> tuple[list[dict[str, Any]], list[str]]:
    """The items (as in a list) and the clients' codes that this person looked at last, the latest
    first."""
    may, keys = people.readable(office, reader), [item_key(name) for name in viewed.recent(reader, "item")]
    known = {item.id: item for item in readable.only_items(Item.select().where(Item.id.in_(keys)), may)}
    codes = [code for code in viewed.recent(reader, "client") if code in office.clients and may.has(code)]
    return [finding.summary(known[key]) for key in keys if key in known], codes
