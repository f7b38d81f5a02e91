"""The daemon's work on the portal: rounds of publishing, pictures and archives when it has
nothing better to do, mending.

`step` and `rest` are the working thread's; the pictures are made on a thread of their own, and
the daily look at all files on one of the schedule's.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

import structlog

from dossier.database import identity
from dossier.database.database import close_database, transaction
from dossier.database.tables import Note
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock, system
from dossier.text.sentences import Sentence, sentence
from dossier.trail import trail
from dossier.vault.folder import Vault
from dossier.workers.pool import WorkerPool
from workflow.portal import former, mending, verifying
from workflow.portal.pauses import RETRY_SECONDS
from workflow.portal.pictures import Dresser, PicturedItems, Studio
from workflow.portal.publishing import Publisher
from workflow.portal.sharing import can_share

log = structlog.get_logger("portal")

ONCE_ITEMS, ONCE_SECONDS = 25, 3.0
"""Items of which `run --once` makes pictures and archives, newest first, and about how long that
may take; the next run goes on."""

ROUND_ITEMS = 500
"""Items that a daemon publishes in one round: a thousand take most of a second, and whoever dropped
something meanwhile waits for that."""

MEND_SECONDS = 300
"""How long the daily look waits for the working thread to mend, before it says what can't be
mended."""

REST_TIMES = 20
"""What can't be mended is let alone for so many times as long as it took to see that."""

STEP_SECONDS = 2.0
"""After so long a step ends, and what was dropped and decided meanwhile has its turn, though
there is more to publish."""

FOLDER = "portal-folder"
"""The note of the folder that was the portal's when a daemon last worked on it."""

LOOKED_AT = 200
"""Clients at whose folders is looked at once, by names alone."""

SHOWN = 20
"""So many of what differs there are in the log: it may be all that clients see."""

VERIFY_HOURS = 1
"""How often it is seen whether today's look at the files was had."""


class PortalWork:
    """What the daemon does with the portal.

    `hint` tells the working thread that `step` is due; `alarm` takes a cause and what is wrong,
    None when it is over; `is_busy` tells the thread of the pictures that something came that
    people wait for.
    """

    def __init__(
        self,
        office: Office,
        vault: Vault,
        hint: Callable[[], None],
        alarm: Callable[[str, Sentence | str | None], None],
        workers: WorkerPool | None = None,
        once: bool = False,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.portal = Publisher(office, vault, workers, None if once else ROUND_ITEMS)
        self._studio = self.portal.studio() if once else None
        self._dresser = Dresser(self.portal.studio(), hint, is_busy)
        self._drawing: Future[PicturedItems | None] | None = None
        self._hint, self._alarm = hint, alarm
        self._is_undressed = True
        self._is_ready, self._ready_at = False, 0.0
        self._were_others = False
        self._unmended: Sentence | None = None
        """What could not be mended when that was tried last, and why."""
        self._folder: tuple[str, int] | None = None
        """Which folder is the portal's, as far as what lies in it is known."""
        self._unseen: list[str] | None = None
        """Clients at whose folders nobody has looked since the start; None: at none yet."""
        self._rest: dict[str, float] = {}
        """What was asked for and could not be mended → when that is tried again, in monotonic
        seconds."""

    def prepare(self, office: Office) -> None:
        """Before the first step, by this configuration. Raises site.PortalUnusable."""
        self.portal.office = office
        self._is_ready, self._ready_at = False, 0.0  # to help: should another daemon lead later
        self._unseen = None
        self.portal.prepare()
        with transaction():
            former.note(office)
        self._see_former()

    def reconsider(self, office: Office) -> None:
        """The configuration has changed."""
        self.portal.office = office
        if self.portal.leads:
            self.portal.reconsider_clients()

    def start(self) -> None:
        """Begin to make pictures whenever there is rest."""
        self._dresser.start()

    def end(self) -> None:
        """Make no more pictures. Those that are being made are not waited for: they are made
        anew."""
        self._dresser.stop()

    @property
    def trouble(self) -> Sentence | None:
        """What keeps something from being published now, if anything."""
        return self.portal.pauses.trouble

    def stage_ahead(self) -> None:
        """While drops are taken: what they share is copied for the rounds that come."""
        self.portal.stage_ahead()

    def drop_ahead(self) -> None:
        """Nothing is due: what no round has wanted of it goes."""
        self.portal.drop_ahead()

    def take_off(self) -> None:
        """Take off the portal what was withdrawn."""
        self.portal.take_off(clock.utc_now())
        self._were_others |= self.portal.were_others()
        self.portal.let_go()

    def is_gone(self) -> bool:
        """True if somebody deleted the portal's folder."""
        return self.portal.site.is_gone()

    def step(self, between: Callable[[], bool] = lambda: False) -> tuple[int, bool]:
        """Do what is due, for about STEP_SECONDS, or until `between`, which is called after each
        round, says so: (how many items were published, whether there is more to do at once). What
        was asked again instead of being published is the queue's to do."""
        self._see_which_folder()
        wanted = self._mend()
        batch = self._dresser.take()
        if batch is not None:
            self.portal.put_up(batch)
        # Whoever asked for mending waits for all of it.
        published, has_more = self._publish(self.portal.has_work if wanted else self.portal.is_awaited, between, bool(wanted))
        if wanted and not self._were_others:
            mending.forget(wanted)
        self._alarm("portal", self.trouble)
        if self.portal.site.folder != self._folder:
            self._hint()
        return published, has_more

    def _see_which_folder(self) -> None:
        """Where the portal's folder is another one than it was, ask for what differs in it to be
        mended. A disk that was away comes back, or a copy is put there, with what was taken off
        the portal meanwhile."""
        folder = self.portal.site.folder
        if folder is None or folder == self._folder or identity.is_trial():
            return
        try:
            if self._folder is not None or Note.read(FOLDER) != folder[0]:
                found = verifying.look_at_other_folder(self.portal.office, is_made_anew=self._folder is not None)
                for one in found[:SHOWN]:
                    log.error("the portal's folder is another one, and not as the database says", what=str(one), of=len(found))
                if found:
                    mending.ask(clock.utc_now(), trail.DAEMON, found)
                with transaction():
                    Note.put(FOLDER, folder[0])
        except OSError as error:
            log.error("the portal's folder is another one, and can't be looked at now", error=str(error))
            return
        self._folder = folder

    def _see_former(self) -> None:
        folders = [] if identity.is_trial() else former.still_showing(self.portal.office)
        what = sentence("daemon.former_portal", path=str(folders[0])) if folders else None
        self._alarm("former portal", what)

    def _mend(self) -> list[str]:
        """Mend what was asked for; returns what was done. To try takes a look at all that the
        client has, so what can't be mended has a rest, of many times as long as that took."""
        began, asked = time.monotonic(), mending.asked()
        wanted, failed = [key for key in asked if self._rest.get(key, began) <= began], list[OSError]()
        done = mending.mend(self.portal, clock.utc_now(), wanted, failed.append)
        now = time.monotonic()
        self._rest = {key: at for key, at in self._rest.items() if key in asked and key not in wanted}
        for error in reversed(failed):
            self._note_unmended(error)
        if failed:
            again = now + max(RETRY_SECONDS, REST_TIMES * (now - began))
            self._rest.update((key, again) for key in wanted if key not in done)
        elif not self._rest:
            self._unmended = None
        return done

    def mends_at(self) -> float:
        """When it is tried again to mend what could not be, in monotonic seconds; infinity if all
        was."""
        return min(self._rest.values(), default=float("inf"))

    def _note_unmended(self, error: OSError) -> None:
        log.error("not mended; it is tried again", error=str(error))
        self._unmended = sentence("daemon.not_mended", why=system.whole(error))

    def help(self, between: Callable[[], bool]) -> tuple[int, bool]:
        """The same beside a daemon that leads, which sees to all that is done once: alarms too."""
        if not self._prepare_to_help():
            return 0, False
        return self._publish(self.portal.is_awaited, between)

    def _publish(
        self, has_work: Callable[[datetime], bool], between: Callable[[], bool], is_to_the_end: bool = False
    ) -> tuple[int, bool]:
        published, end, has_more, did = 0, time.monotonic() + STEP_SECONDS, False, False
        while not files.stopping.is_set() and (has_more := has_work(now := clock.utc_now())):
            published += self.portal.round(now)
            did = True
            self._is_undressed = True
            if published and self._studio is not None:
                self._studio.get_ready()
            is_over = between() or time.monotonic() > end
            self._were_others |= self.portal.were_others()
            if is_to_the_end and self._were_others:  # what they do is waited for elsewhere
                has_more = False
                break
            if is_over and not is_to_the_end:
                break
        self._were_others |= self.portal.were_others()
        self.portal.let_go()
        return published, has_more or did

    def _prepare_to_help(self) -> bool:
        """Get ready to publish beside the one that leads. False if it may not, or is not ready."""
        if (
            not self._is_ready
            and can_share(self.portal.office)
            and not identity.is_trial()
            and time.monotonic() >= self._ready_at
        ):
            self._ready_at = time.monotonic() + RETRY_SECONDS
            try:
                self.portal.prepare_to_help()
                self._is_ready = True
            except OSError as error:
                log.error("this daemon can't publish; others do", error=str(error))
        return self._is_ready

    def were_others(self) -> bool:
        """True if other daemons worked for clients for whom there was something to do, since this
        was asked last."""
        were, self._were_others = self._were_others, False
        return were

    def spare(self, is_called: Callable[[], bool]) -> bool:
        """Make some of the pages for which nobody waits, until `is_called`, or look at some of the
        folders at which nobody has since the start; False: there are none."""
        now = clock.utc_now()
        if not self.portal.has_spare_work(now):
            return self._look_at_some(now)
        if self.portal.is_awaited(now):
            self.portal.let_go()
            self._hint()  # it may be a folder that was just made anew, of which nobody else tells
            return False
        self.portal.were_others()
        self.portal.round(now, is_called)
        self._alarm("portal", self.trouble)
        return not self.portal.were_others()

    def _look_at_some(self, now: datetime) -> bool:
        """Ask for what was put into clients' folders while no daemon ran to be mended. (A store
        would be asked for each; the look of the day does that.)"""
        office = self.portal.office
        if self._unseen == [] or identity.is_trial() or office.portal_store is not None:
            return False
        found = list[verifying.Difference]()
        try:
            if self._unseen is None:
                self._unseen, found = verifying.clients_there(office)
            some, self._unseen = self._unseen[:LOOKED_AT], self._unseen[LOOKED_AT:]
            found += verifying.look_at_names(office, some)
        except OSError as error:
            self._unseen = []
            log.error("the portal can't be looked at now; the look of the day does", error=str(error))
        for one in found[:SHOWN]:
            log.error("this was put on the portal by somebody else", what=str(one), of=len(found))
        if found:
            mending.ask(now, trail.DAEMON, found)
            self._hint()
        return True

    def note(self) -> None:
        """Somebody changed the database: what another daemon published may lack pictures."""
        self._is_undressed = True

    def rest(self) -> None:
        """There is nothing to be taken or published: a good time for pictures."""
        if self._is_undressed:
            self._is_undressed = False
            if identity.is_trial():
                return
            self._dresser.rest()

    def begin_to_dress(self) -> None:
        """Pictures and archives of the newest items are made from now on, beside all else."""
        if not identity.is_trial() and self._studio is not None:
            pool = ThreadPoolExecutor(1, thread_name_prefix="pictures")
            self._drawing = pool.submit(_make_once, self._studio)
            pool.shutdown(wait=False)

    def dress_once(self) -> None:
        """Put them up, once they are made."""
        if self._drawing is None or self._studio is None:
            return
        try:
            batch = self._drawing.result()
            if batch is not None:
                self.portal.put_up(batch)
                self.portal.round(clock.utc_now())
        except OSError as error:
            log.error("pictures and archives can't be made now", error=str(error))
        finally:
            self._studio.close()

    def verify_daily(self) -> None:
        """Once a day: look at all names and sizes and a part of the contents, and ask for what
        differs to be mended."""
        self._see_former()
        now = clock.utc_now()
        today = f"{now.astimezone():%Y-%m-%d}"
        part = verifying.next_part(today)
        if part is None:
            return
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            found = verifying.look(self.portal.office, self.portal.vault, part)
        except files.Interrupted:
            return
        except OSError as error:
            log.error("portal and vault can't be looked at now; it is tried again", error=str(error))
            self._alarm("portal vault", sentence("daemon.not_looked_at", why=system.whole(error)))
            return
        for one in found:
            log.error("portal and vault are not as the database says", what=str(one))
        if found:
            mending.ask(now, trail.DAEMON, found)
            self._hint()
            self._wait_until_mended()
        damaged = verifying.still_damaged(self.portal.vault, found)
        self._alarm("portal vault", _words_of(damaged) or self._unmended)
        verifying.note_part(today, part)

    def _wait_until_mended(self) -> None:
        end = time.monotonic() + MEND_SECONDS
        while mending.asked() and time.monotonic() < end and not files.stopping.is_set():
            files.stopping.wait(0.5)


def _make_once(studio: Studio) -> PicturedItems | None:
    try:
        return studio.make(ONCE_ITEMS, ONCE_SECONDS)
    finally:
        close_database()


def _words_of(damaged: list[verifying.Difference]) -> Sentence | None:
    return sentence("daemon.damaged", first=str(damaged[0]), count=len(damaged)) if damaged else None
