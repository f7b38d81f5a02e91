"""What is gathered of one file: text in pieces, what could not be read, when it is enough."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import BinaryIO

MAX_CHARACTERS = 1_000_000
"""Of text; what a client is called stands at the beginning."""

ENOUGH_SECONDS = 2.0
"""Of computing; what was read until then is the answer."""

PIECES_BETWEEN_LOOKS = 256
"""So many pieces are taken between two looks at the clock."""

PART_BYTES = 64 * 1024 * 1024
"""Of a file within a file so much is unpacked."""

LEVELS = 2
"""A mail's attachment, and what is attached to or packed in that."""

PICTURES = frozenset(["png", "jpg", "gif", "bmp", "tif", "webp", "heic", "avif"])
"""Kinds of files (marks.py) that are pictures."""

REASONS_MOST = 8
"""So many parts that could not be read are told."""


class NoText(Exception):
    """There is no text to be had; the message is the code of the reason (guard.toml)."""


class Enough(Exception):
    """No more is wanted: it is too much text, or it took too long."""


class Gathering:
    """The pieces. `read_part` reads a file within the file; `with_ocr`: pictures as well."""

    def __init__(self, read_part: Callable[[Gathering, str, BinaryIO], None], with_ocr: bool = False) -> None:
        self.with_ocr = with_ocr
        self.pieces: list[str] = []
        self.unread: list[tuple[tuple[str, ...], str, int]] = []
        """(names of the parts on the way to it, the code of the reason, how many)."""
        self.is_slow = False
        self._read_part = read_part
        self._characters = 0
        self._taken = 0
        self._since = time.process_time()
        self._way: tuple[str, ...] = ()
        self._in_archive = False

    def add(self, piece: str) -> None:
        """Take a piece of text. Raises Enough."""
        self.pieces.append(piece)
        self._characters += len(piece)
        self._taken += 1
        if self._characters > MAX_CHARACTERS:
            self.miss("beginning")
            raise Enough
        if self._taken % PIECES_BETWEEN_LOOKS == 0:
            self.look_at_clock()

    def look_at_clock(self) -> None:
        """Whoever computes without adding anything calls this now and then. Raises Enough."""
        if time.process_time() - self._since > ENOUGH_SECONDS:
            self.is_slow = True
            raise Enough

    def miss(self, reason: str, count: int = 1) -> None:
        """Something of what is being read can't be."""
        missed = (self._way, reason, count)
        if missed not in self.unread and len(self.unread) < REASONS_MOST:
            self.unread.append(missed)

    def part(self, name: str, stream: BinaryIO, in_archive: bool = False) -> None:
        """Read a file within the file: attached, or packed (`in_archive`). Raises Enough."""
        self.within(name, lambda: self.read_here(name, stream), in_archive)

    def read_here(self, name: str, stream: BinaryIO) -> None:
        """Read what is within the file, its name being told. Raises Enough, Unreadable."""
        self._read_part(self, name, stream)

    def within(self, name: str, read: Callable[[], None], in_archive: bool = False) -> None:
        """Do this reading as that of something within the file. Raises Enough."""
        way, was_in_archive = self._way, self._in_archive
        self._way = (*way, name)
        self._in_archive = was_in_archive or in_archive
        self.add(f"\n{name}\n")
        try:
            if len(self._way) > LEVELS:
                raise NoText("too_deep")
            read()
            self.add("\n")
        except NoText as reason:
            self.miss(str(reason))
        finally:
            self._way, self._in_archive = way, was_in_archive

    def open_archive(self) -> None:
        """Before an archive is opened: none is within another. Raises Unreadable."""
        if self._in_archive:
            raise NoText("too_deep")
