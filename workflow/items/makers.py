"""Whose work an item is, for four eyes: its maker, and who changed what clients see. Pure.

Kept with the item, part by part, as codes of staff and what else names them (`people.lasting`):

    item          who made it, and who was behind that: these never decide on it
    since         who changed, since the last standing approval, what the client would have seen
    explanation   who wrote the explanation, which the client may not be shown yet
    file N        who brought or named the file in place N, which the client may not be shown yet
    inside        who changed what waits for an approval inside the office

An edition has the makers of what it shows. Once it stands, others than those of `item` begin anew;
what nobody has approved, because the client was not to see it, keeps its makers. An approval inside
the office never stands: whose work it was counts no more inside, and goes on counting (`seen …`)
once the client shall see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

ITEM, SINCE, EXPLANATION, INSIDE = "item", "since", "explanation", "inside"

_SEEN = "seen "
"""Before a part that was approved inside the office."""

Makers = Mapping[str, Sequence[str]]
"""Part → whose work it is."""


def place(position: int) -> str:
    """The part that the attachment in this place is."""
    return f"file {position}"


def of_new(people: Sequence[str], owners: Iterable[Sequence[str]]) -> Makers:
    """Of a new item that `people` made. `owners`: whose its files were, where that is known."""
    found: dict[str, Sequence[str]] = {ITEM: people}
    for position, others in enumerate(owners):
        if more := [name for name in others if name not in people]:
            found[place(position)] = more
    return found


def added(makers: Makers, part: str, people: Iterable[str]) -> Makers:
    """The makers, with these besides for this part."""
    return {**makers, part: list(dict.fromkeys([*makers.get(part, ()), *people]))}


def of_edition(makers: Makers, share_explanation: bool, shared: Iterable[int]) -> list[str]:
    """Whose work the client would see. `shared`: the places of the attachments that are shared."""
    parts = [ITEM, SINCE, *_parts_shown(share_explanation, shared)]
    return list(dict.fromkeys(name for part in parts for kept in (part, _SEEN + part) for name in makers.get(kept, ())))


def once_approved(makers: Makers, share_explanation: bool, shared: Iterable[int]) -> Makers:
    """The makers, after all that the client sees of the item was approved."""
    over = {SINCE, *_parts_shown(share_explanation, shared)}
    return {part: names for part, names in makers.items() if part.removeprefix(_SEEN) not in over}


def of_inside(makers: Makers) -> list[str]:
    """Whose work any part of the item is, for an approval inside the office."""
    return list(dict.fromkeys(name for part, names in makers.items() if not part.startswith(_SEEN) for name in names))


def once_approved_inside(makers: Makers) -> Makers:
    """The makers, after all of the item was approved inside the office."""
    found: Makers = {}
    for part, names in makers.items():
        if part != INSIDE:
            found = added(found, part if part == ITEM else _SEEN + part.removeprefix(_SEEN), names)
    return found


def _parts_shown(share_explanation: bool, shared: Iterable[int]) -> list[str]:
    return [*([EXPLANATION] if share_explanation else []), *map(place, shared)]
