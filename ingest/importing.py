"""An archive becomes drops: `dossier import`. What the archive calls things is said in a map; the inbox does the rest.

 1. read      the map, and what it finds in the archive: rows of a table, or files whose paths fit a pattern.
 2. judge     each entry as `dossier check` would; nothing is written until all is well (or `--skip-faulty`).
 3. place     in batches: files are copied into hidden folders of the inbox, with their sidecar, then one sync.
              Killed here? Hidden folders are left, and removed by the next import. The archive is only read.
 4. show      the folders get their names; from here they are drops like any other.
              Killed here? Those that were named are drops; the next run places the rest.

A drop is named after its files' paths in the archive, so a run that was broken off goes on where it was, also with a changed
map: what lies in the inbox or was taken is passed over.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from dossier import files, moves, names
from dossier.config import Strict, Word
from dossier.files import Look
from dossier.models import Drop, tuples
from dossier.people import Actor, NotAllowed
from dossier.settings import Office
from dossier.yamltext import Limits, line_of, plain, read_map, scalar
from ingest import delegation, kinds
from ingest.judging import judge
from ingest.looking import Found
from ingest.sidecar import read_sidecar

AT_ONCE = 250
"""Drops that are placed with one sync."""

WORKERS = 4
"""Threads that copy."""

MAP_LIMITS = Limits(bytes=16 * 1024 * 1024, depth=6, nodes=500_000)
"""A map may translate many thousand client numbers."""

_PREFIX = "import-"
_HIDDEN = f".{_PREFIX}"
_PLACE = re.compile(r"\{(\w+)\}")


class MapError(NotAllowed):
    """The map, or the table it speaks of, is wrong; the message has a line for each fault, `file:line: message`."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"it is no regular expression: {error}") from error
    return text


def _delimiter(text: str) -> str:
    if len(text) != 1:
        raise ValueError('give one character, such as ";" or "\\t"')
    return text


class ImportMap(Strict):
    """What an archive calls things, and what they are called here."""

    table: Word | None = None
    """A CSV file in the archive with a header: a row for each file or item."""
    delimiter: Annotated[str, AfterValidator(_delimiter)] = ","
    encoding: Word = "utf-8-sig"
    files: Annotated[str, AfterValidator(_pattern)] | None = None
    """Without a table: a regular expression with named groups that the whole path of a file below the folder must fit."""
    attachments: list[Word] = Field([])
    """With a table: where the files of a row are, such as "{path}/{name}"."""
    one_item_per: Word | None = None
    """What rows or files of one item have in common, such as "{client}/{number}"; without it each is an item."""
    translate: dict[Word, dict[Word, str]] = Field({})
    """column or group → what it says → what that means here. What is not listed stays as it is."""
    client: Word
    """The client's code, such as "{client}"."""
    item: dict[Word, str | list[str]]
    """Keys of the sidecar, such as description: "{title}"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the archive. `source`: where it comes from, for faults."""

    source: str
    client: str
    sidecar: str
    paths: tuple[str, ...]
    """Of its files, below the archive's folder."""

    @property
    def folder(self) -> str:
        """The drop's folder: the same for the same files, whatever the map says of them."""
        key = "\n".join(self.paths) or f"{self.source}\n{self.sidecar}"
        return _PREFIX + hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:20]


@dataclass(slots=True)
class Report:
    """What an import found and did."""

    entries: int = 0
    good: int = 0
    placed: int = 0
    before: int = 0
    """Were imported by an earlier run, or wait in the inbox since."""
    faults: list[str] = field(default_factory=list)
    """`source: message`."""
    faulty: set[tuple[str, str]] = field(default_factory=set)
    """(client, folder) of the entries that are not good."""
    left_out: list[str] = field(default_factory=list)
    """Files of the archive that no entry speaks for."""


def read_import_map(path: Path) -> ImportMap:
    """The map at `path`. Raises MapError with all that is wrong with it; OSError."""
    tree, faults = read_map(files.read_plain(path, MAP_LIMITS.bytes + 1)[0], MAP_LIMITS)
    told = [f"{path}:{fault.line}: {fault.message}" for fault in faults]
    try:
        found = ImportMap.model_validate(plain(tree))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            steps = [step for step in detail["loc"] if step != "[key]"]
            message = {"extra_forbidden": "there is no such key", "missing": "this key is required"}.get(
                detail["type"], detail["msg"]
            )
            told.append(f"{path}:{line_of(tree, steps)}: {'.'.join(map(str, steps))}: {message}")
        raise MapError("\n".join(told)) from error
    if bool(found.table) == bool(found.files):
        told.append(f"{path}:1: say either `table` (a CSV file) or `files` (a pattern)")
    if told:
        raise MapError("\n".join(told))
    return found


class Archive:
    """The folder that is imported, read by a map. Only ever read."""

    def __init__(self, folder: Path, given: ImportMap) -> None:
        self.folder = folder
        self.map = given
        self.used: set[str] = set()
        """Paths of files that the entries read so far speak for."""

    def entries(self) -> Iterator[Entry]:
        """The items, in the order of the table or of the paths. Raises MapError, OSError."""
        rows = self._rows() if self.map.table else self._files()
        group: tuple[str, list[tuple[str, dict[str, str], list[str]]]] | None = None
        for source, values, paths in rows:
            key = self._filled(self.map.one_item_per, values) if self.map.one_item_per else source
            if group is not None and group[0] == key:
                group[1].append((source, values, paths))
                continue
            if group is not None:
                yield self._entry(group[1])
            group = (key, [(source, values, paths)])
        if group is not None:
            yield self._entry(group[1])

    def left_out(self) -> Iterator[str]:
        """Files that no entry spoke for; ask when all entries were read."""
        return (path for path in self._walk() if path not in self.used and path != self.map.table)

    def _rows(self) -> Iterator[tuple[str, dict[str, str], list[str]]]:
        assert self.map.table is not None
        path = self.folder / self.map.table
        try:
            with open(path, encoding=self.map.encoding, newline="") as stream:
                table = csv.DictReader(stream, delimiter=self.map.delimiter, restkey="", restval="")
                self._check_names(set(table.fieldnames or ()), f"{self.map.table}:1")
                for row in table:
                    source = f"{self.map.table}:{table.line_num}"
                    if "" in row:
                        raise MapError(f"{source}: this row has more columns than the header; is the delimiter right?")
                    values = {name: self._meaning(name, value.strip()) for name, value in row.items()}
                    wanted = [self._filled(template, values) for template in self.map.attachments]
                    yield source, values, [os.path.normpath(one.replace("\\", "/")) for one in wanted if one]
        except (UnicodeError, LookupError, csv.Error) as error:
            raise MapError(
                f"{self.map.table}: it can't be read as {self.map.encoding}: {error}; say `encoding` in the map"
            ) from error

    def _files(self) -> Iterator[tuple[str, dict[str, str], list[str]]]:
        pattern = re.compile(self.map.files or "")
        self._check_names(set(pattern.groupindex), "files")
        found = []
        for path in self._walk():
            if match := pattern.fullmatch(path):
                values = {name: self._meaning(name, (value or "").strip()) for name, value in match.groupdict().items()}
                found.append((self._filled(self.map.one_item_per or "", values), path, values))
        for _, path, values in sorted(found, key=lambda one: one[:2]):
            yield path, values, [path]

    def _walk(self) -> Iterator[str]:
        """Every plain file of the archive whose name is ever taken, in order."""
        for folder, below, here in os.walk(self.folder):
            below.sort()
            below[:] = [name for name in below if not name.startswith(".")]
            for name in sorted(here):
                path = os.path.join(folder, name)
                if not names.is_ignored(name) and os.path.isfile(path) and not os.path.islink(path):
                    yield os.path.relpath(path, self.folder)

    def _meaning(self, name: str, value: str) -> str:
        return self.map.translate.get(name, {}).get(value, value)

    def _check_names(self, known: set[str], where: str) -> None:
        """Raises MapError if the map uses a name that there is none of."""
        texts = [self.map.client, self.map.one_item_per or "", *self.map.attachments]
        texts += [one for value in self.map.item.values() for one in ([value] if isinstance(value, str) else value)]
        used = {name for text in texts for name in _PLACE.findall(text)} | set(self.map.translate)
        if unknown := sorted(used - known):
            raise MapError(
                f"{where}: there is no {', '.join(f'`{name}`' for name in unknown)}; there is {', '.join(sorted(known)) or 'nothing'}"
            )

    @staticmethod
    def _filled(template: str, values: Mapping[str, str]) -> str:
        return _PLACE.sub(lambda match: values.get(match[1], ""), template).strip()

    def _entry(self, rows: Sequence[tuple[str, dict[str, str], list[str]]]) -> Entry:
        """Rows of one item. What the first says of the item holds; each brings its files."""
        source, values, _ = rows[0]
        paths = tuple(dict.fromkeys(path for _, _, brought in rows for path in brought))
        self.used.update(paths)
        lines = []
        for key, value in self.map.item.items():
            if isinstance(value, str):
                text = self._filled(value, values)
                lines += [f"{key}: {scalar(text)}"] if text else []
            else:
                filled = [text for text in (self._filled(one, values) for one in value) if text]
                lines += [f"{key}:", *(f"  - {scalar(text)}" for text in dict.fromkeys(filled))] if filled else []
        return Entry(source, self._filled(self.map.client, values), "\n".join(lines), paths)


class Importer:
    """Judges and places the entries of an archive. The database must be open."""

    def __init__(self, office: Office, actor: Actor, archive: Archive) -> None:
        self.office, self.actor, self.archive = office, actor, archive

    def look(self, progress: Callable[[int], None] = lambda done: None) -> Report:
        """Judge everything; writes nothing. Raises MapError, OSError."""
        report, seen = Report(), dict[tuple[str, str], str]()
        for entry in self.archive.entries():
            report.entries += 1
            faults = self._faults(entry)
            twin = seen.setdefault((entry.client, entry.folder), entry.source)
            if twin != entry.source:
                faults.append(f"it has the same files as {twin}")
            report.faults += [f"{entry.source}: {fault}" for fault in faults]
            if faults:
                report.faulty.add((entry.client, entry.folder))
            report.good += not faults
            progress(1)
        report.left_out = list(self.archive.left_out())
        return report

    def place(
        self, now: datetime, faulty: Container[tuple[str, str]], progress: Callable[[int], None] = lambda done: None
    ) -> Report:
        """Place what is not `faulty` and was not placed before. Raises MapError; OSError (disk full): what is placed stays."""
        report = Report()
        self._sweep()
        taken = self._taken()
        entries = self.archive.entries()
        while batch := list(islice(entries, AT_ONCE)):
            report.entries += len(batch)
            good = {(one.client, one.folder): one for one in batch if (one.client, one.folder) not in faulty}
            fresh = [entry for key, entry in good.items() if key not in taken and not self._lies(entry)]
            self._place(now, fresh)
            report.before += len(good) - len(fresh)
            report.placed += len(fresh)
            progress(len(batch))
        return report

    def _taken(self) -> set[tuple[str, str]]:
        """(client, folder) of all that was ever imported: one look through the drops, whose names are not indexed."""
        ours = Drop.stem.startswith(_PREFIX)
        return set(tuples(Drop.select(Drop.client, Drop.stem).where(ours & (Drop.kind != "refused"))))

    def _lies(self, entry: Entry) -> bool:
        """True if it waits in the inbox since an earlier run."""
        return (self.office.inbox / entry.client / entry.folder).is_dir()

    def _text(self, entry: Entry) -> bytes:
        attachments = "".join(f"\n  - {scalar(os.path.basename(path))}" for path in entry.paths) or " []"
        maker = (
            ""
            if re.search(r"^(created_by|gemaakt_door):", entry.sidecar, re.MULTILINE)
            else f"\ncreated_by: {scalar(self.actor.code)}"
        )
        return f"{entry.sidecar}{maker}\nattachments:{attachments}\n".encode("utf-8", "surrogateescape")

    def _faults(self, entry: Entry) -> list[str]:
        """Why the daemon would refuse it."""
        if entry.client not in self.office.clients:
            return [f"there is no client `{names.shown(entry.client)}` in config/clients.yaml; use `translate` in the map"]
        told, looks = list[str](), dict[str, Look]()
        for path in entry.paths:
            name, whole = os.path.basename(path), self.archive.folder / path
            look = files.look(whole) if not path.startswith(("..", "/")) else None
            if look is None:
                told.append(f"{names.shown(path)}: there is no such file in the archive")
            elif name in looks:
                told.append(f"{names.shown(path)}: another file of this item has the same name")
            else:
                looks[name] = look
                reason = kinds.blocked(name, kinds.examine(name, whole), self.office.settings.intake.blocked_types)
                told += [f"{names.shown(path)}: {reason}"] if reason else []
        data = self._text(entry)
        sidecar, faults = read_sidecar(data, self.office.settings)
        looks["item.yaml"] = Look(0, 0, len(data), 0, 0, os.geteuid())
        here = {name: name for name in looks if name != "item.yaml"}
        found = Found(entry.client, entry.folder, "item.yaml", "", sidecar, here, looks, tuple(faults))
        if sidecar is not None and sidecar.item is not None:
            told.append("an import makes new items: leave `item` out")
        judgement = judge(self.office, found, self.actor.code if self.actor.behind is not None else None)
        return list(dict.fromkeys([*told, *(fault.message for fault in judgement.faults)]))

    def _place(self, now: datetime, entries: Sequence[Entry]) -> None:
        hidden = {entry.folder: self.office.inbox / entry.client / f"{_HIDDEN}{entry.folder}" for entry in entries}
        with ThreadPoolExecutor(WORKERS) as pool:
            copied = [
                path for paths in pool.map(lambda entry: self._fill(entry, hidden[entry.folder]), entries) for path in paths
            ]
        files.sync(copied, list(hidden.values()))
        for entry in entries:
            if self.actor.behind is not None and not self.office.settings.identity.trust_sidecar:
                delegation.record(now, hashlib.sha256(self._text(entry)).hexdigest(), self.actor.code)
            moves.move(hidden[entry.folder], self.office.inbox / entry.client / entry.folder)
        files.sync((), [self.office.inbox / client for client in {entry.client for entry in entries}])

    def _fill(self, entry: Entry, folder: Path) -> list[Path]:
        """Copy an entry into a hidden folder of the inbox."""
        files.remove_tree(folder)
        files.make_folder(folder, 0o777)
        placed = []
        for path in entry.paths:
            copy = files.copy_hashed(self.archive.folder / path, folder, mode=0o666)
            placed.append(folder / os.path.basename(path))
            moves.move(copy.path, placed[-1])
        placed.append(folder / "item.yaml")
        files.write_whole(placed[-1], self._text(entry), 0o666)
        return placed

    def _sweep(self) -> None:
        """Remove what an import that was killed left half copied."""
        for client in self.office.clients:
            home = self.office.inbox / client
            if home.is_dir():
                for name in os.listdir(home):
                    if name.startswith(_HIDDEN):
                        files.remove_tree(home / name)
