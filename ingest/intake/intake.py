"""A drop becomes an item, or a refusal.

What happens to a batch of drops, in this order:

 1. judge     sidecar, rights, rules; pure.
              Killed here? Nothing was done. The next look finds the drop as it was.
 2. receive   each attachment is copied into the vault and hashed on the way, its kind and a virus
              looked for (kinds.py, scanning.py), and gets its name (receiving.py). What would be
              shared outright is searched for other clients (guarding.py).
              Killed here? Copies without a name, swept at the next start, and vault files that no
              item names: harmless, and found again by hash when the drop is taken.
 3. record    one transaction: each drop as `claimed`, with exactly which files it is made of and
              the hidden names that they will have.
              Killed before? As 2. Killed after? No file has such a name: the next start sees so,
              and forgets the record.
 4. claim     each file is renamed to its hidden name in the client's folder, and looked at there:
              it is the file that was judged and copied, its owner is the same, nobody writes to it.
              From here nobody else can take it, move it or change it by its name. A file that is
              not as it was: its drop gets all names back, and waits for its next look. A file that
              can't be renamed: all names back as well, and the drop stays (staying.py).
              Killed in the middle? The next start gives all names back. A newer file that has such
              a name by then keeps it, and ours becomes `report (2).pdf`. A daemon that was stopped
              in the middle, replaced, and wakes up hides the rest: it sees at 6 that its connection
              is gone, and gives back itself what is in no record any more. Killed before that? The
              next look does so (earlier.py).
 5. keep      one sync, of the vault and of the folders of the inbox, and of what was cleared since
              the last one. What came from another file system is read back.
              Killed here? As 4. From the end of this step not even a power cut brings a file back
              under its name.
 6. commit    one transaction: item, attachments, events, and the drop itself, `taken` and not yet
              `cleared`, with its receipt; of a batch also the words that the guard has read of
              its files. For a refused drop: the same, with its WHY.txt, where
              its files go and where they lay (sightings.py). A word that was given for this drop
              alone (`new --as`) is used up with it. Killed before? As 4. Killed after? The drop is
              taken, and the next start goes on with 7.
 7. clear     the hidden files of what was taken are removed, and the receipt is written. Refused
              files move to _rejected under their own names, the sidecar last, once WHY.txt is on
              the disk. A file that somebody wrote to since 4 gets its name back: it is a new one.
              Killed anywhere in here? The drop is not `cleared`: the next start does 7 again; every
              part of it may be repeated.
 8. forget    sync, with the next 5 if one comes soon, then the drop is marked as `cleared`, with
              the next transaction. The record of one whose names were given back is removed in
              the same way.
              Killed before? As 7: what is done already is found done.

At each point every file is in the inbox, or in the vault with an item, or in _rejected. From 4 to 7
it is out of sight, and the database knows under which name. Only from 6 to 7 is it in two places.
7 and 8 are in clearing.py, the moves of 4 and 7 in leaving.py. Of a backlog other processes
(pool.py) do 2 and 7, while this one does the rest: 2 of the next batch, 7 of the one before. Of a
drop with large files 2, and what of 5 is the vault's, goes on beside all else; then it goes on as a
batch of its own, and what changed meanwhile shows at 4. The
disk full, no permission, a failing disk at any of these: 1 to 5 leave the drop in the inbox, under
its names, 6 is the database's all or nothing, 7 and 8 are tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from errno import EACCES, EINVAL, EPERM
from functools import partial
from pathlib import Path

import structlog
from peewee import fn

from dossier.database.database import transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import Binned, Drop, Item, Removal, chunks, insert_rows, item_key, item_name, tuples
from dossier.database.trouble import is_of_the_database
from dossier.files import files
from dossier.files.beneath import LastOpened
from dossier.office.office import Office
from dossier.office.people import Actor, language_of
from dossier.text import clock, names, system
from dossier.text.refusals import Problem, Refusal
from dossier.text.sentences import LANGUAGES, sentence
from dossier.text.yamltext import Fault
from dossier.trail import trail
from dossier.vault.folder import Vault
from dossier.workers.pool import WorkerPool, slices
from ingest.inbox.found import Found
from ingest.inbox.listing import WHY
from ingest.intake import delegation, earlier, foreseeing, sightings
from ingest.intake.candidate import Candidate, changes_of, fingerprint_of, is_import, new_item_of, receipt_text, why_text
from ingest.intake.clearing import CLAIMED, Clearing, hidden_word, is_our_reason
from ingest.intake.guarding import GuardOfIntake, may_share
from ingest.intake.judging import entries, judge
from ingest.intake.leaving import Stays, claim
from ingest.intake.outcome import Outcome
from ingest.intake.receiving import Order, Received, Receiver, WantedFile
from ingest.intake.scanning import NotScanned, ScannerGone
from ingest.intake.sightings import Sightings
from ingest.intake.staying import Staying
from ingest.intake.strikes import Strikes
from ingest.sidecar.reading import item_named, type_named
from workflow.items import amending, items, suspicion
from workflow.items.suspicion import Unscreened
from workflow.outbox import notices

log = structlog.get_logger("intake")

_LAST_KEY = Prepared(lambda: Drop.select(fn.MAX(Drop.id)))
_TAKEN = Prepared(
    lambda prints: (
        Drop.select(Drop.fingerprint, Drop.item, Drop.at)
        .where(
            Drop.fingerprint.in_(prints)
            & (Drop.kind == "taken")
            & Drop.item.not_in(Binned.select(Binned.item))  # given again after it was deleted, it is new
        )
        .order_by(Drop.id)
    )
)
_GONE = Prepared(lambda keys: Removal.select(Removal.item).where(Removal.item.in_(keys)))
_DELETE = Prepared(lambda keys: Drop.delete().where(Drop.id.in_(keys)))

REASONS_TOLD = 20
"""Faults of a refused drop that its maker's mail says; WHY.txt has them all."""

AT_ONCE = 250
"""Drops in one batch: a transaction of well under a second, a stop within one."""

WORKERS = 4
"""Threads that copy and hash; both release the interpreter's lock."""

BESIDE = 2
"""Drops with large files that are received at once, while others are taken."""

MARK_SECONDS = 0.5
"""How long the mark `cleared` waits for a next transaction to go with."""


@dataclass(slots=True)
class DropBatch:
    """Drops that are on their way."""

    outcome: Outcome
    clients: Set[str]
    receiving: list[tuple[Sequence[Candidate], Callable[[], list[Received]]]]
    is_received: Callable[[], bool] = lambda: True
    """Whether a large one is."""


class Intake:
    """Takes drops for an office. One thread uses it."""

    def __init__(self, office: Office, vault: Vault, patient: bool = False, workers: WorkerPool | None = None) -> None:
        """`patient`: wait for whatever takes long. `workers`: what helps with many at once."""
        self._office = office
        self.vault = vault
        self._workers = workers
        self.gate = GuardOfIntake(vault, patient)
        self.clearing = Clearing(office)
        self.staying = Staying(office)
        self.sightings = Sightings(office)
        self._strikes = Strikes()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="receive")
        self._beside = ThreadPoolExecutor(BESIDE, thread_name_prefix="receive-large")

    @property
    def office(self) -> Office:
        return self._office

    @office.setter
    def office(self, office: Office) -> None:
        self._office = self.clearing.office = self.staying.office = self.sightings.office = office

    def _receiver(self, vault: Vault) -> Receiver:
        limits = self.office.settings.intake
        return Receiver(vault, tuple(limits.blocked_types), limits.macros, limits.clamd)

    def uncleared_clients(self) -> list[str]:
        """Clients with drops not marked as cleared that drop in this inbox: there may be more."""
        found = [row[0] for row in tuples(Drop.select(Drop.client).where(~Drop.cleared).distinct())]
        return [client for client in found if (self.office.inbox / client).is_dir()]

    def recover(self, client: str | None = None) -> int:
        """Finish or undo what a daemon that ended had begun (for this client); how many drops."""
        count = self.clearing.load(client)
        if client is not None:
            earlier.give_back_of(self.office, client)
        if client is not None and not count:
            return 0
        self.clearing.clear()
        self.forget()
        if count:
            log.info("finished what was interrupted", drops=count)
        return count

    def take(self, now: datetime, found: Sequence[Found]) -> Outcome:
        """Take or refuse these; what can't be done now stays. Interrupted; database errors."""
        return self.finish(now, self.begin(now, found))

    def begin(self, now: datetime, found: Sequence[Found]) -> DropBatch:
        """Steps 1 and 2; the second goes on meanwhile. Every batch must be finished."""
        outcome, clients = Outcome(), {one.client for one in found}
        if self.clearing.has_left:
            self.clearing.clear()
        drops = self._judge_all(now, self._takeable(found, outcome), outcome)
        workers = self._workers if self._workers is not None and self._workers.helps_with(len(drops)) else None
        receive = self._receiver(self.vault.lend() if workers else self.vault).receive_each
        given = [(some, [self._order(drop) for drop in some]) for some in slices(drops)]
        if workers is not None:
            return DropBatch(outcome, clients, [(some, workers.begin(receive, orders)) for some, orders in given])
        if len(drops) == 1:  # by this thread itself, when it is finished: no other has to wake up for it
            return DropBatch(outcome, clients, [(some, partial(receive, orders)) for some, orders in given])
        return DropBatch(outcome, clients, [(some, self._pool.submit(receive, orders).result) for some, orders in given])

    def begin_large(self, now: datetime, found: Found, tell: Callable[[], None]) -> DropBatch:
        """Steps 1 and 2 of a drop with large files, and as much of 5 as is the vault's.

        `tell` is called, from any thread, when the batch `is_received`. The vault must be a folder.
        """
        outcome = Outcome()
        drops = self._judge_all(now, self._takeable([found], outcome), outcome)
        receive = self._receiver(self.vault.apart()).receive_durably
        received = self._beside.submit(receive, [self._order(drop) for drop in drops])
        received.add_done_callback(lambda _: tell())
        return DropBatch(outcome, {found.client}, [(drops, received.result)], received.done)

    def finish(self, now: datetime, batch: DropBatch, more: bool = False, is_fresh: bool = False) -> Outcome:
        """The other steps. With `more` to come the last go on meanwhile. Interrupted; database
        errors.

        `is_fresh`: it is cleared before other batches, which have been begun.
        """
        outcome, ready, kept = batch.outcome, list[Candidate](), list[Candidate]()
        for drops, received in batch.receiving:
            for drop, one in zip(drops, received(), strict=True):
                error = self._received(drop, one)
                if error is None or self._is_to_be_refused(now, drop, error, outcome):
                    ready.append(drop)
        ready = self._judged_by_guard(now, ready, outcome)
        if ready:
            self.sightings.see_files(drop.found for drop in ready if drop.faults)
            self._record_claims(now, ready)
            with self.clearing.claiming([drop.row for drop in ready]):
                with LastOpened(self.office.inbox) as homes:
                    claimed = [drop for drop in ready if self._claim(homes, drop, outcome)]
                kept = self._keep(claimed, outcome)
                if kept:
                    self._commit(now, kept, outcome)
            self.clearing.add(drop.row for drop in ready)
        if is_fresh:
            self.clearing.clear_first([drop.row for drop in ready])
            outcome.trouble.update(self.clearing.trouble)
        elif self._workers is not None and (more or self._workers.helps_with(len(ready))):
            self.clearing.begin(self._workers, [drop.row for drop in ready])
        if not is_fresh and not (more and self._workers is not None):
            self.clear_up(outcome)
        for drop in kept:
            if drop.row["kind"] != CLAIMED:  # one that waits for its next look has got its names back
                _log(drop)
        outcome.stays.update(self.staying.reasons(batch.clients))
        left = [drop for drops, _ in batch.receiving for drop in drops if not drop.row or drop.row["kind"] == CLAIMED]
        self.sightings.left(now, [(drop.found, drop.origin) for drop in left])
        return outcome

    def close(self) -> None:
        """End what was begun."""
        for pool in (self._pool, self._beside):
            pool.shutdown(cancel_futures=True)
        self.gate.close()

    def clear_up(self, outcome: Outcome) -> None:
        """Clear the inbox of what is decided; what is left is tried again at the next call."""
        self.clearing.clear()
        outcome.trouble.update(self.clearing.trouble)

    def _takeable(self, found: Sequence[Found], outcome: Outcome) -> list[Found]:
        """Without what is left of decided drops, and of clients whose folders aren't cleared."""
        barred = {client: self.clearing.why_not(client) for client in dict.fromkeys(one.client for one in found)}
        for client, error in barred.items():
            if error is not None:
                outcome.trouble[client] = system.whole(error)
        fit = [one for one in found if barred[one.client] is None and not self.clearing.speaks_for(one)]
        outcome.postponed += len(found) - len(fit)
        return [one for one in fit if not self.staying.holds(one)]

    # 1. judge

    def _judge_all(self, now: datetime, found: Sequence[Found], outcome: Outcome) -> list[Candidate]:
        drops = []
        for one, origin in zip(found, self.sightings.origins(found), strict=True):
            try:
                row = delegation.find(one)
                delegated = None if row is None else Actor(row.maker, "drop", row.behind)
                judgement = judge(self.office, one, delegated)
            except Exception as error:
                if is_of_the_database(error):
                    raise
                drop = Candidate(one, trail.DAEMON)
                if self._is_to_be_refused(now, drop, error, outcome):
                    drops.append(drop)
            else:
                drop = Candidate(
                    one, judgement.actor, row, judgement.draft, judgement.wish, faults=judgement.faults, whose=judgement.whose
                )
                drop.origin, drop.doubts = origin, [*judgement.whose.doubts, *one.doubts]
                if not self.office.settings.identity.trust_sidecar:
                    drop.doubts += sightings.doubts(one, origin, judgement.whose.foreign)
                drops.append(drop)
        return drops

    # 2. receive, 3. keep

    def _order(self, drop: Candidate) -> Order:
        """What is to be received of a drop; nothing if it has faults."""
        found, line = drop.found, 1
        if found.sidecar:
            line = found.sidecar.lines.get("attachments", 1)
        is_searched = suspicion.is_on(self.office) and may_share(drop)
        wanted = () if drop.faults else entries(found)
        listed = [WantedFile(name, disk, found.looks[disk], digest, is_searched) for name, _, digest, disk in wanted]
        return Order(self.office.inbox, found.folders, listed, line)

    def _received(self, drop: Candidate, received: Received) -> Exception | None:
        """Take over what came; what went wrong is the answer."""
        drop.files, drop.kinds, drop.places = received.files, received.kinds, received.places
        drop.is_on_disk = received.is_on_disk
        drop.faults += received.faults
        drop.noticed = [*drop.found.notices, *received.warnings]
        if received.error is None and not drop.faults and drop.delegation and not delegation.holds(drop.delegation, drop):
            drop.faults.append(Fault(1, sentence("intake.not_as_placed", maker=drop.actor.code)))
            self._discard(drop)
        if received.error is None and not drop.faults:
            try:
                self.gate.begin(self.office, drop, received.texts)
            except Exception as error:  # noqa: BLE001 - one bad drop never blocks another; _is_to_be_refused counts it
                self._discard(drop)
                return error
        return received.error

    def _judged_by_guard(self, now: datetime, drops: Sequence[Candidate], outcome: Outcome) -> list[Candidate]:
        """Without those that are not searched yet; they wait for their next look."""
        judged, late = self.gate.judge(self.office, now, drops, outcome.trouble)
        for drop in late:
            self._discard(drop)
        outcome.postponed += len(late)
        return judged

    def _discard(self, drop: Candidate) -> None:
        for _, copy in drop.files:
            self.vault.discard(copy)
        drop.files.clear()
        drop.places.clear()

    def _is_to_be_refused(self, now: datetime, drop: Candidate, error: Exception, outcome: Outcome) -> bool:
        """True if the drop is to be refused: its fault says why. Else it stays in the inbox.

        Invalid is what may not be read, and what failed too often for a reason nobody foresaw.
        Libraries that read what users made raise OSError too, without a number or with EINVAL: that
        is the drop's, not the disk's.
        """
        found = drop.found
        if isinstance(error, files.Changed | files.NotPlain):
            outcome.postponed += 1  # the next look sees what it is now
            return False
        if isinstance(error, files.SourceUnreadable) and error.errno in (EACCES, EPERM):
            what = names.printable(Path(error.filename).name)
            drop.reset([Fault(1, sentence("intake.unreadable", file=what, why=system.why(error)))])
            return True
        if isinstance(error, NotScanned) or (isinstance(error, OSError) and error.errno not in (None, EINVAL)):
            outcome.postponed += 1
            outcome.trouble[found.client] = system.whole(error)
            outcome.scanner_gone = system.why(error) if isinstance(error, ScannerGone) else outcome.scanner_gone
            log.error("a drop can't be taken now", client=found.client, drop=names.printable(found.stem), error=str(error))
            return False
        called = names.printable(found.called)
        as_seen = {name: (look.inode, look.size, look.mtime_ns) for name, look in found.looks.items()}  # a claim changes ctime
        told = self._strikes.count(now, found.client, called, as_seen, error)
        if told is None:
            outcome.postponed += 1
            return False
        drop.reset([Fault(1, told)])
        return True

    # 3. record, 4. claim

    def _record_claims(self, now: datetime, drops: Sequence[Candidate]) -> None:
        """Write down which files get which names, and, in the same transaction, what was
        cleared."""
        at = clock.to_text(now)
        with transaction():
            self.clearing.mark()
            for key, drop in enumerate(drops, int(_LAST_KEY.rows()[0][0] or 0) + 1):
                found = drop.found
                drop.claim = drop.row = {
                    "id": key, "client": found.client, "folder": found.folder, "stem": names.printable(found.stem), "fingerprint": None,
                    "kind": CLAIMED, "item": None, "at": at, "files": self._to_be_claimed(drop), "target": None, "text": "",
                    "cleared": False, "hidden": hidden_word(self.office.inbox, found.folder), "of_type": None, "told": None,
                }  # fmt: skip
            self._insert(drops)
        self.clearing.forget()

    def _insert(self, drops: Sequence[Candidate]) -> None:
        insert_rows(Drop, [[drop.row[field.name] for field in Drop._meta.sorted_fields] for drop in drops])

    def _to_be_claimed(self, drop: Candidate) -> list[list[object]]:
        """What goes from the inbox, as Drop.files. A WHY.txt goes only if it is ours."""
        found, looks = drop.found, dict(drop.found.looks)
        is_extra = WHY in looks and not drop.faults and WHY not in found.matched.values()
        if is_extra and not is_our_reason(self.office.inbox, found.client, (*found.folders, WHY)):
            del looks[WHY]
        return [[name, *look] for name, look in looks.items()]

    def _claim(self, homes: LastOpened, drop: Candidate, outcome: Outcome) -> bool:
        """True if all its files are ours now. Else `clearing` gives the names back."""
        try:
            claim(homes, drop.row)
        except Stays as stays:
            self.staying.hold(drop.found, stays)
            log.error(
                "a drop stays in the inbox", client=drop.found.client, drop=names.printable(drop.found.stem), error=str(stays)
            )
            return False
        except files.Changed:
            outcome.postponed += 1  # the next look sees what it is now
            return False
        except OSError as error:
            outcome.postponed += 1
            outcome.trouble[drop.found.client] = system.whole(error)
            log.error(
                "a drop can't be claimed now", client=drop.found.client, drop=names.printable(drop.found.stem), error=str(error)
            )
            return False
        return True

    # 5. keep

    def _keep(self, drops: Sequence[Candidate], outcome: Outcome) -> list[Candidate]:
        """Put on the disk what was received and claimed; all drops if that went well, or none.

        But those whose folders were taken away since.
        """
        folders = [folders for drop in drops for folders in _folders_of(drop)]
        lacking, synced = [drop for drop in drops if not drop.is_on_disk], set[int]()
        try:
            lacks = self.clearing.sync(folders, synced)
            self.vault.sync(
                [place for drop in lacking for place in drop.places], [copy for drop in lacking for _, copy in drop.files], synced
            )
        except OSError as error:
            outcome.trouble.update((drop.found.client, system.whole(error)) for drop in drops)
            outcome.postponed += len(drops)
            log.error("drops can't be kept now", error=str(error), drops=len(drops))
            return []
        kept = [drop for drop in drops if lacks.isdisjoint(_folders_of(drop))]
        outcome.postponed += len(drops) - len(kept)
        return kept

    # 6. commit

    def _commit(self, now: datetime, drops: Sequence[Candidate], outcome: Outcome) -> None:
        """All drops in one transaction; if one fails as nobody foresaw, each in its own."""
        before = [list(drop.faults) for drop in drops]
        try:
            self._commit_all(now, drops)
        except Exception as error:
            if is_of_the_database(error):
                raise
            for drop, faults in zip(drops, before, strict=True):
                drop.reset(faults)
            if len(drops) > 1:
                for drop in drops:
                    self._commit(now, [drop], outcome)
            elif isinstance(error, Unscreened):
                outcome.postponed += 1  # what it would share now was not searched: the next look does
            elif self._is_to_be_refused(now, drops[0], error, outcome):
                self._discard(drops[0])
                self._commit_all(now, drops)
                outcome.refused += 1
            return
        kinds_of = [drop.row["kind"] for drop in drops]
        outcome.taken += kinds_of.count("taken")
        outcome.duplicates += kinds_of.count("duplicate")
        outcome.refused += kinds_of.count("refused")

    def _commit_all(self, now: datetime, drops: Sequence[Candidate]) -> None:
        for drop in drops:
            drop.fingerprint = fingerprint_of(drop, now)
        with transaction():
            self.vault.vouch([copy.sha256 for drop in drops for _, copy in drop.files])
            for drop in delegation.use_up(drops):
                drop.faults.append(Fault(1, sentence("intake.placed_before", maker=drop.actor.code)))
            before = self._taken_before(drops)
            firsts: dict[str, Candidate] = {}
            for drop in drops:
                if drop.faults or drop.amends is not None:
                    continue
                if drop.fingerprint in before:
                    drop.item, drop.first_taken_at = before[drop.fingerprint]
                else:
                    firsts.setdefault(drop.fingerprint, drop)
            makers = list(firsts.values())
            # Words of a single drop are kept at rest: whoever waits for it need not wait for them.
            read = self.gate.screen.take_texts if len(drops) > 1 else None
            keys = items.create_all(self.office, now, [new_item_of(drop) for drop in makers], read)
            for drop, key in zip(makers, keys, strict=True):
                drop.item = key
            for drop in sorted(drops, key=lambda drop: drop.found.changed_at):  # amendments in the order they came
                if drop.amends is not None:
                    self._amend(now, drop, before)
                elif not drop.faults and drop.item is None:
                    drop.item, drop.first_taken_at = firsts[drop.fingerprint].item, clock.to_text(now)
            self._tell_duplicates(drops)
            self._record(now, drops)
        self.sightings.forget(drop.found for drop in drops)

    def _taken_before(self, drops: Sequence[Candidate]) -> dict[str, tuple[int, str]]:
        """Fingerprint → the item that the same drop became, and when last. Not of gone items."""
        prints = list({drop.fingerprint for drop in drops if not drop.faults})
        found = {fingerprint: (item, at) for fingerprint, item, at in _TAKEN.rows(prints)}
        gone = {row[0] for row in _GONE.rows(list({item for item, _ in found.values()}))}
        return {fingerprint: (item, at) for fingerprint, (item, at) in found.items() if item not in gone}

    def _tell_duplicates(self, drops: Sequence[Candidate]) -> None:
        """What has become of the items of which these are duplicates, for their receipts."""
        keys = [drop.item for drop in drops if drop.first_taken_at and not drop.faults]
        if keys:
            query = Item.select(Item.id, Item.share_state, Item.client).where(Item.id.in_(keys))
            states = {key: (state, client) for key, state, client in tuples(query)}
            for drop in drops:
                if drop.first_taken_at and not drop.faults:
                    state, client = states.get(drop.item, (None, drop.found.client))
                    drop.is_moved = client != drop.found.client
                    drop.share_state = None if drop.is_moved else state

    def _amend(self, now: datetime, drop: Candidate, before: dict[str, tuple[int, str]]) -> None:
        """An amendment, in the batch's transaction. Invalid, it becomes a refused drop.

        One that was made `before` is a duplicate only if it changes nothing of the item as it is
        now. Of a faulty sidecar all that forbids the rest of it is told as well, but only to
        whoever may have made it.
        """
        if not set(drop.faults) <= set(drop.found.faults):
            return
        sidecar = drop.found.sidecar
        assert sidecar is not None
        assert drop.wish is not None
        assert drop.amends is not None
        key = item_key(drop.amends)
        if (unknown := foreseeing.not_its_item(self.office, drop)) is not None:
            drop.faults.append(unknown)
            return
        source, changes = names.printable(drop.found.sidecar_name or drop.found.stem), changes_of(drop)
        _, at = before.get(drop.fingerprint, (key, None))
        if at is not None:
            changes = amending.still_to_do(key, changes)
        wish = replace(drop.wish, faults=tuple(Problem("", fault.message) for fault in drop.faults), told=sidecar.told)
        try:
            changed = amending.amend(
                self.office, now, drop.actor, key, wish, changes,
                source=source, screened=drop.screened, doubts=drop.doubts,
            )  # fmt: skip
        except Refusal as refusal:
            drop.faults += foreseeing.faults_of(drop, refusal)
        else:
            drop.item = key
            drop.doubts = drop.doubts if "held" in changed else []
            if changed or at is None:
                before[drop.fingerprint] = key, clock.to_text(now)
            else:
                drop.first_taken_at = at

    def _secret_type(self, drop: Candidate) -> str | None:
        """The type it is, or was to be, of, if never shared and not all staff may know of it."""
        types = self.office.settings.types
        return self._type_among(drop, {name for name, kind in types.items() if kind.share == "never" and kind.staff is not None})

    def _limited_type(self, drop: Candidate) -> str | None:
        """The same of any type of which not all staff may know."""
        return self._type_among(drop, {name for name, kind in self.office.settings.types.items() if kind.staff is not None})

    def _type_among(self, drop: Candidate, secret: Collection[str]) -> str | None:
        if not secret:
            return None
        sidecar, text = drop.found.sidecar, drop.found.unread
        named = (sidecar.type if sidecar is not None else None) or type_named(text, secret)
        if named in secret:
            return named
        amended = (sidecar.item if sidecar is not None else None) or item_named(text)
        key = drop.item or (item_key(amended) if amended else None)
        item = Item.get_or_none((Item.id == key) & Item.type.in_(sorted(secret))) if key is not None else None
        return item.type if item is not None else None

    def _record(self, now: datetime, drops: Sequence[Candidate]) -> None:
        """What became of each drop in place of its claim, and events of those without an item."""
        at, told, targets = clock.to_text(now), list[trail.NewEvent](), set[files.Names]()
        language = self.office.settings.office.language
        for drop in drops:
            found = drop.found
            kind = "refused" if drop.faults else "duplicate" if drop.first_taken_at else "taken"
            secret = self._secret_type(drop)
            text = why_text(drop, language) if drop.faults else receipt_text(drop, at, language, secret is not None)
            others = {other: why_text(drop, other) for other in LANGUAGES if other != language} if drop.faults else {}
            drop.row = {
                **drop.claim, "fingerprint": None if drop.faults else drop.fingerprint, "kind": kind, "at": at,
                "item": None if drop.faults else drop.item, "text": text, "of_type": secret if drop.faults else None,
                "target": self.clearing.free_target(found.client, found.stem, now, targets) if drop.faults else None,
                "told": others if drop.faults else None,
            }  # fmt: skip
            if drop.faults:
                of_type = self._limited_type(drop)
                detail: dict[str, object] = {"source": names.printable(found.stem), "reasons": text.splitlines()}
                detail = {} if secret is not None else {**detail, **({"of_type": of_type} if of_type is not None else {})}
                told.append(trail.NewEvent(drop.actor, "refused", None, detail, found.client))
                self._tell_refused(now, drop, others.get(language_of(self.office, drop.actor.code), text))
            elif kind == "duplicate":
                told.append(trail.NewEvent(drop.actor, "duplicate", drop.item, {"source": names.printable(found.stem)}))
        claims = [drop.row["id"] for drop in drops]
        for some in chunks(claims):
            _DELETE.run(some)
        self._insert(drops)
        self.sightings.refused(now, [(drop.found, drop.origin) for drop in drops if drop.faults])
        trail.record_all(now, told)

    def _tell_refused(self, now: datetime, drop: Candidate, why: str) -> None:
        if is_import(drop):
            return
        found, target = drop.found, Path(str(drop.row["target"]))
        payload = {
            "drop": names.printable(found.called), "reasons": why.splitlines()[:REASONS_TOLD],
            "where": f"{self.office.inbox.name}/{found.client}/_rejected/{target.name}/",
        }  # fmt: skip
        notices.tell(self.office, now, "refused", drop.actor.code, None, payload, found.client)

    # 8. forget

    def has_to_forget(self, monotonic: float) -> bool:
        """True if something was cleared a while ago and no transaction came along to mark it in."""
        oldest = self.clearing.oldest_done(monotonic)
        return oldest is not None and oldest >= MARK_SECONDS

    def put_on_disk(self) -> None:
        """While nothing else is due: the next drop need not wait for what was cleared before."""
        try:
            self.clearing.sync()
        except OSError as error:
            log.error("the inbox can't be synced; tried again", error=str(error))

    def forget(self) -> None:
        """Once it is certain to be on the disk, mark what was cleared."""
        self.put_on_disk()
        if self.clearing.has_to_mark():
            with transaction():
                self.clearing.mark()
            self.clearing.forget()


def _folders_of(drop: Candidate) -> tuple[files.Names, files.Names]:
    """In which the names of its files were changed by the claim."""
    return (drop.found.client,), drop.found.folders


def _log(drop: Candidate) -> None:
    row = drop.row
    where = {"item": item_name(drop.item)} if drop.item else {"folder": str(row["target"])}
    log.info(row["kind"], client=row["client"], drop=row["stem"], **where, by=drop.actor.code)
