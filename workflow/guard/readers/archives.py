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
from workflow.guard.readers.plain_text import decoded

ENTRIES_MOST = 2_000
"""Of an archive's files so many are looked into; the names of all are read."""

_HEAD_BYTES, _HAS_MORE, _HAS_NAME, _HAS_REMARK = 4096, 4, 8, 16
"""Of a gzip file's head; its flags."""


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
    gathering.add(f"{_name_within(stream)}\n")
    try:
        with gzip.GzipFile(fileobj=stream) as file:
            data = file.read(PART_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise NoText("damaged") from error
    inner = name.removesuffix(".gz").removesuffix(".GZ") or "content"
    gathering.within(inner, lambda: gathering.read_here(inner, io.BytesIO(data)), in_archive=True)


def _name_within(stream: BinaryIO) -> str:
    """What the packed file was called, and is again when it is unpacked (RFC 1952, 2.3.1)."""
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if len(head) < 12 or not head[3] & (_HAS_NAME | _HAS_REMARK):
        return ""
    at = 12 + int.from_bytes(head[10:12], "little") if head[3] & _HAS_MORE else 10
    told = head[at:].split(b"\0")[: bool(head[3] & _HAS_NAME) + bool(head[3] & _HAS_REMARK)]
    return "\n".join(decoded(one) or "" for one in told)
