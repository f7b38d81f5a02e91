"""The daemon's work on drops: looking where a look is due, taking what is ready, clearing the inbox
of what is decided. The working thread does all of it.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence, Set
from typing import NamedTuple

from desk.daemon.summary import RunSummary
from dossier.cluster.claims import LEAD, LOGINS, MAIL, WEBHOOKS, Claims, inbox
from dossier.database.database import close_database, is_shared
from dossier.database.trouble import UNAVAILABLE
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from dossier.vault.folder import Vault
from dossier.workers.pool import WorkerPool
from ingest.inbox import long_waiting
from ingest.inbox.found import Found, Lying
from ingest.inbox.looking_ahead import LookAhead
from ingest.inbox.lookout import Lookout
from ingest.intake.intake import AT_ONCE, DropBatch, Intake
from ingest.intake.outcome import Outcome

TROUBLE_SECONDS = 30
"""How soon it is tried again to clear what is decided and could not leave the inbox."""

FEW = 25
"""So many drops that came while a backlog is taken don't wait for the rest of it."""


class LargeDrop(NamedTuple):
    """A drop that is received beside all else, as it was judged with this configuration."""

    found: Found
    office: Office
    batch: DropBatch

    def is_same(self, other: Found) -> bool:
        """True if this is the drop that a look found again."""
        return all(getattr(self.found, name) == getattr(other, name) for name in ("client", "folder", "sidecar_name", "stem"))


class DropWork:
    """What the daemon does with drops.

    `ring` tells the working thread that something is due; `alarm` takes a cause and what is wrong,
    None when it is over; `progress`, how many drops were decided just now.
    """

    def __init__(
        self,
        office: Office,
        vault: Vault,
        claims: Claims,
        summary: RunSummary,
        ring: Callable[[], None],
        alarm: Callable[[str, Sentence | str | None], None],
        progress: Callable[[int], None],
        workers: WorkerPool | None = None,
        ahead: LookAhead | None = None,
        once: bool = False,
    ) -> None:
        """`workers`: processes that help with many drops, and look at some already (`ahead`)."""
        self.office = office
        self.summary = summary
        self._claims, self._workers, self._once = claims, workers, once
        self._ring, self._alarm, self._progress = ring, alarm, progress
        # What was looked at before it could be claimed counts for nothing.
        begun = None if is_shared() else ahead
        self.lookout = Lookout(office, ring, alarm, self._claim, self._saw, workers, begun, self._is_ours)
        self.intake = Intake(office, vault, patient=once, workers=workers)
        self.clears_at = 0.0
        """When `clear_rest` is due, in monotonic seconds."""
        self._large = list[LargeDrop]()
        self._uncleared = set[str]()
        """Clients of whose last batch not all has left the inbox yet."""

    def begin(self) -> None:
        """Finish first what the last daemon had begun."""
        self.intake.staying.begin()
        self._finish_others()

    def end(self) -> None:
        """Wait for what was begun, and undo what nobody else knows of: we may be told to stop."""
        self.intake.clearing.wait()
        if self.intake.clearing.clients_to_undo():
            with contextlib.suppress(*UNAVAILABLE):
                close_database()  # what it was claimed by has ended
                self._finish_others()
        self.intake.close()

    def reconsider(self, office: Office) -> None:
        """The configuration has changed."""
        self.office = self.intake.office = office
        self.lookout.reconfigured(office)

    def next_at(self) -> float:
        """When something is to be looked at or taken, as far as is known, in monotonic seconds."""
        is_received = any(one.batch.is_received() for one in self._large)
        return 0.0 if is_received else self.lookout.next_at()

    def rest(self, now: float) -> None:
        """Nothing is due: write down what was cleared, or put it on the disk."""
        if self.intake.has_to_forget(now):
            self.intake.forget()
        else:
            self.intake.put_on_disk()

    # Sharing the inbox with other daemons (PostgreSQL)

    def _claim(self, client: str) -> bool:
        """Make a client's inbox folder ours until the end of this step; finish first what a
        daemon that died left there."""
        if not is_shared():
            return True
        if self._claims.is_many() or not self._claims.take(inbox(client)):
            return False
        self.intake.recover(client)
        return True

    def _is_ours(self, client: str) -> bool:
        return self._claims.has_all((inbox(client),))

    def _saw(self, cards: Sequence[Lying]) -> None:
        self.intake.sightings.note(clock.utc_now(), cards)

    def _release(self, kept: Iterable[str] = ()) -> None:
        """Let others have the clients' folders, but those that are `kept`."""
        if is_shared():
            self.intake.forget()  # first: who claims a folder next finishes what is not marked as done
            large, cleared = (one.found.client for one in self._large), self.intake.clearing.begun_for()
            kept = {*kept, *large, *cleared, *self.lookout.begun_ahead()}
            self._claims.release_all((LEAD, LOGINS, MAIL, WEBHOOKS, *map(inbox, kept)))

    def _finish_others(self) -> None:
        """Finish what was committed but not cleared when the last daemon ended; of shared
        offices what no other is busy with."""
        if not is_shared():
            self.intake.recover()
            return
        for client in self.intake.uncleared_clients():
            self._claim(client)
        for client in self.intake.clearing.clients_to_undo():
            if self._claim(client) and self.intake.clearing.undo_claims(client):
                self.lookout.hint(client)
        self._release()

    # Taking

    def take(self, meanwhile: Callable[[Callable[[], bool]], None]) -> bool:
        """Look where a look is due and take what is ready; True if anything was taken or refused.

        While one batch is written down, the files of the next are received, and those of the one
        before leave the inbox. Until then the folders are kept from other daemons; where there are
        none, the last of many leave it while it is published what came. Between two batches
        `meanwhile` is called, with what takes the few drops that came since.
        """
        done, few, ready = False, list[Found](), list[Found]()
        begun = deque[tuple[list[Found], DropBatch]]()
        passed_by = set[str]()

        def take_few() -> bool:
            """Who has dropped a few things doesn't wait for whoever has dropped hundreds: neither
            what came since nor what was found so far."""
            busy = passed_by.union(*(batch.clients for _, batch in begun), (one.client for one in (*few, *ready)))
            busy |= {*self.lookout.begun_ahead()}
            self._finish_large(busy)
            fresh, too_many = self._fresh(busy)
            passed_by.update(too_many)
            some = [*few, *fresh]
            few.clear()
            if some:
                self._take(some, self.intake.begin(clock.utc_now(), some), more=False, is_fresh=True)
            return False

        try:
            done = self._finish_large()
            for everything in self.lookout.ready():
                found = self._without_large(everything)
                (few if len(found) <= FEW else ready).extend(found)
                if len(few) >= AT_ONCE:  # of many clients: a backlog as well
                    ready[:0] = few
                    few.clear()
                while len(ready) >= AT_ONCE and not files.stopping.is_set():
                    if not begun:
                        take_few()
                    begun.append((ready[:AT_ONCE], self.intake.begin(clock.utc_now(), ready[:AT_ONCE])))
                    del ready[:AT_ONCE]
                    if len(begun) > 1:
                        done = self._take(*begun.popleft(), more=bool(begun)) or done
                        take_few()
                        self._release(kept={one.client for one in ready}.union(*(batch.clients for _, batch in begun)))
                        meanwhile(take_few)
                if files.stopping.is_set():
                    break
            if begun:
                take_few()
            ready += few
            few.clear()
            if ready and not files.stopping.is_set():
                begun.append((ready, self.intake.begin(clock.utc_now(), ready)))
            while begun:
                found, batch = begun.popleft()
                is_many = self._workers is not None and self._workers.helps_with(len(found))
                if is_last_of_many := not begun and is_many and not is_shared():
                    self._uncleared |= batch.clients
                done = self._take(found, batch, more=bool(begun) or is_last_of_many) or done
                if begun:
                    take_few()
            return done
        finally:
            if is_shared():
                self.intake.clearing.wait()
            self._release()

    def _fresh(self, busy: Set[str]) -> tuple[list[Found], set[str]]:
        """In the midst of a backlog: (the few drops that came since, the clients who have dropped
        so many that these wait for their turn). Not of clients who are `busy`: their drops are
        taken in their order."""
        fresh, too_many = list[Found](), set[str]()
        for everything in self.lookout.fresh(busy, FEW):
            found = self._without_large(everything)
            if len(found) > FEW:
                too_many.add(found[0].client)
                self.lookout.again_in(found[0].client, 0.0)
            else:
                fresh += found
            if files.stopping.is_set() or len(fresh) >= AT_ONCE:
                break
        return fresh, too_many

    def _without_large(self, found: list[Found]) -> list[Found]:
        """Begin to receive what of these is large beside all else; the others, less those that
        must wait for it: what amends an item is taken in the order in which it came."""
        if self._once or self._workers is None or not (self._large or any(one.is_large for one in found)):
            return found
        rest = list[Found]()
        for one in sorted(found, key=lambda one: one.changed_at):
            under_way = [large for large in self._large if large.found.client == one.client]
            if any(large.is_same(one) or (one.amends and large.found.amends) for large in under_way):
                continue
            if one.is_large:
                batch = self.intake.begin_large(clock.utc_now(), one, self._ring)
                self._large.append(LargeDrop(one, self.office, batch))
            else:
                rest.append(one)
        return rest

    def _finish_large(self, busy: Iterable[str] = ()) -> bool:
        """Take the large drops that were received since, not of clients who are `busy`; True if
        anything was taken or refused. Those of one client go in the order in which they came."""
        done, waits = False, set(busy)
        for large in list(self._large):
            client = large.found.client
            if client in waits or not large.batch.is_received():
                waits.add(client)
                continue
            self._large.remove(large)
            if large.office is self.office:
                done = self._take([large.found], large.batch, more=False, is_fresh=True) or done
            self.lookout.hint(client)  # for what waited for it, and to judge it anew if config/ has changed
        return done

    def _take(self, found: list[Found], batch: DropBatch, more: bool, is_fresh: bool = False) -> bool:
        self._claims.confirm(map(inbox, batch.clients))
        began = time.monotonic()
        outcome = self.intake.finish(clock.utc_now(), batch, more, is_fresh)
        self.summary.add(outcome, time.monotonic() - began)
        self._progress(outcome.taken + outcome.duplicates + outcome.refused)
        if outcome.postponed:
            self.lookout.postpone(found, outcome.trouble)
        else:
            self.lookout.looker.done_with(found)
        for client in outcome.stays:
            self.lookout.again_in(client, TROUBLE_SECONDS)
        self._tell_trouble({one.client for one in found}, outcome)
        return bool(outcome.taken + outcome.duplicates + outcome.refused)

    def clear_last(self) -> None:
        """Have the rest of the last batch leave the inbox."""
        if self._uncleared:
            clients, outcome, self._uncleared = self._uncleared, Outcome(), set()
            self.intake.clear_up(outcome)
            self._tell_trouble(clients, outcome)

    def _tell_trouble(self, clients: Iterable[str], outcome: Outcome) -> None:
        """Raise an alarm for each client whose drops can't be taken now, and end those of the
        others."""
        self.summary.add_trouble(outcome)
        for cause, text in outcome.alarms(clients):
            self._alarm(cause, text)

    def clear_rest(self) -> None:
        """Try again to clear what is decided and could not leave the inbox; see what need not
        stay in it any more."""
        if time.monotonic() < self.clears_at:
            return
        self.clears_at = time.monotonic() + TROUBLE_SECONDS
        long_waiting.tell(self.office, clock.utc_now(), self.lookout.waiting)
        for client in self.intake.staying.recheck():
            self._alarm(f"stays {client}", None)
            self.lookout.hint(client)
        if is_shared() or self.intake.clearing.has_away:
            self._finish_others()
        if not self.intake.clearing.has_left:
            return
        stuck, outcome = list(self.intake.clearing.trouble), Outcome()
        self.intake.clear_up(outcome)
        self._tell_trouble(stuck, outcome)
