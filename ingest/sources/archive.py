"""An archive as a map reads it: a table's rows, or files with fitting paths, become entries.

Reads the archive only. What there is of it that no entry speaks for is told too, so that nobody has
to guess what stayed behind.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO, Annotated

from pydantic import AfterValidator, Field, ValidationError

from dossier.files import files
from dossier.files.beneath import At, open_beneath
from dossier.office.key_types import UnfitValue, Word, like
from dossier.office.keys import Strict
from dossier.office.reading import describe
from dossier.text import names, system
from dossier.text.refusals import Invalid, fault
from dossier.text.sentences import Sentence, sentence
from dossier.text.sentences import plain as plain_text
from dossier.text.yamltext import Limits, lines_of, plain, read_map

MAP_LIMITS = Limits(bytes=16 * 1024 * 1024, depth=6, nodes=500_000)
"""A map may translate many thousand client numbers."""

PREFIX = names.IMPORTED
"""What the folder of a drop that was imported begins with."""

UNREAD = "\N{REPLACEMENT CHARACTER}"

SEVERAL = "\x1f"
"""Between the values of a name that has several, such as tags: each is one in a list."""

_PLACE = re.compile(r"\{(\w+)\}")

_AS_TYPED = {"\t": "\\t"}

_JUNK_PREFIXES = (".", "~$")
"""What systems and office programs leave in folders: no part of an archive, and not told."""


class MapError(Invalid):
    """The map, or the table it speaks of, is wrong; each fault with its place, `file:line`."""

    def __init__(self, *faults: tuple[str, Sentence | str]) -> None:
        super().__init__([fault("map", "importing.at", place=place, what=what) for place, what in faults])


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise UnfitValue("importing.no_pattern", error=str(error)) from error
    return text


def _encoding(text: str) -> str:
    try:
        b"a".decode(text, "replace")
    except LookupError as error:
        raise UnfitValue("importing.no_encoding") from error
    return text


class ImportMap(Strict):
    """What an archive calls things, and what they are called here."""

    table: Word | None = None
    """A CSV file in the archive with a header: a row for each file or item."""
    delimiter: Annotated[str, like("(?s:.)", "importing.one_character")] = ","
    encoding: Annotated[Word, AfterValidator(_encoding)] = "utf-8-sig"
    """Of the table, and of names that are not UTF-8 on the disk."""
    files: Annotated[str, AfterValidator(_pattern)] | None = None
    """Without a table: a regular expression with named groups that a file's whole path must fit."""
    attachments: list[Word] = Field([])
    """With a table: where the files of a row are, such as "{path}/{name}"."""
    one_item_per: Word | None = None
    """What rows or files of an item share, such as "{client}/{number}"; without it each is one."""
    no_part: Annotated[str, AfterValidator(_pattern)] | None = None
    """Files that are part of no item and not told of: the whole path fits this expression."""
    translate: dict[Word, dict[Word, str]] = Field({})
    """column or group → what it says → what that means here. What is not listed stays as it is."""
    client: Word
    """The client's code, such as "{client}"."""
    item: dict[Word, str | list[str]]
    """Keys of the sidecar, such as description: "{title}"."""


Row = tuple[str, dict[str, str], list[str]]
"""Where it comes from, what it says by column or group, and its files' paths."""


@dataclass(frozen=True, slots=True)
class ArchiveItem:
    """One item of the archive. `source`: where it comes from, for faults."""

    source: str
    client: str
    keys: Mapping[str, str | Sequence[str]]
    """What its sidecar says of it, but for the attachments."""
    paths: tuple[str, ...]
    """Of its files, below the archive's folder."""
    torn: str | None = None
    """Where other rows of the same item are, that don't lie beside these."""

    @property
    def folder(self) -> str:
        """The drop's folder: the same for the same files, whatever the map says of them."""
        key = "\n".join(self.paths or (self.source, *lines_of(self.keys)))
        return PREFIX + hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:20]


def read_import_map(path: Path, defaults: Mapping[str, object] | None = None) -> ImportMap:
    """The map at `path`, over `defaults`. Raises MapError with all its faults; OSError."""
    tree, faults = read_map(files.read_plain(path, MAP_LIMITS.bytes + 1)[0], MAP_LIMITS)
    wrong = [(f"{path}:{one.line}", one.message) for one in faults]
    try:
        given = plain(tree)
        found = ImportMap.model_validate({**(defaults or {}), **given} if isinstance(given, dict) else given)
    except ValidationError as error:
        told = [describe(str(path), tree, detail, ImportMap) for detail in error.errors(include_url=False)]
        wrong += [(f"{path}:{one.line}: {one.key}", one.message) for one in told]
        raise MapError(*wrong) from error
    if bool(found.table) == bool(found.files):
        wrong.append((f"{path}:1", sentence("importing.table_or_files")))
    if wrong:
        raise MapError(*wrong)
    return found


class Archive:
    """The folder that is imported, read by a map. Only ever read."""

    def __init__(self, folder: Path, given: ImportMap) -> None:
        self.folder = folder
        self.map = given
        self.used: set[str] = set()
        """Paths of files that the entries read so far speak for."""
        self._listings: dict[str, dict[str, list[str]]] = {}

    def entries(self) -> Iterator[ArchiveItem]:
        """The items, in the order of the table or of the paths. Raises MapError, OSError."""
        rows, shared = self._rows() if self.map.table else self._files(), self.map.one_item_per
        begun: dict[str, str] = {}
        for key, group in groupby(rows, lambda row: self._filled(shared, row[1]) if shared else row[0]):
            beside = list(group)
            yield self._entry(beside, begun.setdefault(key, beside[0][0]))

    def left_out(self) -> Iterator[Sentence]:
        """What no entry spoke for, and why not if it is no plain file. Ask when all were read."""
        for path, reason in self._walk():
            if reason is not None:
                yield sentence("importing.left_out_as", name=names.printable(path), why=reason)
            elif path not in self.used and path != self.map.table and not re.fullmatch(self.map.no_part or "", path):
                yield plain_text(names.printable(path))

    def locate(self, path: str) -> str | None:
        """The file that is called `path`, below the folder and not through a link; else None.

        Names match as in the inbox: after Unicode normalisation, and regardless of case where only
        one fits. One that is not UTF-8 on the disk is read as the table is.
        """
        found = ""
        for part in path.split("/"):
            alike = self._listing(found).get(names.fold(self._as_text(part)), [])
            fits = [name for name in alike if name == part] or alike
            if len(fits) != 1:
                return None
            found = f"{found}/{fits[0]}" if found else fits[0]
        return found

    @contextmanager
    def opened(self, path: str) -> Iterator[At]:
        """A located file's place, in a folder held open and reached without a link. OSError."""
        *folders, last = path.split("/")
        with open_beneath(self.folder, *folders) as folder:
            yield folder / last

    def _listing(self, folder: str) -> dict[str, list[str]]:
        """What is in a folder of the archive, links apart: folded name → names."""
        if folder not in self._listings:
            listing = self._listings[folder] = {}
            try:
                with os.scandir(self.folder / folder) as entries:
                    there = [entry.name for entry in entries if not entry.is_symlink()]
            except OSError:
                there = []  # whoever asks for a file of it is told that there is none; left_out says why
            for name in there:
                listing.setdefault(names.fold(self._as_text(name)), []).append(name)
        return self._listings[folder]

    def as_read(self, path: str) -> str:
        """The path as people read it."""
        return "/".join(map(self._as_text, path.split("/")))

    def is_unread(self, path: str) -> bool:
        """True if something of it is neither UTF-8 nor in the map's encoding."""
        return UNREAD in self.as_read(path) and UNREAD not in path

    def _as_text(self, name: str) -> str:
        try:
            name.encode()
        except UnicodeEncodeError:
            return os.fsencode(name).decode(self.map.encoding, "replace")
        return name

    def _rows(self) -> Iterator[Row]:
        assert self.map.table is not None
        located = self.locate(os.path.normpath(self.map.table))
        if located is None:
            raise FileNotFoundError(errno.ENOENT, sentence("importing.no_table"), self.map.table)
        line = 1
        try:
            with (
                self.opened(located) as place,
                files.open_plain(place) as descriptor,
                open(descriptor, encoding=self.map.encoding, newline="", closefd=False) as stream,
            ):
                delimiter, above = self._delimiter(stream)
                table = csv.DictReader(stream, delimiter=delimiter, restkey="", restval="")
                self._check_header(table.fieldnames or ())
                for row in table:
                    line = above + table.line_num
                    source = f"{self.map.table}:{line}"
                    if "" in row:
                        raise MapError((source, sentence("importing.more_columns")))
                    values = {name: self._meaning(name, value.strip()) for name, value in row.items()}
                    wanted = [self._filled(template, values) for template in self.map.attachments]
                    yield source, values, [os.path.normpath(one.replace("\\", "/")) for one in wanted if one]
        except (UnicodeError, LookupError, csv.Error) as error:
            told = sentence("importing.encoding", at=line, encoding=self.map.encoding, error=str(error))
            raise MapError((self.map.table, told)) from error

    def _delimiter(self, stream: IO[str]) -> tuple[str, int]:
        """The map's; or the one of the line `sep=;` that Excel writes on top. And those lines."""
        first = stream.readline()
        if said := re.fullmatch(r"sep=(.)\s*", first):
            return said[1], 1
        stream.seek(0)
        return self.map.delimiter, 0

    def _check_header(self, columns: Sequence[str]) -> None:
        if len(columns) == 1 and (marks := [mark for mark in ";\t,|" if mark in columns[0]]):
            mark = _AS_TYPED.get(marks[0], marks[0])
            raise MapError((f"{self.map.table}:1", sentence("importing.one_column", mark=mark)))
        if twice := sorted({name for name in columns if list(columns).count(name) > 1}):
            named = [f"`{name}`" for name in twice]
            raise MapError((f"{self.map.table}:1", sentence("importing.same_columns", names=named)))
        self._check_names(set(columns), f"{self.map.table}:1")

    def _files(self) -> Iterator[Row]:
        pattern = re.compile(self.map.files or "")
        self._check_names(set(pattern.groupindex), "files")
        found = []
        for path, reason in self._walk():
            if reason is None and (match := pattern.fullmatch(self.as_read(path))):
                values = {name: self._meaning(name, (value or "").strip()) for name, value in match.groupdict().items()}
                found.append((self._filled(self.map.one_item_per or "", values), path, values))
        for _, path, values in sorted(found, key=lambda one: one[:2]):
            yield path, values, [path]

    def _walk(self) -> Iterator[tuple[str, Sentence | None]]:
        """Every file of the archive, in order, with why it can't be one of an item."""
        unread: list[OSError] = []
        for folder, below, here in os.walk(self.folder, onerror=unread.append):
            links = [name for name in below if os.path.islink(os.path.join(folder, name))]
            below[:] = sorted(name for name in below if not (name.startswith(".") or names.is_of_system(name) or name in links))
            for name in sorted([*here, *links]):
                if name.startswith(_JUNK_PREFIXES) or names.is_of_system(name):
                    continue
                path = os.path.join(folder, name)
                reason = sentence("importing.a_link") if os.path.islink(path) else None
                reason = reason or (None if os.path.isfile(path) else sentence("importing.no_plain_file"))
                yield os.path.relpath(path, self.folder), reason
        for error in unread:
            yield os.path.relpath(error.filename, self.folder), sentence("importing.unreadable", why=system.why(error))

    def _meaning(self, name: str, value: str) -> str:
        return self.map.translate.get(name, {}).get(value, value)

    def _check_names(self, known: set[str], where: str) -> None:
        """Raises MapError if the map uses a name that there is none of."""
        texts = [self.map.client, self.map.one_item_per or "", *self.map.attachments]
        texts += [one for value in self.map.item.values() for one in ([value] if isinstance(value, str) else value)]
        used = {name for text in texts for name in _PLACE.findall(text)} | set(self.map.translate)
        if unknown := sorted(used - known):
            named = [f"`{name}`" for name in unknown]
            there = sorted(known) or sentence("importing.nothing")
            raise MapError((where, sentence("importing.no_such_name", names=named, known=there)))

    @staticmethod
    def _filled(template: str, values: Mapping[str, str]) -> str:
        return _PLACE.sub(lambda match: values.get(match[1], ""), template).strip()

    def _entry(self, rows: Sequence[Row], begun: str) -> ArchiveItem:
        """Rows of one item, begun at `begun`. The first says what holds; each brings its files."""
        source, values, _ = rows[0]
        paths = tuple(dict.fromkeys(self.locate(path) or path for _, _, brought in rows for path in brought))
        self.used.update(paths)
        keys: dict[str, str | Sequence[str]] = {}
        for key, value in self.map.item.items():
            if isinstance(value, str):
                texts = [self._filled(value, values).replace(SEVERAL, ", ")]
            else:
                texts = [text for one in value for text in self._filled(one, values).split(SEVERAL)]
            if filled := list(dict.fromkeys(text for text in texts if text)):
                keys[key] = filled[0] if isinstance(value, str) else filled
        return ArchiveItem(source, self._filled(self.map.client, values), keys, paths, begun if begun != source else None)
