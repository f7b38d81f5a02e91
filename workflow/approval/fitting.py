"""Is what stands approved what was approved? The trail holds its digest, by whom and when.

An edition fits if
- its digest is that of its text, its files, its item and its client;
- an event tells that this digest was approved, at the time and by the person that the database
  names;
- nothing tells that the item was withdrawn or unshared since;
- and these events are as they were written, judged by the chain where they stand.

Whoever can write to the database can write events too, a whole chain of them; that is found by the
anchors (`audit verify`), not here. Where the words of an event were erased, the event alone counts.

Reads only. What does not fit is not published, is taken off the portal, and is told by `verify`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from dossier.database.tables import Edition, Item, Shown, chunks, tuples
from dossier.text.sentences import Sentence, sentence
from dossier.trail import auditing, trail
from dossier.trail.trail import RecordedEvent
from workflow.items.items import content_digest

CHUNK = 500
"""Items that are looked at with one question."""

MOST_SEEN = 50_000
"""So many are remembered, in some 12 MB; then it begins anew."""

_APPROVING = ("approved", "restored", "reverted")
_ENDING = ("withdrawn", "unshared")


class Standing(NamedTuple):
    """An edition that a client sees or is to see, as the database has it."""

    item: int
    client: str
    created_by: str
    edition: int
    content: str
    shown: Shown
    approved_by: str | None
    approved_at: str | None

    @classmethod
    def of(cls, item: Item, edition: Edition) -> Standing:
        return cls(
            item.id, item.client, item.created_by, edition.id, edition.content, edition.shown, edition.approved_by,
            edition.approved_at,
        )  # fmt: skip


COLUMNS = (
    Item.id, Item.client, Item.created_by, Edition.id, Edition.content, Edition.shown, Edition.approved_by, Edition.approved_at,
)  # fmt: skip
"""What a Standing is made of."""


def standing(condition: object, edition: object) -> list[Standing]:
    """What stands (`edition`: Item.standing) or is public (Item.public) of these items."""
    query: object = Item.select(*COLUMNS).join(Edition, on=(edition == Edition.id)).where(condition)
    return [Standing(*row) for row in tuples(query)]


class Fitting:
    """Remembers what was seen to fit: later only its text is compared. Any thread may ask."""

    def __init__(self) -> None:
        self._seen: set[tuple[object, ...]] = set()

    def misfits(self, given: Iterable[Standing]) -> dict[int, Sentence]:
        """As `misfits`."""
        wanted = list(given)
        last = trail.last_about(one.item for one in wanted)
        marks = [(one, (*one[:5], *one[6:], last.get(one.item))) for one in wanted]
        unknown = [(one, mark) for one, mark in marks if mark not in self._seen or not is_whole(one)]
        found = misfits(one for one, _ in unknown)
        if len(self._seen) > MOST_SEEN:
            self._seen.clear()
        self._seen |= {mark for one, mark in unknown if one.item not in found}
        return found


def is_whole(one: Standing) -> bool:
    """True if the text and the files are those of the digest."""
    return one.edition // 10_000 == one.item and content_digest(one.item, one.client, one.shown) == one.content


def misfits(given: Iterable[Standing]) -> dict[int, Sentence]:
    """Item → why what stands of it is not what was approved, of those for which it isn't."""
    told = ((one, _why_unfit(one, events)) for one, events in _with_events(given, (*_APPROVING, *_ENDING)))
    return {one.item: reason for one, reason in told if reason is not None}


def strange_makers(given: Iterable[Standing]) -> dict[int, Sentence]:
    """Item → what is wrong with its maker, where the trail tells another than the database."""
    found = {}
    for one, events in _with_events(given, ("created",)):
        makers = {event.actor for event in events}
        if one.created_by not in makers:
            found[one.item] = sentence("fitting.maker", by=one.created_by, makers=", ".join(sorted(makers)) or "?")
    return found


def _with_events(given: Iterable[Standing], actions: Collection[str]) -> Iterator[tuple[Standing, list[RecordedEvent]]]:
    """Each with the events of these kinds about its item, less those that were changed since."""
    for some in chunks(list(given), CHUNK):
        events = trail.of_items([one.item for one in some], actions)
        changed, told = auditing.changed_among(events), dict[int, list[RecordedEvent]]()
        for event in events:
            if event.seq not in changed:
                told.setdefault(event.item or 0, []).append(event)
        yield from ((one, told.get(one.item, [])) for one in some)


def _why_unfit(one: Standing, events: Iterable[RecordedEvent]) -> Sentence | None:
    if not is_whole(one):
        return sentence("fitting.text_changed")
    approved = ended = 0
    is_told = False
    for event in events:
        if event.action in _ENDING:
            ended = event.seq
        elif event.detail is None or event.said.get("content") == one.content:
            approved = event.seq
            is_told = is_told or (event.action, event.actor, event.at) == ("approved", one.approved_by, one.approved_at)
    if not is_told:
        return sentence("fitting.not_approved", by=one.approved_by or "?", at=one.approved_at or "?")
    return sentence("fitting.ended") if ended > approved else None
