"""The daemon: one thread takes, decides and publishes; others watch, mail, make pictures and
keep the schedule.

The working thread looks only where something is due: a hint of the watcher, a file that should
have settled by now, the rescan. Between two looks it hears that a command wrote something to the
database. Everything it remembers may be lost at any time: the next start finds it again in the
folders and the database.
"""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import structlog

from desk.daemon import memory, surroundings
from desk.daemon.bell import Bell
from desk.daemon.drop_work import DropWork
from desk.daemon.event_log import EventLog
from desk.daemon.mail_work import MailWork
from desk.daemon.periodic import Periodic
from desk.daemon.portal_work import PortalWork
from desk.daemon.process import Teller, allow_many_open, call_on_stop
from desk.daemon.scheduled_job import ScheduledJob
from desk.daemon.side_thread import LEAD_SECONDS
from desk.daemon.summary import RunSummary
from desk.daemon.surroundings import InboxMissing, check_folders
from desk.daemon.text_work import TextWork
from desk.daemon.trail_work import TrailWork
from desk.daemon.webhook_work import WebhookWork
from dossier.cluster import presence
from dossier.cluster.claims import LEAD, MAIL, Claims
from dossier.database import identity, trouble
from dossier.database.database import bring_in_log, close_database, data_version, for_a_daemon, is_shared, open_database
from dossier.database.identity import NotThisOffice
from dossier.database.trouble import UNAVAILABLE, DatabaseUnavailable
from dossier.files import files
from dossier.office import cache
from dossier.office.fingerprint import Fingerprint
from dossier.office.office import Office
from dossier.office.watching import ConfigWatch
from dossier.text import clock, system
from dossier.text.sentences import Sentence, sentence
from dossier.vault.folder import Vault
from dossier.vault.opening import open_vault
from dossier.workers.pool import GARBAGE_AT, WorkerPool
from ingest.inbox.looking_ahead import LookAhead
from ingest.inbox.watcher import FolderWatch
from workflow.mail import urgent
from workflow.outbox.alarms import StandingAlarms
from workflow.queue.queue import QueueFolder
from workflow.reports import drafts
from workflow.retention import erasing

if TYPE_CHECKING:  # a web server's libraries, for whoever has set a port
    from desk.daemon.metrics import MetricsServer

log = structlog.get_logger("daemon")

END_SECONDS = 3.0
"""How long a stop waits for mails and webhooks that are being sent. With what is to be done then
it is over within five."""

LOOK_SECONDS = 1.5
"""How often config/ is looked at, and whether all folders are there; and the database, for what was
written unheard."""

QUIET_SECONDS, SPARE_SECONDS = 0.3, 10.0
"""What nobody waits for is done once nothing was dropped for so long; a little of it, now and then,
also while drops keep coming."""

IDLE_SECONDS = 30.0
"""After so long a rest memory is given back that only work needs."""

LEAN_SECONDS = 60.0
"""So often it is given back once more: what is done by the clock takes some as well."""

TURN_SECONDS = 2.0
"""While a backlog of drops is taken: so often what was decided and approved has its turn."""

MARK_SECONDS, REST_MARK_SECONDS, LATE_MARK_SECONDS = 1.0, 15.0, 4.0
"""How often it is written down how far the database has come, and seen that it still is this
office's (identity.py): while something is written, and else; and how long that waits for what
somebody waits for."""

SEND_MARK_SECONDS = 10.0
"""How often an object store that is the vault is told of it, if it has come further."""

ONCE_PATIENCE_SECONDS = 5
"""How long `run --once` waits beyond settle_seconds for a file that keeps changing."""

TROUBLE_PATIENCE_SECONDS = 0.5
"""The same, once something can't be done now."""


class Daemon:
    """Works for one office until it is told to stop (`files.stopping`)."""

    def __init__(
        self,
        office: Office,
        environ: dict[str, str],
        once: bool = False,
        progress: Callable[[int], None] | None = None,
        workers: WorkerPool | None = None,
        ahead: LookAhead | None = None,
        read: Fingerprint | None = None,
    ) -> None:
        """`workers`: processes that were started for a backlog, and look at it (`ahead`); `read`:
        what config/ was like when the office was read."""
        self.office = office
        self.summary = RunSummary()
        self._environ = environ
        self._once = once
        self._progress = progress or (lambda done: None)
        self._helped, self._ahead = workers or WorkerPool(), ahead
        self._bell = Bell()
        self._queue_due = self._published_at = self._stepped_at = 0.0
        self._is_hinted = False
        """Whether somebody asked for a round of the queue since the last one began."""
        self._queue_watch = FolderWatch(office.queue, self.hint_queue, depth=1)
        self._mail_bell = Bell()
        self._teller = Teller()
        self._config = ConfigWatch(office, environ, self._alarm, state=read)
        self._look_due = self._poll_due = 0.0
        self._newest, self._has_served = office, False
        self._metrics: MetricsServer | None = None
        self._spared_at = self._wrote_at = time.monotonic()
        self._brought_in_at = self._lean_at = 0.0
        self._refused: NotThisOffice | None = None
        """What the object store that is the vault knows against the database."""
        self._end_by = float("inf")
        """Until when its threads are waited for, in monotonic seconds, once it was told to stop."""

    # Life

    def run(self) -> RunSummary:
        """Work until stopped; with `once`, until nothing is due. Raises AlreadyRunning,
        InboxMissing, DatabaseUnavailable."""
        try:
            with presence.alone(self.office), contextlib.ExitStack() as beside:
                call_on_stop(self.stop)
                allow_many_open()
                gc.freeze()  # what is loaded by now stays
                gc.set_threshold(GARBAGE_AT, 20, 100)
                gc.enable()
                check_folders(self.office)
                self._bring_mark()
                open_database(self.office)
                for_a_daemon()
                urgent.forget(self.office)
                cache.write_going_on(self.office)
                self._since = clock.utc_now()
                if not self._once and self.office.settings.metrics.port is not None:
                    from desk.daemon.metrics import MetricsServer

                    self._metrics = MetricsServer(lambda: self.office, self.summary, lambda: self._teller.worked_at)
                    self._metrics.start()
                    beside.callback(self._metrics.end)
                self._serve_until_stopped()
        except presence.AlreadyRunning:
            open_database(self.office)  # it may be on the database that the office moved to: then that is told
            raise
        except NotThisOffice as error:
            urgent.tell_admins(self.office, self._environ, clock.utc_now(), trouble.told(error))
            raise
        except OSError as error:
            if error.errno is not None:  # else it is one of ours, which says itself what is wrong
                error.filename = error.filename or str(self.office.var)
            raise InboxMissing(system.whole(error)) from error
        return self.summary

    def _serve_until_stopped(self) -> None:
        while not files.stopping.is_set():
            try:
                self._set_up()
                self._serve()
                return
            except UNAVAILABLE as error:
                if self._once:
                    raise
                surroundings.wait(self.office, error, self._teller.beat)

    def _bring_mark(self) -> None:
        """Ask the object store that is the vault how far the office had come. Without an answer the
        marks here count, until `_send_mark` has one."""
        try:
            identity.bring(self.office)
        except DatabaseUnavailable as error:
            log.warning("what the store knows of the office's database can't be read now", error=str(trouble.told(error)))

    def _send_mark(self) -> None:
        """Tell the store how far the database has come; if it knows of another, it ends."""
        try:
            identity.send(self.office)
        except NotThisOffice as error:
            self._refused = error
            self._bell.ring()
        except DatabaseUnavailable:
            pass  # whoever puts files there tells that it is away

    def _set_up(self) -> None:
        """Everything anew, from what the folders and the database say."""
        self.claims, self.leads, self._lead_due = Claims(), False, 0.0
        self._presence = presence.Presence(self.office, self._since)
        self.alarms = StandingAlarms(self.office)
        self.mails = MailWork(self.office, self._environ, self._alarm, self.alarms, self._mail_bell, self._mailed)
        self.webhooks = WebhookWork(self.office, self._environ, self._alarm, self.alarms)
        self.trail = TrailWork(self.office, self._alarm, self.alarms.stands("trail"))
        for cause in self.alarms.causes():
            # It starts, so they are over, or come again.
            if cause.startswith(("config", "paths", "intake ", "stays ", "client folders", "watch ")):
                self._alarm(cause, None)
        self._is_metrics_told = True
        self._tell_metrics()
        self.vault = open_vault(self.office)
        self.vault.sweep()
        identity.sweep(self.office, erasing.FOLDER, drafts.BREACHES)
        # For a vault on a disk: what is far away is waited for, and threads do that as well.
        self.workers = self._helped if type(self.vault) is Vault else None
        self.drops = DropWork(
            self.office, self.vault, self.claims, self.summary, self._bell.ring, self._alarm, self._took,
            self.workers, self._ahead, self._once,
        )  # fmt: skip
        self._ahead = None
        self.texts = TextWork(self.office, self.vault, self.drops.intake.gate.screen)
        self.queue = QueueFolder(self.office, self.vault)
        self.portal = PortalWork(self.office, self.vault, self.hint_queue, self._alarm, self.workers, self._once, self._is_busy)
        self.periodic = Periodic(self.office, self.alarms, self.trail, self.portal, self._mail_bell.ring, lambda: self._wrote_at)
        if self._lead():
            self.portal.take_off()  # before anything else, whatever backlog there is: CONTRACT section 9
        self.drops.begin()

    def _serve(self) -> None:
        self._has_served = True
        self._published_at = time.monotonic()
        try:
            try:
                self._work_once() if self._once else self._work()
            except files.Interrupted:
                log.info("stopped in the middle of a copy; it is undone")
            self.drops.intake.forget()
        finally:
            self.drops.end()
            self._release_hands()
            close_database()

    # Sharing the office with other daemons (PostgreSQL)

    def _lead(self) -> bool:
        """True if deciding and what is done once are this daemon's."""
        now = time.monotonic()
        if not self.leads and now < self._lead_due:
            return False
        self._lead_due = now + LEAD_SECONDS
        led, self.leads = self.leads, self.claims.take(LEAD)
        if self.leads and not led:
            # Whoever led before may have gone by what config/ says since we looked at it. We may be
            # in the midst of a backlog: the other rooms go by it when that is taken.
            self._read_config(is_certain=self._has_served and is_shared())
            self.alarms.reread()
            self.queue = QueueFolder(self._newest, self.vault)
            self.portal.prepare(self._newest)
            self._queue_due = 0.0
        return self.leads

    def _lead_at_once(self) -> bool:
        self._lead_due = 0.0
        return self._lead() and self.claims.take(MAIL)

    def stop(self) -> None:
        """What SIGTERM and SIGINT do."""
        self._end_by = time.monotonic() + END_SECONDS
        self._teller.stopping()
        files.stopping.set()
        self._mail_bell.ring()
        self._bell.ring()

    # Hints, from any thread

    def hint_queue(self, approver: str | None = None) -> None:
        """Look at this approver's folder now (None: at all of them)."""
        self.queue.hint(approver)
        self._is_hinted = True
        self._bell.ring()

    # The working thread

    def _work(self) -> None:
        from desk.daemon import schedule

        self.drops.lookout.watch()
        self.mails.start()
        self.webhooks.start()
        self.portal.start()
        self.texts.start()
        self._scheduler = schedule.start(self._jobs())
        try:
            version, events = data_version(), EventLog()
            mark_due = 0.0
            log.info("running", root=str(self.office.root), pid=os.getpid())
            self._presence.tell(clock.utc_now(), self.leads)
            self._teller.ready()
            while not files.stopping.is_set():
                self._teller.beat()
                if self._refused is not None:
                    raise self._refused
                if time.monotonic() >= mark_due + (LATE_MARK_SECONDS if self._is_called() else 0.0):
                    identity.mark(self.office)
                    mark_due = time.monotonic() + REST_MARK_SECONDS
                did = self._step()
                self._supervise()
                now_version = data_version()
                if did or now_version != version:
                    self._wrote_at = time.monotonic()
                    mark_due = min(mark_due, self._wrote_at + MARK_SECONDS)
                    self.texts.note()
                    if is_shared():
                        self.portal.note()
                    events.tell() if self.leads else events.skip()
                if now_version != version:
                    version, self._queue_due = now_version, 0.0
                    self._mail_bell.ring()
                elif not did:
                    self._rest()
        finally:
            self._end_threads()
            if files.stopping.is_set():
                with contextlib.suppress(*UNAVAILABLE):
                    if self.leads:
                        self.trail.anchor(clock.utc_now(), ending=True)
                    self._presence.leave()
                    identity.mark(self.office)
                log.info("stopped", taken=self.summary.taken, refused=self.summary.refused, published=self.summary.published)

    def _end_threads(self) -> None:
        """Tell all that goes on beside to end, then wait for all of it together.

        What has not ended by then is left, and ends with the process: it is as if that had been
        killed.
        """
        self._scheduler.shutdown(wait=False)
        ending = [*self.mails.end(), *self.webhooks.end(), *self.texts.end()]
        self.portal.end()
        self.drops.lookout.stop()
        self._queue_watch.stop()
        until = min(self._end_by, time.monotonic() + END_SECONDS)
        for thread in ending:
            thread.join(max(0.0, until - time.monotonic()))

    def _release_hands(self) -> None:
        if self.workers is not None:
            self.workers.rest()

    def _is_called(self) -> bool:
        """True if something is due for which somebody waits."""
        return files.stopping.is_set() or self._next_at() <= time.monotonic()

    def _is_busy(self) -> bool:
        """True while something is done for which somebody waits, and a little longer. Any thread
        may ask."""
        return time.monotonic() < self._stepped_at + QUIET_SECONDS

    def _spare(self) -> bool:
        """Do a little of what nobody waits for, until something else is due; False: there is
        nothing."""
        return self.drops.lookout.help(self._is_called) or (self.leads and self.portal.spare(self._is_called))

    def _spare_until_called(self) -> bool:
        """All of it, until something else is due; False: there was nothing."""
        did = False
        while not self._is_called() and self._spare():
            did = True
        return did

    def _rest(self) -> None:
        """Nothing is due: wait until something is. What nobody waits for is done, or begun beside,
        when nothing came for a while, never when something has just come."""
        now, active_at = time.monotonic(), max(self._stepped_at, self._wrote_at)
        quiet_at = self._spared_at + SPARE_SECONDS
        if self._spared_at < active_at:
            quiet_at = min(quiet_at, active_at + QUIET_SECONDS)
        if now >= quiet_at:
            if self._spare():
                return
            self._spared_at = quiet_at = now
            self._tidy(now)
        self.drops.rest(now)
        self.portal.drop_ahead()
        self._release_hands()
        due = min(self._next_at(), self._look_due, self._poll_due if self._polls else self._look_due)
        self._bell.wait(min(due, quiet_at if quiet_at > now else due) - time.monotonic(), hears=True)

    def _tidy(self, now: float) -> None:
        """Behind the work: pictures, the files' words, the database's log, memory."""
        if self.leads:
            self.portal.rest()
            self.texts.rest()
        if self._brought_in_at < self._wrote_at:
            self._brought_in_at = now
            bring_in_log()
        if self._wrote_at < now - IDLE_SECONDS and self._lean_at < max(self._wrote_at, now - LEAN_SECONDS):
            self._lean_at = now
            memory.give_back()

    def _next_at(self) -> float:
        """When something is due, as far as is known by now, in monotonic seconds."""
        return min(self._next_round(), self.drops.next_at())

    def _next_round(self) -> float:
        """When the queue is looked at again, and what is to be published, in monotonic seconds."""
        return 0.0 if self._is_hinted else self._queue_due

    def _step(self) -> bool:
        """Do what is due now; True if there was anything."""
        identity.check_in_place(self.office)
        leads = self._lead()
        if not (self._is_called() or self.drops.clears_at <= time.monotonic()):
            return False
        self._stepped_at = inf
        try:
            if leads and self._next_round() <= time.monotonic():
                self.portal.take_off()
            self.drops.clear_rest()
            taken = self.drops.take(self._meanwhile)
            did = (taken or self._next_round() <= time.monotonic()) and self._decide_and_publish(self._is_called)
            self.drops.clear_last()
        finally:
            self._stepped_at = time.monotonic()
        if did or taken:
            self._mail_bell.ring()
            self._queue_due = 0.0  # what was approved by who may not any more is asked again
        return did or taken

    def _decide_and_publish(self, between: Callable[[], bool] = lambda: False) -> bool:
        """What was decided, by who leads, then what stands approved, for a few seconds or until
        `between` two rounds something else is due; True if there was anything, or is more."""
        self._is_hinted = False  # before the round: what is saved in the midst of it is looked at by the next one
        again = self.queue.round(clock.utc_now()) if self._lead() else None
        self._queue_due = time.monotonic() + (again if again is not None else 3600.0)
        began = time.monotonic()
        published, has_more = self.portal.step(between) if self.leads else self.portal.help(between)
        if self.portal.were_others():  # nobody tells if one of them is killed
            self._queue_due = min(self._queue_due, time.monotonic() + LEAD_SECONDS)
        if self.leads:
            self._queue_due = min(self._queue_due, self.portal.mends_at())
        self._published_at = time.monotonic()
        self.summary.add_published(published, self._published_at - began)
        return bool(published or has_more or again == 0.0)

    def _meanwhile(self, between: Callable[[], bool]) -> None:
        """Between two batches of a backlog: what was withdrawn goes, and what else is due has
        its turn now and then."""
        if self._lead():
            self.portal.take_off()
        if time.monotonic() - self._published_at > TURN_SECONDS:
            self._decide_and_publish(between)
        if self._once:
            self.texts.keep_known()

    # run --once

    def _work_once(self) -> None:
        """Take what is there, waiting for files to settle, then decide, publish and mail, until
        nothing is due."""
        watch = self.office.settings.watch
        settling = max(watch.settle_seconds, watch.folder_settle_seconds)
        presence.take_over(self.office, self._lead_at_once)
        last = time.monotonic()
        if self.leads:
            self.periodic.once()
        while not files.stopping.is_set():
            if self._step():
                last = time.monotonic()
                continue
            if self.mails.once(self.claims) or self.webhooks.once(self.claims) or self._spare_until_called():
                continue
            now = time.monotonic()
            soonest = min(self.drops.lookout.next_at(), self._next_round())
            # What can't be taken is not waited for, only what settles by then.
            patience = settling + (TROUBLE_PATIENCE_SECONDS if self.summary.trouble else ONCE_PATIENCE_SECONDS)
            if soonest - now > patience or now - last > patience:
                if self.mails.once(self.claims, at_once=True):
                    continue  # what was collected goes before it ends
                break
            files.stopping.wait(max(0.0, soonest - now))
        self.portal.drop_ahead()
        if self.leads:
            self.portal.begin_to_dress()
            drafts.write(self.office, clock.utc_now())
            self.texts.once()
            self.drops.intake.forget()
            bring_in_log()
            self.portal.dress_once()
            self.trail.anchor(clock.utc_now(), ending=True)
        identity.mark(self.office)
        self._send_mark()
        if self._refused is not None:
            raise self._refused
        self.summary.waiting = self.drops.lookout.count_waiting()
        self.summary.trouble += [self.drops.lookout.trouble] if self.drops.lookout.trouble else []
        self.summary.trouble += self.drops.intake.staying.reasons(self.office.clients).values()
        self.summary.trouble += [self.portal.trouble] if self.portal.trouble else []

    def _took(self, count: int) -> None:
        """So many drops of a batch were decided."""
        self._teller.beat()
        if self.leads:
            self.portal.stage_ahead()
        self._progress(count)

    # What the other threads call

    def _mailed(self, count: int) -> None:
        self.summary.mailed += count

    def _jobs(self) -> list[ScheduledJob]:
        watch = self.office.settings.watch

        def rescan() -> None:
            self.drops.lookout.look_everywhere()
            self.hint_queue()

        def beat() -> None:
            self._presence.tell(clock.utc_now(), self.leads)
            self.alarms.reread()

        return [
            ScheduledJob("rescan", watch.rescan_seconds, rescan),
            *([ScheduledJob("mark", SEND_MARK_SECONDS, self._send_mark)] if self.office.vault_store else []),
            *([ScheduledJob("beat", presence.BEAT_SECONDS, beat, is_punctual=True)] if is_shared() else []),
            *self.periodic.jobs(lambda: self.leads and self.claims.is_held(LEAD)),
        ]

    @property
    def _polls(self) -> bool:
        return self.drops.lookout.polls or self._queue_watch.polls

    def _poll(self) -> None:
        """What no watcher tells of is looked at by the clock."""
        self._poll_due = time.monotonic() + self.office.settings.watch.poll_seconds
        self.drops.lookout.poll()
        if self._queue_watch.polls:
            self.hint_queue()

    def _supervise(self) -> None:
        """Now and then, see that the folders are watched and that the configuration is the one in
        config/."""
        if self._polls and time.monotonic() >= self._poll_due:
            self._poll()
        if time.monotonic() < self._look_due:
            return
        self._look_due = time.monotonic() + LOOK_SECONDS
        self.drops.lookout.supervise()
        if self.leads and self.portal.is_gone():
            self._queue_due = 0.0
        try:
            if self._queue_watch.supervise(self.office.settings.watch.mode):
                self._alarm("watch queue", self._queue_watch.trouble)
                self.hint_queue()
        except OSError as error:
            why = sentence("daemon.queue_unreadable", queue=str(self.office.queue), why=system.why(error))
            self._alarm("watch queue", why)
        self._tell_metrics()
        self._reload_if_changed()

    # Configuration and alarms

    def _read_config(self, is_certain: bool = False) -> None:
        """Read config/ again if it was changed; with faults, go on with what was."""
        self._newest = self._config.changed(is_certain) or self._newest

    def _reload_if_changed(self) -> None:
        """Go by what config/ says now."""
        self._read_config()
        old, office = self.office.settings, self._newest
        if office is self.office:
            return
        for room in (self, self.queue, *self.mails.mailers, self.alarms, self.trail, self.periodic, self.texts):
            room.office = office
        self.drops.reconsider(office)
        self.queue.forget_people()
        self.portal.reconsider(office)
        self.webhooks.reconsider(office)
        if office.settings.watch != old.watch:
            from desk.daemon import schedule

            schedule.change(self._scheduler, self._jobs())
            self._poll_due = 0.0
        cache.write_going_on(office)
        log.info("configuration read again", clients=len(office.clients), staff=len(office.staff))
        self.hint_queue()

    def _tell_metrics(self) -> None:
        """Raise an alarm while the address for metrics can't be had. It is ended only by who told
        it, or by who starts: another daemon on this office may have an address of its own."""
        trouble = self._metrics.trouble if self._metrics is not None else None
        if trouble is not None or self._is_metrics_told:
            self._alarm("metrics", trouble)
        self._is_metrics_told = trouble is not None

    def _alarm(self, cause: str, text: Sentence | str | None) -> None:
        """Raise an alarm, or end it with None. `status` shows them, and the admins get mail."""
        if self.alarms.tell(clock.utc_now(), cause, text):
            self._mail_bell.ring()
