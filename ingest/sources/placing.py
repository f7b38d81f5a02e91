"""Filled folders become drops: synced, recorded, and named in one step each.

What several threads of a process place at the same time goes with one sync, one transaction and one
sync more: whoever comes while others are at it waits, and is then placed by the first of those who
wait, all of them together. Nobody waits for more to come.

 1. sync      the files, and the hidden folders that they lie in.
              Killed here? Hidden folders are left.
 2. record    one transaction: what is claimed, and whose drops they are. If that fails for one,
              each has its own; if the database fails, all are told.
              Killed here? As 1. Killed after? Whoever claimed it finishes it (staging.py); else it
              is left.
 3. name      each hidden folder gets its name, where its sidecar has another one this first; then
              the folders above are synced.
              Killed here? Those that have their name are drops.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from dossier.database.database import GoesAlong, going_along, transaction
from dossier.database.trouble import is_of_the_database
from dossier.files import files, moves
from dossier.files.beneath import Folder, open_beneath
from dossier.office.office import Office
from dossier.office.people import Actor
from ingest.intake import delegation


class Filled(NamedTuple):
    """A hidden folder of a client's inbox with a whole drop in it, which gets its name next."""

    client: str
    hidden: str
    folder: str
    """The name that it gets."""
    sidecar: bytes
    hashes: Mapping[str, str]
    """SHA-256 (hex) of each file, by its name."""
    owners: Mapping[str, int] = delegation.NOBODY_ELSES
    """Whose a file is that does not belong to the sidecar's owner."""
    card: str = delegation.SIDECAR
    """What the sidecar is called until then: where several may want to place one folder, each has
    its own, so that what is placed is what was recorded."""


@dataclass(slots=True, eq=False)
class _Order:
    """What one thread wants to have placed, and what came of it."""

    office: Office
    now: datetime
    actor: Actor
    filled: Sequence[Filled]
    is_delegated: bool
    claim: Callable[[], bool] | None
    along: GoesAlong = field(default_factory=going_along)
    is_placed: bool = True
    is_over: bool = False
    error: BaseException | None = None

    @property
    def is_recorded(self) -> bool:
        """Where `created_by` is believed only who is behind them has to be known besides."""
        return self.is_delegated and (self.actor.behind is not None or not self.office.settings.identity.trust_sidecar)


def rights(is_delegated: bool) -> int:
    """Of a file that is placed: others must not write into it what would then be its owner's. What
    is placed for somebody holds by what is recorded of it alone."""
    return 0o644 | (files.UNSIGNED if is_delegated else 0)


_waiting: list[_Order] = []
_turn = threading.Lock()


def place(
    office: Office, now: datetime, actor: Actor, filled: Sequence[Filled], is_delegated: bool, claim: Callable[[], bool] | None = None
) -> bool:  # fmt: skip
    """Make drops of filled folders: sync them, record whose they are, and give each its name,
    durably.

    `is_delegated`: it is recorded that they are `actor`'s, whoever owns the files. `claim` is asked
    in that transaction; where it says False, nothing gets a name, and False is returned. It may be
    asked by another thread, and twice. Killed before the transaction, hidden folders are left;
    after it, those that have their name are drops.
    """
    order = _Order(office, now, actor, filled, is_delegated, claim)
    _waiting.append(order)
    with _turn:
        if not order.is_over:
            orders = _waiting[:]
            del _waiting[: len(orders)]
            _place_all(orders)
    if order.error is not None:
        raise order.error
    return order.is_placed


def _place_all(orders: Sequence[_Order]) -> None:
    """Place these, or tell each what was in the way."""
    try:
        _record_all(orders)
        placed = [order for order in orders if order.is_placed and order.error is None]
        for order in placed:
            _name(order)
        inbox = orders[0].office.inbox  # a process serves one office
        files.sync_beneath(inbox, (), {(one.client,): None for order in placed for one in order.filled})
    except BaseException as error:  # noqa: BLE001 - it is raised in the thread of each
        for order in orders:
            order.error = order.error or error
    finally:
        for order in orders:
            order.is_over = True


def _record_all(orders: Sequence[_Order]) -> None:
    """Steps 1 and 2 of all; where something fails, of each by itself. But where the database does,
    each would wait for it as long as all did."""
    try:
        _record(orders)
    except Exception as error:  # noqa: BLE001 - whoever wanted it is told
        for order in orders:
            if is_of_the_database(error) or len(orders) == 1:
                order.error = error
            else:
                _record_all([order])


def _record(orders: Sequence[_Order]) -> None:
    inbox, filled = orders[0].office.inbox, [one for order in orders for one in order.filled]
    hidden = [(one.client, one.hidden) for one in filled]
    written = [(*folder, name) for folder, one in zip(hidden, filled, strict=True) for name in (*one.hashes, one.card)]
    files.sync_beneath(inbox, written, hidden)
    told = [order for order in orders if order.claim is not None or order.is_recorded]
    if not told:
        return
    with transaction(along=[order.along for order in told]):
        for order in told:
            order.is_placed = order.claim is None or order.claim()
            for one in order.filled if order.is_placed and order.is_recorded else ():
                with open_beneath(inbox, one.client, one.hidden) as folder:
                    card = folder / one.card
                    delegation.record(order.now, order.actor, one.client, one.folder, card, one.sidecar, one.hashes, one.owners)


def _name(order: _Order) -> None:
    """Of what was claimed a folder that is gone has its name: another process gave it, which
    finishes what a killed one left (staging.py)."""
    is_gone = contextlib.suppress(FileNotFoundError) if order.claim is not None else contextlib.nullcontext()
    try:
        for one in order.filled:
            with open_beneath(order.office.inbox, one.client) as home, is_gone:
                give_name(home, one.hidden, one.card, one.folder)
    except OSError as error:
        order.error = error


CARD = ".card-"
"""How the name of a sidecar begins that has not its own yet."""

_LEFT = re.compile(rf"{re.escape(CARD)}.*|\.[0-9a-f]{{16}}\.part")
"""Names that only what is put together has. Whoever opened the folder a moment ago may find it
named by another by now, and its files claimed by the daemon: those are not to be touched."""


def give_name(home: Folder, hidden: str, card: str, folder: str) -> None:
    """Make a drop of a hidden folder of a client's, whose sidecar is called `card` until then.
    Raises FileNotFoundError if it is one already."""
    if card != delegation.SIDECAR:
        with home.open(hidden) as opened:
            with contextlib.suppress(FileNotFoundError):  # it was called so before somebody was killed
                moves.move(opened / card, opened / delegation.SIDECAR)
            for name in filter(_LEFT.fullmatch, opened.names()):  # what came too late, or of somebody who was killed
                files.remove(opened / name)
            files.sync((), [opened])
    moves.move(home / hidden, home / folder)
