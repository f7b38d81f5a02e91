"""Which client folders are to be looked at now: after a hint, a settled file, or by the clock.

What is remembered here only saves looks; all of it may be lost or wrong at any time, and the full
look of every minute (`watch.rescan_seconds`) finds what was missed: by each folder's time stamp,
and every TURNS-th time by listing it, whatever its time stamp says.

The inbox is often a share. One that can't be read, or is suddenly without any client's folder (a
mount point without its mount), is an alarm; nothing is concluded from what is not there, and when
it is back, it is watched and looked at anew.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from dossier.database.database import transaction
from dossier.database.tables import Note
from dossier.files import settling
from dossier.files.beneath import open_beneath
from dossier.office import presets
from dossier.office.office import Office
from dossier.text import clock, names, system
from dossier.text.sentences import Sentence, plain, sentence
from dossier.workers.pool import WorkerPool
from ingest.inbox import client_folders, help_files, listing, preset_folders
from ingest.inbox.found import Found, Lying, NotTaken, View
from ingest.inbox.in_vain import InVain
from ingest.inbox.looking import Looker
from ingest.inbox.looking_ahead import LookAhead
from ingest.inbox.watcher import FolderWatch

log = structlog.get_logger("lookout")

TROUBLE_SECONDS = 30
"""How long a client's folder is left alone that could not be read, or its drops not taken."""

CLAIM_SECONDS = 0.5
"""How soon a folder that another daemon is busy with is tried again."""

LEAST_SECONDS, SOON_SECONDS = 0.001, 0.005
"""A file that settles is looked at so soon, at the soonest, and one whose turn was missed."""

REST = 4
"""A folder is left alone for so many times as long as a look at it took: one with 10,000 files that
still come costs 50 ms a look, and must not keep us from the others."""

SLOW_SECONDS = 0.005
"""Looks that take less of the processor need no rest."""

STAMP_NS = 2_000_000_000
"""The coarsest time stamps of folders (FAT): a change that comes later gets another one."""

HELPED_AT_ONCE = 20
"""So many clients' help files are written in one go: drops come first."""

TURNS, HELP_TURNS = 5, 60
"""At each full look one in TURNS of the empty folders is listed though its stamp is the same, and
one in HELP_TURNS of the clients' help files is seen to."""

QUIET_NS = 3600 * 1_000_000_000
"""A folder that was quiet for so long is polled every QUIET_TURNS-th time: with 10,000 of them that
is most of what polling costs."""

QUIET_TURNS = 3

_HAD_CLIENTS = "inbox-had-clients"

_NONE: list[int] = []
"""The time stamps of no folders: one for all clients."""

_NOTHING: list[NotTaken] = []
"""What waits where nothing does: one as well."""


class Lookout:
    """Looks out over an office's inbox, in one thread; `hint`, `look_everywhere`, `poll` from any.

    `wake` is called when something became due; `alarm(cause, text or None)`, from the using thread,
    when something is wrong or over. `claim(client)` says whether the folder may be looked at now:
    another daemon may be busy with it; `is_ours(client)`, whether that is still so. `saw` is told
    which sidecars lie in a client's folder and wait, and which other files, where that matters.
    `workers` look at a backlog, and have begun (`ahead`).
    """

    def __init__(
        self,
        office: Office,
        wake: Callable[[], None],
        alarm: Callable[[str, Sentence | str | None], None],
        claim: Callable[[str], bool] = lambda client: True,
        saw: Callable[[Sequence[Lying]], None] = lambda cards: None,
        workers: WorkerPool | None = None,
        ahead: LookAhead | None = None,
        is_ours: Callable[[str], bool] = lambda client: True,
    ) -> None:
        self.office = office
        self._saw = saw
        self._claim, self._is_ours = claim, is_ours
        self._workers = workers
        self._ahead = ahead if workers is not None else None
        self._looks_ahead: LookAhead | None = None
        """Of the round that is under way."""
        self.looker = Looker(office, beside=ThreadPoolExecutor(1, thread_name_prefix="hash"))
        self._wake = wake
        self._alarm = alarm
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        self._everything = True
        self._poll = False
        self._watch = FolderWatch(office.inbox, self.hint, _depth(office))
        self._watching = False
        self._empty: dict[str, int] = {}
        """Client → the time stamp of the client's folder when it was seen empty."""
        self._empty_presets: dict[str, list[int]] = {}
        """Client → those of its presets' folders then."""
        self._full_looks = self._polls = 0
        self._rest_until: dict[str, float] = {}
        self._unsorted_at: int | None = None
        """The time stamp of `_unsorted` when it was seen last."""
        self._listed: tuple[list[str], dict[str, Sentence]] = [], {}
        self._listed_state: tuple[object, ...] | None = None
        """What the inbox was like when that was listed."""
        self._unreadable: dict[str, Sentence] = {}
        self._others: set[str] = set()
        self.waiting: dict[str, list[NotTaken]] = {}
        """Client → what waited in its folder at the last look."""
        self.trouble: Sentence | None = None
        """Why nothing of the inbox can be seen."""
        self._in_vain = InVain(office, alarm)
        self._to_help: deque[str] = deque()
        self._helped: Office | None = None
        """With what configuration all of them were seen to last."""
        self._helped_at = [0.0] * HELP_TURNS
        """When each part of the clients had its turn last, in seconds since 1970."""
        self._helped_since = 0.0
        """What was not changed since then need not be read."""
        self._had_clients = Note.get_or_none(Note.key == _HAD_CLIENTS) is not None

    def watch(self) -> None:
        """Begin to watch, whatever happens to the inbox, as long as `supervise` is called."""
        self._watching = True
        self.supervise()

    def stop(self) -> None:
        self._watching = False
        self._watch.stop()

    def reconfigured(self, office: Office) -> None:
        """The configuration was read again: clients came or went, and rules may have changed."""
        self.office = self.looker.office = self._in_vain.office = office
        self.looker.forget()
        self._watch.deepen(_depth(office))
        self._empty.clear()
        self._listed_state = None
        self.look_everywhere()

    def _see_unsorted(self) -> None:
        """See what lies in `_unsorted`, if that may have changed: anybody may move it to where a
        sidecar of its owner waits."""
        try:
            stamp = os.lstat(self.office.inbox / listing.UNSORTED).st_mtime_ns
            if stamp == self._unsorted_at:
                return
            with open_beneath(self.office.inbox, listing.UNSORTED) as home:
                found = listing.list_folder(home).found
        except OSError:
            return
        self._unsorted_at = stamp if time.time_ns() - stamp > STAMP_NS else None
        self._saw([Lying(f"{listing.UNSORTED}/{name}", look, "", listing.UNSORTED) for name, look in found.items()])

    def count_waiting(self) -> int:
        """How many drops and files wait, by a last look wherever any may lie; 0 if it can't be
        read."""
        try:
            known, _ = listing.clients_with_folders(self.office)
            views = [self.looker.look(client, *settling.now()) for client in self._changed().intersection(known)]
        except OSError:
            return 0
        self._saw([card for view in views for card in view.cards])
        return sum(len(view.waiting) for view in views)

    # Hints, from any thread

    def hint(self, client: str | None) -> None:
        """Look at this client's folder now (None: at everything)."""
        with self._lock:
            if client is None:
                self._everything = True
            else:
                self._due[client] = 0.0
        self._wake()

    def look_everywhere(self) -> None:
        self.hint(None)

    def poll(self) -> None:
        """Where no watcher hints, see which folders changed."""
        self._poll = True

    @property
    def polls(self) -> bool:
        """True while `poll` is needed."""
        return self._watch.polls

    def again_in(self, client: str, seconds: float) -> None:
        """Look at it then; 0: soon, after others."""
        with self._lock:
            at = time.monotonic() + (max(seconds, LEAST_SECONDS) if seconds > 0 else SOON_SECONDS)
            self._due[client] = min(self._due.get(client, at), at)

    def postpone(self, drops: Sequence[Found], trouble: Container[str]) -> None:
        """Some could not be taken: look again, later at clients in `trouble` (a full disk)."""
        for found in drops:
            self.looker.settling.doubt(found.place(self.office.inbox))
        for client in {found.client for found in drops}:
            self.again_in(client, TROUBLE_SECONDS if client in trouble else self.looker.pause)

    def begun_ahead(self) -> Collection[str]:
        """The clients at whose folders other processes look, before their turn in `ready`."""
        return self._looks_ahead.begun if self._looks_ahead is not None else ()

    def next_at(self) -> float:
        """When the next look is due, in monotonic seconds; infinity if only a hint makes it."""
        with self._lock:
            now = self._everything or (self._poll and self._watch.polls)
            return 0.0 if now else min(self._due.values(), default=float("inf"))

    # Looking

    def ready(self) -> Iterator[list[Found]]:
        """Look where it is due; for each client the drops that can be taken or refused."""
        clients = sorted(client for client in self._clients_due() if client in self.office.clients)
        ahead, self._ahead = self._ahead, None
        if self._workers is not None and len(clients) > 1:
            ahead = ahead or LookAhead(self._workers, self.office, self._claim)
        self._looks_ahead = ahead
        try:
            yield from self._looks(clients, ahead)
        finally:
            self._looks_ahead = None

    def fresh(self, busy: Container[str], few: int) -> Iterator[list[Found]]:
        """The same, in the midst of what `ready` gives, where something came since; not of the
        clients who are `busy`, nor where more than a `few` drops came, by a glance: these wait."""
        hinted = {client for client in self._hinted(busy) if client in self.office.clients}
        many = {client for client in hinted if self._holds_more_than(few, client)}
        for client in many:
            self.again_in(client, 0.0)
        yield from self._looks(sorted(hinted - many))

    def _holds_more_than(self, few: int, client: str) -> bool:
        """True if more sidecars lie there than so many, or files where there are none, besides what
        waited before."""
        try:
            with open_beneath(self.office.inbox, client) as home:
                lying = home.names()
        except OSError:
            return False
        return (sum(map(names.is_sidecar, lying)) or len(lying)) > few + len(self.waiting.get(client, _NOTHING))

    def _looks(self, clients: Sequence[str], ahead: LookAhead | None = None) -> Iterator[list[Found]]:
        """Where nobody wants to hear of the rest, a look at these is due as before."""
        left = dict.fromkeys(clients)
        turns: Iterable[tuple[str, View | None]] = ((client, None) for client in clients)
        try:
            for client, seen in turns if ahead is None else ahead.turns(clients):
                del left[client]
                if found := self._look_if_ours(client, seen):
                    yield found
        finally:
            for client in left:
                self.again_in(client, 0.0)

    def _look_if_ours(self, client: str, seen: View | None = None) -> list[Found]:
        if not self._is_ours(client):
            seen = None  # the claim was lost: another daemon may have been here since
        if self._claim(client):
            return self._look(client, seen)
        self.again_in(client, CLAIM_SECONDS)
        return []

    def _hinted(self, busy: Container[str] = ()) -> set[str]:
        """The clients at whom a look is due by a hint or by time, less those who have a rest."""
        now = time.monotonic()
        with self._lock:
            due = {client for client, at in self._due.items() if at <= now and client not in busy}
            for client in due:
                del self._due[client]
            for client in [client for client in due if self._rest_until.get(client, 0.0) > now]:
                due.remove(client)
                self._due[client] = self._rest_until[client]
        return due

    def _clients_due(self) -> set[str]:
        with self._lock:
            everything, self._everything = self._everything, False
            poll, self._poll = self._poll, False
        due = self._hinted()
        if everything:
            due |= self._all_due()
        elif poll and self._watch.polls:
            self._polls += 1
            due |= self._changed(spare_quiet=True)
        return due

    def _all_due(self) -> set[str]:
        """Every client's folder but those that are as they were when they were seen empty."""
        self._full_looks += 1
        self._see_unsorted()
        try:
            state = self._state_of_inbox()
            is_new = state is None or state != self._listed_state or self._full_looks % TURNS == 0
            if self._watching:
                if is_new or self._watch.trouble is not None:
                    self._watch.extend()
                self._alarm("watch inbox", self._watch.trouble)
            if is_new:
                self._listed = listing.clients_with_folders(self.office)
                self._listed_state = state if state == self._state_of_inbox() else None
            known, others = self._listed
        except OSError as error:
            self._listed_state = None
            self._tell_of_inbox(sentence("inbox.inbox_unreadable", path=str(self.office.inbox), why=system.why(error)))
            return set()
        for name in others.keys() - self._others:
            log.warning("something in the inbox is left alone", name=names.printable(name), reason=str(others[name]))
        self._others = set(others)
        self._in_vain.forget_others()
        known = self._made_folders(known, others)
        trouble = preset_folders.make(self.office, known)
        self._alarm(
            "presets", sentence("inbox.presets_not_made", path=trouble.filename, why=system.why(trouble)) if trouble else None
        )
        self._expect_help(known)
        self._see_whether_empty(bool(known))
        changed, turn, inbox = self._changed().intersection(known), self._full_looks % TURNS, str(self.office.inbox)
        in_turn = (client for client in known if hash(client) % TURNS == turn and client not in changed)
        return changed.union(client for client in in_turn if self._holds_files(f"{inbox}/{client}"))

    def _state_of_inbox(self) -> tuple[object, ...] | None:
        """Other than it was if other folders may lie in it; None where its time stamp may not tell
        the next change. OSError: it is gone."""
        status = os.stat(self.office.inbox)
        if time.time_ns() - status.st_mtime_ns <= STAMP_NS:
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns

    def _made_folders(self, known: list[str], others: Iterable[str]) -> list[str]:
        """The clients with a folder, made where it lacks; none in an inbox that lost all."""
        made, trouble = list[str](), None
        if self.office.settings.intake.make_folders and (known or not self._had_clients):
            made, trouble = client_folders.make(self.office, set(known), others)
        for client in made:
            log.info("a client's folder was made in the inbox", client=client)
        path = trouble and trouble.filename
        self._alarm(
            "client folders:new", sentence("inbox.folders_not_made", path=path, why=system.why(trouble)) if trouble else None
        )
        return sorted([*known, *made])

    def _expect_help(self, known: Sequence[str]) -> None:
        """See to the help files of all clients after a change, else to some at each full look."""
        if not self.office.settings.intake.help_files:
            return
        try:
            help_files.write_staff(self.office)
        except OSError as error:
            self._cannot_help(error)
            return
        turn, now = self._full_looks % HELP_TURNS, time.time()
        if self._helped is not self.office:
            self._helped, self._to_help, self._helped_since = self.office, deque(known), 0.0
            self._helped_at = [now] * HELP_TURNS
        elif not self._to_help:
            self._to_help.extend(client for client in known if hash(client) % HELP_TURNS == turn)
            self._helped_since, self._helped_at[turn] = self._helped_at[turn], now

    def help(self, is_called: Callable[[], bool]) -> bool:
        """Bring some clients' help files up to date, until `is_called`; False: there are none to
        be seen to. Nobody waits for them."""
        was_due = bool(self._to_help)
        try:
            for _ in range(HELPED_AT_ONCE):
                if not self._to_help:
                    break
                if (client := self._to_help.popleft()) in self.office.clients:
                    help_files.write_client(self.office, client, self._helped_since)
                if is_called():
                    break
        except OSError as error:
            self._cannot_help(error)
        return was_due

    def _cannot_help(self, error: OSError) -> None:
        log.warning("a help file can't be written", path=str(error.filename), error=error.strerror)
        self._to_help.clear()
        self._helped_at = [0.0] * HELP_TURNS

    def _see_whether_empty(self, has_clients: bool) -> None:
        if has_clients and not self._had_clients:
            with transaction():
                Note.insert(key=_HAD_CLIENTS, value="yes").on_conflict_ignore().execute()
            self._had_clients = True
        lacks = None
        if self._had_clients and not has_clients:
            lacks = (
                sentence("inbox.inbox_emptied", path=str(self.office.inbox))
                if self.office.clients
                else sentence("inbox.no_clients")
            )
        self._tell_of_inbox(lacks)

    def _tell_of_inbox(self, what: Sentence | None) -> None:
        self.trouble = what
        self._alarm("inbox", self.trouble)

    def _holds_files(self, home: str) -> bool:
        try:
            return not all(map(names.is_ignored, os.listdir(home)))
        except OSError:
            return True

    def _changed(self, spare_quiet: bool = False) -> set[str]:
        """Client folders that are new, hold something, or had a change since they were empty.

        `spare_quiet`: of those that are quiet, only those whose turn it is.
        """
        found: set[str] = set()
        clients, seen_empty, stat = self.office.clients, self._empty.get, os.stat  # what follows is done ten thousand times
        has_presets = bool(presets.folders(self.office.settings))  # then none is spared: more is put into these
        long_ago, turn = time.time_ns() - QUIET_NS if spare_quiet else -1, self._polls % QUIET_TURNS
        try:
            inbox = os.open(self.office.inbox, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return found  # `supervise` tells
        try:
            for name in os.listdir(inbox):
                stamp = seen_empty(name)
                if stamp is None:
                    if name not in clients:
                        continue
                elif stamp < long_ago and not has_presets and hash(name) % QUIET_TURNS != turn:
                    continue
                try:
                    is_changed = stat(name, dir_fd=inbox).st_mtime_ns != stamp
                    if is_changed or (has_presets and self._preset_stamps(name) != self._empty_presets.get(name)):
                        found.add(name)
                except OSError:
                    found.add(name)
        finally:
            os.close(inbox)
        return found

    def _preset_stamps(self, client: str) -> list[int]:
        """The time stamps of the client's presets' folders; -1 of one that is not there."""
        folders = presets.folders(self.office.settings)
        if not folders:
            return _NONE
        found = list[int]()
        for folder in folders:
            try:
                found.append(os.lstat(f"{self.office.inbox}/{client}/{folder}").st_mtime_ns)
            except OSError:
                found.append(-1)
        return found

    def _look(self, client: str, seen: View | None = None) -> list[Found]:
        """`seen`: what another process saw just now."""
        home = f"{self.office.inbox}/{client}"
        begun = time.thread_time()
        try:
            stamp, stamps = os.stat(home).st_mtime_ns, self._preset_stamps(client)
            view = seen or self.looker.look(client, *settling.now())
        except FileNotFoundError:
            self._empty.pop(client, None)
            self.waiting.pop(client, None)
            self._tell_unreadable(client, None)
            self._in_vain.forget(client)
            return []
        except Exception as error:  # noqa: BLE001 - one folder never blocks another
            known = isinstance(error, OSError)
            if not known:
                log.error("an unexpected error", client=client, traceback=traceback.format_exc())
            self._tell_unreadable(client, system.why(error) if isinstance(error, OSError) else plain(type(error).__name__))
            self.again_in(client, TROUBLE_SECONDS)
            return []
        self._tell_unreadable(client, view.trouble)
        self._in_vain.see(clock.utc_now(), client, view)
        if view.cards:
            self._saw(view.cards)
        self.waiting[client] = view.waiting or _NOTHING
        if view.ready or view.waiting or view.odd or view.has_folders:
            self._empty.pop(client, None)
        elif time.time_ns() - max([stamp, *stamps]) > STAMP_NS:
            self._empty[client], self._empty_presets[client] = stamp, stamps
        if view.next_in is not None:
            self.again_in(client, view.next_in)
        took = time.thread_time() - begun
        if took > SLOW_SECONDS:
            self._rest_until[client] = time.monotonic() + REST * took
        else:
            self._rest_until.pop(client, None)
        return view.ready

    def _tell_unreadable(self, client: str, why: Sentence | None) -> None:
        if self._unreadable.get(client) == why:
            return
        if why is None:
            del self._unreadable[client]
        else:
            self._unreadable[client] = why
        unreadable = sorted(self._unreadable.items(), key=lambda one: one[0])
        first = [sentence("inbox.of_client", client=client, why=why) for client, why in unreadable[:3]]
        more = len(unreadable) - len(first)
        code = "inbox.clients_unreadable_more" if more else "inbox.clients_unreadable"
        self._alarm("client folders", sentence(code, first=first, count=more) if first else None)

    # Watching

    def supervise(self) -> None:
        """Watch anew if a watcher died or the inbox was replaced; cheap when all is well."""
        if not self._watching:
            return
        self._see_unsorted()
        try:
            began = self._watch.supervise(self.office.settings.watch.mode)
        except OSError as error:
            self._empty.clear()
            self._tell_of_inbox(sentence("inbox.inbox_unreadable", path=str(self.office.inbox), why=system.why(error)))
            return
        if began:
            self._alarm("watch inbox", self._watch.trouble)
            self._empty.clear()
            self._listed_state = None
            self.look_everywhere()


def _depth(office: Office) -> int:
    """So many levels are watched: clients' folders, those in them, presets' where they count."""
    is_deep = any(preset.folder and preset.location_from_folders for preset in office.settings.presets.values())
    return 2 + presets.DEEPEST if is_deep else 2
