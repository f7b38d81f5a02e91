"""A process that does with files what may go wrong: it gets a file's descriptor over a wire, and answers with bytes.

What the file makes of that process stays there: it may crash, hang or say nonsense. It is started when it is first needed, and
anew after it was stopped; it has no environment, no terminal, and no folder of ours to begin in. What it may do
at all it limits itself (pictures_child.py, texts_child.py).
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys

PIECE_BYTES = 1024 * 1024


class Servant:
    """Runs `module`. One thread asks; `stop` may come from another.

    An answer that takes longer than `patience` (seconds) or is longer than `most` (bytes) is none.
    """

    def __init__(self, module: str, patience: float, most: int) -> None:
        self._module, self._patience, self._most = module, patience, most
        self._wire: socket.socket | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, kind: bytes, descriptor: int) -> bytes:
        """What it makes of a file of this kind (one byte). Raises OSError, EOFError, ValueError: then `stop` it."""
        wire = self._ready()
        socket.send_fds(wire, [kind], [descriptor])
        (length,) = struct.unpack(">I", _receive(wire, 4))
        if length > self._most:
            raise ValueError("too long an answer")
        return _receive(wire, length)

    def stop(self) -> None:
        """End the process; the next file gets a new one."""
        process, wire, self.process, self._wire = self.process, self._wire, None, None
        if process is not None:
            process.kill()
            process.wait()
        if wire is not None:
            wire.close()

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
        ours.settimeout(self._patience)
        self._wire = ours
        return ours


def _receive(wire: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = wire.recv(min(length - len(data), PIECE_BYTES))
        if not piece:
            raise EOFError("the process ended")
        data += piece
    return bytes(data)
