"""Writes OLE compound files ([MS-CFB]), as Outlook, Word 97 and Windows Installer make them, of given streams."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import pairwise
from typing import TypeAlias

Streams: TypeAlias = Mapping[str, "bytes | Streams"]

SECTOR, FREE, END, FAT = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SMALL, SMALL_SECTOR = 4096, 64
"""A stream of fewer bytes lies in the root's own stream, in sectors of its own."""

NOTHING = "00" * 16


def compound(streams: Streams, class_id: str = NOTHING, pad_sectors: int = 0) -> bytes:
    """A compound file of these streams and storages. `pad_sectors`: so many unused ones lie before the directory."""
    entries: list[dict[str, int | str | bytes]] = [{"name": "Root Entry", "kind": 5, "data": b""}]
    _collect(streams, entries, 0)
    chunks: list[bytes] = []
    table: list[int] = []

    def place(data: bytes) -> int:
        """Where these bytes begin, in sectors that follow each other."""
        count = -(-len(data) // SECTOR)
        first = len(table)
        chunks.append(data.ljust(count * SECTOR, b"\0"))
        table.extend([first + n + 1 for n in range(count - 1)] + [END] * bool(count))
        return first if count else END

    if pad_sectors:
        place(bytes(pad_sectors * SECTOR))
    small, small_table = b"", list[int]()
    for entry in [*entries[1:], entries[0]]:
        if entry["kind"] == 5:
            entry["data"] = small
        data = entry["data"]
        assert isinstance(data, bytes)
        entry["size"] = len(data)
        if entry["kind"] == 5 or len(data) >= SMALL or not data:
            entry["first"] = place(data) if data else END
            continue
        count = -(-len(data) // SMALL_SECTOR)
        entry["first"] = len(small_table)
        small_table += [len(small_table) + n + 1 for n in range(count - 1)] + [END]
        small += data.ljust(count * SMALL_SECTOR, b"\0")
    small_tables = place(struct.pack(f"<{len(small_table)}I", *small_table)) if small_table else END
    small_count = -(-len(small_table) * 4 // SECTOR)
    directory = place(b"".join(_entry(entry, class_id if number == 0 else NOTHING) for number, entry in enumerate(entries)))
    count = -(-len(table) // 127)
    first = len(table)
    table += [FAT] * count
    per = SECTOR // 4
    tables = struct.pack(f"<{count * per}I", *table, *([FREE] * (count * per - len(table))))
    listed = [first + number for number in range(count)]
    more, difat = END, b""
    if count > 109:  # the list of tables goes on in sectors of its own
        more = first + count
        rest = listed[109:]
        for start in range(0, len(rest), 127):
            part = rest[start : start + 127]
            behind = more + start // 127 + 1 if start + 127 < len(rest) else END
            difat += struct.pack("<128I", *part, *([FREE] * (127 - len(part))), behind)
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), bytes(16), 0x3E, 3, 0xFFFE, 9, 6, 0, count, directory, 0, SMALL,
        small_tables, small_count, more,
        len(difat) // SECTOR,
    )  # fmt: skip
    header += struct.pack("<109I", *listed[:109], *([FREE] * (109 - len(listed[:109]))))
    return header + b"".join(chunks) + tables + difat


def _collect(streams: Streams, entries: list[dict[str, int | str | bytes]], parent: int) -> None:
    """A directory's tree as a list: each child is the right neighbour of the one before."""
    numbers = []
    for name, content in sorted(streams.items(), key=lambda pair: (len(pair[0]), pair[0].upper())):
        number = len(entries)
        numbers.append(number)
        is_stream = isinstance(content, bytes)
        entries.append({"name": name, "kind": 2 if is_stream else 1, "data": content if isinstance(content, bytes) else b""})
        if not isinstance(content, bytes):
            _collect(content, entries, number)
    for one, right in pairwise(numbers):
        entries[one]["right"] = right
    if numbers:
        entries[parent]["child"] = numbers[0]


def _entry(entry: Mapping[str, int | str | bytes], class_id: str) -> bytes:
    name = str(entry["name"]).encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", name, len(name), entry["kind"], 1, FREE, entry.get("right", FREE), entry.get("child", FREE),
        bytes.fromhex(class_id), 0, 0, 0, entry["first"], entry["size"],
    )  # fmt: skip
