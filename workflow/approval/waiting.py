"""What waits for a decision, and for whom today. Reads only; deciding.py decides, queue.py asks.

Who is asked follows from the configuration, the day, and what was decided on the edition so far.
Nothing of it is kept, so an approver who left an hour ago has nothing waiting now.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from peewee import SQL, Expression, fn

from dossier.database import readable, revisions
from dossier.database.tables import PROXY, Decision, Edition, Item, among, plain_rows, together, tuples
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import ALL, ApproverSeat, Readable


class Decided(NamedTuple):
    """A decision on an edition."""

    seat: str
    """Whose it was to decide."""
    by: str
    behind: str | None = None
    """Who really did, where that is another."""


class Concept(NamedTuple):
    """An item that waits for a decision, as far as it matters who is asked."""

    item: int
    version: int
    client: str
    type: str | None
    approvers: list[str]
    approvals: str
    edition: int
    makers: list[str]
    """Everybody whose work the client would see (workflow/items/makers.py)."""
    made_at: str


_FIELDS = (
    Item.id, Item.version, Item.client, Item.type, Item.approvers, Item.approvals, Edition.id, Edition.makers, Edition.made_at,
)  # fmt: skip


def concepts(items: Collection[int]) -> list[Concept]:
    """The concepts of these items that wait, oldest first."""
    return _concepts(Item.pending.is_null(False) & among(Item.id, items))


def _concepts(condition: Expression) -> list[Concept]:
    query = Item.select(*_FIELDS).join(Edition, on=(Edition.id == Item.pending)).where(condition)
    return [Concept(*row) for row in tuples(query.order_by(Item.id))]


def versions() -> dict[int, int]:
    """Item → version of all that waits, oldest first. Decisions and changes make another."""
    # Asked at every round of the daemon, of ten thousand at most times: peewee would take five
    # times as long.
    rows = PROXY.execute_sql("SELECT id, version FROM item WHERE pending IS NOT NULL ORDER BY id").fetchall()
    return {int(item): int(version) for item, version in rows}


def decided(items: Collection[int]) -> dict[int, list[Decided]]:
    """Edition → what was decided on it so far, of what waits of these items."""
    query = Decision.select(Decision.edition, Decision.approver, Decision.decided_by, Decision.behind)
    query = query.join(Item, on=(Item.pending == Decision.edition)).where(Item.pending.is_null(False))
    # With one approver, a decision ends the waiting. (The function makes it a plain text to peewee,
    # and not JSON.)
    query = query.where(fn.LOWER(Item.approvers).contains(",") & among(Item.id, items))
    found: dict[int, list[Decided]] = {}
    for edition, *one in tuples(query):
        found.setdefault(edition, []).append(Decided(*one))
    return found


class Asking(NamedTuple):
    """A concept, and who is asked about it."""

    concept: Concept
    seats: Sequence[ApproverSeat]
    """The seats that have not decided yet."""
    decided: Sequence[Decided]

    @property
    def people(self) -> list[str]:
        """Everybody who may decide now, each once."""
        return list(dict.fromkeys(person for seat in self.seats for person in seat.people))

    def seat_of(self, person: str) -> ApproverSeat | None:
        """The seat that a person would fill, their own before another's; None if there is none."""
        fitting = [seat for seat in self.seats if person in seat.people]
        return next((seat for seat in fitting if seat.approver == person), fitting[0] if fitting else None)


class Seating:
    """Who is asked on one day. Remembers answers: thousands have the same makers and approvers."""

    def __init__(self, office: Office, today: date) -> None:
        self.office = office
        self.today = today
        self._known: dict[tuple[object, ...], list[ApproverSeat]] = {}
        self._whom: dict[tuple[object, ...], list[str]] = {}
        self._are_limited: dict[str, bool] = {}

    def asking(self, concept: Concept, decisions: Sequence[Decided] = ()) -> Asking:
        """Who is asked about a concept, of which so much was decided."""
        if decisions:
            gone = {who for one in decisions for who in (one.by, one.behind) if who is not None}
            return Asking(concept, self._desks(concept, gone, {one.seat for one in decisions}), decisions)
        default = people.default_approver(self.office, concept.client) or ""
        client = concept.client if any(map(self._is_limited, (default, *concept.approvers))) else None
        key = (client, default, concept.type, *concept.approvers, None, *concept.makers)
        if key not in self._known:
            self._known[key] = self._desks(concept, (), ())
        return Asking(concept, self._known[key], ())

    def whom(self, client: str, kind: str | None, approvers: str, makers: str) -> list[str]:
        """Everybody who may decide on a concept on which nobody has; `approvers` and `makers` are
        JSON."""
        default = people.default_approver(self.office, client) or ""
        alike = (default, kind, approvers, makers)
        found = self._whom.get(alike)
        if found is None:
            named = json.loads(approvers)
            seats = people.approver_seats(self.office, client, kind, named, json.loads(makers), self.today)
            found = list(dict.fromkeys(person for seat in seats for person in seat.people))
            if not any(map(self._is_limited, (default, *named))):
                self._whom[alike] = found
        return found

    def _is_limited(self, approver: str) -> bool:
        """True if it depends on the client whether they, or who stands in for them, may decide."""
        if approver not in self._are_limited:
            some = [approver, *people.substitutes(self.office, approver, self.today)]
            staff = [self.office.staff[code] for code in some if code in self.office.staff]
            self._are_limited[approver] = not all(people.works_for_all(one) for one in staff)
        return self._are_limited[approver]

    def _desks(self, concept: Concept, gone: Collection[str], filled: Collection[str]) -> list[ApproverSeat]:
        seats = people.approver_seats(
            self.office, concept.client, concept.type, concept.approvers, concept.makers, self.today, gone
        )
        return [seat for seat in seats if seat.approver not in filled]

    def askings(self, items: Collection[int]) -> list[Asking]:
        """Of what waits of these items, who is asked about it; oldest first."""
        done = decided(items)
        return [self.asking(concept, done.get(concept.edition, ())) for concept in concepts(items)]


def oldest_waiting(may: Readable, most: int) -> tuple[list[int], int]:
    """The items that wait longest, at most so many, oldest first; and how many wait in all.

    `may`: what the reader may know of.
    """
    query, condition = Item.select(Item.id).where(Item.pending.is_null(False)), readable.of_items(may)
    query = query if condition is None else query.where(condition)
    return [item for (item,) in plain_rows(query.order_by(Item.id).limit(most))], query.count()


def who_is_asked(office: Office, today: date, may: Readable = ALL, items: Collection[int] | None = None) -> dict[int, list[str]]:
    """Item → everybody who may decide on it, of all that waits (of these few items), oldest first.

    `may`: what the reader may know of.
    """
    asked = _asked(Seating(office, today), may, items)
    return dict(sorted((item, one.whom) for one in asked for item in one.items))


class _Alike(NamedTuple):
    """Items of a client and type that wait, of which the same people are asked."""

    client: str
    kind: str | None
    whom: list[str]
    items: list[int]


def _asked(seating: Seating, may: Readable, items: Collection[int] | None) -> list[_Alike]:
    """All that waits (of these items), as it comes from the database together: of ten thousand
    items hundreds are alike."""
    found, of_several = list[_Alike](), list[int]()
    for client, kind, approvers, makers, keys in _rows(items):
        if may.has(client, kind):
            alike = list(map(int, keys.split(",")))
            found.append(_Alike(client, kind, seating.whom(client, kind, approvers, makers), alike))
            of_several += alike if "," in approvers else ()
    done = decided(of_several) if of_several else {}  # of one approver a decision ends the waiting
    begun = {one.item: one for one in _concepts(among(Item.pending, done))} if done else {}
    for one in found if begun else ():
        one.items[:] = [item for item in one.items if item not in begun]
    apart = (seating.asking(concept, done[concept.edition]) for concept in begun.values())
    return found + [_Alike(one.concept.client, one.concept.type, one.people, [one.concept.item]) for one in apart]


def _rows(items: Collection[int] | None) -> list[tuple[Any, ...]]:
    """(client, type, approvers, makers, the items' keys) of what waits (of these items), those
    alike together. Approvers and makers are JSON yet, the keys a text: `1,2,3`."""
    alike = (Item.client, Item.type, Item.approvers, Edition.makers)
    # Without the state each edition would be looked up among all there are, and not in the index of
    # what waits.
    waits = SQL("state = 'pending'") if items is None else among(Item.id, items)
    query = Item.select(*alike, together(Item.id)).join(Edition, on=(Edition.id == Item.pending))
    # Grouped by the makers first: where the database was never analyzed, SQLite would pass over all
    # items by their clients, as that is the order of an index.
    return plain_rows(query.where(Item.pending.is_null(False) & waits).group_by(Edition.makers, *alike[:3]))


REMEMBERED = 4
"""Of so many configurations it is remembered who is asked: the office's, and those of API keys."""


class _Answer:
    """Who is asked about all that waits, as it was found out the last time."""

    def __init__(self, seating: Seating) -> None:
        self.seating = seating
        self.revision: int | None = None
        """Of all that waits, then."""
        self.asked: Sequence[_Alike] = ()
        self.of_reader: dict[tuple[str, Readable], list[int]] = {}


_answers: list[_Answer] = []
_answering = threading.Lock()


def waits_for(office: Office, today: date, person: str, may: Readable) -> list[int]:
    """What this person may decide on and know of, oldest first; for pages, at each click.

    An answer is given again while config/ and the day are the same, and nothing began or ceased to
    wait, or has another version: a decision or a change makes one.
    """
    with _answering:  # one at a time: ten thousand rows in each thread would be much memory
        revision = revisions.number(revisions.WAITING)
        answer = next((one for one in _answers if one.seating.office is office and one.seating.today == today), None)
        if answer is None:
            answer = _Answer(Seating(office, today))
        else:
            _answers.remove(answer)
        _answers[REMEMBERED - 1 :] = []
        if answer.revision != revision:
            answer.asked = _asked(answer.seating, ALL, None)
            answer.revision, answer.of_reader = revision, {}
        _answers.insert(0, answer)
        reader = (person, may)
        if reader not in answer.of_reader:
            theirs = (one for one in answer.asked if person in one.whom and may.has(one.client, one.kind))
            answer.of_reader[reader] = sorted(item for one in theirs for item in one.items)
        return answer.of_reader[reader]
