"""XML as it streams by: office documents, audit files, XBRL, invoices. By Expat, in pieces.

No tree is built, so neither depth nor size costs memory; entities are expanded by expat under its
own limits, none is fetched, and the gathering says when it is enough. Elements are known by their
local names, so strict Open XML, whose namespaces are others, is read as the usual one.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import unquote
from xml.parsers import expat

from dossier.files.marks import marks_of
from workflow.guard.readers.gathering import PART_BYTES, PICTURES, Gathering, NoText
from workflow.guard.readers.plain_text import files_in

CHUNK = 65_536

WHOLE_BYTES = 1024 * 1024
"""A part of so many bytes is first looked at as a whole."""

NAMES = ("name", "naam")
"""What an element or attribute ends in whose text is somebody's name."""


_TEXT = re.compile(rb">\s*[^\s<]")

_ELEMENT = re.compile(rb"<([^\s/>!?]+)")

_OTHERS = (b"<!", b"\0")
"""A declaration, a comment or CDATA; an encoding in which letters are not bytes."""


def parse(
    stream: BinaryIO,
    gathering: Gathering,
    started: Callable[[str, dict[str, str]], None],
    ended: Callable[[str], None],
    text: Callable[[str], None],
    begun: bytes = b"",
    remark: Callable[[str], None] | None = None,
) -> None:
    """Call these with each local name. What is read before an error counts. Enough, Unreadable.

    `begun`: what was read of the stream already.
    """
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, CHUNK
    parser.StartElementHandler = lambda name, attributes: started(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: ended(name.rpartition(":")[2])
    parser.CharacterDataHandler, parser.CommentHandler = text, remark
    if remark:
        parser.ProcessingInstructionHandler = lambda _, told: remark(told)
    with _or_damaged():
        for first in range(0, len(begun), CHUNK):
            parser.Parse(begun[first : first + CHUNK])
            gathering.look_at_clock()
        while data := stream.read(CHUNK):
            parser.Parse(data)
            gathering.look_at_clock()
        parser.Parse(b"", True)


@contextlib.contextmanager
def _or_damaged() -> Iterator[None]:
    try:
        yield
    except expat.ExpatError as error:
        raise NoText("damaged") from error


ENDING = "BinaryObject"
"""How an element of an invoice (UBL, CII) is called in which there is a file, in base64."""


def read_xml(gathering: Gathering, stream: BinaryIO) -> None:
    """Any XML: each text behind its element's name, each attribute behind its own, as labels.

    A file within it, in an element or in an address, is read as what is attached to a mail.
    """
    last, inside, kept, letters = "", "", list[str](), 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal last, inside
        last = name
        for attribute, value in attributes.items():
            if not attribute.startswith("xmlns") and not value.isspace():
                gathering.add(f"\n{_label(attribute.rpartition(':')[2])}: {value}")
                read_files_in(gathering, value)
        if name.endswith(ENDING):
            inside = attributes.get("filename") or name

    def ended(_: str) -> None:
        nonlocal last, inside, letters
        last = ""
        if inside:
            file, data, is_cut = inside, _unpacked("".join(kept)), letters > PART_BYTES
            inside, letters = "", 0
            kept.clear()
            if is_cut:
                gathering.miss("beginning")
            gathering.part(file, io.BytesIO(data))

    def text(piece: str) -> None:
        nonlocal last, letters, inside
        if not inside and last and _begins_file(piece):
            inside = last
        if inside:
            letters += len(piece)
            if letters <= PART_BYTES:
                kept.append(piece)
        elif not piece.isspace():
            gathering.add(f"\n{_label(last)}: {piece}" if last else piece)
            last = ""

    parse(stream, gathering, started, ended, text, remark=lambda piece: gathering.add(f"\n{piece}\n"))


def read_files_in(gathering: Gathering, source: str) -> None:
    """What is written out in addresses there; a picture is no paper. Raises Enough."""
    for data in files_in(source):
        if marks_of(data).kind not in PICTURES:
            gathering.part("data", io.BytesIO(data))


HEAD_LETTERS, HEAD_SPAN = 40, 400
"""By so many letters of base64 it is told what file they begin, and so far they are looked for."""


def _begins_file(piece: str) -> bool:
    """True for text that is a file in base64, and no picture."""
    if len(piece) < HEAD_LETTERS:
        return False
    head = "".join(piece[:HEAD_SPAN].split())[: HEAD_SPAN // 4 * 3]
    try:
        data = binascii.a2b_base64(head[: len(head) // 4 * 4], strict_mode=True) if len(head) >= HEAD_LETTERS else b""
    except ValueError:
        return False
    return marks_of(data).kind not in {"", "mt940", *PICTURES}


def _unpacked(text: str) -> bytes:
    """What is written in base64; as it stands, where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return text.encode()


def _label(name: str) -> str:
    return "name" if name.lower().endswith(NAMES) else name


_WRITTEN = re.compile(r"\"((?:[^\"]|\"\"){2,2000})\"")


def texts_in_formula(formula: str) -> str:
    """What is written out in it; which cells it reckons with says nothing."""
    return "\n".join(_WRITTEN.findall(formula)) if '"' in formula else ""


_MEANT: Mapping[str, Callable[[str], str]] = {"href": unquote, "formula": texts_in_formula, "formatCode": texts_in_formula}
"""Attributes that are not written as they are meant."""


_PARAGRAPHS = frozenset({"p", "h", "annotation", "drawing", "pict", "object", "frame", "rt", "ruby-text"})
"""Elements whose text belongs together, whatever stands in their middle: paragraphs, remarks, what
is drawn, how it is pronounced."""

_TRACKED: Mapping[str, str] = {"ins": "+", "moveTo": "+", "del": "-", "moveFrom": "-"}
"""What was put in, and what was taken out, under tracking."""

PARAGRAPH_CHARACTERS = 65_536
"""Of a longer one what was read is taken without its end."""


class _Paragraphs:
    """Each paragraph's text, in one piece. What stands in the middle of one without being its text
    (another paragraph in a box, a remark, who changed it) comes before it. One that was changed is
    given as it is and as it was."""

    def __init__(self, gathering: Gathering) -> None:
        self.marks: list[str] = []
        """Of the changes around what is being read, the innermost last."""
        self._take = gathering.add
        self._open: list[tuple[list[str], dict[int, str]]] = []
        """Each paragraph's pieces; the marks of those that were changed."""
        self._characters = 0

    def begin(self) -> None:
        self._open.append(([], {}))

    def add(self, piece: str) -> None:
        """Raises Enough."""
        if not self._open:
            self._take(piece)
            return
        pieces, changed = self._open[-1]
        if self.marks:
            changed[len(pieces)] = self.marks[-1]
        pieces.append(piece)
        self._characters += len(piece)
        if self._characters > PARAGRAPH_CHARACTERS:
            for paragraph in self._open:
                self._give(*paragraph)
                paragraph[0].clear()
                paragraph[1].clear()

    def end(self) -> None:
        """Raises Enough."""
        if self._open:
            self._give(*self._open.pop())
        self._take("\n")

    def end_all(self) -> None:
        """The XML ends here, maybe too early. Raises Enough."""
        while self._open:
            self.end()

    def _give(self, pieces: list[str], changed: dict[int, str]) -> None:
        self._characters = 0
        if changed:
            as_it_was, as_it_is = (
                "".join(piece for at, piece in enumerate(pieces) if changed.get(at) != mark) for mark in ("+", "-")
            )
            self._take(f"{as_it_was}\n{as_it_is}")
        elif pieces:
            self._take("".join(pieces))


@dataclass(frozen=True, slots=True)
class Rules:
    """How the XML of an office format becomes text."""

    spaces: Mapping[str, str]
    """What an element's end stands for."""
    attributes: Mapping[str, tuple[str, ...]]
    """Those of an element that people see."""
    silent: frozenset[str]
    """Elements without anybody's text."""
    only: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Elements whose attributes people see where this other one of theirs is one of these."""

    def read(self, gathering: Gathering, stream: BinaryIO) -> None:
        """Raises Enough, Unreadable.

        Of a part that says nothing (styles, themes, fonts: most of a letter) it is only seen that
        it is whole: to be called for each of its elements is what takes long.
        """
        begun = stream.read(WHOLE_BYTES)
        if len(begun) < WHOLE_BYTES and not self._may_say(begun):
            with _or_damaged():
                expat.ParserCreate().Parse(begun, True)
            return
        spaces, attributes, silent, only = self.spaces, self.attributes, self.silent, self.only
        lines = _Paragraphs(gathering)
        add, aside = lines.add, gathering.add
        mute = 0

        def started(name: str, given: dict[str, str]) -> None:
            nonlocal mute
            if name in silent:
                mute += 1
            elif name in _PARAGRAPHS:
                lines.begin()
            elif mark := _TRACKED.get(name):
                lines.marks.append(mark)
            if (wanted := attributes.get(name)) and given:
                if (where := only.get(name)) and given.get(where[0]) not in where[1]:
                    return
                for attribute, value in given.items():
                    if value and (local := attribute.rpartition(":")[2]) in wanted:
                        aside(f"\n{_MEANT[local](value) if local in _MEANT else value}\n")

        def ended(name: str) -> None:
            nonlocal mute
            if name in silent:
                mute -= 1
            elif name in _PARAGRAPHS:
                lines.end()
            elif name in _TRACKED:
                lines.marks.pop()
            elif space := spaces.get(name):
                add(space)

        def text(piece: str) -> None:
            if not (mute or (piece.isspace() and "\n" in piece)):  # what only sets one tag below another
                add(piece)

        try:
            parse(stream, gathering, started, ended, text, begun)
        finally:
            lines.end_all()

    def _may_say(self, part: bytes) -> bool:
        """False if there is no text in it, and no element with attributes that people see."""
        if any(other in part for other in _OTHERS) or _TEXT.search(part):
            return True
        elements = {name.rpartition(b":")[2] for name in set(_ELEMENT.findall(part))}
        return not elements.isdisjoint(name.encode() for name in self.attributes)
