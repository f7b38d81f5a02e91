"""What a round of publishing works on, and how it is recorded: steps 2 and 4 of publishing.py."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from dossier.database.tables import Edition, Item, Page, PageDue, PageFile, among, change_row, chunks, item_name, plain_rows
from dossier.files import files
from dossier.office.office import Office
from dossier.text import clock
from dossier.trail import trail
from workflow.items.steps import STEPS
from workflow.messages.kinds import READY
from workflow.outbox import notices, outbox
from workflow.portal.lists import ClientPages
from workflow.portal.pages import LOGO, archive_source
from workflow.portal.pictures import Made, may_have_picture
from workflow.portal.placing import PAGES, Change
from workflow.portal.showing import look_of

log = structlog.get_logger("portal")


OF_ITEMS = (
    Item.id, Item.client, Item.type, Item.share_state, Item.notify, Item.contact, Item.created_by, Item.published_at, Item.version,
    Item.standing, Item.public,
)  # fmt: skip
"""What publishing needs of an item: to read a thousand with all they have takes three times as
long."""


@dataclass(slots=True)
class PortalJob:
    """What is to become of one item on the portal."""

    item: Item
    edition: Edition | None
    """What shall be there; None for nothing."""
    is_there: bool
    """Something of it is on the portal, or may be."""
    is_sure: bool
    """What is on the portal is certainly what `item.public` says."""
    staged: Path | None = None
    is_waiting: bool = False
    """It can't be shown as it should, and what is there is wrong: off, and tried again later."""
    key: int = field(init=False)
    client: str = field(init=False)
    public: int | None = field(init=False)
    """The edition that is there, by the database."""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        """They are asked for a dozen times a round, and peewee's columns take their time."""
        self.key, self.client, self.public = self.item.id, self.item.client, self.item.public
        self.name = item_name(self.key)

    @property
    def is_change(self) -> bool:
        """Another edition becomes public, or none."""
        return bool((None if self.edition is None else self.edition.id) != self.public)

    @property
    def is_due(self) -> bool:
        """Something is to be done on the portal."""
        return self.is_change or (not self.is_sure and (self.edition is not None or self.is_there))


@dataclass(slots=True)
class Work:
    """What is to be done for one client."""

    due: list[PortalJob] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    is_stale: bool = False
    """All its pages are to be put in order, whatever lies there."""
    change: Change | None = None
    pages: ClientPages = field(default_factory=ClientPages)

    def clear(self) -> None:
        """Delete what was swapped out, and what was staged and not placed."""
        if self.change is not None:
            self.change.clear()
        for page in self.pages.content.values():
            if isinstance(page, Path):
                files.remove(page)
        for one in self.made:
            files.remove(one.path)


def changed_since(jobs: Sequence[PortalJob]) -> set[str]:
    """The clients with items changed after the jobs were made. Refreshes what mails go by."""
    query = Item.select(Item.id, Item.version, Item.notify).where(among(Item.id, [job.key for job in jobs]))
    versions = {key: (version, bool(notify)) for key, version, notify in plain_rows(query)}
    late = set()
    for job in jobs:
        version, job.item.notify = versions[job.key]
        if version != job.item.version:
            late.add(job.client)
    return late


def public_of(keys: Sequence[int]) -> Iterator[tuple[int, str, int]]:
    """(item, client, edition) of those of these items that are on the portal."""
    wanted = among(Item.id, keys) & Item.public.is_null(False)
    yield from plain_rows(Item.select(Item.id, Item.client, Item.public).where(wanted))


def is_shown(source: str, shown: tuple[str | None, Edition] | None) -> bool:
    """True if a picture or archive made of `source` is of what is shown now: (time, edition)."""
    if shown is None:
        return False
    attachments = shown[1].shown["attachments"]
    return source == archive_source(attachments) or any(one["sha256"] == source for one in attachments)


def left_over(there: Sequence[str], items: Container[str] | None, kept: Container[str]) -> list[str]:
    """Pictures and archives of these items in a _pages folder that are not `kept`: Change.less.

    With None, those of any item, and an old logo.
    """
    found = [name for name in there if name not in kept and (name.endswith((".webp", ".zip")) or name == LOGO)]
    return [f"{PAGES}/{name}" for name in found if items is None or name.rpartition("-")[0] in items]


def record(office: Office, now: datetime, jobs: Sequence[PortalJob], placed: Mapping[str, Work], dressed: Sequence[int]) -> int:
    """Write down what is public now, and whose pictures are all up (`dressed`); how many.

    Call in the transaction of `changed_since`.
    """
    at = clock.to_text(now)
    shown = [job.key for job in jobs if job.is_change and job.edition]
    gone = [job.key for job in jobs if job.is_change and not job.edition]
    for keys, before, after, values in (
        (shown, "approved", STEPS["approved"]["publish"], {"public": Item.standing, "published_at": at}),
        (gone, "published", "approved", {"public": None}),
    ):
        if keys:
            Item.update(**values).where(among(Item.id, keys)).execute()
            Item.update(share_state=after).where(among(Item.id, keys) & (Item.share_state == before)).execute()
    Item.update(unsettled=False).where(among(Item.id, [job.key for job in jobs if not job.is_waiting])).execute()
    for code, work in placed.items():
        _record_pages(office, code, work)
    if gone:
        PageFile.delete().where(among(PageFile.item, gone)).execute()
    if dressed or gone:
        PageDue.delete().where(among(PageDue.item, [*dressed, *gone])).execute()
    undressed = among(Item.id, [job.key for job in jobs if job.edition and job.staged and _wants_extras(job.edition)])
    PageDue.insert_from(Item.select(Item.id).where(undressed), [PageDue.item]).on_conflict_ignore().execute()
    trail.record_all(now, [_entry(job) for job in jobs if job.is_change])
    is_wanted = shown and any(person.notices.published != "never" for person in office.staff.values())
    silent = notices.imported(shown) if is_wanted else set[int]()
    for job in jobs:
        if is_wanted and job.is_change and job.edition and job.key not in silent:
            notices.tell(office, now, "published", job.item.created_by, job.item, {})
        # A change that waits for approval may ask for a mail, too: not for what was on the portal
        # before it.
        tells_of_this = job.is_change or job.item.share_state in ("approved", "published")
        is_asked = job.item.notify and outbox.has(READY, job.key, job.item.contact, ("waiting", "failed"))
        if job.edition and job.item.notify and job.item.contact and tells_of_this and not is_asked:
            outbox.enqueue_to_contact(office, now, READY, job.item, job.client, job.item.contact)
    return len(shown)


def _record_pages(office: Office, code: str, work: Work) -> None:
    assert work.change is not None
    values = {"look": look_of(office, code), "made": work.pages.digests, "older": work.pages.older}
    if not change_row(Page.client, code, **values):
        Page.insert(client=code, **values).on_conflict(conflict_target=[Page.client], update=values).execute()
    names = [*(name.removeprefix(f"{PAGES}/") for name in work.change.less), *(one.name for one in work.made)]
    for chunk in chunks(names):
        PageFile.delete().where(PageFile.name.in_(chunk)).execute()
    for some in chunks(work.made):
        PageFile.insert_many([
            {"name": one.name, "client": code, "item": one.item, "source": one.source, "sha256": one.sha256, "size": one.size}
            for one in some
        ]).execute()  # fmt: skip


def _wants_extras(edition: Edition) -> bool:
    """True if there may be a picture or an archive to make."""
    attachments = edition.shown["attachments"]
    return len(attachments) > 1 or any(may_have_picture(one["media_type"]) for one in attachments)


def _entry(job: PortalJob) -> trail.NewEvent:
    if job.edition is None:
        log.info("taken off the portal", item=job.name, client=job.client)
        return trail.NewEvent(trail.DAEMON, "taken_off", job.key, {})
    names = [attachment["name"] for attachment in job.edition.shown["attachments"]]
    log.info("published", item=job.name, client=job.client)
    return trail.NewEvent(trail.DAEMON, "published", job.key, {"content": job.edition.content, "attachments": names})
