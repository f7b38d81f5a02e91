"""What on the portal and in the vault is not as the database says, and mending the portal.

A look reads only (and raises Interrupted when the process is to end), and may be had at any time:
what is just being published is left out, and what differs is looked at again before it is told.
Mending is for the portal's own thread (the daemon's, or a command's that holds its lock): others
leave a note of what is to be mended. What lacks or was changed is published anew; a changed file is
kept in var/quarantine, and what doesn't belong is moved there. Nothing is ever deleted. A vault
file that is gone or damaged is taken back from the portal, if a good copy is there.

A month's worth: a daily look sees all names and sizes, and the contents of one of PARTS parts, the
next one each day.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from dossier.database import identity
from dossier.database.database import transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import (
    Attachment,
    Edition,
    Item,
    Note,
    Page,
    PageDue,
    PageFile,
    clients_with_items,
    item_name,
    tuples,
)
from dossier.files import files
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.sentences import Sentence, sentence, told
from dossier.trail import trail
from dossier.vault.folder import StoredFile, Vault
from workflow.approval import fitting
from workflow.portal.folder_site import FolderSite
from workflow.portal.placing import PAGE_NAMES, PAGES
from workflow.portal.publishing import Publisher
from workflow.portal.showing import is_on_portal
from workflow.portal.site import open_site

PARTS = 28
"""Parts of the contents, one a day: in every month all are seen."""

SETTLED_SECONDS = 3600
"""A vault file that no attachment names may be of a drop that is being taken, until so old."""

MOST_NAMED = 5
"""Items that are told of one file of the vault."""

PAUSE_SECONDS, TRIES = 1.0, 6
"""Between looks at what seems to differ, and how often: longer than placing to recording."""

_ASKED, _VAULT = "mend:", "mend: the vault"

_OF_SHELF = Prepared(
    lambda first, beyond: Attachment.select(Attachment.sha256, Attachment.size).where(
        (Attachment.sha256 >= first) & (Attachment.sha256 < beyond)
    )
)

Kind = Literal["lacks", "changed", "stranger"]


@dataclass(frozen=True, slots=True)
class Difference:
    """`path`: from the portal's or vault's folder. `client`: None for the vault's and nobody's.

    Of the database it is `client/item`, and `reason` says in what that differs from what was
    approved.
    """

    where: Literal["portal", "vault", "database"]
    path: str
    kind: Kind
    client: str | None = None
    item: int | None = None
    reason: Sentence | None = None
    items: tuple[int, ...] = ()
    """Whose file it is, of one of the vault's."""

    @property
    def message(self) -> Sentence:
        folder, _, name = self.path.rpartition("/")
        made_of = name.rpartition("-")[0] if folder.endswith(f"/{PAGES}") and name.startswith("D-") else None
        reason = self.reason or Sentence(f"verifying.{self.kind}")
        reason = sentence("verifying.made_of", reason=reason, item=made_of) if made_of else reason
        if self.items:
            numbers = ", ".join(item_name(key) for key in self.items[:MOST_NAMED]) + ("…" if self.items[MOST_NAMED:] else "")
            reason = sentence("verifying.file_of", reason=reason, items=numbers)
        where = Sentence(f"verifying.{self.where}")
        return sentence("verifying.difference", where=where, path=names.printable(self.path), reason=reason)

    def __str__(self) -> str:
        return str(self.message)

    def as_json(self, language: str = "en") -> dict[str, object]:
        item = item_name(self.item) if self.item else None
        told_as = {"reason": told(self.reason, language) if self.reason else None}
        items = {"items": [item_name(key) for key in self.items]}
        return {
            "where": self.where,
            "path": self.path,
            "kind": self.kind,
            "client": self.client,
            "item": item,
            **items,
            **told_as,
        }


@dataclass(frozen=True, slots=True)
class _Expected:
    """A file that shall be there; `size` None where only the hash is known."""

    size: int | None
    sha256: str
    item: int | None


def _go_on() -> None:
    """Raises Interrupted when the process is to end."""
    if files.stopping.is_set():
        raise files.Interrupted


def part_of(client: str) -> int:
    """The part of the month in which this client's files are read."""
    return zlib.crc32(client.encode()) % PARTS


# Looking


def look(office: Office, vault: Vault, part: int | None = None) -> list[Difference]:
    """All that differs. `part`: only its contents; None: all. Names and sizes are all looked at."""

    def is_read(code: str) -> bool:
        return part in (None, part_of(code))

    found = [] if identity.is_trial() else look_at_portal(office, is_read)  # nothing is on a trial's portal
    found += look_at_editions(is_read)
    return found + look_at_vault(vault, lambda prefix: part is None or prefix % PARTS == part)


def look_at_portal(office: Office, is_read: Callable[[str], bool]) -> list[Difference]:
    """What differs on the portal; `is_read` says of which clients the contents are hashed."""
    codes, strangers = _homes(office)
    found = []
    for code in codes:
        found += _look_until_sure(office, code, is_read(code))
    return found + strangers


def look_at_other_folder(office: Office, is_made_anew: bool) -> list[Difference]:
    """What differs in a folder that was not the portal's a moment ago, by all names and sizes and
    the pages' contents. `is_made_anew`: what lacks in it, or was changed, is being put there.

    The portal's own thread: nothing is just being placed.
    """
    codes, found = _homes(office)
    for code in codes:
        _go_on()
        is_coming = is_made_anew or bool(_waiting(code))
        differs = look_at_client(office, code, is_read=False, are_pages_read=not is_coming)
        found += [one for one in differs if one.kind == "stranger" or not is_coming]
    return found


def _homes(office: Office) -> tuple[list[str], list[Difference]]:
    """(the clients at whose folders is to be looked; what is nobody's folder)."""
    shown = clients_with_items(are_public=True)
    shown |= {row[0] for row in tuples(Page.select(Page.client))}
    there, known = open_site(office).homes(), shown | set(office.clients)
    codes = sorted((known & there) | {code for code in shown if is_on_portal(office, code)})
    return codes, [Difference("portal", name, "stranger") for name in sorted(there - known)]


def look_at_editions(is_read: Callable[[str], bool], code: str | None = None) -> list[Difference]:
    """What is not what was approved (of one client); `is_read`: of which clients it is read."""
    stands, found = Item.standing.is_null(False), dict[int, Difference]()
    for (client,) in list(tuples(Item.select(Item.client).where(stands).distinct())):
        if code not in (None, client) or not is_read(client):
            continue
        _go_on()
        here = stands & (Item.client == client)
        given = fitting.standing(here, Item.standing)
        both = [*given, *fitting.standing(here & (Item.public != Item.standing), Item.public)]
        for key, reason in {**fitting.strange_makers(given), **fitting.misfits(both)}.items():
            found[key] = Difference("database", f"{client}/{item_name(key)}", "changed", client, key, reason)
    return list(found.values())


def _look_until_sure(office: Office, code: str, is_read: bool) -> list[Difference]:
    """What differs for a client, and not because something is just being published.

    A round places before it records, so what is seen must be seen twice, with the database saying
    the same all the while.
    """
    last: tuple[object, list[Difference]] | None = None
    found, before = list[Difference](), _State(set(), None)
    for _ in range(TRIES):
        before = _state(code)
        found = look_at_client(office, code, is_read)
        if not found or (last == (before, found) and before == _state(code) and not _waiting(code)):
            return found
        last = (before, found)
        time.sleep(PAUSE_SECONDS)
    changed = _waiting(code)
    changed |= {key for key, *_ in before.items ^ _state(code).items}  # and what waited until a moment ago
    changing = {PAGES, *PAGE_NAMES, *map(item_name, changed)}
    return [one for one in found if (inside := one.path.split("/")[1:2]) and inside[0] not in changing]


class _State(NamedTuple):
    """What is public of a client: (item, edition, version) of each, and the files of the pages."""

    items: set[tuple[int, ...]]
    pages: object


def _state(code: str) -> _State:
    query = Item.select(Item.id, Item.public, Item.version).where((Item.client == code) & Item.public.is_null(False))
    page = Page.get_or_none(Page.client == code)
    return _State(set(tuples(query)), page and page.made)


def _waiting(code: str) -> set[int]:
    return {row[0] for row in tuples(Item.select(Item.id).where((Item.client == code) & Item.unsettled))}


def look_at_client(office: Office, code: str, is_read: bool, are_pages_read: bool = False) -> list[Difference]:
    """What differs in a client's folder, as it is at this moment. `is_read`: by all contents, or
    by those of the pages alone."""
    site = open_site(office)
    is_there, is_folder = site.has(code), site.is_folder(code)
    if not is_on_portal(office, code):
        return [Difference("portal", code, "stranger", code)] if is_there else []
    expected = _expected(code)
    folders = {name.rpartition("/")[0] for name in expected}
    folders |= {item_name(key) for key in _public_keys(code)}
    if is_there and (not is_folder or not expected):
        return [Difference("portal", code, "stranger", code)]
    found = []
    for name, size in site.walk(code, folders) if is_folder else ():
        _go_on()
        wanted = expected.pop(name, None)
        path = f"{code}/{name}"
        if wanted is None or size is None:
            found.append(Difference("portal", path, "stranger", code))
            if wanted is not None:
                expected[name] = wanted
        elif wanted.size not in (None, size) or (
            (is_read or (are_pages_read and wanted.size is None)) and _is_changed(site, path, wanted)
        ):
            found.append(Difference("portal", path, "changed", code, wanted.item))
    found += [Difference("portal", f"{code}/{name}", "lacks", code, wanted.item) for name, wanted in expected.items()]
    return found


def _is_changed(site: FolderSite, name: str, wanted: _Expected) -> bool:
    try:
        return site.digest(name) != wanted.sha256
    except FileNotFoundError:  # replaced at this very moment; whoever asks looks again
        return True


def _public_keys(code: str) -> list[int]:
    return [row[0] for row in tuples(Item.select(Item.id).where((Item.client == code) & Item.public.is_null(False)))]


def _expected(code: str) -> dict[str, _Expected]:
    """All files of a client's folder, by name."""
    query = Item.select(Item.id, Edition.shown).join(Edition, on=(Item.public == Edition.id))
    expected = {
        f"{item_name(key)}/{one['name']}": _Expected(one["size"], one["sha256"], key)
        for key, shown in tuples(query.where(Item.client == code))
        for one in shown["attachments"]
    }
    page = Page.get_or_none(Page.client == code)
    expected |= {name: _Expected(None, digest, None) for name, digest in (page.made if page else {}).items()}
    extras = PageFile.select().where(PageFile.client == code)
    return expected | {f"{PAGES}/{extra.name}": _Expected(extra.size, extra.sha256, None) for extra in extras}


def look_at_vault(vault: Vault, is_read: Callable[[int], bool]) -> list[Difference]:
    """What differs in the vault; `is_read` says of which folders (0 to 255) it is hashed."""
    found = []
    for prefix, there in vault.shelves():
        found += _look_at_shelf(vault, prefix, there, is_read(int(prefix, 16)))
    return found + [Difference("vault", name, "stranger") for name in vault.strangers()]


def _look_at_shelf(vault: Vault, prefix: str, there: dict[str, StoredFile], is_read: bool) -> list[Difference]:
    wanted: dict[str, int] = dict(_OF_SHELF.rows(prefix, f"{prefix}g"))
    found = []
    for digest, size in sorted(wanted.items()):
        _go_on()
        kept = there.pop(digest, None)
        if is_read or kept is None or kept.size != size:  # what came since the folder was listed is there
            fault = vault.fault(digest, size, is_read)
            found += [_of_vault(f"{prefix}/{digest}", fault)] if fault else []
    old = time.time() - SETTLED_SECONDS
    found += [Difference("vault", f"{prefix}/{name}", "stranger") for name, one in sorted(there.items()) if one.since < old]
    return found


def _of_vault(path: str, fault: Kind) -> Difference:
    """A file that items have, and that is gone or damaged."""
    query = Attachment.select(Attachment.item).where(Attachment.sha256 == path.rpartition("/")[2]).distinct()
    return Difference("vault", path, fault, items=tuple(key for (key,) in tuples(query.order_by(Attachment.item))))


# Mending


def ask(now: datetime, actor: Actor, differences: Sequence[Difference]) -> None:
    """Leave notes of what is to be mended, for whoever writes the portal."""
    keys = {_VAULT if one.where == "vault" else _ASKED + _written(one.path.partition("/")[0]) for one in differences}
    with transaction():
        for key in sorted(keys):
            Note.insert(key=key, value="").on_conflict_ignore().execute()
        told = {"differences": [str(one) for one in differences[:100]], "count": len(differences)}
        trail.record(now, actor, "mending_asked", None, told)


def asked() -> list[str]:
    """What was asked for and is not done yet."""
    near = (Note.key > "me") & (Note.key < "mf")  # by letters alone: PostgreSQL may have signs in another order
    return [row[0] for row in tuples(Note.select(Note.key).where(near & Note.key.startswith(_ASKED)).order_by(Note.key))]


def _written(name: str) -> str:
    """A name on the portal as a note has it: whatever bytes it is of."""
    return quote(os.fsencode(name), safe="")


def _read(written: str) -> str:
    return os.fsdecode(unquote_to_bytes(written))


def mend(portal: Publisher, now: datetime, wanted: Sequence[str], failed: Callable[[OSError], None]) -> list[str]:
    """Do what was `asked`, but what concerns clients for whom other daemons work just now. Returns
    what was done; when the next rounds published anew, forget it. The portal's thread.

    What can't be done holds up nothing else: `failed` is told why, and it is still asked for.
    """
    done = []
    for number, key in enumerate(wanted, 1):
        name = _read(key.removeprefix(_ASKED))
        try:
            if key == _VAULT:
                mend_vault(portal, now, look_at_vault(portal.vault, lambda _: True))
            elif name not in portal.office.clients or portal.claim((name,)):
                _mend_on_portal(portal, now, name)
            else:
                continue
        except OSError as error:
            failed(error)
            continue
        done.append(key)
        if number % portal.site.at_once == 0:  # the server has room for a number of claims
            portal.let_go()
    return done


def forget(wanted: Sequence[str]) -> None:
    """It is mended, as far as it can be."""
    with transaction():
        Note.delete().where(Note.key.in_(list(wanted))).execute()


def _mend_on_portal(portal: Publisher, now: datetime, name: str) -> None:
    """Mend what is on the portal by this name: a client's folder, or what doesn't belong."""
    office, site = portal.office, portal.site
    if name not in office.clients and not _public_keys(names.printable(name)):
        if site.has(name):
            portal.quarantine.move(now, name)
        return
    if not is_on_portal(office, name):
        portal.reconsider_clients()
        return
    found = look_at_client(office, name, is_read=True) + look_at_editions(lambda _: True, name)
    in_the_way: OSError | None = None
    for one in found:
        if one.where == "portal" and one.kind != "lacks" and site.has(one.path):
            try:
                portal.quarantine.move(now, one.path, is_copied=one.kind == "changed")
            except OSError as error:
                if one.kind == "changed":  # without a copy it is not replaced
                    raise
                in_the_way = in_the_way or error  # what was changed is put right all the same
    entries: dict[int, list[str]] = {}
    for one in found:
        if one.item is not None:
            entries.setdefault(one.item, []).append(str(one))
    extras = [one.path.rpartition("/")[2] for one in found if one.item is None and one.path.startswith(f"{name}/{PAGES}/")]
    with transaction():
        for key, told in entries.items():
            trail.record(now, trail.DAEMON, "mended", key, {"differences": told})
        for extra in extras:
            _make_again(extra)
    if found:
        portal.redo(entries, [name])
    if in_the_way is not None:
        raise in_the_way


def _make_again(extra: str) -> None:
    """A picture or archive that is gone or was changed: its item's are made anew."""
    row = PageFile.get_or_none(PageFile.name == extra)
    if row is not None:
        PageFile.delete().where(PageFile.name == extra).execute()
        PageDue.insert(item=row.item).on_conflict_ignore().execute()


def mend_vault(portal: Publisher, now: datetime, found: Sequence[Difference]) -> None:
    """Take back from the portal what the vault lacks, and move away what doesn't belong in it.
    OSError: what can't be moved away stays, behind all else."""
    for one in found:
        if one.kind != "stranger":
            _take_back(portal, now, one)
    strangers = [one.path for one in found if one.kind == "stranger"]
    if strangers and (lock := portal.vault.alone()):
        with lock:
            _move_away(portal, now, strangers)


def _move_away(portal: Publisher, now: datetime, strangers: Sequence[str]) -> None:
    """Out of the vault with those that no attachment needs. OSError as in `mend_vault`."""
    in_the_way: OSError | None = None
    for name in strangers:
        if not Attachment.select().where(Attachment.sha256 == names.printable(name.rpartition("/")[2])).exists():
            try:
                portal.quarantine.move_from_vault(now, name)
            except OSError as error:
                in_the_way = in_the_way or error
    if in_the_way is not None:
        raise in_the_way


def _take_back(portal: Publisher, now: datetime, wrong: Difference) -> None:
    """Give the vault a good copy of its file from the portal, where there is one."""
    digest = wrong.path.rpartition("/")[2]
    query: object = Attachment.select(Attachment.item).where(Attachment.sha256 == digest).distinct()
    public = Item.select(Item.id, Item.client, Edition.shown).join(Edition, on=(Item.public == Edition.id))
    for key, client, shown in tuples(public.where(Item.id.in_(query))):
        for one in shown["attachments"]:
            source = f"{client}/{item_name(key)}/{one['name']}"
            if one["sha256"] == digest and portal.site.size(source) is not None and portal.site.digest(source) == digest:
                if wrong.kind == "changed":
                    portal.quarantine.move_from_vault(now, wrong.path)
                with portal.site.local(source) as path:
                    copy = portal.vault.receive(path)
                portal.vault.sync([portal.vault.keep(copy)], [copy])
                with transaction():
                    trail.record(now, trail.DAEMON, "vault_mended", key, {"sha256": digest})
                return


# The daily look


def next_part(today: str) -> int | None:
    """The part whose turn it is; None if one was looked at today already."""
    day, part = (Note.read("verified") or " -1").rsplit(" ", 1)
    return None if day == today else (int(part) + 1) % PARTS


def note_part(today: str, part: int) -> None:
    with transaction():
        Note.put("verified", f"{today} {part}")


def still_damaged(vault: Vault, found: Sequence[Difference]) -> list[Difference]:
    """The vault's bad files: those `found` now, and earlier ones that still are. Noted."""
    paths = set(json.loads(Note.read("damaged") or "[]"))
    paths |= {one.path for one in found if one.where == "vault" and one.kind != "stranger"}
    wanted = [path for path in sorted(paths) if Attachment.select().where(Attachment.sha256 == path.rpartition("/")[2]).exists()]
    faults = {path: vault.fault(path.rpartition("/")[2], None, is_read=True) for path in wanted}
    damaged = [_of_vault(path, fault) for path, fault in faults.items() if fault is not None]
    value = json.dumps([one.path for one in damaged])
    with transaction():
        Note.put("damaged", value)
    return damaged
