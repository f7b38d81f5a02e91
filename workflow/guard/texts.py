"""The text of a file, taken out by another process (texts_child.py): a hostile PDF can't take the daemon along.

What is no PDF, Word, Excel or text file, or only says it is, is known at a glance and asks nobody. Plain text is read here.
A process that dies, hangs or answers too much is replaced; the file it was about is "not read". A process is started when
one is first needed.

No attempt is made to read pictures (scans), encrypted files and the Office formats from before 2007.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import structlog

from dossier.workers.child import Servant
from workflow.guard.plain_text import Text, at_a_glance, opened
from workflow.guard.texts_child import WALL_SECONDS

log = structlog.get_logger("texts")

PROCESSES = 3
"""As many as cores, and one that may be hanging in a bad file meanwhile."""

ANSWER_BYTES = 16 * 1024 * 1024
"""No answer is longer: a million characters, each written in six bytes at most, are 6 MB."""

PATIENCE_SECONDS = WALL_SECONDS + 5
"""The process ends itself after WALL_SECONDS; this is for one that can't."""


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
            with opened(path) as descriptor:
                seen = at_a_glance(descriptor, name)
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
        self.servant = Servant("workflow.guard.texts_child", PATIENCE_SECONDS, ANSWER_BYTES)
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
