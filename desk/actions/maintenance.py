"""Keeping an office: backing it up, restoring it, and moving it to another database.

What dossier/ keeps is copied and checked there; here the portal is made anew of it, and the trail
notes it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from desk.actions import acting
from dossier.backup import backup
from dossier.backup.backup import BackupReport
from dossier.backup.restore import Restored
from dossier.backup.restore import restore as put_back
from dossier.cluster import presence
from dossier.database import identity
from dossier.database.database import may_write, open_database, transaction
from dossier.database.tables import Attachment, Item, Mail, chunks, item_name
from dossier.database.trouble import UNAVAILABLE
from dossier.database.web_tables import ApiToken
from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import clock, system
from dossier.text.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal, fault
from dossier.trail import anchors, trail
from dossier.vault.opening import open_vault
from ingest.intake import earlier
from workflow.items import refinding
from workflow.portal.publishing import Publisher
from workflow.portal.site import open_site
from workflow.portal_access import staff_access

log = structlog.get_logger("keeping")


def back_up(office: Office, now: datetime, actor: Actor, dest: Path, keep: int) -> BackupReport:
    """Back the office up, and note it in the trail. Errors: backup.make, NotAsItWas.

    A folder that settings.yaml names and that can't be one of backups is told as a backup that
    failed: nobody may have seen it.
    """
    may_write()
    try:
        report = backup.make(office, dest, now, keep)
    except (OSError, Refusal) as error:
        if isinstance(error, OSError) or str(dest) == office.settings.backup.folder:
            with contextlib.suppress(*UNAVAILABLE), transaction():
                backup.note_failed(
                    now, dest, system.whole(error, is_asked=True) if isinstance(error, OSError) else error.sentence
                )
        raise
    told: dict[str, Any] = {"to": str(report.snapshot), "events": report.events, "files": report.files, "digest": report.digest}
    try:
        with transaction():
            trail.record(now, actor, "backed_up", None, told)
            backup.note_last(now, dest, report)
    except UNAVAILABLE as error:  # the backup is there all the same
        log.error("the backup was made, but the trail can't tell of it", error=str(error))
    return report


def restore(
    source: Path,
    root: Path,
    environ: Mapping[str, str],
    digest: str | None = None,
    is_trial: bool = False,
    may_lack: bool = False,
) -> Restored:
    """Make an office in `root` from a backup, its portal too, unless it is a trial.

    What was hidden in the inbox when it was copied, and decided on before the database was, is seen
    there again. Killed while the portal is made? The daemon makes the rest of it. Errors:
    dossier.backup.restore.restore.
    """
    restored = put_back(source, root, environ, digest, is_trial, may_lack, partial(_begin, source))
    now = clock.utc_now()
    if not identity.is_trial():
        portal = Publisher(restored.office, open_vault(restored.office))
        portal.prepare()
        portal.redo_all()
        while portal.has_work(now):  # what can't be published is left alone for a while, so this ends
            portal.round(now)
    identity.mark(restored.office)
    return restored


def _begin(source: Path, restored: Restored) -> None:
    """What was hidden in the inbox is seen again, and the trail tells whence the office is."""
    now = clock.utc_now()
    earlier.give_back(restored.office)
    told = {
        "from": str(restored.snapshot), "made_at": restored.made_at, "by": f"os:{people.user_name(os.geteuid())}",
        "digest": restored.digest, "digest_was_given": restored.is_known, **({"trial": True} if identity.is_trial() else {}),
        **({"lost": sorted(restored.lost)} if restored.lost else {}),
    }  # fmt: skip
    with transaction():
        trail.record(now, trail.DAEMON, "office_restored", None, told)
        backup.note_restored(now, restored.made_at, source)
    identity.mark(restored.office)


def lost_files(restored: Restored) -> list[str]:
    """What the backup lacked, or had damaged: `D-2026-000012 report.pdf`, or a place in the
    office."""
    rows = Attachment.select(Attachment.item, Attachment.name).order_by(Attachment.item, Attachment.name)
    found = {(row.item, row.name) for some in chunks(sorted(restored.lost)) for row in rows.where(Attachment.sha256.in_(some))}
    return [*(f"{item_name(key)} {name}" for key, name in sorted(found)), *restored.lost_places]


def make_words_anew() -> None:
    """Make the index by which items are found anew; killed or failed, it is as it was."""
    with transaction():
        refinding.make_anew()


def standing(now: datetime) -> tuple[int, list[str]]:
    """How many items are on the portal, and which keys of programs are good: in a database of an
    earlier moment also what was withdrawn or revoked since."""
    keys = ApiToken.select(ApiToken.name).where(ApiToken.revoked_at.is_null() & (ApiToken.expires_at > clock.to_text(now)))
    return Item.select().where(Item.standing.is_null(False)).count(), [row.name for row in keys.order_by(ApiToken.name)]


@dataclass(frozen=True, slots=True)
class Adopted:
    """How many events the database has that is the office's now, how many mails wait in it, and
    what was hidden in the inbox of drops that it does not know, and has its name again."""

    events: int
    mails: int
    given_back: list[str]


def adopt(office: Office, now: datetime, actor: Actor, reason: str) -> Adopted:
    """Say that the database that is there is this office's, though it is older, empty, another, or
    was for trying.

    Numbers that were used stay used. Anchors of what the database does not know are put aside.
    What was hidden in the inbox when the office was lost is seen there again, and is taken anew.
    Raises Refusal, DatabaseUnavailable.
    """
    acting.need_admin(office, actor)
    if not reason.strip():
        raise Invalid([fault("reason", "identity.needs_reason")])
    if office.var.exists() and not identity.is_ours(office):  # it would be recorded, and the daemon would go by its own marks
        raise Forbidden("identity.of_another_user", user=people.user_name(os.stat(office.var).st_uid))
    identity.bring(office)
    try:
        known = identity.read(office)
    except identity.NotThisOffice:
        known = None
    with presence.alone(office):
        open_database(office, is_judged=False)
        length, head = trail.head()
        was = {"events": known.length, "head": known.head, "database": known.database} if known else None
        aside = anchors.set_aside(office, now)
        given = earlier.numbers_given(office)  # a mark may be as old as the database
        with transaction():
            identity.adopt(known, given)
            told = {"reason": reason.strip(), "events": length, "head": head, "was": was, "anchors": aside}
            trail.record(now, actor, "adopted", None, told)
        identity.mark(office, is_adopted=True)
        identity.send(office, is_adopted=True)
        if (office_id := identity.office_id()) is not None:
            with contextlib.suppress(OSError):  # the daemon tells
                open_site(office).belong_to(office_id, is_adopted=True)
        return Adopted(length, Mail.select().where(Mail.state == "waiting").count(), earlier.give_back(office))


def trial_link(office: Office, now: datetime, actor: Actor, code: str) -> str:
    """A link that lets this staff member into the desk of a trial once, where no mail brings it.

    Raises Refusal.
    """
    if not identity.is_trial():
        raise Conflict("keeping.link_of_a_trial")
    if office.settings.desk.oidc is not None:
        raise Conflict("keeping.link_by_provider")
    person = office.staff.get(code)
    if person is None or not person.active:
        raise NotFound("people.no_such_staff", staff=code)
    with transaction():
        trail.record(now, actor, "desk_link_made", None, {"for": code})
    return staff_access.new_link(office, now, code, person.email, "/")


@dataclass(frozen=True, slots=True)
class Moved:
    """How much was copied, and where to, without the password."""

    rows: int
    tables: int
    address: str


def move_database(office: Office, url: str, progress: Callable[[str, int], None]) -> Moved:
    """Copy all records from SQLite to the empty PostgreSQL database at `url`, and see that they
    arrived.

    `progress` hears each table and how many of its rows are there. Raises Conflict,
    DatabaseUnavailable.
    """
    from peewee import SqliteDatabase

    from dossier.backup.moving_over import move
    from dossier.database.postgresql import Postgres
    from dossier.text.database_address import without_secrets

    if not office.settings.database.url.startswith("sqlite:"):
        raise Conflict("keeping.on_postgresql")
    try:
        with presence.alone(office):
            source = open_database(office, is_judged=False)
            identity.check(office, may_have_moved=True)  # once more, to another
            assert isinstance(source, SqliteDatabase)
            database = office.settings.database.model_copy(update={"url": url})
            moved = replace(office, settings=office.settings.model_copy(update={"database": database}))
            target = open_database(moved, is_judged=False)
            assert isinstance(target, Postgres)
            counts = move(source, target, without_secrets(url), progress)
    except presence.AlreadyRunning as error:
        raise Conflict("keeping.stop_it_first", who=error.sentence) from error
    return Moved(sum(counts.values()), len(counts), without_secrets(url))
