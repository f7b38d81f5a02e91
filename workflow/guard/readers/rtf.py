"""Rich Text Format: letters without commands. Also as Outlook packs it ([MS-OXRTFCP])."""

from __future__ import annotations

import io
import re

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
    rb"\{\\sn\s{1,10}(?:gtextUNICODE|wzDescription|wzTooltip)\}\s{0,100}\{\\sv\s{0,10}((?:[^{}\\]|\\.){1,10000})\}", re.DOTALL
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
    silent, encoding, skip, ends = list[tuple[bool, bool, bool]](), "cp1252", 1, 0
    mute, beside, parted, pending, packed, last = False, False, False, bytearray(), list[bytes](), list[str]()
    data = _without_binary(gathering, data)

    def add(text: str) -> None:
        last.append(text) if beside else gathering.add(text)

    for number, token in enumerate(_TOKENS.finditer(data)):
        word, value, byte, star, escaped, brace, plain = token.groups()
        if number % 4096 == 0:
            gathering.look_at_clock()
        if byte:
            if ends:
                ends -= 1  # what stands for a character in readers that know no Unicode
            elif not mute:
                pending += bytes.fromhex(byte.decode())
            continue
        if pending:
            add(pending.decode(encoding, "replace"))
            pending.clear()
        if brace == b"{":
            silent.append((mute, beside, parted))
            if parted:
                add("\n")
        elif brace == b"}":
            if packed and not (silent and silent[-1][0]):
                _read_object(gathering, b"".join(packed))
                packed.clear()
            if beside and not mute and not (silent and silent[-1][1]):
                add("\n")
            mute, beside, parted = silent.pop() if silent else (False, False, False)
        elif star or word in _BESIDE:
            beside = True
            add("" if mute else "\n")
        elif word:
            if word == _VARIABLE:
                parted = True
            elif word == _LINK:
                mute = False
            if word in _SILENT:
                mute = True
                if word == b"objdata":
                    packed.append(b"")
            elif word == b"ansicpg" and value:
                encoding = _known(f"cp{value.decode()}", encoding)
            elif word in _CHARSETS:
                encoding = _CHARSETS[word]
            elif word == b"uc" and value:
                skip = max(0, min(int(value), 8))
            elif word == b"u" and value and not mute:
                letter = int(value) % 0x10000
                add(chr(letter) if not 0xD800 <= letter < 0xE000 else "")
                ends = skip
            elif not mute and word in _SPACES:
                add(_SPACES[word])
        elif escaped and not mute:
            add(_ESCAPED.get(escaped, escaped.decode("latin-1")))
        elif plain and packed:
            packed.append(plain)
        elif plain and not mute:
            add(plain[ends:].decode(encoding, "replace"))
            ends = 0
    gathering.add("".join(last))
    for shown in _SHOWN.findall(data):
        gathering.add("\n")
        read_rtf(gathering, b"{%b}" % shown)


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
