"""What pdfium does not tell of a PDF, from its objects as they are written: what its layers are
called (ISO 32000-2, 8.11), what is said in place of a picture (14.9), by whom and why it was signed
(12.8), properties that are packed (14.3) or called as nobody else calls them, what fields are
called and held before they were filled in (12.7), what scripts say and where actions lead (12.6),
and files that are attached beside its list of attachments (14.13).

They are found by words, in the file and in what its object streams (7.5.7) hold: no page is loaded
for it. Of an encrypted document the copy is looked at that pdfium makes. An attached file that is
packed in a way that few programs use is told as not read.
"""

from __future__ import annotations

import codecs
import ctypes
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from pypdfium2 import raw

from workflow.guard.readers.gathering import PART_BYTES, Gathering, NoText

_PACKED, _FILE, _GROUP = b"/ObjStm", b"/EF", b"/OCG"
_LAYERS, _PROPERTIES = (_GROUP, b"/OCProperties", b"/Order"), b"/Metadata"
_SCRIPT, _MADE = b"/JS", (b"/CreationDate", b"/Producer")
_SAID = (
    b"/Alt",
    b"/ActualText",
    b"/ByteRange",
    _SCRIPT,
    b"/URI",
    b"/SubmitForm",
    b"/FT",
    b"/Names",
    b"/Schema",
    b"/OverlayText",
    *_MADE,
)
_WORDS = (_PACKED, _FILE, *_LAYERS, _PROPERTIES, *_SAID)
"""Object streams; a file's specification; layers, and how they are listed; where properties are;
what is said of a picture, in place of letters, by a signature, a script, a field, a list of names,
a portfolio's columns, and what stands among the document's properties."""
_ANY_WORD = re.compile(b"|".join(rb"%b(?![A-Za-z])" % word if word in _SAID else word for word in _WORDS))

_STEP = 1024 * 1024
"""Of the file so much is looked through at once."""

_BEFORE, _AFTER = 4096, 65_536
"""An object is looked for so far before such a word, and behind it."""

_PLACES_MOST, _FILES_MOST, _PROPERTIES_MOST, _SCRIPTS_MOST = 10_000, 100, 10, 100

_FILES = re.compile(rb"/EF\b\s{0,100}(?:<<([^<>]{0,1000})>>|(\d{1,10}\s{1,100}\d{1,5}\s{1,100}R\b))")
_PROPERTIES_AT = re.compile(rb"/Metadata\b\s{0,100}(\d{1,10})\s{1,100}\d{1,5}\s{1,100}R\b")
_SCRIPT_AT = re.compile(rb"/JS\b\s{0,100}(\d{1,10})\s{1,100}\d{1,5}\s{1,100}R\b")
_PROGRAM = re.compile(rb"/(?:Creator|Producer)\b\s{0,100}(?=[(<])")
"""By which program it was made is nobody's name."""
_TIME = re.compile(r"D:\d{4,14}[Z+-]?[\d']{0,8}")
"""7.9.4"""
_REFERENCE = re.compile(rb"(\d{1,10})\s{1,100}\d{1,5}\s{1,100}R\b")
_NAMED = (re.compile(rb"/UF\b\s{0,100}"), re.compile(rb"/F\b\s{0,100}"))
_LENGTH = re.compile(rb"/Length\b\s{0,100}(\d{1,10})\b(?!\s{1,100}\d{1,5}\s{1,100}R\b)")
_DEFLATED = re.compile(rb"/Filter\b\s{0,100}(?:\[\s{0,100}/(?:FlateDecode|Fl)\s{0,100}\]|/(?:FlateDecode|Fl)\b)")
_FIRST = re.compile(rb"/First\b\s{0,100}(\d{1,10})")
_STRING = re.compile(rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,2000}\)){0,2000}\)|(?<!<)<([0-9A-Fa-f\s]{2,8000})>", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b" ", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}


class _Stream(NamedTuple):
    dictionary: bytes
    data: bytes | None
    """As it was before it was packed; None if that is not known."""
    end: int
    """Where it ends in the file."""


class PdfObjects:
    """What a document's objects say. `content`: all of its bytes. Raises Enough."""

    def __init__(self, gathering: Gathering, document: object, content: object) -> None:
        self._gathering = gathering
        is_encrypted = raw.FPDF_GetSecurityHandlerRevision(document) >= 0
        self._file = memoryview(_copy(gathering, document) if is_encrypted else content)  # type: ignore[arg-type]  # bytes, or an array of them
        self._places = self._found()
        self._packed = self._object_streams() if self._places[_PACKED] else b""

    def titles(self) -> list[str]:
        """What the layers are called, and groups of them; what is said of pictures and by
        signatures."""
        has_layers = self._places[_GROUP] or _GROUP in self._packed
        words = (*(_LAYERS if has_layers else ()), *_SAID)
        said = [_text(found) for written in self._with(*words) for found in _STRING.finditer(_without_programs(written))]
        return [text for text in said if not _TIME.fullmatch(text)]

    def scripts(self) -> Iterator[str]:
        """Those that are too long to stand where they belong."""
        wanted = {int(number) for written in self._with(_SCRIPT) for number in _SCRIPT_AT.findall(written)}
        if len(wanted) > _SCRIPTS_MOST:
            self._gathering.miss("beginning")
        for _, data in self._streams(dict.fromkeys(sorted(wanted)[:_SCRIPTS_MOST], "")):
            yield _decoded(data or b"")

    def packed_properties(self) -> Iterator[bytes]:
        """The document's properties as XML."""
        wanted = {int(number) for written in self._with(_PROPERTIES) for number in _PROPERTIES_AT.findall(written)}
        for _, data in self._streams(dict.fromkeys(sorted(wanted)[:_PROPERTIES_MOST], "")):
            if data:
                yield data

    def read_attached(self, read: set[bytes]) -> None:
        """Read what is attached, but what was read: its SHA-256 are `read`."""
        wanted = dict[int, str]()
        for written in self._with(_FILE):
            named = (_STRING.match(written, at.end()) for key in _NAMED for at in key.finditer(written))
            name = next((_text(string) for string in named if string), "") or "attachment"
            if _FILES.search(written):  # what it is said to be, and to belong to (7.11.6)
                self._gathering.add("\n".join(_text(found) for found in _STRING.finditer(written)) + "\n")
            for found in _FILES.finditer(written):
                for number in _REFERENCE.findall(found[1] or found[2]):
                    wanted.setdefault(int(number), name)
        if len(wanted) > _FILES_MOST:
            self._gathering.miss("beginning")
        known, others, unknown = set(read), set(read), list[str]()
        for number, data in self._streams(dict(list(wanted.items())[:_FILES_MOST])):
            digest = hashlib.sha256(data).digest() if data is not None else b""
            others.discard(digest)
            if data is None:
                unknown.append(wanted[number])
            elif data and digest not in known:
                known.add(digest)
                self._gathering.part(wanted[number], io.BytesIO(data))
        for name in unknown[len(others) :]:  # the others are those that pdfium unpacked
            self._gathering.within(name, _not_unpacked)

    def _found(self) -> dict[bytes, list[int]]:
        """Where each of the words stands in the file."""
        places: dict[bytes, list[int]] = {word: [] for word in _WORDS}
        for begin in range(0, len(self._file), _STEP):
            for word in _ANY_WORD.finditer(self._file[begin : begin + _STEP + max(map(len, _WORDS)) - 1]):
                found = places[word[0]]
                at = begin + word.start()
                if len(found) < _PLACES_MOST and at > max(found[-1:], default=-1):  # it may lie in two steps
                    found.append(at)
            self._gathering.look_at_clock()
        if any(len(found) == _PLACES_MOST for found in places.values()):
            self._gathering.miss("beginning")
        return places

    def _object_streams(self) -> bytes:
        """The objects that lie in object streams, each between words as in the file."""
        packed, left = list[bytes](), PART_BYTES
        for place in self._places[_PACKED]:
            begin = max(0, place - _BEFORE)
            begin += bytes(self._file[begin:place]).rfind(b"obj") + 3
            stream = self._stream(begin, left)
            if stream is None or _PACKED not in stream.dictionary:
                continue  # a word in something else
            if stream.data is None:
                self._gathering.miss("damaged")
                continue
            left -= len(stream.data)
            if any(word in stream.data for word in _WORDS):
                first = int(found[1]) if (found := _FIRST.search(stream.dictionary)) else 0
                starts = sorted(
                    int(number) for number in stream.data[:first].split()[1::2] if number.isdigit() and len(number) < 11
                )
                for start, end in pairwise([*starts, len(stream.data)]):
                    packed.append(stream.data[first + start : first + end])
            self._gathering.look_at_clock()
        return b"obj" + b"endobj obj".join(packed) + b"endobj"

    def _with(self, *words: bytes) -> Iterator[bytes]:
        """Each object in which one of these words stands, as it is written."""
        for source, places in (
            (self._file, sorted(place for word in words for place in self._places[word])),
            (memoryview(self._packed), sorted(found.start() for word in words for found in re.finditer(word, self._packed))),
        ):
            done = 0
            for place in places:
                if place < done:
                    continue
                begin = max(done, place - _BEFORE)
                begin += bytes(source[begin:place]).rfind(b"obj") + 1
                behind = bytes(source[place : place + _AFTER])
                done = place + (end if (end := behind.find(b"endobj")) >= 0 else len(behind))
                yield bytes(source[begin:done])
                self._gathering.look_at_clock()

    def _streams(self, wanted: Mapping[int, str]) -> Iterator[tuple[int, bytes | None]]:
        """What these objects hold, each as often as it was changed; None: not known."""
        if not wanted:
            return
        seen, end = set[int](), 0
        numbers = b"|".join(b"%d" % number for number in wanted)
        for found in re.finditer(rb"(?<!\d)(%b)\s{1,100}\d{1,5}\s{1,100}obj\b" % numbers, self._file):
            stream = self._stream(found.end(), PART_BYTES + 1)
            if found.start() >= end and stream is not None:  # and no object of a PDF that is attached
                end, number = stream.end, int(found[1])
                seen.add(number)
                yield number, stream.data if stream.data is None or len(stream.data) <= PART_BYTES else None
            self._gathering.look_at_clock()
        yield from ((number, None) for number in wanted if number not in seen)

    def _stream(self, begin: int, most: int) -> _Stream | None:
        """The stream of the object that begins there, at most so many bytes; None: it has none."""
        head = bytes(self._file[begin : begin + _BEFORE])
        at = re.search(rb"\bstream(\r\n|\n|\r)", head.partition(b"endobj")[0])
        if at is None:
            return None
        dictionary, begin = head[: at.start()], begin + at.end()
        end = begin + int(found[1]) if (found := _LENGTH.search(dictionary)) else -1
        if end < 0 or not bytes(self._file[end : end + 20]).lstrip().startswith(b"endstream"):
            end = next((found.start() for found in re.finditer(rb"endstream", self._file[begin:])), -1)
            if end < 0:
                return _Stream(dictionary, None, begin)
            end += begin
        data = self._file[begin:end]
        if b"/Filter" not in dictionary:
            return _Stream(dictionary, bytes(data[:most]), end)
        if not _DEFLATED.search(dictionary) or b"/Predictor" in dictionary or b"/Crypt" in dictionary:
            return _Stream(dictionary, None, end)
        try:
            return _Stream(dictionary, zlib.decompressobj().decompress(data, most), end)
        except zlib.error:
            return _Stream(dictionary, None, end)


def _copy(gathering: Gathering, document: object) -> bytes:
    """The document without its encryption, as far as that may take memory."""
    pieces, size = list[bytes](), 0

    def write(_: object, data: object, length: int) -> int:
        nonlocal size
        size += length
        if size > PART_BYTES:
            return 0
        pieces.append(ctypes.string_at(data, length))  # type: ignore[arg-type]
        return 1

    writer = raw.FPDF_FILEWRITE()
    writer.version = 1
    writer.WriteBlock = type(writer.WriteBlock)(write)
    if not raw.FPDF_SaveAsCopy(document, ctypes.byref(writer), raw.FPDF_REMOVE_SECURITY):
        gathering.miss("beginning" if size > PART_BYTES else "damaged")
    return b"".join(pieces)


def _text(found: re.Match[bytes]) -> str:
    """A string as it is meant (7.9.2)."""
    if found[1] is not None:
        digits = b"".join(found[1].split())
        data = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    else:
        data = _ESCAPED.sub(_letter, found[0][1:-1])
    return _decoded(data)


def _without_programs(written: bytes) -> bytes:
    for found in reversed(list(_PROGRAM.finditer(written))):
        if said := _STRING.match(written, found.end()):
            written = written[: found.start()] + written[said.end() :]
    return written


def _decoded(data: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF8, "utf-8")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("cp1252", "replace")


def _letter(found: re.Match[bytes]) -> bytes:
    if found[1][0] in b"01234567":
        return bytes([int(found[1], 8) % 256])
    return _MEANT.get(found[1], found[1])


def _not_unpacked() -> None:
    raise NoText("format")
