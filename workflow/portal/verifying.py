"""What on the portal and in the vault is not as the database says; mending.py puts it right.

A look reads only (and raises Interrupted when the process is to end), and may be had at any time:
what is just being published is left out, and what differs is looked at again before it is told.

A month's worth: a daily look sees all names and sizes, and the contents of one of PARTS parts, the
next one each day.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Literal, NamedTuple

import structlog

from dossier.database import identity, search
from dossier.database.database import transaction
from dossier.database.prepared import Prepared
from dossier.database.tables import (
    Attachment,
    Edition,
    Item,
    Note,
    Page,
    PageFile,
    clients_with_items,
    item_name,
    plain_rows,
    tuples,
)
from dossier.files import files
from dossier.office.office import Office
from dossier.text import names
from dossier.text.sentences import Sentence, plain, sentence, told
from dossier.vault.folder import StoredFile, Vault
from workflow.approval import fitting
from workflow.portal.folder_site import FolderSite
from workflow.portal.placing import PAGE_NAMES, PAGES
from workflow.portal.showing import is_on_portal
from workflow.portal.site import open_site

log = structlog.get_logger("portal")

PARTS = 28
"""Parts of the contents, one a day: in every month all are seen."""

SETTLED_SECONDS = 3600
"""A vault file that no attachment names may be of a drop that is being taken, until so old."""

MOST_NAMED = 5
"""Items that are told of one file of the vault."""

PAUSE_SECONDS, TRIES = 1.0, 6
"""Between looks at what seems to differ, and how often: longer than placing to recording."""

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

    where: Literal["portal", "vault", "database", "search"]
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


def look_at_words() -> list[Difference]:
    """What is damaged of the index by which items are found."""
    fault = search.why_damaged()
    return [Difference("search", "item_text", "changed", reason=sentence("verifying.index", why=plain(fault)))] if fault else []


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


def clients_there(office: Office) -> tuple[list[str], list[Difference]]:
    """The clients who have a folder there; and what is nobody's folder."""
    there = open_site(office).homes()
    codes, found = _homes(office)
    return sorted(there.intersection(codes)), found


def look_at_names(office: Office, codes: Sequence[str]) -> list[Difference]:
    """What lies in these clients' folders that no item of theirs is there for, by its name alone: a
    quick look, for a start. Somebody may have put back old folders while nobody was at work."""
    wanted: dict[str, set[str]] = {code: {PAGES, *PAGE_NAMES} for code in codes if is_on_portal(office, code)}
    for which in (Item.public.is_null(False), Item.unsettled):  # each has an index that knows the answer
        for code, key in plain_rows(Item.select(Item.client, Item.id).where(Item.client.in_(list(wanted)) & which)):
            wanted[code].add(item_name(key))
    found = list[Difference]()
    for code, known in wanted.items():
        _go_on()
        try:
            found += [Difference("portal", f"{code}/{name}", "stranger", code) for name in sorted(_strange(code, known, office))]
        except OSError as error:  # one that can't be listed keeps nobody from the others
            log.error("a client's folder on the portal can't be looked at", client=code, error=str(error))
    return found


def _strange(code: str, known: Set[str], office: Office) -> Iterator[str]:
    """What has another name than these in a client's folder, and pictures and archives of other
    items. OSError."""
    site = open_site(office)
    if site.is_folder(code):
        yield from (name for name in site.names(code) if name not in known)
        extras = (name for name in site.extras(code, None) if _is_of_item(name) and name.rpartition("-")[0] not in known)
        yield from (f"{PAGES}/{name}" for name in extras)


def _is_of_item(name: str) -> bool:
    """True of a picture's or an archive's name."""
    return name.endswith((".webp", ".zip"))


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
    folders |= {item_name(key) for key in public_keys(code)}
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


def public_keys(code: str) -> list[int]:
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
