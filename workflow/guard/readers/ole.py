"""Old Office formats (.doc, .xls, .ppt, .pub) and Outlook's .msg: compound files, by olefile.

Of workbooks calamine reads the cells, of presentations the records of text are taken. All else is
told by the runs of letters in the streams, in both ways in which these formats write text (one byte
a character, or two): Word's own reading of a file needs a thousand rules, but whose name is in it
needs none. So what was deleted and is still in the file is found as well. A file that lies within
it (an object in a letter, a slide, a mail) is read as what is attached to a mail.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from dossier.files.marks import marks_of
from workflow.guard.readers import cells, rtf
from workflow.guard.readers.gathering import PART_BYTES, Gathering, NoText
from workflow.guard.readers.macros import read_module
from workflow.guard.readers.native import NATIVE, read_native
from workflow.guard.readers.office import without_codes
from workflow.guard.readers.plain_text import decoded_html, text_of_html

if TYPE_CHECKING:
    from olefile import OleFileIO

_NARROW = re.compile(rb"[\x07\x09-\x0d\x1e\x1f\x20-\x7e\x82-\x8c\x91-\x9c\xa0-\xff]{4,}")
_WIDE = re.compile(rb"(?:[\x07\x09-\x0d\x1e\x1f\x20-\x7e\xa0-\xff]\x00|[\x00-\xff][\x01\x02\x1e\x20]){4,}")
_TELLING = re.compile(r"[A-Za-z0-9]{3}")
"""What a run of letters has at least, that is no number or picture by chance."""

_SPACES = str.maketrans({"\x07": "\t", "\x0b": "\n", "\x0c": "\n", "\r": "\n", "\x1e": "-", "\x1f": ""})
"""How Word marks cells, line and page breaks, and hyphens that don't break or needn't."""

_PICTURES = ("pictures", "data", "__nameid_version1.0")
"""Streams and storages in which there are no texts."""

_WORD_ENCRYPTED, _BOOK_ENCRYPTED, _SLIDES_ENCRYPTED = 0x01, 0x2F, 0xF3D1C4DF
"""[MS-DOC] 2.5.2 (fEncrypted), [MS-XLS] 2.4.117 (FilePass), [MS-PPT] 2.3.2 (headerToken)."""


_FILES = frozenset(["pdf", "gz", "zip", "docx", "xlsx", "xlsb", "pptx", "vsdx", "odt", "ods", "odp", "odg"])
"""Kinds (marks.py) of a stream that is a file: the stream is called `Package` or `CONTENTS`."""


def read_ole(gathering: Gathering, stream: BinaryIO, kind: str) -> None:
    """A file of this kind (marks.py): doc, xls, ppt, pub, msg; `ole`, an object of some program,
    of which it is told that not all is read. Raises Enough, Unreadable."""
    import olefile

    try:
        with olefile.OleFileIO(stream) as file:
            if kind == "msg":
                _read_message(gathering, file, ())
                return
            _refuse_encrypted(file, kind)
            if kind == "xls":
                cells.read_cells(gathering, stream)
            has_file = _read_streams(gathering, file, ())
            if kind == "ole" and not has_file:
                gathering.miss("format")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError, struct.error) as error:
        raise NoText("damaged") from error  # olefile raises what comes where a directory is hostile


def _read_streams(gathering: Gathering, file: OleFileIO, place: tuple[str, ...]) -> bool:
    """All in this storage. Returns whether a file lies in it. Raises Enough, Unreadable."""
    depth, has_file = len(place), False
    for path in file.listdir():
        if tuple(path[:depth]) != place or path[-1].lower() in _PICTURES or path[depth].lower() in _PICTURES:
            continue
        data = file.openstream(path).read(PART_BYTES)
        if path == ["PowerPoint Document"]:
            _read_slides(gathering, data)
        elif path[-1] == NATIVE:
            has_file = True
            read_native(gathering, data[4:])
        elif marks_of(data).kind in _FILES:
            has_file = True
            gathering.part(path[-1], io.BytesIO(data))
        else:
            _read_runs(gathering, data)
            read_module(gathering, data)
    return has_file


def _refuse_encrypted(file: OleFileIO, kind: str) -> None:
    """Raises Unreadable."""
    is_encrypted = False
    if kind == "doc":
        is_encrypted = bool(file.openstream("WordDocument").read(12)[11] & _WORD_ENCRYPTED)
    elif kind == "xls":
        book = "Workbook" if file.exists("Workbook") else "Book"
        is_encrypted = _BOOK_ENCRYPTED in _records(file.openstream(book).read(4096))
    elif kind == "ppt" and file.exists("Current User"):
        is_encrypted = int.from_bytes(file.openstream("Current User").read(16)[12:16], "little") == _SLIDES_ENCRYPTED
    if is_encrypted:
        raise NoText("password")


def _records(head: bytes) -> Iterator[int]:
    """The kinds of a workbook's first records."""
    at = 0
    while at + 4 <= len(head):
        yield int.from_bytes(head[at : at + 2], "little")
        at += 4 + int.from_bytes(head[at + 2 : at + 4], "little")


def _read_runs(gathering: Gathering, data: bytes) -> None:
    for runs, encoding in ((_WIDE, "utf-16-le"), (_NARROW, "cp1252")):
        for number, run in enumerate(runs.finditer(data)):
            text = run[0].decode(encoding, "replace").translate(_SPACES)
            if _TELLING.search(text):
                gathering.add(without_codes(text) + "\n")
            elif number % 1_000 == 0:
                gathering.look_at_clock()


_CONTAINER, _WIDE_TEXTS, _NARROW_TEXT, _OBJECT = 0x0F, (0x0FA0, 0x0FBA), 0x0FA8, 0x1011
"""[MS-PPT] 2.3.1 (recVer), 2.9.41 TextCharsAtom and 2.2.5 strings, 2.9.42 TextBytesAtom, 2.10.34
ExOleObjStg."""


def _read_slides(gathering: Gathering, data: bytes) -> None:
    """Records within records, some of them text. Those of earlier savings are among them."""
    at = 0
    while at + 8 <= len(data):
        version, kind, length = struct.unpack_from("<HHI", data, at)
        at += 8
        if version & 0x0F == _CONTAINER:
            continue
        if kind in _WIDE_TEXTS:
            gathering.add(data[at : at + length].decode("utf-16-le", "replace").translate(_SPACES) + "\n")
        elif kind == _NARROW_TEXT:
            gathering.add(data[at : at + length].decode("latin-1").translate(_SPACES) + "\n")
        elif kind == _OBJECT:
            gathering.part("object", io.BytesIO(_object(data[at : at + length], is_packed=version >> 4 == 1)))
        at += length


def _object(data: bytes, is_packed: bool) -> bytes:
    """What is embedded in a slide; nothing where it can't be unpacked, which is told as empty."""
    if not is_packed:
        return data
    try:
        return zlib.decompressobj().decompress(data[4:], PART_BYTES)
    except zlib.error:
        return b""


# Outlook ([MS-OXMSG]): a property is a stream whose name ends in what it is and how it is written.

_BODY, _HTML, _RTF = "1000", "10130102", "10090102"
BESIDE_BYTES = 256 * 1024
"""So much of a formatted text is read, as it is packed, where the same text is there as another."""

_ATTACHED, _ATTACHED_MESSAGE, _LONG_NAME, _SHORT_NAME = "37010102", "3701000D", "3707", "3704"
_SHOWN_AS, _LAY_AT = "3001", ("370D", "3708")
"""What an attachment is called in the message, and where it was taken from."""


def _read_message(gathering: Gathering, file: OleFileIO, place: tuple[str, ...]) -> None:
    """The message in this storage: texts, recipients, attachments. Raises Enough, Unreadable."""
    depth, attached, has_body = len(place), dict[str, None](), False
    for path in file.listdir():
        if tuple(path[:depth]) != place or len(path) == depth:
            continue
        first, last = path[depth].lower(), path[-1].lower()
        if first.startswith("__attach"):
            attached[path[depth]] = None
        elif len(path) <= depth + 2 and first not in _PICTURES and last.startswith("__substg1.0_"):
            text = _property(file, path)
            has_body = has_body or (last[12:16] == _BODY and bool(text.strip()))
            gathering.add(f"{text}\n" if text else "")
    for name, read in ((_HTML, _read_html), (_RTF, rtf.read_compressed)):  # each may say what the others don't
        if file.exists([*place, f"__substg1.0_{name}"]):
            data = file.openstream([*place, f"__substg1.0_{name}"]).read(PART_BYTES)
            if name == _RTF and has_body and len(data) > BESIDE_BYTES:
                gathering.miss("beginning")
                data = data[:BESIDE_BYTES]
            read(gathering, data)
            has_body = True
    for storage in attached:
        _read_attached(gathering, file, (*place, storage))


def _read_object(gathering: Gathering, file: OleFileIO, place: tuple[str, ...]) -> None:
    """What stands in a formatted text: part of a workbook, say, as its program keeps it."""
    if not _read_streams(gathering, file, place):
        gathering.miss("format")


def _read_html(gathering: Gathering, data: bytes) -> None:
    gathering.add(text_of_html(decoded_html(data)) + "\n")


def _property(file: OleFileIO, path: list[str]) -> str:
    """The text of a property; empty for one that is none."""
    name, _, is_one_of_several = path[-1].partition("-")
    kind = name[-4:].upper()
    if kind not in (("101F", "101E") if is_one_of_several else ("001F", "001E")):
        return ""
    return str(file.openstream(path).read(PART_BYTES).decode("utf-16-le" if kind[-1] == "F" else "cp1252", "replace"))


def _read_attached(gathering: Gathering, file: OleFileIO, place: tuple[str, ...]) -> None:
    inside = {path[len(place)].upper(): path for path in file.listdir() if tuple(path[: len(place)]) == place}
    names = [_property(file, inside[key]) for number in (_LONG_NAME, _SHORT_NAME) for key in inside if key[12:16] == number]
    name = next((name for name in names if name), "attachment")
    for key, path in inside.items():
        if key[12:16] in (_SHOWN_AS, *_LAY_AT) and (text := _property(file, path)) != name:
            gathering.add(f"{text}\n")
    message = next((key for key in inside if key.endswith(_ATTACHED_MESSAGE)), None)
    if message is not None:
        storage = (*place, inside[message][len(place)])
        is_mail = file.exists([*storage, "__properties_version1.0"])
        gathering.within(name, lambda: (_read_message if is_mail else _read_object)(gathering, file, storage))
    for key, path in inside.items():
        if key.endswith(_ATTACHED):
            gathering.part(name, io.BytesIO(file.openstream(path).read(PART_BYTES)))
