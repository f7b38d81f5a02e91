"""An archive becomes drops: `dossier import`. A map says what the archive calls things.

 1. read      the map, and what it finds in the archive: rows of a table, or files whose paths fit a
              pattern.
 2. judge     each entry as `dossier check` would; nothing is written until all is well (or
              `--skip-faulty`).
 3. place     in batches: files are copied into hidden folders of the inbox, with their sidecar,
              then one sync.
              Killed here? Hidden folders are left, and removed by the next import. The archive is
              only read.
 4. show      the folders get their names; from here they are drops like any other.
              Killed here? Those that were named are drops; the next run places the rest.

A drop is named after its files' paths in the archive, so a run that was broken off goes on where it
was, also with a changed map: what lies in the inbox or was taken is passed over. It is told where
one of its files is another by now, as in an archive of another year with the same names.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from pathlib import Path

from dossier.database.tables import Attachment, Drop, item_name, tuples
from dossier.files import files
from dossier.files.beneath import open_beneath
from dossier.files.files import Look
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.text import names
from dossier.text.sentences import Sentence, sentence
from ingest.inbox import listing
from ingest.intake import delegation, kinds
from ingest.sources import dropping, placing
from ingest.sources.archive import PREFIX, Archive, ArchiveItem
from ingest.sources.dropping import Filled, Listed

AT_ONCE = 250
"""Drops that are placed with one sync."""

WORKERS = 4
"""Threads that copy."""

_HIDDEN = f".{PREFIX}"

Key = tuple[str, str]
"""Client and folder of an entry."""


@dataclass(slots=True)
class ImportReport:
    """What an import found and did."""

    entries: int = 0
    good: int = 0
    placed: int = 0
    before: int = 0
    """Were imported by an earlier run, or wait in the inbox since."""
    changed: list[Sentence] = field(default_factory=list)
    """What was imported before by the same paths, and has another file now: that one is not in."""
    inbox_bytes: int = 0
    """Of the files of what is good and was not imported before."""
    shared_bytes: int = 0
    """Of these, what is to be shared."""
    faults: list[tuple[str, Sentence]] = field(default_factory=list)
    """(source, what is wrong)."""
    faulty: set[str] = field(default_factory=set)
    """The sources of the entries that are not good."""
    renamed: list[Sentence] = field(default_factory=list)
    """Files that get another name, as theirs can't be one of an attachment."""
    left_out: list[Sentence] = field(default_factory=list)
    """Files of the archive that no entry speaks for."""

    def reasons(self) -> list[tuple[int, Sentence]]:
        """How often each fault was told, whatever file it was about; the most frequent first."""
        found = Counter(_whatever_file(what) for _, what in self.faults)
        return [(count, what) for what, count in found.most_common()]


class Importer:
    """Judges and places the entries of an archive. The database must be open."""

    def __init__(self, office: Office, actor: Actor, archive: Archive) -> None:
        self.office, self.actor, self.archive = office, actor, archive

    def look(self, progress: Callable[[int], None] = lambda done: None) -> ImportReport:
        """Judge everything; writes nothing. Raises MapError, OSError."""
        report, seen, taken = ImportReport(), dict[Key, str](), self._taken()
        for entry in self.archive.entries():
            report.entries += 1
            key = entry.client, entry.folder
            faults, size = self._faults(entry, report)
            if faults:
                report.faulty.add(entry.source)
            elif (twin := seen.setdefault(key, entry.source)) != entry.source:
                faults = [_about(twin, sentence("importing.same_files"))]
            elif key in taken or self._lies(entry):
                report.before += 1
                report.changed += self._changed(entry, taken.get(key))
            else:
                report.inbox_bytes += size[0]
                report.shared_bytes += size[1]
            report.faults += [(entry.source, fault) for fault in faults]
            report.good += not faults
            progress(1)
        report.left_out = list(self.archive.left_out())
        return report

    def check_room(self, report: ImportReport) -> None:
        """Raise OSError if there is no room for what is placed, and what is made of it."""
        office, reserve = self.office, self.office.settings.alarms.free_mb * 1024 * 1024
        wanted: dict[int, tuple[Path, int]] = {}
        # Each file is in the inbox and in the vault at once only for as long as its batch takes.
        needs = [(office.inbox, report.inbox_bytes)]
        if office.portal_store is None:
            needs.append((office.portal, report.shared_bytes))
        if office.vault_store is None and _device(office.vault) != _device(office.inbox):
            needs.append((office.vault, report.inbox_bytes))
        for path, size in needs:
            known = wanted.get(_device(path), (path, 0))
            wanted[_device(path)] = (known[0], known[1] + size)
        for path, size in wanted.values():
            room = os.statvfs(_there(path))
            free = room.f_bavail * room.f_frsize - reserve
            if size and size > free:
                raise OSError(errno.ENOSPC, sentence("importing.no_room", needed=_mb(size), free=_mb(max(0, free))), str(path))

    def place(self, now: datetime, faulty: Container[str], progress: Callable[[int], None] = lambda done: None) -> ImportReport:
        """Place what is not `faulty` or placed. MapError; OSError: what is placed stays."""
        report, placed, began = ImportReport(), set[Key](), time.time_ns()
        self._sweep()
        taken = self._taken()
        entries = self.archive.entries()
        while batch := list(islice(entries, AT_ONCE)):
            number = began + report.entries
            report.entries += len(batch)
            good = {(one.client, one.folder): one for one in reversed(batch) if one.source not in faulty}
            new = {key: one for key, one in reversed(good.items()) if key not in placed}
            fresh = {key: one for key, one in new.items() if key not in taken and not self._lies(one)}
            self._place(now, list(fresh.values()), number)
            placed |= fresh.keys()
            report.before += len(new) - len(fresh)
            report.placed += len(fresh)
            progress(len(batch))
        return report

    def _taken(self) -> dict[Key, int | None]:
        """(client, folder) → item, of all ever imported: one look, as the names are not indexed."""
        ours = Drop.stem.startswith(PREFIX) & (Drop.kind != "refused")
        return {(client, stem): item for client, stem, item in tuples(Drop.select(Drop.client, Drop.stem, Drop.item).where(ours))}

    def _lies(self, entry: ArchiveItem) -> bool:
        """True if it waits in the inbox since an earlier run."""
        try:
            with open_beneath(self.office.inbox, entry.client) as home:
                return files.is_folder(home / entry.folder)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _changed(self, entry: ArchiveItem, item: int | None) -> Iterator[Sentence]:
        """The first of the entry's files that is no version of a file of what was made of it, which
        lies in the inbox still where there is no `item`."""
        if item is not None:
            place = item_name(item)
            kept = set(tuples(Attachment.select(Attachment.size, Attachment.sha256).where(Attachment.item == item)))
        else:
            place = f"{entry.client}/{entry.folder}"
            kept = self._lying(entry)
        sizes = {size for size, _ in kept}
        for path in entry.paths if kept else ():
            with self.archive.opened(path) as source:
                look = files.look(source)
                if look is None or (look.size in sizes and (look.size, files.hash_file(source)) in kept):
                    continue
            values = {"source": entry.source, "path": names.printable(path), "place": place}
            yield sentence("importing.changed", **values)
            return

    def _lying(self, entry: ArchiveItem) -> set[tuple[int, str]]:
        """(size, SHA-256) of what lies in the entry's folder of the inbox; nothing once it goes."""
        try:
            with open_beneath(self.office.inbox, entry.client, entry.folder) as home:
                looks = {name: files.look(home / name) for name in home.names()}
                return {(look.size, files.hash_file(home / name)) for name, look in looks.items() if look is not None}
        except OSError:
            return set()

    def _text(self, entry: ArchiveItem) -> bytes:
        listed = [Listed(name) for name in _names_of(entry).values()]
        return dropping.sidecar_text(entry.client, entry.keys, listed, self.actor.code).encode("utf-8", "surrogateescape")

    def _faults(self, entry: ArchiveItem, report: ImportReport) -> tuple[list[Sentence], tuple[int, int]]:
        """(why the daemon would refuse it; its files' bytes, and those to be shared)."""
        if entry.client not in self.office.clients:
            return [sentence("importing.no_client", client=names.printable(entry.client))], (0, 0)
        told, looks, renamed = list[Sentence](), dict[str, Look](), list[Sentence]()
        if entry.torn is not None:
            told.append(_about(entry.torn, sentence("importing.torn")))
        if unread := self.archive.map.files and next(filter(self.archive.is_unread, entry.paths), None):
            return [_about(unread, sentence("importing.name_not_read", encoding=self.archive.map.encoding))], (0, 0)
        limits, is_blocked = self.office.settings.intake, False
        for path, name in _names_of(entry).items():
            whole = self.archive.folder / path
            look = files.look(whole) if self.archive.locate(path) else None
            if look is None:
                told.append(_about(path, sentence("importing.no_file")))
                continue
            looks[name] = look
            if look.size == 0:
                told.append(_about(path, sentence("importing.empty")))
            if name != os.path.basename(path):
                renamed.append(
                    sentence("importing.renamed", source=entry.source, path=names.printable(path), name=names.printable(name))
                )
            if why := kinds.blocked(name, kinds.examine(name, whole), limits.blocked_types, limits.macros):
                told.append(_about(path, why))
                is_blocked = is_blocked or why.code == "kinds.blocked_name"
        actor = self.actor if self.actor.behind is not None else None
        sidecar, faults = dropping.judged(self.office, entry.client, entry.folder, self._text(entry), looks, actor)
        size = sum(look.size for look in looks.values())
        if sidecar is not None and sidecar.item is not None:
            told.append(sentence("importing.makes_new"))
        others = (fault.message for fault in faults)
        told += [one for one in others if isinstance(one, Sentence) and not (is_blocked and one.code == "intake.blocked")]
        report.renamed += renamed if not told else []
        return list(dict.fromkeys(told)), (size, size if sidecar is not None and sidecar.share else 0)

    def _place(self, now: datetime, entries: Sequence[ArchiveItem], first_at: int) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            filled = list(pool.map(self._fill, entries, count(first_at)))
        dropping.place(self.office, now, self.actor, filled, self.actor.behind is not None)

    def _fill(self, entry: ArchiveItem, at: int) -> Filled:
        """Copy an entry into a hidden folder of the inbox. `at`: the time of its sidecar, by which
        those of a client are taken in the archive's order (looking.py)."""
        hidden, data, hashes = f"{_HIDDEN}{entry.folder}", self._text(entry), dict[str, str]()
        rights = placing.rights(self.actor.behind is not None)
        with listing.home_of(self.office, entry.client) as home:
            files.remove_tree(home / hidden)
            with files.made_folder(home / hidden, 0o777) as folder:
                for path, name in _names_of(entry).items():
                    with self.archive.opened(path) as source:
                        hashes[name], _ = files.copy_whole(source, folder / name, mode=rights)
                files.write_whole(folder / delegation.SIDECAR, data, rights)
                os.utime(delegation.SIDECAR, ns=(at, at), dir_fd=folder.descriptor, follow_symlinks=False)
                dropping.let_in(folder, *hashes, delegation.SIDECAR)
        return Filled(entry.client, hidden, entry.folder, data, hashes)

    def _sweep(self) -> None:
        """Remove what an import that was killed left half copied."""
        for client in self.office.clients:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), open_beneath(self.office.inbox, client) as home:
                for name in home.names():
                    if name.startswith(_HIDDEN):
                        files.remove_tree(home / name)


def _names_of(entry: ArchiveItem) -> dict[str, str]:
    """Path → its file's name: its own, or the nearest that fits; numbered where two are one."""
    found: dict[str, str] = {}
    used = {"item.yaml", "item.yml"}
    for path in entry.paths:
        name = wanted = names.fitted(os.path.basename(path))
        begin, dot, end = wanted.rpartition(".")
        number = 1
        while names.fold(name) in used:
            number += 1
            name = f"{begin} ({number}).{end}" if dot and begin else f"{wanted} ({number})"
        used.add(names.fold(name))
        found[path] = name
    return found


def _about(path: str, what: Sentence) -> Sentence:
    return sentence("importing.about", path=names.printable(path), what=what)


def _whatever_file(what: Sentence) -> Sentence:
    """The same, without the file that it is about."""
    inner = what.values.get("what") if what.code in ("importing.about", "intake.of_file") else None
    return inner if isinstance(inner, Sentence) else what


def _there(path: Path) -> Path:
    """`path`, or the nearest folder above that is there."""
    return path if path.exists() or path.parent == path else _there(path.parent)


def _device(path: Path) -> int:
    return os.stat(_there(path)).st_dev


def _mb(size: int) -> int:
    return -(-size // (1024 * 1024))
