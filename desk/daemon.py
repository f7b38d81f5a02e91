"""The daemon: one thread that takes, decides and publishes, one that mails, one that watches, one that keeps the schedule.

The working thread looks only where something is due: a hint of the watcher, a file that should have settled by now, the
rescan. Between two looks it sees by the database's version that a command wrote something. Everything it remembers
may be lost at any time: the next start finds it again in the folders and the database.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import structlog

from dossier import clock, files, settling
from dossier.database import close_database, data_version, open_database
from dossier.settings import CLIENTS, SETTINGS, STAFF, ConfigurationError, Office, load_office
from dossier.vault import Vault
from ingest import looking
from ingest.intake import AT_ONCE, Intake, Outcome
from ingest.looking import Found, Looker
from ingest.watcher import Watcher, mode_for
from workflow import logins, notification, reminders, schedule, unopened
from workflow.publishing import Portal
from workflow.queue_files import QueueFolder

log = structlog.get_logger("daemon")

WAKE_SECONDS = 0.25
"""How soon a command's change is seen, and how soon a stop is: two cheap looks at the clock a second more don't show."""

TROUBLE_SECONDS = 30
"""How long a client is left alone after its drops could not be taken (disk full, no permission)."""

CONFIG_SECONDS = 2
"""How often config/ is looked at for changes."""

ONCE_PATIENCE_SECONDS = 5
"""How long `run --once` waits beyond settle_seconds for a file that keeps changing."""


class AlreadyRunning(Exception):
    """Another daemon works on this root; the message says which."""


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
        self._due: dict[str, float] = {}
        self._everything = True
        self._queue_due = self._clear_due = 0.0
        self._mail_wake = threading.Event()
        self._alarms: dict[str, str] = {}
        self._config_state = self._config_stat()
        self._config_due = False
        self._seen_empty: dict[str, int] = {}
        self._unknown: set[str] = set()

    # Life

    def run(self) -> Summary:
        """Work until stopped; with `once`, until nothing is due. Raises AlreadyRunning, InboxMissing, DatabaseUnavailable."""
        with self._lock():
            self._check_folders()
            open_database(self.office)
            self.vault = Vault(self.office.vault)
            self.vault.sweep()
            self.looker, self.intake = Looker(self.office), Intake(self.office, self.vault)
            self.queue, self.portal = QueueFolder(self.office, self.vault), Portal(self.office, self.vault)
            self.portal.prepare()
            self.intake.recover()
            try:
                self._work_once() if self._once else self._work()
            except files.Interrupted:
                log.info("stopped in the middle of a copy; it is undone")
            finally:
                self.intake.forget()
                close_database()
        return self.summary

    def _lock(self) -> IO[str]:
        """The lock that one daemon of a root holds. Raises AlreadyRunning."""
        try:
            files.make_folder(self.office.var)
            lock = open(self.office.var / "daemon.lock", "a+")  # noqa: SIM115
        except OSError as error:
            raise InboxMissing(f"{error.filename or self.office.var}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(
                f"a daemon runs on {self.office.root} already (process {lock.read().strip() or 'unknown'})"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _check_folders(self) -> None:
        for path in (self.office.inbox, self.office.queue, self.office.portal, self.office.vault):
            try:
                if path != self.office.inbox:
                    files.make_folder(path)
            except OSError as error:
                raise InboxMissing(f"{error.filename}: {error.strerror}; give this user the right to write there") from error
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                what = "there is no such folder" if not path.exists() else "this user can't read and write there"
                raise InboxMissing(f"{path}: {what}; make it, or give the right to it")

    def stop(self, *_: object) -> None:
        """What SIGTERM and SIGINT do."""
        files.stopping.set()
        self._mail_wake.set()

    # Hints, from any thread

    def hint_client(self, client: str | None) -> None:
        """Look at this client's folder now (None: at everything)."""
        with self._wake:
            if client is None:
                self._everything = True
            else:
                self._due[client] = 0.0
            self._wake.notify()

    def hint_queue(self, _: str | None = None) -> None:
        with self._wake:
            self._queue_due = 0.0
            self._wake.notify()

    def _hint_config(self) -> None:
        self._config_due = True

    # The working thread

    def _work(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # a broken lease (files.has_writer)
        watchers = self._start_watchers()
        mailer = threading.Thread(target=self._mail, name="mail", daemon=True)
        mailer.start()
        jobs = schedule.start(self._jobs())
        version = data_version()
        log.info("running", root=str(self.office.root), watching="native" if watchers else "polling", pid=os.getpid())
        self._write_state()
        try:
            while not files.stopping.is_set():
                did = self._step()
                self._supervise(watchers)
                now_version = data_version()
                if now_version != version:
                    version, self._queue_due = now_version, 0.0
                    self._mail_wake.set()
                elif not did:
                    self._rest()
        finally:
            jobs.shutdown(wait=False)
            for watcher in watchers.values():
                watcher.stop()
            self._mail_wake.set()
            mailer.join(timeout=4)
            files.remove(self.office.var / "daemon.json")
            log.info("stopped", taken=self.summary.taken, refused=self.summary.refused, published=self.summary.published)

    def _rest(self) -> None:
        with self._wake:
            nearest = min([self._queue_due, *self._due.values()], default=0.0)
            seconds = min(WAKE_SECONDS, nearest - time.monotonic())
            if seconds > 0 and not self._everything:
                self._wake.wait(seconds)
        if self.intake.has_to_forget(time.monotonic()):
            self.intake.forget()

    def _step(self) -> bool:
        """Do what is due now; True if there was anything."""
        self._clear_rest()
        taken = self._take_due()
        queue_is_due = self._queue_due <= time.monotonic()
        if queue_is_due or taken:
            again = self.queue.round(clock.utc_now())
            self._queue_due = time.monotonic() + (again if again is not None else 3600.0)
        published = 0
        if taken or queue_is_due:
            while (
                not files.stopping.is_set() and self.portal.has_work(now := clock.utc_now()) and (count := self.portal.round(now))
            ):
                published += count
            self.summary.published += published
            self._alarm("portal", self.portal.trouble)
        if published or taken:
            self._mail_wake.set()
        return bool(taken or published)

    def _take_due(self) -> bool:
        """Look where a look is due and take what is ready; True if anything was taken or refused."""
        clients = self._clients_due()
        done, ready = False, list[Found]()
        for client in clients:
            if files.stopping.is_set():
                return done
            ready += self._look(client)
            while len(ready) >= AT_ONCE:
                done = self._take(ready[:AT_ONCE]) or done
                del ready[:AT_ONCE]
                if files.stopping.is_set():
                    return done
        return (self._take(ready) if ready else False) or done

    def _clients_due(self) -> list[str]:
        now = time.monotonic()
        with self._wake:
            everything, self._everything = self._everything, False
            due = [client for client, at in self._due.items() if at <= now]
            for client in due:
                del self._due[client]
        if not everything:
            return [client for client in due if client in self.office.clients]
        try:
            known, unknown = looking.clients_with_folders(self.office)
        except OSError as error:
            self._alarm("inbox", f"the inbox {self.office.inbox} can't be read: {error.strerror}; is the share mounted?")
            return []
        self._alarm("inbox", None)
        for name in set(unknown) - self._unknown:
            log.warning("a folder of the inbox is no client's; it is left alone", folder=name)
        self._unknown = set(unknown)
        return [client for client in known if client in due or self._may_hold_files(client)]

    def _may_hold_files(self, client: str) -> bool:
        """False for a folder that was empty at the last look and had nothing made or removed in it since."""
        try:
            return self._seen_empty.get(client) != os.stat(self.office.inbox / client).st_mtime_ns
        except OSError:
            return True

    def _look(self, client: str) -> list[Found]:
        home = self.office.inbox / client
        try:
            stamp = os.stat(home).st_mtime_ns
            view = self.looker.look(client, *settling.now())
        except FileNotFoundError:
            return []
        except OSError as error:
            log.error("a client's inbox can't be read", client=client, error=str(error))
            self._due_in(client, TROUBLE_SECONDS)
            return []
        if view.ready or view.waiting:
            self._seen_empty.pop(client, None)
        elif time.time_ns() - stamp > 2_000_000_000:  # so old that a later change gets another time stamp
            self._seen_empty[client] = stamp
        if view.next_in is not None:
            self._due_in(client, view.next_in)
        return view.ready

    def _due_in(self, client: str, seconds: float) -> None:
        with self._wake:
            at = time.monotonic() + max(seconds, 0.005)
            self._due[client] = min(self._due.get(client, at), at)

    def _take(self, ready: list[Found]) -> bool:
        outcome: Outcome = self.intake.take(clock.utc_now(), ready)
        self.summary.taken += outcome.taken
        self.summary.duplicates += outcome.duplicates
        self.summary.refused += outcome.refused
        self._progress(outcome.taken + outcome.duplicates + outcome.refused)
        clients = {found.client for found in ready}
        for client in clients if outcome.postponed else ():
            self._due_in(client, TROUBLE_SECONDS if client in outcome.trouble else self.office.settings.watch.settle_seconds)
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
        if not self.intake.clearing.has_left or time.monotonic() < self._clear_due:
            return
        self._clear_due = time.monotonic() + TROUBLE_SECONDS
        stuck, outcome = list(self.intake.clearing.trouble), Outcome()
        self.intake.clear_up(outcome)
        self._tell_trouble(stuck, outcome)

    # run --once

    def _work_once(self) -> None:
        """Take what is there, waiting for files to settle, then decide, publish and mail, until nothing is due."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        patience = self.office.settings.watch.settle_seconds + ONCE_PATIENCE_SECONDS
        last = time.monotonic()
        reminders.remind(self.office, clock.utc_now())
        unopened.remind(self.office, clock.utc_now())
        while not files.stopping.is_set():
            if self._step():
                last = time.monotonic()
                continue
            logins.answer(self.office, clock.utc_now())
            if mailed := notification.send_due(self.office, clock.utc_now()):
                self.summary.mailed += mailed
                continue
            now = time.monotonic()
            soon = [at for at in (*self._due.values(), self._queue_due) if at - now <= patience]
            if not soon or now - last > patience or self.summary.trouble:
                break
            files.stopping.wait(max(0.0, min(soon) - now))
        self.summary.waiting = self._count_waiting()

    def _count_waiting(self) -> int:
        try:
            known, _ = looking.clients_with_folders(self.office)
            return sum(len(self.looker.look(client, *settling.now()).waiting) for client in known)
        except OSError:
            return 0

    # The other threads

    def _mail(self) -> None:
        while not files.stopping.is_set():
            seconds: float | None = None
            try:
                logins.answer(self.office, clock.utc_now())
                self.summary.mailed += notification.send_due(self.office, clock.utc_now())
                seconds = notification.seconds_to_next(clock.utc_now())
            except Exception as error:  # noqa: BLE001 - whatever went wrong, mailing is tried again
                log.error("mailing failed; tried again", error=str(error), error_type=type(error).__name__)
                seconds = 30.0
            self._mail_wake.wait(60.0 if seconds is None else min(60.0, max(seconds, 0.2)))
            self._mail_wake.clear()
        close_database()

    def _jobs(self) -> list[schedule.Job]:
        watch = self.office.settings.watch
        polled = mode_for(self.office.inbox, watch.mode) == "polling"

        def rescan() -> None:
            self.hint_client(None)
            self.hint_queue()

        def remind() -> None:
            reminders.remind(self.office, clock.utc_now())
            unopened.remind(self.office, clock.utc_now())
            close_database()

        return [
            schedule.Job("rescan", min(watch.poll_seconds, watch.rescan_seconds) if polled else watch.rescan_seconds, rescan),
            schedule.Job("queue", watch.poll_seconds, self.hint_queue),
            schedule.Job("remind", 300, remind),
            schedule.Job("config", CONFIG_SECONDS, self._hint_config),
            schedule.Job("mail", 60, self._mail_wake.set),
        ]

    def _start_watchers(self) -> dict[str, Watcher]:
        watchers = {}
        for name, folder, hint in (("inbox", self.office.inbox, self.hint_client), ("queue", self.office.queue, self.hint_queue)):
            if mode_for(folder, self.office.settings.watch.mode) == "polling":
                continue
            watcher = Watcher(folder, hint)
            trouble = watcher.start()
            self._alarm(f"watch {name}", trouble)
            if trouble is None:
                watchers[name] = watcher
        return watchers

    def _supervise(self, watchers: dict[str, Watcher]) -> None:
        """Read a changed configuration; replace a watcher that died, or whose folder is another now (mounted again)."""
        if self._config_due:
            self._config_due = False
            self._reload_if_changed()
        for name, watcher in list(watchers.items()):
            if not watcher.is_alive() and watcher.folder.is_dir():
                watcher.stop()
                fresh = Watcher(watcher.folder, watcher._hint)
                trouble = fresh.start()
                self._alarm(f"watch {name}", trouble)
                if trouble is None:
                    watchers[name] = fresh
                    log.warning("watching again", folder=str(watcher.folder))
                else:
                    del watchers[name]
                self.hint_client(None)

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
        if (office.settings.paths, office.settings.database) != (self.office.settings.paths, self.office.settings.database):
            log.warning("paths or database were changed: restart the daemon")
            return
        for room in (self, self.looker, self.intake, self.queue, self.portal):
            room.office = office
        self.looker.forget()
        self.queue.forget_people()
        self.portal.reconsider_clients()
        log.info("configuration read again", clients=len(office.clients), staff=len(office.staff))
        self.hint_client(None)
        self.hint_queue()

    def _alarm(self, cause: str, text: str | None) -> None:
        """Raise an alarm (once), or end it with None. `status` shows them."""
        if self._alarms.get(cause) == text:
            return
        if text is None:
            log.info("over", alarm=cause, was=self._alarms.pop(cause))
        else:
            self._alarms[cause] = text
            log.error("alarm", alarm=cause, text=text)
        self._write_state()

    def _write_state(self) -> None:
        """What `status` tells of this daemon: var/daemon.json."""
        state = {
            "pid": os.getpid(),
            "since": clock.to_text(clock.utc_now()),
            "alarms": list(dict.fromkeys(self._alarms.values())),
        }
        if not self._once:
            files.write_whole(self.office.var / "daemon.json", json.dumps(state).encode())


def state_of(office: Office) -> dict[str, object] | None:
    """What the running daemon said of itself; None if none runs."""
    try:
        with open(office.var / "daemon.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        path = Path(office.var / "daemon.json")
        try:
            found: dict[str, object] = json.loads(path.read_text())
            return found
        except (OSError, ValueError):
            return {"alarms": []}
