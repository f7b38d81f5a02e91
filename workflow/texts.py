"""The text of a file, taken out by another process (texts_child.py): a hostile PDF can't take the daemon along.

What is no PDF, Word, Excel or text file, or only says it is, is known at a glance and asks nobody. Plain text is read here.
A process that dies, hangs or answers too much is replaced; the file it was about is "not read". A process is started when
one is first needed.

No attempt is made to read pictures (scans), encrypted files and the Office formats from before 2007.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from dossier.names import extension
from workflow.servant import Servant
from workflow.texts_child import MAX_CHARACTERS, WALL_SECONDS

log = structlog.get_logger("texts")

PROCESSES = 3
"""As many as cores, and one that may be hanging in a bad file meanwhile."""

ANSWER_BYTES = 16 * 1024 * 1024
"""No answer is longer: a million characters, each written in six bytes at most, are 6 MB."""

PATIENCE_SECONDS = WALL_SECONDS + 5
"""The process ends itself after WALL_SECONDS; this is for one that can't."""

TEXT_BYTES = 4 * MAX_CHARACTERS

HEAD_BYTES, PIECE_BYTES = 8_192, 1_048_576

_OFFICE = {"docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "xltm"}
_TEXT = frozenset(
    ["txt", "csv", "tsv", "md", "xml", "xbrl", "xaf", "json", "html", "htm", "xhtml", "eml", "log", "yaml", "yml", "ics", "vcf"]
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Text:
    """What a file says. `unread`: why nothing is known of it; `partial`: only the beginning was read."""

    text: str = ""
    unread: str | None = None
    partial: bool = False


def glance(path: str | Path, name: str) -> Text | None:
    """The text of the file at `path`, called `name`; None if that takes a process of its own. Raises OSError."""
    with _opened(path) as descriptor:
        text = _at_a_glance(descriptor, name)
    return text if isinstance(text, Text) else None


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _at_a_glance(descriptor: int, name: str) -> Text | bytes:
    """The text of a file, or for which kind of file it must be read by a process of its own."""
    head, own = os.pread(descriptor, HEAD_BYTES, 0), extension(name)
    kind = _kind(own, head)
    if kind is None:
        return _plain(descriptor, own, head)
    return Text(unread="it is no readable PDF") if kind == b"P" and not _has_objects(descriptor) else kind


class Texts:
    """Takes text out of files, some at once. Any thread may ask."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(PROCESSES, thread_name_prefix="texts", initializer=self._hello)
        self._own = threading.local()
        self._children: list[_Child] = []

    def _hello(self) -> None:
        self._own.child = _Child()
        self._children.append(self._own.child)

    def begin(self, path: str | Path, name: str, text: Text | None = None) -> Future[Text]:
        """Start reading the file at `path`, called `name`, unless its `text` is known. It may be moved or removed meanwhile.

        Raises OSError.
        """
        if text is None:
            with _opened(path) as descriptor:
                seen = _at_a_glance(descriptor, name)
                if isinstance(seen, bytes):
                    return self._pool.submit(self._ask, seen, os.dup(descriptor))
                text = seen
        done = Future[Text]()
        done.set_result(text)
        return done

    def _ask(self, kind: bytes, descriptor: int) -> Text:
        try:
            child: _Child = self._own.child
            return child.read(kind, descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """End the processes; what was being read is not read."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in self._children:
            child.close()


class _Child:
    """One process. One thread uses it; `close` may come from another."""

    def __init__(self) -> None:
        self.servant = Servant("workflow.texts_child", PATIENCE_SECONDS, ANSWER_BYTES)
        self._is_closed = False

    def read(self, kind: bytes, descriptor: int) -> Text:
        try:
            if self._is_closed:
                raise EOFError("closed")
            answer = json.loads(self.servant.ask(kind, descriptor))
            if answer.get("tired"):
                self.servant.stop()
            if answer.get("unread"):
                return Text(unread=str(answer["unread"])[:200])
            text = str(answer["text"])
            if not re.search(r"[^\W_]", text):
                return Text(unread="there is no text in it (a scan or a picture)")
            return Text(text, partial=bool(answer["partial"]))
        except (OSError, ValueError, LookupError, AttributeError, EOFError) as error:
            return self._gave_up(error)

    def _gave_up(self, error: Exception) -> Text:
        """The process is gone or not to be trusted any more."""
        process = self.servant.process
        code = None
        if process is not None and not isinstance(error, TimeoutError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(1)
        self.servant.stop()
        slow = isinstance(error, TimeoutError) or code in (-signal.SIGPROF, -signal.SIGALRM)
        log.warning("a file's text could not be taken", reason="too slow" if slow else str(error) or "ended", code=code)
        return Text(unread="it takes too long to read" if slow else "reading it failed")

    def close(self) -> None:
        """End the process for good."""
        self._is_closed = True
        self.servant.stop()


def _kind(own: str, head: bytes) -> bytes | None:
    """What another process reads: a PDF, an Office file; None for the rest."""
    if b"%PDF-" in head[:1024]:
        return b"P"
    return b"O" if head.startswith(b"PK\x03\x04") and own in _OFFICE else None


def _has_objects(descriptor: int) -> bool:
    """False for what begins as a PDF and is none: each has `1 0 obj` somewhere, or nothing is in it."""
    at = 0
    while data := os.pread(descriptor, PIECE_BYTES, at):
        found = data.find(b"obj")
        while found >= 0:
            if re.search(rb"\d\s+$", data[max(0, found - 10) : found]):
                return True
            found = data.find(b"obj", found + 3)
        at += max(1, len(data) - 16) if len(data) == PIECE_BYTES else len(data)  # one may lie across two pieces
    return False


def _plain(descriptor: int, own: str, head: bytes) -> Text:
    """A text file's text, or why there is none."""
    if head.startswith(_OLE):
        return Text(unread="it is protected by a password, or in an old Office format")
    if not head:
        return Text(unread="it is empty")
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if own not in _TEXT or (b"\0" in head and not wide):
        return Text(unread="files of its kind are not read")
    with open(descriptor, "rb", closefd=False) as stream:
        data = stream.read(TEXT_BYTES + 1)
    partial, data = len(data) > TEXT_BYTES, data[:TEXT_BYTES]
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig", "ignore" if partial or wide else "strict")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if own in ("xml", "xbrl", "xaf", "html", "htm", "xhtml"):
        import html

        text = re.sub(r"<[^<>/]{0,200}[Nn]a(?:me|am)>", "\nname: ", text)  # `<companyName>`: what follows is one
        text = html.unescape(re.sub(r"<[^<>]{0,2000}>", " ", text))
    return Text(text[:MAX_CHARACTERS], partial=partial or len(text) > MAX_CHARACTERS)
