"""Zip and gzip files: the names in them, and what is packed there, one level deep."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from functools import partial
from typing import BinaryIO

from workflow.guard.readers.gathering import PART_BYTES, Gathering, NoText
from workflow.guard.readers.office import opened, packed_part

ENTRIES_MOST = 2_000
"""Of an archive's files so many are looked into; the names of all are read."""


def read_zip(gathering: Gathering, stream: BinaryIO) -> None:
    """Raises Enough, Unreadable."""
    gathering.open_archive()
    with opened(stream) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        gathering.add(f"{archive.comment.decode('utf-8', 'replace')}\n")
        for entry in entries:
            gathering.add(f"{entry.filename}\n{entry.comment.decode('utf-8', 'replace')}\n")
        if len(entries) > ENTRIES_MOST:
            gathering.miss("beginning")
        for entry in entries[:ENTRIES_MOST]:
            if name := entry.filename.rpartition("/")[2]:
                gathering.within(name, partial(_read_entry, gathering, archive, entry, name), in_archive=True)


def _read_entry(gathering: Gathering, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    if entry.flag_bits & 1:
        raise NoText("password")
    if entry.file_size > PART_BYTES:
        gathering.miss("beginning")
    gathering.read_here(name, packed_part(archive, entry))


def read_gzip(gathering: Gathering, stream: BinaryIO, name: str) -> None:
    """Raises Enough, Unreadable."""
    gathering.open_archive()
    try:
        with gzip.GzipFile(fileobj=stream) as file:
            data = file.read(PART_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise NoText("damaged") from error
    inner = name.removesuffix(".gz").removesuffix(".GZ") or "content"
    gathering.within(inner, lambda: gathering.read_here(inner, io.BytesIO(data)), in_archive=True)
