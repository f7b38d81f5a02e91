"""The portal folder: the only writer of it. What stands approved is there; nothing else is, not for a moment.

One round brings the portal in line with the database, for some items of some clients. In this order:

 1. stage     copies from the vault in a folder beside the portal, then sync.
              Killed here? The staging folder is emptied at the start of the next daemon.
 2. place     an item that is new: its folder is renamed in, whole. An item that is replaced: a folder with the new
              files *and* the old ones that the index still names is swapped in (RENAME_EXCHANGE).
              Killed here? The item is still unsettled in the database: it is staged and placed again, over what is there.
 3. index     items.json and index.html of each client touched, each renamed into place: with what is new, without what goes.
              Killed here, or before 4 is done? As 2.
 4. remove    old names of replaced items, folders of withdrawn ones: moved to staging in one step, then deleted.
 5. record    sync, then one transaction: what is public now, the events, the mails that are asked for.

At every instant the index names only what is there. A reader between 2 and 3 may find a file that the index does not
name yet, and between 3 and 4 one that it does not name any more; both are or were approved.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import structlog

from dossier import clock, files, trail
from dossier.database import transaction
from dossier.models import Edition, Item, item_name, tuples
from dossier.settings import Office
from dossier.vault import Vault
from workflow import notification, pages
from workflow.items import STEPS
from workflow.pages import ShownFile, ShownItem

log = structlog.get_logger("portal")

AT_ONCE = 1000
"""Items in one round. More make fewer index pages; fewer make a quicker stop."""

RETRY_SECONDS = 60
"""How long an item that could not be published (disk full, a vault file gone) is left alone."""

WORKERS = 4
"""Threads that copy: file creation and reading release the interpreter's lock."""


@dataclass(slots=True)
class _Job:
    """What is to become of one item on the portal."""

    item: Any
    edition: Any
    """What shall be there; None for nothing."""
    staged: Path | None = None
    failed: bool = False

    @property
    def name(self) -> str:
        return item_name(self.item.id)


class Portal:
    """The portal of an office. One thread uses it."""

    def __init__(self, office: Office, vault: Vault) -> None:
        self.office = office
        self.vault = vault
        self.path = office.portal
        self._staging = self.path.parent / f".{self.path.name}-staging"
        self._retry_at: dict[int, datetime] = {}
        self._static: set[str] = set()

    def prepare(self) -> None:
        """Make the folders, empty the staging folder, and see which clients came on or went off the portal."""
        files.make_folder(self.path)
        files.remove_tree(self._staging)
        files.make_folder(self._staging, 0o750)
        if not files.is_same_file_system(self.path, self._staging):
            self._staging = self.path / ".staging"
            files.remove_tree(self._staging)
            files.make_folder(self._staging, 0o750)
        self.reconsider_clients()

    def reconsider_clients(self) -> None:
        """Mark the items of clients whose place on the portal changed (clients.yaml) as unsettled."""
        off = [code for code in self._clients_with_items() if not self._is_on_portal(code)]
        on = [code for code in self._clients_with_items() if self._is_on_portal(code)]
        with transaction():
            for codes, condition in (
                (off, Item.public.is_null(False)),
                (on, Item.public.is_null() & Item.standing.is_null(False)),
            ):
                for start in range(0, len(codes), 500):
                    Item.update(unsettled=True).where(Item.client.in_(codes[start : start + 500]) & condition).execute()

    def _clients_with_items(self) -> list[str]:
        return [row[0] for row in tuples(Item.select(Item.client).distinct())]

    def _is_on_portal(self, code: str) -> bool:
        client = self.office.clients.get(code)
        return client is not None and client.active and client.portal

    def has_work(self) -> bool:
        return bool(Item.select(Item.id).where(Item.unsettled & Item.id.not_in(list(self._retry_at))).limit(1).exists())

    def round(self, now: datetime) -> int:
        """Bring up to AT_ONCE items in line; returns how many were looked at."""
        self._retry_at = {key: at for key, at in self._retry_at.items() if at > now}
        query = Item.select().where(Item.unsettled & Item.id.not_in(list(self._retry_at))).order_by(Item.client, Item.id)
        jobs = [_Job(item, None) for item in query.limit(AT_ONCE)]
        if not jobs:
            return 0
        wanted = [job.item.standing for job in jobs if job.item.standing and self._may_show(job.item)]
        editions = {edition.id: edition for edition in _in_chunks(wanted)}
        for job in jobs:
            job.edition = editions.get(job.item.standing)
        self._stage(now, [job for job in jobs if job.edition and job.edition.id != job.item.public])
        touched = []
        for code, group in groupby((job for job in jobs if not job.failed), key=lambda job: job.item.client):
            if self._update_client(now, code, list(group)):
                touched.append(self.path / code)
        files.sync((), [self.path, *(folder for folder in touched if folder.is_dir())])
        self._record(now, [job for job in jobs if not job.failed])
        return len(jobs)

    def _may_show(self, item: Any) -> bool:
        kind = self.office.settings.types.get(item.type or "")
        return self._is_on_portal(item.client) and not (kind and kind.share == "never")

    # 1. stage

    def _stage(self, now: datetime, jobs: Sequence[_Job]) -> None:
        def stage(job: _Job) -> None:
            folder = self._staging / job.name
            files.remove_tree(folder)
            files.make_folder(folder)
            for attachment in job.edition.shown["attachments"]:
                copy = files.copy_hashed(self.vault.location(attachment["sha256"]), folder, mode=0o644)
                if copy.sha256 != attachment["sha256"]:
                    raise OSError(f"the vault's copy of {attachment['name']} is damaged ({attachment['sha256']})")
                files.move(copy.path, folder / attachment["name"])
            job.staged = folder

        with ThreadPoolExecutor(WORKERS) as pool:
            for job, done in [(job, pool.submit(stage, job)) for job in jobs]:
                try:
                    done.result()
                except OSError as error:
                    self._fail(now, job, error)
        staged = [folder for job in jobs if (folder := job.staged)]
        files.sync([folder / name for folder in staged for name in os.listdir(folder)], staged)

    def _fail(self, now: datetime, job: _Job, error: OSError) -> None:
        job.failed = True
        self._retry_at[job.item.id] = datetime.fromtimestamp(now.timestamp() + RETRY_SECONDS, now.tzinfo)
        log.error("can't be published now", item=job.name, error=str(error))

    # 2. to 4.

    def _update_client(self, now: datetime, code: str, jobs: list[_Job]) -> bool:
        """Place, index, remove for one client; False if nothing of it changes."""
        changes = [job for job in jobs if (job.edition.id if job.edition else None) != job.item.public]
        if not changes:
            return False
        if not self._is_on_portal(code):
            self._remove_client(code)
            return True
        home = self.path / code
        files.make_folder(home)
        stale = {job.name: self._place(home, job) for job in changes if job.staged}
        self._write_index(now, code, home, changes)
        for name, old_names in stale.items():
            for old in old_names:
                files.remove(home / name / old)
        for job in changes:
            if job.edition is None and os.path.lexists(home / job.name):
                self._bin(home / job.name)
        return True

    def _place(self, home: Path, job: _Job) -> list[str]:
        """Put the staged folder in its place; returns the old names in it that must go once the index is written."""
        assert job.staged is not None
        target = home / job.name
        if not os.path.lexists(target):
            files.move(job.staged, target)
            return []
        new = set(os.listdir(job.staged))
        old = [name for name in os.listdir(target) if name not in new]
        for name in old:
            files.link(target / name, job.staged / name)
        if files.exchange(job.staged, target):
            files.remove_tree(job.staged)
        else:  # a file system without exchange: the item is away for an instant, never half there
            aside = job.staged.with_name(f"{job.staged.name}.old")
            files.move(target, aside)
            files.move(job.staged, target)
            files.remove_tree(aside)
        return old

    def _bin(self, path: Path) -> None:
        """Off the portal in one step, then away."""
        aside = self._staging / f"{path.name}.gone"
        files.remove_tree(aside)
        files.move(path, aside)
        files.remove_tree(aside)

    def _remove_client(self, code: str) -> None:
        if os.path.lexists(self.path / code):
            self._bin(self.path / code)

    def _write_index(self, now: datetime, code: str, home: Path, changes: Sequence[_Job]) -> None:
        client = self.office.clients[code]
        changed = {job.item.id: job for job in changes}
        at = clock.to_text(now)
        entries = [(at, key, job.edition.shown) for key, job in changed.items() if job.edition]
        query = Item.select(Item.id, Item.published_at, Item.public).where((Item.client == code) & Item.public.is_null(False))
        standing = {public: (published_at, key) for key, published_at, public in tuples(query) if key not in changed}
        entries += [(*standing[edition.id], edition.shown) for edition in _in_chunks(list(standing))]
        entries.sort(key=lambda entry: (entry[0] or at, entry[1]), reverse=True)
        shown = [_shown(published_at or at, key, values) for published_at, key, values in entries]
        self._write_static(home)
        title, base = self.office.settings.portal.title, self.office.settings.portal.base_url
        files.write_whole(home / "items.json", pages.items_json(code, shown).encode())
        files.write_whole(home / "index.html", pages.index_html(title, code, client.name, client.language, shown).encode())
        files.write_whole(home / "feed.xml", pages.feed_xml(title, code, client.name, base, shown).encode())

    def _write_static(self, home: Path) -> None:
        if home.name in self._static:
            return
        files.make_folder(home / "_pages")
        for name, data in pages.static_files().items():
            path = home / "_pages" / name
            if files.look(path) is None or path.read_bytes() != data:
                files.write_whole(path, data)
        self._static.add(home.name)

    # 5. record

    def _record(self, now: datetime, jobs: Sequence[_Job]) -> None:
        """Write down what is public now. An item that was changed meanwhile stays unsettled for the next round."""
        at = clock.to_text(now)
        entries: list[trail.Entry] = []
        with transaction():
            for job in jobs:
                item, edition = job.item, job.edition.id if job.edition else None
                if edition != item.public:
                    self._record_change(at, job, edition, entries)
                same = Item.version == item.version
                Item.update(unsettled=False).where((Item.id == item.id) & same).execute()
                if edition and item.notify and not notification.is_waiting_for(item.id):
                    notification.enqueue_ready(self.office, now, item)
                    if not item.notify:
                        Item.update(notify=False).where(Item.id == item.id).execute()
            trail.record_all(now, entries)

    def _record_change(self, at: str, job: _Job, edition: int | None, entries: list[trail.Entry]) -> None:
        item = job.item
        Item.update(public=edition, **({"published_at": at} if edition else {})).where(Item.id == item.id).execute()
        before, after = ("approved", STEPS["approved"]["publish"]) if edition else ("published", "approved")
        Item.update(share_state=after).where((Item.id == item.id) & (Item.share_state == before)).execute()
        if edition:
            names = [attachment["name"] for attachment in job.edition.shown["attachments"]]
            entries.append(
                trail.Entry(trail.DAEMON, "published", item.id, {"content": job.edition.content, "attachments": names})
            )
            log.info("published", item=job.name, client=item.client)
        else:
            entries.append(trail.Entry(trail.DAEMON, "taken_off", item.id, {}))
            log.info("taken off the portal", item=job.name, client=item.client)


def _in_chunks(ids: Sequence[int]) -> list[Any]:
    """The editions with these ids, in any order."""
    found: list[Any] = []
    for start in range(0, len(ids), 900):
        found.extend(Edition.select().where(Edition.id.in_(ids[start : start + 900])))
    return found


def _shown(published_at: str, key: int, shown: dict[str, Any]) -> ShownItem:
    attachments = tuple(ShownFile(a["name"], a["size"], a["sha256"], a["media_type"]) for a in shown["attachments"])
    return ShownItem(item_name(key), shown["description"], shown["explanation"], clock.shown(published_at) or "", attachments)
