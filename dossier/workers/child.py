"""A process that does what may go wrong with files: it gets a descriptor, and answers with bytes.

What the file makes of that process stays there: it may crash, hang or say nonsense. It is started
when it is first needed, has no environment, no terminal, and no folder of ours to begin in. What it
may do at all it limits itself (pictures_child.py, texts_child.py).

A process that fails is replaced, and the fresh one is asked once more: whoever was killed by
chance, or by another file's doing, decides nothing. Where that one fails too, the asker is told.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Literal

from dossier.files import files

PIECE_BYTES = 1024 * 1024

NO_MEMORY = 3
"""The exit code of a process that had not enough memory for a file."""

ENDED_SECONDS = 1.0
"""How long a process that hung up has to end, before it is not asked what it died of."""

GLANCE_SECONDS = 0.25
"""How soon it is seen that nobody waits any more."""

TRIES = 2

How = Literal["slow", "memory", "ended"]


class Failed(Exception):
    """Two processes in a row gave no answer. `how`: the last was slow, out of memory, or ended."""

    def __init__(self, how: How, what: str) -> None:
        super().__init__(what)
        self.how = how


class Child:
    """Runs `module`. One thread asks; `stop` and `close` may come from another.

    An answer that takes longer than `patience` (seconds) or is longer than `most` (bytes) is none.
    Once it `is_over`, no answer is waited for.
    """

    def __init__(self, module: str, patience: float, most: int, is_over: Callable[[], bool] = lambda: False) -> None:
        self._module, self._patience, self._most, self._is_over = module, patience, most, is_over
        self._wire: socket.socket | None = None
        self._is_closed = False
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, kind: bytes, descriptor: int, patience: float | None = None) -> bytes:
        """What it makes of a file of this kind (a byte, and what else it takes). Raises Failed, and
        files.Interrupted once it is over."""
        failed = Failed("ended", "closed")
        for _ in range(TRIES):
            if self._is_closed:
                break
            try:
                return self._ask(kind, descriptor, patience or self._patience)
            except (OSError, EOFError, ValueError) as error:
                failed = self._why(error)
                self.stop()
            except files.Interrupted:  # what it would answer is no answer to what is asked next
                self.stop()
                raise
        raise failed

    def start(self) -> None:
        """Start the process if none runs. Where that fails, `ask` says so."""
        with contextlib.suppress(OSError):
            self._ready()

    def stop(self) -> None:
        """End the process; the next file gets a new one."""
        process, wire, self.process, self._wire = self.process, self._wire, None, None
        if process is not None:
            process.kill()
            process.wait()
        if wire is not None:
            wire.close()

    def close(self) -> None:
        self._is_closed = True
        self.stop()

    def _ask(self, kind: bytes, descriptor: int, patience: float) -> bytes:
        wire = self._ready()
        wire.settimeout(patience)
        socket.send_fds(wire, [kind], [descriptor])
        until = time.monotonic() + patience
        (length,) = struct.unpack(">I", self._receive(wire, 4, until))
        if length > self._most:
            raise ValueError("too long an answer")
        return self._receive(wire, length, until)

    def _receive(self, wire: socket.socket, length: int, until: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            if self._is_over():
                raise files.Interrupted
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            wire.settimeout(min(left, GLANCE_SECONDS))
            try:
                piece = wire.recv(min(length - len(data), PIECE_BYTES))
            except TimeoutError:
                continue
            if not piece:
                raise EOFError("the process ended")
            data += piece
        return bytes(data)

    def _why(self, error: Exception) -> Failed:
        """What became of the process that gave no answer."""
        code = None
        if self.process is not None and not isinstance(error, TimeoutError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.process.wait(ENDED_SECONDS)
        if isinstance(error, TimeoutError) or code in (-signal.SIGPROF, -signal.SIGALRM):
            return Failed("slow", "too slow")
        return Failed("memory" if code == NO_MEMORY else "ended", f"{error}, exit code {code}")

    def _ready(self) -> socket.socket:
        if self.process is not None and self.process.poll() is None and self._wire is not None:
            return self._wire
        self.stop()
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-m", self._module], stdin=theirs.fileno(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True, env={"LANG": "C.UTF-8"}, cwd="/",
            )  # fmt: skip
        self._wire = ours
        return ours
