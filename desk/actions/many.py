"""Many items at once: what a search finds, and the same done to each of them.

Each is judged and changed by itself, in a transaction of its own: what is refused of one keeps no
other back. What was listed before is what is done: an item that comes up later is not.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar

from desk.actions import looking_up
from dossier.database import readable
from dossier.database.tables import Item, item_name
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text.refusals import Invalid, Refusal, fault
from dossier.text.sentences import sentence
from workflow.reports import finding
from workflow.reports.finding import Filter

KEYS = ("client", "label", "location", "status", "type", "share_state", "since")
"""What a search may say besides words, as KEY=VALUE."""

T = TypeVar("T")


def read_search(text: str) -> Filter:
    """`client=acme-bv status=new "annual accounts"` as a filter.

    Raises Invalid for what it can't mean, and if it says nothing at all.
    """
    try:
        parts = shlex.split(text)
    except ValueError:
        raise Invalid([fault("where", "many.quotes")]) from None
    said: dict[str, Any] = {}
    words = []
    for part in parts:
        key, equals, value = part.partition("=")
        key = key.replace("-", "_")
        if not equals:
            words.append(part)
        elif key not in KEYS or key in said:
            raise Invalid([fault("where", "many.no_such_key", given=part, keys=", ".join(KEYS))])
        else:
            said[key] = value
    if not (words or said):
        raise Invalid([fault("where", "many.says_nothing")])
    if "since" in said:
        try:
            said["since"] = date.fromisoformat(said["since"])
        except ValueError:
            raise Invalid([fault("where", "tokens.value", key_="since", wanted=sentence("api.since"))]) from None
    return Filter(**said, words=" ".join(words))


def matching(office: Office, reader: Actor, text: str) -> list[dict[str, Any]]:
    """All items that this search finds, as `items --json` tells them. Raises Invalid."""
    wanted = read_search(text)
    looking_up.check_filter(office, reader, wanted)
    return looking_up.find_items(office, reader, wanted, 0)


def listed(office: Office, reader: Actor, keys: Sequence[int]) -> list[dict[str, Any]]:
    """These items, in this order; without those that the reader may not know of, or that are in the
    bin."""
    found = readable.only_items(Item.select().where(Item.id.in_(list(keys))), people.readable(office, reader))
    known = {item.id: finding.summary(item) for item in found}
    return [known[key] for key in keys if key in known]


def each(keys: Sequence[int], act: Callable[[int], T]) -> Iterator[tuple[str, T | Refusal]]:
    """Do it to each item; tells its number, and what became of it or why nothing did."""
    for key in keys:
        try:
            yield item_name(key), act(key)
        except Refusal as refusal:
            yield item_name(key), refusal
