"""The process that takes the text out of a file, for texts.py: it may crash, hang or run out of memory, and nobody minds.

It gets a file's descriptor and kind over its standard input (a socket) and answers with a length and JSON. It opens no file
by name, writes none, and has limits on memory and files from its start; each file has its own on time. Time is kept
by the kernel's timers, whose signals end the process wherever it hangs, in C code too.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import re
import resource
import signal
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

from dossier.workers.child import NO_MEMORY

MEMORY_BYTES = 768 * 1024 * 1024
"""Address space: Python and the libraries take about 100 MB of it, a file of MAX_BYTES 200 MB."""

MAX_BYTES = 200 * 1024 * 1024
"""A larger file isn't read."""

MAX_CHARACTERS = 1_000_000
"""Of text; what a client is called stands at the beginning."""

ENOUGH_SECONDS = 2.0
"""Of computing; then what was read so far is the answer."""

CPU_SECONDS, WALL_SECONDS = 4.0, 15.0
"""Then the process is ended by SIGPROF or SIGALRM."""

TIRED_BYTES = 300 * 1024 * 1024
"""A process that ever took so much memory ends after its answer, and says so in it; a new one takes its place."""


class Unreadable(Exception):
    """There is no text to be had; the message is the code of the reason (dossier/sentences/guard.toml)."""


class Budget:
    """How much of one file is read."""

    def __init__(self) -> None:
        self._since = time.process_time()
        self._characters = 0
        self.partial = self.slow = False

    def take(self, piece: str) -> bool:
        """Count a piece; False once it is enough."""
        self._characters += len(piece)
        self.partial = self._characters > MAX_CHARACTERS
        self.slow = not self.partial and time.process_time() - self._since > ENOUGH_SECONDS
        return not (self.partial or self.slow)


def text_of_pdf(descriptor: int, budget: Budget) -> Iterator[str]:
    import pypdfium2
    from pypdfium2 import raw

    size = os.fstat(descriptor).st_size
    content = mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)  # unmapped with the last handle on it
    try:
        document = pypdfium2.PdfDocument((ctypes.c_ubyte * size).from_buffer(content))
    except pypdfium2.PdfiumError as error:
        protected = getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD
        raise Unreadable("password" if protected else "damaged") from error
    with contextlib.closing(document):
        for number in range(len(document)):
            try:
                piece = _text_of_page(document, number)
            except pypdfium2.PdfiumError:
                continue  # one bad page does not hide the others
            yield piece
            if not budget.take(piece):
                return


def _text_of_page(document: Any, number: int) -> str:
    from pypdfium2 import raw

    with contextlib.closing(document[number]) as page:
        if raw.FPDFPage_GetAnnotCount(page):
            raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)  # what was typed into a form; seen when it is loaded again
    with contextlib.closing(document[number]) as page, contextlib.closing(page.get_textpage()) as textpage:
        return str(textpage.get_text_bounded())


def text_of_office(descriptor: int, budget: Budget) -> Iterator[str]:
    import zipfile

    with open(descriptor, "rb", closefd=False) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                names = set(archive.namelist())
            stream.seek(0)
            if "xl/workbook.xml" in names:
                yield from _text_of_workbook(stream, budget)
            elif "word/document.xml" in names:
                yield from _text_of_word(stream, budget)
            else:
                raise Unreadable("format")
        except (Unreadable, MemoryError):
            raise
        except Exception as error:
            raise Unreadable("damaged") from error


_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WORD_PARTS = re.compile(r"/word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml")
_WORD_SPACES = {f"{_WORD}p": "\n", f"{_WORD}tc": "\t", f"{_WORD}tab": "\t", f"{_WORD}br": "\n", f"{_WORD}noBreakHyphen": "-"}


def _text_of_word(stream: Any, budget: Budget) -> Iterator[str]:
    """Paragraphs, tables, text boxes, notes, headers and footers."""
    from docx.oxml import parse_xml
    from docx.package import Package

    parts = [part for part in Package.open(stream).iter_parts() if _WORD_PARTS.fullmatch(str(part.partname))]
    for part in sorted(parts, key=lambda part: "header" not in str(part.partname)):
        for element in parse_xml(part.blob).iter():
            piece = element.text or "" if element.tag == f"{_WORD}t" else _WORD_SPACES.get(element.tag, "")
            if piece:
                yield piece
                if not budget.take(piece):
                    return
        yield "\n"


def _text_of_workbook(stream: Any, budget: Budget) -> Iterator[str]:
    """The sheets' names and cells, with what formulas came to when they were saved."""
    import openpyxl

    book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    for sheet in book.worksheets:
        yield f"{sheet.title}\n"
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            piece = "\t".join(_cell(value) for value in row if value is not None)
            yield f"{piece}\n"
            if not budget.take(piece):
                return


def _cell(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def answer(kind: bytes, descriptor: int) -> dict[str, Any]:
    """What is in the file, or why nothing can be had from it."""
    budget = Budget()
    try:
        if os.fstat(descriptor).st_size > MAX_BYTES:
            raise Unreadable("too_large")
        pieces = (text_of_pdf if kind == b"P" else text_of_office)(descriptor, budget)
        text = "\n".join(pieces) if kind == b"P" else "".join(pieces)
    except Unreadable as reason:
        return {"unread": str(reason)}
    return {"text": text[: 2 * MAX_CHARACTERS], "partial": budget.partial, "slow": budget.slow}


def limit() -> None:
    """What this process may never do, whatever a file makes of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for kind, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64)):
        resource.setrlimit(kind, (most, most))


def main() -> None:
    limit()
    wire = socket.socket(fileno=0)
    while True:
        kind, descriptors, _, _ = socket.recv_fds(wire, 1, 1)
        if not kind or not descriptors:
            return
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
        os.lseek(descriptors[0], 0, os.SEEK_SET)
        try:
            found = answer(kind, descriptors[0])
        except MemoryError:
            os._exit(NO_MEMORY)
        os.close(descriptors[0])
        tired = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > TIRED_BYTES
        data = json.dumps({**found, "tired": tired}).encode()
        wire.sendall(struct.pack(">I", len(data)) + data)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if tired:
            return


if __name__ == "__main__":
    main()
