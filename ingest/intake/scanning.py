"""The virus scanner: clamd, asked over its socket (clamd(8), INSTREAM) before a file is taken.

A file is only clean when clamd said so of all of it. A scanner that can't be reached, does not
answer, drops the connection because a file is over its StreamMaxLength, or says that a limit kept
it from looking: that is not scanned, and the drop waits.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dossier.files import files
from dossier.text import system
from dossier.text.sentences import Sentence, plain, sentence

T = TypeVar("T")

CHUNK = 256 * 1024
GLANCE_SECONDS = 0.25
"""How soon it is seen that the process is to end."""

CONNECT_SECONDS, PING_SECONDS, ANSWER_SECONDS = 5.0, 30.0, 300.0
"""A file of hundreds of megabytes takes clamd a minute or two."""

_LIMITS = "Heuristics.Limits.Exceeded"
"""What clamd finds, with `AlertExceedsMax yes`, in a file that it did not look at to the end."""


class NotScanned(OSError):
    """Whether the file is clean is not known; its one argument, a sentence, says why."""


class ScannerGone(NotScanned):
    """There is no scanner at that address, or it does not answer."""


def find_virus(address: str, path: str | Path, shown: str) -> str | None:
    """What the scanner at `address` (`unix:/path`, `tcp:host:port`) finds; None: it is clean.

    `shown` is what the file is called. Raises NotScanned.
    """
    try:
        with (
            _connected(address) as connection,
            files.open_plain(path) as descriptor,
            open(descriptor, "rb", closefd=False) as file,
        ):
            answer = _ask(connection, file.read, shown)
    except NotScanned:
        raise
    except OSError as error:
        raise ScannerGone(_gone(address, error)) from error
    verdict = answer.removeprefix("stream: ")
    if verdict == "OK":
        return None
    found = verdict.removesuffix(" FOUND")
    if found == verdict or found.startswith(_LIMITS):
        raise NotScanned(sentence("scanning.not_to_the_end", file=shown, answer=verdict or sentence("scanning.no_answer")))
    return found


def why_gone(address: str) -> Sentence | None:
    """Ask the scanner whether it is there (PING, PONG); None if it is, else what to do."""
    try:
        with _connected(address) as connection:
            connection.settimeout(PING_SECONDS)
            connection.sendall(b"zPING\0")
            answer = connection.recv(64)
    except OSError as error:
        return _gone(address, error)
    return (
        None
        if answer.rstrip(b"\0\n") == b"PONG"
        else _gone(address, OSError(sentence("scanning.answers", answer=repr(answer[:20]))))
    )


def _gone(address: str, error: OSError) -> Sentence:
    why = system.why(error) if str(error) else plain(type(error).__name__)
    return sentence("scanning.gone", address=address, why=why)


def _connected(address: str) -> socket.socket:
    kind, _, where = address.partition(":")
    if kind == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(where)
        except BaseException:
            connection.close()
            raise
    else:
        host, _, port = where.rpartition(":")
        connection = socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS)
    return connection


def _ask(connection: socket.socket, read: Callable[[int], bytes], shown: str) -> str:
    """Send all of a file; returns clamd's answer."""
    connection.settimeout(GLANCE_SECONDS)
    try:
        _send(connection, b"zINSTREAM\0")
        while piece := read(CHUNK):
            _send(connection, len(piece).to_bytes(4, "big") + piece)
        _send(connection, bytes(4))
        answer = b""
        while piece := _patiently(lambda: connection.recv(4096)):
            answer += piece
    except (BrokenPipeError, ConnectionResetError) as error:  # in the answer, too, where all was sent before it hung up
        raise NotScanned(sentence("scanning.hung_up", file=shown)) from error
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _send(connection: socket.socket, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[_patiently(lambda rest=rest: connection.send(rest)) :]  # type: ignore[misc]


def _patiently(step: Callable[[], T]) -> T:
    """Try it for ANSWER_SECONDS; a scanner that says nothing does not hold up a stop."""
    until = time.monotonic() + ANSWER_SECONDS
    while True:
        if files.stopping.is_set():
            raise files.Interrupted
        try:
            return step()
        except TimeoutError:
            if time.monotonic() > until:
                raise
