"""The portal folder: its only writer. What stands approved is there, and never anything else.

One round brings the portal in line with the database, for some items of some clients. While
anything is to go, a round does that and nothing else. Where a start finds something left to do the
first rounds are small, so that a daemon which is killed again and again gets somewhere all the
same. What was approved by who may not any more is asked again first, and folders of clients that
are off the portal go whole. Nobody waits for pages that are made anew since config/ changed, nor
for the empty page of a client who may have a portal and has nothing on it: they are made when there
is nothing else to do, a few at a time, and fewer when something comes. Then, in this order:

 1. stage     copies from the vault, hashed on the way, and the pages that name them, in a folder
              beside the portal; then sync. Of a backlog the copies are made while drops are still
              taken (staged_ahead.py), and the round takes of them what it wants.
              Killed here? The staging folder is emptied at the start of the next daemon.
 2. look      one transaction begins, and with it nobody else changes an item: what was changed
              since 1 is left for the next round. A withdrawal is before this, and nothing appears;
              or after 4, and takes off what it finds.
 3. place     each client's folder is changed in one step (placing.py), then sync.
              Killed here? The transaction is gone; the items are still unsettled. What was
              unsettled at a start is done again, whatever the database says is public, over what is
              there; and a client's pages that nobody recorded are made again.
 4. record    what is public now, the events, the mails that are asked for; the transaction ends.
 5. clear     what was swapped out is deleted.
              Killed here? As 1.

Of a long list only those pages are made anew on which something changes (lists.py), and of a list
on one page only what is not older than that; the rest is copied from the page that lies there, if
it is what 4 recorded (whole_list.py). Killed between 3 and 4? Then it is not, and all is made anew.
Whatever is made anew is held against the trail before; what stays was when it was made, and verify
holds all of it against the trail in its turn.

Where 1 finds no room on the disk, what was withdrawn goes all the same: first the client's pages,
which name it, then the item, and the next round makes the pages anew in the room that this leaves.
Killed in between? The item is unsettled still, and all the client's pages are made anew.

At every instant items.json and index.html name only what is there, and the item's folder holds what
they say of it.

Where several daemons share the office (PostgreSQL), each publishes for clients that it has claimed
(sharing.py). It may be stopped anywhere, replaced, and woken up, even in the middle of 3. So each
has a staging folder of its own, which whoever works for one of its clients next removes before
anything else, and whatever 3 does on the portal is a rename out of that folder or into it: then it
fails, on the file server, whatever the sleeper believes. Its transaction is gone, so what it had
placed before that is done again. (An object store knows no such rename, so there only the daemon
that leads publishes: the connection to the database is asked before each client's change, and what
a sleeper was sending at that moment arrives; the daily look mends it.)

A folder or file of the portal that is none of ours is never deleted: it is moved to var/quarantine
(quarantine.py) when it is in the way, and by mending.py otherwise. The staging folder lies beside
the portal, as a rename needs one file system: a portal that is a mount point of its own is refused,
rather than that something unpublished lies in it.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from heapq import nsmallest
from itertools import chain

import structlog
from peewee import fn

from dossier.database import identity
from dossier.database.database import transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import (
    Edition,
    Item,
    Page,
    PageFile,
    among,
    chunks,
    clients_with_items,
    item_name,
    plain_rows,
    tuples,
)
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.text.sentences import Sentence
from dossier.vault.folder import Vault
from dossier.workers.pool import WorkerPool, slices
from workflow.approval import deciding
from workflow.approval.fitting import Fitting, Standing
from workflow.portal import lists, sharing, whole_list
from workflow.portal.jobs import OF_ITEMS, PortalJob, Work, changed_since, is_shown, left_over, public_of, record
from workflow.portal.lists import KnownPages
from workflow.portal.pages import Extra
from workflow.portal.pauses import Pauses
from workflow.portal.pictures import PicturedItems, Studio
from workflow.portal.placing import PAGE_NAMES, PAGES, Change
from workflow.portal.quarantine import Quarantine
from workflow.portal.showing import (
    Changes,
    Place,
    editions,
    extras,
    extras_of,
    houses,
    is_on_portal,
    look_of,
    may_show,
    never_shared,
    standing_among,
)  # fmt: skip
from workflow.portal.site import open_site
from workflow.portal.staged_ahead import STAGED_AT_ONCE, StagedAhead, item_wanted
from workflow.portal.staging import stage_each
from workflow.portal.whole_list import NotAsWritten

log = structlog.get_logger("portal")

SPARE_AT_ONCE = 10
"""Clients in a round for whose pages nobody waits: after an upgrade these are all clients."""

FIRST, GROWTH = 50, 20
"""Items in the first round after a start that finds something left, and the growth of the next
ones, to the most."""

PAGES_MANY = 500
"""For fewer items it isn't worth that two processes load what makes pages."""

PAGES_AHEAD = 8
"""Clients whose pages are being made at a time: what they are made of lies in memory."""

WITHDRAWN = Item.public.is_null(False) & Item.standing.is_null()
"""Of items: it is on the portal and was withdrawn."""

WORKERS = 4
"""Threads that copy: file creation and reading release the interpreter's lock."""


class Publisher:
    """The portal of an office. One thread uses it."""

    def __init__(self, office: Office, vault: Vault, workers: WorkerPool | None = None, at_once: int | None = None) -> None:
        """`at_once`: items in a round, if fewer than the site takes: somebody waits for its end."""
        self.office = office
        self.vault = vault
        self.site = open_site(office)
        self._wanted_at_once = at_once
        self._workers = workers
        self.pauses = Pauses()
        self._most = FIRST
        self._is_all_unsure = False
        """Whatever is unsettled may lie there in any state: until nothing is unsettled any more."""
        self._unsure: set[int] = set()
        self._written: set[str] = set()
        """Clients whose pages this publisher has placed and recorded: of these it is sure."""
        self._wrong: set[int] = set()
        self._made: list[PicturedItems] = []
        self._fitting = Fitting()
        self._ahead = StagedAhead(vault, self.site)
        self._stale: set[str] = set()
        self._off: set[str] = set()
        self._new: set[str] = set()
        """Clients who may have a portal and have neither a page nor anything for one."""
        self._known: set[str] = set()
        self._has_looked = False
        self._cannot_make = False
        self.leads = True
        """It sees to all that is done once; else it publishes beside a daemon that does."""
        self._clients, self._leading = sharing.Clients(self.site, sharing.can_share(office)), sharing.Leading(self.site)
        self.quarantine = Quarantine(office.var, self.site, vault, self._clients.confirm)
        self._start = secrets.randbelow(1 << 16)
        """Where among the clients it begins, where it doesn't lead."""
        self._hurried: set[int] = set()
        """Withdrawn items for which a pause was ended: once each, until nothing is left alone."""
        self._at_stake: dict[int, str] = {}
        """Items of which it is unsure what lies there, with their clients, for whom we work."""

    @property
    def _at_once(self) -> int:
        return min(self.site.at_once, self._wanted_at_once or self.site.at_once)

    def prepare(self) -> None:
        """Make the folders, empty the staging, see what has to be done again. PortalUnusable.

        In an office for trying the portal is left as it is, by this and all that follows.
        """
        self.leads = True
        if identity.is_trial():
            return
        self._prepare_folders()
        self.reconsider_clients()

    def prepare_to_help(self) -> None:
        """The same, to publish beside the daemon that leads. PortalUnusable."""
        self.leads = False
        self._prepare_folders()

    def _prepare_folders(self) -> None:
        if (office_id := identity.office_id()) is not None:
            self.site.belong_to(office_id)
        self.site.prepare(self._clients.sessions)
        self._is_all_unsure = Item.select().where(Item.unsettled).exists()
        self._most = FIRST if self._is_all_unsure else self._at_once

    def reconsider_clients(self) -> None:
        """After config/ changed: who came on or went off the portal, and whose pages differ."""
        if self._clients.is_shared:
            self._leading.announce(self.office)
        known = clients_with_items()
        never = never_shared(self.office)
        away = {code for code in known if not is_on_portal(self.office, code)}
        hidden, stands = Item.public.is_null(False), Item.public.is_null() & Item.standing.is_null(False)
        with transaction():
            Item.update(unsettled=True).where(hidden & Item.type.in_(never)).execute()
            for code in sorted(away):
                Item.update(unsettled=True).where(hidden & (Item.client == code)).execute()
            comes_back = stands & ~Item.unsettled & (Item.type.is_null() | Item.type.not_in(never))
            back = [key for key, code in tuples(Item.select(Item.id, Item.client).where(comes_back)) if code not in away]
            Item.update(unsettled=True).where(among(Item.id, back)).execute()
        looks, house = dict(tuples(Page.select(Page.client, Page.look))), houses(self.office)
        self._known = known | set(looks) | set(self.office.clients)  # who never had an item has a page, too
        self._has_looked = False
        there = {code: look for code, look in looks.items() if is_on_portal(self.office, code)}
        self._stale |= {code for code, look in there.items() if look != look_of(self.office, code, house(code))}

    def _look_who_is_there(self) -> None:
        """Whose folder lies there and may not, and who may have one and has none. OSError."""
        homes = self.site.homes()
        self._off = {name for name in homes if name in self._known and not is_on_portal(self.office, name)}
        # A folder that is there and not recorded was placed by somebody who was killed, or cut off
        # from power, before step 4.
        recorded = homes & {row[0] for row in tuples(Page.select(Page.client))}
        self._new = {code for code in self.office.clients if code not in recorded and is_on_portal(self.office, code)}
        if self._new:  # a folder that is gone with what was in it is mending.py's to mend
            self._new -= clients_with_items(are_public=True)
        self._has_looked = True

    def _begin_anew(self, now: datetime) -> None:
        """The folder is gone, while we are at work: make it again, and publish all that stands."""
        log.error("the portal's folder is gone; all of it is made anew", folder=str(self.site.path))
        try:
            self.site.make_again()
        except OSError as error:
            self._cannot_make = True
            self.pauses.leave_all(now, error)
        else:
            self._cannot_make = False
            self.pauses.clear()  # what failed in the folder that is gone waits for nothing
            try:
                self.redo_all()
            except OSError as error:
                self.pauses.leave_all(now, error)

    def redo_all(self) -> None:
        """Put all that is public anew, and the pages of every client who had any, even empty.

        OSError: other daemons may have to see for themselves that what was there is gone.
        """
        public = Item.public.is_null(False)
        codes = {row[0] for row in tuples(Page.select(Page.client))} | clients_with_items(are_public=True)
        self._is_all_unsure = True
        self._written.clear()
        self._stale.update(code for code in codes if is_on_portal(self.office, code))
        for code in sorted(codes):
            with transaction():
                Item.update(unsettled=True).where((Item.client == code) & public & ~Item.unsettled).execute()
        self._clients.doubt(codes)

    def redo(self, items: Iterable[int], clients: Iterable[str]) -> None:
        """Put these items' wrong folders and these clients' pages in order in the next rounds."""
        keys = list(items)
        self._unsure.update(keys)
        self._wrong.update(keys)
        codes = set(clients)
        if self._clients.is_shared:  # others may be the ones to do it
            held, of_keys = self._clients.held(), dict(tuples(Item.select(Item.id, Item.client).where(among(Item.id, keys))))
            self._at_stake.update((key, code) for key, code in of_keys.items() if code in held)
            self._clients.doubt(codes.union(of_keys.values()) - held)
        self._written -= codes
        self._stale.update(code for code in codes if is_on_portal(self.office, code))
        with transaction():
            Item.update(unsettled=True).where(among(Item.id, keys)).execute()

    def claim(self, codes: Iterable[str]) -> set[str]:
        """Those of these clients whom no other daemon works for: they are ours until `let_go`, or
        the end of the next round. OSError."""
        mine, left = self._clients.take(codes)
        if left:
            self._written -= left
            unsettled = Item.select(Item.id, Item.client).where(Item.unsettled & Item.client.in_(sorted(left)))
            self._at_stake.update(tuples(unsettled))
            self._unsure.update(self._at_stake)
        return mine

    def let_go(self) -> None:
        """Let others work for the clients that were claimed."""
        if not self._clients.held():
            return
        try:
            self._clients.let_go(set(self._at_stake.values()))
        except OSError as error:
            log.error("marks of what was published stay beside the portal for now", error=str(error))
        self._at_stake.clear()

    def were_others(self) -> bool:
        """True if other daemons worked for clients for whom there was something to do, since this
        was asked last."""
        were, self._clients.were_others = self._clients.were_others, False
        return were

    def put_up(self, batch: PicturedItems) -> None:
        """Pictures and archives that the next round shall put up."""
        self._made.append(batch)

    def studio(self) -> Studio:
        """What makes pictures and archives for this portal."""
        return Studio(
            self.vault, self.site.staging / "pages", lambda: self.office.settings.portal.office_pictures == "libreoffice"
        )

    def has_work(self, now: datetime) -> bool:
        """True if a round would do something."""
        return self.is_awaited(now) or self.has_spare_work(now)

    def has_spare_work(self, now: datetime) -> bool:
        """True if there are pages to be made for which nobody waits, or may be. Asks nobody else:
        that is done several times a second."""
        self.pauses.forget(now)
        if identity.is_trial() or self.pauses.is_all or not self.leads:
            return False
        return not self._has_looked or any(code not in self.pauses for code in chain(self._stale, self._new))

    def is_awaited(self, now: datetime) -> bool:
        """True if a round would do something for which somebody waits."""
        if identity.is_trial():
            return False
        self.pauses.forget(now)
        if (not self.pauses.is_all or not self._cannot_make) and self.site.is_gone():
            self._begin_anew(now) if self.leads else self._follow(now)
        if self.pauses.is_all:
            return False
        if self._is_all_unsure and not Item.select().where(Item.unsettled).exists():
            self._is_all_unsure = False
        try:
            if not self.leads:
                is_any = Item.select().where(Item.unsettled).exists()
                return is_any and self._leading.is_followed(self.office) and bool(self._unsettled(1))
            if not self._has_looked:
                self._look_who_is_there()
            off = self._some_that_go()
            return bool(off or self._unsettled(1) or self._made_of_ours()[0])
        except OSError as error:
            self.pauses.leave_all(now, error)
            return False

    def _follow(self, now: datetime) -> None:
        """The folder is gone, or the daemon that leads has made it anew."""
        try:
            self.site.follow()
        except OSError as error:
            self.pauses.leave_all(now, error)
        else:
            self._is_all_unsure = True
            self._written.clear()

    def take_off(self, now: datetime) -> None:
        """Rounds while anything withdrawn is to go. It waits for nothing else of the portal."""
        if identity.is_trial():
            return
        self.pauses.forget(now)
        self._end_pauses_for_withdrawn()
        try:
            while not files.stopping.is_set() and not self.pauses.is_all and self._going(1):
                self.round(now)
        except OSError as error:
            self.pauses.leave_all(now, error)

    def _end_pauses_for_withdrawn(self) -> None:
        """What could not be published a moment ago keeps nothing on the portal that was withdrawn
        since."""
        if not self.pauses.is_any:
            self._hurried.clear()
            return
        waiting = Item.select(Item.id, Item.client).where(Item.unsettled & WITHDRAWN)
        new = {key: code for key, code in tuples(waiting) if key not in self._hurried}
        if new:
            self._hurried.update(new)
            self.pauses.end({*new, *new.values()})

    def stage_ahead(self) -> None:
        """While many drops are taken: have other processes copy what the next rounds will show."""
        if self._workers is None or self._clients.is_shared or self.pauses.is_all or identity.is_trial():
            return
        if self._workers.is_at_work:
            with contextlib.suppress(OSError):  # of the staging folder; the round tells
                self._ahead.begin(self._workers)

    def drop_ahead(self) -> None:
        """What no round has wanted of it goes, before the other processes end."""
        try:
            self._ahead.drop()
        except OSError as error:
            log.warning("what was copied for the portal is not deleted until the next start", error=str(error))

    def round(self, now: datetime, is_called: Callable[[], bool] = lambda: False) -> int:
        """Bring some items in line; how many were published. The disk's trouble is in `trouble`.

        Where `is_called` says that something else is to be done, pages for which nobody waits are
        left for another round.
        """
        if identity.is_trial():
            return 0
        self.pauses.forget(now)
        if self.pauses.is_all:
            return 0
        shown = 0
        try:
            shown = self._round(now, is_called)
        except OSError as error:
            self.pauses.leave_all(now, error)
        self.let_go()
        return shown

    def _round(self, now: datetime, is_called: Callable[[], bool]) -> int:
        self.site.begin()
        if self.leads and not self._has_looked:
            self._look_who_is_there()
        going = self._going(self.site.at_once)
        unsettled = going or self._unsettled(min(self._most, self._at_once))
        made, others = self._made_of_ours()
        is_awaited = bool(unsettled or made)
        stale = [] if going else self._some_of(self._stale & {item.client for item in unsettled} if is_awaited else self._stale)
        work = {code: Work(is_stale=True) for code in stale}
        jobs = self._jobs(work, unsettled)
        stage = self._begin_to_stage(jobs)
        touched = _touched(clock.to_text(now), jobs, [] if going else made)
        known = self._believed(jobs, work, touched)
        self._set_aside_misfits(now, jobs, {*work, *touched}, touched, known)
        if unfit := deciding.send_back_unfit(
            self.office, now, [(job.item, job.edition) for job in jobs if job.edition and job.is_change]
        ):
            log.warning("approved by who may not any more; asked again", items=[item_name(key) for key in sorted(unfit)])
            stage()
            return 0
        batches: list[PicturedItems] = []
        if not going:
            batches, self._made = made, others
        self._take_off_clients(now)
        for job in jobs:
            self._keep_from(job)
        self._staged(now, jobs, stage())
        for job in jobs:
            self._keep_from(job)
            if job.is_due:
                work.setdefault(job.client, Work()).due.append(job)
        dressed_for = self._share_out(batches, work)
        jobs = [job for job in jobs if job.is_waiting or job.key not in self.pauses]
        if not (jobs or stale or batches):
            is_awaited = False
            work |= {code: Work(is_stale=True) for code in self._some_of(self._new) if code not in work}
        left = self._stage_changes(now, work, known, (lambda: False) if is_awaited else is_called)
        ready = {code: one.change for code, one in work.items() if one.change and code not in self.pauses}
        self.site.sync_staged(list(ready.values()))
        due = {job.key: job.client for job in jobs if job.is_due}
        self._unsure.update(due)
        self._at_stake.update(due)
        self._written.difference_update(work)
        with transaction():
            late = changed_since(jobs) | left
            if not (self.leads or self._leading.is_followed(self.office)):
                late |= {*work, *(job.client for job in jobs)}
            placed = {code: one for code, one in work.items() if code not in late and self._place(now, code, one)}
            self.site.sync(placed)
            done = [job for job in jobs if job.client not in late and job.client not in self.pauses]
            dressed = [key for key, code in dressed_for.items() if code not in late and code not in self.pauses]
            shown = record(self.office, now, done, placed, dressed)
        self._unsure.difference_update(job.key for job in done)
        for job in done:
            self._at_stake.pop(job.key, None)
        self._wrong.difference_update(job.key for job in done)
        self._stale.difference_update(placed)
        self._written.update(placed)
        self._clients.note_placed(placed)
        self._new.difference_update(placed)
        for one in work.values():
            one.clear()
        if not going:
            self._most *= GROWTH if self._most < self._at_once else 1
        self.pauses.note_round()
        return shown

    def _keep_from(self, job: PortalJob) -> None:
        """What lies there is wrong, and can't be put right now: it is taken off until it can be."""
        if job.key in self.pauses and job.key in self._wrong:
            job.edition, job.is_waiting = None, True

    def _place(self, now: datetime, code: str, work: Work) -> bool:
        """True if the client's folder is now as the change says."""
        if work.change is None or code in self.pauses:
            return False
        self._clients.confirm()
        self._clients.note_begun(code)
        try:
            work.change.apply()
        except OSError as error:
            self.pauses.leave(now, code, error)
            return False
        return True

    # What is to be done

    def _some_of(self, codes: Iterable[str]) -> list[str]:
        return sorted(self.claim(nsmallest(SPARE_AT_ONCE, (code for code in codes if code not in self.pauses))))

    def _some_that_go(self) -> set[str]:
        """Clients whose folders are to go whole, of many some at a time: the server has room for a
        number of claims."""
        return self.claim(nsmallest(self.site.at_once, (code for code in self._off if code not in self.pauses)))

    def _made_of_ours(self) -> tuple[list[PicturedItems], list[PicturedItems]]:
        """What was made for clients' pages: of those we work for, and of those that others do."""
        if not (self._clients.is_shared and self._made):
            return list(self._made), []
        code_of = {key: code for batch in self._made for key, code, _ in public_of(list(batch.items))}
        mine, ours, others = self.claim(code_of.values()), list[PicturedItems](), list[PicturedItems]()
        for batch in self._made:
            for some, is_wanted in ((ours, True), (others, False)):
                items = {
                    key: at for key, at in batch.items.items() if (code_of.get(key) is None or code_of[key] in mine) == is_wanted
                }
                if items:
                    some.append(PicturedItems(items, [one for one in batch.made if one.item in items]))
        return ours, others

    def _jobs(self, codes: Iterable[str], unsettled: Sequence[Item]) -> list[PortalJob]:
        items = [*unsettled]
        items += self._lost({item.client for item in items}.union(codes), {item.id for item in items})
        shown = {item.id: item.standing for item in items if item.standing and may_show(self.office, item)}
        found = editions(list(shown.values()))
        jobs = [PortalJob(item, found.get(shown.get(item.id, 0)), is_there=False, is_sure=False) for item in items]
        self.site.expect(f"{job.client}/{job.name}" for job in jobs)
        of_clients: dict[str, list[str]] = {}
        for job in jobs:
            of_clients.setdefault(job.client, []).append(job.name)
        there = {name for code, names in of_clients.items() for name in self.site.which(code, names)}
        for job in jobs:
            is_public, lies_there = job.public is not None, job.name in there
            job.is_there = is_public or lies_there
            job.is_sure = not self._is_all_unsure and job.key not in self._unsure and is_public == lies_there
        return jobs

    def _believed(
        self, jobs: Sequence[PortalJob], stale: Container[str], touched: Mapping[str, Collection[Place]]
    ) -> dict[str, KnownPages]:
        """What was written down of the pages of clients of whom something is touched, where that
        certainly lies there."""
        codes = {code for code in touched if code not in stale} - self._stale
        unsure = {job.client for job in jobs if job.is_due and not job.is_sure} - self._written
        less = {job.client for job in jobs if job.edition is None}
        believed = {}
        for some in chunks(sorted(codes - unsure)):
            for page in Page.select().where(Page.client.in_(some)):
                code = page.client
                if is_on_portal(self.office, code) and page.look == look_of(self.office, code) and self.site.is_folder(code):
                    believed[code] = lists.known_pages(page, touched[code], code in less)
        return believed

    def _set_aside_misfits(
        self,
        now: datetime,
        jobs: list[PortalJob],
        codes: Iterable[str],
        touched: Mapping[str, Collection[Place]],
        known: Mapping[str, KnownPages],
    ) -> None:
        """What is not what was approved goes from the portal: of `jobs`, and of all that is made
        anew of what these clients see.

        It is tried again later, as whatever can't be published now: the database may be put right.
        """
        here = {job.key: job for job in jobs}
        given = [Standing.of(job.item, job.edition) for job in jobs if job.edition is not None]
        found = self._fitting.misfits(given)
        for code in codes:
            for above, upto in lists.ranges(known.get(code), touched.get(code, ())):
                for some in standing_among(code, above, upto):
                    found |= self._fitting.misfits(one for one in some if one.item not in here)
        for key, reason in found.items():
            self.pauses.leave(now, key, RuntimeError(str(reason)))
            self.redo([key], ())
            if key not in here:
                jobs.append(PortalJob(Item.get_by_id(key), None, is_there=True, is_sure=False, is_waiting=True))

    def _going(self, limit: int) -> list[Item]:
        """Of these the items that are on the portal and were withdrawn."""
        return self._unsettled(limit, WITHDRAWN)

    def _unsettled(self, limit: int, which: object = True) -> list[Item]:
        """Items that wait for a round, less those left alone for now, a client's together."""
        if self._clients.is_shared:
            mine = self._claim_waiting(limit, which)
            if not mine:
                return []
            which = Item.client.in_(sorted(mine)) & which
        query = Item.select(*OF_ITEMS).where(Item.unsettled & which)
        query = query.order_by(Item.client, Item.id).limit(limit + len(self.pauses))
        waiting = [item for item in query if item.id not in self.pauses and item.client not in self.pauses]
        return waiting[:limit]

    def _claim_waiting(self, limit: int, which: object) -> set[str]:
        """Clients with so many items that wait, as far as no other daemon works for them.

        Who leads begins with the first of them by name, and each other one elsewhere.
        """
        left_alone = among(Item.id, self.pauses.items())
        query = Item.select(Item.client, fn.COUNT(Item.id)).where(Item.unsettled & which & ~left_alone)
        waiting = [row for row in tuples(query.group_by(Item.client).order_by(Item.client)) if row[0] not in self.pauses]
        if not self.leads:
            start = self._start % max(1, len(waiting))
            waiting = [*waiting[start:], *waiting[:start]]
        mine = set[str]()
        while waiting and limit > 0:
            some = dict[str, int]()
            while waiting and sum(some.values()) < limit:
                code, count = waiting.pop(0)
                some[code] = count
            taken = self.claim(some)
            mine |= taken
            limit -= sum(some[code] for code in taken)
        return mine

    def _lost(self, codes: Iterable[str], known: Collection[int]) -> list[Item]:
        """Of clients whose folder is gone: what else was in it, as much as a round takes. It comes
        back at once, newest first; what is more than that comes in the next rounds."""
        lost: list[Item] = []
        for code in sorted(codes):
            if is_on_portal(self.office, code) and not self.site.is_folder(code):
                public = (Item.client == code) & Item.public.is_null(False)
                with transaction():
                    Item.update(unsettled=True).where(public & ~Item.unsettled).execute()
                    PageFile.delete().where(PageFile.client == code).execute()
                room = self.site.at_once - len(lost)
                if room > 0:
                    newest = Item.select().where(public).order_by(Item.published_at.desc(), Item.id.desc())
                    lost += [item for item in newest.limit(room + len(known)) if item.id not in known][:room]
        return lost

    def _absent(self, code: str, here: Container[int]) -> set[int]:
        """What of a client is public and does not lie there yet (see `_lost`), but for `here`."""
        keys = [key for (key,) in _PUBLIC_AND_WAITING.rows(code) if key not in here]
        if not keys:
            return set()
        if not self.site.is_folder(code):
            return set(keys)
        self.site.expect(f"{code}/{item_name(key)}" for key in keys[: self.site.at_once])
        return {key for key in keys if not self.site.has(f"{code}/{item_name(key)}")}

    def _share_out(self, batches: Sequence[PicturedItems], work: dict[str, Work]) -> dict[int, str]:
        """Give each client what was made for its pages. Returns the items done with, with clients.

        What was made of an item that shows something else by now, or is to, is thrown away: it is
        made anew.
        """
        again = {job.key for one in work.values() for job in one.due}
        done: dict[int, str] = {}
        for batch in batches:
            done |= {
                key: code
                for key, code, edition in public_of(list(batch.items))
                if edition == batch.items[key] and key not in again and is_on_portal(self.office, code)
            }
            for made in batch.made:
                if made.item in done:
                    work.setdefault(done[made.item], Work()).made.append(made)
                else:
                    files.remove(made.path)
        return done

    def _keeps_files(self, job: PortalJob) -> bool:
        """True if the folder on the portal is as it shall be: only what pages say is new."""
        if job.edition is None or not job.is_sure or job.public is None:
            return False
        public = Edition.get_by_id(job.public)
        return bool(public.shown["attachments"] == job.edition.shown["attachments"])

    # 1. stage

    def _begin_to_stage(self, jobs: Sequence[PortalJob]) -> Callable[[], dict[str, Sentence | None]]:
        """Copy what the editions show, by other processes meanwhile. What is returned waits until
        it is done, and must be called: what was staged, and what is wrong with it."""
        wanted = {
            job.key: item_wanted(job.client, job.key, job.edition.shown)
            for job in jobs
            if job.edition and job.is_due and not self._keeps_files(job)
        }
        ready = self._ahead.take((job.key for job in jobs), wanted)
        left = [item for key, item in wanted.items() if key not in ready]
        stage, begun = partial(stage_each, self.vault, self.site.staging / "items"), list[Callable[[], dict[str, Sentence]]]()
        if self._workers is not None and (self._workers.is_at_work or self._workers.helps_with(len(left))):
            begun = [self._workers.begin(stage, some) for some in slices(left, STAGED_AT_ONCE)]

        def staged() -> dict[str, Sentence | None]:
            again = [wanted[key] for key, is_brought in ready.items() if not is_brought()]
            if begun:
                damaged = [*(answer() for answer in begun), stage(again)]
            else:
                with ThreadPoolExecutor(WORKERS) as pool:
                    damaged = list(pool.map(stage, [[one] for one in (*left, *again)]))
            found: dict[str, Sentence | None] = dict.fromkeys(name for name, _ in wanted.values())
            for some in damaged:
                found.update(some)
            return found

        return staged

    def _staged(self, now: datetime, jobs: Sequence[PortalJob], found: Mapping[str, Sentence | None]) -> None:
        """An item whose vault file is gone or bad is left for later."""
        for job in jobs:
            place = f"{job.client}/{job.name}"
            if place not in found:
                continue
            if (why := found[place]) is not None:
                self.pauses.leave(now, job.key, OSError(why))
            elif job.edition is None:  # it was kept from the portal meanwhile
                files.remove_tree(self.site.staging / "items" / place)
            else:
                job.staged = self.site.staging / "items" / place

    def _stage_changes(
        self, now: datetime, work: Mapping[str, Work], known: Mapping[str, KnownPages], is_called: Callable[[], bool]
    ) -> set[str]:
        """Have all changes lie ready, of one client at least; no more once it `is_called` away.
        Returns the clients that are left for a later round.

        Where there is much, or they are ready for it, other processes make the pages, of some
        clients at a time.
        """
        is_much = sum(len(one.due) for one in work.values()) >= PAGES_MANY or (
            self._workers is not None and self._workers.has_begun_in_each(whole_list.get_ready)
        )
        left = set[str]()
        begun = deque[tuple[str, Callable[[], Change]]]()

        def attempt(code: str, step: Callable[[], None]) -> None:
            try:
                step()
            except NotAsWritten:
                log.warning("the client's pages are not as they were written; all are made anew", client=code)
                self._stale.add(code)
                left.add(code)
            except OSError as error:
                if error.errno in files.NO_ROOM and self._take_out(code, work[code]):
                    left.add(code)
                else:
                    self.pauses.leave(now, code, error)

        def begin(code: str) -> None:
            workers = self._workers if is_much else None
            begun.append((code, self._begin_change(now, code, work[code], known.get(code), workers)))

        def finish(code: str, change_of: Callable[[], Change]) -> None:
            change = work[code].change = change_of()
            change.stage()
            change.forget_content()
            work[code].pages.forget_content()

        codes = [code for code in work if is_on_portal(self.office, code)]
        for number, code in enumerate(codes):
            if number and is_called():
                left.update(codes[number:])
                break
            attempt(code, partial(begin, code))
            if len(begun) > PAGES_AHEAD:
                first = begun.popleft()
                attempt(first[0], partial(finish, *first))
        for one in begun:
            attempt(one[0], partial(finish, *one))
        return left

    def _begin_change(
        self, now: datetime, code: str, work: Work, known: KnownPages | None, workers: WorkerPool | None
    ) -> Callable[[], Change]:
        """What becomes of the client's folder; what is returned waits for its pages, and both may
        raise NotAsWritten; OSError. What is not ours and in the way is quarantined.

        `known`, `workers`: see lists.begin_pages.
        """
        at = clock.to_text(now)
        if self.site.has(code) and not self.site.is_folder(code):
            self.quarantine.move(now, code)
        changed: dict[int, tuple[str | None, Edition] | None] = {}
        put, drop = {}, []
        there_already = self.site.which(code, [job.name for job in work.due])
        for job in work.due:
            is_there = job.name in there_already
            if job.key in self.pauses and not job.is_waiting:
                if not is_there:
                    changed[job.key] = None
                continue
            changed[job.key] = (at if job.is_change else job.item.published_at, job.edition) if job.edition else None
            if is_there and (job.staged or job.edition is None):
                self.quarantine.clear_item(now, f"{code}/{job.name}", job.key)
            if job.staged:
                put[job.name] = job.staged
            elif job.edition is None:
                drop.append(job.name)
        items = None if work.is_stale else {item_name(key) for key in changed}
        recorded = extras(code) if work.is_stale else extras_of(changed)
        up = [extra for extra in recorded if extra.item not in changed or is_shown(extra.source, changed[extra.item])]
        # Also what only the database knows: killed between 3 and 4, an earlier round had removed it
        # already.
        there = dict.fromkeys([*self.site.extras(code, items), *(extra.name for extra in recorded)])
        older = lists.older_names(there)
        if known is not None and older != lists.older_names_of(known.page):
            raise NotAsWritten
        more = {f"{PAGES}/{one.name}": one.path for one in work.made}
        made = [Extra(one.name, one.item, one.source, one.size) for one in work.made]
        changes = Changes(changed, self._absent(code, changed), made)
        touched = {place for job in work.due for place in _places(job, at)}
        touched.update(_places_of({one.item for one in work.made}))
        pages = lists.begin_pages(self.office, code, changes, self.site, known, touched, workers)

        def finish() -> Change:
            work.pages = pages()
            kept = {extra.name for extra in (*up, *made)} | {name.removeprefix(f"{PAGES}/") for name in work.pages.digests}
            less = left_over(list(there), items, kept) if items != set() else []
            less += [f"{PAGES}/{name}" for name in older if name not in kept]
            return self.site.change(code, put, drop, work.pages.content, more, less)

        return finish

    def _take_out(self, code: str, work: Work) -> bool:
        """There is no room for pages that don't name any more what was withdrawn. What names it
        goes, then what was withdrawn; the next round makes the pages anew, in the room that this
        leaves. False: nothing of the client is to go, or it can't."""
        gone = [job.name for job in work.due if job.edition is None]
        try:
            if not (gone := sorted(self.site.which(code, gone))):
                return False
            there = self.site.extras(code, set(gone))
            older = [f"{PAGES}/{name}" for name in there if name.endswith((".css", ".js")) or name in lists.older_names(there)]
            log.warning("no room for the client's pages: they go first, and what was withdrawn", client=code, items=gone)
            self.site.take_out(code, [*PAGE_NAMES, *older, *gone, *left_over(there, set(gone), ())])
        except OSError as error:
            log.error("what was withdrawn stays on the portal for now", client=code, items=gone, error=str(error))
            return False
        self._written.discard(code)
        return True

    # 2. look, 3. place

    def _take_off_clients(self, now: datetime) -> None:
        """The folders of clients without a portal go whole; what is not ours is quarantined."""
        for code in sorted(self._some_that_go()):
            try:
                if self.site.has(code):
                    self.quarantine.clear_client(now, code)
                    self.site.take_off(code)
                    log.info("a client was taken off the portal", client=code)
                self._off.discard(code)
            except OSError as error:
                self.pauses.leave(now, code, error)


def _touched(at: str, jobs: Iterable[PortalJob], made: Iterable[PicturedItems]) -> dict[str, list[Place]]:
    """Client → where in their list a round at this time changes something."""
    touched = dict[str, list[Place]]()
    for job in jobs:
        touched.setdefault(job.client, []).extend(_places(job, at))
    pictured = Item.select(Item.client, Item.published_at, Item.id).where(
        among(Item.id, sorted({one.item for batch in made for one in batch.made})) & Item.published_at.is_null(False)
    )
    for code, *place in plain_rows(pictured):
        touched.setdefault(code, []).append(tuple(place))
    return touched


def _places(job: PortalJob, at: str) -> list[Place]:
    """Where in the client's list the item stood, and where it stands after a round at this time."""
    stood = [(job.item.published_at, job.key)] if job.public is not None and job.item.published_at else []
    return [*stood, (at, job.key)] if job.is_change else stood


def _places_of(keys: Collection[int]) -> list[Place]:
    """Where these items stand."""
    return _PLACES.rows(list(keys))


_PLACES = Prepared(
    lambda keys: Item.select(Item.published_at, Item.id).where(Item.id.in_(keys) & Item.published_at.is_null(False))
)
_PUBLIC_AND_WAITING = Prepared(
    lambda client: Item.select(Item.id).where((Item.client == client) & Item.public.is_null(False) & Item.unsettled)
)
