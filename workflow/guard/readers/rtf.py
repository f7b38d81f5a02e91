"""Rich Text Format: letters without commands. Also as Outlook packs it ([MS-OXRTFCP])."""

from __future__ import annotations

import io
import re
from typing import NamedTuple

from workflow.guard.readers.gathering import PART_BYTES, Gathering
from workflow.guard.readers.native import read_native

_TOKENS = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-f]{2})|\\(\*)|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.IGNORECASE | re.DOTALL,
)

_SILENT = frozenset([
    b"fonttbl", b"colortbl", b"stylesheet", b"listtable", b"listoverridetable", b"pict", b"objdata", b"themedata", b"datastore", b"rsidtbl",
    b"latentstyles", b"colorschememapping", b"xmlnstbl", b"filetbl", b"generator", b"mmathPr", b"blipuid", b"pnseclvl", b"htmltag",
    b"sn", b"sv",
])  # fmt: skip
"""Groups without anybody's words."""

_BESIDE = frozenset([
    b"title", b"subject", b"author", b"manager", b"company", b"operator", b"category", b"keywords", b"comment", b"doccomm", b"hlinkbase",
    b"propname", b"staticval", b"footnote", b"hlloc", b"hlfr", b"hlsrc",
    *(place + pages for place in (b"header", b"footer") for pages in (b"", b"l", b"r", b"f")),
])  # fmt: skip
"""Groups whose words are no part of the line they stand in, as of those that begin with `\\*`."""
_VARIABLE, _LINK = b"docvar", b"hl"

_SHOWN = re.compile(
    rb"\{\\sn\s{1,10}(?:gtextUNICODE|wzDescription|wzTooltip|wzName)\}\s{0,100}\{\\sv\s{0,10}((?:[^{}\\]|\\.){1,10000})\}",
    re.DOTALL,
)
"""Of a shape or picture what people get to see: letters that are drawn, what it is said to show."""
_BINARY = re.compile(rb"\\bin(\d{1,10}) ?")
"""So many bytes follow that are neither letters nor commands."""
_NEAR = 100
"""An object's command stands so near before its bytes."""

_SPACES = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"cell": "\t", b"nestcell": "\t", b"nestrow": "\n", b"tab": "\t",
    b"emdash": "-", b"endash": "-", b"lquote": "'", b"rquote": "'", b"ldblquote": '"', b"rdblquote": '"', b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_ESCAPED = {b"~": " ", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n"}

_CHARSETS = {b"ansi": "cp1252", b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850"}


def read_compressed(gathering: Gathering, data: bytes) -> None:
    """As it lies in a mail. Raises Enough."""
    read_rtf(gathering, _unpacked(data))


_BEGUN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArial"
    b"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the dictionary holds before anything was written ([MS-OXRTFCP] 2.1.2.1)."""


def _unpacked(data: bytes) -> bytes:
    """[MS-OXRTFCP] 2.2; what can't be unpacked ends it."""
    kind, packed = data[8:12], data[16:]
    if kind != b"LZFu":
        return packed if kind == b"MELA" else b""
    window = bytearray(_BEGUN.ljust(4096, b"\0"))
    at, out, here = len(_BEGUN), bytearray(), 0
    while here < len(packed) and len(out) < PART_BYTES:
        control = packed[here]
        here += 1
        for bit in range(8):
            if not control >> bit & 1:
                piece = packed[here : here + 1]
                here += 1
            else:
                reference = int.from_bytes(packed[here : here + 2], "big")
                here += 2
                start = reference >> 4
                if start == at:
                    return bytes(out)
                piece = b""
                for number in range((reference & 15) + 2):  # what is written meanwhile may be part of it
                    letter = window[(start + number) % 4096]
                    window[(at + number) % 4096] = letter
                    piece += bytes([letter])
            for letter in piece:
                window[at] = letter
                at = (at + 1) % 4096
            out += piece
            if here >= len(packed):
                break
    return bytes(out)


def read_rtf(gathering: Gathering, data: bytes) -> None:
    """All groups but those without words: headers, notes, comments, properties, too. What is no
    part of the line in which it stands (a bookmark, a field's command) comes last. Enough."""
    data = _without_binary(gathering, data)
    reading = _Reading(gathering)
    for number, token in enumerate(_TOKENS.finditer(data)):
        if number % 4096 == 0:
            gathering.look_at_clock()
        reading.read(token)
    reading.end()
    for shown in _SHOWN.findall(data):
        gathering.add("\n")
        read_rtf(gathering, b"{%b}" % shown)


class _Group(NamedTuple):
    """What holds of the words in a group, and of the groups in it unless they say otherwise."""

    is_mute: bool = False
    """They are nobody's words."""
    is_beside: bool = False
    """They are no part of the line they stand in."""
    is_parted: bool = False
    """Each group in it stands for itself."""


class _Reading:
    """One text, token by token."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._beside: list[str] = []
        """What stands beside lines."""
        self._group, self._above = _Group(), list[_Group]()
        self._encoding = "cp1252"
        self._bytes = bytearray()
        """Of a letter of which more may come."""
        self._stand_ins, self._to_skip = 1, 0
        """How many letters stand behind each in Unicode, for programs that know none, and how many
        of these are left."""
        self._object: list[bytes] = []
        """The digits of an embedded object."""

    def read(self, token: re.Match[bytes]) -> None:
        word, value, byte, star, escaped, brace, plain = token.groups()
        if byte:
            if self._to_skip:
                self._to_skip -= 1
            elif not self._group.is_mute:
                self._bytes += bytes.fromhex(byte.decode())
            return
        self._add_bytes()
        if brace == b"{":
            self._above.append(self._group)
            if self._group.is_parted:
                self._add("\n")
        elif brace == b"}":
            self._close()
        elif star or word in _BESIDE:
            self._group = self._group._replace(is_beside=True)
            self._add("" if self._group.is_mute else "\n")
        elif word:
            self._obey(word, value)
        elif escaped and not self._group.is_mute:
            self._add(_ESCAPED.get(escaped, escaped.decode("latin-1")))
        elif plain and self._object:
            self._object.append(plain)
        elif plain and not self._group.is_mute:
            self._add(plain[self._to_skip :].decode(self._encoding, "replace"))
            self._to_skip = 0

    def end(self) -> None:
        self._add_bytes()
        self._gathering.add("".join(self._beside))

    def _add_bytes(self) -> None:
        if self._bytes:
            self._add(self._bytes.decode(self._encoding, "replace"))
            self._bytes.clear()

    def _add(self, text: str) -> None:
        self._beside.append(text) if self._group.is_beside else self._gathering.add(text)

    def _close(self) -> None:
        above = self._above.pop() if self._above else _Group()
        if self._object and not above.is_mute:
            _read_object(self._gathering, b"".join(self._object))
            self._object.clear()
        if self._group.is_beside and not self._group.is_mute and not above.is_beside:
            self._add("\n")
        self._group = above

    def _obey(self, word: bytes, value: bytes | None) -> None:
        if word == _VARIABLE:
            self._group = self._group._replace(is_parted=True)
        elif word == _LINK:
            self._group = self._group._replace(is_mute=False)
        if word in _SILENT:
            self._group = self._group._replace(is_mute=True)
            if word == b"objdata":
                self._object.append(b"")
        elif word == b"ansicpg" and value:
            self._encoding = _known(f"cp{value.decode()}", self._encoding)
        elif word in _CHARSETS:
            self._encoding = _CHARSETS[word]
        elif word == b"uc" and value:
            self._stand_ins = max(0, min(int(value), 8))
        elif word == b"u" and value and not self._group.is_mute:
            letter = int(value) % 0x10000
            self._add(chr(letter) if not 0xD800 <= letter < 0xE000 else "")
            self._to_skip = self._stand_ins
        elif not self._group.is_mute and word in _SPACES:
            self._add(_SPACES[word])


def _without_binary(gathering: Gathering, data: bytes) -> bytes:
    """The same without pictures and objects that stand there as bytes. Objects are told as not
    read, and what claims more than there is, as damaged."""
    pieces, at = list[bytes](), 0
    for found in _BINARY.finditer(data):
        before = data[max(at, found.start() - _NEAR) : found.start()]
        is_escaped = (len(before) - len(before.rstrip(b"\\"))) % 2
        if found.start() >= at and not is_escaped:
            pieces.append(data[at : found.start()])
            at = found.end() + int(found[1])
            if b"\\objdata" in before:
                gathering.miss("format")
            elif at > len(data):
                gathering.miss("damaged")
    return b"".join((*pieces, data[at:]))


_EMBEDDED = 2
"""[MS-OLEDS] 2.2.4: an object that is here, and no link to one."""


def _read_object(gathering: Gathering, digits: bytes) -> None:
    """An object as it lies there: its program's name, and what that keeps ([MS-OLEDS] 2.2.5)."""
    try:
        data = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        gathering.miss("damaged")
        return
    if int.from_bytes(data[4:8], "little") != _EMBEDDED:
        return
    at, texts = 8, list[bytes]()
    for _ in range(3):  # the program, the place, the part
        length = int.from_bytes(data[at : at + 4], "little")
        texts.append(data[at + 4 : at + 4 + length].rstrip(b"\0"))
        at += 4 + length
    program, inside = (
        texts[0].decode("cp1252", "replace") or "object",
        data[at + 4 :][: int.from_bytes(data[at : at + 4], "little")],
    )
    if program == "Package":
        read_native(gathering, inside)
    else:
        gathering.part(program, io.BytesIO(inside))


def _known(encoding: str, otherwise: str) -> str:
    try:
        b"".decode(encoding)
    except LookupError:
        return otherwise
    return encoding
