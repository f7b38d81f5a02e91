"""The portal folder: the only writer of it. What stands approved is there; nothing else is, not for a moment.

One round brings the portal in line with the database, for some items of some clients. In this order:

 1. stage     copies from the vault, hashed on the way, and the pages that name them, in a folder beside the portal; then sync.
              Killed here? The staging folder is emptied at the start of the next daemon.
 2. look      one transaction begins, and with it nobody else changes an item: what was changed since 1 is left for the next
              round. A withdrawal is before this, and nothing appears; or after 4, and takes off what it finds.
 3. place     each client's folder is changed in one step (placing.py), then sync.
              Killed here? The transaction is gone; the items are still unsettled. What was unsettled at a start is done again,
              whatever the database says is public, over what is there.
 4. record    what is public now, the events, the mails that are asked for; the transaction ends.
 5. clear     what was swapped out is deleted.
              Killed here? As 1.

At every instant items.json and index.html name only what is there, and the item's folder holds what they say of it.

A folder or file of the portal that is none of ours is never deleted: it is moved to var/quarantine when it is in the way,
and by verifying.py otherwise. The staging folder lies beside the portal, as a rename needs one file system: a portal that
is a mount point of its own is refused, rather than that something unpublished lies in it.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from dossier import clock, files, trail
from dossier.database import transaction
from dossier.models import Edition, Item, Page, first_edition, item_name, tuples
from dossier.settings import Office
from dossier.vault import Vault
from workflow import approval, notification, pages
from workflow.items import STEPS
from workflow.pages import ShownFile, ShownItem
from workflow.placing import PAGES, Change

log = structlog.get_logger("portal")

AT_ONCE = 1000
"""Items in one round. More make fewer index pages; fewer make a quicker stop."""

RETRY_SECONDS = 30
"""How long what could not be published (disk full, a vault file gone, no permission) is left alone."""

WORKERS = 4
"""Threads that copy: file creation and reading release the interpreter's lock."""


class PortalUnusable(OSError):
    """The portal's folder can't be used as it is set up; the message says why and what to do."""


@dataclass(slots=True)
class _Job:
    """What is to become of one item on the portal."""

    item: Any
    edition: Any
    """What shall be there; None for nothing."""
    is_there: bool
    """Something of it is on the portal, or may be."""
    is_sure: bool
    """What is on the portal is certainly what `item.public` says."""
    staged: Path | None = None

    @property
    def name(self) -> str:
        return item_name(self.item.id)

    @property
    def is_change(self) -> bool:
        """Another edition becomes public, or none."""
        return bool((self.edition.id if self.edition else None) != self.item.public)

    @property
    def is_due(self) -> bool:
        """Something is to be done on the portal."""
        return self.is_change or (not self.is_sure and (self.edition is not None or self.is_there))


class Portal:
    """The portal of an office. One thread uses it."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self.vault = vault
        self.path = office.portal
        self.trouble: str | None = None
        """What keeps something from being published now, if anything."""
        self._staging = self.path.parent / f".{self.path.name}-staging"
        self._can_swap = False
        self._unsure: set[int] = set()
        self._retry_at: dict[int | str, datetime] = {}
        self._paused_until: datetime | None = None
        self._stale: set[str] = set()
        self._off: set[str] = set()

    def prepare(self) -> None:
        """Make the folders, empty the staging folder, and see what has to be done again. Raises PortalUnusable."""
        files.make_folder(self.path)
        try:
            files.remove_tree(self._staging)
            for name in ("items", "clients", "pages"):
                files.make_folder(self._staging / name, 0o750)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}; this user must be able to write beside the portal's folder"
            raise PortalUnusable(reason) from error
        if not files.can_move(self._staging, self.path):
            raise PortalUnusable(
                f"{self.path} is a mount point, and what is published must be made ready beside it and moved in;"
                f" set paths.portal to a folder within it, such as {self.path / 'portal'}"
            )
        self._can_swap = files.can_swap(self._staging)
        self._unsure = {row[0] for row in tuples(Item.select(Item.id).where(Item.unsettled))}
        self.reconsider_clients()

    def reconsider_clients(self) -> None:
        """After config/ changed: see who came on or went off the portal, and whose pages look different now."""
        known = {row[0] for row in tuples(Item.select(Item.client).distinct())}
        never = [name for name, kind in self.office.settings.types.items() if kind.share == "never"]
        hidden, comes_back = Item.public.is_null(False), Item.public.is_null() & Item.standing.is_null(False)
        with transaction():
            Item.update(unsettled=True).where(hidden & Item.type.in_(never)).execute()
            for code in known:
                of_client = Item.client == code
                if not self._is_on_portal(code):
                    Item.update(unsettled=True).where(of_client & hidden).execute()
                else:
                    Item.update(unsettled=True).where(
                        of_client & comes_back & (Item.type.is_null() | Item.type.not_in(never))
                    ).execute()
        known.update(self.office.clients)
        self._off = {name for name in os.listdir(self.path) if name in known and not self._is_on_portal(name)}
        looks = dict(tuples(Page.select(Page.client, Page.look)))
        self._stale |= {code for code, look in looks.items() if self._is_on_portal(code) and look != self._look(code)}

    def redo(self, items: Iterable[int], clients: Iterable[str]) -> None:
        """Put these items' folders and these clients' pages in order in the next rounds, whatever is there."""
        keys = list(items)
        self._unsure.update(keys)
        self._stale.update(code for code in clients if self._is_on_portal(code))
        with transaction():
            for start in range(0, len(keys), 500):
                Item.update(unsettled=True).where(Item.id.in_(keys[start : start + 500])).execute()

    def _is_on_portal(self, code: str) -> bool:
        client = self.office.clients.get(code)
        return client is not None and client.active and client.portal

    def _may_show(self, item: Any) -> bool:
        kind = self.office.settings.types.get(item.type or "")
        return self._is_on_portal(item.client) and not (kind and kind.share == "never")

    def _look(self, code: str) -> str:
        client, portal = self.office.clients[code], self.office.settings.portal
        return pages.look(portal.title, portal.base_url, code, client.name, client.language)

    def has_work(self, now: datetime) -> bool:
        """True if a round would do something."""
        self._forget_pauses(now)
        if self._paused_until is not None:
            return False
        return any(code not in self._retry_at for code in (*self._off, *self._stale)) or bool(self._unsettled(1))

    def round(self, now: datetime) -> int:
        """Bring up to AT_ONCE items in line; returns how many were looked at. Trouble with the disk is kept in `trouble`."""
        self._forget_pauses(now)
        if self._paused_until is not None:
            return 0
        try:
            return self._round(now)
        except OSError as error:
            self._paused_until = now + timedelta(seconds=RETRY_SECONDS)
            self._say_trouble("nothing can be published now", error)
            return 0

    def _round(self, now: datetime) -> int:
        stale = {code for code in self._stale if code not in self._retry_at}
        jobs = self._jobs(stale)
        if unfit := approval.send_back_unfit(
            self.office, now, [(job.item, job.edition) for job in jobs if job.edition and job.is_change]
        ):
            log.warning("approved by who may not any more; asked again", items=[item_name(key) for key in sorted(unfit)])
            return len(unfit)
        self._take_off_clients(now)
        self._stage(now, [job for job in jobs if job.edition and job.is_due and not self._keeps_files(job)])
        due: dict[str, list[_Job]] = {code: [] for code in stale}
        for job in jobs:
            if job.is_due:
                due.setdefault(job.item.client, []).append(job)
        jobs = [job for job in jobs if job.item.id not in self._retry_at]
        changes: dict[str, Change] = {}
        synced: list[Path] = []
        for code, its in due.items():
            if self._is_on_portal(code):
                try:
                    changes[code] = self._change(now, code, its)
                    synced += changes[code].stage(self._staging / "clients", self._can_swap)
                except OSError as error:
                    self._fail(now, code, error)
        files.sync(synced, ())
        self._unsure.update(job.item.id for job in jobs if job.is_due)
        with transaction():
            late = self._changed_since(jobs)
            for code, change in changes.items():
                if code not in late and code not in self._retry_at:
                    try:
                        change.apply()
                    except OSError as error:
                        self._fail(now, code, error)
            skipped = {*late, *(code for code in self._retry_at if isinstance(code, str))}
            done = [job for job in jobs if job.item.client not in skipped]
            homes = [self.path / code for code in changes if code not in skipped]
            files.sync((), [self.path, *homes, *(home / PAGES for home in homes)])
            self._record(now, done, [code for code in changes if code not in skipped])
        self._unsure.difference_update(job.item.id for job in done)
        self._stale -= {code for code in changes if code not in skipped}
        for change in changes.values():
            change.clear()
        if not self._retry_at:
            self.trouble = None
        return len(jobs) + len(stale)

    # What is to be done

    def _jobs(self, stale: Iterable[str]) -> list[_Job]:
        items = self._unsettled(AT_ONCE)
        items += self._lost({item.client for item in items}.union(stale), {item.id for item in items})
        wanted = [item.standing for item in items if item.standing and self._may_show(item)]
        editions = {edition.id: edition for edition in _in_chunks(wanted)}
        jobs = []
        for item in items:
            is_there = item.public is not None or os.path.lexists(self.path / item.client / item_name(item.id))
            is_sure = item.id not in self._unsure and (item.public is not None) == is_there
            edition = editions.get(item.standing) if self._may_show(item) else None
            jobs.append(_Job(item, edition, is_there, is_sure))
        return jobs

    def _unsettled(self, limit: int) -> list[Any]:
        """Items that wait for a round, less those that are left alone for now, a client's together."""
        query = Item.select().where(Item.unsettled).order_by(Item.client, Item.id).limit(limit + len(self._retry_at))
        waiting = [item for item in query if item.id not in self._retry_at and item.client not in self._retry_at]
        return waiting[:limit]

    def _lost(self, codes: Iterable[str], known: Container[int]) -> list[Any]:
        """Of clients whose folder is gone: all else that was in it. It comes back whole, at once."""
        lost: list[Any] = []
        for code in codes:
            if self._is_on_portal(code) and not (self.path / code).is_dir():
                public = Item.select().where((Item.client == code) & Item.public.is_null(False))
                lost += [item for item in public if item.id not in known]
        self._unsure.update(item.id for item in lost)
        return lost

    def _keeps_files(self, job: _Job) -> bool:
        """True if the folder on the portal is what it shall be already: only what the pages say is new."""
        if not job.is_sure or job.item.public is None:
            return False
        public = Edition.get_by_id(job.item.public)
        return bool(public.shown["attachments"] == job.edition.shown["attachments"])

    def _forget_pauses(self, now: datetime) -> None:
        self._retry_at = {key: at for key, at in self._retry_at.items() if at > now}
        if self._paused_until is not None and self._paused_until <= now:
            self._paused_until = None

    # 1. stage

    def _stage(self, now: datetime, jobs: Sequence[_Job]) -> None:
        """Copy what the items' editions show. An item whose vault file is gone or damaged is left for later."""

        def stage(job: _Job) -> None:
            folder = self._staging / "items" / job.name
            files.remove_tree(folder)
            files.make_folder(folder)
            for attachment in job.edition.shown["attachments"]:
                name, digest = attachment["name"], attachment["sha256"]
                try:
                    copied = files.copy_to(self.vault.location(digest), folder / name)
                except FileNotFoundError as error:
                    raise _Damaged(f"the vault's copy of {name} is gone ({digest})") from error
                if copied != digest:
                    raise _Damaged(f"the vault's copy of {name} is damaged ({digest})")
            job.staged = folder

        with ThreadPoolExecutor(WORKERS) as pool:
            for job, done in [(job, pool.submit(stage, job)) for job in jobs]:
                try:
                    done.result()
                except _Damaged as error:
                    self._fail(now, job.item.id, error)

    def _fail(self, now: datetime, what: int | str, error: Exception) -> None:
        """Leave an item (its key) or a client (its code) alone for a while."""
        self._retry_at[what] = now + timedelta(seconds=RETRY_SECONDS)
        self._say_trouble(f"{item_name(what) if isinstance(what, int) else what} can't be published now", error)

    def _say_trouble(self, what: str, error: Exception) -> None:
        self.trouble = f"{what}: {error}"
        log.error(what, error=str(error))

    def _change(self, now: datetime, code: str, due: Sequence[_Job]) -> Change:
        """What becomes of the client's folder. What is in the way and not ours is moved to the quarantine."""
        home = self.path / code
        if os.path.lexists(home) and (home.is_symlink() or not home.is_dir()):
            self.quarantine(now, home)
        at = clock.to_text(now)
        changed: dict[int, tuple[str, Any] | None] = {}
        put, drop = {}, []
        for job in due:
            is_there = os.path.lexists(home / job.name)
            if job.item.id in self._retry_at:
                if not is_there:
                    changed[job.item.id] = None
                continue
            changed[job.item.id] = (at if job.is_change else job.item.published_at, job.edition) if job.edition else None
            if is_there and (job.staged or job.edition is None):
                self._evict_strangers(now, home / job.name, job.item.id)
            if job.staged:
                put[job.name] = job.staged
            elif job.edition is None:
                drop.append(job.name)
        return Change(home, put, drop, self.pages_of(code, shown_items(code, changed)))

    def pages_of(self, code: str, shown: Sequence[ShownItem]) -> dict[str, bytes]:
        """The files of a client's folder that are made, by name, in the order in which they may appear."""
        client, portal = self.office.clients[code], self.office.settings.portal
        return {
            **{f"{PAGES}/{name}": data for name, data in pages.static_files().items()},
            "items.json": pages.items_json(code, shown).encode(),
            "index.html": pages.index_html(portal.title, code, client.name, client.language, shown).encode(),
            "feed.xml": pages.feed_xml(portal.title, code, client.name, portal.base_url, shown).encode(),
        }

    # 2. look, 3. place

    def _changed_since(self, jobs: Sequence[_Job]) -> set[str]:
        """The clients with items that were changed after the jobs were made up. Refreshes what mails go by."""
        versions: dict[int, tuple[int, bool]] = {}
        for start in range(0, len(jobs), 900):
            keys = [job.item.id for job in jobs[start : start + 900]]
            query = Item.select(Item.id, Item.version, Item.notify).where(Item.id.in_(keys))
            versions.update({key: (version, notify) for key, version, notify in tuples(query)})
        late = set()
        for job in jobs:
            version, job.item.notify = versions[job.item.id]
            if version != job.item.version:
                late.add(job.item.client)
        return late

    def _take_off_clients(self, now: datetime) -> None:
        """The folders of clients without a portal go whole; what is not ours in them goes to the quarantine."""
        for code in list(self._off):
            home = self.path / code
            try:
                if os.path.lexists(home):
                    aside = self._staging / "clients" / f"{code}.off"
                    files.remove_tree(aside)
                    files.move(home, aside)
                    files.sync((), (self.path,))
                    files.remove_tree(aside)
                    log.info("a client was taken off the portal", client=code)
                self._off.discard(code)
            except OSError as error:
                self._fail(now, code, error)

    def _evict_strangers(self, now: datetime, folder: Path, key: int) -> None:
        """Move to the quarantine what lies in an item's folder and never was an attachment shown to the client."""
        if folder.is_symlink() or not folder.is_dir():
            self.quarantine(now, folder)
            return
        first = first_edition(key)
        editions = Edition.select().where(Edition.id.between(first, first + 9_999))
        ours = {attachment["name"] for edition in editions for attachment in edition.shown["attachments"]}
        for name in os.listdir(folder):
            if name not in ours:
                self.quarantine(now, folder / name)

    def quarantine(self, now: datetime, path: Path) -> Path:
        """Move what does not belong on the portal to var/quarantine, and tell the trail. Call outside `transaction()`."""
        target = files.free_name(self.office.var / "quarantine" / f"{now.astimezone():%Y%m%d-%H%M%S}" / path.name)
        files.move_away(path, target)
        where = path.relative_to(self.path)
        with transaction():
            told = {"what": f"portal/{where}", "moved_to": str(target)}
            trail.record(now, trail.DAEMON, "quarantined", None, told, subject=where.parts[0])
        log.warning("something on the portal was not ours; it is in the quarantine", what=str(where), moved_to=str(target))
        return target

    # 4. record

    def _record(self, now: datetime, jobs: Sequence[_Job], codes: Sequence[str]) -> None:
        """Write down what is public now. The items are as they were looked at: `transaction()` is held since."""
        at = clock.to_text(now)
        shown = [job.item.id for job in jobs if job.is_change and job.edition]
        gone = [job.item.id for job in jobs if job.is_change and not job.edition]
        for keys, before, after, values in (
            (shown, "approved", STEPS["approved"]["publish"], {"public": Item.standing, "published_at": at}),
            (gone, "published", "approved", {"public": None}),
        ):
            for start in range(0, len(keys), 500):
                chunk = Item.id.in_(keys[start : start + 500])
                Item.update(**values).where(chunk).execute()
                Item.update(share_state=after).where(chunk & (Item.share_state == before)).execute()
        settled = [job.item.id for job in jobs]
        for start in range(0, len(settled), 500):
            Item.update(unsettled=False).where(Item.id.in_(settled[start : start + 500])).execute()
        for code in codes:
            look = self._look(code)
            Page.insert(client=code, look=look).on_conflict(conflict_target=[Page.client], update={Page.look: look}).execute()
        trail.record_all(now, [_entry(job) for job in jobs if job.is_change])
        for job in jobs:
            # A change that waits for approval may ask for a mail, too: not for what was on the portal before it.
            tells_of_this = job.is_change or job.item.share_state in ("approved", "published")
            if job.edition and job.item.notify and tells_of_this and not notification.is_asked_for(job.item):
                notification.enqueue_ready(self.office, now, job.item)


class _Damaged(Exception):
    """The vault lacks a file that is to be shown, or holds another under its name."""


def _entry(job: _Job) -> trail.Entry:
    if job.edition is None:
        log.info("taken off the portal", item=job.name, client=job.item.client)
        return trail.Entry(trail.DAEMON, "taken_off", job.item.id, {})
    names = [attachment["name"] for attachment in job.edition.shown["attachments"]]
    log.info("published", item=job.name, client=job.item.client)
    return trail.Entry(trail.DAEMON, "published", job.item.id, {"content": job.edition.content, "attachments": names})


def _in_chunks(ids: Sequence[int]) -> list[Any]:
    """The editions with these ids, in any order."""
    found: list[Any] = []
    for start in range(0, len(ids), 900):
        found.extend(Edition.select().where(Edition.id.in_(ids[start : start + 900])))
    return found


def shown_items(code: str, changed: Mapping[int, tuple[str, Any] | None]) -> list[ShownItem]:
    """All that a client sees, newest first: what is public, but for what is `changed` to (time, edition), or to None."""
    query: Any = (
        Item.select(Item.id, Item.published_at, Edition.shown)
        .join(Edition, on=(Item.public == Edition.id))
        .where((Item.client == code) & Item.public.is_null(False))
    )
    entries = [(at, key, shown) for key, at, shown in tuples(query) if key not in changed]
    entries += [(one[0], key, one[1].shown) for key, one in changed.items() if one is not None]
    entries.sort(key=lambda entry: entry[:2], reverse=True)
    return [shown_item(at, key, shown) for at, key, shown in entries]


def shown_item(published_at: str, key: int, shown: dict[str, Any]) -> ShownItem:
    """An item as its client sees it, from an edition's `shown`."""
    attachments = tuple(ShownFile(a["name"], a["size"], a["sha256"], a["media_type"]) for a in shown["attachments"])
    return ShownItem(item_name(key), shown["description"], shown["explanation"], clock.shown(published_at) or "", attachments)
