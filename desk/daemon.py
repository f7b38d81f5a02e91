"""The daemon: one thread that takes, decides and publishes, one that mails, one that watches, one that keeps the schedule.

The working thread looks only where something is due: a hint of the watcher, a file that should have settled by now, the
rescan. Between two looks it sees by the database's version that a command wrote something. Everything it remembers
may be lost at any time: the next start finds it again in the folders and the database.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import structlog

from desk import presence
from desk.login_mails import LoginMails
from desk.portal_work import VERIFY_HOURS, PortalWork
from desk.stopping import call_on_stop
from desk.telling import Teller
from desk.trail_work import TRAIL_SECONDS, TrailWork
from dossier import clock, files, settling
from dossier.claims import LEAD, LOGINS, MAIL, Claims, inbox
from dossier.database import UNAVAILABLE, DatabaseUnavailable, close_database, data_version, is_shared, open_database
from dossier.settings import CLIENTS, SETTINGS, STAFF, ConfigurationError, Office, load_office
from dossier.vault import Vault
from ingest import looking
from ingest.intake import AT_ONCE, Intake, Outcome
from ingest.looking import Found
from ingest.lookout import Lookout
from ingest.watcher import Watch
from workflow import alarms, reminders, retention, reviews, schedule, unopened
from workflow.alarms import Alarms
from workflow.mailing import Mailer, Round
from workflow.queue_files import QueueFolder

log = structlog.get_logger("daemon")

WAKE_SECONDS = 0.25
"""How soon a command's change is seen, and how soon a stop is: two cheap looks at the clock a second more don't show."""

TROUBLE_SECONDS = 30
"""How soon it is tried again to clear what is decided and could not leave the inbox."""

LEAD_SECONDS = 1.0
"""How soon another daemon takes over what one that ended had claimed as a whole."""

DATABASE_SECONDS = 2.0
"""How often it is tried again when the database can't be used."""

CONFIG_SECONDS = 1
"""How often config/ is looked at for changes."""

REMIND_SECONDS = 15
"""How often it is seen whether an approver must be reminded: one look at an index, if not."""

REVIEW_SECONDS = 60
"""How often it is seen whether an item is due for review."""

RETENTION_SECONDS = 900
"""How often the vault files of removed items are looked at, and whether this month's list of what may go was mailed."""

ALARM_SECONDS = 60
"""How often it is looked at what no event tells of: room on the disks, refused drops that nobody looks at."""

ONCE_PATIENCE_SECONDS = 5
"""How long `run --once` waits beyond settle_seconds for a file that keeps changing."""


class InboxMissing(Exception):
    """The environment fails from the start (exit code 4): a folder can't be made, read or written."""


@dataclass(slots=True)
class Summary:
    """What a run did."""

    taken: int = 0
    duplicates: int = 0
    refused: int = 0
    published: int = 0
    mailed: int = 0
    taking_seconds: float = 0.0
    waiting: int = 0
    trouble: list[str] = field(default_factory=list)


class Daemon:
    """Works for one office until it is told to stop (`files.stopping`)."""

    def __init__(
        self, office: Office, environ: dict[str, str], once: bool = False, progress: Callable[[int], None] | None = None
    ) -> None:
        self.office = office
        self.summary = Summary()
        self._environ = environ
        self._once = once
        self._progress = progress or (lambda done: None)
        self._wake = threading.Condition()
        self._queue_due = self._clear_due = 0.0
        self._queue_watch = Watch(office.queue, self.hint_queue, depth=1)
        self._mail_wake = threading.Event()
        self._since = clock.to_text(clock.utc_now())
        self._ended = False
        self._teller = Teller()
        self._config_state = self._config_stat()
        self._config_due = False

    # Life

    def run(self) -> Summary:
        """Work until stopped; with `once`, until nothing is due. Raises AlreadyRunning, InboxMissing, DatabaseUnavailable."""
        try:
            with presence.alone(self.office), contextlib.ExitStack() as beside:
                call_on_stop(self.stop)
                self._check_folders()
                open_database(self.office)
                if not self._once:
                    beside.enter_context(self._metrics())
                while not files.stopping.is_set():
                    try:
                        self._set_up()
                        self._serve()
                        break
                    except UNAVAILABLE as error:
                        if self._once:
                            raise
                        self._wait_for_database(error)
        except OSError as error:
            raise InboxMissing(f"{error.filename or self.office.var}: {error.strerror or error}") from error
        return self.summary

    def _metrics(self) -> contextlib.AbstractContextManager[None]:
        """Meanwhile, /metrics and /healthz are answered, if they are configured."""
        settings = self.office.settings.metrics
        if settings.port is None:
            return contextlib.nullcontext()
        from desk.metrics import Metrics

        return Metrics(lambda: self.office, self.summary, lambda: self._teller.worked_at).served(settings.host, settings.port)

    def _set_up(self) -> None:
        """Everything anew, from what the folders and the database say."""
        self.claims, self.leads, self._lead_due = Claims(), False, 0.0
        self.alarms = Alarms(self.office)
        self.mailer = Mailer(self.office, self._environ, self._alarm, was_gone=self.alarms.stands("mail"))
        self.login_mails = LoginMails(self.office, self._environ, self._alarm)
        self.trail = TrailWork(self.office, self._alarm, self.alarms.stands("trail"))
        for cause in self.alarms.causes():
            # It starts, so they are over, or come again.
            if cause.startswith(("config", "paths", "intake ", "client folders", "watch ")):
                self._alarm(cause, None)
        self.vault = Vault(self.office.vault)
        self.vault.sweep()
        self.lookout = Lookout(self.office, self._woken, self._alarm, self._claim)
        self.intake = Intake(self.office, self.vault, patient=self._once)
        self.queue = QueueFolder(self.office, self.vault)
        self.portal = PortalWork(self.office, self.vault, self.hint_queue, self._alarm)
        self._lead()
        self._finish_others()

    def _serve(self) -> None:
        try:
            try:
                self._work_once() if self._once else self._work()
            except files.Interrupted:
                log.info("stopped in the middle of a copy; it is undone")
            self.intake.forget()
        finally:
            self.intake.gate.close()
            close_database()

    def _wait_for_database(self, error: Exception) -> None:
        """The database has gone (restarted, disk full, network). Wait until it is back, or until stopped."""
        log.error("the database can't be used; waiting for it", error=str(error))
        while not files.stopping.wait(DATABASE_SECONDS):
            self._teller.beat()
            try:
                close_database()
                open_database(self.office)
            except (DatabaseUnavailable, *UNAVAILABLE) as still:
                log.warning("the database still can't be used", error=str(still))
            else:
                log.info("the database is back")
                return

    # Sharing the office with other daemons (PostgreSQL)

    def _lead(self) -> bool:
        """True if deciding, publishing and the scheduled jobs are this daemon's."""
        now = time.monotonic()
        if not self.leads and now < self._lead_due:
            return False
        self._lead_due = now + LEAD_SECONDS
        led, self.leads = self.leads, self.claims.take(LEAD)
        if self.leads and not led:
            self.queue = QueueFolder(self.office, self.vault)
            self.portal.prepare()
            self._queue_due = 0.0
        return self.leads

    def _claim(self, client: str) -> bool:
        """Make a client's inbox folder ours until the end of this step; finish first what a daemon that died left there."""
        if not is_shared():
            return True
        if not self.claims.take(inbox(client)):
            return False
        self.intake.recover(client)
        return True

    def _release(self, kept: Iterable[str] = ()) -> None:
        """Let others have the clients' folders, but those that are `kept`."""
        if is_shared():
            self.intake.forget()  # first: who claims a folder next finishes what is not marked as done
            self.claims.release_all((LEAD, LOGINS, MAIL, *map(inbox, kept)))

    def _finish_others(self) -> None:
        """Finish what was committed but not cleared when the last daemon ended; of shared offices what no other is busy with."""
        if not is_shared():
            self.intake.recover()
            return
        for client in self.intake.uncleared_clients():
            self._claim(client)
        self._release()

    def _check_folders(self) -> None:
        for path in (self.office.inbox, self.office.queue, self.office.portal, self.office.vault):
            try:
                if path != self.office.inbox:
                    files.make_folder(path, 0o750 if path == self.office.vault else 0o755)
            except OSError as error:
                raise InboxMissing(f"{error.filename}: {error.strerror}; give this user the right to write there") from error
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                what = "there is no such folder" if not path.exists() else "this user can't read and write there"
                raise InboxMissing(f"{path}: {what}; make it, or give the right to it")

    def stop(self) -> None:
        """What SIGTERM and SIGINT do."""
        self._teller.stopping()
        files.stopping.set()
        self._mail_wake.set()
        self._woken()

    # Hints, from any thread

    def _woken(self) -> None:
        with self._wake:
            self._wake.notify()

    def hint_queue(self, approver: str | None = None) -> None:
        """Look at this approver's folder now (None: at all of them)."""
        self.queue.hint(approver)
        self._queue_due = 0.0
        self._woken()

    def _hint_config(self) -> None:
        self._config_due = True

    # The working thread

    def _work(self) -> None:
        self.lookout.watch()
        self._ended = False
        mailer = threading.Thread(target=self._mail, name="mail", daemon=True)
        mailer.start()
        self.login_mails.start()
        self.portal.start()
        self._scheduler = schedule.start(self._jobs())
        version = data_version()
        log.info("running", root=str(self.office.root), pid=os.getpid())
        presence.tell(self.office, clock.utc_now(), self._since, self.leads)
        self._teller.ready()
        try:
            while not files.stopping.is_set():
                self._teller.beat()
                did = self._step()
                self._supervise()
                now_version = data_version()
                if now_version != version:
                    version, self._queue_due = now_version, 0.0
                    self._mail_wake.set()
                elif not did:
                    self._rest()
        finally:
            self._ended = True
            self._scheduler.shutdown(wait=False)
            self.lookout.stop()
            self._queue_watch.stop()
            self._mail_wake.set()
            mailer.join(timeout=4)
            self.login_mails.stop()
            self.portal.stop()
            with contextlib.suppress(*UNAVAILABLE):
                if self.leads:
                    self.trail.anchor(clock.utc_now(), ending=True)
                presence.leave(self.office)
            log.info("stopped", taken=self.summary.taken, refused=self.summary.refused, published=self.summary.published)

    def _rest(self) -> None:
        with self._wake:
            seconds = min(WAKE_SECONDS, min(self._next_round(), self.lookout.next_at()) - time.monotonic())
            if seconds > 0:
                self._wake.wait(seconds)
        if self.intake.has_to_forget(time.monotonic()):
            self.intake.forget()
        if self.leads:
            self.portal.rest()

    def _next_round(self) -> float:
        """When the queue is looked at again, in monotonic seconds; never, by who doesn't lead."""
        return self._queue_due if self.leads else float("inf")

    def _step(self) -> bool:
        """Do what is due now; True if there was anything."""
        self._clear_rest()
        taken = self._take_due()
        leads = self._lead()
        queue_is_due, has_more = leads and self._queue_due <= time.monotonic(), False
        if leads and (queue_is_due or taken):
            again = self.queue.round(clock.utc_now())
            self._queue_due = time.monotonic() + (again if again is not None else 3600.0)
            has_more = again == 0.0
        published = 0
        if leads and (taken or queue_is_due):
            published = self.portal.step()
            self.summary.published += published
        if published or taken:
            self._mail_wake.set()
            self._queue_due = 0.0  # what was approved by who may not any more is asked again
        return bool(taken or published or has_more)

    def _take_due(self) -> bool:
        """Look where a look is due and take what is ready; True if anything was taken or refused."""
        done, ready = False, list[Found]()
        try:
            for found in self.lookout.ready():
                ready += found
                while len(ready) >= AT_ONCE and not files.stopping.is_set():
                    done = self._take(ready[:AT_ONCE]) or done
                    del ready[:AT_ONCE]
                    self._release(kept={one.client for one in ready})
                if files.stopping.is_set():
                    return done
            return (self._take(ready) if ready else False) or done
        finally:
            self._release()

    def _take(self, ready: list[Found]) -> bool:
        began = time.monotonic()
        outcome: Outcome = self.intake.take(clock.utc_now(), ready)
        self.summary.taking_seconds += time.monotonic() - began
        self._teller.beat()
        self.summary.taken += outcome.taken
        self.summary.duplicates += outcome.duplicates
        self.summary.refused += outcome.refused
        self._progress(outcome.taken + outcome.duplicates + outcome.refused)
        clients = {found.client for found in ready}
        if outcome.postponed:
            self.lookout.postpone(ready, outcome.trouble)
        self._tell_trouble(clients, outcome)
        return bool(outcome.taken + outcome.duplicates + outcome.refused)

    def _tell_trouble(self, clients: Iterable[str], outcome: Outcome) -> None:
        """Raise an alarm for each client whose drops can't be taken now, and end those of the others."""
        for client in {*clients, *outcome.trouble}:
            words = outcome.trouble.get(client)
            if words is not None and words not in self.summary.trouble:
                self.summary.trouble.append(words)
            self._alarm(f"intake {client}", f"drops can't be taken: {words}" if words is not None else None)

    def _clear_rest(self) -> None:
        """Try again to clear what is decided and could not leave the inbox."""
        if time.monotonic() < self._clear_due:
            return
        self._clear_due = time.monotonic() + TROUBLE_SECONDS
        if is_shared():
            self._finish_others()
        if not self.intake.clearing.has_left:
            return
        stuck, outcome = list(self.intake.clearing.trouble), Outcome()
        self.intake.clear_up(outcome)
        self._tell_trouble(stuck, outcome)

    # run --once

    def _work_once(self) -> None:
        """Take what is there, waiting for files to settle, then decide, publish and mail, until nothing is due."""
        patience = self.office.settings.watch.settle_seconds + ONCE_PATIENCE_SECONDS
        last = time.monotonic()
        if self.leads:
            reminders.remind(self.office, clock.utc_now())
            unopened.remind(self.office, clock.utc_now())
            reviews.remind(self.office, clock.utc_now())
            alarms.check(self.alarms, clock.utc_now())
            self.trail.anchor(clock.utc_now())
        while not files.stopping.is_set():
            if self._step():
                last = time.monotonic()
                continue
            if self._mail_once():
                continue
            now = time.monotonic()
            soonest = min(self.lookout.next_at(), self._next_round())
            if soonest - now > patience or now - last > patience or self.summary.trouble:
                break
            files.stopping.wait(max(0.0, soonest - now))
        if self.leads:
            self.portal.dress_once()
            self.trail.anchor(clock.utc_now(), ending=True)
        self.summary.waiting = self._count_waiting()
        self.summary.trouble += [self.lookout.trouble] if self.lookout.trouble else []

    def _count_waiting(self) -> int:
        try:
            known, _ = looking.clients_with_folders(self.office)
            return sum(len(self.lookout.looker.look(client, *settling.now()).waiting) for client in known)
        except OSError:
            return 0

    # The other threads

    def _mail(self) -> None:
        claims = Claims()
        while not files.stopping.is_set() and not self._ended:
            seconds: float | None = LEAD_SECONDS
            try:
                if claims.take(MAIL):
                    self.summary.mailed += self.mailer.round(clock.utc_now()).sent
                    seconds = self.mailer.seconds_to_next(clock.utc_now())
            except Exception as error:  # noqa: BLE001 - whatever went wrong, mailing is tried again
                log.error("mailing failed; tried again", error=str(error), error_type=type(error).__name__)
                close_database()
                seconds = 30.0
            self._mail_wake.wait(60.0 if seconds is None else min(60.0, max(seconds, 0.2)))
            self._mail_wake.clear()
        close_database()

    def _mail_once(self) -> bool:
        """Send what is due, unless other daemons do; True if there was anything."""
        log_ins, mails = Round(), Round()
        if self.claims.take(LOGINS):
            log_ins = self.login_mails.round(clock.utc_now())
        if self.claims.take(MAIL):
            mails = self.mailer.round(clock.utc_now())
        self.summary.mailed += log_ins.sent + mails.sent
        return bool(log_ins.handled or mails.handled)

    def _jobs(self) -> list[schedule.Job]:
        watch = self.office.settings.watch

        def rescan() -> None:
            self.lookout.look_everywhere()
            self.hint_queue()

        def poll() -> None:
            self.lookout.poll()
            if self._queue_watch.polls:
                self.hint_queue()

        def remind() -> None:
            if reminders.remind(self.office, clock.utc_now()):
                self._mail_wake.set()

        def remind_contacts() -> None:
            unopened.remind(self.office, clock.utc_now())

        def remind_of_reviews() -> None:
            if reviews.remind(self.office, clock.utc_now()):
                self._mail_wake.set()

        def keep_trail() -> None:
            self.trail.anchor(clock.utc_now())
            self.trail.verify_daily(clock.utc_now())
            self._mail_wake.set()

        def look_around() -> None:
            alarms.check(self.alarms, clock.utc_now())
            self._mail_wake.set()

        def retain() -> None:
            if retention.upkeep(self.office, clock.utc_now(), self.portal.portal.vault):
                self._mail_wake.set()

        def beat() -> None:
            if is_shared():
                presence.tell(self.office, clock.utc_now(), self._since, self.leads)

        def closing(function: Callable[[], None], led: bool = True) -> Callable[[], None]:
            """With a connection of its own that is closed behind it; with `led`, only where this daemon leads."""

            def job() -> None:
                try:
                    if self.leads or not led:
                        function()
                finally:
                    close_database()

            return job

        return [
            schedule.Job("rescan", watch.rescan_seconds, rescan),
            schedule.Job("poll", watch.poll_seconds, poll),
            schedule.Job("remind", REMIND_SECONDS, closing(remind)),
            schedule.Job("remind contacts", 300, closing(remind_contacts)),
            schedule.Job("reviews", REVIEW_SECONDS, closing(remind_of_reviews), is_long=True),
            schedule.Job("config", CONFIG_SECONDS, self._hint_config),
            schedule.Job("alarms", ALARM_SECONDS, closing(look_around)),
            schedule.Job("verify", VERIFY_HOURS * 3600, closing(self.portal.verify_daily), is_long=True),
            schedule.Job("trail", TRAIL_SECONDS, closing(keep_trail), is_long=True),
            schedule.Job("retention", RETENTION_SECONDS, closing(retain), is_long=True),
            schedule.Job("beat", presence.BEAT_SECONDS, closing(beat, led=False)),
        ]

    def _supervise(self) -> None:
        """See that the folders are watched and that the configuration is the one in config/."""
        self.lookout.supervise()
        try:
            if self._queue_watch.supervise(self.office.settings.watch.mode):
                self._alarm("watch queue", self._queue_watch.trouble)
                self.hint_queue()
        except OSError as error:
            self._alarm("watch queue", f"the queue {self.office.queue} can't be read: {error.strerror}; is the share mounted?")
        if self._config_due:
            self._config_due = False
            self._reload_if_changed()

    # Configuration and alarms

    def _config_stat(self) -> list[tuple[int, int] | None]:
        found: list[tuple[int, int] | None] = []
        for name in (SETTINGS, CLIENTS, STAFF):
            look = files.look(self.office.root / name)
            found.append((look.inode, look.mtime_ns) if look else None)
        return found

    def _reload_if_changed(self) -> None:
        """Read config/ again if it was changed; with faults, say so and go on with what was."""
        state = self._config_stat()
        if state == self._config_state:
            return
        self._config_state = state
        try:
            office = load_office(self.office.root, self._environ)
        except ConfigurationError as error:
            self._alarm("config", f"config/ was changed, but is wrong; the old one holds: {error.faults[0]}")
            for fault in error.faults:
                log.error("configuration", fault=fault)
            return
        self._alarm("config", None)
        old = self.office.settings
        moved = (office.settings.paths, office.settings.database) != (old.paths, old.database)
        self._alarm("paths", "paths or database were changed in config/: restart the daemon for that" if moved else None)
        settings = office.settings.model_copy(update={"paths": old.paths, "database": old.database})
        office = replace(office, settings=settings)
        for room in (self, self.intake, self.queue, self.mailer, self.login_mails, self.alarms, self.trail):
            room.office = office
        self.lookout.reconfigured(office)
        self.queue.forget_people()
        self.portal.reconsider(office)
        if settings.watch != old.watch:
            schedule.change(self._scheduler, self._jobs())
        log.info("configuration read again", clients=len(office.clients), staff=len(office.staff))
        self.hint_queue()

    def _alarm(self, cause: str, text: str | None) -> None:
        """Raise an alarm, or end it with None. `status` shows them, and the admins get mail."""
        if self.alarms.tell(clock.utc_now(), cause, text):
            self._mail_wake.set()
