"""A file's text, taken out by another process: a hostile PDF can't take the daemon along.

What only says that it is a PDF is known at a glance and asks nobody. Plain text is read here. A
process that dies, hangs or answers too much is replaced, and the fresh one tries once more; if that
fails as well, the text is a failure, which is another thing than a file that can't be read: nobody
knows what it says. A process is started when one is first needed.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import structlog

from dossier.files import files
from dossier.text.sentences import Sentence, sentence
from dossier.workers.child import Child, Failed, How
from workflow.guard.at_a_glance import PICTURE, FileText, at_a_glance, unread

log = structlog.get_logger("texts")

PROCESSES = 3
"""As many as cores, and one that may be hanging in a bad file meanwhile."""

ANSWER_BYTES = 16 * 1024 * 1024
"""No answer is longer: a million characters, each written in six bytes at most, are 6 MB."""

PATIENCE_SECONDS, OCR_PATIENCE_SECONDS = 20.0, 110.0
"""The process ends itself before (texts_child.WALL_SECONDS); this is for one that can't."""

FAILURES: Mapping[How, Sentence] = {
    "slow": Sentence("guard.too_slow"),
    "memory": Sentence("guard.no_memory"),
    "ended": Sentence("guard.reader_ended"),
}


class Texts:
    """Takes text out of files, some at once. Any thread may ask."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(PROCESSES, thread_name_prefix="texts", initializer=self._hello)
        self._own = threading.local()
        self._children: list[Child] = []
        self._is_closed = False

    def _hello(self) -> None:
        self._own.child = Child("workflow.guard.texts_child", PATIENCE_SECONDS, ANSWER_BYTES)
        self._children.append(self._own.child)

    def begin(self, path: str | Path, name: str, text: FileText | None = None, with_ocr: bool = False) -> Future[FileText]:
        """Start reading the file at `path`, unless its `text` is known. It may move meanwhile.

        `with_ocr`: pictures as well, by tesseract. Raises OSError.
        """
        if text is None:
            with files.open_plain(path) as descriptor:
                seen = at_a_glance(descriptor, name)
                if seen == PICTURE and not with_ocr:
                    seen = unread("scan")
                if isinstance(seen, bytes):
                    letter = seen.lower() if with_ocr else seen
                    return self._pool.submit(self._ask, letter, os.dup(descriptor))
                text = seen
        done = Future[FileText]()
        done.set_result(text)
        return done

    def _ask(self, letter: bytes, descriptor: int) -> FileText:
        try:
            text = _read(self._own.child, letter, descriptor)
        finally:
            os.close(descriptor)
        if self._is_closed:
            raise files.Interrupted
        return text

    def close(self) -> None:
        """End the processes; what was being read is not, and whoever waits gets Interrupted."""
        self._is_closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in self._children:
            child.close()


def _read(child: Child, letter: bytes, descriptor: int) -> FileText:
    """What the process says of a file."""
    try:
        answer = json.loads(child.ask(letter, descriptor, OCR_PATIENCE_SECONDS if letter.islower() else None))
        if answer.get("tired"):
            child.stop()
        text, missed = str(answer["text"]), tuple(_told(*missed) for missed in answer["unread"])
        if not missed and not re.search(r"[^\W_]", text):
            return unread("scan")
        return FileText(text, missed, FAILURES["slow"] if answer["slow"] else None)
    except Failed as failed:
        log.warning("a file's text could not be taken", reason=str(failed))
        return FileText(failure=FAILURES[failed.how])
    except (ValueError, LookupError, AttributeError) as error:
        child.stop()
        log.warning("a file's text could not be taken", reason=f"its reader talks nonsense: {error}")
        return FileText(failure=FAILURES["ended"])


def _told(way: list[str], reason: str, count: int) -> Sentence:
    """Why something of a file is not read; what lies within it is named."""
    why = sentence(f"guard.{reason}", count=count)
    return sentence("guard.inside", part=" › ".join(way), why=why) if way else why
